/**
 * @file reassembly.h
 * The receiver's side of a stream: pieces that come in any order become a row
 * of bytes again, in a buffer that has an end.
 *
 *     struct reassembly *reassembly = reassembly_new(first, 65536);
 *     reassembly_put(reassembly, seq, data, size);     // Any piece, any order.
 *     size = reassembly_take(reassembly, buffer, sizeof buffer);
 *
 *       taken   | in order, to be taken |  hole  | came early |    free   |
 *     ----------|-----------------------|--------|============|-----------|-->
 *                                       ^ expected                        ^ end
 *               |<------------------------ capacity --------------------->|
 *
 * The rules:
 *
 *  - Bytes are given in the order of their sequence numbers, each once,
 *    whatever pieces bring them, and how often (RT1). Of pieces that overlap,
 *    any may be believed: an honest sender sends the same bytes.
 *  - Of a piece, what lies before expected, or beyond the end, is dropped, and
 *    the rest is kept (RT5). The end is where what was not taken begins, and
 *    capacity: it never goes back, and so the window never shrinks.
 *  - Sequence numbers go in a circle (segment.h), as often as the stream is
 *    long. So capacity, and the size of a piece, is at most 2^30.
 *  - The stream ends where reassembly_end() said first; what lies behind that
 *    is dropped, and what was kept behind it is forgotten. The window does not
 *    know of it. An end before expected, or another end, is refused, and
 *    changes nothing (RT2).
 *  - Bytes that came early lie in rows, no two of which touch each other: at
 *    most REASSEMBLY_RANGES of them. A piece that would make one row more is
 *    dropped whole, and will be sent again; one that touches a row, or is in
 *    order, never does.
 *  - Memory, from the beginning to the end: capacity, and at most 32 KiB.
 */
#ifndef TRANSPORT_REASSEMBLY_H
#define TRANSPORT_REASSEMBLY_H
#include "03-transport/segment.h"

enum { REASSEMBLY_RANGES = 256 /**< No more rows of early bytes. */ };

struct reassembly;

/** For a stream whose first byte has the number @p first; 1 to 2^30 bytes of
 * @p capacity. Returns new. */
struct reassembly *reassembly_new(uint32_t first, size_t capacity);
/** A piece: @p size bytes, the first of them @p seq. Returns how many of its
 * bytes were not here before and are now. An empty one changes nothing. Copies
 * @p data, NULL when @p size is 0. */
size_t reassembly_put(struct reassembly *reassembly, uint32_t seq,
                      const void *data, size_t size);
/** The stream ends before the number @p seq. False: that cannot be. */
bool reassembly_end(struct reassembly *reassembly, uint32_t seq);
/** Take up to @p size bytes that are in order. Returns how many; they are
 * gone. */
size_t reassembly_take(struct reassembly *reassembly, void *buffer,
                       size_t size);
/** How many could be taken. */
size_t reassembly_ready(const struct reassembly *reassembly);
/** The number of the first byte that has not come; when all has come, of the
 * one behind the end. */
uint32_t reassembly_expected(const struct reassembly *reassembly);
/** How many bytes there is room for, from expected on. */
size_t reassembly_window(const struct reassembly *reassembly);
/** Has the stream an end, and has all before it come, taken or not? */
bool reassembly_is_whole(const struct reassembly *reassembly);
/** The rows of early bytes, at most @p most of them: first the one in which the
 * last piece lies, if it lies in one (RFC 2018, 4); then the others by their
 * numbers, the earliest first. Returns how many it wrote. */
unsigned reassembly_ranges(const struct reassembly *reassembly,
                           struct range *ranges, unsigned most);
/** Free it. */
void reassembly_free(struct reassembly *reassembly);

#endif

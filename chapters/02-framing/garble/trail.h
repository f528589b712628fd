/**
 * @file trail.h
 * What a decoder of frames made of each byte of a row.
 *
 *     g_autofree char *trail = trail_of(row, size, most);
 *     puts(trail);    // "=========....................---------=========??"
 *
 * The bytes are fed one at a time, so that what is skipped byte by byte, where
 * no header was found, is told from a frame that was skipped as a whole, since
 * its payload was damaged.
 */
#ifndef FRAMING_TRAIL_H
#define FRAMING_TRAIL_H
#include <stddef.h>

/** What became of a byte. */
enum trail_mark {
    TRAIL_GIVEN = '=', /**< It is part of a frame that was given. */
    TRAIL_ALONE = '.', /**< It was skipped, and the decoder looked again. */
    TRAIL_WHOLE = '-', /**< It was skipped with all of its frame. */
    TRAIL_WAITS = '?', /**< Nothing yet: more bytes are needed. */
};

/** A mark for each of these @p size bytes, by a decoder of frames with at most
 * @p most bytes of payload. Returns new. */
char *trail_of(const void *row, size_t size, size_t most);

#endif

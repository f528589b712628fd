/**
 * @file frames.h
 * A file as a row of frames: what turns a disk's chaos into a prefix.
 *
 *     head   magic "frames1", a salt, how many bytes were durable from the
 *            start (the base), a check sum of these
 *     frame  size, check sum, bytes        frame  ...       zeros
 *
 * What a power failure leaves behind the last sync may be anything: half a
 * frame, zeros, blocks of an older file. Each check sum continues the one
 * before it, and the first continues the salt; so a frame counts only if every
 * frame before it does, and a frame of another file, or of an earlier life of
 * this one, never fits. Numbers are in the machine's own byte order.
 *
 * Not covered: a disk that damages what was durable already. In the base that
 * is noticed; behind it, it reads like a torn end.
 */
#ifndef SOCKETS_FRAMES_H
#define SOCKETS_FRAMES_H
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** How far the frames of a file hold. */
struct frames_end {
    size_t at;    /**< Bytes of the file up to the end of the last frame. */
    uint32_t sum; /**< Its check sum: the next frame continues it. */
};

/** Begin a file: put a head of @p salt into the empty @p image. Returns the
 * check sum that the first frame continues. */
uint32_t frames_begin(GByteArray *image, uint64_t salt);
/** Add a frame that holds @p bytes, at most 2^32 - 1, and continues @p sum.
 * Returns its own check sum. Borrows @p bytes. */
uint32_t frames_add(GByteArray *image, uint32_t sum, GBytes *bytes);
/** The file is written whole before it gets its name: all of it is the base. */
void frames_seal(GByteArray *image);
/** Add the bytes of all frames that hold, up to the first that does not, to
 * @p value, or only count them when it is NULL. False when @p data is no such
 * file, or is damaged in its base. */
bool frames_read(GBytes *data, GByteArray *value, struct frames_end *end);
/** Add the bytes of the frames in @p image, just made, to @p value. @p headed:
 * it begins with a head. */
void frames_peek(const GByteArray *image, bool headed, GByteArray *value);

#endif

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
    size_t value; /**< Bytes in the frames. */
    uint32_t sum; /**< The last one's check sum: the next continues it. */
};

/** Bytes before the frames of a file, and before those in a frame. */
enum { FRAMES_HEAD = 32, FRAME_HEAD = 8 };

/** Begin a file: put a head of @p salt, and room for that of its first frame,
 * into the empty @p image. What is added behind them is the frame. */
void frames_begin(GByteArray *image, uint64_t salt);
/** Begin one more frame, in the empty @p image: put room for its head. */
void frames_open(GByteArray *image);
/** The frame in @p image is whole, less than 2^32 bytes: it continues @p sum.
 * Returns its own check sum, which the next frame continues. */
uint32_t frames_close(GByteArray *image, uint32_t sum);
/** The file in @p image is whole, before it gets its name: all of it is the
 * base. Returns the check sum of its frame. */
uint32_t frames_seal(GByteArray *image);
/** Move the bytes of all frames that hold, up to the first that does not, to the
 * front of @p data, the @p size bytes of a file: there stands its value. False
 * when it is no such file, or is damaged in its base. */
bool frames_read(uint8_t *data, size_t size, struct frames_end *end);

#endif

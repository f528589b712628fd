#include "02-framing/garble/trail.h"
#include "02-framing/frame.h"
#include <string.h>

/* How far the decoder has come, and what it said of the bytes up to there. */
struct trail {
    struct frame_decoder *decoder;
    char *marks;
    size_t next;
    uint64_t skipped;
};

static void mark(struct trail *trail, enum trail_mark what, size_t size)
{
    memset(trail->marks + trail->next, (char)what, size);
    trail->next += size;
}

/* Since a byte came alone, one that is skipped alone is the only one; and no
 * frame is as short as that. */
static void mark_skipped(struct trail *trail)
{
    uint64_t skipped = frame_skipped(trail->decoder);
    size_t more = (size_t)(skipped - trail->skipped);
    mark(trail, more == 1 ? TRAIL_ALONE : TRAIL_WHOLE, more);
    trail->skipped = skipped;
}

/* The last byte of a frame is the only one that can complete it; and whoever
 * skips a byte is left with fewer than a frame has. So one byte is the end of
 * one frame, or of what is skipped, and never of both. */
static void follow(struct trail *trail)
{
    struct frame frame;
    if (frame_next(trail->decoder, &frame))
        mark(trail, TRAIL_GIVEN, FRAME_HEADER + frame.size);
    mark_skipped(trail);
}

char *trail_of(const void *row, size_t size, size_t most)
{
    const uint8_t *bytes = row;
    struct trail trail = {frame_decoder_new(most), g_malloc0(size + 1), 0, 0};
    memset(trail.marks, TRAIL_WAITS, size);
    for (size_t i = 0; i < size; i++) {
        frame_feed(trail.decoder, bytes + i, 1);
        follow(&trail);
    }
    frame_decoder_free(trail.decoder);
    return trail.marks;
}

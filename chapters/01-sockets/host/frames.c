#include "01-sockets/host/frames.h"
#include <string.h>
#include <zlib.h>

struct head {
    char magic[8];
    uint64_t salt;
    uint64_t base; /* Bytes of frames that were durable from the start. */
    uint32_t zero;
    uint32_t sum; /* Of all before it. */
};

struct frame {
    uint32_t size;
    uint32_t sum;
};

G_STATIC_ASSERT(sizeof(struct head) == FRAMES_HEAD);
G_STATIC_ASSERT(sizeof(struct frame) == FRAME_HEAD);

static const char magic[8] = "frames1\n";

static uint32_t continue_sum(uint32_t sum, const void *data, size_t size)
{
    return (uint32_t)crc32_z(sum, data, size);
}

static uint32_t sum_of_head(const struct head *head)
{
    return continue_sum(0, head, offsetof(struct head, sum));
}

static uint32_t first_sum(uint64_t salt)
{
    return continue_sum(0, &salt, sizeof salt);
}

/* Never zero: eight zero bytes are no frame. */
static uint32_t sum_of_frame(uint32_t before, const void *data, uint32_t size)
{
    uint32_t sum = continue_sum(before, &size, sizeof size);
    if (size > 0)
        sum = continue_sum(sum, data, size);
    return sum ? sum : 1;
}

/* ---- Writing. ---- */

void frames_open(GByteArray *image)
{
    static const struct frame room;
    g_byte_array_append(image, (const uint8_t *)&room, sizeof room);
}

void frames_begin(GByteArray *image, uint64_t salt)
{
    struct head head = {.salt = salt};
    memcpy(head.magic, magic, sizeof magic);
    g_byte_array_append(image, (const uint8_t *)&head, sizeof head);
    frames_open(image);
}

/* The frame begins at @p at, and ends where the image does. */
static uint32_t close_frame(GByteArray *image, size_t at, uint32_t before)
{
    uint8_t *data = image->data + at;
    struct frame frame = {.size = (uint32_t)(image->len - at - sizeof frame)};
    frame.sum = sum_of_frame(before, data + sizeof frame, frame.size);
    memcpy(data, &frame, sizeof frame);
    return frame.sum;
}

uint32_t frames_close(GByteArray *image, uint32_t sum)
{
    return close_frame(image, 0, sum);
}

uint32_t frames_seal(GByteArray *image)
{
    struct head head;
    memcpy(&head, image->data, sizeof head);
    head.base = image->len - sizeof head;
    head.sum = sum_of_head(&head);
    memcpy(image->data, &head, sizeof head);
    return close_frame(image, sizeof head, first_sum(head.salt));
}

/* ---- Reading. ---- */

static bool read_head(const uint8_t *data, size_t size, struct head *head)
{
    if (size < sizeof *head)
        return false;
    memcpy(head, data, sizeof *head);
    return memcmp(head->magic, magic, sizeof magic) == 0 &&
           head->sum == sum_of_head(head);
}

/* The frame at @p data, of which there are @p size bytes: does it hold? */
static bool holds(const uint8_t *data, size_t size, uint32_t before,
                  struct frame *frame)
{
    if (size < sizeof *frame)
        return false;
    memcpy(frame, data, sizeof *frame);
    return frame->sum != 0 && frame->size <= size - sizeof *frame &&
           frame->sum ==
               sum_of_frame(before, data + sizeof *frame, frame->size);
}

bool frames_read(uint8_t *data, size_t size, struct frames_end *end)
{
    struct head head;
    struct frame frame;
    if (!read_head(data, size, &head))
        return false;
    *end = (struct frames_end){.at = sizeof head, .sum = first_sum(head.salt)};
    while (holds(data + end->at, size - end->at, end->sum, &frame)) {
        end->at += sizeof frame;
        memmove(data + end->value, data + end->at, frame.size);
        end->at += frame.size;
        end->value += frame.size;
        end->sum = frame.sum;
    }
    return end->at - sizeof head >= head.base;
}

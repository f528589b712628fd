/**
 * @file test_session.h
 * For tests: sessions of frames, written independently of frame.c.
 *
 *     struct session session = session_new();
 *     send_frame(&session, 7, 100);      // Its id is 7, its payload 100 bytes.
 *     send_garbage(&session, "?", 1);
 *     ...session.row...
 *     session_free(session);
 *
 * A session knows where each of its frames begins, and which it has damaged.
 */
#ifndef FRAMING_TEST_SESSION_H
#define FRAMING_TEST_SESSION_H
#include "02-framing/crc32c.h"
#include "02-framing/frame.h"
#include "common/world/dice.h"

/** A frame of a session. */
struct sent {
    uint64_t id; /**< Which one; its fields follow from that. */
    size_t at;   /**< Where it begins. */
    size_t size; /**< Of the payload. */
    bool lost;   /**< It was damaged. */
};

/** What was sent. */
struct session {
    GByteArray *row; /**< All bytes. */
    GArray *sent;    /**< struct sent, in order. */
};

/* ---- Frames, written independently. ---- */

/** Append a number, its high byte first. */
static inline void put(GByteArray *row, uint64_t number, int bytes)
{
    while (bytes-- > 0) {
        uint8_t byte = (uint8_t)(number >> 8 * bytes);
        g_byte_array_append(row, &byte, 1);
    }
}

/** From this id on the fields are the least or the greatest that there are. */
enum { EXTREME = 1 << 20 };

static inline struct frame extreme_fields(uint64_t id)
{
    return (struct frame){.flags = (uint8_t)id,
                          .id = id / 2 % 2 ? UINT64_MAX : 0,
                          .deadline = id % 2 ? UINT32_MAX : 0};
}

/** What follows from an id: all bytes differ, and the high ones are not 0. */
static inline struct frame fields(uint64_t id)
{
    if (id >= EXTREME)
        return extreme_fields(id - EXTREME);
    return (struct frame){.flags = (uint8_t)(0x80 | id),
                          .id = 0x9182736455463700u + id,
                          .deadline = 0xd0e0f000u + (uint32_t)id};
}

/** A header, whose own check will be right. */
struct head {
    uint64_t id;     /**< The other fields follow from it. */
    uint32_t length; /**< Of the payload. */
    uint32_t check;  /**< Of the payload. */
    uint16_t magic;  /**< Its bits that are wrong. */
    uint8_t version; /**< The same. */
};

/** Append a header. */
static inline void put_head(GByteArray *row, struct head head)
{
    guint begin = row->len;
    struct frame frame = fields(head.id);
    put(row, head.magic ^ FRAME_MAGIC, 2);
    put(row, head.version ^ FRAME_VERSION, 1);
    put(row, frame.flags, 1);
    put(row, head.length, 4);
    put(row, frame.id, 8);
    put(row, frame.deadline, 4);
    put(row, head.check, 4);
    put(row, crc32c(0, row->data + begin, row->len - begin), 4);
}

/** Any bytes, but no first byte of a magic. Returns new. */
static inline uint8_t *filling(uint64_t id, size_t size)
{
    uint8_t *data = g_malloc(size + 1);
    struct dice dice = dice_at(id, 4, size);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(dice_roll(&dice) % (FRAME_MAGIC >> 8));
    return data;
}

/** An empty one. */
static inline struct session session_new(void)
{
    return (struct session){g_byte_array_new(),
                            g_array_new(FALSE, FALSE, sizeof(struct sent))};
}

/** Free it. */
static inline void session_free(struct session session)
{
    g_byte_array_unref(session.row);
    g_array_unref(session.sent);
}

/** Send a frame with this payload. */
static inline void send_payload(struct session *to, uint64_t id,
                                const uint8_t *data, size_t size)
{
    struct sent sent = {id, to->row->len, size, false};
    put_head(to->row, (struct head){.id = id,
                                    .length = (uint32_t)size,
                                    .check = crc32c(0, data, size)});
    g_byte_array_append(to->row, data, (guint)size);
    g_array_append_val(to->sent, sent);
}

/** Send a frame with @p size bytes of payload. */
static inline void send_frame(struct session *to, uint64_t id, size_t size)
{
    g_autofree uint8_t *data = filling(id, size);
    send_payload(to, id, data, size);
}

/** Send bytes that are no frame. */
static inline void send_garbage(struct session *to, const void *data,
                                size_t size)
{
    g_byte_array_append(to->row, data, (guint)size);
}

/** The frame number @p which. */
static inline struct sent *sent_of(struct session *session, guint which)
{
    return &g_array_index(session->sent, struct sent, which);
}

/** Where it ends. */
static inline size_t end_of(const struct sent *sent)
{
    return sent->at + FRAME_HEADER + sent->size;
}

#endif

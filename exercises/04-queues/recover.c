/*
 *     head | record | record | record | bad bytes
 *                                     ^ good: does a record of ours begin here
 *                                       or behind? Then somebody relied on what
 *                                       stood here: rot. If not: torn.
 *
 * The good part is read record by record; the bad one is looked through byte by
 * byte, for there no size is to be trusted.
 */
#include "04-queues/recover.h"
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include "common/course/todo.h"

struct bytes {
    const uint8_t *data;
    size_t size;
};

/* TODO: a head is read with wire_read(), and its check compared with that of
 * the 16 bytes before it. A record is whole when all its bytes are there, its
 * salt is ours, and its check is right: look in this order. */
struct recovery recover(GBytes *segment, recover_visitor *visit, void *self)
{
    struct bytes all;
    all.data = g_bytes_get_data(segment, &all.size);
    /* TODO: read the head, then the records one behind the other, as long as
     * each is whole and has the next seq. Is anything left? Then look whether a
     * record of ours begins anywhere in it. */
    todo(visit && self && all.data ? 1 : 0);
    return (struct recovery){.verdict = RECOVER_ROTTEN};
}

/* A producer's answers lie in a ring, that of request seq in place seq %
 * window, with its number beside it:
 *
 *     forgotten |  floor + 1        ...        newest | not yet
 *               |  9    10    11    12    --    14    |
 *               |  done done  --    done  --    done  |
 *
 * A request was done when its own number stands in its place. So nothing is to
 * be cleared when the window moves on, however far: what it has left behind is
 * at or below the floor, or has another number than the one that is asked for.
 *
 * The producers stand in one row, the one that was heard of last at its end. So
 * the first has been silent for the longest, and who is forgotten is found at
 * once.
 */
#include "04-queues/dedupe.h"
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include "common/course/todo.h"

/* A key of the table. Clients choose the number, so it is multiplied by an odd
 * one that they do not know: else they could choose a million that collide. */
struct name {
    uint64_t number, odd;
};

/* 2^64 divided by the golden ratio, made even: on a tape, where random numbers
 * are 0 and 1, neighbours lie apart as well. */
#define SPREAD 0x9e3779b97f4a7c14u

struct reply {
    uint64_t seq; /* 0: none. */
    uint64_t answer;
};

struct producer {
    struct name name;
    uint64_t newest; /* Done; 0: none yet. */
    uint64_t floor;  /* Forgotten are all up to here. */
    nsec heard;
    GList link; /* In the row. */
    struct reply ring[];
};

struct dedupe {
    struct env *env;
    struct dedupe_settings settings;
    uint64_t odd;
    GHashTable *producers; /* By name. */
    GQueue row;            /* The same, the longest silent one first. */
};

/* ---- Producers. ---- */

static guint hash_of(const void *key)
{
    const struct name *name = key;
    return (guint)(name->number * name->odd >> 32);
}

static gboolean are_equal(const void *one, const void *other)
{
    const struct name *a = one, *b = other;
    return a->number == b->number;
}

/* NULL: it is not known. Most often it is the one that was heard of last: what
 * has just been asked is done. */
static struct producer *find(const struct dedupe *dedupe, uint64_t number)
{
    struct producer *last = dedupe->row.tail ? dedupe->row.tail->data : NULL;
    if (last && last->name.number == number)
        return last;
    struct name name = {number, dedupe->odd};
    return g_hash_table_lookup(dedupe->producers, &name);
}

static struct producer *welcome(struct dedupe *dedupe, uint64_t number)
{
    size_t ring = dedupe->settings.window * sizeof(struct reply);
    struct producer *producer = g_malloc0(sizeof *producer + ring);
    producer->name = (struct name){number, dedupe->odd};
    producer->link.data = producer;
    g_hash_table_add(dedupe->producers, producer);
    g_queue_push_tail_link(&dedupe->row, &producer->link);
    return producer;
}

static void forget(struct dedupe *dedupe, struct producer *producer)
{
    g_queue_unlink(&dedupe->row, &producer->link);
    g_hash_table_remove(dedupe->producers, &producer->name);
}

/* It was heard of just now, as the last of all. */
static void hear(struct dedupe *dedupe, struct producer *producer)
{
    /* SOLUTION: when, and its place in the row. */
    producer->heard = env_now(dedupe->env);
    if (dedupe->row.tail == &producer->link)
        return;
    g_queue_unlink(&dedupe->row, &producer->link);
    g_queue_push_tail_link(&dedupe->row, &producer->link);
    /* END SOLUTION: (void)dedupe, (void)todo(producer); */
}

/* Is there room for one more, when those are forgotten that may be? */
static bool make_room(struct dedupe *dedupe)
{
    /* SOLUTION: see dedupe.h. */
    nsec now = env_now(dedupe->env);
    while (dedupe->row.length >= dedupe->settings.producers) {
        struct producer *silent = dedupe->row.head->data;
        if (now - silent->heard <= dedupe->settings.keep)
            return false;
        forget(dedupe, silent);
    }
    return true;
    /* END SOLUTION: (void)forget;
     * return todo(dedupe != NULL); */
}

/* ---- Requests. ---- */

static struct reply *place_of(const struct dedupe *dedupe,
                              struct producer *producer, uint64_t seq)
{
    return &producer->ring[seq % dedupe->settings.window];
}

static bool was_done(const struct dedupe *dedupe, struct producer *producer,
                     uint64_t seq)
{
    return place_of(dedupe, producer, seq)->seq == seq;
}

/* Request @p seq, which is above the floor, was done. */
static void put(struct dedupe *dedupe, struct producer *producer, uint64_t seq,
                uint64_t answer)
{
    /* SOLUTION: its place in the ring; and is it the newest? */
    uint64_t window = dedupe->settings.window;
    *place_of(dedupe, producer, seq) = (struct reply){seq, answer};
    producer->newest = MAX(producer->newest, seq);
    if (producer->newest > window)
        producer->floor = MAX(producer->floor, producer->newest - window);
    /* END SOLUTION: (void)place_of(dedupe, producer, seq);
     * (void)todo(answer); */
}

enum dedupe_verdict dedupe_ask(struct dedupe *dedupe, uint64_t producer,
                               uint64_t seq, uint64_t *answer)
{
    /* SOLUTION: whose is it, and is there room for one who is not known? Was it
     * done? */
    if (seq == 0)
        return DEDUPE_FORGOTTEN;
    struct producer *known = find(dedupe, producer);
    if (!known && !make_room(dedupe))
        return DEDUPE_FULL;
    if (!known)
        known = welcome(dedupe, producer);
    hear(dedupe, known);
    if (seq <= known->floor)
        return DEDUPE_FORGOTTEN;
    if (!was_done(dedupe, known, seq))
        return DEDUPE_NEW;
    *answer = place_of(dedupe, known, seq)->answer;
    return DEDUPE_REPEATED;
    /* END SOLUTION: (void)find(dedupe, producer), (void)make_room(dedupe);
     * (void)was_done, (void)seq, (void)answer;
     * return todo(DEDUPE_NEW); */
}

void dedupe_done(struct dedupe *dedupe, uint64_t producer, uint64_t seq,
                 uint64_t answer)
{
    /* SOLUTION: the producer may be new here: at boot. Was it done before? */
    struct producer *known = find(dedupe, producer);
    if (seq == 0 || (known && seq <= known->floor) ||
        (known && was_done(dedupe, known, seq)))
        return;
    if (!known)
        known = welcome(dedupe, producer);
    hear(dedupe, known);
    put(dedupe, known, seq, answer);
    /* END SOLUTION: hear(dedupe, welcome(dedupe, producer));
     * put(dedupe, find(dedupe, producer), seq, todo(answer)); */
}

/* ---- As bytes: see dedupe.h. ---- */

/* A u64 has eight bytes, a varint one or more. */
enum { ANSWER_LEAST = 1 + 8, PRODUCER_LEAST = 2 * 8 + 2 + ANSWER_LEAST };
enum { CHECK = 4 };

static void write_producer(struct wire_writer *out, const struct dedupe *dedupe,
                           struct producer *producer)
{
    /* SOLUTION: its lines of dedupe.h. */
    uint64_t newest = producer->newest, span = newest - producer->floor;
    uint64_t count = 0;
    for (uint64_t back = span; back-- > 0;)
        count += was_done(dedupe, producer, newest - back);
    wire_put_u64(out, producer->name.number);
    wire_put_u64(out, newest);
    wire_put_varint(out, span);
    wire_put_varint(out, count);
    for (uint64_t back = span; back-- > 0;) {
        if (!was_done(dedupe, producer, newest - back))
            continue;
        wire_put_varint(out, back);
        wire_put_u64(out, place_of(dedupe, producer, newest - back)->answer);
    }
    /* END SOLUTION: (void)out, (void)dedupe, (void)todo(producer); */
}

GBytes *dedupe_write(const struct dedupe *dedupe)
{
    /* SOLUTION: those who have done something, and the check. */
    struct wire_writer out = {.most = SIZE_MAX};
    uint64_t count = 0;
    for (GList *at = dedupe->row.head; at; at = at->next)
        count += ((struct producer *)at->data)->newest > 0;
    wire_put_varint(&out, count);
    for (GList *at = dedupe->row.head; at; at = at->next)
        if (((struct producer *)at->data)->newest > 0)
            write_producer(&out, dedupe, at->data);
    wire_put_u32(&out, crc32c(0, out.data, out.size));
    return wire_finish(&out);
    /* END SOLUTION: struct wire_writer out = {.most = SIZE_MAX};
     * if (dedupe->row.head)
     *     write_producer(&out, dedupe, dedupe->row.head->data);
     * wire_put_u32(&out, crc32c(0, out.data, out.size));
     * return wire_finish(&out); */
}

static bool read_producer(struct wire_reader *in, struct dedupe *dedupe)
{
    /* SOLUTION: the same, read, and believed when it can be so. */
    uint64_t number = wire_get_u64(in);
    uint64_t newest = wire_get_u64(in);
    uint64_t span = wire_get_varint(in), back = span;
    size_t count = wire_get_count(in, ANSWER_LEAST);
    if (in->failed || span > newest || find(dedupe, number))
        return false;
    struct producer *producer = welcome(dedupe, number);
    producer->heard = env_now(dedupe->env);
    producer->floor = newest - span;
    for (; count > 0; count--) {
        uint64_t before = back;
        back = wire_get_varint(in);
        if (in->failed || back >= before)
            return false;
        put(dedupe, producer, newest - back, wire_get_u64(in));
    }
    return producer->newest > 0 && producer->newest == newest;
    /* END SOLUTION: (void)in, (void)put;
     * return todo(dedupe == NULL); */
}

static void forget_all(struct dedupe *dedupe)
{
    g_hash_table_remove_all(dedupe->producers);
    g_queue_init(&dedupe->row);
}

bool dedupe_read(struct dedupe *dedupe, GBytes *bytes)
{
    /* SOLUTION: first the check; no count is believed before. */
    size_t size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);
    forget_all(dedupe);
    if (size < CHECK)
        return false;
    size -= CHECK;
    struct wire_reader in = wire_read(data, size);
    struct wire_reader check = wire_read(data + size, CHECK);
    bool right = wire_get_u32(&check) == crc32c(0, data, size);
    size_t count = right ? wire_get_count(&in, PRODUCER_LEAST) : 0;
    for (; right && count > 0; count--)
        right = read_producer(&in, dedupe);
    right = right && wire_whole(&in);
    if (!right)
        forget_all(dedupe);
    return right;
    /* END SOLUTION: forget_all(dedupe);
     * struct wire_reader in = wire_read_bytes(bytes);
     * return read_producer(&in, dedupe); */
}

/* ---- Its life. ---- */

uint64_t dedupe_newest(const struct dedupe *dedupe, uint64_t producer)
{
    const struct producer *known = find(dedupe, producer);
    return known ? known->newest : 0;
}

unsigned dedupe_producers(const struct dedupe *dedupe)
{
    return dedupe->row.length;
}

struct dedupe *dedupe_new(struct env *env, struct dedupe_settings settings)
{
    g_assert(settings.producers > 0 && settings.window > 0);
    struct dedupe *dedupe = g_new0(struct dedupe, 1);
    dedupe->env = env;
    dedupe->settings = settings;
    dedupe->odd = (env_random(env) << 1 | 1) ^ SPREAD;
    dedupe->producers = g_hash_table_new_full(hash_of, are_equal, g_free, NULL);
    return dedupe;
}

void dedupe_free(struct dedupe *dedupe)
{
    g_hash_table_unref(dedupe->producers);
    g_free(dedupe);
}

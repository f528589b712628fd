/* Another shape: arrays that are searched, no ring and no hash table. It is slow
 * with many producers, and all of it can be seen. */
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include "04-queues/dedupe.h"

struct listed_deed {
    uint64_t seq, answer;
};

struct listed {
    uint64_t number, newest, floor;
    nsec heard;
    GArray *deeds; /* Above the floor, by number. */
};

struct dedupe {
    struct env *env;
    struct dedupe_settings settings;
    GPtrArray *all; /* The longest silent one first. */
};

static void free_listed(void *data)
{
    struct listed *listed = data;
    g_array_unref(listed->deeds);
    g_free(listed);
}

static struct listed *find(const struct dedupe *dedupe, uint64_t number)
{
    for (unsigned i = 0; i < dedupe->all->len; i++) {
        struct listed *listed = dedupe->all->pdata[i];
        if (listed->number == number)
            return listed;
    }
    return NULL;
}

static struct listed *add(struct dedupe *dedupe, uint64_t number)
{
    struct listed *listed = g_new0(struct listed, 1);
    listed->number = number;
    listed->heard = env_now(dedupe->env);
    listed->deeds = g_array_new(FALSE, FALSE, sizeof(struct listed_deed));
    g_ptr_array_add(dedupe->all, listed);
    return listed;
}

static void hear(struct dedupe *dedupe, struct listed *listed)
{
    unsigned at;
    g_ptr_array_find(dedupe->all, listed, &at);
    g_ptr_array_steal_index(dedupe->all, at);
    g_ptr_array_add(dedupe->all, listed);
    listed->heard = env_now(dedupe->env);
}

/* Where it stands, or would stand. */
static unsigned place(const struct listed *listed, uint64_t seq, bool *there)
{
    unsigned at = 0;
    while (at < listed->deeds->len &&
           g_array_index(listed->deeds, struct listed_deed, at).seq < seq)
        at++;
    *there = at < listed->deeds->len &&
             g_array_index(listed->deeds, struct listed_deed, at).seq == seq;
    return at;
}

enum dedupe_verdict dedupe_ask(struct dedupe *dedupe, uint64_t producer,
                               uint64_t seq, uint64_t *answer)
{
    if (seq == 0)
        return DEDUPE_FORGOTTEN;
    struct listed *listed = find(dedupe, producer);
    while (!listed && dedupe->all->len >= dedupe->settings.producers) {
        struct listed *first = dedupe->all->pdata[0];
        if (first->heard + dedupe->settings.keep >= env_now(dedupe->env))
            return DEDUPE_FULL;
        g_ptr_array_remove_index(dedupe->all, 0);
    }
    if (!listed)
        listed = add(dedupe, producer);
    hear(dedupe, listed);
    bool there;
    unsigned at = place(listed, seq, &there);
    if (there)
        *answer = g_array_index(listed->deeds, struct listed_deed, at).answer;
    return there                  ? DEDUPE_REPEATED
           : seq <= listed->floor ? DEDUPE_FORGOTTEN
                                  : DEDUPE_NEW;
}

/* All up to @p floor is forgotten. */
static void raise_floor(struct listed *listed, uint64_t floor)
{
    listed->floor = MAX(listed->floor, floor);
    while (listed->deeds->len > 0 &&
           g_array_index(listed->deeds, struct listed_deed, 0).seq <=
               listed->floor)
        g_array_remove_index(listed->deeds, 0);
}

void dedupe_done(struct dedupe *dedupe, uint64_t producer, uint64_t seq,
                 uint64_t answer)
{
    struct listed *listed = find(dedupe, producer);
    bool there = false;
    unsigned at = listed ? place(listed, seq, &there) : 0;
    if (seq == 0 || there || (listed && seq <= listed->floor))
        return;
    if (!listed)
        listed = add(dedupe, producer);
    hear(dedupe, listed);
    struct listed_deed deed = {seq, answer};
    g_array_insert_val(listed->deeds, at, deed);
    listed->newest = MAX(listed->newest, seq);
    if (listed->newest > dedupe->settings.window)
        raise_floor(listed, listed->newest - dedupe->settings.window);
}

uint64_t dedupe_newest(const struct dedupe *dedupe, uint64_t producer)
{
    const struct listed *listed = find(dedupe, producer);
    return listed ? listed->newest : 0;
}

unsigned dedupe_producers(const struct dedupe *dedupe)
{
    return dedupe->all->len;
}

static struct listed_deed *deed_at(const struct listed *listed, unsigned at)
{
    return &g_array_index(listed->deeds, struct listed_deed, at);
}

static void write_one(struct wire_writer *out, const struct listed *listed)
{
    wire_put_u64(out, listed->number);
    wire_put_u64(out, listed->newest);
    wire_put_varint(out, listed->newest - listed->floor);
    wire_put_varint(out, listed->deeds->len);
    for (unsigned i = 0; i < listed->deeds->len; i++) {
        wire_put_varint(out, listed->newest - deed_at(listed, i)->seq);
        wire_put_u64(out, deed_at(listed, i)->answer);
    }
}

GBytes *dedupe_write(const struct dedupe *dedupe)
{
    struct wire_writer each = {.most = SIZE_MAX}, out = {.most = SIZE_MAX};
    unsigned count = 0;
    for (unsigned i = 0; i < dedupe->all->len; i++) {
        const struct listed *listed = dedupe->all->pdata[i];
        if (listed->newest == 0)
            continue;
        write_one(&each, listed);
        count++;
    }
    wire_put_varint(&out, count);
    wire_put_raw(&out, each.data, each.size);
    wire_put_u32(&out, crc32c(0, out.data, out.size));
    wire_clear(&each);
    return wire_finish(&out);
}

static bool read_one(struct dedupe *dedupe, struct wire_reader *in)
{
    uint64_t number = wire_get_u64(in), newest = wire_get_u64(in);
    uint64_t span = wire_get_varint(in), count = wire_get_varint(in);
    if (in->failed || find(dedupe, number) || span > newest)
        return false;
    struct listed *listed = add(dedupe, number);
    listed->newest = newest;
    listed->floor = newest - span;
    uint64_t last = listed->floor;
    for (; count > 0 && !in->failed; count--) {
        uint64_t seq = newest - wire_get_varint(in);
        struct listed_deed deed = {seq, wire_get_u64(in)};
        if (seq <= last || seq > newest)
            return false;
        g_array_append_val(listed->deeds, deed);
        last = seq;
    }
    if (in->failed || newest == 0 || last < newest)
        return false;
    if (newest > dedupe->settings.window)
        raise_floor(listed, newest - dedupe->settings.window);
    return true;
}

bool dedupe_read(struct dedupe *dedupe, GBytes *bytes)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);
    g_ptr_array_set_size(dedupe->all, 0);
    if (size < 4)
        return false;
    uint32_t check = crc32c(0, data, size - 4);
    for (unsigned i = 0; i < 4; i++)
        if (data[size - 4 + i] != (uint8_t)(check >> (24 - 8 * i)))
            return false;
    struct wire_reader in = wire_read(data, size - 4);
    uint64_t count = wire_get_varint(&in);
    while (count > 0 && read_one(dedupe, &in))
        count--;
    if (count == 0 && wire_whole(&in))
        return true;
    g_ptr_array_set_size(dedupe->all, 0);
    return false;
}

struct dedupe *dedupe_new(struct env *env, struct dedupe_settings settings)
{
    struct dedupe *dedupe = g_new0(struct dedupe, 1);
    dedupe->env = env;
    dedupe->settings = settings;
    dedupe->all = g_ptr_array_new_with_free_func(free_listed);
    return dedupe;
}

void dedupe_free(struct dedupe *dedupe)
{
    g_ptr_array_unref(dedupe->all);
    g_free(dedupe);
}

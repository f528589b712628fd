/* Another shape: a hash table of answers for each producer, and a count of
 * requests for its silence; who is forgotten is searched for when it is
 * needed. */
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include "04-queues/dedupe.h"

struct customer {
    uint64_t number, newest, floor;
    nsec heard;
    uint64_t turn;       /* Rises with each one that is heard. */
    GHashTable *answers; /* By number; both are struct answered. */
};

struct answered {
    uint64_t seq, answer; /* The first is the key. */
};

struct dedupe {
    struct env *env;
    struct dedupe_settings settings;
    uint64_t turn;
    GHashTable *customers; /* By number. */
};

static void free_customer(void *data)
{
    struct customer *customer = data;
    g_hash_table_unref(customer->answers);
    g_free(customer);
}

static struct customer *find(const struct dedupe *dedupe, uint64_t number)
{
    return g_hash_table_lookup(dedupe->customers, &number);
}

static int by_turn(const void *one, const void *other)
{
    const struct customer *a = *(void *const *)one, *b = *(void *const *)other;
    return a->turn < b->turn ? -1 : a->turn > b->turn;
}

static int by_seq(const void *one, const void *other)
{
    const struct answered *a = *(void *const *)one, *b = *(void *const *)other;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static GPtrArray *in_order(GHashTable *table, GCompareFunc order)
{
    GPtrArray *all = g_ptr_array_new();
    GHashTableIter at;
    void *value;
    g_hash_table_iter_init(&at, table);
    while (g_hash_table_iter_next(&at, NULL, &value))
        g_ptr_array_add(all, value);
    g_ptr_array_sort(all, order);
    return all;
}

static struct customer *add(struct dedupe *dedupe, uint64_t number)
{
    struct customer *customer = g_new0(struct customer, 1);
    customer->number = number;
    customer->answers =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_hash_table_insert(dedupe->customers, &customer->number, customer);
    return customer;
}

static void hear(struct dedupe *dedupe, struct customer *customer)
{
    customer->heard = env_now(dedupe->env);
    customer->turn = ++dedupe->turn;
}

static bool has_room(struct dedupe *dedupe)
{
    unsigned most = dedupe->settings.producers;
    if (g_hash_table_size(dedupe->customers) < most)
        return true;
    g_autoptr(GPtrArray) all = in_order(dedupe->customers, by_turn);
    for (unsigned i = 0; i + most <= all->len; i++) {
        const struct customer *customer = all->pdata[i];
        nsec silence = env_now(dedupe->env) - customer->heard;
        if (silence <= dedupe->settings.keep)
            return false;
        g_hash_table_remove(dedupe->customers, &customer->number);
    }
    return true;
}

static gboolean is_old(void *key, void *value, void *floor)
{
    (void)key;
    return ((struct answered *)value)->seq <= *(uint64_t *)floor;
}

static void raise_floor(struct customer *customer, uint64_t floor)
{
    if (floor <= customer->floor)
        return;
    bool one = floor == customer->floor + 1;
    customer->floor = floor;
    if (one)
        g_hash_table_remove(customer->answers, &floor);
    else
        g_hash_table_foreach_remove(customer->answers, is_old, &floor);
}

enum dedupe_verdict dedupe_ask(struct dedupe *dedupe, uint64_t producer,
                               uint64_t seq, uint64_t *answer)
{
    struct customer *customer = find(dedupe, producer);
    if (seq == 0)
        return DEDUPE_FORGOTTEN;
    if (!customer) {
        if (!has_room(dedupe))
            return DEDUPE_FULL;
        customer = add(dedupe, producer);
    }
    hear(dedupe, customer);
    const struct answered *pair = g_hash_table_lookup(customer->answers, &seq);
    if (pair) {
        *answer = pair->answer;
        return DEDUPE_REPEATED;
    }
    return seq <= customer->floor ? DEDUPE_FORGOTTEN : DEDUPE_NEW;
}

void dedupe_done(struct dedupe *dedupe, uint64_t producer, uint64_t seq,
                 uint64_t answer)
{
    struct customer *customer = find(dedupe, producer);
    uint64_t window = dedupe->settings.window;
    if (customer ? seq <= customer->floor ||
                       g_hash_table_contains(customer->answers, &seq)
                 : seq == 0)
        return;
    if (!customer)
        customer = add(dedupe, producer);
    hear(dedupe, customer);
    struct answered *pair = g_new(struct answered, 1);
    *pair = (struct answered){seq, answer};
    g_hash_table_add(customer->answers, pair);
    if (seq > customer->newest)
        customer->newest = seq;
    if (customer->newest > window)
        raise_floor(customer, customer->newest - window);
}

uint64_t dedupe_newest(const struct dedupe *dedupe, uint64_t producer)
{
    const struct customer *customer = find(dedupe, producer);
    return customer ? customer->newest : 0;
}

unsigned dedupe_producers(const struct dedupe *dedupe)
{
    return g_hash_table_size(dedupe->customers);
}

static void write_customer(struct wire_writer *out,
                           const struct customer *customer)
{
    g_autoptr(GPtrArray) pairs = in_order(customer->answers, by_seq);
    wire_put_u64(out, customer->number);
    wire_put_u64(out, customer->newest);
    wire_put_varint(out, customer->newest - customer->floor);
    wire_put_varint(out, pairs->len);
    for (unsigned j = 0; j < pairs->len; j++) {
        const struct answered *pair = pairs->pdata[j];
        wire_put_varint(out, customer->newest - pair->seq);
        wire_put_u64(out, pair->answer);
    }
}

GBytes *dedupe_write(const struct dedupe *dedupe)
{
    struct wire_writer out = {.most = SIZE_MAX};
    g_autoptr(GPtrArray) all = in_order(dedupe->customers, by_turn);
    for (unsigned i = all->len; i-- > 0;)
        if (((struct customer *)all->pdata[i])->newest == 0)
            g_ptr_array_remove_index(all, i);
    wire_put_varint(&out, all->len);
    for (unsigned i = 0; i < all->len; i++)
        write_customer(&out, all->pdata[i]);
    wire_put_u32(&out, crc32c(0, out.data, out.size));
    return wire_finish(&out);
}

/* What dedupe_done() makes of it must be what it says. */
static bool read_customer(struct dedupe *dedupe, struct wire_reader *in)
{
    uint64_t number = wire_get_u64(in), newest = wire_get_u64(in);
    uint64_t span = wire_get_varint(in), count = wire_get_varint(in);
    uint64_t last = newest - span;
    if (find(dedupe, number) || newest == 0 || span > newest)
        return false;
    for (; count > 0 && !in->failed; count--) {
        uint64_t back = wire_get_varint(in), answer = wire_get_u64(in);
        if (back > newest || newest - back <= last)
            return false;
        last = newest - back;
        dedupe_done(dedupe, number, last, answer);
    }
    struct customer *customer = find(dedupe, number);
    if (in->failed || !customer || last != newest)
        return false;
    raise_floor(customer, newest - span);
    return true;
}

static bool read_all(struct dedupe *dedupe, struct wire_reader *in)
{
    uint64_t count = wire_get_varint(in);
    while (count > 0 && read_customer(dedupe, in))
        count--;
    return count == 0 && wire_whole(in);
}

bool dedupe_read(struct dedupe *dedupe, GBytes *bytes)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);
    g_hash_table_remove_all(dedupe->customers);
    struct wire_reader check = {NULL, 0, true};
    if (size >= 4)
        check = wire_read(data + size - 4, 4);
    if (wire_get_u32(&check) != crc32c(0, data, size < 4 ? 0 : size - 4) ||
        !wire_whole(&check))
        return false;
    struct wire_reader in = wire_read(data, size - 4);
    if (read_all(dedupe, &in))
        return true;
    g_hash_table_remove_all(dedupe->customers);
    return false;
}

struct dedupe *dedupe_new(struct env *env, struct dedupe_settings settings)
{
    struct dedupe *dedupe = g_new0(struct dedupe, 1);
    dedupe->env = env;
    dedupe->settings = settings;
    dedupe->customers =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_customer);
    return dedupe;
}

void dedupe_free(struct dedupe *dedupe)
{
    g_hash_table_unref(dedupe->customers);
    g_free(dedupe);
}

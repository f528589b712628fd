#include "02-framing/kv/table.h"
#include "02-framing/kv/siphash.h"
#include <string.h>

enum { SMALL = 256 }; /* Bytes of a value that may stand beside its key. */

/* When a record's time is up. Most have none, so it stands apart. */
struct alarm_clock {
    struct timer timer;
    struct table *table;
    struct record *record;
    nsec end;
};

struct table {
    struct env *env;
    size_t most, size;
    struct siphash_key secret;
    GHashTable *records; /* A set of struct record. */
};

static guint hash_of(const void *record)
{
    return ((const struct record *)record)->hash;
}

static gboolean same_key(const void *one, const void *other)
{
    struct word a = ((const struct record *)one)->key;
    struct word b = ((const struct record *)other)->key;
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* ---- What it takes. ---- */

static bool has_room(const struct table *table, size_t more)
{
    return more <= table->most && table->size <= table->most - more;
}

static size_t cost_of(const struct record *record)
{
    return TABLE_RECORD + record->key.size + record->value.size;
}

static void drop_alarm(struct record *record)
{
    if (!record->alarm)
        return;
    env_disarm(record->alarm->table->env, &record->alarm->timer);
    g_clear_pointer(&record->alarm, g_free);
}

static void record_free(void *data)
{
    struct record *record = data;
    drop_alarm(record);
    if (record->capacity)
        g_free((char *)record->value.data);
    g_free(record);
}

/* ---- Finding. ---- */

static struct record *lookup(const struct table *table, struct word key)
{
    struct record probe = {
        .key = key,
        .hash = (uint32_t)siphash(table->secret, key.data, key.size)};
    return g_hash_table_lookup(table->records, &probe);
}

struct record *table_find(struct table *table, struct word key)
{
    struct record *record = lookup(table, key);
    if (record && record->alarm && table_left(table, record) == 0) {
        table_remove(table, record);
        return NULL;
    }
    return record;
}

/* ---- Changing. ---- */

static char *behind_key(struct record *record)
{
    return (char *)(record + 1) + record->key.size;
}

/* Memory for @p size bytes of value, which keeps those that are there. Behind
 * the key if it fits: then one read brings both to the processor. */
static void reserve(struct record *record, size_t size)
{
    char *elsewhere = record->capacity ? (char *)record->value.data : NULL;
    if (size > record->beside) {
        if (size <= record->capacity && size >= record->capacity / 4)
            return;
        const char *old = record->value.data;
        record->value.data = g_realloc(elsewhere, size);
        record->capacity = size;
        if (!elsewhere)
            memcpy((char *)record->value.data, old, record->value.size);
    } else if (elsewhere) {
        record->value.data = memcpy(behind_key(record), elsewhere,
                                    MIN(size, record->value.size));
        record->capacity = 0;
        g_free(elsewhere);
    }
}

bool table_set(struct table *table, struct record *record, struct word value)
{
    size_t old = record->value.size;
    if (value.size > old && !has_room(table, value.size - old))
        return false;
    reserve(record, value.size);
    memcpy((char *)record->value.data, value.data, value.size);
    record->value.size = value.size;
    table->size += value.size - old;
    return true;
}

bool table_append(struct table *table, struct record *record, struct word more)
{
    size_t size = record->value.size + more.size;
    if (!has_room(table, more.size))
        return false;
    if (size > MAX(record->capacity, record->beside))
        reserve(record, MIN(2 * size, size + (1 << 20)));
    memcpy((char *)record->value.data + record->value.size, more.data,
           more.size);
    record->value.size = size;
    table->size += more.size;
    return true;
}

/* The key's bytes stand behind the record, and a small value behind those. */
static struct record *add(struct table *table, struct word key, size_t size)
{
    size_t beside = MIN(size, SMALL);
    struct record *record = g_malloc(sizeof *record + key.size + beside);
    *record = (struct record){
        .key = {(char *)(record + 1), key.size},
        .beside = beside,
        .hash = (uint32_t)siphash(table->secret, key.data, key.size)};
    memcpy(record + 1, key.data, key.size);
    record->value.data = behind_key(record);
    g_hash_table_add(table->records, record);
    table->size += cost_of(record);
    return record;
}

struct record *table_put(struct table *table, struct word key,
                         struct word value)
{
    struct record *record = table_find(table, key);
    if (!record) {
        if (!has_room(table, TABLE_RECORD + key.size + value.size))
            return NULL;
        record = add(table, key, value.size);
    }
    if (!table_set(table, record, value))
        return NULL;
    drop_alarm(record);
    return record;
}

void table_remove(struct table *table, struct record *record)
{
    table->size -= cost_of(record);
    g_hash_table_remove(table->records, record);
}

/* ---- Time. ---- */

static void on_end(void *self)
{
    struct alarm_clock *alarm = self;
    table_remove(alarm->table, alarm->record);
}

void table_expire(struct table *table, struct record *record, nsec span)
{
    if (!record->alarm) {
        struct alarm_clock *alarm = g_new0(struct alarm_clock, 1);
        *alarm = (struct alarm_clock){.table = table, .record = record};
        alarm->timer = (struct timer){.fire = on_end, .self = alarm};
        record->alarm = alarm;
    }
    record->alarm->end = env_now(table->env) + span;
    env_arm(table->env, &record->alarm->timer, span);
}

bool table_keep(struct table *table, struct record *record)
{
    bool bounded = record->alarm != NULL;
    (void)table;
    drop_alarm(record);
    return bounded;
}

nsec table_left(const struct table *table, const struct record *record)
{
    if (!record->alarm)
        return UINT64_MAX;
    nsec now = env_now(table->env);
    return record->alarm->end > now ? record->alarm->end - now : 0;
}

/* ---- Life. ---- */

struct table *table_new(struct env *env, size_t most)
{
    struct table *table = g_new0(struct table, 1);
    table->env = env;
    table->most = most;
    table->secret = (struct siphash_key){env_random(env), env_random(env)};
    table->records =
        g_hash_table_new_full(hash_of, same_key, record_free, NULL);
    return table;
}

unsigned table_count(const struct table *table)
{
    return g_hash_table_size(table->records);
}

size_t table_size(const struct table *table)
{
    return table->size;
}

void table_clear(struct table *table)
{
    g_hash_table_remove_all(table->records);
    table->size = 0;
}

void table_free(struct table *table)
{
    g_hash_table_unref(table->records);
    g_free(table);
}

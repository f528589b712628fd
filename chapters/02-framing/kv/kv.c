#include "02-framing/kv/kv.h"
#include "02-framing/door/desk.h"
#include "02-framing/kv/table.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct kv {
    struct env *env;
    struct kv_settings settings;
    struct table *table;
    struct desk *desk;
};

/* A command, and what is needed to serve it. */
struct order {
    struct kv *kv;
    const char *name; /* Of the command, as errors have it. */
    const struct command *command;
    struct wire_writer *out;
};

enum { NUMBER = 21 }; /* The longest number, and a NUL. */

/* ---- Words and answers. ---- */

static struct word word_at(const struct order *order, size_t i)
{
    return order->command->words[i];
}

static struct record *find(const struct order *order, size_t i)
{
    return table_find(order->kv->table, word_at(order, i));
}

static void put_ok(const struct order *order)
{
    resp_put_simple(order->out, "OK");
}

static void put_value(const struct order *order, const struct record *record)
{
    if (record)
        resp_put_bulk(order->out, record->value.data, record->value.size);
    else
        resp_put_null(order->out, order->command->version);
}

static void put_syntax(const struct order *order)
{
    resp_put_error(order->out, "ERR syntax error");
}

static void put_full(const struct order *order)
{
    resp_put_error(order->out, "OOM command not allowed when used memory > "
                               "'maxmemory'.");
}

static void put_no_integer(const struct order *order)
{
    resp_put_error(order->out, "ERR value is not an integer or out of range");
}

/* ---- Times. ---- */

/* A span of @p unit that is positive, and no longer than a timer counts. */
static bool read_span(const struct order *order, struct word word, nsec unit,
                      nsec *span)
{
    int64_t number;
    const nsec most = (nsec)1 << 61; /* 73 years. */
    if (!word_number(word, &number)) {
        put_no_integer(order);
        return false;
    }
    if (number <= 0 || (uint64_t)number > most / unit) {
        resp_put_error(order->out, "ERR invalid expire time in '%s' command",
                       order->name);
        return false;
    }
    *span = (nsec)number * unit;
    return true;
}

static void expire_in(const struct order *order, nsec unit)
{
    struct record *record = find(order, 1);
    struct word word = word_at(order, 2);
    int64_t number;
    nsec span;
    if (word_number(word, &number) && number <= 0) { /* It was up long ago. */
        resp_put_integer(order->out, record != NULL);
        if (record)
            table_remove(order->kv->table, record);
    } else if (read_span(order, word, unit, &span)) {
        resp_put_integer(order->out, record != NULL);
        if (record)
            table_expire(order->kv->table, record, span);
    }
}

static void expire(const struct order *order)
{
    expire_in(order, SEC);
}

static void pexpire(const struct order *order)
{
    expire_in(order, MSEC);
}

/* Rounded to the nearest, as Redis does. */
static void put_left(const struct order *order, nsec unit)
{
    struct record *record = find(order, 1);
    nsec left = record ? table_left(order->kv->table, record) : 0;
    if (!record)
        resp_put_integer(order->out, -2);
    else if (left == UINT64_MAX)
        resp_put_integer(order->out, -1);
    else
        resp_put_integer(order->out, (int64_t)((left + unit / 2) / unit));
}

static void ttl(const struct order *order)
{
    put_left(order, SEC);
}

static void pttl(const struct order *order)
{
    put_left(order, MSEC);
}

static void persist(const struct order *order)
{
    struct record *record = find(order, 1);
    resp_put_integer(order->out,
                     record && table_keep(order->kv->table, record));
}

/* ---- Setting. ---- */

/* How SET is to be done. */
struct manner {
    bool absent, present, get, keep;
    nsec span; /* 0: for ever. */
};
static const struct manner plain;

/* The options of SET, from word 3 on. False: answered by an error. */
static bool read_manner(const struct order *order, struct manner *manner)
{
    size_t count = order->command->count, span = 0; /* Where its word is. */
    nsec unit = 0;
    for (size_t i = 3; i < count; i++) {
        struct word word = word_at(order, i);
        bool seconds = word_is(word, "EX"), millis = word_is(word, "PX");
        if (word_is(word, "NX") && !manner->present) {
            manner->absent = true;
        } else if (word_is(word, "XX") && !manner->absent) {
            manner->present = true;
        } else if (word_is(word, "GET")) {
            manner->get = true;
        } else if (word_is(word, "KEEPTTL") && span == 0) {
            manner->keep = true;
        } else if ((seconds || millis) && i + 1 < count && !manner->keep &&
                   span == 0) {
            unit = seconds ? SEC : MSEC;
            span = ++i;
        } else {
            put_syntax(order);
            return false;
        }
    }
    return span == 0 ||
           read_span(order, word_at(order, span), unit, &manner->span);
}

/* Returns whether there was room. */
static bool store(const struct order *order, struct word key, struct word value,
                  const struct manner *manner)
{
    struct table *table = order->kv->table;
    struct record *record = manner->keep ? table_find(table, key) : NULL;
    if (record)
        return table_set(table, record, value);
    record = table_put(table, key, value);
    if (record && manner->span > 0)
        table_expire(table, record, manner->span);
    return record != NULL;
}

/* The old value must be said before it is gone; and not, if the new one finds
 * no room. Most often nobody asks for it. */
static void set_in(const struct order *order, const struct manner *manner)
{
    bool asks = manner->absent || manner->present || manner->get;
    struct record *record = asks ? find(order, 1) : NULL;
    struct wire_writer *out = order->out;
    size_t before = out->size;
    bool done = !(manner->absent && record) && !(manner->present && !record);
    if (manner->get)
        put_value(order, record);
    else if (done)
        put_ok(order);
    else
        resp_put_null(out, order->command->version);
    if (done && !store(order, word_at(order, 1), word_at(order, 2), manner)) {
        out->size = before;
        put_full(order);
    }
}

static void set(const struct order *order)
{
    struct manner manner = {0};
    if (read_manner(order, &manner))
        set_in(order, &manner);
}

static void getset(const struct order *order)
{
    set_in(order, &(struct manner){.get = true});
}

static void setnx(const struct order *order)
{
    struct record *record = find(order, 1);
    if (record)
        resp_put_integer(order->out, 0);
    else if (store(order, word_at(order, 1), word_at(order, 2), &plain))
        resp_put_integer(order->out, 1);
    else
        put_full(order);
}

static void set_for(const struct order *order, nsec unit)
{
    struct manner manner = {0};
    if (!read_span(order, word_at(order, 2), unit, &manner.span))
        return;
    if (store(order, word_at(order, 1), word_at(order, 3), &manner))
        put_ok(order);
    else
        put_full(order);
}

static void setex(const struct order *order)
{
    set_for(order, SEC);
}

static void psetex(const struct order *order)
{
    set_for(order, MSEC);
}

/* What does not fit is not set, and what was set before stays. */
static void mset(const struct order *order)
{
    if (order->command->count % 2 == 0) {
        put_wrong_count(order->out, order->command);
        return;
    }
    for (size_t i = 1; i < order->command->count; i += 2)
        if (!store(order, word_at(order, i), word_at(order, i + 1), &plain)) {
            put_full(order);
            return;
        }
    put_ok(order);
}

/* ---- Getting. ---- */

static void get(const struct order *order)
{
    put_value(order, find(order, 1));
}

static void mget(const struct order *order)
{
    resp_put_array(order->out, order->command->count - 1);
    for (size_t i = 1; i < order->command->count; i++)
        put_value(order, find(order, i));
}

static void getdel(const struct order *order)
{
    struct record *record = find(order, 1);
    put_value(order, record);
    if (record)
        table_remove(order->kv->table, record);
}

static void strlen_of(const struct order *order)
{
    struct record *record = find(order, 1);
    resp_put_integer(order->out, record ? (int64_t)record->value.size : 0);
}

static void exists(const struct order *order)
{
    int64_t count = 0;
    for (size_t i = 1; i < order->command->count; i++)
        count += find(order, i) != NULL;
    resp_put_integer(order->out, count);
}

static void type(const struct order *order)
{
    resp_put_simple(order->out, find(order, 1) ? "string" : "none");
}

/* ---- Changing. ---- */

static void append(const struct order *order)
{
    struct table *table = order->kv->table;
    struct record *record = find(order, 1);
    struct word more = word_at(order, 2);
    bool done = record ? table_append(table, record, more)
                       : table_put(table, word_at(order, 1), more) != NULL;
    if (done)
        strlen_of(order);
    else
        put_full(order);
}

static void add_number(const struct order *order, int64_t number)
{
    struct table *table = order->kv->table;
    struct record *record = find(order, 1);
    int64_t sum = 0;
    char digits[NUMBER];
    if (record && !word_number(record->value, &sum)) {
        put_no_integer(order);
        return;
    }
    if (__builtin_add_overflow(sum, number, &sum)) {
        resp_put_error(order->out, "ERR increment or decrement would overflow");
        return;
    }
    struct word value = {
        digits, (size_t)snprintf(digits, sizeof digits, "%" PRId64, sum)};
    if (record ? table_set(table, record, value)
               : table_put(table, word_at(order, 1), value) != NULL)
        resp_put_integer(order->out, sum);
    else
        put_full(order);
}

static void incr(const struct order *order)
{
    add_number(order, 1);
}

static void decr(const struct order *order)
{
    add_number(order, -1);
}

static void incrby(const struct order *order)
{
    int64_t number;
    if (word_number(word_at(order, 2), &number))
        add_number(order, number);
    else
        put_no_integer(order);
}

/* The least of all numbers has no opposite. */
static void decrby(const struct order *order)
{
    int64_t number;
    if (!word_number(word_at(order, 2), &number))
        put_no_integer(order);
    else if (number == INT64_MIN)
        resp_put_error(order->out, "ERR decrement would overflow");
    else
        add_number(order, -number);
}

static void del(const struct order *order)
{
    int64_t count = 0;
    for (size_t i = 1; i < order->command->count; i++) {
        struct record *record = find(order, i);
        count += record != NULL;
        if (record)
            table_remove(order->kv->table, record);
    }
    resp_put_integer(order->out, count);
}

static void dbsize(const struct order *order)
{
    resp_put_integer(order->out, table_count(order->kv->table));
}

/* [ASYNC|SYNC]: which is all the same to a client. */
static void flush(const struct order *order)
{
    size_t count = order->command->count;
    struct word how = word_at(order, count - 1);
    if (count > 1 && !word_is(how, "ASYNC") && !word_is(how, "SYNC")) {
        put_syntax(order);
        return;
    }
    table_clear(order->kv->table);
    put_ok(order);
}

/* ---- Which is it? ---- */

#define MANY SIZE_MAX

/* With how many words, the name included. */
static const struct {
    const char *name;
    size_t least, most;
    void (*serve)(const struct order *order);
} orders[] = {
    {"get", 2, 2, get},         {"set", 3, MANY, set},
    {"incr", 2, 2, incr},       {"del", 2, MANY, del},
    {"incrby", 3, 3, incrby},   {"decr", 2, 2, decr},
    {"decrby", 3, 3, decrby},   {"exists", 2, MANY, exists},
    {"expire", 3, 3, expire},   {"pexpire", 3, 3, pexpire},
    {"ttl", 2, 2, ttl},         {"pttl", 2, 2, pttl},
    {"persist", 2, 2, persist}, {"append", 3, 3, append},
    {"mget", 2, MANY, mget},    {"mset", 3, MANY, mset},
    {"setnx", 3, 3, setnx},     {"setex", 4, 4, setex},
    {"psetex", 4, 4, psetex},   {"getset", 3, 3, getset},
    {"getdel", 2, 2, getdel},   {"strlen", 2, 2, strlen_of},
    {"type", 2, 2, type},       {"unlink", 2, MANY, del},
    {"dbsize", 1, 1, dbsize},   {"flushall", 1, 2, flush},
    {"flushdb", 1, 2, flush},
};

static enum desk_outcome serve(void *self, const struct command *command,
                               struct wire_writer *out, bool parks)
{
    (void)parks;
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        if (!word_is(command->words[0], orders[i].name))
            continue;
        if (command->count < orders[i].least || command->count > orders[i].most)
            put_wrong_count(out, command);
        else
            orders[i].serve(
                &(struct order){self, orders[i].name, command, out});
        return DESK_ANSWERED;
    }
    return DESK_UNKNOWN;
}

static void info(void *self, GString *text)
{
    struct kv *kv = self;
    g_string_append_printf(text, "keys:%u\r\nused_memory:%zu\r\n",
                           table_count(kv->table), table_size(kv->table));
    if (kv->settings.info)
        kv->settings.info(kv->settings.self, text);
}

/* ---- Life. ---- */

static void on_message(void *self, node_id from, GBytes *message)
{
    struct kv *kv = self;
    desk_take(kv->desk, from, message);
}

struct kv *kv_new(struct env *env, struct kv_settings settings)
{
    struct kv *kv = g_new0(struct kv, 1);
    kv->env = env;
    kv->settings = settings;
    kv->table = table_new(env, settings.most ? settings.most : 1 << 30);
    kv->desk = desk_new(
        env, (struct desk_service){
                 .serve = serve, .info = info, .self = kv, .name = "kv"});
    env_bind(env, on_message, kv);
    return kv;
}

unsigned kv_count(const struct kv *kv)
{
    return table_count(kv->table);
}

void kv_free(struct kv *kv)
{
    env_bind(kv->env, NULL, NULL);
    desk_free(kv->desk);
    table_free(kv->table);
    g_free(kv);
}

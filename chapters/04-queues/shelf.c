/*
 *     queue.logs    "logs" | last number | its logs | those dropped | check
 *
 *     dropped -----> LISTED: written in queue.logs, with its keys
 *                      | a letter to oneself is back: that is durable
 *                    REMOVED: its keys are removed
 *                      | the next letter is back: that is durable
 *                    forgotten
 *
 * After a boot it begins at LISTED again: to remove a key twice does no harm.
 *
 * A crash may lose queue.logs and keep the first segment of a log that was just
 * made; no answer has left then. So before a number is given, what is under it
 * is looked for: if there is something, that log counts as dropped, and the next
 * number is tried. It has no second segment and no manifest: these wait until
 * what was written before is durable (wal.h).
 */
#include "04-queues/shelf.h"
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include <inttypes.h>

enum { LONGEST_KEY = 64, LOG_LEAST = 8 + 4 + 8 + 1, DROPPED = 3 * 8 };

static const char list_key[] = "queue.logs", list_magic[] = "logs";

/* A log that is no more. */
struct dropped {
    uint64_t number;
    struct wal_range keys;
    bool asked;   /* The letter under way is about it. */
    bool removed; /* Its keys are. */
};

struct shelf {
    struct env *env;
    size_t segment;
    uint64_t numbers; /* The last that a log got. */
    GPtrArray *logs;  /* struct shelf_log. */
    GArray *dropped;  /* struct dropped. */
    GBytes *awaited;  /* The letter, or NULL. */
    uint64_t letters; /* So many were sent. */
};

/* ---- Logs. ---- */

const struct shelf_log *shelf_log(const struct shelf *shelf, unsigned i)
{
    return i < shelf->logs->len ? shelf->logs->pdata[i] : NULL;
}

const struct shelf_log *shelf_find(const struct shelf *shelf, struct word name)
{
    for (unsigned i = 0; i < shelf->logs->len; i++) {
        const struct shelf_log *log = shelf->logs->pdata[i];
        if (strlen(log->name) == name.size &&
            memcmp(log->name, name.data, name.size) == 0)
            return log;
    }
    return NULL;
}

size_t shelf_bytes(const struct shelf *shelf)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < shelf->logs->len; i++)
        bytes += backlog_bytes(shelf_log(shelf, i)->backlog);
    return bytes;
}

static void free_log(void *data)
{
    struct shelf_log *log = data;
    g_clear_pointer(&log->backlog, backlog_free);
    g_free(log->name);
    g_free(log);
}

static bool open_log(struct shelf *shelf, struct shelf_log log, GError **error)
{
    char name[LONGEST_KEY];
    g_snprintf(name, sizeof name, "log-%" PRIu64, log.number);
    struct backlog_settings settings = {name, shelf->segment,
                                        log.limits.messages, log.limits.bytes};
    log.backlog = backlog_open(shelf->env, settings, error);
    g_ptr_array_add(shelf->logs, g_memdup2(&log, sizeof log));
    return log.backlog != NULL;
}

/* ---- The list. ---- */

static struct dropped *dropped_at(const struct shelf *shelf, unsigned i)
{
    return &g_array_index(shelf->dropped, struct dropped, i);
}

static void write_list(const struct shelf *shelf)
{
    struct wire_writer out = {.most = SIZE_MAX};
    wire_put_raw(&out, list_magic, 4);
    wire_put_u64(&out, shelf->numbers);
    wire_put_varint(&out, shelf->logs->len);
    for (unsigned i = 0; i < shelf->logs->len; i++) {
        const struct shelf_log *log = shelf_log(shelf, i);
        wire_put_u64(&out, log->number);
        wire_put_u32(&out, log->limits.messages);
        wire_put_u64(&out, log->limits.bytes);
        wire_put_string(&out, log->name, strlen(log->name));
    }
    wire_put_varint(&out, shelf->dropped->len);
    for (unsigned i = 0; i < shelf->dropped->len; i++) {
        const struct dropped *dropped = dropped_at(shelf, i);
        wire_put_u64(&out, dropped->number);
        wire_put_u64(&out, dropped->keys.first);
        wire_put_u64(&out, dropped->keys.last);
    }
    wire_put_u32(&out, crc32c(0, out.data, out.size));
    g_autoptr(GBytes) list = wire_finish(&out);
    env_persist(shelf->env, list_key, list);
}

static bool is_whole(GBytes *list)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(list, &size);
    if (size < 8 || memcmp(data, list_magic, 4) != 0)
        return false;
    struct wire_reader check = wire_read(data + size - 4, 4);
    return wire_get_u32(&check) == crc32c(0, data, size - 4);
}

static bool read_log(struct shelf *shelf, struct wire_reader *in,
                     GError **error)
{
    struct shelf_log log = {.number = wire_get_u64(in)};
    size_t size;
    log.limits.messages = wire_get_u32(in);
    log.limits.bytes = (size_t)wire_get_u64(in);
    const char *name = (const char *)wire_get_string(in, &size);
    log.name = g_strndup(name, size);
    return open_log(shelf, log, error);
}

/* Whoever wrote a list that is whole wrote what is right. */
static bool read_list(struct shelf *shelf, GBytes *list, GError **error)
{
    struct wire_reader in = wire_read_bytes(list);
    if (!is_whole(list)) {
        g_set_error(error, g_quark_from_static_string("shelf"), 0,
                    "%s: damaged at byte 0", list_key);
        return false;
    }
    wire_get_raw(&in, 4);
    shelf->numbers = wire_get_u64(&in);
    for (size_t left = wire_get_count(&in, LOG_LEAST); left > 0; left--)
        if (!read_log(shelf, &in, error))
            return false;
    for (size_t left = wire_get_count(&in, DROPPED); left > 0; left--) {
        struct dropped dropped = {.number = wire_get_u64(&in)};
        dropped.keys.first = wire_get_u64(&in);
        dropped.keys.last = wire_get_u64(&in);
        g_array_append_val(shelf->dropped, dropped);
    }
    return true;
}

/* ---- Those that are dropped. ---- */

static void remove_key(const struct shelf *shelf, uint64_t log,
                       const char *which)
{
    char key[LONGEST_KEY];
    g_snprintf(key, sizeof key, "log-%" PRIu64 ".%s", log, which);
    env_persist(shelf->env, key, NULL);
}

static void remove_keys(const struct shelf *shelf,
                        const struct dropped *dropped)
{
    for (uint64_t n = dropped->keys.first; n <= dropped->keys.last; n++) {
        g_autofree char *which = g_strdup_printf("%" PRIu64, n);
        remove_key(shelf, dropped->number, which);
    }
    remove_key(shelf, dropped->number, "first");
}

/* Ask when all that was done about them is durable. */
static void send_letter(struct shelf *shelf)
{
    if (shelf->awaited || shelf->dropped->len == 0)
        return;
    g_autofree char *text = g_strdup_printf("shelf %" PRIu64, shelf->letters++);
    shelf->awaited = g_bytes_new(text, strlen(text));
    for (unsigned i = 0; i < shelf->dropped->len; i++)
        dropped_at(shelf, i)->asked = true;
    env_send(shelf->env, shelf->env->id, shelf->awaited);
}

static void on_letter(struct shelf *shelf)
{
    unsigned before = shelf->dropped->len;
    g_clear_pointer(&shelf->awaited, g_bytes_unref);
    for (unsigned i = before; i-- > 0;) {
        struct dropped *dropped = dropped_at(shelf, i);
        if (dropped->removed) {
            g_array_remove_index(shelf->dropped, i);
        } else if (dropped->asked) {
            remove_keys(shelf, dropped);
            dropped->removed = true;
        }
    }
    if (shelf->dropped->len < before)
        write_list(shelf);
    send_letter(shelf);
}

/* ---- What the owner calls. ---- */

/* One under which there is nothing. */
static uint64_t next_number(struct shelf *shelf)
{
    for (;;) {
        char key[LONGEST_KEY];
        uint64_t number = ++shelf->numbers;
        g_snprintf(key, sizeof key, "log-%" PRIu64 ".1", number);
        g_autoptr(GBytes) lost = env_recall(shelf->env, key);
        if (!lost)
            return number;
        struct dropped dropped = {.number = number, .keys = {1, 1}};
        g_array_append_val(shelf->dropped, dropped);
    }
}

enum broker_outcome shelf_create(struct shelf *shelf, struct word name,
                                 struct shelf_limits limits)
{
    const struct shelf_log *old = shelf_find(shelf, name);
    if (limits.messages == 0)
        limits.messages = UINT32_MAX;
    if (limits.bytes == 0)
        limits.bytes = (size_t)64 << 20;
    if (old)
        return old->limits.messages == limits.messages &&
                       old->limits.bytes == limits.bytes
                   ? BROKER_DONE
                   : BROKER_CONFLICT;
    if (!queue_is_name(name) || limits.bytes > SHELF_BYTES)
        return BROKER_INVALID;
    if (shelf->logs->len == SHELF_MOST)
        return BROKER_FULL;
    struct shelf_log log = {.number = next_number(shelf), .limits = limits};
    log.name = g_strndup(name.data, name.size);
    bool open = open_log(shelf, log, NULL);
    g_assert(open); /* There is nothing that could be damaged. */
    write_list(shelf);
    send_letter(shelf);
    return BROKER_DONE;
}

enum broker_outcome shelf_drop(struct shelf *shelf, struct word name)
{
    const struct shelf_log *log = shelf_find(shelf, name);
    if (!log)
        return BROKER_UNKNOWN;
    struct dropped dropped = {.number = log->number,
                              .keys = backlog_range(log->backlog)};
    g_array_append_val(shelf->dropped, dropped);
    g_ptr_array_remove(shelf->logs, (void *)log);
    write_list(shelf);
    send_letter(shelf);
    return BROKER_DONE;
}

/* What is nobody's was sent by a log that has been dropped since. */
bool shelf_on_message(struct shelf *shelf, node_id from, GBytes *message)
{
    if (from != shelf->env->id)
        return false;
    if (shelf->awaited && g_bytes_equal(shelf->awaited, message)) {
        on_letter(shelf);
        return true;
    }
    for (unsigned i = 0; i < shelf->logs->len; i++)
        if (backlog_on_message(shelf_log(shelf, i)->backlog, from, message))
            break;
    return true;
}

/* ---- Life. ---- */

struct shelf *shelf_open(struct env *env, size_t segment, GError **error)
{
    struct shelf *shelf = g_new0(struct shelf, 1);
    shelf->env = env;
    shelf->segment = segment;
    shelf->logs = g_ptr_array_new_with_free_func(free_log);
    shelf->dropped = g_array_new(FALSE, FALSE, sizeof(struct dropped));
    g_autoptr(GBytes) list = env_recall(env, list_key);
    if (list && !read_list(shelf, list, error)) {
        shelf_free(shelf);
        return NULL;
    }
    send_letter(shelf);
    return shelf;
}

void shelf_free(struct shelf *shelf)
{
    g_ptr_array_unref(shelf->logs);
    g_array_unref(shelf->dropped);
    g_clear_pointer(&shelf->awaited, g_bytes_unref);
    g_free(shelf);
}

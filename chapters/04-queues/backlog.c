/*
 *     record    'm' | offset, 8 bytes | the message
 *               'p' | offset, 8 bytes | the name of a group
 *
 *     wal       [ m1 m2 pA m3 ][ m4 pB m5 pA ][ m6 m7 pA pB ...
 *                 |  gone  |     retained             |
 *                                   written again, so that the first may go
 *
 * A message has its offset beside it, so that it may stand in the log again,
 * further on: what is read twice is one message. Which of them are retained
 * follows from their number and bytes alone: so when the log is read, the same
 * are there as before, and no record need say what has gone. The newest always
 * is retained, so the next offset is known.
 */
#include "04-queues/backlog.h"
#include "02-framing/wire.h"

enum { RECORD_BEGIN = 1 + 8 };

struct retained {
    uint64_t seq; /* Of its record, the newest one. */
    GBytes *message;
};

struct group {
    uint64_t offset;
    char name[BACKLOG_NAME + 1];
};

struct backlog {
    struct backlog_settings settings;
    struct wal *wal;
    uint64_t first;   /* Offset of the oldest one retained. */
    GArray *messages; /* struct retained, the oldest at `gone`. */
    unsigned gone;    /* So many places before it are free. */
    size_t bytes;
    GTree *groups; /* By name: their order is that of names. */
    size_t places; /* Bytes of places written since all was written again. */
    size_t spare;  /* A few segments, that are always fine. */
    bool foreign;  /* A record that is none of ours was read. */
};

/* ---- Messages. ---- */

static struct retained *at(const struct backlog *backlog, uint64_t offset)
{
    uint64_t place = backlog->gone + (offset - backlog->first);
    return &g_array_index(backlog->messages, struct retained, place);
}

static size_t cost(GBytes *message)
{
    return g_bytes_get_size(message) + BACKLOG_EACH;
}

uint64_t backlog_next(const struct backlog *backlog)
{
    return backlog->first + backlog->messages->len - backlog->gone;
}

static void drop_first(struct backlog *backlog)
{
    struct retained *old = at(backlog, backlog->first);
    backlog->bytes -= cost(old->message);
    g_clear_pointer(&old->message, g_bytes_unref);
    backlog->first++;
    if (2 * ++backlog->gone > backlog->messages->len) {
        g_array_remove_range(backlog->messages, 0, backlog->gone);
        backlog->gone = 0;
    }
}

/* Retain one more, and not too many. */
static void retain(struct backlog *backlog, uint64_t seq, GBytes *message)
{
    struct retained new = {seq, g_bytes_ref(message)};
    g_array_append_val(backlog->messages, new);
    backlog->bytes += cost(message);
    uint64_t count = backlog_next(backlog) - backlog->first;
    for (; count > 1 && (count > backlog->settings.messages ||
                         backlog->bytes > backlog->settings.bytes);
         count--)
        drop_first(backlog);
}

/* ---- Records. ---- */

static uint64_t log_record(struct backlog *backlog, char kind, uint64_t offset,
                           struct word rest)
{
    char begin[RECORD_BEGIN] = {kind};
    for (int i = 0; i < 8; i++)
        begin[1 + i] = (char)(offset >> (56 - 8 * i));
    struct word parts[] = {{begin, sizeof begin}, rest};
    return wal_append(backlog->wal, parts, 2);
}

static uint64_t log_message(struct backlog *backlog, uint64_t offset,
                            GBytes *message)
{
    struct word rest;
    rest.data = g_bytes_get_data(message, &rest.size);
    return log_record(backlog, 'm', offset, rest);
}

static void log_place(struct backlog *backlog, const char *name,
                      uint64_t offset)
{
    struct word rest = {name, strlen(name)};
    log_record(backlog, 'p', offset, rest);
    backlog->places += RECORD_HEAD + RECORD_BEGIN + rest.size;
}

static gboolean log_group(void *name, void *value, void *self)
{
    log_place(self, name, ((const struct group *)value)->offset);
    return FALSE; /* Go on. */
}

/* Let the front of the log go, if there is something that may. */
static void trim(struct backlog *backlog)
{
    uint64_t oldest = at(backlog, backlog->first)->seq;
    if (wal_second(backlog->wal) > oldest)
        return;
    g_tree_foreach(backlog->groups, log_group, backlog);
    wal_trim(backlog->wal, oldest);
}

/* Write all again, if most of the log is places of long ago. */
static void rewrite(struct backlog *backlog)
{
    size_t place = RECORD_HEAD + RECORD_BEGIN + BACKLOG_NAME;
    size_t groups = (size_t)g_tree_nnodes(backlog->groups);
    size_t enough = backlog->settings.bytes + groups * place + backlog->spare;
    uint64_t next = backlog_next(backlog), from = wal_next(backlog->wal);
    if (backlog->places < enough || wal_size(backlog->wal) < 2 * enough)
        return;
    for (uint64_t offset = backlog->first; offset < next; offset++) {
        struct retained *old = at(backlog, offset);
        old->seq = log_message(backlog, offset, old->message);
    }
    g_tree_foreach(backlog->groups, log_group, backlog);
    wal_trim(backlog->wal, from);
    backlog->places = 0;
}

uint64_t backlog_add(struct backlog *backlog, GBytes *message)
{
    uint64_t offset = backlog_next(backlog);
    if (cost(message) > backlog->settings.bytes ||
        g_bytes_get_size(message) > RECORD_MOST - RECORD_BEGIN)
        return 0;
    retain(backlog, log_message(backlog, offset, message), message);
    trim(backlog);
    return offset;
}

/* ---- Readers. ---- */

bool backlog_read(const struct backlog *backlog, struct backlog_page *page,
                  backlog_visitor *visit, void *self)
{
    uint64_t next = backlog_next(backlog), begin = page->from;
    size_t bytes = 0;
    if (begin < backlog->first || begin > next)
        return false;
    while (page->from < next && page->from - begin < page->messages) {
        GBytes *message = at(backlog, page->from)->message;
        bytes += g_bytes_get_size(message);
        if (page->from > begin && bytes > page->bytes)
            break;
        visit(self, page->from++, message);
    }
    return true;
}

uint64_t backlog_first(const struct backlog *backlog)
{
    return backlog->first;
}

size_t backlog_bytes(const struct backlog *backlog)
{
    return backlog->bytes;
}

/* ---- Groups. ---- */

/* Takes it. */
static void add_group(GTree *groups, struct group *group)
{
    g_tree_replace(groups, group->name, group);
}

static void put_group(struct backlog *backlog, const char *name,
                      uint64_t offset)
{
    if (offset == 0) {
        g_tree_remove(backlog->groups, name);
        return;
    }
    struct group *group = g_new0(struct group, 1);
    group->offset = offset;
    g_strlcpy(group->name, name, sizeof group->name);
    add_group(backlog->groups, group);
}

bool backlog_commit(struct backlog *backlog, const char *group, uint64_t offset)
{
    size_t size = strlen(group);
    uint64_t now = backlog_position(backlog, group);
    if (offset > backlog_next(backlog) || size == 0 || size > BACKLOG_NAME)
        return false;
    if (now == 0 && offset > 0 &&
        g_tree_nnodes(backlog->groups) == BACKLOG_GROUPS)
        return false;
    if (offset == now)
        return true;
    put_group(backlog, group, offset);
    log_place(backlog, group, offset);
    rewrite(backlog);
    return true;
}

uint64_t backlog_position(const struct backlog *backlog, const char *group)
{
    const struct group *found = g_tree_lookup(backlog->groups, group);
    return found ? found->offset : 0;
}

struct tour {
    backlog_group_visitor *visit;
    void *self;
};

static gboolean visit_group(void *name, void *value, void *self)
{
    const struct tour *tour = self;
    tour->visit(tour->self, name, ((const struct group *)value)->offset);
    return FALSE; /* Go on. */
}

void backlog_groups(const struct backlog *backlog, backlog_group_visitor *visit,
                    void *self)
{
    struct tour tour = {visit, self};
    g_tree_foreach(backlog->groups, visit_group, &tour);
}

/* ---- Life. ---- */

struct wal_range backlog_range(const struct backlog *backlog)
{
    return wal_range(backlog->wal);
}

static bool read_message(struct backlog *backlog, uint64_t seq, uint64_t offset,
                         struct word rest)
{
    uint64_t next = backlog_next(backlog);
    if (backlog->messages->len == 0)
        backlog->first = next = offset;
    if (offset > next || offset == 0)
        return false;
    g_autoptr(GBytes) message = g_bytes_new(rest.data, rest.size);
    if (offset == next)
        retain(backlog, seq, message);
    else if (offset >= backlog->first)
        at(backlog, offset)->seq = seq; /* The same one, written again. */
    return true;
}

static void on_record(void *self, uint64_t seq, struct word payload)
{
    struct backlog *backlog = self;
    struct wire_reader in = wire_read(payload.data, payload.size);
    char kind = (char)wire_get_u8(&in);
    uint64_t offset = wire_get_u64(&in);
    struct word rest = {(const char *)in.next, in.left};
    if (in.failed) {
        backlog->foreign = true;
    } else if (kind == 'm') {
        backlog->foreign |= !read_message(backlog, seq, offset, rest);
    } else if (kind == 'p' && rest.size <= BACKLOG_NAME) {
        g_autofree char *name = g_strndup(rest.data, rest.size);
        put_group(backlog, name, offset);
        backlog->places += RECORD_HEAD + payload.size;
    } else {
        backlog->foreign = true;
    }
}

static void free_retained(void *data)
{
    struct retained *retained = data;
    g_clear_pointer(&retained->message, g_bytes_unref);
}

static int by_name(const void *one, const void *other, void *self)
{
    (void)self;
    return strcmp(one, other);
}

struct backlog *backlog_open(struct env *env, struct backlog_settings settings,
                             GError **error)
{
    struct backlog *backlog = g_new0(struct backlog, 1);
    struct wal_settings log = {settings.name, settings.segment};
    g_assert(settings.messages > 0);
    backlog->settings = settings;
    backlog->spare =
        2 * (settings.segment ? settings.segment : (size_t)1 << 20);
    backlog->first = 1;
    backlog->messages = g_array_new(FALSE, FALSE, sizeof(struct retained));
    g_array_set_clear_func(backlog->messages, free_retained);
    backlog->groups = g_tree_new_full(by_name, NULL, NULL, g_free);
    backlog->wal = wal_open(env, log, on_record, backlog, error);
    if (backlog->wal && !backlog->foreign)
        return backlog;
    if (backlog->wal)
        g_set_error(error, g_quark_from_static_string("backlog"), 0,
                    "%s is a log, and no backlog: a record in it is neither a "
                    "message nor a place.",
                    settings.name);
    backlog_free(backlog);
    return NULL;
}

bool backlog_on_message(struct backlog *backlog, node_id from, GBytes *message)
{
    return wal_on_message(backlog->wal, from, message);
}

void backlog_free(struct backlog *backlog)
{
    g_clear_pointer(&backlog->wal, wal_free);
    g_array_unref(backlog->messages);
    g_tree_unref(backlog->groups);
    g_free(backlog);
}

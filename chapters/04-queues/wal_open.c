#include "04-queues/wal_parts.h"

enum { FULL = 1 << 20, NAME_MOST = 40 };

/* What has been read so far. */
struct opening {
    struct wal *wal;
    recover_visitor *visit;
    void *self;
    GError **error;
    uint64_t number; /* Of the segment that is looked for next. */
    uint64_t until;  /* Records from here on stand in the next one. */
    uint32_t salt;   /* That it must have; 0: any. */
    GBytes *good;    /* The last one without its torn end; NULL: it has none. */
};

static bool G_GNUC_PRINTF(3, 4)
    refuse(struct opening *opening, uint64_t number, const char *format, ...)
{
    char key[WAL_KEY];
    va_list arguments;
    wal_put_key(opening->wal, number, key);
    va_start(arguments, format);
    g_autofree char *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(opening->error, g_quark_from_static_string("wal"), 0, "%s: %s",
                key, why);
    return false;
}

static GBytes *recall(const struct wal *wal, uint64_t number)
{
    char key[WAL_KEY];
    wal_put_key(wal, number, key);
    return env_recall(wal->env, key);
}

static void visit_until(void *self, uint64_t seq, struct word payload)
{
    const struct opening *opening = self;
    if (seq < opening->until)
        opening->visit(opening->self, seq, payload);
}

/* Is all there up to the next segment, or to a torn end of the last? */
static bool read_records(struct opening *opening, GBytes *bytes, bool last)
{
    struct recovery found = recover(bytes, visit_until, opening);
    uint64_t here = wal_last(opening->wal)->number;
    opening->wal->next = found.next;
    if (!last && found.next >= opening->until)
        return true;
    if (found.verdict == RECOVER_ROTTEN)
        return refuse(opening, here,
                      "damaged at byte %" G_GSIZE_FORMAT ", and records follow",
                      found.good);
    if (!last)
        return refuse(opening, here,
                      "ends at byte %" G_GSIZE_FORMAT
                      ", before the first record of the next one",
                      found.good);
    if (found.verdict == RECOVER_TORN)
        opening->good = g_bytes_new_from_bytes(bytes, 0, found.good);
    return true;
}

/* The next segment, if there is one: it must be the one that belongs here. */
static bool find_segment(struct opening *opening, GBytes **bytes,
                         struct wal_segment *segment)
{
    uint64_t number = opening->number++;
    *segment = (struct wal_segment){.number = number, .first = UINT64_MAX};
    *bytes = recall(opening->wal, number);
    if (!*bytes)
        return true;
    if (!wal_read_head(*bytes, segment))
        return refuse(opening, number, "damaged at byte 0");
    if (opening->salt && segment->salt != opening->salt)
        return refuse(opening, number,
                      "at byte 4 is the salt of another segment");
    opening->salt = wal_salt_after(segment->salt, number + 1);
    return true;
}

/* One behind the other, until there is none; then there should be none. */
static bool read_all(struct opening *opening)
{
    struct wal *wal = opening->wal;
    struct wal_segment next;
    g_autoptr(GBytes) after = NULL;
    if (!find_segment(opening, &after, &next))
        return false;
    while (after) {
        g_autoptr(GBytes) bytes = g_steal_pointer(&after);
        wal_add_segment(wal, next);
        if (!find_segment(opening, &after, &next))
            return false;
        opening->until = next.first;
        if (!read_records(opening, bytes, !after))
            return false;
    }
    g_autoptr(GBytes) beyond = recall(wal, opening->number);
    if (beyond || next.number <= wal->listed.last)
        return refuse(opening, next.number, "missing");
    return true;
}

static bool find_manifest(struct opening *opening)
{
    struct wal *wal = opening->wal;
    char key[WAL_KEY];
    wal_put_first(wal, key);
    g_autoptr(GBytes) value = env_recall(wal->env, key);
    opening->number = 1;
    if (!value)
        return true;
    if (!wal_manifest_of(value, &wal->listed)) {
        g_set_error(opening->error, g_quark_from_static_string("wal"), 0,
                    "%s: damaged at byte 0", key);
        return false;
    }
    opening->number = wal->listed.first;
    opening->salt = wal->listed.salt;
    return true;
}

static void begin_log(struct wal *wal)
{
    struct wal_segment segment = {.number = 1, .first = 1};
    uint8_t head[SEGMENT_HEAD];
    segment.salt = (uint32_t)env_random(wal->env);
    segment.size = sizeof head;
    wal_put_head(&segment, head);
    g_autoptr(GBytes) value = g_bytes_new(head, sizeof head);
    wal_add_segment(wal, segment);
    env_persist(wal->env, wal->key, value);
    wal->next = 1;
}

/* Cut what is torn, and remove what a crash has kept from being removed. */
static void clean_up(struct wal *wal, GBytes *good)
{
    char key[WAL_KEY];
    if (good) {
        wal->size -= wal_last(wal)->size - g_bytes_get_size(good);
        wal_last(wal)->size = g_bytes_get_size(good);
        env_persist(wal->env, wal->key, good);
    }
    for (uint64_t n = wal->listed.oldest; n < wal->listed.first; n++) {
        wal_put_key(wal, n, key);
        env_persist(wal->env, key, NULL);
    }
}

struct wal *wal_open(struct env *env, struct wal_settings settings,
                     recover_visitor *visit, void *self, GError **error)
{
    size_t name =
        strspn(settings.name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    g_assert(name > 0 && name <= NAME_MOST && !settings.name[name]);
    struct wal *wal = g_new0(struct wal, 1);
    wal->env = env;
    wal->name = g_strdup(settings.name);
    wal->full = settings.segment ? settings.segment : FULL;
    wal->segments = g_array_new(FALSE, FALSE, sizeof(struct wal_segment));
    struct opening opening = {
        .wal = wal, .visit = visit, .self = self, .error = error};
    bool right = find_manifest(&opening) && read_all(&opening);
    g_autoptr(GBytes) good = opening.good;
    if (!right) {
        wal_free(wal);
        return NULL;
    }
    if (wal->segments->len == 0)
        begin_log(wal);
    clean_up(wal, good);
    wal->goal = wal_nth(wal, 0)->number;
    wal_settle(wal);
    return wal;
}

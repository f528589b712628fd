/*
 *     queue.first    manifest: oldest | first | last | salt of the first
 *
 *     queue.4   [ gone soon     ]
 *     queue.5                   [ first                 ]
 *     queue.6                                      [ ... the last, which grows
 *                                                  ^ repeats what was not known
 *                                                    to be durable
 *
 * Rotation: full, so a letter to oneself, "wal queue rotate 17". Records that
 * are appended before it is back, 17 and so on, go to the old segment and to a
 * copy, `fresh`. When it is back, all before 17 is durable, so `fresh` needs no
 * older segment's end: it is persisted, and is the last one from now on.
 *
 * The manifest follows: another letter, "wal queue tidy 23", says that what it is
 * to name is durable. Then it is persisted, and the letter goes again: when that
 * is back, the manifest is durable, and the segments it does not name may go.
 *
 *            trimmed or rotated             back                   back
 *     CALM ---------------------> SETTLING -------> REPLACED -------------> CALM
 *                                          persist           remove the old
 *
 * The salt of a segment follows from that of the one before and its number. So
 * a segment in another one's place is noticed, be it of another log.
 */
#include "04-queues/wal_parts.h"

/* One that is there, by its number. */
static struct wal_segment *numbered(const struct wal *wal, uint64_t number)
{
    return wal_nth(wal, number - wal_nth(wal, 0)->number);
}

void wal_put_key(const struct wal *wal, uint64_t number, char key[WAL_KEY])
{
    g_snprintf(key, WAL_KEY, "%s.%" G_GUINT64_FORMAT, wal->name, number);
}

void wal_put_first(const struct wal *wal, char key[WAL_KEY])
{
    g_snprintf(key, WAL_KEY, "%s.first", wal->name);
}

/* ---- Letters to oneself. ---- */

static GBytes *letter(struct wal *wal, const char *about)
{
    g_autofree char *text = g_strdup_printf("wal %s %s %" G_GUINT64_FORMAT,
                                            wal->name, about, wal->next);
    GBytes *message = g_bytes_new(text, strlen(text));
    env_send(wal->env, wal->env->id, message);
    return message;
}

/* ---- Truncation. ---- */

void wal_settle(struct wal *wal)
{
    uint64_t last = wal_last(wal)->number;
    if (wal->tidying != WAL_CALM ||
        (wal->goal == wal->listed.first && last == wal->listed.last))
        return;
    wal->draft = (struct wal_manifest){.oldest = wal_nth(wal, 0)->number,
                                       .first = wal->goal,
                                       .last = last,
                                       .salt = numbered(wal, wal->goal)->salt};
    wal->tidying = WAL_SETTLING;
    wal->tidy = letter(wal, "tidy");
}

static void remove_old(struct wal *wal)
{
    char key[WAL_KEY];
    unsigned old = 0;
    for (; wal_nth(wal, old)->number < wal->listed.first; old++) {
        wal_put_key(wal, wal_nth(wal, old)->number, key);
        env_persist(wal->env, key, NULL);
    }
    g_array_remove_range(wal->segments, 0, old);
}

static void put_manifest(struct wal *wal)
{
    char key[WAL_KEY];
    g_autoptr(GBytes) value = wal_manifest_bytes(&wal->draft);
    wal_put_first(wal, key);
    env_persist(wal->env, key, value);
    wal->listed = wal->draft;
}

static void on_tidy(struct wal *wal)
{
    if (wal->tidying == WAL_REPLACED) {
        remove_old(wal);
        wal->tidying = WAL_CALM;
    } else {
        put_manifest(wal);
        bool old = wal_nth(wal, 0)->number < wal->listed.first;
        wal->tidying = old ? WAL_REPLACED : WAL_CALM;
        if (old)
            wal->tidy = letter(wal, "tidy");
    }
    wal_settle(wal);
}

void wal_trim(struct wal *wal, uint64_t seq)
{
    while (wal->goal < wal_last(wal)->number &&
           numbered(wal, wal->goal + 1)->first <= seq)
        wal->size -= numbered(wal, wal->goal++)->size;
    wal_settle(wal);
}

/* ---- Rotation. ---- */

static void begin_fresh(struct wal *wal)
{
    const struct wal_segment *last = wal_last(wal);
    uint8_t head[SEGMENT_HEAD];
    wal->later =
        (struct wal_segment){.number = last->number + 1, .first = wal->next};
    wal->later.salt = wal_salt_after(last->salt, wal->later.number);
    wal_put_head(&wal->later, head);
    wal->fresh = g_byte_array_new();
    g_byte_array_append(wal->fresh, head, sizeof head);
    wal->rotate = letter(wal, "rotate");
}

static void repeat(struct wal *wal, GBytes *record)
{
    size_t size, at = wal->fresh->len;
    const uint8_t *data = g_bytes_get_data(record, &size);
    g_byte_array_append(wal->fresh, data, (guint)size);
    wal_seal(wal->fresh->data + at, size, wal->later.salt);
}

void wal_add_segment(struct wal *wal, struct wal_segment segment)
{
    g_array_append_val(wal->segments, segment);
    wal_put_key(wal, segment.number, wal->key);
    wal->size += segment.size;
}

static void on_rotate(struct wal *wal)
{
    g_autoptr(GBytes) value =
        g_byte_array_free_to_bytes(g_steal_pointer(&wal->fresh));
    wal->later.size = g_bytes_get_size(value);
    wal_add_segment(wal, wal->later);
    env_persist(wal->env, wal->key, value);
    wal_settle(wal);
}

uint64_t wal_append(struct wal *wal, const struct word *parts, unsigned count)
{
    struct wal_segment *last = wal_last(wal);
    g_autoptr(GBytes) record = wal_record(wal->next, last->salt, parts, count);
    env_append(wal->env, wal->key, record);
    last->size += g_bytes_get_size(record);
    wal->size += g_bytes_get_size(record);
    uint64_t seq = wal->next++;
    if (wal->fresh)
        repeat(wal, record);
    else if (last->size >= wal->full)
        begin_fresh(wal);
    return seq;
}

/* ---- Letters come back. ---- */

static bool is_back(GBytes **awaited, GBytes *message)
{
    if (!*awaited || !g_bytes_equal(*awaited, message))
        return false;
    g_clear_pointer(awaited, g_bytes_unref);
    return true;
}

bool wal_on_message(struct wal *wal, node_id from, GBytes *message)
{
    if (from != wal->env->id)
        return false;
    if (is_back(&wal->rotate, message))
        on_rotate(wal);
    else if (is_back(&wal->tidy, message))
        on_tidy(wal);
    else
        return false;
    return true;
}

/* ---- Life. ---- */

uint64_t wal_first(const struct wal *wal)
{
    return numbered(wal, wal->goal)->first;
}

uint64_t wal_second(const struct wal *wal)
{
    if (wal->goal == wal_last(wal)->number)
        return wal->next;
    return numbered(wal, wal->goal + 1)->first;
}

uint64_t wal_next(const struct wal *wal)
{
    return wal->next;
}

size_t wal_size(const struct wal *wal)
{
    return wal->size;
}

struct wal_range wal_range(const struct wal *wal)
{
    return (struct wal_range){wal_nth(wal, 0)->number, wal_last(wal)->number};
}

void wal_free(struct wal *wal)
{
    g_clear_pointer(&wal->rotate, g_bytes_unref);
    g_clear_pointer(&wal->tidy, g_bytes_unref);
    g_clear_pointer(&wal->fresh, g_byte_array_unref);
    g_array_unref(wal->segments);
    g_free(wal->name);
    g_free(wal);
}

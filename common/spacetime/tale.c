/*
 * The text is split where it stands, and each event points into it. Three
 * passes follow: order by time, since several machines may have written to one
 * file; join each end of a message to its sending, by link, number and first
 * bytes; choose who has a lane.
 */
#include "common/spacetime/tale.h"
#include <string.h>

enum {
    FIELDS = 6,
    NEAR = 100 /* So far back the other way is looked for. */
};

static const struct {
    const char *name;
    enum tale_kind kind;
} kinds[] = {
    {"send", TALE_SEND},     {"receive", TALE_RECEIVE},
    {"lose", TALE_LOSE},     {"farewell", TALE_FAREWELL},
    {"persist", TALE_WRITE}, {"append", TALE_WRITE},
    {"note", TALE_NOTE},     {"ask", TALE_ASK},
    {"answer", TALE_ANSWER}, {"boot", TALE_BOOT},
    {"crash", TALE_CRASH},   {"pause", TALE_PAUSE},
    {"resume", TALE_RESUME}, {"cut", TALE_CUT},
    {"mend", TALE_MEND},     {"drift", TALE_DRIFT},
    {"slow", TALE_SLOW},     {"broken", TALE_BROKEN},
};

/* ---- One line. ---- */

static bool read_kind(const char *name, enum tale_kind *kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (!strcmp(kinds[i].name, name)) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

static bool read_number(const char *field, uint64_t *number)
{
    return g_ascii_string_to_unsigned(field, 10, 0, UINT64_MAX, number, NULL);
}

/* Split @line at its tabs, the last field takes the rest. */
static bool split_line(char *line, char *fields[FIELDS])
{
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = line;
        if (i == FIELDS - 1)
            return true;
        line = strchr(line, '\t');
        if (!line)
            return false;
        *line++ = '\0';
    }
    return false;
}

static void make_printable(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

/* Is it an event, of whatever kind? Of one that matters here, @event is
 * read. */
static bool read_line(char *line, struct tale_event *event, bool *matters)
{
    char *fields[FIELDS];
    if (!split_line(line, fields) || !read_number(fields[0], &event->time) ||
        !read_number(fields[1], &event->node) ||
        !read_number(fields[3], &event->other) ||
        !read_number(fields[4], &event->number))
        return false;
    make_printable(fields[5]);
    event->text = fields[5];
    event->sent = event->time;
    *matters = read_kind(fields[2], &event->kind);
    bool nowhere = *matters && event->kind == TALE_BROKEN;
    return event->node != 0 || nowhere;
}

/* ---- All lines. ---- */

static GArray *read_lines(struct tale *tale)
{
    GArray *events = g_array_new(FALSE, FALSE, sizeof *tale->events);
    unsigned number = 0;
    for (char *line = tale->text, *next; line; line = next) {
        struct tale_event event = {.line = ++number};
        bool matters = false;
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (*line == '#' || *line == '\0')
            continue;
        bool right = read_line(line, &event, &matters);
        if (right && matters)
            g_array_append_val(events, event);
        if (!right && tale->wrong_line == 0)
            tale->wrong_line = number;
    }
    return events;
}

static int compare_times(const void *left, const void *right)
{
    const struct tale_event *a = left, *b = right;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

/* ---- Both ways. ---- */

static bool is_of_links(const struct tale_event *event)
{
    return event->kind == TALE_CUT || event->kind == TALE_MEND;
}

/* The same, the other way, at the same time: the two become one. */
static bool joins_other_way(GArray *events, const struct tale_event *event)
{
    unsigned end = events->len > NEAR ? events->len - NEAR : 0;
    for (unsigned i = events->len; is_of_links(event) && i > end; i--) {
        struct tale_event *other =
            &g_array_index(events, struct tale_event, i - 1);
        if (other->time != event->time)
            break;
        if (other->kind == event->kind && other->node == event->other &&
            other->other == event->node)
            return other->both = true;
    }
    return false;
}

/* Up to the first that is broken, links cut both ways made one. */
static void keep_events(struct tale *tale, GArray *all)
{
    GArray *events = g_array_new(FALSE, FALSE, sizeof *tale->events);
    bool broken = false;
    for (unsigned i = 0; i < all->len; i++) {
        const struct tale_event *event =
            &g_array_index(all, struct tale_event, i);
        tale->after += broken;
        if (!broken && !joins_other_way(events, event))
            g_array_append_vals(events, event, 1);
        broken = broken || event->kind == TALE_BROKEN;
    }
    tale->count = events->len;
    tale->events = (struct tale_event *)(void *)g_array_free(events, FALSE);
}

/* ---- Messages. ---- */

static bool ends_message(const struct tale_event *event)
{
    return event->kind == TALE_RECEIVE || event->kind == TALE_LOSE;
}

static node_id sender_of(const struct tale_event *event)
{
    return event->kind == TALE_RECEIVE ? event->other : event->node;
}

/* By its link and its number there ... */
static unsigned hash_place(const void *key)
{
    const struct tale_event *event = key;
    uint64_t link = (event->node ^ event->other) * 0x9e3779b97f4a7c15u;
    return g_int64_hash(&link) ^ g_int64_hash(&event->number);
}

static int same_place(const void *left, const void *right)
{
    const struct tale_event *a = left, *b = right;
    return a->number == b->number && a->node + a->other == b->node + b->other &&
           sender_of(a) == sender_of(b);
}

/* ... and, where these have no numbers, by what it says. */
static unsigned hash_message(const void *key)
{
    const struct tale_event *event = key;
    return hash_place(key) ^ g_str_hash(event->text);
}

static int same_message(const void *left, const void *right)
{
    const struct tale_event *a = left, *b = right;
    return same_place(a, b) && !strcmp(a->text, b->text);
}

static void join_messages(struct tale *tale)
{
    g_autoptr(GHashTable) sent = g_hash_table_new(hash_message, same_message);
    for (unsigned i = 0; i < tale->count; i++) {
        struct tale_event *event = &tale->events[i];
        if (event->kind == TALE_SEND)
            g_hash_table_replace(sent, event, event);
        const struct tale_event *sending =
            ends_message(event) ? g_hash_table_lookup(sent, event) : NULL;
        if (sending)
            event->sent = sending->time;
    }
}

static void find_coming(struct tale *tale)
{
    g_autoptr(GHashTable) ended = g_hash_table_new(hash_place, same_place);
    for (unsigned i = 0; i < tale->count; i++)
        if (ends_message(&tale->events[i]))
            g_hash_table_add(ended, &tale->events[i]);
    for (unsigned i = 0; i < tale->count; i++) {
        struct tale_event *event = &tale->events[i];
        event->coming = event->kind == TALE_SEND &&
                        event->node != event->other &&
                        !g_hash_table_contains(ended, event);
    }
}

/* ---- Lanes. ---- */

static unsigned lane_of(const struct tale *tale, node_id node)
{
    for (unsigned i = 0; i < tale->lanes; i++)
        if (tale->nodes[i] == node)
            return i + 1;
    return 0;
}

/* Keep the ids rising. */
static void add_lane(struct tale *tale, node_id node)
{
    unsigned at = tale->lanes;
    if (node == 0 || at == TALE_LANES || lane_of(tale, node) > 0)
        return;
    for (; at > 0 && tale->nodes[at - 1] > node; at--)
        tale->nodes[at] = tale->nodes[at - 1];
    tale->nodes[at] = node;
    tale->lanes++;
}

static void choose_lanes(struct tale *tale)
{
    for (unsigned i = tale->count; i > 0; i--)
        add_lane(tale, tale->events[i - 1].node);
    for (unsigned i = tale->count; i > 0; i--)
        add_lane(tale, tale->events[i - 1].other);
    bool seen[TALE_LANES + 1] = {true};
    for (unsigned i = 0; i < tale->count; i++) {
        struct tale_event *event = &tale->events[i];
        event->lane = lane_of(tale, event->node);
        event->peer = lane_of(tale, event->other);
        event->first = !seen[event->lane];
        seen[event->lane] = true;
    }
}

/* ---- From outside. ---- */

struct tale *tale_read(const char *trace)
{
    struct tale *tale = g_new0(struct tale, 1);
    tale->text = g_strdup(trace);
    g_autoptr(GArray) events = read_lines(tale);
    g_array_sort(events, compare_times);
    keep_events(tale, events);
    join_messages(tale);
    find_coming(tale);
    choose_lanes(tale);
    return tale;
}

bool tale_is_arrow(const struct tale_event *event)
{
    return ends_message(event) && event->lane != 0 && event->peer != 0 &&
           event->lane != event->peer;
}

bool tale_shows(const struct tale_event *event, bool writes)
{
    bool alone = event->lane != 0;
    switch (event->kind) {
    case TALE_SEND:
        return false;
    case TALE_RECEIVE:
    case TALE_LOSE:
        return tale_is_arrow(event);
    case TALE_CUT:
    case TALE_MEND:
        return alone && event->peer != 0 && event->peer != event->lane;
    case TALE_WRITE:
        return alone && writes;
    case TALE_BOOT:
        return alone && !event->first;
    case TALE_BROKEN:
        return true;
    case TALE_NOTE:
    case TALE_ASK:
    case TALE_ANSWER:
    case TALE_CRASH:
    case TALE_PAUSE:
    case TALE_RESUME:
    case TALE_DRIFT:
    case TALE_SLOW:
    case TALE_FAREWELL:
        return alone;
    }
    return false;
}

size_t tale_line(const char *text, size_t room)
{
    size_t size = strlen(text);
    if (size <= room)
        return size;
    for (size_t i = room; i > room / 2; i--)
        if (text[i] == ' ')
            return i;
    return room;
}

void tale_free(struct tale *tale)
{
    g_free(tale->events);
    g_free(tale->text);
    g_free(tale);
}

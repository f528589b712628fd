#include "common/storm/storm.h"
#include <inttypes.h>
#include <string.h>

/* ---- Life. ---- */

struct storm *storm_new(void)
{
    struct storm *storm = g_new0(struct storm, 1);
    storm->seed = 1;
    storm->nodes = 1;
    storm->weather.least = MSEC;
    storm->events = g_array_new(FALSE, TRUE, sizeof(struct storm_event));
    return storm;
}

struct storm *storm_copy(const struct storm *storm)
{
    struct storm *copy = g_memdup2(storm, sizeof *storm);
    copy->events = g_array_copy(storm->events);
    return copy;
}

void storm_free(struct storm *storm)
{
    g_array_unref(storm->events);
    g_free(storm);
}

struct storm_event *storm_event(const struct storm *storm, unsigned i)
{
    g_assert(i < storm->events->len);
    return &g_array_index(storm->events, struct storm_event, i);
}

/* ---- Order. ---- */

static gint is_before(gconstpointer left, gconstpointer right)
{
    const struct storm_event *a = left, *b = right;
    bool first = a->kind == STORM_MESSAGE, second = b->kind == STORM_MESSAGE;
    return first != second ? first - second : (a->at > b->at) - (a->at < b->at);
}

void storm_sort(struct storm *storm)
{
    g_array_sort(storm->events, is_before);
}

/* ---- Writing. ---- */

char *storm_time(nsec time)
{
    static const struct {
        nsec unit;
        const char *name;
    } units[] = {{SEC, "s"}, {MSEC, "ms"}, {USEC, "us"}, {1, "ns"}};
    unsigned i = 0;
    while (i < 3 && time < units[i].unit)
        i++;
    if (time == 0)
        return g_strdup("0s");
    g_autofree char *rest =
        g_strdup_printf("%" PRIu64, units[i].unit + time % units[i].unit);
    size_t size = strlen(rest);
    while (size > 1 && rest[size - 1] == '0')
        rest[--size] = '\0';
    return g_strdup_printf("%" PRIu64 "%s%s%s", time / units[i].unit,
                           size > 1 ? "." : "", rest + 1, units[i].name);
}

static void write_time(FILE *file, const char *before, nsec time)
{
    g_autofree char *text = storm_time(time);
    fprintf(file, "%s%s", before, text);
}

static void write_nodes(FILE *file, const char *before, uint64_t nodes)
{
    fputs(before, file);
    for (node_id id = 1; id <= STORM_NODES; id++)
        if (nodes >> id & 1)
            fprintf(file, " %" PRIu64, id);
}

static void write_who(FILE *file, const struct storm_event *event)
{
    if (event->node == 0)
        fprintf(file, " %s", event->role);
    else
        fprintf(file, " %" PRIu64, event->node);
}

static void write_fate(FILE *file, const struct storm_event *event)
{
    const struct sim_fate *fate = &event->fate;
    fprintf(file, "message %" PRIu64 " %" PRIu64 " %" PRIu64, event->node,
            event->peer, event->number);
    if (fate->lost)
        fputs(" lost", file);
    else
        write_time(file, " after ", fate->delay);
    if (fate->repeated)
        write_time(file, " again ", fate->later);
    if (fate->turned > 0)
        fprintf(file, " turned %" PRIu64, fate->turned - 1);
    fputc('\n', file);
}

static void write_crash(FILE *file, const struct storm_event *event)
{
    static const char *const losses[] = {" tearing", " losing", ""};
    fputs(losses[event->loss], file);
    if (event->effects > 0)
        fprintf(file, " after %u", event->effects);
}

static const char *const kinds[STORM_KINDS] = {
    "crash",    "pause", "cut",  "split", //
    "farewell", "drift", "slow", "ask",   "message"};

static void write_event(FILE *file, const struct storm_event *event)
{
    if (event->kind == STORM_MESSAGE) {
        write_fate(file, event);
        return;
    }
    write_time(file, "at ", event->at);
    fprintf(file, " %s", kinds[event->kind]);
    if (event->kind == STORM_SPLIT)
        write_nodes(file, "", event->side);
    else
        write_who(file, event);
    if (event->kind == STORM_CUT || event->kind == STORM_FAREWELL)
        fprintf(file, " %" PRIu64, event->peer);
    if (event->kind == STORM_DRIFT)
        fprintf(file, " %d", event->ppm);
    if (event->kind == STORM_SLOW)
        write_time(file, " ", event->longer);
    if (event->kind == STORM_ASK)
        fprintf(file, " %s", event->asked);
    if (event->lasts > 0)
        write_time(file, " for ", event->lasts);
    if (event->kind == STORM_CRASH)
        write_crash(file, event);
    fputc('\n', file);
}

static void write_chance(FILE *file, const char *what, unsigned chance)
{
    if (chance > 0)
        fprintf(file, "%s 1/%u\n", what, chance);
}

static void write_weather(FILE *file, const struct storm_weather *weather)
{
    static const char *const spreads[] = {"", " even ", " exponential ",
                                          " tail "};
    write_time(file, "delay ", weather->least);
    if (weather->spread != STORM_NONE)
        write_time(file, spreads[weather->spread], weather->more);
    fputc('\n', file);
    if (weather->overtaking)
        fputs("overtaking\n", file);
    write_chance(file, "loss", weather->loss);
    write_chance(file, "repeat", weather->repeat);
    write_chance(file, "turn", weather->turn);
    if (weather->sync_most > 0) {
        write_time(file, "sync ", weather->sync_least);
        write_time(file, " ", weather->sync_most);
        fputc('\n', file);
    }
}

void storm_write(const struct storm *storm, FILE *file)
{
    if (storm->subject[0])
        fprintf(file, "storm %s\n", storm->subject);
    fprintf(file, "seed %" PRIu64 "\nnodes %u\n", storm->seed, storm->nodes);
    write_time(file, "until ", storm->until);
    fputc('\n', file);
    if (storm->core != 0) {
        write_nodes(file, "core", storm->core);
        fputc('\n', file);
    }
    write_weather(file, &storm->weather);
    for (unsigned i = 0; i < storm->events->len; i++)
        write_event(file, storm_event(storm, i));
}

/*
 * Time runs down; a lane is a vertical line; a message slants from its sender,
 * when it was sent, to its receiver, when it came.
 *
 * First every moment gets its height (moments.h), then what cannot move is put
 * on the page, then texts look for a place where they cover little (crowd.h):
 * those of marks beside their lane, left or right; those of messages along
 * their arrow.
 */
#include "common/spacetime/layout_parts.h"
#include <math.h>
#include <string.h>

enum {
    EVENTS = 64, /* Shown at most. */
    KINDS = 6    /* Of messages, told apart; the others are the seventh. */
};

static const double top = 52, gutter = LAYOUT_GUTTER, row = LAYOUT_ROW,
                    letter = LAYOUT_LETTER; /* In pixels. */

/* ---- Places. ---- */

double layout_x(const struct layout *layout, unsigned lane)
{
    return gutter + (lane - 1) * layout->apart;
}

double layout_y_at(const struct layout *layout, nsec time)
{
    return top + row * moments_row(layout->moments, time);
}

double layout_y_of(const struct layout *layout, unsigned index)
{
    return layout_y_at(layout, layout->tale->events[index].time) +
           row * layout->places[index];
}

/* ---- Blocks. ---- */

/* gnuplot takes an empty block for the next one: hence the first row. */
void layout_heading(const struct layout *layout, const char *name,
                    const char *columns)
{
    fprintf(layout->out, "\n\n# %s\n# %s\n-99", name, columns);
    for (; *columns; columns++)
        if (*columns == '\t')
            fputs("\t-99", layout->out);
    fputc('\n', layout->out);
}

/* gnuplot reads escapes, and a quote may begin a field. */
void layout_write(const struct layout *layout, const char *text, size_t room)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < MIN(size, room); i++)
        if (i + 1 == room && size > room)
            fputs("…", layout->out);
        else if (text[i] == '"')
            fputs("”", layout->out);
        else if (text[i] == '\\')
            fputs("\\\\", layout->out);
        else
            fputc(text[i], layout->out);
}

static void print_stroke(const struct layout *layout, struct stroke stroke,
                         int sort)
{
    fprintf(layout->out, "%.1f\t%.1f\t%.1f\t%.1f\t%d\n", stroke.x, stroke.y,
            stroke.x2, stroke.y2, sort);
}

bool layout_shows(const struct layout *layout, unsigned index)
{
    return index >= layout->begin &&
           tale_shows(&layout->tale->events[index], layout->writes);
}

/* ---- What lanes are. ---- */

static void print_lanes(const struct layout *layout)
{
    layout_heading(layout, "lanes", "x\ttop\tbottom\tnode");
    for (unsigned lane = 1; lane <= layout->tale->lanes; lane++)
        fprintf(layout->out, "%.1f\t%.1f\t%.1f\t%" G_GUINT64_FORMAT "\n",
                layout_x(layout, lane), top, layout->bottom,
                layout->tale->nodes[lane - 1]);
}

/* From @since until @until the lane was down, sort 1, or paused, sort 2. */
static void print_band(const struct layout *layout, unsigned lane, double since,
                       double until, int sort)
{
    struct stroke stroke = {layout_x(layout, lane) - 8, since,
                            layout_x(layout, lane) + 8, until};
    if (sort != 0 && until > since)
        print_stroke(layout, stroke, sort);
}

static bool changes_health(const struct tale_event *event, int *sort)
{
    bool down = event->kind == TALE_CRASH, paused = event->kind == TALE_PAUSE;
    *sort = down ? 1 : paused ? 2 : 0;
    return down || paused || event->kind == TALE_BOOT ||
           event->kind == TALE_RESUME;
}

static void print_bands(const struct layout *layout)
{
    double since[TALE_LANES + 1] = {0};
    int sort[TALE_LANES + 1] = {0}, next;
    layout_heading(layout, "bands", "left\ttop\tright\tbottom\tsort");
    for (unsigned i = 0; i < layout->tale->count; i++) {
        const struct tale_event *event = &layout->tale->events[i];
        unsigned lane = event->lane;
        if (lane == 0 || !changes_health(event, &next))
            continue;
        double now = i < layout->begin ? top : layout_y_at(layout, event->time);
        print_band(layout, lane, since[lane], now, sort[lane]);
        since[lane] = now;
        sort[lane] = next;
    }
    for (unsigned lane = 1; lane <= layout->tale->lanes; lane++)
        print_band(layout, lane, since[lane], layout->bottom, sort[lane]);
}

/* No two texts closer than a row. */
static void print_times(const struct layout *layout)
{
    nsec time;
    double last = -row;
    layout_heading(layout, "times", "y\tms");
    for (unsigned i = 0; moments_nth(layout->moments, i, &time); i++) {
        double y = layout_y_at(layout, time);
        if (y - last < row - 0.1)
            continue;
        double passed =
            (double)(time - layout->tale->events[0].time) / (double)MSEC;
        fprintf(layout->out, passed < 999999 ? "%.1f\t%.3f\n" : "%.1f\t%.4g\n",
                y, passed);
        last = y;
    }
}

/* ---- Messages. ---- */

struct stroke layout_stroke(const struct layout *layout,
                            const struct tale_event *event)
{
    bool came = event->kind == TALE_RECEIVE;
    struct stroke stroke = {layout_x(layout, came ? event->peer : event->lane),
                            layout_y_at(layout, event->sent),
                            layout_x(layout, came ? event->lane : event->peer),
                            layout_y_at(layout, event->time)};
    if (!came) /* Not on a lane: it would seem to have come there. */
        stroke.x2 += (stroke.x2 < stroke.x ? 0.35 : -0.35) * layout->apart;
    if (!came && event->time == event->sent) /* When would it have come? */
        stroke.y2 = stroke.y + 1.2 * row;
    return stroke;
}

int layout_kind(const struct layout *layout, const char *text)
{
    size_t size = strcspn(text, " ");
    for (unsigned i = 0; i < layout->words->len; i++) {
        const char *word = layout->words->pdata[i];
        if (strcspn(word, " ") == size && !strncmp(word, text, size))
            return (int)i + 1;
    }
    if (layout->words->len == KINDS)
        return KINDS + 1;
    g_ptr_array_add(layout->words, (char *)text);
    return (int)layout->words->len;
}

static void print_messages(const struct layout *layout, enum tale_kind fate)
{
    bool lost = fate == TALE_LOSE;
    layout_heading(layout, lost ? "lost" : "messages", "x\ty\tx2\ty2\tkind");
    for (unsigned i = 0; i < layout->tale->count; i++) {
        const struct tale_event *event = &layout->tale->events[i];
        if (!layout_shows(layout, i) || event->kind != fate)
            continue;
        struct stroke stroke = layout_stroke(layout, event);
        print_stroke(layout, stroke, layout_kind(layout, event->text));
        crowd_line(layout->crowd, stroke, 1);
    }
}

/* Sort 1: a cut, 2: both ways; 3: mended, 4: both ways. */
static void print_links(const struct layout *layout)
{
    layout_heading(layout, "links", "x\ty\tx2\tsort\ttext");
    for (unsigned i = 0; i < layout->tale->count; i++) {
        const struct tale_event *event = &layout->tale->events[i];
        bool cut = event->kind == TALE_CUT;
        if (!layout_shows(layout, i) || !(cut || event->kind == TALE_MEND))
            continue;
        double y = layout_y_of(layout, i), x = layout_x(layout, event->lane),
               x2 = layout_x(layout, event->peer);
        fprintf(layout->out, "%.1f\t%.1f\t%.1f\t%d\t%s\n", x, y, x2,
                (cut ? 1 : 3) + event->both, cut ? "cut" : "mended");
        crowd_line(layout->crowd, (struct stroke){x, y, x2, y}, 3);
    }
}

static void print_asides(const struct layout *layout)
{
    layout_heading(layout, "asides", "x\ty\ttext");
    if (layout->hidden > 0)
        fprintf(layout->out, "%.1f\t%.1f\t%u earlier event%s left out\n", 12.0,
                10.0, layout->hidden, layout->hidden == 1 ? " is" : "s are");
}

/* ---- The whole. ---- */

static unsigned count_shown(const struct layout *layout, bool writes)
{
    unsigned count = 0;
    for (unsigned i = 0; i < layout->tale->count; i++)
        count += tale_shows(&layout->tale->events[i], writes);
    return count;
}

/* The last events that a page holds; and writes, if all have room. */
static void choose(struct layout *layout)
{
    layout->writes = count_shown(layout, true) <= EVENTS;
    unsigned count = count_shown(layout, layout->writes);
    layout->hidden = count > EVENTS ? count - EVENTS : 0;
    for (unsigned passed = 0; passed < layout->hidden; layout->begin++)
        passed +=
            tale_shows(&layout->tale->events[layout->begin], layout->writes);
}

/* Do two that are no arrows stand on a lane in common? */
static bool share_a_lane(const struct tale_event *a, const struct tale_event *b)
{
    unsigned low = MIN(a->lane, a->peer ? a->peer : a->lane);
    unsigned high = MAX(a->lane, a->peer);
    return low <= MAX(b->lane, b->peer) &&
           MIN(b->lane, b->peer ? b->peer : b->lane) <= high;
}

static unsigned find_place(const struct layout *layout, unsigned index)
{
    const struct tale_event *events = layout->tale->events,
                            *event = events + index;
    unsigned place = 0;
    for (unsigned i = index; i > layout->begin; i--) {
        const struct tale_event *other = &events[i - 1];
        if (other->time != event->time)
            break;
        if (layout_shows(layout, i - 1) && layout_has_words(other) &&
            share_a_lane(event, other))
            place = MAX(place, layout->places[i - 1] + 1);
    }
    return place;
}

static void place_moments(struct layout *layout)
{
    const struct tale_event *events = layout->tale->events;
    for (unsigned i = layout->begin; i < layout->tale->count; i++) {
        bool words = layout_has_words(&events[i]);
        if (!layout_shows(layout, i))
            continue;
        layout->places[i] = words ? find_place(layout, i) : 0;
        moments_add(layout->moments, events[i].time,
                    words ? 1 + layout->places[i] : 0);
        if (events[i].sent < events[i].time &&
            events[i].sent >= events[layout->begin].time)
            moments_add(layout->moments, events[i].sent, 0);
    }
    moments_settle(layout->moments);
    layout->bottom = top + row * moments_end(layout->moments);
}

static void place_lanes(struct layout *layout)
{
    static const double distances[TALE_LANES] = {0,   280, 240, 190, 160,
                                                 135, 115, 100, 90};
    layout->apart = distances[layout->tale->lanes - 1];
    size_t longest = 0;
    for (unsigned i = 0; i < layout->tale->count; i++) {
        const struct tale_event *event = &layout->tale->events[i];
        if (layout_shows(layout, i) && layout_is_mark(event) &&
            event->lane == layout->tale->lanes)
            longest = MAX(longest, strlen(event->text) + 8);
    }
    double margin = 24 + letter * (double)MIN(longest, (size_t)24);
    layout->width = MAX(400, layout_x(layout, layout->tale->lanes) + margin);
    for (unsigned lane = 1; lane <= layout->tale->lanes; lane++)
        crowd_line(layout->crowd,
                   (struct stroke){layout_x(layout, lane), top,
                                   layout_x(layout, lane), layout->bottom},
                   0.7);
}

static void print_frame(const struct layout *layout)
{
    unsigned depth = layout_depth(layout);
    double box = layout_broken(layout) ? (depth + 2.6) * row : row;
    fprintf(layout->out, "# frame\n# wide\ttall\n%.0f\t%.0f\n", layout->width,
            layout->bottom + box);
}

void layout_print(FILE *out, const struct tale *tale)
{
    struct layout layout = {.out = out,
                            .tale = tale,
                            .places = g_new0(unsigned, tale->count),
                            .moments = moments_new(),
                            .crowd = crowd_new(),
                            .words = g_ptr_array_new()};
    choose(&layout);
    place_moments(&layout);
    place_lanes(&layout);
    print_frame(&layout);
    print_asides(&layout);
    print_lanes(&layout);
    print_bands(&layout);
    print_times(&layout);
    print_links(&layout);
    print_messages(&layout, TALE_RECEIVE);
    print_messages(&layout, TALE_LOSE);
    layout_print_texts(&layout);
    g_free(layout.places);
    moments_free(layout.moments);
    crowd_free(layout.crowd);
    g_ptr_array_unref(layout.words);
}

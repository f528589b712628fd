/*
 * Time runs down; a lane is a vertical line; a message slants from its sender,
 * when it was sent, to its receiver, when it came.
 *
 * First every moment gets its height (moments.h), then what cannot move is put on
 * the page, then texts look for a place where they cover little (crowd.h): those
 * of marks beside their lane, left or right; those of messages along their arrow.
 */
#include "common/spacetime/page.h"
#include "common/spacetime/crowd.h"
#include "common/spacetime/moments.h"
#include <math.h>
#include <string.h>

enum {
    EVENTS = 64,  /* Shown at most. */
    KINDS = 6,    /* Of messages, told apart; the others are the seventh. */
    LONGEST = 44, /* Characters of a text. */
    DEEPEST = 4   /* Lines in the box. */
};

/* In pixels. */
static const double top = 52, row = 17, gutter = 84, letter = 6.3;

struct page {
    FILE *out;
    const struct tale *tale;
    unsigned begin; /* The first event that is shown. */
    unsigned hidden;
    bool writes;
    double apart, width, bottom; /* Between lanes; of all; where lanes end. */
    struct moments *moments;
    struct crowd *crowd;
    GPtrArray *words; /* The kinds of messages, as they came. Borrowed texts. */
};

/* ---- Places. ---- */

static double x_of(const struct page *page, unsigned lane)
{
    return gutter + (lane - 1) * page->apart;
}

static double y_of(const struct page *page, nsec time)
{
    return top + row * moments_row(page->moments, time);
}

/* ---- Blocks. ---- */

/* The first row is off the page: gnuplot takes an empty block for the next. */
static void print_heading(const struct page *page, const char *name,
                          const char *columns)
{
    fprintf(page->out, "\n\n# %s\n# %s\n-99", name, columns);
    for (; *columns; columns++)
        if (*columns == '\t')
            fputs("\t-99", page->out);
    fputc('\n', page->out);
}

/* gnuplot reads escapes, and a quote may begin a field. */
static void print_text(const struct page *page, const char *text, size_t room)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < MIN(size, room); i++)
        if (i + 1 == room && size > room)
            fputs("…", page->out);
        else if (text[i] == '"')
            fputs("”", page->out);
        else if (text[i] == '\\')
            fputs("\\\\", page->out);
        else
            fputc(text[i], page->out);
}

static void print_stroke(const struct page *page, struct stroke stroke,
                         int sort)
{
    fprintf(page->out, "%.1f\t%.1f\t%.1f\t%.1f\t%d\n", stroke.x, stroke.y,
            stroke.x2, stroke.y2, sort);
}

static bool is_shown(const struct page *page, unsigned index)
{
    return index >= page->begin &&
           tale_shows(&page->tale->events[index], page->writes);
}

/* ---- What lanes are. ---- */

static void print_lanes(const struct page *page)
{
    print_heading(page, "lanes", "x\ttop\tbottom\tnode");
    for (unsigned lane = 1; lane <= page->tale->lanes; lane++)
        fprintf(page->out, "%.1f\t%.1f\t%.1f\t%" G_GUINT64_FORMAT "\n",
                x_of(page, lane), top, page->bottom,
                page->tale->nodes[lane - 1]);
}

/* From @since until @until the lane was down, sort 1, or paused, sort 2. */
static void print_band(const struct page *page, unsigned lane, double since,
                       double until, int sort)
{
    struct stroke stroke = {x_of(page, lane) - 8, since, x_of(page, lane) + 8,
                            until};
    if (sort != 0 && until > since)
        print_stroke(page, stroke, sort);
}

static bool changes_health(const struct tale_event *event, int *sort)
{
    bool down = event->kind == TALE_CRASH, paused = event->kind == TALE_PAUSE;
    *sort = down ? 1 : paused ? 2 : 0;
    return down || paused || event->kind == TALE_BOOT ||
           event->kind == TALE_RESUME;
}

static void print_bands(const struct page *page)
{
    double since[TALE_LANES + 1];
    int sort[TALE_LANES + 1] = {0}, next;
    print_heading(page, "bands", "left\ttop\tright\tbottom\tsort");
    for (unsigned i = 0; i < page->tale->count; i++) {
        const struct tale_event *event = &page->tale->events[i];
        unsigned lane = event->lane;
        if (lane == 0 || !changes_health(event, &next))
            continue;
        double now = i < page->begin ? top : y_of(page, event->time);
        print_band(page, lane, since[lane], now, sort[lane]);
        since[lane] = now;
        sort[lane] = next;
    }
    for (unsigned lane = 1; lane <= page->tale->lanes; lane++)
        print_band(page, lane, since[lane], page->bottom, sort[lane]);
}

/* No two texts closer than a row. */
static void print_times(const struct page *page)
{
    nsec time;
    double last = -row;
    print_heading(page, "times", "y\tms");
    for (unsigned i = 0; moments_nth(page->moments, i, &time); i++) {
        double y = y_of(page, time);
        if (y - last < row - 0.1)
            continue;
        double passed =
            (double)(time - page->tale->events[0].time) / (double)MSEC;
        fprintf(page->out, passed < 999999 ? "%.1f\t%.3f\n" : "%.1f\t%.4g\n", y,
                passed);
        last = y;
    }
}

/* ---- Messages. ---- */

static struct stroke stroke_of(const struct page *page,
                               const struct tale_event *event)
{
    bool came = event->kind == TALE_RECEIVE;
    struct stroke stroke = {
        x_of(page, came ? event->peer : event->lane), y_of(page, event->sent),
        x_of(page, came ? event->lane : event->peer), y_of(page, event->time)};
    if (!came) /* Not on a lane: it would seem to have come there. */
        stroke.x2 += (stroke.x2 < stroke.x ? 0.35 : -0.35) * page->apart;
    if (!came && event->time == event->sent) /* When would it have come? */
        stroke.y2 = stroke.y + 1.2 * row;
    return stroke;
}

static int kind_of(const struct page *page, const char *text)
{
    size_t size = strcspn(text, " ");
    for (unsigned i = 0; i < page->words->len; i++) {
        const char *word = page->words->pdata[i];
        if (strcspn(word, " ") == size && !strncmp(word, text, size))
            return (int)i + 1;
    }
    if (page->words->len == KINDS)
        return KINDS + 1;
    g_ptr_array_add(page->words, (char *)text);
    return (int)page->words->len;
}

static void print_messages(const struct page *page, enum tale_kind fate)
{
    bool lost = fate == TALE_LOSE;
    print_heading(page, lost ? "lost" : "messages", "x\ty\tx2\ty2\tkind");
    for (unsigned i = 0; i < page->tale->count; i++) {
        const struct tale_event *event = &page->tale->events[i];
        if (!is_shown(page, i) || event->kind != fate)
            continue;
        struct stroke stroke = stroke_of(page, event);
        print_stroke(page, stroke, kind_of(page, event->text));
        crowd_line(page->crowd, stroke, 1);
    }
}

/* Sort 1: a cut, 2: both ways; 3: mended, 4: both ways. */
static void print_links(const struct page *page)
{
    print_heading(page, "links", "x\ty\tx2\tsort\ttext");
    for (unsigned i = 0; i < page->tale->count; i++) {
        const struct tale_event *event = &page->tale->events[i];
        bool cut = event->kind == TALE_CUT;
        if (!is_shown(page, i) || !(cut || event->kind == TALE_MEND))
            continue;
        double y = y_of(page, event->time), x = x_of(page, event->lane),
               x2 = x_of(page, event->peer);
        fprintf(page->out, "%.1f\t%.1f\t%.1f\t%d\t%s\n", x, y, x2,
                (cut ? 1 : 3) + event->both, cut ? "cut" : "mended");
        crowd_line(page->crowd, (struct stroke){x, y, x2, y}, 3);
    }
}

/* ---- Texts along a line. ---- */

/* The middle line of @size letters, centred at a part of @way, a little above
 * it, or, with @side negative, below. */
static struct stroke text_along(struct stroke way, double part, double side,
                                size_t size)
{
    double dx = way.x2 - way.x, dy = way.y2 - way.y;
    double length = hypot(dx, dy), half = (double)size * letter / 2;
    double ux = dx / length, uy = dy / length;
    double up = ux < 0 ? -side : side;
    double x = way.x + part * dx + up * uy, y = way.y + part * dy - up * ux;
    return (struct stroke){x - half * ux, y - half * uy, x + half * ux,
                           y + half * uy};
}

/* Of all places along it, above or below, the one that disturbs least. */
static struct stroke best_along(const struct page *page, struct stroke way,
                                size_t size)
{
    double length = hypot(way.x2 - way.x, way.y2 - way.y);
    double first = MIN(0.5, ((double)size * letter / 2 + 4) / length);
    double cheapest = INFINITY;
    struct stroke best = way;
    for (int i = 0; i <= 40; i++) {
        double part = first + (1 - 2 * first) * (i / 2) / 20;
        struct stroke text = text_along(way, part, i % 2 ? -8 : 8, size);
        double cost =
            crowd_cost(page->crowd, text) + 0.5 * (i % 2) + fabs(part - 0.6);
        if (cost < cheapest)
            best = text;
        cheapest = fmin(cost, cheapest);
    }
    return best;
}

static void print_message_text(const struct page *page,
                               const struct tale_event *event)
{
    struct stroke way = stroke_of(page, event);
    double length = hypot(way.x2 - way.x, way.y2 - way.y);
    size_t room = (size_t)MIN(LONGEST, (length - 8) / letter);
    size_t size = strlen(event->text);
    struct stroke text = best_along(page, way, MIN(size, room));
    double angle = atan2(text.y - text.y2, text.x2 - text.x) * 180 / G_PI;
    if (angle > 90 || angle < -90)
        angle += angle > 0 ? -180 : 180;
    crowd_line(page->crowd, text, 4);
    fprintf(page->out, "%.1f\t%.1f\t%.1f\t%d\t", (text.x + text.x2) / 2,
            (text.y + text.y2) / 2, angle, kind_of(page, event->text));
    print_text(page, event->text, room);
    fputc('\n', page->out);
}

static void print_message_texts(const struct page *page)
{
    print_heading(page, "texts", "x\ty\tangle\tkind\ttext");
    for (unsigned i = 0; i < page->tale->count; i++) {
        const struct tale_event *event = &page->tale->events[i];
        if (is_shown(page, i) && tale_is_arrow(event) && *event->text)
            print_message_text(page, event);
    }
}

/* ---- Marks. ---- */

static const struct {
    int sign; /* 1: a fact, 2: a crash, 3: a boot, 4: of the machine, 5: of
                 the operation of a client. */
    const char *word;
} signs[] = {
    [TALE_FAREWELL] = {4, "link broken"},
    [TALE_WRITE] = {4, "writes"},
    [TALE_NOTE] = {1, ""},
    [TALE_ASK] = {5, "asked"},
    [TALE_ANSWER] = {5, "answers"},
    [TALE_BOOT] = {3, "boot"},
    [TALE_CRASH] = {2, "crash"},
    [TALE_PAUSE] = {4, "pause"},
    [TALE_RESUME] = {4, "resume"},
    [TALE_DRIFT] = {4, "clock drifts"},
    [TALE_SLOW] = {4, "slow disk"},
};

static bool is_mark(const struct tale_event *event)
{
    return event->kind < G_N_ELEMENTS(signs) && signs[event->kind].sign != 0;
}

/* The how manieth of its lane is it at this time? */
static unsigned place_in_stack(const struct page *page, unsigned index)
{
    const struct tale_event *events = page->tale->events;
    unsigned place = 0;
    for (unsigned i = index; i > 0 && events[i - 1].time == events[index].time;
         i--)
        place += is_shown(page, i - 1) && is_mark(&events[i - 1]) &&
                 events[i - 1].lane == events[index].lane;
    return place;
}

static void print_signs(const struct page *page)
{
    print_heading(page, "marks", "x\ty\tsign");
    for (unsigned i = 0; i < page->tale->count; i++) {
        const struct tale_event *event = &page->tale->events[i];
        if (is_shown(page, i) && is_mark(event))
            fprintf(page->out, "%.1f\t%.1f\t%d\n", x_of(page, event->lane),
                    y_of(page, event->time) + row * place_in_stack(page, i),
                    signs[event->kind].sign);
    }
}

/* Beside its lane, on the side where it covers less. */
static void print_mark_text(const struct page *page,
                            const struct tale_event *event, double y)
{
    const char *word = signs[event->kind].word;
    g_autofree char *text =
        g_strconcat(word, *word && *event->text ? " " : "", event->text, NULL);
    size_t size = MIN(strlen(text), (size_t)LONGEST);
    double x = x_of(page, event->lane), long_ = (double)size * letter;
    struct stroke right = {x + 14, y, x + 14 + long_, y};
    struct stroke left = {x - 14 - long_, y, x - 14, y};
    bool fits_right = right.x2<page->width, fits_left = left.x> gutter - 10;
    bool at_left =
        fits_left && (!fits_right || crowd_cost(page->crowd, right) >
                                         crowd_cost(page->crowd, left) + 1);
    crowd_line(page->crowd, at_left ? left : right, 4);
    fprintf(page->out, "%.1f\t%.1f\t%d\t", at_left ? x - 10 : x + 10, y,
            at_left ? -1 : 1);
    print_text(page, text, size < strlen(text) ? size : LONGEST);
    fputc('\n', page->out);
}

static void print_mark_texts(const struct page *page)
{
    print_heading(page, "words", "x\ty\tside\ttext");
    for (unsigned i = 0; i < page->tale->count; i++) {
        const struct tale_event *event = &page->tale->events[i];
        if (is_shown(page, i) && is_mark(event))
            print_mark_text(page, event,
                            y_of(page, event->time) +
                                row * place_in_stack(page, i));
    }
}

/* ---- What broke. ---- */

static const struct tale_event *broken_of(const struct page *page)
{
    const struct tale *tale = page->tale;
    const struct tale_event *last = &tale->events[tale->count - 1];
    return last->kind == TALE_BROKEN ? last : NULL;
}

static size_t room_of_box(const struct page *page)
{
    return (size_t)((page->width - 60) / (letter + 0.6));
}

static unsigned depth_of_box(const struct page *page)
{
    const struct tale_event *broken = broken_of(page);
    unsigned depth = 0;
    for (const char *text = broken ? broken->text : "";
         *text && depth < DEEPEST; depth++) {
        text += tale_line(text, room_of_box(page));
        text += strspn(text, " ");
    }
    return depth;
}

static void print_box(const struct page *page)
{
    const struct tale_event *broken = broken_of(page);
    double box = page->bottom + row, depth = depth_of_box(page);
    print_heading(page, "broken", "left\ttop\tright\tbottom");
    if (broken)
        fprintf(page->out, "%.1f\t%.1f\t%.1f\t%.1f\n", 20.0, box,
                page->width - 20, box + (depth + 0.8) * row);
    print_heading(page, "leads", "x\ty\ty2");
    for (unsigned lane = 1; broken && lane <= page->tale->lanes; lane++)
        if (lane == broken->lane || broken->node == 0)
            fprintf(page->out, "%.1f\t%.1f\t%.1f\n", x_of(page, lane),
                    y_of(page, broken->time), box);
    print_heading(page, "sentences", "x\ty\ttext");
    const char *text = broken ? broken->text : "";
    for (unsigned i = 0; i < depth_of_box(page); i++) {
        size_t size = tale_line(text, room_of_box(page));
        g_autofree char *line =
            g_strndup(text, i + 1 < DEEPEST ? size : strlen(text));
        fprintf(page->out, "%.1f\t%.1f\t", 30.0, box + (i + 0.9) * row);
        print_text(page, line, room_of_box(page));
        fputc('\n', page->out);
        text += size;
        text += strspn(text, " ");
    }
}

static void print_asides(const struct page *page)
{
    print_heading(page, "asides", "x\ty\ttext");
    if (page->hidden > 0)
        fprintf(page->out, "%.1f\t%.1f\t%u earlier event%s left out\n", 12.0,
                10.0, page->hidden, page->hidden == 1 ? " is" : "s are");
}

/* ---- The whole. ---- */

static unsigned count_shown(const struct page *page, bool writes)
{
    unsigned count = 0;
    for (unsigned i = 0; i < page->tale->count; i++)
        count += tale_shows(&page->tale->events[i], writes);
    return count;
}

/* The last events that a page holds; and writes, if all have room. */
static void choose(struct page *page)
{
    page->writes = count_shown(page, true) <= EVENTS;
    unsigned count = count_shown(page, page->writes);
    page->hidden = count > EVENTS ? count - EVENTS : 0;
    for (unsigned passed = 0; passed < page->hidden; page->begin++)
        passed += tale_shows(&page->tale->events[page->begin], page->writes);
}

static void place_moments(struct page *page)
{
    const struct tale_event *events = page->tale->events;
    for (unsigned i = page->begin; i < page->tale->count; i++) {
        bool mark = is_mark(&events[i]);
        if (!is_shown(page, i))
            continue;
        moments_add(page->moments, events[i].time,
                    mark ? 1 + place_in_stack(page, i) : 0);
        if (events[i].sent < events[i].time &&
            events[i].sent >= events[page->begin].time)
            moments_add(page->moments, events[i].sent, 0);
    }
    moments_settle(page->moments);
    page->bottom = top + row * moments_end(page->moments);
}

static void place_lanes(struct page *page)
{
    static const double distances[TALE_LANES] = {0,   280, 240, 190, 160,
                                                 135, 115, 100, 90};
    page->apart = distances[page->tale->lanes - 1];
    size_t longest = 0;
    for (unsigned i = 0; i < page->tale->count; i++) {
        const struct tale_event *event = &page->tale->events[i];
        if (is_shown(page, i) && is_mark(event) &&
            event->lane == page->tale->lanes)
            longest = MAX(longest, strlen(event->text) + 8);
    }
    double margin = 24 + letter * (double)MIN(longest, (size_t)24);
    page->width = MAX(400, x_of(page, page->tale->lanes) + margin);
    for (unsigned lane = 1; lane <= page->tale->lanes; lane++)
        crowd_line(page->crowd,
                   (struct stroke){x_of(page, lane), top, x_of(page, lane),
                                   page->bottom},
                   0.7);
}

static void print_frame(const struct page *page)
{
    unsigned depth = depth_of_box(page);
    double box = broken_of(page) ? (depth + 2.6) * row : row;
    fprintf(page->out, "# frame\n# wide\ttall\n%.0f\t%.0f\n", page->width,
            page->bottom + box);
}

void page_print(FILE *out, const struct tale *tale)
{
    struct page page = {.out = out,
                        .tale = tale,
                        .moments = moments_new(),
                        .crowd = crowd_new(),
                        .words = g_ptr_array_new()};
    choose(&page);
    place_moments(&page);
    place_lanes(&page);
    print_frame(&page);
    print_asides(&page);
    print_lanes(&page);
    print_bands(&page);
    print_times(&page);
    print_links(&page);
    print_messages(&page, TALE_RECEIVE);
    print_messages(&page, TALE_LOSE);
    print_signs(&page);
    print_mark_texts(&page);
    print_message_texts(&page);
    print_box(&page);
    moments_free(page.moments);
    crowd_free(page.crowd);
    g_ptr_array_unref(page.words);
}

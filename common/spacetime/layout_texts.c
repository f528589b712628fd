/*
 * Texts look for a place where they cover little (crowd.h): those of marks
 * beside their lane, left or right, first, since they have little choice; then
 * those of messages along their arrow. What broke has its box below all.
 */
#include "common/spacetime/layout_parts.h"
#include <math.h>
#include <string.h>

enum {
    LONGEST = 44, /* Characters of a text. */
    DEEPEST = 4   /* Lines in the box. */
};

static const double row = LAYOUT_ROW, letter = LAYOUT_LETTER;

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
static struct stroke best_along(const struct layout *layout, struct stroke way,
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
            crowd_cost(layout->crowd, text) + 0.5 * (i % 2) + fabs(part - 0.6);
        if (cost < cheapest)
            best = text;
        cheapest = fmin(cost, cheapest);
    }
    return best;
}

static void print_message_text(const struct layout *layout,
                               const struct tale_event *event)
{
    struct stroke way = layout_stroke(layout, event);
    double length = hypot(way.x2 - way.x, way.y2 - way.y);
    size_t room = (size_t)MIN(LONGEST, (length - 8) / letter);
    size_t size = strlen(event->text);
    struct stroke text = best_along(layout, way, MIN(size, room));
    double angle = atan2(text.y - text.y2, text.x2 - text.x) * 180 / G_PI;
    if (angle > 90 || angle < -90)
        angle += angle > 0 ? -180 : 180;
    crowd_line(layout->crowd, text, 4);
    fprintf(layout->out, "%.1f\t%.1f\t%.1f\t%d\t", (text.x + text.x2) / 2,
            (text.y + text.y2) / 2, angle, layout_kind(layout, event->text));
    layout_write(layout, event->text, room);
    fputc('\n', layout->out);
}

static void print_message_texts(const struct layout *layout)
{
    layout_heading(layout, "texts", "x\ty\tangle\tkind\ttext");
    for (unsigned i = 0; i < layout->tale->count; i++) {
        const struct tale_event *event = &layout->tale->events[i];
        if (layout_shows(layout, i) && tale_is_arrow(event) && *event->text)
            print_message_text(layout, event);
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

bool layout_is_mark(const struct tale_event *event)
{
    return event->kind < G_N_ELEMENTS(signs) && signs[event->kind].sign != 0;
}

/* Does it stand in a row, with a text? */
bool layout_has_words(const struct tale_event *event)
{
    return layout_is_mark(event) || event->kind == TALE_CUT ||
           event->kind == TALE_MEND;
}

static void print_signs(const struct layout *layout)
{
    layout_heading(layout, "marks", "x\ty\tsign");
    for (unsigned i = 0; i < layout->tale->count; i++) {
        const struct tale_event *event = &layout->tale->events[i];
        if (layout_shows(layout, i) && layout_is_mark(event))
            fprintf(layout->out, "%.1f\t%.1f\t%d\n",
                    layout_x(layout, event->lane), layout_y_of(layout, i),
                    signs[event->kind].sign);
    }
}

/* Does it lie between the times and the edge of the page? */
static bool has_room(const struct layout *layout, struct stroke text)
{
    return text.x > LAYOUT_GUTTER - 10 && text.x2 < layout->width;
}

/* Beside its lane, to the right or, where it covers less, to the left,
 * perhaps a little lower or higher. */
static struct stroke best_beside(const struct layout *layout, double x,
                                 double y, double length)
{
    static const double shifts[] = {0, 4, -4};
    struct stroke best = {x + 10, y, x + 10 + length, y};
    double cheapest = has_room(layout, best) ? INFINITY : 1000;
    for (int i = 0; i < 6; i++) {
        double start = i % 2 ? x - 10 - length : x + 10;
        double down = y + shifts[i / 2];
        struct stroke text = {start, down, start + length, down};
        double cost = crowd_cost(layout->crowd, text) + i;
        if (cost >= cheapest || !has_room(layout, text))
            continue;
        best = text;
        cheapest = cost;
    }
    return best;
}

static void print_mark_text(const struct layout *layout, unsigned index)
{
    const struct tale_event *event = &layout->tale->events[index];
    const char *word = signs[event->kind].word;
    g_autofree char *text =
        g_strconcat(word, *word && *event->text ? " " : "", event->text, NULL);
    double x = layout_x(layout, event->lane);
    double length = letter * (double)MIN(strlen(text), (size_t)LONGEST);
    struct stroke best =
        best_beside(layout, x, layout_y_of(layout, index), length);
    bool at_left = best.x < x;
    double room = MIN(LONGEST, (layout->width - x - 10) / letter);
    crowd_line(layout->crowd, best, 4);
    fprintf(layout->out, "%.1f\t%.1f\t%d\t", at_left ? best.x2 : best.x, best.y,
            at_left ? -1 : 1);
    layout_write(layout, text, at_left ? LONGEST : (size_t)room);
    fputc('\n', layout->out);
}

static void print_mark_texts(const struct layout *layout)
{
    layout_heading(layout, "words", "x\ty\tside\ttext");
    for (unsigned i = 0; i < layout->tale->count; i++) {
        const struct tale_event *event = &layout->tale->events[i];
        if (layout_shows(layout, i) && layout_is_mark(event))
            print_mark_text(layout, i);
    }
}

/* ---- What broke. ---- */

const struct tale_event *layout_broken(const struct layout *layout)
{
    const struct tale *tale = layout->tale;
    const struct tale_event *last = &tale->events[tale->count - 1];
    return last->kind == TALE_BROKEN ? last : NULL;
}

static size_t room_of_box(const struct layout *layout)
{
    return (size_t)((layout->width - 60) / (letter + 0.6));
}

unsigned layout_depth(const struct layout *layout)
{
    const struct tale_event *broken = layout_broken(layout);
    unsigned depth = 0;
    for (const char *text = broken ? broken->text : "";
         *text && depth < DEEPEST; depth++) {
        text += tale_line(text, room_of_box(layout));
        text += strspn(text, " ");
    }
    return depth;
}

static void print_box(const struct layout *layout)
{
    const struct tale_event *broken = layout_broken(layout);
    double box = layout->bottom + row, depth = layout_depth(layout);
    layout_heading(layout, "broken", "left\ttop\tright\tbottom");
    if (broken)
        fprintf(layout->out, "%.1f\t%.1f\t%.1f\t%.1f\n", 20.0, box,
                layout->width - 20, box + (depth + 0.8) * row);
    layout_heading(layout, "leads", "x\ty\ty2");
    for (unsigned lane = 1; broken && lane <= layout->tale->lanes; lane++)
        if (lane == broken->lane || broken->node == 0)
            fprintf(layout->out, "%.1f\t%.1f\t%.1f\n", layout_x(layout, lane),
                    layout_y_at(layout, broken->time), box);
    layout_heading(layout, "sentences", "x\ty\ttext");
    const char *text = broken ? broken->text : "";
    for (unsigned i = 0; i < layout_depth(layout); i++) {
        size_t size = tale_line(text, room_of_box(layout));
        g_autofree char *line =
            g_strndup(text, i + 1 < DEEPEST ? size : strlen(text));
        fprintf(layout->out, "%.1f\t%.1f\t", 30.0, box + (i + 0.9) * row);
        layout_write(layout, line, room_of_box(layout));
        fputc('\n', layout->out);
        text += size;
        text += strspn(text, " ");
    }
}

void layout_print_texts(const struct layout *layout)
{
    print_signs(layout);
    print_mark_texts(layout);
    print_message_texts(layout);
    print_box(layout);
}

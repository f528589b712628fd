/*
 * A line is made of cells, one a column, each a glyph of UTF-8. An event is put
 * over the lanes, and the line is printed; so a picture is as many lines as
 * there are events to show.
 *
 *     time ms  1            2            3
 *       0.000  |--vote 1--->|            |
 *       4.250  |            :  (paused)  |      Lanes tell how a node is.
 *       9.000  |<--yes-------------------|      An arrow stands at its end.
 *
 * An arrow that stands where it ends seems to say that it began there too. That
 * misleads only if the sender has changed since, or if what it sent later came
 * earlier; then, and only then, the line says when it was sent.
 */
#include "common/spacetime/lanes.h"
#include "common/spacetime/tale.h"
#include "common/world/env.h"
#include <string.h>

enum {
    WIDTH = 68,   /* Columns beside the time, which takes 12. */
    MARGIN = 14,  /* Of these, to the right of the last lane ... */
    WIDER = 22,   /* ... or so many, where lanes are close. */
    MANY = 6,     /* Lanes that are close. */
    STEP = 24,    /* Lanes are no farther apart. */
    FEWEST = 12,  /* Rows. */
    READABLE = 4, /* Letters: fewer say nothing. */
    INSIDE = WIDTH - 4,
    DEEPEST = 3, /* Lines in a box. */
    COMING = 3   /* Messages that have not come. */
};

enum health { UP, PAUSED, DOWN };

struct drawing {
    FILE *out;
    const struct tale *tale;
    bool writes;   /* Are they shown? */
    unsigned step; /* How far lanes are apart. */
    const char *cells[WIDTH];
    char letters[WIDTH][2]; /* For those that are plain characters. */
    enum health health[TALE_LANES + 1];
    nsec changed[TALE_LANES + 1]; /* Lanes: when something happened there. */
    nsec sent[TALE_LANES + 1];    /* Of what came, the last was sent then. */
};

/* ---- One line. ---- */

static unsigned column_of(const struct drawing *drawing, unsigned lane)
{
    return (lane - 1) * drawing->step;
}

/* As much of @text as @room columns hold; returns how many it took. */
static unsigned put_text(struct drawing *drawing, unsigned at, const char *text,
                         size_t room)
{
    size_t size = strlen(text);
    room = MIN(room, at < WIDTH ? WIDTH - at : 0);
    size_t shown = MIN(size, room);
    for (size_t i = 0; i < shown; i++) {
        drawing->letters[at + i][0] = text[i];
        drawing->letters[at + i][1] = '\0';
        drawing->cells[at + i] = drawing->letters[at + i];
    }
    if (shown > 0 && size > shown)
        drawing->cells[at + shown - 1] = "…";
    return (unsigned)shown;
}

static void begin_line(struct drawing *drawing)
{
    static const char *const glyphs[] = {
        [UP] = "│", [PAUSED] = "┆", [DOWN] = " "};
    for (unsigned i = 0; i < WIDTH; i++)
        drawing->cells[i] = " ";
    for (unsigned lane = 1; lane <= drawing->tale->lanes; lane++)
        drawing->cells[column_of(drawing, lane)] =
            glyphs[drawing->health[lane]];
}

static void end_line(const struct drawing *drawing, const char *time)
{
    unsigned end = WIDTH;
    while (end > 0 && !strcmp(drawing->cells[end - 1], " "))
        end--;
    fprintf(drawing->out, end > 0 ? "%10s  " : "%10s", time);
    for (unsigned i = 0; i < end; i++)
        fputs(drawing->cells[i], drawing->out);
    fputc('\n', drawing->out);
}

/* A time of the world, since the first event; returns new. */
static char *clock_of(const struct drawing *drawing, nsec time)
{
    nsec passed = time - drawing->tale->events[0].time;
    double shown = (double)passed / (double)MSEC;
    return g_strdup_printf(shown < 999999       ? "%.3f"
                           : shown < 9999999999 ? "%.0f"
                                                : "%.4g",
                           shown);
}

/* ---- Arrows. ---- */

/* Has the sender changed since, or was it overtaken by itself? */
static bool is_late(const struct drawing *drawing,
                    const struct tale_event *event)
{
    unsigned sender = event->kind == TALE_RECEIVE ? event->peer : event->lane;
    return drawing->changed[sender] > event->sent ||
           drawing->sent[sender] > event->sent;
}

/* What the arrow itself has no room to say. */
static void put_margin(struct drawing *drawing, const struct tale_event *event,
                       bool cut)
{
    g_autofree char *time = clock_of(drawing, event->sent);
    bool late = event->kind == TALE_SEND || is_late(drawing, event);
    g_autofree char *text = g_strdup_printf(
        "%s%s%s%s", cut ? event->text : "", late && cut ? " " : "",
        late ? "sent " : "", late ? time : "");
    unsigned at = column_of(drawing, drawing->tale->lanes) + 2;
    put_text(drawing, at, text, WIDTH);
}

/* From lane to lane, with the text beside its tail; a lost one ends early. */
static void put_arrow(struct drawing *drawing, const struct tale_event *event)
{
    bool lost = event->kind == TALE_LOSE, comes = event->kind == TALE_SEND;
    unsigned sender = lost || comes ? event->lane : event->peer;
    unsigned tail = column_of(drawing, sender);
    unsigned head = column_of(drawing, event->lane + event->peer - sender);
    unsigned left = MIN(tail, head), right = MAX(tail, head);
    bool rightwards = head > tail;
    unsigned room = right - left > 4 ? right - left - 4 : 0;
    size_t size = strlen(event->text);
    bool cut = size > room;
    for (unsigned i = left + 1; i < right; i++)
        drawing->cells[i] = "─";
    drawing->cells[tail] = rightwards ? "├" : "┤";
    drawing->cells[rightwards ? head - 1 : head + 1] =
        comes  ? "…"
        : lost ? "✗"
               : (rightwards ? "▶" : "◀");
    size = cut ? room : size;
    if (!cut || room >= READABLE)
        put_text(drawing, rightwards ? tail + 2 : tail - 1 - (unsigned)size,
                 event->text, size);
    put_margin(drawing, event, cut);
}

/* ---- Marks. ---- */

static const struct {
    const char *glyph, *word;
} marks[] = {
    [TALE_FAREWELL] = {"⊣", "link broken"},
    [TALE_WRITE] = {"=", ""},
    [TALE_NOTE] = {"●", ""},
    [TALE_ASK] = {"▷", "asked"},
    [TALE_ANSWER] = {"◁", "answers"},
    [TALE_BOOT] = {"○", "boot"},
    [TALE_CRASH] = {"✗", "crash"},
    [TALE_PAUSE] = {"‖", "pause"},
    [TALE_RESUME] = {"▸", "resume"},
    [TALE_DRIFT] = {"~", "clock drifts"},
    [TALE_SLOW] = {"~", "slow disk"},
    [TALE_BROKEN] = {"●", ""},
};

/* What stands beside a mark; returns new. */
static char *words_of(const struct tale_event *event)
{
    const char *word = marks[event->kind].word;
    const char *gap = *word && *event->text ? " " : "";
    if (event->kind == TALE_FAREWELL && event->other != 0)
        return g_strdup_printf("%s: %" G_GUINT64_FORMAT, word, event->other);
    return g_strconcat(word, gap, event->text, NULL);
}

/* To the right of its mark; to the left, where only that has room. */
static void put_mark(struct drawing *drawing, const struct tale_event *event)
{
    unsigned at = column_of(drawing, event->lane);
    g_autofree char *words = words_of(event);
    size_t size = strlen(words), right = WIDTH - at - 2;
    size_t left = at > 1 ? at - 1 : 0;
    drawing->cells[at] = marks[event->kind].glyph;
    if (size > right && left > right)
        put_text(drawing, size < left ? at - 1 - (unsigned)size : 0, words,
                 left);
    else
        put_text(drawing, at + 2, words, right);
}

/* Between two lanes: no way, or a way again. */
static void put_link(struct drawing *drawing, const struct tale_event *event)
{
    unsigned from = column_of(drawing, event->lane);
    unsigned to = column_of(drawing, event->peer);
    unsigned left = MIN(from, to), right = MAX(from, to);
    const char *word = event->kind == TALE_CUT ? "cut" : "mended";
    unsigned size = (unsigned)strlen(word);
    for (unsigned i = left + 1; i < right; i++)
        drawing->cells[i] = event->kind == TALE_CUT ? "╌" : "┄";
    if (event->both || to > from)
        drawing->cells[right - 1] = "▷";
    if (event->both || to < from)
        drawing->cells[left + 1] = "◁";
    bool fits = size + 3 <= right - left;
    unsigned margin = column_of(drawing, drawing->tale->lanes) + 2;
    put_text(drawing, fits ? (left + right - size + 1) / 2 : margin, word,
             size);
}

/* ---- The box. ---- */

static unsigned depth_of(const char *text)
{
    unsigned depth = 1;
    for (text += tale_line(text, INSIDE); *text && depth < DEEPEST; depth++) {
        text += strspn(text, " ");
        text += tale_line(text, INSIDE);
    }
    return depth;
}

static void put_edge(struct drawing *drawing, const char *left,
                     const char *right)
{
    for (unsigned i = 1; i < WIDTH - 1; i++)
        drawing->cells[i] = "━";
    drawing->cells[0] = left;
    drawing->cells[WIDTH - 1] = right;
}

/* Its lane runs into the box, or, where it is of no node, every lane. */
static void draw_top(struct drawing *drawing, const struct tale_event *event)
{
    begin_line(drawing);
    put_edge(drawing, "┏", "┓");
    for (unsigned lane = 1; lane <= drawing->tale->lanes; lane++)
        if (lane == event->lane)
            drawing->cells[column_of(drawing, lane)] = "▼";
        else if (event->node == 0)
            drawing->cells[column_of(drawing, lane)] = lane > 1 ? "┷" : "┢";
    end_line(drawing, "");
}

static void draw_box(struct drawing *drawing, const struct tale_event *event)
{
    g_autofree char *time = clock_of(drawing, event->time);
    const char *text = event->text;
    unsigned depth = depth_of(text);
    draw_top(drawing, event);
    for (unsigned i = 0; i < depth; i++) {
        size_t room = tale_line(text, INSIDE);
        for (unsigned j = 0; j < WIDTH; j++)
            drawing->cells[j] = " ";
        g_autofree char *part =
            g_strndup(text, i + 1 < DEEPEST ? room : strlen(text));
        put_text(drawing, 2, part, INSIDE);
        drawing->cells[0] = drawing->cells[WIDTH - 1] = "┃";
        end_line(drawing, i == 0 ? time : "");
        text += room;
        text += strspn(text, " ");
    }
    put_edge(drawing, "┗", "┛");
    end_line(drawing, "");
}

/* ---- What has not come when it breaks. ---- */

static bool is_coming(const struct tale_event *event)
{
    return event->coming && event->lane > 0 && event->peer > 0;
}

static unsigned count_coming(const struct tale *tale)
{
    unsigned count = 0;
    for (unsigned i = 0; i < tale->count; i++)
        count += is_coming(&tale->events[i]);
    return MIN(count, COMING);
}

static void draw_coming(struct drawing *drawing)
{
    const struct tale *tale = drawing->tale;
    unsigned passed = 0, all = 0;
    for (unsigned i = 0; i < tale->count; i++)
        all += is_coming(&tale->events[i]);
    for (unsigned i = 0; i < tale->count; i++) {
        if (!is_coming(&tale->events[i]) || passed++ + COMING < all)
            continue;
        begin_line(drawing);
        put_arrow(drawing, &tale->events[i]);
        end_line(drawing, "coming");
    }
}

/* ---- One event. ---- */

static void draw_event(struct drawing *drawing, const struct tale_event *event)
{
    if (event->kind == TALE_BROKEN) {
        draw_coming(drawing);
        draw_box(drawing, event);
        return;
    }
    g_autofree char *time = clock_of(drawing, event->time);
    begin_line(drawing);
    if (tale_is_arrow(event))
        put_arrow(drawing, event);
    else if (event->kind == TALE_CUT || event->kind == TALE_MEND)
        put_link(drawing, event);
    else
        put_mark(drawing, event);
    end_line(drawing, time);
}

/* What the lines below must know of it. */
static void remember(struct drawing *drawing, const struct tale_event *event)
{
    unsigned sender = event->kind == TALE_RECEIVE ? event->peer : event->lane;
    bool arrow = tale_is_arrow(event);
    if (event->kind == TALE_CRASH)
        drawing->health[event->lane] = DOWN;
    if (event->kind == TALE_BOOT || event->kind == TALE_RESUME)
        drawing->health[event->lane] = UP;
    if (event->kind == TALE_PAUSE)
        drawing->health[event->lane] = PAUSED;
    if (arrow)
        drawing->sent[sender] = MAX(drawing->sent[sender], event->sent);
    if (tale_shows(event, false) && !(arrow && sender == event->lane))
        drawing->changed[event->lane] = event->time;
}

/* ---- The whole. ---- */

static void draw_head(struct drawing *drawing)
{
    const struct tale *tale = drawing->tale;
    for (unsigned i = 0; i < WIDTH; i++)
        drawing->cells[i] = " ";
    for (unsigned lane = 1; lane <= tale->lanes; lane++) {
        g_autofree char *id =
            g_strdup_printf("%" G_GUINT64_FORMAT, tale->nodes[lane - 1]);
        unsigned room = lane < tale->lanes ? drawing->step - 1 : WIDTH;
        put_text(drawing, column_of(drawing, lane), id, room);
    }
    end_line(drawing, "time ms");
}

static void draw_left_out(const struct drawing *drawing, unsigned count,
                          const char *when)
{
    if (count > 0)
        fprintf(drawing->out, "%12s(%u %s event%s left out)\n", "", count, when,
                count == 1 ? " is" : "s are");
}

static unsigned count_shown(const struct drawing *drawing, bool writes)
{
    unsigned count = 0;
    for (unsigned i = 0; i < drawing->tale->count; i++)
        count += tale_shows(&drawing->tale->events[i], writes);
    return count;
}

/* How many of the events to pass over. The head takes a row, the box a few, and
 * so does each line that says what is left out. */
static unsigned choose(struct drawing *drawing, unsigned rows)
{
    const struct tale *tale = drawing->tale;
    const struct tale_event *last = &tale->events[tale->count - 1];
    unsigned taken = 1 + (tale->after > 0);
    if (last->kind == TALE_BROKEN)
        taken += depth_of(last->text) + 1 + count_coming(tale);
    unsigned room = MAX(rows, FEWEST) - taken;
    drawing->writes = rows == 0 || count_shown(drawing, true) <= room;
    unsigned count = count_shown(drawing, drawing->writes);
    return rows == 0 || count <= room ? 0 : count - room + 1;
}

static unsigned step_of(unsigned lanes)
{
    unsigned margin = lanes < MANY ? MARGIN : WIDER;
    return lanes > 1 ? MIN(STEP, (WIDTH - 1 - margin) / (lanes - 1)) : STEP;
}

static void draw(struct drawing *drawing, unsigned rows)
{
    const struct tale *tale = drawing->tale;
    unsigned passed = choose(drawing, rows), seen = 0;
    drawing->step = step_of(tale->lanes);
    draw_head(drawing);
    draw_left_out(drawing, passed, "earlier");
    for (unsigned i = 0; i < tale->count; i++) {
        const struct tale_event *event = &tale->events[i];
        bool shown = tale_shows(event, drawing->writes);
        seen += shown;
        if (shown && seen > passed)
            draw_event(drawing, event);
        remember(drawing, event);
    }
    draw_left_out(drawing, tale->after, "later");
}

void lanes_draw(FILE *out, const char *trace, unsigned rows)
{
    struct tale *tale = tale_read(trace);
    struct drawing drawing = {.out = out, .tale = tale};
    if (tale->lanes > 0)
        draw(&drawing, rows);
    tale_free(tale);
}

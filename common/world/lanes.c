#include "common/world/lanes.h"
#include <stdlib.h>
#include <string.h>

enum { LANES = 6, WIDTH = 67 }; /* Columns beside the time. */

struct event {
    nsec time;
    unsigned node, peer; /* Lanes, from one; 0: not drawn. */
    const char *name, *text;
};

struct drawing {
    FILE *out;
    unsigned lanes, step; /* How many, and how far apart. */
    nsec start;
    const char *cells[WIDTH + 1]; /* One line, a glyph a column. */
    char letters[WIDTH][2];       /* For those that are plain characters. */
};

/* ---- One line. ---- */

static unsigned column_of(const struct drawing *drawing, unsigned lane)
{
    return (lane - 1) * drawing->step;
}

static void put_text(struct drawing *drawing, unsigned at, const char *text,
                     size_t room)
{
    for (size_t i = 0; i < room && at + i < WIDTH && text[i]; i++) {
        drawing->letters[at + i][0] = text[i];
        drawing->letters[at + i][1] = '\0';
        drawing->cells[at + i] = drawing->letters[at + i];
    }
}

static void begin_line(struct drawing *drawing)
{
    for (unsigned i = 0; i < WIDTH; i++)
        drawing->cells[i] = " ";
    for (unsigned lane = 1; lane <= drawing->lanes; lane++)
        drawing->cells[column_of(drawing, lane)] = "│";
}

static void end_line(struct drawing *drawing, nsec time)
{
    unsigned end = WIDTH;
    while (end > 0 && !strcmp(drawing->cells[end - 1], " "))
        end--;
    double passed = (double)(int64_t)(time - drawing->start) / (double)MSEC;
    fprintf(drawing->out, ABS(passed) < 1e5 ? "%10.3f  " : "%10.3g  ", passed);
    for (unsigned i = 0; i < end; i++)
        fputs(drawing->cells[i], drawing->out);
    fputc('\n', drawing->out);
}

/* From lane to lane, with the text beside its tail; a lost one ends early. */
static void put_arrow(struct drawing *drawing, unsigned from, unsigned to,
                      bool lost, const char *text)
{
    unsigned tail = column_of(drawing, from), head = column_of(drawing, to);
    unsigned left = MIN(tail, head), right = MAX(tail, head);
    bool rightwards = head > tail;
    size_t room = right - left > 4 ? right - left - 4 : 0;
    size_t size = MIN(strlen(text), MIN(room, drawing->step - 4));
    for (unsigned i = left + 1; i < right; i++)
        drawing->cells[i] = "─";
    drawing->cells[tail] = rightwards ? "├" : "┤";
    drawing->cells[rightwards ? head - 1 : head + 1] =
        lost ? "✗" : (rightwards ? "▶" : "◀");
    put_text(drawing, rightwards ? tail + 2 : tail - 1 - (unsigned)size, text,
             size);
}

static void put_mark(struct drawing *drawing, const char *glyph,
                     const struct event *event, const char *text)
{
    unsigned at = column_of(drawing, event->node);
    drawing->cells[at] = glyph;
    put_text(drawing, at + 2, text, WIDTH);
}

static bool put_event(struct drawing *drawing, const struct event *event)
{
    const char *name = event->name;
    bool arrives = !strcmp(name, "receive"), lost = !strcmp(name, "lose");
    if ((arrives || lost) && event->peer != 0 && event->peer != event->node)
        put_arrow(drawing, arrives ? event->peer : event->node,
                  arrives ? event->node : event->peer, lost, event->text);
    else if (!strcmp(name, "note"))
        put_mark(drawing, "●", event, event->text);
    else if (!strcmp(name, "crash"))
        put_mark(drawing, "✗", event, "crash");
    else if (!strcmp(name, "boot") && event->time > drawing->start)
        put_mark(drawing, "○", event, "boot");
    else
        return false;
    return true;
}

/* ---- The whole. ---- */

static unsigned lane_of(const char *field)
{
    unsigned long id = strtoul(field, NULL, 10);
    return id >= 1 && id <= LANES ? (unsigned)id : 0;
}

static bool read_event(char **fields, struct event *event)
{
    if (g_strv_length(fields) < 6)
        return false;
    event->time = g_ascii_strtoull(fields[0], NULL, 10);
    event->node = lane_of(fields[1]);
    event->name = fields[2];
    event->peer = lane_of(fields[3]);
    event->text = fields[5];
    return event->node != 0;
}

static void draw_head(struct drawing *drawing)
{
    begin_line(drawing);
    for (unsigned lane = 1; lane <= drawing->lanes; lane++) {
        char number[] = {(char)('0' + lane), '\0'};
        put_text(drawing, column_of(drawing, lane), number, 1);
    }
    fprintf(drawing->out, "   time ms  ");
    for (unsigned i = 0; i <= column_of(drawing, drawing->lanes); i++)
        fputs(drawing->cells[i], drawing->out);
    fputc('\n', drawing->out);
}

static void draw_line(struct drawing *drawing, const char *line)
{
    struct event event;
    g_auto(GStrv) fields = g_strsplit(line, "\t", 6);
    if (!read_event(fields, &event))
        return;
    begin_line(drawing);
    if (put_event(drawing, &event))
        end_line(drawing, event.time);
}

static void survey(struct drawing *drawing, char **lines)
{
    struct event event;
    bool first = true;
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, "\t", 6);
        if (!read_event(fields, &event))
            continue;
        if (first)
            drawing->start = event.time;
        first = false;
        drawing->lanes = MAX(drawing->lanes, MAX(event.node, event.peer));
    }
    drawing->step = drawing->lanes > 1 ? (WIDTH - 8) / (drawing->lanes - 1) : 9;
    drawing->step = MIN(drawing->step, 24);
}

void lanes_draw(FILE *out, const char *trace)
{
    struct drawing drawing = {.out = out};
    g_auto(GStrv) lines = g_strsplit(trace, "\n", -1);
    survey(&drawing, lines);
    if (drawing.lanes == 0)
        return;
    draw_head(&drawing);
    for (char **line = lines; *line; line++)
        draw_line(&drawing, *line);
}

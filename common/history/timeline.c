/*
 * A row for each operation: what it is, and when. The time axis has a column
 * for each event, or several, and not for each nanosecond: what counts is
 * which comes before which.
 */
#include "common/history/window.h"
#include <inttypes.h>
#include <string.h>

enum { WIDTH = 80, TEXT = 36, ROWS = 40 };

/* How events become columns. */
struct time_axis {
    GArray *events; /* Their numbers, in order. */
    size_t columns;
};

static int compare_events(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static struct time_axis axis_of(const struct operation *ops, size_t count,
                                size_t columns)
{
    struct time_axis axis = {g_array_new(FALSE, FALSE, sizeof(uint32_t)),
                             columns};
    for (size_t i = 0; i < count; i++) {
        g_array_append_val(axis.events, ops[i].call);
        if (!operation_is_open(&ops[i]))
            g_array_append_val(axis.events, ops[i].end);
    }
    g_array_sort(axis.events, compare_events);
    return axis;
}

static size_t column_of(const struct time_axis *axis, uint32_t event)
{
    size_t rank = 0;
    while (g_array_index(axis->events, uint32_t, rank) != event)
        rank++;
    size_t steps = MAX(axis->events->len - 1, 1);
    return rank * (axis->columns - 1) / steps;
}

/* Cut to @p size columns, or filled up with blanks. */
static void fit(GString *text, size_t size)
{
    if (text->len > size) {
        g_string_truncate(text, size - 2);
        g_string_append(text, "..");
    }
    while (text->len < size)
        g_string_append_c(text, ' ');
}

static void append_bar(const struct time_axis *axis, const struct operation *op,
                       GString *text)
{
    bool open = operation_is_open(op);
    size_t start = column_of(axis, op->call);
    size_t end = open ? axis->columns - 1 : column_of(axis, op->end);
    for (size_t i = 0; i <= end; i++) {
        char inside = i == start || (i == end && !open) ? '|' : '-';
        g_string_append_c(text, i < start ? ' ' : inside);
    }
    if (open && end > start)
        text->str[text->len - 1] = '?';
}

static GString *describe(const struct model *model, const struct operation *op)
{
    GString *text = g_string_new(NULL);
    g_string_printf(text, "client %" PRIu64 "  ", op->client);
    operation_print(model, op, text);
    return text;
}

/* As wide as the longest of them, but not wider than half a line. */
static size_t text_width(const struct model *model, const struct operation *ops,
                         size_t count)
{
    size_t width = 0;
    for (size_t i = 0; i < count; i++) {
        GString *text = describe(model, &ops[i]);
        width = MAX(width, text->len);
        g_string_free(text, TRUE);
    }
    return MIN(width, TEXT);
}

void window_draw(const struct model *model, const struct operation *ops,
                 size_t count, FILE *file)
{
    size_t rows = MIN(count, ROWS), width = text_width(model, ops, rows);
    struct time_axis axis = axis_of(ops, rows, WIDTH - 4 - width);
    for (size_t i = 0; i < rows; i++) {
        GString *text = describe(model, &ops[i]);
        fit(text, width + 2);
        append_bar(&axis, &ops[i], text);
        fprintf(file, "  %s\n", text->str);
        g_string_free(text, TRUE);
    }
    if (rows < count)
        fprintf(file, "  and %zu more\n", count - rows);
    g_array_unref(axis.events);
}

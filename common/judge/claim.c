/*
 * A claim is read by recursive descent, a function for each line of its
 * grammar, and computed as it is read:
 *
 *     claim       comparison [for comparison {and comparison}]
 *     comparison  sum (<= | >= | < | > | ==) sum
 *     sum         product {(+ | -) product}
 *     product     factor {(* | /) factor}
 *     factor      number | column | (sum) | |sum| | -factor
 *
 * It is read anew in each row: a figure has hundreds of rows, a claim dozens of
 * letters, and so there is no tree to build, walk and free. Once more, at the
 * beginning, it is read in no row, where every cell is missing: a claim that
 * makes no sense is found even where it speaks of nothing.
 *
 * The first complaint wins. It moves the reader to the end of the text, so that
 * every function on the way out finds nothing more to do.
 *
 * Nothing may make a claim hold by accident: a comparison with NAN is false, a
 * cell that is neither a number nor `-` is an error, and so is a missing one.
 */
#include "common/judge/claim.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { DEEPEST = 100 }; /* Parentheses in parentheses. */

/* A row under its heading; without cells, no row at all. */
struct row {
    char **names;
    char **cells;
    int line;
};

struct reader {
    const struct row *row;
    const char *at;  /* What is still to be read. */
    int depth;       /* How many parentheses are open. */
    bool missing;    /* A cell was needed that has no value. */
    char *complaint; /* Why it cannot be read; else NULL. */
};

struct comparison {
    double left, right;
    bool holds;
};

/* ---- Words. ---- */

static void complain(struct reader *reader, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
static void complain(struct reader *reader, const char *format, ...)
{
    va_list arguments;
    if (reader->complaint)
        return;
    va_start(arguments, format);
    reader->complaint = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    reader->at = "";
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* Read @p sign if it comes next. */
static bool accept(struct reader *reader, const char *sign)
{
    reader->at = skip_blanks(reader->at);
    if (!g_str_has_prefix(reader->at, sign))
        return false;
    reader->at += strlen(sign);
    return true;
}

static void expect(struct reader *reader, const char *sign)
{
    if (!accept(reader, sign))
        complain(reader, "\"%s\" is missing before \"%s\"", sign, reader->at);
}

/* Letters of any alphabet: a unit may be a Greek one. */
static bool is_in_name(char c)
{
    return g_ascii_isalnum(c) || c == '_' || (c & 0x80);
}

static char *read_name(struct reader *reader)
{
    const char *start = reader->at;
    while (is_in_name(*reader->at))
        reader->at++;
    return g_strndup(start, (size_t)(reader->at - start));
}

/* ---- Cells. ---- */

static int column_of(const struct row *row, const char *name)
{
    for (int i = 0; row->names[i]; i++)
        if (strcmp(row->names[i], name) == 0)
            return i;
    return -1;
}

static double value_of(struct reader *reader, const char *cell)
{
    char *end;
    double value = g_ascii_strtod(cell, &end);
    if (strcmp(cell, "-") == 0)
        reader->missing = true;
    else if (end == cell || *end != '\0')
        complain(reader, "\"%s\" in line %d is not a number", cell,
                 reader->row->line);
    return value;
}

static double read_cell(struct reader *reader)
{
    const struct row *row = reader->row;
    g_autofree char *name = read_name(reader);
    int column = column_of(row, name);
    if (column < 0)
        complain(reader, "no column is called \"%s\"", name);
    else if (!row->cells)
        reader->missing = true;
    else if ((unsigned)column >= g_strv_length(row->cells))
        complain(reader, "line %d has no cell for %s", row->line, name);
    else
        return value_of(reader, row->cells[column]);
    return NAN;
}

/* ---- Sums. ---- */

static double read_sum(struct reader *reader);

static double read_number(struct reader *reader)
{
    char *end;
    double value = g_ascii_strtod(reader->at, &end);
    reader->at = end;
    return value;
}

static double read_simple(struct reader *reader)
{
    char next = *reader->at;
    if (g_ascii_isdigit(next) || next == '.')
        return read_number(reader);
    if (is_in_name(next))
        return read_cell(reader);
    complain(reader, "a number or a column is missing before \"%s\"",
             reader->at);
    return NAN;
}

static double read_within(struct reader *reader, const char *closing)
{
    double value = read_sum(reader);
    expect(reader, closing);
    return value;
}

static double read_factor(struct reader *reader)
{
    double value;
    if (reader->depth == DEEPEST)
        complain(reader, "more than %d signs lie in one another", DEEPEST);
    reader->depth++;
    if (accept(reader, "("))
        value = read_within(reader, ")");
    else if (accept(reader, "|"))
        value = fabs(read_within(reader, "|"));
    else if (accept(reader, "-"))
        value = -read_factor(reader);
    else
        value = read_simple(reader);
    reader->depth--;
    return value;
}

static double read_product(struct reader *reader)
{
    double value = read_factor(reader);
    for (;;)
        if (accept(reader, "*"))
            value *= read_factor(reader);
        else if (accept(reader, "/"))
            value /= read_factor(reader);
        else
            return value;
}

static double read_sum(struct reader *reader)
{
    double value = read_product(reader);
    for (;;)
        if (accept(reader, "+"))
            value += read_product(reader);
        else if (accept(reader, "-"))
            value -= read_product(reader);
        else
            return value;
}

/* ---- Comparisons. ---- */

static struct comparison read_comparison(struct reader *reader)
{
    /* The longer before those they begin with. */
    static const char *const signs[] = {"<=", ">=", "==", "<", ">"};
    size_t sign = 0;
    double left = read_sum(reader);
    while (sign < G_N_ELEMENTS(signs) && !accept(reader, signs[sign]))
        sign++;
    if (sign == G_N_ELEMENTS(signs))
        complain(reader, "a comparison is missing before \"%s\"", reader->at);
    double right = read_sum(reader);
    if (*skip_blanks(reader->at))
        complain(reader, "\"%s\" is too much", reader->at);
    bool holds[] = {left <= right, left >= right, left == right, left < right,
                    left > right, false};
    return (struct comparison){left, right, holds[sign]};
}

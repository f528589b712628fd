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
    const char *at;     /* What is still to be read. */
    int depth;          /* How many signs lie in one another. */
    bool missing;       /* A cell was needed that has no value. */
    char *complaint;    /* Why it cannot be read; else NULL. */
    double left, right; /* What it compared, ... */
    const char *sign;   /* ... how, ... */
    bool holds;         /* ... and what came of it. */
};

/* ---- Words. ---- */

static G_GNUC_PRINTF(2, 3) void complain(struct reader *reader,
                                         const char *format, ...)
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
        complain(reader, "\"%s\" is missing before \"%.30s\"", sign,
                 reader->at);
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
        complain(reader, "\"%.30s\" in line %d is not a number", cell,
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
    complain(reader, "a number or a column is missing before \"%.30s\"",
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

static const char *read_sign(struct reader *reader)
{
    /* The longer before those they begin with. */
    static const char *const signs[] = {"<=", ">=", "==", "<", ">"};
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
        if (accept(reader, signs[i]))
            return signs[i];
    complain(reader, "a comparison is missing before \"%.30s\"", reader->at);
    return "";
}

static bool compare(const struct reader *reader)
{
    bool equal = reader->left == reader->right;
    switch (reader->sign[0]) {
    case '<':
        return reader->left < reader->right || (equal && reader->sign[1]);
    case '>':
        return reader->left > reader->right || (equal && reader->sign[1]);
    default:
        return equal;
    }
}

static struct reader read_comparison(const struct row *row, const char *text)
{
    struct reader reader = {.row = row, .at = text};
    reader.left = read_sum(&reader);
    reader.sign = read_sign(&reader);
    reader.right = read_sum(&reader);
    if (*skip_blanks(reader.at))
        complain(&reader, "\"%.30s\" is too much", reader.at);
    reader.holds = compare(&reader);
    return reader;
}

/* ---- Claims. ---- */

struct claim {
    const char *comparison;
    char **conditions; /* For the rows in which all of these hold. */
};

/* Why the claim cannot be read at all, or NULL. Returns new. */
static char *check_words(const struct claim *claim, const struct row *heading)
{
    char *complaint = read_comparison(heading, claim->comparison).complaint;
    for (char **part = claim->conditions; *part && !complaint; part++)
        complaint = read_comparison(heading, *part).complaint;
    return complaint;
}

/* Why the claim does not hold in this row, or NULL. Returns new. Adds to @p
 * count if the row is one that it speaks of. */
static char *judge_row(const struct claim *claim, const struct row *row,
                       int *count)
{
    for (char **part = claim->conditions; *part; part++) {
        struct reader reader = read_comparison(row, *part);
        if (reader.complaint || reader.missing || !reader.holds)
            return reader.complaint;
    }
    struct reader reader = read_comparison(row, claim->comparison);
    if (reader.complaint || reader.missing)
        return reader.complaint;
    *count += 1;
    if (reader.holds)
        return NULL;
    return g_strdup_printf("%.6g %s %.6g is not so in line %d", reader.left,
                           reader.sign, reader.right, row->line);
}

/* ---- Files. ---- */

static bool is_comment(const char *line)
{
    return *line == '#';
}

static const char *skip_hash(const char *line)
{
    return skip_blanks(line + 1);
}

/* Written in whatever way, lest one be passed over. */
static bool is_claim(const char *line)
{
    return is_comment(line) &&
           g_ascii_strncasecmp(skip_hash(line), "claim:", 6) == 0;
}

static bool is_heading(const char *line)
{
    return is_comment(line) && strchr(line, '\t') && !is_claim(line);
}

/* Judge the rows below @p heading, up to the next one. */
static char *judge_rows(const struct claim *claim, char **lines, int heading)
{
    g_auto(GStrv) names = g_strsplit(skip_hash(lines[heading]), "\t", -1);
    struct row row = {.names = names};
    char *complaint = check_words(claim, &row);
    int count = 0;
    for (int i = heading + 1; lines[i] && !is_heading(lines[i]); i++) {
        if (is_comment(lines[i]) || !*lines[i])
            continue;
        g_auto(GStrv) cells = g_strsplit(lines[i], "\t", -1);
        row = (struct row){names, cells, i + 1};
        complaint = complaint ? complaint : judge_row(claim, &row, &count);
    }
    if (complaint || count > 0)
        return complaint;
    return g_strdup("there is no row it speaks of");
}

static char *judge_claim(const char *text, char **lines, int heading)
{
    if (heading < 0)
        return g_strdup("there is no heading before it");
    const char *rows = strstr(text, " for ");
    size_t size = rows ? (size_t)(rows - text) : strlen(text);
    g_autofree char *comparison = g_strndup(text, size);
    rows = rows ? rows + strlen(" for") : "";
    g_auto(GStrv) conditions = g_strsplit(rows, " and ", -1);
    struct claim claim = {comparison, conditions};
    return judge_rows(&claim, lines, heading);
}

int claim_check(const char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    int claims = 0, heading = -1;
    for (int i = 0; lines[i]; i++) {
        if (is_heading(lines[i]))
            heading = i;
        if (!is_claim(lines[i]))
            continue;
        const char *claim = skip_hash(lines[i]) + strlen("claim:");
        g_autofree char *complaint = judge_claim(claim, lines, heading);
        claims++;
        if (!complaint)
            continue;
        g_set_error(error, g_quark_from_static_string("claim"), 0,
                    "line %d: claim \"%s\": %s", i + 1, skip_blanks(claim),
                    complaint);
        return -1;
    }
    return claims;
}

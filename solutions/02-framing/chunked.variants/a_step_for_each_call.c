/*
 * A call does one thing, and says how many bytes that took: a run of digits, of
 * blanks, of text, of a name; a chunk's bytes; or one byte that must be there.
 * The user calls again anyway.
 */
#include "02-framing/chunked.h"
#include <string.h>

static const char digits[] = "0123456789abcdefABCDEF";
static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                            "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* What is there. */
struct chunked_view {
    const uint8_t *data;
    size_t size;
};

static size_t run_among(struct chunked_view view, const char *set)
{
    size_t run = 0;
    while (run < view.size && view.data[run] &&
           strchr(set, (char)view.data[run]))
        run++;
    return run;
}

static size_t run_of_text(struct chunked_view view)
{
    size_t run = 0;
    while (run < view.size && !g_ascii_iscntrl((char)view.data[run]))
        run++;
    if (run < view.size && view.data[run] == '\t')
        return run + 1;
    return run;
}

static ssize_t fail(struct chunked *chunked)
{
    chunked->phase = CHUNKED_WRONG;
    return -1;
}

/* So many bytes of a line. */
static ssize_t pass(struct chunked *chunked, size_t run)
{
    if (run > CHUNKED_LINE - chunked->line)
        return fail(chunked);
    chunked->line += run;
    return (ssize_t)run;
}

/* One byte, which leads to @p next. */
static ssize_t go(struct chunked *chunked, enum chunked_phase next)
{
    chunked->phase = next;
    return 1;
}

static ssize_t on_digits(struct chunked *chunked, struct chunked_view view,
                         size_t run)
{
    for (size_t i = 0; i < run; i++) {
        unsigned __int128 size = chunked->left;
        size = 16 * size + (unsigned)g_ascii_xdigit_value((char)view.data[i]);
        if (size + chunked->total > chunked->most)
            return fail(chunked);
        chunked->left = (uint64_t)size;
    }
    chunked->begun = true;
    return pass(chunked, run);
}

static ssize_t on_size(struct chunked *chunked, struct chunked_view view)
{
    size_t run = 0;
    bool known = chunked->phase != CHUNKED_SIZE;
    if (!known && (run = run_among(view, digits)) > 0)
        return on_digits(chunked, view, run);
    if (!chunked->begun)
        return fail(chunked);
    if (*view.data == '\r')
        return go(chunked, CHUNKED_SIZE_LF);
    if (chunked->phase == CHUNKED_EXTENSION) {
        run = run_of_text(view);
    } else if (*view.data == ';') {
        chunked->phase = CHUNKED_EXTENSION;
        run = 1;
    } else {
        chunked->phase = CHUNKED_BLANKS;
        run = run_among(view, " \t");
    }
    return run > 0 ? pass(chunked, run) : fail(chunked);
}

static ssize_t on_name(struct chunked *chunked, struct chunked_view view)
{
    if (!chunked->begun && *view.data == '\r')
        return go(chunked, CHUNKED_END_LF);
    if (chunked->begun && *view.data == ':') {
        chunked->phase = CHUNKED_VALUE;
        return pass(chunked, 1);
    }
    size_t run = run_among(view, token);
    chunked->begun = true;
    return run > 0 ? pass(chunked, run) : fail(chunked);
}

static ssize_t on_value(struct chunked *chunked, struct chunked_view view)
{
    if (*view.data == '\r')
        return go(chunked, CHUNKED_VALUE_LF);
    size_t run = run_of_text(view);
    return run > 0 ? pass(chunked, run) : fail(chunked);
}

static ssize_t on_data(struct chunked *chunked, struct chunked_view view,
                       struct chunked_piece *piece)
{
    piece->data = view.data;
    piece->size = MIN(chunked->left, view.size);
    chunked->left -= piece->size;
    if (chunked->left == 0)
        chunked->phase = CHUNKED_DATA_CR;
    return (ssize_t)piece->size;
}

/* The byte that must be there. */
static ssize_t on_end(struct chunked *chunked, uint8_t byte)
{
    if (byte != (chunked->phase == CHUNKED_DATA_CR ? '\r' : '\n'))
        return fail(chunked);
    if (chunked->phase == CHUNKED_DATA_CR)
        return go(chunked, CHUNKED_DATA_LF);
    if (chunked->phase == CHUNKED_END_LF)
        return go(chunked, CHUNKED_END);
    if (chunked->phase != CHUNKED_VALUE_LF)
        chunked->line = 0;
    chunked->begun = false;
    if (chunked->phase == CHUNKED_DATA_LF)
        return go(chunked, CHUNKED_SIZE);
    chunked->total += chunked->left;
    return go(chunked, chunked->left > 0 ? CHUNKED_DATA : CHUNKED_NAME);
}

ssize_t chunked_parse(struct chunked *chunked, const uint8_t *data, size_t size,
                      struct chunked_piece *piece)
{
    struct chunked_view view = {data, size};
    *piece = (struct chunked_piece){.size = 0};
    if (chunked->phase == CHUNKED_WRONG)
        return -1;
    if (size == 0 || chunked->phase == CHUNKED_END)
        return 0;
    if (chunked->phase <= CHUNKED_EXTENSION)
        return on_size(chunked, view);
    if (chunked->phase == CHUNKED_DATA)
        return on_data(chunked, view, piece);
    if (chunked->phase == CHUNKED_NAME)
        return on_name(chunked, view);
    if (chunked->phase == CHUNKED_VALUE)
        return on_value(chunked, view);
    return on_end(chunked, *data);
}

bool chunked_ended(const struct chunked *chunked)
{
    return chunked->phase == CHUNKED_END;
}

void chunked_put(struct wire_writer *out, const void *data, size_t size)
{
    g_autofree char *line = g_strdup_printf("%zX\r\n", size);
    if (size > 0) {
        wire_put_raw(out, line, strlen(line));
        wire_put_raw(out, data, size);
        wire_put_raw(out, "\r\n", 2);
    }
}

void chunked_put_end(struct wire_writer *out)
{
    wire_put_raw(out, "0\r\n\r\n", 5);
}

/*
 *     5;who=me \r \n hello \r \n 0 \r \n A : b \r \n \r \n
 *     SIZE     |  |  |     |  |  |    |  |  |  |  |  |  END
 *      EXTENSION  |  DATA  |  |  SIZE |  |  |  |  |  END_LF
 *           SIZE_LF  DATA_CR  |  SIZE_LF |  |  |  NAME
 *                       DATA_LF       NAME  |  VALUE_LF
 *                                         VALUE
 *
 * An automaton: what may come next depends on the phase alone, and each byte
 * either leads to a phase or is wrong. So it can stop behind any byte and go on
 * there. Lines are short, and are walked through byte by byte; the bytes of a
 * chunk are counted, and not looked at.
 */
#include "02-framing/chunked.h"
#include "common/course/todo.h"
#include <stdio.h>
#include <string.h>

/* ---- Bytes. ---- */

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* May it stand in an extension, or in the value of a trailer? */
static bool is_text(uint8_t byte)
{
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

/* May it stand in a name? RFC 9110, 5.6.2. */
static bool is_token(uint8_t byte)
{
    return g_ascii_isalnum((char)byte) ||
           (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte));
}

/* ---- Reading: each takes a byte; false: it is wrong there. ---- */

static bool enter(struct chunked *chunked, enum chunked_phase phase)
{
    chunked->phase = phase;
    return true;
}

/* Before a size, or before a trailer. */
static bool begin_line(struct chunked *chunked, enum chunked_phase phase)
{
    chunked->begun = false;
    return enter(chunked, phase);
}

/* A hexadecimal digit of a size. */
static bool take_digit(struct chunked *chunked, uint8_t byte)
{
    /* TODO: the size becomes sixteen times as much, and the digit. It is
     * wrong when the body would then have more bytes than `most`. Mind that no
     * number here may overflow: ask before you multiply. */
    (void)chunked, (void)byte;
    return todo(false);
}

/* In the line of a size. */
static bool take_size(struct chunked *chunked, uint8_t byte)
{
    /* TODO: what may come in CHUNKED_SIZE, CHUNKED_BLANKS and
     * CHUNKED_EXTENSION, and where does each lead? */
    (void)chunked, (void)byte;
    (void)take_digit, (void)is_blank, (void)is_text;
    return todo(false);
}

/* The line of a size is over. */
static bool begin_chunk(struct chunked *chunked)
{
    /* TODO: its bytes follow; or, if that was the last chunk, trailers. */
    (void)chunked;
    return todo(false);
}

/* In the line of a trailer, or in the empty one. */
static bool take_trailer(struct chunked *chunked, uint8_t byte)
{
    /* TODO: what may come in CHUNKED_NAME and CHUNKED_VALUE? */
    (void)chunked, (void)byte, (void)is_token;
    return todo(false);
}

/* Any byte but those of a chunk. */
static bool take_byte(struct chunked *chunked, uint8_t byte)
{
    if (byte != '\r' && byte != '\n' && ++chunked->line > CHUNKED_LINE)
        return false;
    switch (chunked->phase) {
    case CHUNKED_SIZE:
    case CHUNKED_BLANKS:
    case CHUNKED_EXTENSION:
        return take_size(chunked, byte);
    case CHUNKED_SIZE_LF:
        return byte == '\n' && begin_chunk(chunked);
    case CHUNKED_DATA_CR:
        return byte == '\r' && enter(chunked, CHUNKED_DATA_LF);
    case CHUNKED_DATA_LF:
        return byte == '\n' && begin_line(chunked, CHUNKED_SIZE);
    case CHUNKED_NAME:
    case CHUNKED_VALUE:
        return take_trailer(chunked, byte);
    case CHUNKED_VALUE_LF:
        return byte == '\n' && begin_line(chunked, CHUNKED_NAME);
    case CHUNKED_END_LF:
        return byte == '\n' && enter(chunked, CHUNKED_END);
    case CHUNKED_DATA:
    case CHUNKED_END:
    case CHUNKED_WRONG:
        break;
    }
    return false;
}

/* Up to the next bytes of a chunk, or to the end. Returns how many bytes of
 * @p size that are, the wrong one too. */
static size_t take_lines(struct chunked *chunked, const uint8_t *data,
                         size_t size)
{
    size_t used = 0;
    while (used < size && chunked->phase != CHUNKED_DATA &&
           chunked->phase < CHUNKED_END)
        if (!take_byte(chunked, data[used++]))
            enter(chunked, CHUNKED_WRONG);
    return used;
}

ssize_t chunked_parse(struct chunked *chunked, const uint8_t *data, size_t size,
                      struct chunked_piece *piece)
{
    /* TODO: take_lines, and then as much of the chunk's bytes as is there,
     * at once. When all of it was there, CR must follow. */
    (void)chunked, (void)data, (void)size, (void)take_lines;
    *piece = (struct chunked_piece){.size = 0};
    return todo(-1);
}

bool chunked_ended(const struct chunked *chunked)
{
    return chunked->phase == CHUNKED_END;
}

/* ---- Writing. ---- */

void chunked_put(struct wire_writer *out, const void *data, size_t size)
{
    char line[2 * sizeof size + sizeof "\r\n"];
    if (size == 0)
        return;
    snprintf(line, sizeof line, "%zx\r\n", size);
    wire_put_raw(out, line, strlen(line));
    wire_put_raw(out, data, size);
    wire_put_raw(out, "\r\n", 2);
}

void chunked_put_end(struct wire_writer *out)
{
    wire_put_raw(out, "0\r\n\r\n", 5);
}

/*
 * A table: for each phase and each kind of byte the next phase. What is not in
 * the table is wrong. Beside it only numbers are kept. A call gives lines or a
 * piece, never both.
 */
#include "02-framing/chunked.h"
#include <string.h>

/* Kinds of bytes. */
enum kind { CR, LF, BLANK, SEMICOLON, COLON, HEX, TOKEN, TEXT, CONTROL, KINDS };

/* Phases have one more, so that 0 is wrong. */
#define TO(phase) (uint8_t)(CHUNKED_##phase + 1)
static const uint8_t next[CHUNKED_WRONG + 1][KINDS] = {
    [CHUNKED_SIZE] = {[HEX] = TO(SIZE),
                      [BLANK] = TO(BLANKS),
                      [SEMICOLON] = TO(EXTENSION),
                      [CR] = TO(SIZE_LF)},
    [CHUNKED_BLANKS] =
        {[BLANK] = TO(BLANKS), [SEMICOLON] = TO(EXTENSION), [CR] = TO(SIZE_LF)},
    [CHUNKED_EXTENSION] = {[BLANK] = TO(EXTENSION),
                           [SEMICOLON] = TO(EXTENSION),
                           [COLON] = TO(EXTENSION),
                           [HEX] = TO(EXTENSION),
                           [TOKEN] = TO(EXTENSION),
                           [TEXT] = TO(EXTENSION),
                           [CR] = TO(SIZE_LF)},
    [CHUNKED_SIZE_LF] = {[LF] = TO(DATA)},
    [CHUNKED_DATA_CR] = {[CR] = TO(DATA_LF)},
    [CHUNKED_DATA_LF] = {[LF] = TO(SIZE)},
    [CHUNKED_NAME] = {[HEX] = TO(NAME),
                      [TOKEN] = TO(NAME),
                      [COLON] = TO(VALUE),
                      [CR] = TO(END_LF)},
    [CHUNKED_VALUE] = {[BLANK] = TO(VALUE),
                       [SEMICOLON] = TO(VALUE),
                       [COLON] = TO(VALUE),
                       [HEX] = TO(VALUE),
                       [TOKEN] = TO(VALUE),
                       [TEXT] = TO(VALUE),
                       [CR] = TO(VALUE_LF)},
    [CHUNKED_VALUE_LF] = {[LF] = TO(NAME)},
    [CHUNKED_END_LF] = {[LF] = TO(END)},
};

static enum kind kind_of(uint8_t byte)
{
    const char *known = "\r\n\t;: ";
    static const enum kind kinds[] = {CR, LF, BLANK, SEMICOLON, COLON, BLANK};
    const char *at = byte ? strchr(known, byte) : NULL;
    if (at)
        return kinds[at - known];
    if (byte < 0x20 || byte == 0x7f)
        return CONTROL;
    if (byte >= 0x80 || strchr("\"(),/<=>?@[\\]{}", byte))
        return TEXT;
    return g_ascii_isxdigit((char)byte) ? HEX : TOKEN;
}

/* A size needs a digit; a name has a colon behind it if it has begun, and only
 * then. */
static bool may_leave(const struct chunked *chunked, uint8_t to)
{
    if (chunked->phase == CHUNKED_SIZE && to != TO(SIZE))
        return chunked->begun;
    if (chunked->phase == CHUNKED_NAME && to != TO(NAME))
        return chunked->begun == (to == TO(VALUE));
    return true;
}

static bool count_digit(struct chunked *chunked, uint8_t byte)
{
    uint64_t digit = (uint64_t)g_ascii_xdigit_value((char)byte), size;
    return !__builtin_mul_overflow(chunked->left, 16, &size) &&
           !__builtin_add_overflow(size, digit, &chunked->left) &&
           chunked->left <= chunked->most - chunked->total;
}

static bool step(struct chunked *chunked, uint8_t byte)
{
    enum kind kind = kind_of(byte);
    uint8_t to = next[chunked->phase][kind];
    if (to == 0 || !may_leave(chunked, to))
        return false;
    if (kind != CR && kind != LF && chunked->line++ == CHUNKED_LINE)
        return false;
    if (to == TO(SIZE) && kind == HEX && !count_digit(chunked, byte))
        return false;
    chunked->begun = kind != LF;
    if (to == TO(DATA)) {
        chunked->line = 0;
        chunked->total += chunked->left;
        if (chunked->left == 0)
            to = TO(NAME);
    }
    chunked->phase = (enum chunked_phase)(to - 1);
    return true;
}

static bool in_lines(const struct chunked *chunked)
{
    return chunked->phase != CHUNKED_DATA && chunked->phase != CHUNKED_END &&
           chunked->phase != CHUNKED_WRONG;
}

ssize_t chunked_parse(struct chunked *chunked, const uint8_t *data, size_t size,
                      struct chunked_piece *piece)
{
    size_t used = 0;
    for (; used < size && in_lines(chunked); used++)
        if (!step(chunked, data[used]))
            chunked->phase = CHUNKED_WRONG;
    *piece = (struct chunked_piece){.size = 0};
    if (chunked->phase == CHUNKED_WRONG)
        return -1;
    if (used > 0 || chunked->phase != CHUNKED_DATA)
        return (ssize_t)used;
    *piece = (struct chunked_piece){data, MIN(size, chunked->left)};
    chunked->left -= piece->size;
    if (chunked->left == 0)
        chunked->phase = CHUNKED_DATA_CR;
    return (ssize_t)piece->size;
}

bool chunked_ended(const struct chunked *chunked)
{
    return chunked->phase == CHUNKED_END;
}

void chunked_put(struct wire_writer *out, const void *data, size_t size)
{
    char line[32];
    if (size == 0)
        return;
    wire_put_raw(out, line, (size_t)g_snprintf(line, 32, "%zx\r\n", size));
    wire_put_raw(out, data, size);
    wire_put_raw(out, "\r\n", 2);
}

void chunked_put_end(struct wire_writer *out)
{
    wire_put_raw(out, "0\r\n\r\n", 5);
}

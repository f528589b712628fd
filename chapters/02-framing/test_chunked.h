/**
 * @file test_chunked.h
 * For the tests of chunked: the bytes of somebody are shown to a reader in
 * pieces, each in memory of just its size, which is overwritten afterwards. So
 * who looks beyond the end, or copies, is seen.
 *
 *     BODY("5\r\nhello\r\n0\r\n\r\n");
 *     REFUSED("5\r\nhello0");       // Its last byte is the first wrong one.
 *
 * What must come of it says a model, which has all the bytes at once, and so
 * needs no phases.
 */
#ifndef FRAMING_TEST_CHUNKED_H
#define FRAMING_TEST_CHUNKED_H
#include "02-framing/chunked.h"
#include "common/course/graded.h"
#include <stdlib.h>
#include <string.h>

enum { NOTED = 40, QUOTED = 20, MANY = 100000 };

/* ---- The model: a cursor, which stops at the first wrong byte. ---- */

struct chunked_model {
    const uint8_t *bytes;
    size_t size;
    size_t at;     /* Up to here it is right. */
    size_t room;   /* How many bytes of body may yet come. */
    bool whole;    /* Up to here it is all of a body. */
    GString *body; /* For each byte: 'x' when it is one of the body. */
};

static int peek(const struct chunked_model *model)
{
    return model->at < model->size ? model->bytes[model->at] : -1;
}

static bool take(struct chunked_model *model, int byte)
{
    bool there = peek(model) == byte;
    model->at += there;
    return there;
}

static bool take_end(struct chunked_model *model)
{
    return take(model, '\r') && take(model, '\n');
}

static void take_text(struct chunked_model *model)
{
    while (peek(model) == '\t' || (peek(model) >= ' ' && peek(model) != 127))
        model->at++;
}

static bool take_size(struct chunked_model *model, size_t *size)
{
    size_t begin = model->at;
    int digit;
    for (*size = 0; (digit = peek(model)) >= 0 && g_ascii_isxdigit((char)digit);
         model->at++) {
        *size = 16 * *size + (size_t)g_ascii_xdigit_value((char)digit);
        if (*size > model->room)
            return false;
    }
    if (model->at == begin)
        return false;
    while (take(model, ' ') || take(model, '\t'))
        ;
    if (take(model, ';'))
        take_text(model);
    return take_end(model);
}

static bool take_data(struct chunked_model *model, size_t size)
{
    model->room -= size;
    for (; size > 0 && model->at < model->size; size--)
        model->body->str[model->at++] = 'x';
    return size == 0 && take_end(model);
}

static bool take_trailer(struct chunked_model *model)
{
    size_t begin = model->at;
    while (peek(model) > ' ' && peek(model) < 127 &&
           !strchr("\"(),/:;<=>?@[\\]{}", peek(model)))
        model->at++;
    if (model->at == begin || !take(model, ':'))
        return false;
    take_text(model);
    return take_end(model);
}

static bool take_body(struct chunked_model *model)
{
    for (size_t size = 1; size > 0;) {
        if (!take_size(model, &size))
            return false;
        if (size > 0 && !take_data(model, size))
            return false;
    }
    while (!take(model, '\r'))
        if (!take_trailer(model))
            return false;
    return take(model, '\n');
}

static struct chunked_model model_of(const char *bytes, size_t size,
                                     size_t most)
{
    struct chunked_model model = {.bytes = (const uint8_t *)bytes,
                                  .size = size,
                                  .room = most,
                                  .body = g_string_new(NULL)};
    g_string_set_size(model.body, size);
    memset(model.body->str, '.', size);
    model.whole = take_body(&model);
    return model;
}

/* ---- A reader is shown some bytes. ---- */

struct chunked_show {
    struct chunked chunked;
    const struct chunked_model *model;
    size_t at; /* So many were used. */
};

static void append_escaped(GString *text, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] == '\r' || bytes[i] == '\n')
            g_string_append(text, bytes[i] == '\r' ? "\\r" : "\\n");
        else if (g_ascii_isprint((char)bytes[i]))
            g_string_append_c(text, (char)bytes[i]);
        else
            g_string_append_printf(text, "\\x%02x", bytes[i]);
}

static void note(const uint8_t *data, size_t size, ssize_t used, size_t piece)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "chunked_parse, %zu bytes = %zd", size, used);
    if (used > 0)
        g_string_append_printf(line, ", a piece of %zu", piece);
    g_string_append(line, ": ");
    append_escaped(line, data, MIN(size, NOTED));
    sheet_note(line->str);
}

/* Just these bytes of the body must be in the piece. */
static void expect_piece(const struct chunked_show *show, const uint8_t *shown,
                         size_t used, const struct chunked_piece *piece,
                         size_t size)
{
    const char *body = show->model->body->str + show->at;
    size_t begin = 0;
    while (begin < used && body[begin] != 'x')
        begin++;
    size_t end = begin;
    while (begin < used && end < size && body[end] == 'x')
        end++;
    expect_equal("bytes of the body in the piece:", piece->size, end - begin);
    if (piece->size == 0)
        return;
    expect_that(piece->data == shown + begin, "the piece to lie where it came",
                "%td bytes from there", piece->data - (shown + begin));
    expect_equal("a piece is the last that is used; used are", used, end);
}

/* One call: @p size bytes. */
static ssize_t show_some(struct chunked_show *show, size_t size)
{
    uint8_t *shown = malloc(size);
    memcpy(shown, show->model->bytes + show->at, size);
    struct chunked_piece piece = {.size = 0};
    ssize_t used = chunked_parse(&show->chunked, shown, size, &piece);
    note(shown, size, used, piece.size);
    expect_that(used >= -1 && used <= (ssize_t)size,
                "some of the bytes that are there to be used", "%zd of %zu",
                used, size);
    if (used == 0)
        expect_equal("where no bytes are used, those in the piece are",
                     piece.size, 0);
    if (used > 0)
        expect_piece(show, shown, (size_t)used, &piece, size);
    memset(shown, 'X', size);
    free(shown);
    show->at += (size_t)MAX(used, 0);
    return used;
}

/* All bytes up to @p end have come: what the reader does with them. Returns
 * false when it says that they are wrong. */
static bool show_until(struct chunked_show *show, size_t end)
{
    ssize_t used = 1;
    while (show->at < end && used > 0)
        used = show_some(show, end - show->at);
    return used != -1;
}

/* "... 0\r\nA:b", the last bytes up to @p end, in a sentence. Returns new. */
static char *quote(const char *sentence, const struct chunked_model *model,
                   size_t end)
{
    GString *text = g_string_new(sentence);
    size_t begin = end > QUOTED ? end - QUOTED : 0;
    g_string_append(text, begin > 0 ? " \"..." : " \"");
    append_escaped(text, model->bytes + begin, end - begin);
    return g_string_free(g_string_append(text, "\""), FALSE);
}

/* Up to @p end it is right, and what follows the body is not its. */
static void expect_right(const struct chunked_show *show, size_t end,
                         bool right)
{
    const struct chunked_model *model = show->model;
    size_t used = MIN(end, model->at);
    bool ended = model->whole && end >= model->at;
    if (right && show->at == used && chunked_ended(&show->chunked) == ended)
        return;
    g_autofree char *so_far =
        quote("no -1, since this is right so far:", model, end);
    expect_that(right, so_far, "-1");
    g_autofree char *using = quote("bytes used of", model, end);
    expect_equal(using, show->at, used);
    g_autofree char *ending = quote("chunked_ended behind", model, end);
    expect_equal(ending, chunked_ended(&show->chunked), ended);
}

/* They have come, and the model knows them. */
static void expect_until(struct chunked_show *show, size_t end)
{
    const struct chunked_model *model = show->model;
    bool right = show_until(show, end);
    if (end > model->at && !model->whole) {
        if (!right)
            return;
        g_autofree char *wrong =
            quote("-1, with the last byte of", model, model->at + 1);
        graded_wrong(wrong, "%zu bytes used, and %s", show->at,
                     chunked_ended(&show->chunked) ? "an end" : "no end");
    }
    expect_right(show, end, right);
}

static void expect_cut(const struct chunked_model *model, size_t most,
                       size_t cut)
{
    struct chunked_show show = {.chunked = {.most = most}, .model = model};
    sheet_note("A new body");
    expect_until(&show, cut);
    expect_until(&show, model->size);
}

static void expect_bytewise(const struct chunked_model *model, size_t most)
{
    struct chunked_show show = {.chunked = {.most = most}, .model = model};
    sheet_note("A new body, byte by byte");
    for (size_t end = 1; end <= model->size; end++)
        expect_until(&show, end);
}

/* Byte by byte, all at once, and cut in two at each place or, when it is long,
 * at some. */
static void expect_model(const char *bytes, size_t size, size_t most)
{
    struct chunked_model model = model_of(bytes, size, most);
    expect_bytewise(&model, most);
    for (size_t cut = 0; cut < size; cut += 1 + size / 300)
        expect_cut(&model, most, cut);
    g_string_free(model.body, TRUE);
}

/* A body of that many bytes, and something behind it. */
static void expect_body(const char *bytes, size_t size, size_t most)
{
    struct chunked_model model = model_of(bytes, size, most);
    g_assert(model.whole && model.at == size);
    g_string_free(model.body, TRUE);
    expect_model(bytes, size, most);
    g_autofree char *more = g_malloc(size + 8);
    memcpy(more, bytes, size);
    memcpy(more + size, "GET\r\n\r\n0", 8);
    expect_model(more, size + 8, most);
}

/* Its last byte is the first wrong one. */
static void expect_refused(const char *bytes, size_t size, size_t most)
{
    struct chunked_model model = model_of(bytes, size, most);
    g_assert(!model.whole && model.at == size - 1);
    g_string_free(model.body, TRUE);
    expect_model(bytes, size, most);
}

/* ---- Long lines and large sizes. ---- */

/* How many of these bytes are used, @p step of them coming at a time. The
 * reader's answer at last is @p answer: -1, or another one. */
static size_t read_in_steps(uint64_t most, const char *bytes, size_t step,
                            ssize_t *answer)
{
    struct chunked chunked = {.most = most};
    struct chunked_piece piece;
    size_t at = 0, size = strlen(bytes);
    *answer = 1;
    sheet_note("A new body");
    for (size_t end = step; end <= size && *answer > 0; end += step)
        while (at<end && * answer> 0) {
            const uint8_t *data = (const uint8_t *)bytes + at;
            *answer = chunked_parse(&chunked, data, end - at, &piece);
            note(data, end - at, *answer, piece.size);
            at += (size_t)MAX(*answer, 0);
        }
    return at;
}

/* The beginning of a body: right up to @p right bytes, and then wrong; or all
 * right. */
static void expect_up_to(uint64_t most, const char *bytes, size_t right)
{
    size_t size = strlen(bytes);
    ssize_t whole, last;
    read_in_steps(most, bytes, size, &whole);
    size_t used = read_in_steps(most, bytes, 1, &last);
    g_autoptr(GString) what = g_string_new(NULL);
    g_string_printf(what, "byte by byte, of %zu bytes, used are, of \"", size);
    append_escaped(what, (const uint8_t *)bytes, MIN(size, QUOTED));
    g_string_append(what, "...\"");
    expect_that(right == size || whole == -1,
                "-1, since a beginning of a body is too much",
                "%zd, where %zu bytes come at once", whole, size);
    expect_equal(what->str, used, right);
    expect_that((right < size) == (last == -1), "-1 where it is too much",
                "%zd", last);
    expect_that(right < size || whole > 0,
                "no -1, since it is not too much, all at once", "%zd", whole);
}

/** A body; and what is none, from its last byte on. */
#define BODY(bytes)    expect_body(bytes, sizeof(bytes) - 1, MANY)
#define REFUSED(bytes) expect_refused(bytes, sizeof(bytes) - 1, MANY)

#endif

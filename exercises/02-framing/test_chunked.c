#include "02-framing/test_chunked.h"
#include "common/world/dice.h"

/* ---- Chunks. ---- */

static void a_chunk_is_its_size_and_so_many_bytes(void)
{
    BODY("5\r\nhello\r\n0\r\n\r\n");
    BODY("5\r\nhello\r\n7\r\n, world\r\n1\r\n!\r\n0\r\n\r\n");
    BODY("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n");
    BODY("0000005\r\nhello\r\n00\r\n\r\n");
    BODY("1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n");
    BODY("1F\r\nabcdefghijklmnopqrstuvwxyz01234\r\n0\r\n\r\n");
    BODY("c\r\n"
         "\r\n0\r\n\r\n5\r\n\0\xff"
         "\r\n"
         "b\r\n"
         "0\r\n\r\n5\r\n0\r\n"
         "\r\n0\r\n\r\n");
    static char bytes[0xabc + 20];
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, "aBc\r\n", 5);
    memcpy(bytes + 5 + 0xabc, "\r\n0\r\n\r\n", 7);
    expect_body(bytes, 5 + 0xabc + 7, MANY);
}

static void a_size_is_hexadecimal_digits_and_nothing_else(void)
{
    static const char *const wrong[] = {
        "\r",  "\n",  " ",    "\t",   "\1",     "+",      "-",     ";",
        "\"",  "'",   "/",    ":",    "@",      "g",      "G",     "x",
        "`",   "{",   "\x80", "\xff", "0x",     "0X",     "5h",    "5g",
        "5G",  "5`",  "5@",   "5/",   "5:",     "5,",     "5.",    "5=",
        "5_",  "5'",  "5\b",  "5\v",  "5\f",    "5\x7f",  "5\xff", "1e+",
        "5 5", "5 x", "5\t5", "5 \f", "5 \x80", "5 \t =", "5 -"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *second = g_strconcat("2\r\nab\r\n", wrong[i], NULL);
        expect_refused(wrong[i], strlen(wrong[i]), MANY);
        expect_refused(second, strlen(second), MANY);
    }
    REFUSED("\0");
    REFUSED("5\0");
    REFUSED("5 \0");
}

static void cr_and_lf_end_each_line_and_each_chunk(void)
{
    REFUSED("5\n");
    REFUSED("5;a\n");
    REFUSED("5 \n");
    REFUSED("5\r\r");
    REFUSED("5\rh");
    REFUSED("5;a\r;");
    REFUSED("5;a\rb");
    REFUSED("0\n");
    REFUSED("0\r0");
    REFUSED("5\r\nhello\n");
    REFUSED("5\r\nhello0");
    REFUSED("5\r\nhello ");
    REFUSED("5\r\nhello!");
    REFUSED("5\r\nhello\r0");
    REFUSED("5\r\nhello\r\r");
    REFUSED("5\r\nhello\r\n\r");
    REFUSED("5\r\nhello\r\n\n");
    REFUSED("0\r\nA:b\n");
    REFUSED("0\r\nA:b\rc");
    REFUSED("0\r\nA:b\r\r");
    REFUSED("0\r\nA:b\r\n\n");
    REFUSED("0\r\nA:b\r\n\rA");
}

/* ---- What is passed over. ---- */

static void expect_extensions(void)
{
    BODY("5;who=me\r\nhello\r\n0;last\r\n\r\n");
    BODY("5;\r\nhello\r\n0;\r\n\r\n");
    BODY("5;9\r\nhello\r\n0;5\r\n\r\n");
    BODY("5;a;b;c=d\r\nhello\r\n5;;;\r\nhello\r\n0\r\n\r\n");
    BODY("5 \t ; a = \"x;y \\\" z\"\r\nhello\r\n0 ;\r\n\r\n");
    BODY("5  \t\r\nhello\r\n0\t\r\n\r\n");
    BODY("5;a=\"\r\nhello\r\n0\r\n\r\n");
    BODY("5;\t\x80\xff~!\r\nhello\r\n0; 0\r\n\r\n");
    BODY("a;bcdef0123\r\n0123456789\r\n0;a\r\n\r\n");
    REFUSED("5;\n");
    REFUSED("5;a\0");
    REFUSED("5;a\x1f");
    REFUSED("5;a\x7f");
    REFUSED("5;a=\"\n");
    REFUSED("5;a=\"\r\"");
    REFUSED("0;a\x1");
}

static void expect_trailers(void)
{
    BODY("0\r\nTrailer: of no use\r\n\r\n");
    BODY("5\r\nhello\r\n0\r\nA:\r\nB:b\r\nc-D:\t e : f\r\n\r\n");
    BODY("0;x\r\n5:\r\n0:0\r\n!#$%&'*+-.^_`|~aZ09:\x80\xff\t\"\r\n\r\n");
    BODY("0\r\n0: 0\r\n\r\n");
    BODY("0\r\nA::\r\nContent-Length: 5\r\n\r\n");
    static const char *const wrong[] = {
        ":",    "A:b\r\n ", "A:b\r\n\t", "A ",   "A\t",       "A\r",
        "A\n",  " ",        "\t",        "A\"",  "A:b\x1f",   "A:b\x7f",
        "A(",   "A;",       "A/",        "A=",   "A\x80",     "GET ",
        "A,",   "A\x1f",    "A[",        "\xff", "A:\x1",     "A:b\r\n:",
        "A:\n", "A\x7f",    "A\\",       "A{",   "A:b\r\nB ", "A:b\r\nB\r"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *bytes = g_strconcat("0\r\n", wrong[i], NULL);
        expect_refused(bytes, strlen(bytes), MANY);
    }
    REFUSED("0\r\nA\0");
    REFUSED("0\r\n\0");
    REFUSED("0\r\nA:b\0");
}

static void extensions_and_trailers_are_passed_over(void)
{
    expect_extensions();
    expect_trailers();
}

/* ---- Limits. ---- */

static void expect_no_overflow(void)
{
    const char *most = "ffffffffffffffff\r\nabc";
    expect_up_to(UINT64_MAX, most, strlen(most));
    expect_up_to(UINT64_MAX, "8000000000000000\r\nabc", 21);
    expect_up_to(UINT64_MAX, "0000ffffffffffffffff\r\n", 22);
    expect_up_to(UINT64_MAX, "10000000000000000\r\n", 16);
    expect_up_to(UINT64_MAX, "10000000000000005\r\nhello\r\n", 16);
    expect_up_to(UINT64_MAX, "fffffffffffffffff\r\n", 16);
    expect_up_to(UINT64_MAX, "5\r\nhello\r\nfffffffffffffffa\r\n", 28);
    expect_up_to(UINT64_MAX, "5\r\nhello\r\nfffffffffffffffb\r\n", 25);
    expect_up_to(UINT64_MAX - 1, "fffffffffffffffe\r\n", 18);
    expect_up_to(UINT64_MAX - 1, "ffffffffffffffff\r\n", 15);
    expect_up_to(MANY, "100000000\r\n", 5);
    expect_up_to(5, "100000005\r\nhello\r\n", 1);
    expect_up_to(5, "8000000000000001\r\n", 0);
    expect_up_to(5, "2\r\nhe\r\nffffffffffffffff\r\n", 7);
}

static void a_body_has_at_most_as_many_bytes_as_it_may(void)
{
    expect_body("5\r\nhello\r\n0\r\n\r\n", 15, 5);
    expect_body("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 20, 5);
    expect_body("0\r\n\r\n", 5, 0);
    expect_refused("10", 2, 15);
    expect_refused("6", 1, 5);
    expect_refused("1", 1, 0);
    expect_refused("00000006", 8, 5);
    expect_refused("2\r\nhe\r\n4", 8, 5);
    expect_refused("5\r\nhello\r\n1", 11, 5);
    expect_refused("2\r\nhe\r\n03", 9, 4);
    expect_refused("fF", 2, 254);
    expect_up_to(255, "fF\r\n", 4);
    expect_no_overflow();
}

/* @p head, @p count times @p byte, @p tail: right up to @p right bytes. */
static void expect_long(const char *head, char byte, size_t count,
                        const char *tail, size_t right)
{
    g_autofree char *fill = g_strnfill(count, byte);
    g_autofree char *bytes = g_strconcat(head, fill, tail, NULL);
    expect_up_to(MANY, bytes, right ? right : strlen(bytes));
}

/* @p head is the beginning of a line, filled up to the limit, and beyond. */
static void expect_line(const char *before, const char *head, char byte)
{
    g_autofree char *all = g_strconcat(before, head, NULL);
    size_t count = CHUNKED_LINE - strlen(head);
    size_t right = strlen(before) + CHUNKED_LINE;
    expect_long(all, byte, count, "\r\n", 0);
    expect_long(all, byte, 2 * count, "", right);
    expect_long(all, byte, count + 1, "\r\n", right);
}

static void expect_bounded_trailers(void)
{
    expect_long("0\r\nA:", 'b', CHUNKED_LINE - 2, "\r\n\r\n", 0);
    expect_long("0\r\nA:", 'b', CHUNKED_LINE - 1, "\r\n\r\n",
                5 + CHUNKED_LINE - 2);
    expect_long("0\r\nA:", 'b', 2 * CHUNKED_LINE, "", 5 + CHUNKED_LINE - 2);
    expect_long("0\r\n", 'A', 2 * CHUNKED_LINE, "", 3 + CHUNKED_LINE);
    expect_long("0\r\nA:b\r\n", 'A', CHUNKED_LINE - 4, ":\r\n\r\n", 0);
    expect_long("0\r\nA:b\r\n", 'A', CHUNKED_LINE - 3, ":\r\n",
                8 + CHUNKED_LINE - 3);
    g_autoptr(GString) lines = g_string_new("0;ext\r\n");
    for (size_t i = 0; i < CHUNKED_LINE / 4; i++)
        g_string_append(lines, "Ab:c\r\n");
    g_autofree char *more = g_strconcat(lines->str, "A:\r\n", NULL);
    expect_up_to(MANY, more, lines->len);
    g_string_append(lines, "\r\n");
    expect_up_to(MANY, lines->str, lines->len);
}

static void a_line_is_too_long_as_soon_as_it_is(void)
{
    expect_line("", "", '0');
    expect_line("", "5", ' ');
    expect_line("", "5;", 'a');
    expect_line("", "5 ;a=\"", '\t');
    expect_line("2\r\nab\r\n", "00", '0');
    expect_line("2;xyz\r\nab\r\n", "5;", ';');
    g_autofree char *pad = g_strnfill(CHUNKED_LINE - 1, ' ');
    g_autofree char *two =
        g_strconcat("1", pad, "\r\na\r\n1", pad, "\r\nb\r\n0", pad,
                    "\r\nA:", pad + 1, "\r\n", NULL);
    expect_up_to(MANY, two, strlen(two));
    expect_bounded_trailers();
}

/* ---- Reading on. ---- */

static const char recorded[] =
    "3;a=\"b\"\r\nabc\r\n0a \t\r\n0\r\n\r\nGET /\r\n0;\r\nA: b\r\nC:\r\n\r\n";

/* The recorded body with one byte replaced, or left out, or doubled: what that
 * is says the model. */
static void expect_the_same_whatever_a_byte_is(void)
{
    static const char among[] = "\1\t\n\v\r\x1f !\"+-./059:;<=@AFGZ[`afgxz{|~"
                                "\x7f\x80\xff";
    size_t size = sizeof recorded - 1;
    expect_body(recorded, size, MANY);
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < sizeof among + 2; j++) {
            g_autoptr(GString) bytes = g_string_new_len(recorded, (gssize)size);
            if (j < sizeof among)
                bytes->str[i] = among[j];
            else if (j == sizeof among)
                g_string_erase(bytes, (gssize)i, 1);
            else
                g_string_insert_c(bytes, (gssize)i, bytes->str[i]);
            struct chunked_model model = model_of(bytes->str, bytes->len, 200);
            expect_cut(&model, 200, 0);
            expect_cut(&model, 200, i);
            g_string_free(model.body, TRUE);
        }
}

struct chunked_drawn {
    GString *bytes;
    struct dice *dice;
};

/* Up to @p most bytes that mean something in another place. */
static void draw_text(struct chunked_drawn *drawn, const char *among,
                      uint64_t most)
{
    for (uint64_t i = dice_between(drawn->dice, 0, most); i > 0; i--)
        g_string_append_c(drawn->bytes,
                          among[dice_roll(drawn->dice) % strlen(among)]);
}

static void draw_chunk(struct chunked_drawn *drawn, size_t size)
{
    static const char alike[] = "0\r\n5;:aF\xff ";
    GString *bytes = drawn->bytes;
    draw_text(drawn, "0", 3);
    g_string_append_printf(bytes, dice_roll(drawn->dice) & 1 ? "%zx" : "%zX",
                           size);
    draw_text(drawn, " \t", 2);
    if (dice_roll(drawn->dice) % 3 == 0) {
        g_string_append_c(bytes, ';');
        draw_text(drawn, "0a;=\"\t:,\xff", 20);
    }
    g_string_append(bytes, "\r\n");
    if (size == 0)
        return;
    for (; size > 0; size--)
        g_string_append_c(bytes, alike[dice_roll(drawn->dice) % sizeof alike]);
    g_string_append(bytes, "\r\n");
}

static void draw_body(struct chunked_drawn *drawn)
{
    for (uint64_t i = dice_between(drawn->dice, 0, 12); i > 0; i--)
        draw_chunk(drawn, (size_t)1 << dice_roll(drawn->dice) % 10 |
                              dice_roll(drawn->dice) % 16);
    draw_chunk(drawn, 0);
    for (uint64_t i = dice_roll(drawn->dice) % 3; i > 0; i--) {
        g_string_append_c(drawn->bytes, 'T');
        draw_text(drawn, "a-0F!~", 9);
        g_string_append_c(drawn->bytes, ':');
        draw_text(drawn, ": 0\"\t;\xff", 9);
        g_string_append(drawn->bytes, "\r\n");
    }
    g_string_append(drawn->bytes, "\r\n");
}

/* A body and something behind it, in pieces of any size, some of them empty. */
static void in_any_pieces_the_body_is_the_same(void)
{
    for_each_seed (seed, 300) {
        struct dice dice = dice_at(seed, 2, 4);
        struct chunked_drawn drawn = {.bytes = g_string_new(NULL),
                                      .dice = &dice};
        draw_body(&drawn);
        draw_text(&drawn, "0\r\n", 9);
        size_t size = drawn.bytes->len;
        struct chunked_model model = model_of(drawn.bytes->str, size, MANY);
        g_assert(model.whole);
        struct chunked_show show = {.chunked = {.most = MANY}, .model = &model};
        uint64_t most = (uint64_t)1 << dice_between(&dice, 1, 10);
        sheet_note("A new body");
        for (size_t end = 0; end < size; end += dice_between(&dice, 0, most)) {
            if (dice_roll(&dice) % 4 == 0)
                expect_equal("of no bytes, used are", show_some(&show, 0), 0);
            expect_until(&show, end);
        }
        expect_until(&show, size);
        g_string_free(model.body, TRUE);
        g_string_free(drawn.bytes, TRUE);
    }
    expect_the_same_whatever_a_byte_is();
}

/* ---- Ends. ---- */

static ssize_t parse(struct chunked *chunked, const char *bytes)
{
    struct chunked_piece piece;
    ssize_t used =
        chunked_parse(chunked, (const uint8_t *)bytes, strlen(bytes), &piece);
    note((const uint8_t *)bytes, strlen(bytes), used, piece.size);
    return used;
}

static void expect_last_chunks(void)
{
    BODY("0\r\n\r\n");
    BODY("000\r\n\r\n");
    BODY("00000000000000000000000000000000\r\n\r\n");
    BODY("0 \r\n\r\n");
    BODY("0;last\r\n\r\n");
    BODY("1\r\n0\r\n0;5\r\n\r\n");
    REFUSED("0\r\n5\r");
    REFUSED("0\r\n\n");
    REFUSED("0\r\n\r\r");
    REFUSED("0\r\n\rG");
}

static void the_body_ends_behind_the_last_chunk(void)
{
    static const char *const behind[] = {
        "0\r\n\r\n", "\r\n", "\n", "5", "", "GET / HTTP/1.1\r\n", "A: b\r\n"};
    expect_last_chunks();
    struct chunked chunked = {.most = MANY};
    expect_that(!chunked_ended(&chunked), "no end before the beginning",
                "chunked_ended");
    for (const char *byte = "1\r\na\r\n0\r\n\r\n"; *byte; byte++) {
        expect_that(!chunked_ended(&chunked), "no end before the last byte",
                    "chunked_ended");
        expect_equal("of one more byte of the body, used are",
                     parse(&chunked, (char[]){*byte, 0}), 1);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(behind); i++) {
        expect_that(chunked_ended(&chunked), "the body to be over",
                    "!chunked_ended");
        expect_equal("of what follows a body, used are",
                     parse(&chunked, behind[i]), 0);
    }
}

static void after_an_error_there_is_nothing_but_errors(void)
{
    static const char *const wrong[] = {
        "x",           "5\n",       "5\r5",         "5 5",     "1\r\nax",
        "1\r\na\rx",   "0\r\n\n",   "0\r\n\r0",     "0\r\n:",  "0\r\nA\r",
        "0\r\nA:\r\r", "0\r\nA:\n", "1\r\na\r\n1g", "fffffff", "5;\x01"};
    static const char *const behind[] = {
        "\r\n", "5\r\nhello\r\n0\r\n\r\n", "\n", "0\r\n\r\n", "hello", ""};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct chunked chunked = {.most = MANY};
        const char *byte = wrong[i];
        sheet_note("A new body");
        for (ssize_t used = 0; *byte && used != -1; byte++)
            used = parse(&chunked, (char[]){*byte, 0});
        for (size_t j = 0; j < G_N_ELEMENTS(behind); j++) {
            expect_equal("after an error chunked_parse returns",
                         parse(&chunked, behind[j]), -1);
            expect_that(!chunked_ended(&chunked), "no end after an error",
                        "chunked_ended");
        }
    }
}

/* ---- Writing. ---- */

static void expect_written(const void *body, size_t size)
{
    struct wire_writer out = {.most = SIZE_MAX};
    g_autofree char *line = g_strdup_printf("%zx\r\n", size);
    chunked_put(&out, body, size);
    chunked_put(&out, body, 0);
    chunked_put_end(&out);
    size_t head = size > 0 ? strlen(line) : 0, foot = size > 0 ? 2 : 0;
    expect_equal("bytes of a chunk and the end:", out.size,
                 head + size + foot + 5);
    expect_that(g_ascii_strncasecmp((char *)out.data, line, head) == 0,
                "a size in hexadecimal digits", "%.*s", (int)head, out.data);
    if (size > 0)
        expect_bytes("the chunk", out.data + head, body, size);
    expect_body((char *)out.data, out.size, size);
    wire_clear(&out);
}

static void what_is_written_is_read(void)
{
    static char body[5000];
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)i;
    for (size_t size = 0; size < sizeof body; size = 2 * size + 1)
        expect_written(body, size);
    expect_written(body, 10);
    expect_written(body, 16);
    expect_written(body, 256);
    struct wire_writer out = {.most = 100};
    chunked_put(&out, "hello", 5);
    chunked_put(&out, ", world", 7);
    chunked_put_end(&out);
    static const char wanted[] = "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n";
    expect_equal("bytes of two chunks and the end:", out.size,
                 sizeof wanted - 1);
    expect_bytes("two chunks and the end", out.data, wanted, out.size);
    wire_clear(&out);
    BODY(wanted);
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(a_chunk_is_its_size_and_so_many_bytes),
        GRADED(the_body_ends_behind_the_last_chunk),
        GRADED(a_size_is_hexadecimal_digits_and_nothing_else),
        GRADED(cr_and_lf_end_each_line_and_each_chunk),
        GRADED(extensions_and_trailers_are_passed_over),
        GRADED(in_any_pieces_the_body_is_the_same),
        GRADED(a_body_has_at_most_as_many_bytes_as_it_may),
        GRADED(a_line_is_too_long_as_soon_as_it_is),
        GRADED(after_an_error_there_is_nothing_but_errors),
        GRADED(what_is_written_is_read),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

/* The data of a picture; and the picture, where gnuplot is here to draw it. */
#include "common/judge/test.h"
#include "common/spacetime/moments.h"
#include "common/spacetime/spacetime.h"
#include "common/world/dice.h"
#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char small[] = "1000000\t1\tsend\t2\t0\task \"x\" \\x00\n"
                            "3000000\t2\treceive\t1\t0\task \"x\" \\x00\n"
                            "3000000\t2\tnote\t0\t0\t{y}_z^2 @$`\n"
                            "4000000\t2\tsend\t1\t0\tno\n"
                            "4000000\t2\tlose\t1\t0\tno\n"
                            "4500000\t2\tcrash\t0\t0\t\n"
                            "5000000\t1\tbroken\t0\t0\tA-1 nothing came\n";

static char *table_of(const char *trace)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    spacetime_table(out, trace);
    fclose(out);
    return text;
}

/* The rows of a block, without those off the page. Returns new. */
static char *block_of(const char *table, const char *name)
{
    g_autofree char *title = g_strdup_printf("# %s\n#", name);
    const char *block = strstr(table, title);
    assert_non_null(block);
    block = strchr(block + strlen(title), '\n') + 1;
    block += g_str_has_prefix(block, "-99\t") ? strcspn(block, "\n") + 1 : 0;
    const char *end = strstr(block - 1, "\n\n\n");
    return end ? g_strndup(block, (size_t)(end + 1 - block)) : g_strdup(block);
}

static void assert_block(const char *table, const char *name, const char *rows)
{
    g_autofree char *block = block_of(table, name);
    assert_string_equal(block, rows);
}

static void a_message_slants_from_its_sending_to_its_end(void **state)
{
    (void)state;
    char *table = table_of(small);
    assert_block(table, "frame", "508\t234\n");
    assert_block(table, "lanes",
                 "84.0\t52.0\t172.3\t1\n"
                 "364.0\t52.0\t172.3\t2\n");
    assert_block(table, "messages", "84.0\t69.0\t364.0\t92.7\t1\n");
    assert_block(table, "lost", "364.0\t118.2\t182.0\t138.6\t2\n");
    assert_block(table, "bands", "356.0\t133.3\t372.0\t172.3\t1\n");
    free(table);
}

static void texts_are_written_as_gnuplot_reads_them(void **state)
{
    (void)state;
    char *table = table_of(small);
    assert_non_null(strstr(table, "\task ”x” \\\\x00\n"));
    assert_non_null(strstr(table, "\t{y}_z^2 @$`\n"));
    assert_non_null(strstr(table, "\tA-1 nothing came\n"));
    free(table);
}

/* Every row of a block has as many fields as its heading. */
static void check_rows(const char *table)
{
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    unsigned tabs = 0;
    for (char **line = lines; *line; line++) {
        unsigned count = 0;
        for (const char *c = *line; *c; c++)
            count += *c == '\t';
        if (**line == '#')
            tabs = count;
        else if (**line)
            assert_int_equal(count, tabs);
        assert_null(strchr(*line, '"'));
        assert_null(strstr(*line, "nan"));
        assert_null(strstr(*line, "inf"));
    }
}

static char *random_trace(struct dice *dice)
{
    static const char *const names[] = {
        "send", "receive", "lose",  "persist", "note", "boot",    "crash",
        "cut",  "mend",    "pause", "resume",  "ask",  "farewell"};
    uint64_t nodes = dice_between(dice, 1, 9),
             many = dice_between(dice, 1, 200);
    GString *trace = g_string_new(NULL);
    for (uint64_t i = 0; i < many; i++) {
        g_string_append_printf(
            trace, "%d\t%d\t%s\t%d\t%d\t",
            (int)dice_between(dice, 0, 40) * 1000000,
            (int)dice_between(dice, 1, nodes),
            names[dice_between(dice, 0, G_N_ELEMENTS(names) - 1)],
            (int)dice_between(dice, 0, nodes), (int)dice_between(dice, 0, 3));
        for (uint64_t size = dice_between(dice, 0, 70); size > 0; size--)
            g_string_append_c(trace, (char)dice_between(dice, 11, 126));
        g_string_append_c(trace, '\n');
    }
    g_string_append_printf(trace, "%" PRIu64 "\t%d\tbroken\t0\t0\t%s\n",
                           dice_roll(dice), (int)dice_between(dice, 0, nodes),
                           dice_roll(dice) % 2 ? "" : "\"\\ \t it broke");
    return g_string_free(trace, FALSE);
}

static void any_trace_has_whole_rows(void **state)
{
    (void)state;
    for_each_seed (seed, 100) {
        struct dice dice = dice_at(seed, 0, 0);
        g_autofree char *trace = random_trace(&dice);
        char *table = table_of(trace);
        check_rows(table);
        free(table);
    }
}

static void a_long_trace_says_what_is_left_out(void **state)
{
    (void)state;
    g_autoptr(GString) trace = g_string_new(NULL);
    for (int i = 0; i < 10000; i++)
        g_string_append_printf(trace, "%d\t1\tnote\t0\t0\tstep %d\n", i, i);
    char *table = table_of(trace->str);
    assert_block(table, "asides",
                 "12.0\t10.0\t9936 earlier events are left out\n");
    assert_non_null(strstr(table, "step 9936\n"));
    assert_null(strstr(table, "step 9935\n"));
    free(table);
}

static void moments_keep_their_order_and_a_row_between(void **state)
{
    (void)state;
    for_each_seed (seed, 100) {
        struct dice dice = dice_at(seed, 0, 0);
        struct moments *moments = moments_new();
        for (int i = 0; i < 30; i++)
            moments_add(moments, dice_between(&dice, 0, 40) << seed % 50,
                        (unsigned)dice_between(&dice, 0, 3));
        moments_settle(moments);
        nsec time, last = 0;
        for (unsigned i = 0; moments_nth(moments, i, &time); i++) {
            double gap =
                moments_row(moments, time) - moments_row(moments, last);
            assert_true(i == 0 || (time > last && gap >= 0.6 && gap <= 5));
            last = time;
        }
        assert_true(moments_end(moments) >= moments_row(moments, last) + 1);
        moments_free(moments);
    }
}

static void without_gnuplot_one_sentence_says_so(void **state)
{
    (void)state;
    char *dir = test_dir_make();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(dir, "x.svg", NULL);
    g_autofree char *before = g_strdup(g_getenv("PATH"));
    g_setenv("PATH", dir, TRUE);
    bool drawn = spacetime_svg(path, small, &error);
    g_setenv("PATH", before, TRUE);
    assert_false(drawn);
    assert_string_equal(error->message,
                        "a picture needs gnuplot, which is not here");
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    test_dir_remove(dir);
}

static void gnuplot_draws_texts_as_they_are(void **state)
{
    (void)state;
    g_autofree char *gnuplot = g_find_program_in_path("gnuplot");
    if (!gnuplot)
        skip();
    char *dir = test_dir_make();
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(dir, "x.svg", NULL), *svg = NULL;
    assert_true(spacetime_svg(path, small, &error));
    assert_true(g_file_get_contents(path, &svg, NULL, &error));
    assert_non_null(strstr(svg, "<text>ask ”x” \\x00</text>"));
    assert_non_null(strstr(svg, "<text>{y}_z^2 @$`</text>"));
    assert_non_null(strstr(svg, "A-1 nothing came"));
    test_dir_remove(dir);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_slants_from_its_sending_to_its_end),
        cmocka_unit_test(texts_are_written_as_gnuplot_reads_them),
        cmocka_unit_test(any_trace_has_whole_rows),
        cmocka_unit_test(a_long_trace_says_what_is_left_out),
        cmocka_unit_test(moments_keep_their_order_and_a_row_between),
        cmocka_unit_test(without_gnuplot_one_sentence_says_so),
        cmocka_unit_test(gnuplot_draws_texts_as_they_are),
    };
    return test_run(argc, argv, tests);
}

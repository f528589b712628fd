/* The picture of a trace, line by line; and of what is no trace. */
#include "common/judge/test.h"
#include "common/world/dice.h"
#include "common/world/lanes.h"
#include <stdlib.h>
#include <string.h>

static char *drawing_of(const char *trace, unsigned rows)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    lanes_draw(out, trace, rows);
    fclose(out);
    return text;
}

static void arrows_run_from_sender_to_receiver(void **state)
{
    (void)state;
    char *text = drawing_of("# time\tnode\tevent\tpeer\tnumber\ttext\n"
                            "1000000\t1\tsend\t2\t0\thello\n"
                            "2500000\t2\treceive\t1\t0\thello\n"
                            "3000000\t2\tlose\t1\t0\tack\n"
                            "4000000\t2\tnote\t0\t0\tnow leader\n"
                            "5000000\t1\tcrash\t0\t0\t\n"
                            "6000000\t1\tboot\t0\t0\t\n",
                            0);
    assert_string_equal(text,
                        "   time ms  1                       2\n"
                        "     1.500  ├─hello────────────────▶│\n"
                        "     2.000  │✗──────────────────ack─┤\n"
                        "     3.000  │                       ● now leader\n"
                        "     4.000  ✗ crash                 │\n"
                        "     5.000  ○ boot                  │\n");
    free(text);
}

static void what_is_no_trace_draws_nothing_and_breaks_nothing(void **state)
{
    (void)state;
    const char alphabet[] = "0123456789\t\t\t\t\nsendreceive#-";
    for_each_seed (seed, 500) {
        struct dice dice = dice_at(seed, 0, 0);
        char noise[400];
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = alphabet[dice_between(&dice, 0, sizeof alphabet - 2)];
        noise[sizeof noise - 1] = '\0';
        free(drawing_of(noise, 0));
    }
    char *text = drawing_of("", 0);
    assert_string_equal(text, "");
    free(text);
}

static void no_line_is_longer_than_a_terminal(void **state)
{
    (void)state;
    for (unsigned nodes = 1; nodes <= 9; nodes++) {
        g_autoptr(GString) trace = g_string_new(NULL);
        for (unsigned from = 1; from <= nodes; from++)
            for (unsigned to = 1; to <= nodes; to++) {
                g_string_append_printf(trace, "%u\t%u\treceive\t%u\t0\t%s\n",
                                       from * 100000000, to, from,
                                       "a message of many words, and more");
                g_string_append_printf(trace, "1\t%u\tnote\t0\t0\t%s\n", to,
                                       "a note that says more than fits into "
                                       "what is left of the line");
            }
        char *text = drawing_of(trace->str, 0);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
            assert_true(g_utf8_strlen(*line, -1) <= 80);
        free(text);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrows_run_from_sender_to_receiver),
        cmocka_unit_test(what_is_no_trace_draws_nothing_and_breaks_nothing),
        cmocka_unit_test(no_line_is_longer_than_a_terminal),
    };
    return test_run(argc, argv, tests);
}

/* The picture of a trace, line by line; and of what is no trace. */
#include "common/judge/test.h"
#include "common/spacetime/lanes.h"
#include "common/world/dice.h"
#include "common/world/env.h"
#include <inttypes.h>
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

static void what_a_late_message_hides_is_told(void **state)
{
    (void)state;
    char *text = drawing_of("1000000\t1\tsend\t2\t1\tone\n"
                            "2000000\t1\tsend\t2\t2\ttwo\n"
                            "3000000\t2\treceive\t1\t2\ttwo\n"
                            "4000000\t2\treceive\t1\t1\tone\n"
                            "5000000\t2\tsend\t1\t1\tyes\n"
                            "6000000\t2\tnote\t0\t0\tregrets\n"
                            "7000000\t1\treceive\t2\t1\tyes\n",
                            0);
    assert_string_equal(text,
                        "   time ms  1                       2\n"
                        "     2.000  ├─two──────────────────▶│\n"
                        "     3.000  ├─one──────────────────▶│ sent 0.000\n"
                        "     5.000  │                       ● regrets\n"
                        "     6.000  │◀──────────────────yes─┤ sent 4.000\n");
    free(text);
}

static void a_lane_tells_how_its_node_is(void **state)
{
    (void)state;
    char *text = drawing_of("0\t1\tnote\t0\t0\there\n"
                            "0\t2\tappend\t0\t0\tlog\n"
                            "1000000\t1\tcut\t2\t0\t\n"
                            "1000000\t2\tcut\t1\t0\t\n"
                            "2000000\t2\tcrash\t0\t0\tloses log 12 bytes\n"
                            "3000000\t1\tpause\t0\t0\t\n"
                            "4000000\t2\tboot\t0\t0\t\n"
                            "5000000\t1\tmend\t2\t0\t\n"
                            "6000000\t1\tresume\t0\t0\t\n"
                            "7000000\t1\task\t0\t0\tget x\n",
                            0);
    assert_string_equal(
        text, "   time ms  1                       2\n"
              "     0.000  ● here                  │\n"
              "     0.000  │                       = log\n"
              "     1.000  │◁╌╌╌╌╌╌╌╌╌cut╌╌╌╌╌╌╌╌╌▷│\n"
              "     2.000  │                       ✗ crash loses log 12 bytes\n"
              "     3.000  ‖ pause\n"
              "     4.000  ┆                       ○ boot\n"
              "     5.000  ┆┄┄┄┄┄┄┄┄mended┄┄┄┄┄┄┄┄▷│\n"
              "     6.000  ▸ resume                │\n"
              "     7.000  ▷ asked get x           │\n");
    free(text);
}

static void what_broke_stands_in_a_box_and_ends_the_picture(void **state)
{
    (void)state;
    char *text = drawing_of(
        "1000000\t2\tnote\t0\t0\tleader of term 3\n"
        "2000000\t3\tnote\t0\t0\tleader of term 3\n"
        "2000000\t3\tbroken\t0\t0\tR-1 one leader of a term at most, but "
        "nodes 2 and 3 both lead term 3\n"
        "3000000\t2\tnote\t0\t0\tafter the end\n",
        20);
    assert_string_equal(
        text,
        "   time ms  2                       3\n"
        "     0.000  ● leader of term 3      │\n"
        "     1.000  │                       ● leader of term 3\n"
        "            ┏━━━━━━━━━━━━━━━━━━━━━━━▼━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━"
        "━━━━━━━━━━━━┓\n"
        "     1.000  ┃ R-1 one leader of a term at most, but nodes 2 and 3 "
        "both lead    ┃\n"
        "            ┃ term 3                                               "
        "            ┃\n"
        "            ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━"
        "━━━━━━━━━━━━┛\n"
        "            (1 later event is left out)\n");
    free(text);
}

static void where_nobody_broke_it_every_lane_ends_in_the_box(void **state)
{
    (void)state;
    char *text = drawing_of("0\t1\tnote\t0\t0\tx\n"
                            "0\t2\tbroken\t0\t0\t\n",
                            0);
    assert_null(strstr(text, "┷"));
    free(text);
    text = drawing_of("0\t1\tnote\t0\t0\tx\n"
                      "0\t2\tnote\t0\t0\ty\n"
                      "0\t0\tbroken\t0\t0\tz\n",
                      0);
    assert_non_null(strstr(text, "┢━━━━━━━━━━━━━━━━━━━━━━━┷━"));
    free(text);
}

static unsigned lines_of(const char *text)
{
    unsigned lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void a_long_trace_keeps_what_is_nearest_to_the_break(void **state)
{
    (void)state;
    g_autoptr(GString) trace = g_string_new(NULL);
    for (int i = 0; i < 10000; i++)
        g_string_append_printf(trace, "%d\t%d\tnote\t0\t0\tstep %d\n", i,
                               1 + i % 3, i);
    g_string_append(trace, "10000\t2\tbroken\t0\t0\tenough\n");
    for (unsigned rows = 12; rows < 60; rows += 7) {
        char *text = drawing_of(trace->str, rows);
        assert_int_equal(lines_of(text), rows);
        assert_non_null(strstr(text, "earlier events are left out)"));
        assert_non_null(strstr(text, "step 9999 "));
        assert_non_null(strstr(text, "enough"));
        free(text);
    }
    char *text = drawing_of(trace->str, 40);
    assert_non_null(strstr(text, "(9965 earlier events are left out)"));
    assert_non_null(strstr(text, "step 9965"));
    assert_null(strstr(text, "step 9964"));
    free(text);
}

static void writes_are_shown_where_all_has_room(void **state)
{
    (void)state;
    const char trace[] = "0\t1\tpersist\t0\t0\tterm\n"
                         "1\t1\tpersist\t0\t0\tvote\n"
                         "2\t1\tnote\t0\t0\t1\n3\t1\tnote\t0\t0\t2\n"
                         "4\t1\tnote\t0\t0\t3\n5\t1\tnote\t0\t0\t4\n"
                         "6\t1\tnote\t0\t0\t5\n7\t1\tnote\t0\t0\t6\n"
                         "8\t1\tnote\t0\t0\t7\n9\t1\tnote\t0\t0\t8\n"
                         "10\t1\tnote\t0\t0\t9\n";
    char *text = drawing_of(trace, 12);
    assert_non_null(strstr(text, "= vote"));
    free(text);
    g_autofree char *longer =
        g_strconcat(trace, "11\t1\tnote\t0\t0\t10\n", NULL);
    text = drawing_of(longer, 12);
    assert_null(strstr(text, "="));
    assert_null(strstr(text, "left out"));
    free(text);
}

static void of_many_nodes_those_near_the_break_have_a_lane(void **state)
{
    (void)state;
    g_autoptr(GString) trace = g_string_new(NULL);
    for (int node = 30; node > 0; node--)
        g_string_append_printf(trace, "%d\t%d\tnote\t0\t0\tx\n", 30 - node,
                               node);
    g_string_append(trace, "31\t20\tbroken\t0\t0\tx\n");
    char *text = drawing_of(trace->str, 0);
    const char head[] =
        "   time ms  1    2    3    4    5    6    7    8    20\n";
    assert_memory_equal(text, head, strlen(head));
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

/* A trace of any events, with texts of any bytes. */
static char *random_trace(struct dice *dice, unsigned nodes)
{
    static const char *const names[] = {
        "send",   "receive", "lose",   "repeat", "farewell", "persist",
        "append", "synced",  "fire",   "note",   "boot",     "crash",
        "cut",    "mend",    "drift",  "pause",  "resume",   "slow",
        "ask",    "answer",  "strange"};
    GString *trace = g_string_new(NULL);
    for (unsigned i = 0; i < 60; i++) {
        uint64_t name = dice_between(dice, 0, G_N_ELEMENTS(names) - 1);
        bool far = dice_roll(dice) % 50 == 0;
        g_string_append_printf(
            trace, "%" PRIu64 "\t%d\t%s\t%d\t%d\t",
            far ? dice_roll(dice) : dice_between(dice, 0, 100 * MSEC),
            (int)dice_between(dice, 0, nodes), names[name],
            (int)dice_between(dice, 0, nodes), (int)dice_between(dice, 0, 3));
        for (uint64_t size = dice_between(dice, 0, 90); size > 0; size--)
            g_string_append_c(trace, (char)dice_between(dice, 11, 255));
        g_string_append_c(trace, '\n');
    }
    if (dice_roll(dice) % 2)
        g_string_append_printf(trace, "%d\t%d\tbroken\t0\t0\t%0200d\n", 1 << 29,
                               (int)dice_between(dice, 0, nodes), 7);
    return g_string_free(trace, FALSE);
}

static void no_picture_is_larger_than_it_may_be(void **state)
{
    (void)state;
    for_each_seed (seed, 300) {
        struct dice dice = dice_at(seed, 0, 0);
        unsigned nodes = 1 + (unsigned)(seed % 9);
        unsigned rows = (unsigned)dice_between(&dice, 12, 70);
        g_autofree char *trace = random_trace(&dice, nodes);
        char *text = drawing_of(trace, rows);
        assert_true(g_utf8_validate(text, -1, NULL));
        assert_true(lines_of(text) <= rows);
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
        cmocka_unit_test(what_a_late_message_hides_is_told),
        cmocka_unit_test(a_lane_tells_how_its_node_is),
        cmocka_unit_test(what_broke_stands_in_a_box_and_ends_the_picture),
        cmocka_unit_test(where_nobody_broke_it_every_lane_ends_in_the_box),
        cmocka_unit_test(a_long_trace_keeps_what_is_nearest_to_the_break),
        cmocka_unit_test(writes_are_shown_where_all_has_room),
        cmocka_unit_test(of_many_nodes_those_near_the_break_have_a_lane),
        cmocka_unit_test(what_is_no_trace_draws_nothing_and_breaks_nothing),
        cmocka_unit_test(no_picture_is_larger_than_it_may_be),
    };
    return test_run(argc, argv, tests);
}

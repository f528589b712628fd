/* A trace, read: the order, the joining of messages, the lanes. */
#include "common/judge/test.h"
#include "common/spacetime/tale.h"
#include <string.h>

static void events_come_in_the_order_of_their_times(void **state)
{
    (void)state;
    struct tale *tale = tale_read("3\t1\tnote\t0\t0\tc\n"
                                  "1\t2\tnote\t0\t0\ta\n"
                                  "1\t1\tnote\t0\t0\tb\n");
    assert_int_equal(tale->count, 3);
    assert_string_equal(tale->events[0].text, "a");
    assert_string_equal(tale->events[1].text, "b");
    assert_string_equal(tale->events[2].text, "c");
    assert_int_equal(tale->events[1].line, 3);
    tale_free(tale);
}

static void a_message_is_known_by_link_number_and_text(void **state)
{
    (void)state;
    struct tale *tale = tale_read("1\t1\tsend\t2\t7\tx\n"
                                  "2\t1\tsend\t2\t8\tx\n"
                                  "3\t2\tsend\t1\t7\tx\n"
                                  "4\t1\tsend\t3\t7\tx\n"
                                  "5\t1\tsend\t2\t7\ty\n"
                                  "9\t2\treceive\t1\t7\tx\n"
                                  "9\t2\treceive\t1\t8\tx\n"
                                  "9\t1\tlose\t2\t7\ty\n"
                                  "9\t2\treceive\t1\t7\tx\n"
                                  "9\t2\treceive\t1\t9\tx\n");
    static const nsec sent[] = {1, 2, 5, 1, 9};
    for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++)
        assert_int_equal(tale->events[5 + i].sent, sent[i]);
    tale_free(tale);
}

static void the_first_line_that_is_no_event_is_named(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "hello",
        "1\t1\tnote\t0\t0",
        "-1\t1\tnote\t0\t0\t",
        "1e3\t1\tnote\t0\t0\t",
        "1\t0\tnote\t0\t0\t",
        "1\t1\tnote\t0\t99999999999999999999\t",
        "\t\t\t\t\t",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *text = g_strconcat(
            "# a heading\n1\t1\tnote\t0\t0\tx\n", wrong[i], "\nno\n", NULL);
        struct tale *tale = tale_read(text);
        assert_int_equal(tale->wrong_line, 3);
        assert_int_equal(tale->count, 1);
        tale_free(tale);
    }
    struct tale *tale = tale_read("1\t1\tof tomorrow\t0\t0\tx\n"
                                  "1\t0\tbroken\t0\t0\tx\n");
    assert_int_equal(tale->wrong_line, 0);
    assert_int_equal(tale->count, 1);
    tale_free(tale);
}

static void a_first_boot_is_not_shown_and_a_second_is(void **state)
{
    (void)state;
    struct tale *tale = tale_read("1\t1\tboot\t0\t0\t\n"
                                  "2\t2\tboot\t0\t0\t\n"
                                  "3\t1\tcrash\t0\t0\t\n"
                                  "4\t1\tboot\t0\t0\t\n");
    assert_false(tale_shows(&tale->events[0], true));
    assert_false(tale_shows(&tale->events[1], true));
    assert_true(tale_shows(&tale->events[2], true));
    assert_true(tale_shows(&tale->events[3], true));
    tale_free(tale);
}

static void a_text_is_broken_at_its_blanks(void **state)
{
    (void)state;
    assert_int_equal(tale_line("one two three", 9), 7);
    assert_int_equal(tale_line("one two", 7), 7);
    assert_int_equal(tale_line("onetwothree", 5), 5);
    assert_int_equal(tale_line("a bcdefghijk", 8), 8);
    assert_int_equal(tale_line("", 8), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_in_the_order_of_their_times),
        cmocka_unit_test(a_message_is_known_by_link_number_and_text),
        cmocka_unit_test(the_first_line_that_is_no_event_is_named),
        cmocka_unit_test(a_first_boot_is_not_shown_and_a_second_is),
        cmocka_unit_test(a_text_is_broken_at_its_blanks),
    };
    return test_run(argc, argv, tests);
}

/* A part of the rows, and what is no part. */
#include "common/judge/part.h"
#include "common/judge/test.h"

static int read_words(struct part *part, const char *word)
{
    char *words[] = {"measure", (char *)word, NULL};
    return part_read(word ? 2 : 1, words, part);
}

static void without_a_word_every_row_is_asked_for(void **state)
{
    (void)state;
    struct part part;
    assert_int_equal(read_words(&part, NULL), 0);
    for (unsigned row = 0; row < 10; row++)
        assert_true(part_has(part, row));
}

static void all_parts_together_are_every_row_once(void **state)
{
    (void)state;
    static const char *const words[] = {"--part=1/3", "--part=2/3",
                                        "--part=3/3"};
    for (unsigned row = 0; row < 10; row++) {
        unsigned times = 0;
        for (unsigned i = 0; i < 3; i++) {
            struct part part;
            assert_int_equal(read_words(&part, words[i]), 0);
            times += part_has(part, row);
        }
        assert_int_equal(times, 1);
    }
}

static void what_is_no_part_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"--part=0/3",  "--part=4/3", "--part=1",
                                        "--part=1/3x", "--part=",    "3/10"};
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct part part;
        assert_int_equal(read_words(&part, wrong[i]), 2);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_every_row_is_asked_for),
        cmocka_unit_test(all_parts_together_are_every_row_once),
        cmocka_unit_test(what_is_no_part_is_refused),
    };
    return test_run(argc, argv, tests);
}

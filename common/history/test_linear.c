/*
 * The judge, on histories that one can read: written as in a file, but the
 * time of a line is its number.
 */
#include "common/course/allocated.h"
#include "common/history/linear.h"
#include "common/judge/test.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* A history of lines "CLIENT what", each later than the one before. */
static struct history *history_of(const char *model, const char *lines)
{
    g_auto(GStrv) all = g_strsplit(lines, "\n", -1);
    GString *text = g_string_new(NULL);
    g_string_printf(text, "history %s\n", model);
    for (guint i = 0; all[i]; i++)
        if (*all[i])
            g_string_append_printf(text, "%u %s\n", i, all[i]);
    FILE *file = fmemopen(text->str, text->len, "r");
    g_autoptr(GError) error = NULL;
    struct history *history = history_read(file, &error);
    if (!history)
        fail_msg("%s", error->message);
    fclose(file);
    g_string_free(text, TRUE);
    return history;
}

static void assert_answer(enum linear_answer wanted, const char *model,
                          const char *lines)
{
    struct history *history = history_of(model, lines);
    struct linear *linear = linear_judge(history, (struct linear_limits){0});
    if (linear_answer(linear) != wanted)
        fail_msg("it says %d of:\n%s", linear_answer(linear), lines);
    linear_free(linear);
    history_free(history);
}

#define assert_yes(model, lines) assert_answer(LINEAR_YES, model, lines)
#define assert_no(model, lines)  assert_answer(LINEAR_NO, model, lines)

/* ---- What is right. ---- */

static void an_empty_history_is_right(void **state)
{
    (void)state;
    assert_yes("kv", "");
    assert_yes("kv", "1 call get x\n");
    assert_yes("kv", "1 call get x\n1 lost\n");
}

static void operations_that_overlap_come_in_any_order(void **state)
{
    (void)state;
    assert_yes("register", "1 call put x 1\n2 call put x 2\n3 call get x\n"
                           "3 return 2\n3 call get x\n3 return 1\n"
                           "1 return\n2 return\n");
    assert_yes("queue", "1 call enqueue q a\n2 call enqueue q b\n1 return\n"
                        "2 return\n1 call dequeue q\n1 return b\n"
                        "1 call dequeue q\n1 return a\n"
                        "1 call dequeue q\n1 return empty\n");
    assert_yes("lock", "1 call acquire l\n2 call acquire l\n1 return refused\n"
                       "2 return granted\n1 call acquire l\n2 call release l\n"
                       "1 return granted\n2 return released\n");
    assert_yes("cas", "1 call cas x nil 1\n2 call cas x nil 2\n"
                      "1 return failed\n2 return ok\n");
    assert_yes("kv", "1 call append x a\n2 call append x b\n1 return\n"
                     "2 return\n1 call get x\n1 return ba\n");
}

static void a_lost_operation_may_count_late_or_never(void **state)
{
    const char *lost = "1 call put x 1\n1 return\n1 call put x 2\n1 lost\n";
    static const char *const rest[] = {
        "2 call get x\n2 return 1\n",
        "2 call get x\n2 return 2\n",
        "2 call get x\n2 return 1\n2 call get x\n2 return 2\n",
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rest); i++) {
        g_autofree char *lines = g_strconcat(lost, rest[i], NULL);
        assert_yes("register", lines);
        assert_yes("kv", lines);
        assert_yes("cas", lines);
    }
    assert_yes("queue", "1 call enqueue q a\n1 return\n2 call dequeue q\n"
                        "2 lost\n1 call dequeue q\n1 return empty\n");
    assert_yes("lock", "1 call acquire l\n1 lost\n2 call acquire l\n"
                       "2 return refused\n1 call release l\n1 lost\n"
                       "2 call acquire l\n2 return granted\n");
}

static void lost_operations_can_need_one_another(void **state)
{
    (void)state;
    assert_yes("cas", "1 call put x 1\n1 lost\n1 call cas x 1 2\n1 lost\n"
                      "1 call cas x 2 3\n1 lost\n2 call get x\n2 return 3\n");
    assert_yes("lock", "1 call acquire l\n1 return granted\n"
                       "1 call release l\n1 lost\n2 call acquire l\n2 lost\n"
                       "2 call release l\n2 return released\n");
}

/* ---- What is wrong. ---- */

static void an_operation_that_failed_never_counts(void **state)
{
    (void)state;
    assert_no("register", "1 call put x 1\n1 failed\n2 call get x\n2 return 1");
    assert_no("queue", "1 call enqueue q 1\n1 failed\n2 call dequeue q\n"
                       "2 return 1");
}

static void a_lost_operation_counts_once_and_not_before(void **state)
{
    (void)state;
    assert_no("register", "1 call put x 1\n1 lost\n2 call get x\n2 return 1\n"
                          "2 call get x\n2 return nil\n");
    assert_no("register", "2 call get x\n2 return 1\n1 call put x 1\n1 lost\n");
    assert_no("kv", "1 call append x a\n1 lost\n2 call get x\n2 return aa\n");
    assert_no("queue", "1 call enqueue q a\n1 lost\n2 call dequeue q\n"
                       "2 return a\n2 call dequeue q\n2 return a\n");
    assert_no("register", "1 call put x 1\n1 lost\n2 call get x\n2 return 1\n"
                          "2 call put x 2\n2 return\n2 call get x\n"
                          "2 return 1\n");
}

static void the_classic_anomalies_are_seen(void **state)
{
    static const struct {
        const char *name, *model, *lines;
    } table[] = {
        {"stale read", "register",
         "1 call put x 1\n1 return\n1 call put x 2\n1 return\n"
         "2 call get x\n2 return 1\n"},
        {"lost update", "cas",
         "1 call put x 0\n1 return\n1 call cas x 0 1\n1 return ok\n"
         "2 call get x\n2 return 0\n"},
        {"read inversion", "register",
         "1 call put x 1\n2 call get x\n2 return 1\n3 call get x\n"
         "3 return nil\n1 return\n"},
        {"double dequeue", "queue",
         "1 call enqueue q a\n1 return\n1 call dequeue q\n2 call dequeue q\n"
         "1 return a\n2 return a\n"},
        {"reordered queue", "queue",
         "1 call enqueue q a\n1 return\n1 call enqueue q b\n1 return\n"
         "2 call dequeue q\n2 return b\n2 call dequeue q\n2 return a\n"},
        {"a queue that forgets", "queue",
         "1 call enqueue q a\n1 return\n1 call dequeue q\n1 return empty\n"},
        {"two holders", "lock",
         "1 call acquire l\n2 call acquire l\n1 return granted\n"
         "2 return granted\n"},
        {"released by another", "lock",
         "1 call acquire l\n1 return granted\n2 call release l\n"
         "2 return released\n"},
        {"refused though free", "lock", "1 call acquire l\n1 return refused\n"},
        {"an append seen, then gone", "kv",
         "1 call put x 7\n1 return\n1 call append x 8\n1 lost\n"
         "2 call get x\n2 return 78\n2 call get x\n2 return 7\n"},
        {"an append forgotten", "kv",
         "1 call append x 7\n1 return\n1 call append x 8\n1 return\n"
         "2 call get x\n2 return 8\n"},
        {"a cas that both win", "cas",
         "1 call put x 0\n1 return\n1 call cas x 0 1\n2 call cas x 0 2\n"
         "1 return ok\n2 return ok\n"},
        {"a cas that fails for nothing", "cas",
         "1 call cas x nil 1\n1 return failed\n"},
        {"out of thin air", "kv", "1 call get x\n1 return 7\n"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        print_message("%s\n", table[i].name);
        assert_no(table[i].model, table[i].lines);
    }
}

static void keys_know_nothing_of_each_other(void **state)
{
    (void)state;
    assert_yes("register", "1 call put x 1\n1 return\n2 call get y\n"
                           "2 return nil\n");
    assert_no("register", "1 call put x 1\n1 return\n2 call get y\n"
                          "2 return nil\n2 call get x\n2 return nil\n");
}

/* ---- The window. ---- */

/* Returns new: what is drawn, of a history that is wrong. */
static char *draw(const char *model, const char *lines)
{
    struct history *history = history_of(model, lines);
    struct linear *linear = linear_judge(history, (struct linear_limits){0});
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    linear_draw(linear, file);
    fclose(file);
    linear_free(linear);
    history_free(history);
    return text;
}

static void a_stale_read_is_three_rows(void **state)
{
    char *text = draw("register",
                      "3 call get x\n1 call put x 0\n1 return\n1 call put x 1\n"
                      "3 lost\n1 return\n1 call put x 2\n1 return\n"
                      "2 call get x\n2 return 1\n3 call put x 4\n3 return\n");
    (void)state;
    assert_string_equal(
        text, "No order explains these 3 operations.\n"
              "  client 1  put x 1 -> ok  |---------|\n"
              "  client 1  put x 2 -> ok                      |----------|\n"
              "  client 2  get x -> 1                                         "
              "     |----------|\n");
    free(text);
}

static void what_is_open_has_no_end_in_the_drawing(void **state)
{
    char *text = draw("kv", "1 call put x 7\n1 return\n1 call append x 8\n"
                            "1 lost\n2 call get x\n2 return 78\n"
                            "2 call get x\n2 return 7\n");
    (void)state;
    assert_non_null(strstr(text, "append x 8 -> ?"));
    assert_non_null(strstr(text, "-?\n"));
    g_auto(GStrv) rows = g_strsplit(text, "\n", -1);
    for (char **row = rows; *row; row++)
        assert_true(strlen(*row) <= 80);
    free(text);
}

/* ---- Limits. ---- */

/* Many puts to one key, all at once, and then a read of none of them: to be
 * sure that no order explains it, all sets of them are tried. */
static void add_stubborn(struct history *history, const char *key)
{
    enum { MANY = 40 };
    size_t calls[MANY];
    for (node_id i = 0; i < MANY; i++) {
        g_autofree char *value = g_strdup_printf("%d", (int)i);
        calls[i] = history_call(history, 0, 100 + i, key, "put", value, NULL);
    }
    for (node_id i = 0; i < MANY; i++)
        history_return(history, 0, calls[i], NULL);
    size_t call = history_call(history, 0, 100, key, "get", NULL);
    history_return(history, 0, call, "nil");
}

static void a_stubborn_key_is_unknown_within_its_steps(void **state)
{
    struct linear_limits limits = {.steps = 100000};
    struct history *history = history_new("register");
    (void)state;
    add_stubborn(history, "x");
    struct linear *linear = linear_judge(history, limits);
    assert_int_equal(linear_answer(linear), LINEAR_UNKNOWN);
    assert_string_equal(linear_key(linear), "x");
    assert_in_range(linear_steps(linear), 100000, 100100);
    linear_free(linear);
    history_free(history);
}

static void a_stubborn_key_keeps_no_other_from_its_no(void **state)
{
    struct history *history = history_new("register");
    (void)state;
    add_stubborn(history, "a");
    size_t call = history_call(history, 5, 1, "b", "get", NULL);
    history_return(history, 6, call, "7");
    struct linear *linear = linear_judge(history, (struct linear_limits){0});
    assert_int_equal(linear_answer(linear), LINEAR_NO);
    assert_string_equal(linear_key(linear), "b");
    assert_true(linear_steps(linear) < 10000);
    linear_free(linear);
    history_free(history);
}

/* The first that starves is given up, and leaves its memory to the other. */
static void memory_stays_within_its_limit(void **state)
{
    enum { LIMIT = 8 << 20 };
    struct linear_limits limits = {.steps = 2000000, .bytes = LIMIT};
    struct history *history = history_new("register");
    (void)state;
    add_stubborn(history, "x");
    add_stubborn(history, "y");
    size_t before = allocated_bytes();
    struct linear *linear = linear_judge(history, limits);
    assert_int_equal(linear_answer(linear), LINEAR_UNKNOWN);
    assert_in_range(linear_bytes(linear), LIMIT / 4, LIMIT);
    assert_true(linear_steps(linear) < 2000000);
    assert_true(allocated_bytes() < before + (1 << 16));
    linear_free(linear);
    history_free(history);
}

static void a_starving_key_keeps_no_other_from_its_no(void **state)
{
    struct linear_limits limits = {.bytes = 4 << 20};
    struct history *history = history_new("register");
    (void)state;
    add_stubborn(history, "a");
    size_t call = history_call(history, 5, 1, "b", "get", NULL);
    history_return(history, 6, call, "7");
    struct linear *linear = linear_judge(history, limits);
    assert_int_equal(linear_answer(linear), LINEAR_NO);
    linear_free(linear);
    history_free(history);
}

/* The most memory that this process had, in KB. */
static long peak(void)
{
    g_autofree char *text = NULL;
    g_assert(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
    return strtol(strstr(text, "VmHWM:") + strlen("VmHWM:"), NULL, 10);
}

static void a_process_stays_within_the_limit_too(void **state)
{
    enum { LIMIT = 16, SPARE = 8 }; /* MB. */
    struct linear_limits limits = {.bytes = (size_t)LIMIT << 20};
    struct history *history = history_new("register");
    int status;
    (void)state;
    add_stubborn(history, "x");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    history_free(history);
    skip(); /* A sanitizer has memory of its own. */
#endif
    pid_t child = fork();
    if (child == 0) {
        long before = peak();
        struct linear *linear = linear_judge(history, limits);
        long most = before + ((LIMIT + SPARE) << 10);
        _exit(linear_answer(linear) != LINEAR_UNKNOWN || peak() > most);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    history_free(history);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_history_is_right),
        cmocka_unit_test(operations_that_overlap_come_in_any_order),
        cmocka_unit_test(a_lost_operation_may_count_late_or_never),
        cmocka_unit_test(lost_operations_can_need_one_another),
        cmocka_unit_test(an_operation_that_failed_never_counts),
        cmocka_unit_test(a_lost_operation_counts_once_and_not_before),
        cmocka_unit_test(the_classic_anomalies_are_seen),
        cmocka_unit_test(keys_know_nothing_of_each_other),
        cmocka_unit_test(a_stale_read_is_three_rows),
        cmocka_unit_test(what_is_open_has_no_end_in_the_drawing),
        cmocka_unit_test(a_stubborn_key_is_unknown_within_its_steps),
        cmocka_unit_test(a_stubborn_key_keeps_no_other_from_its_no),
        cmocka_unit_test(memory_stays_within_its_limit),
        cmocka_unit_test(a_starving_key_keeps_no_other_from_its_no),
        cmocka_unit_test(a_process_stays_within_the_limit_too),
    };
    return test_run(argc, argv, tests);
}

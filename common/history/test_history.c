#include "common/history/history.h"
#include "common/history/invented.h"
#include "common/judge/test.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct history *read_text(const char *text, size_t size, GError **error)
{
    FILE *file = fmemopen((void *)text, size, "r");
    struct history *history = history_read(file, error);
    fclose(file);
    return history;
}

/* Returns new. */
static char *write_text(const struct history *history)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    history_write(history, file);
    fclose(file);
    return text;
}

/* ---- What is read. ---- */

static void an_example_is_read_as_it_says(void **state)
{
    const char *text = "# one\nhistory kv\n\n"
                       "1200  3  call put x 7\n"
                       "1900\t3\treturn\r\n"
                       "2000  1  call get x # comment\n"
                       "2000  1  return 7\n"
                       "2600  3  call append x \"\"\n"
                       "9000  3  lost            # nobody knows\n"
                       "9000  3  call put \\x23\\\\ a\\x20b\n"
                       "9000  3  failed\n"
                       "9001  1  call get x";
    size_t count;
    (void)state;
    struct history *history = read_text(text, strlen(text), NULL);
    assert_non_null(history);
    const struct operation *ops = history_operations(history, &count);
    assert_int_equal(count, 5);
    assert_string_equal(ops[0].value, "ok");
    assert_true(ops[0].called == 1200 && ops[0].ended == 1900);
    assert_string_equal(ops[1].value, "7");
    assert_true(ops[1].call == 3 && ops[1].end == 4);
    assert_true(ops[1].value == ops[0].arguments[0]);
    assert_string_equal(ops[2].arguments[0], "");
    assert_int_equal(ops[2].how, HISTORY_LOST);
    assert_string_equal(ops[3].key, "#\\");
    assert_string_equal(ops[3].arguments[0], "a b");
    assert_int_equal(ops[3].how, HISTORY_FAILED);
    assert_int_equal(ops[4].how, HISTORY_OPEN);
    history_free(history);
}

static void what_is_written_is_read_the_same(void **state)
{
    static const char *const models[] = {"register", "cas", "kv", "queue",
                                         "lock"};
    (void)state;
    for_each_seed (seed, 100) {
        struct history *history = invented_new(
            (struct invented){.model = models[seed % G_N_ELEMENTS(models)],
                              .seed = seed,
                              .operations = 50,
                              .clients = 5,
                              .keys = 3,
                              .lost = 200});
        char *text = write_text(history);
        struct history *again = read_text(text, strlen(text), NULL);
        assert_non_null(again);
        char *other = write_text(again);
        assert_string_equal(text, other);
        history_free(history);
        history_free(again);
        free(text);
        free(other);
    }
}

static void words_of_any_bytes_survive(void **state)
{
    char word[256] = {0};
    (void)state;
    for (size_t i = 0; i < sizeof word - 1; i++)
        word[i] = (char)(i + 1);
    struct history *history = history_new("register");
    size_t call = history_call(history, 5, 1, word, "put", "\"\"", NULL);
    history_return(history, 5, call, NULL);
    char *text = write_text(history);
    struct history *again = read_text(text, strlen(text), NULL);
    size_t count;
    const struct operation *op = history_operations(again, &count);
    assert_string_equal(op->key, word);
    assert_string_equal(op->arguments[0], "\"\"");
    history_free(history);
    history_free(again);
    free(text);
}

/* ---- What is refused. ---- */

static void assert_refused(const char *text, size_t size, const char *sentence)
{
    g_autoptr(GError) error = NULL;
    struct history *history = read_text(text, size, &error);
    assert_null(history);
    if (!strstr(error->message, sentence) || strchr(error->message, '\n'))
        fail_msg("it says: %s", error->message);
}

static void bad_files_are_refused_with_line_and_sentence(void **state)
{
    static const char *const table[][2] = {
        {" ", "line 2: there is no history"},
        {"# a comment", "line 2: there is no history"},
        {"1 1 call get x\n", "line 1: the first line is \"history MODEL\""},
        {"history\n", "line 1: the first line is"},
        {"history kv kv\n", "line 1: the first line is"},
        {"\nhistory map\n", "line 2: there is no model \"map\", but register,"},
        {"history kv\n1 1 call pop x\n", "line 2: a kv has no operation \"pop"},
        {"history kv\n1 1 call get x y\n", "line 2: get takes 1 word, its key"},
        {"history kv\n1 1 call put x\n", "line 2: put takes 2 words, its key"},
        {"history kv\n1 1 call get\n", "line 2: get takes 1 word"},
        {"history kv\n1 1 call\n", "line 2: after time and client comes"},
        {"history kv\n1 1\n", "line 2: after time and client comes"},
        {"history kv\n1 1 lost now\n", "line 2: after time and client comes"},
        {"history kv\n1\n", "line 2: a client, which is a number, is missing"},
        {"history kv\nx 1 lost\n", "line 2: a time, which is a number,"},
        {"history kv\n-1 1 lost\n", "line 2: a time, which is a number,"},
        {"history kv\n99999999999999999999 1 lost\n", "line 2: a time, which"},
        {"history kv\n2 1 call get x\n1 1 lost\n", "line 3: time runs back"},
        {"history kv\n2 1 call get x\n1 2 call get x\n", "line 3: time runs"},
        {"history kv\n1 1 return 7\n", "line 2: client 1 has no call under"},
        {"history kv\n1 1 call get x\n1 1 call get y\n",
         "line 3: client 1 has a call under way"},
        {"history kv\n1 1 call get x\n1 1 return\n", "line 3: get returns a v"},
        {"history kv\n1 1 call put x 1\n1 1 return 1\n",
         "line 3: put returns ok and nothing else"},
        {"history lock\n1 1 call acquire x\n1 1 return ok\n",
         "line 3: acquire returns granted or refused and nothing else"},
        {"history lock\n1 1 call acquire x\n1 1 return\n",
         "line 3: acquire returns a value"},
        {"history queue\n1 1 call enqueue q empty\n",
         "line 2: a queue holds no value \"empty\""},
        {"history kv\n1 1 call get \\q\n", "line 2: a backslash is written"},
        {"history kv\n1 1 call get \\x0\n", "line 2: a backslash is written"},
        {"history kv\n1 1 call get \\x00\n", "line 2: a backslash is written"},
        {"history kv\n1 1 call get x\x01\n", "line 2: this is not a text"},
        {"history kv\n1 1 call get \xff\n", "line 2: this is not a text"},
        {"a a a a a a a a a a a a a a a a a\n", "line 1: there are too many"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        assert_refused(table[i][0], strlen(table[i][0]), table[i][1]);
    assert_refused("history kv\n\0", 12, "line 2: this is not a text");
}

/* A history kv that calls get with a key of @p key bytes, and returns a value
 * of @p value bytes. Returns new. */
static char *sized(size_t key, size_t value)
{
    g_autofree char *x = g_strnfill(key, 'x');
    g_autofree char *y = g_strnfill(value, 'y');
    return g_strdup_printf("history kv\n1 1 call get %s\n1 1 return %s\n", x,
                           y);
}

static void sizes_are_limited(void **state)
{
    g_autofree char *fits = sized(HISTORY_KEY, HISTORY_VALUE);
    g_autofree char *key = sized(HISTORY_KEY + 1, 1);
    g_autofree char *value = sized(1, HISTORY_VALUE + 1);
    g_autofree char *line = sized(1, HISTORY_LINE);
    (void)state;
    struct history *history = read_text(fits, strlen(fits), NULL);
    assert_non_null(history);
    history_free(history);
    assert_refused(key, strlen(key), "line 2: a key has at most 256 bytes");
    assert_refused(value, strlen(value), "line 3: a value has at most 16384");
    assert_refused(line, strlen(line), "line 3: a line has at most 65536");
}

static void an_endless_file_is_refused(void **state)
{
    g_autoptr(GError) error = NULL;
    FILE *zeros = fopen("/dev/zero", "r");
    (void)state;
    assert_null(history_read(zeros, &error));
    assert_string_equal(error->message, "line 1: this is not a text");
    fclose(zeros);
}

static void a_million_operations_are_enough(void **state)
{
    GString *text = g_string_new("history register\n");
    (void)state;
    for (int i = 1; i <= HISTORY_OPERATIONS + 1; i++)
        g_string_append_printf(text, "1 %d call get x\n", i);
    assert_refused(text->str, text->len, "line 1000002: a history has at most");
    g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_example_is_read_as_it_says),
        cmocka_unit_test(what_is_written_is_read_the_same),
        cmocka_unit_test(words_of_any_bytes_survive),
        cmocka_unit_test(bad_files_are_refused_with_line_and_sentence),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(an_endless_file_is_refused),
        cmocka_unit_test(a_million_operations_are_enough),
    };
    return test_run(argc, argv, tests);
}

/*
 * A door that has answers to give later, while strange clients go on: what piled
 * up meanwhile is judged as if it had come alone.
 */
#include "02-framing/door/test_door.h"

enum { WORDS = 1 << 20 }; /* As many as a command may have. */

static int open_it(void **state)
{
    (void)state;
    open_place((struct door_settings){0});
    return 0;
}

static int close_it(void **state)
{
    (void)state;
    close_place();
    return 0;
}

static GString *command_of(size_t words)
{
    GString *command = g_string_new(NULL);
    g_string_printf(command, "*%zu\r\n", words);
    for (size_t i = 0; i < words; i++)
        g_string_append(command, "$0\r\n\r\n");
    return command;
}

static void pour(int fd, const GString *text)
{
    for (size_t sent = 0; sent < text->len; turn()) {
        ssize_t count = send(fd, text->str + sent, text->len - sent,
                             MSG_DONTWAIT | MSG_NOSIGNAL);
        assert_true(count > 0);
        sent += (size_t)count;
    }
}

/* Behind a command that waits, it is there as a whole when it is read. */
static void expect_refusal(const GString *command, bool waits, bool refused)
{
    uint64_t before = door_counts(door).malformed;
    int fd = come();
    if (waits)
        tell(fd, "one\r\n");
    pour(fd, command);
    if (waits)
        answer(service.last, "+1\r\n");
    turn();
    assert_int_equal(door_counts(door).malformed, before + refused);
    if (!refused) {
        assert_in_range(service.longest, command->len, command->len);
        answer(service.last, "+2\r\n");
        turn();
    }
    g_autofree char *told = read_some(fd, SIZE_MAX);
    g_autofree char *wanted = g_strdup_printf(
        "%s%s", waits ? "+1\r\n" : "",
        refused ? "-ERR Protocol error: invalid multibulk length\r\n(end)"
                : "+2\r\n");
    assert_string_equal(told, wanted);
    close(fd);
}

static void too_many_words_are_refused_however_they_come(void **state)
{
    (void)state;
    g_autoptr(GString) longest = command_of(WORDS);
    expect_refusal(longest, true, false);
    expect_refusal(longest, false, false);
    g_autoptr(GString) longer = command_of(WORDS + 1);
    expect_refusal(longer, true, true);
    expect_refusal(longer, false, true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define IN(test) cmocka_unit_test_setup_teardown(test, open_it, close_it)
        IN(too_many_words_are_refused_however_they_come),
    };
    return test_run(argc, argv, tests);
}

/* The generator: against kv, and against servers that say what they should
 * not. */
#include "01-sockets/net.h"
#include "02-framing/kv/burst.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct stage *stage;
static struct address address;

static void start(void)
{
    struct actor *actor =
        stage_start(stage, "kv", "--listen=127.0.0.1:0", NULL);
    g_autofree char *ready = actor_await(actor, "ready ", 30 * SEC);
    assert_non_null(ready);
    assert_true(address_parse(&address, ready + strlen("ready "), NULL));
}

/* Returns new. */
static char *ask(const char *line)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) words = g_strsplit(line, " ", 0);
    char *text = burst_ask(&address, g_strv_length(words),
                           (const char *const *)words, &error);
    return text ? text : g_strdup(error->message);
}

static void assert_says(const char *line, const char *text)
{
    g_autofree char *said = ask(line);
    assert_string_equal(said, text);
}

/* The server's count of commands. */
static uint64_t count_commands(void)
{
    static const char name[] = "total_commands_processed:";
    g_autofree char *info = ask("INFO");
    const char *line = strstr(info, name);
    assert_non_null(line);
    return g_ascii_strtoull(line + strlen(name), NULL, 10);
}

/* ---- Asking. ---- */

static void a_question_gets_the_text_of_its_answer(void **state)
{
    (void)state;
    assert_says("FLUSHALL", "OK");
    assert_says("SET a value", "OK");
    assert_says("GET a", "value");
    assert_says("TYPE a", "string");
    assert_says("GET none", "");
}

static void an_error_is_told_as_one(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    assert_null(burst_ask(&address, 1, (const char *const[]){"GET"}, &error));
    assert_string_equal(error->message,
                        "the server answers: ERR wrong number of arguments for "
                        "'get' command");
}

/* ---- Shooting. ---- */

struct burst_marks {
    int count;
    uint64_t commands[2];
};

static void mark(void *self)
{
    struct burst_marks *marks = self;
    if (marks->count < 2)
        marks->commands[marks->count] = count_commands();
    marks->count++;
}

/* What was answered is between what the server counted at both marks, give or
 * take what was under way; and INFO, which asks for that. */
static void it_counts_what_the_server_counts(void **state)
{
    struct burst_marks marks = {0};
    struct burst_plan plan = {.clients = 3,
                              .depth = 5,
                              .warmup = 5 * MSEC,
                              .duration = 50 * MSEC,
                              .mark = mark,
                              .self = &marks};
    struct burst_result result;
    g_autoptr(GError) error = NULL;
    (void)state;
    assert_true(burst_run(&address, &plan, &result, &error));
    assert_null(error);
    assert_int_equal(marks.count, 2);
    uint64_t served = marks.commands[1] - marks.commands[0];
    assert_true(result.answered > 0);
    assert_in_range(result.answered, MAX(served, 20) - 20, served + 20);
    assert_true(result.counted >= 50 * MSEC);
    assert_true(result.busy > 0 && result.busy <= result.counted);
}

static void every_key_has_a_value_of_the_size(void **state)
{
    struct burst_plan plan = {
        .clients = 1, .depth = 1, .keys = 1234, .size = 100, .duration = MSEC};
    struct burst_result result;
    (void)state;
    assert_says("FLUSHALL", "OK");
    assert_true(burst_run(&address, &plan, &result, NULL));
    g_autofree char *info = ask("INFO");
    g_autofree char *value = g_strnfill(100, 'v');
    assert_non_null(strstr(info, "\r\nkeys:1234\r\n"));
    assert_says("GET key:000000001233", value);
    assert_says("GET key:000000000000", value);
}

static void a_client_with_more_than_a_buffer_under_way_goes_on(void **state)
{
    struct burst_plan plan = {.clients = 1,
                              .depth = 100,
                              .keys = 10,
                              .size = 100000,
                              .duration = 50 * MSEC};
    struct burst_result result;
    g_autoptr(GError) error = NULL;
    (void)state;
    assert_true(burst_run(&address, &plan, &result, &error));
}

/* ---- Servers that are none. ---- */

/* A child that says @p text to whoever comes, and no more. Returns its id. */
static pid_t say_to_all(const char *text)
{
    assert_true(address_parse(&address, "127.0.0.1:0", NULL));
    int listener = net_listen(&address, 16);
    assert_return_code(listener, errno);
    address = address_of(listener);
    pid_t child = fork();
    while (child == 0) {
        char piece[1000];
        int fd = net_accept(listener, NULL);
        if (fd < 0 || recv(fd, piece, sizeof piece, 0) < 0 ||
            send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
            _exit(1);
        shutdown(fd, SHUT_WR);
    }
    close(listener);
    return child;
}

static void assert_cannot_run(const char *text, const char *why)
{
    struct burst_plan plan = {.clients = 1, .depth = 1, .duration = SEC};
    struct burst_result result;
    g_autoptr(GError) error = NULL;
    pid_t child = say_to_all(text);
    bool done = burst_run(&address, &plan, &result, &error);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_false(done);
    assert_string_equal(error->message, why);
}

static void a_wrong_answer_ends_the_run(void **state)
{
    (void)state;
    assert_cannot_run("-ERR no\r\n", "the server answers: ERR no");
    assert_cannot_run("hello\r\n", "the server: what it says is no answer");
    assert_cannot_run("", "the server: it hung up");
    assert_cannot_run("+OK\r\n", "the server: it hung up");
}

static void where_nobody_listens_there_is_no_connection(void **state)
{
    struct burst_plan plan = {.clients = 1, .depth = 1, .duration = SEC};
    struct burst_result result;
    g_autoptr(GError) error = NULL;
    g_autofree char *where = g_strdup_printf("127.0.0.1:%u", stage_port(stage));
    (void)state;
    assert_true(address_parse(&address, where, NULL));
    assert_false(burst_run(&address, &plan, &result, &error));
    assert_string_equal(error->message, "no connection: Connection refused");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_gets_the_text_of_its_answer),
        cmocka_unit_test(an_error_is_told_as_one),
        cmocka_unit_test(it_counts_what_the_server_counts),
        cmocka_unit_test(every_key_has_a_value_of_the_size),
        cmocka_unit_test(a_client_with_more_than_a_buffer_under_way_goes_on),
        cmocka_unit_test(a_wrong_answer_ends_the_run),
        cmocka_unit_test(where_nobody_listens_there_is_no_connection),
    };
    stage = stage_new();
    start();
    int status = test_run(argc, argv, tests);
    stage_free(stage);
    return status;
}

/* The broker `queue` as a process, and the clients that people have for Redis. A
 * client that is not installed is skipped. */
#include "common/judge/test.h"
#include "common/world/clock.h"
#include "common/world/stage.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const nsec PATIENCE = 60 * SEC;

static struct stage *stage;
static struct actor *broker;
static char *dir;    /* Of the broker. */
static char *server; /* Its address. */

static void start(void)
{
    g_autofree char *option = g_strconcat("--dir=", dir, NULL);
    broker = stage_start(stage, "queue", "--listen=127.0.0.1:0", option, NULL);
    g_autofree char *ready = actor_await(broker, "ready ", PATIENCE);
    assert_non_null(ready);
    g_free(server);
    server = g_strdup(ready + strlen("ready "));
}

static void start_again(int signal)
{
    actor_signal(broker, signal);
    actor_wait(broker, PATIENCE);
    start();
}

static void need(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);
    if (path)
        return;
    printf("skipped: %s is not installed\n", program);
    skip();
}

/* ---- redis-cli, a command each. ---- */

/* What it prints. Returns new. */
static char *ask(const char *command)
{
    int status;
    g_autofree char *line = g_strdup_printf("redis-cli --no-raw -p %s %s",
                                            strrchr(server, ':') + 1, command);
    char *output = test_shell(&status, line);
    if (status != 0)
        fail_msg("%s: status %d, %s", line, status, output);
    return output;
}

static void expect(const char *command, const char *output)
{
    g_autofree char *is = ask(command);
    assert_string_equal(is, output);
}

static void expect_error(const char *command, const char *begin)
{
    g_autofree char *is = ask(command);
    g_autofree char *error = g_strconcat("(error) ", begin, NULL);
    if (!g_str_has_prefix(is, error))
        fail_msg("%s: %s", command, is);
}

/* Returns new: the receipt of a message that is taken. */
static char *take(const char *queue, const char *rest)
{
    g_autofree char *command = g_strdup_printf("qtake %s", queue);
    g_autofree char *is = ask(command);
    const char *begin = strchr(is, '"'), *after = begin ? begin + 1 : "";
    size_t size = strcspn(after, "\"");
    assert_string_equal(after + MIN(size, strlen(after)), rest);
    return g_strndup(after, size);
}

static void expect_of(const char *command, const char *receipt,
                      const char *output)
{
    g_autofree char *line = g_strdup_printf("%s %s", command, receipt);
    expect(line, output);
}

static void a_message_is_kept_taken_and_acknowledged(void **state)
{
    (void)state;
    need("redis-cli");
    expect("qdeclare jobs", "OK\n");
    expect("qdeclare jobs", "OK\n");
    expect_error("qdeclare jobs MESSAGES 5", "CONFLICT");
    expect("qpush jobs 'paint the fence'", "(integer) 1\n");
    expect("qpush jobs 'mow the lawn'", "(integer) 2\n");
    expect("qlen jobs", "(integer) 2\n");
    g_autofree char *receipt =
        take("jobs", "\"\n   2) (integer) 1\n   3) (integer) 0\n"
                     "   4) \"paint the fence\"\n");
    expect("qlen jobs", "(integer) 1\n");
    expect_of("qack jobs", receipt, "(integer) 1\n");
    expect_of("qack jobs", receipt, "(integer) 0\n");
    expect("qpurge jobs", "(integer) 1\n");
    expect("qtake jobs", "(empty array)\n");
    expect("qdrop jobs", "OK\n");
    expect_error("qlen jobs", "NOQUEUE");
}

static void a_message_given_back_comes_again(void **state)
{
    (void)state;
    need("redis-cli");
    expect("qdeclare again", "OK\n");
    expect("qpush again job", "(integer) 1\n");
    g_autofree char *one = take(
        "again", "\"\n   2) (integer) 1\n   3) (integer) 0\n   4) \"job\"\n");
    expect_of("qtouch again", one, "(integer) 1\n");
    expect_of("qnack again", one, "(integer) 1\n");
    expect_of("qnack again", one, "(integer) 0\n");
    g_autofree char *two = take(
        "again", "\"\n   2) (integer) 2\n   3) (integer) 1\n   4) \"job\"\n");
    expect_of("qack again", one, "(integer) 0\n");
    expect_of("qack again", two, "(integer) 1\n");
    expect("qdrop again", "OK\n");
}

static void a_worker_of_a_dropped_queue_ends_and_says_why(void **state)
{
    (void)state;
    need("redis-cli");
    expect("qdeclare short", "OK\n");
    expect("qpush short hello", "(integer) 1\n");
    struct actor *worker = stage_start(stage, "work", server, "short", NULL);
    g_autofree char *line = actor_await(worker, "hello", PATIENCE);
    assert_non_null(line);
    expect("qdrop short", "OK\n");
    assert_int_equal(actor_wait(worker, PATIENCE), 1);
    g_autofree char *errors = actor_errors(worker);
    assert_string_equal(errors, "work: short: NOQUEUE it is dropped.\n");
}

static void a_request_said_twice_is_done_once(void **state)
{
    (void)state;
    need("redis-cli");
    expect("qdeclare pay", "OK\n");
    expect("qonce pay 77 1 'a coffee'", "(integer) 1\n");
    expect("qonce pay 77 1 'a coffee'", "(integer) 1\n");
    expect("qonce pay 77 2 'a tea'", "(integer) 2\n");
    expect("qlast pay 77", "(integer) 2\n");
    start_again(SIGKILL);
    expect("qonce pay 77 2 'a tea'", "(integer) 2\n");
    expect("qlen pay", "(integer) 2\n");
    expect("qdrop pay", "OK\n");
}

static void a_poison_message_ends_in_the_dead_queue(void **state)
{
    (void)state;
    need("redis-cli");
    expect("qdeclare dead", "OK\n");
    expect("qdeclare live ATTEMPTS 2 DEAD dead", "OK\n");
    expect_error("qdrop dead", "CONFLICT");
    expect("qpush live poison", "(integer) 1\n");
    for (int i = 1; i <= 2; i++) {
        g_autofree char *rest = g_strdup_printf(
            "\"\n   2) (integer) %d\n   3) (integer) %d\n   4) \"poison\"\n", i,
            i - 1);
        g_autofree char *receipt = take("live", rest);
        expect_of("qnack live", receipt, "(integer) 1\n");
    }
    expect("qlen live", "(integer) 0\n");
    expect("qlen dead", "(integer) 1\n");
    expect("qdrop live", "OK\n");
    expect("qdrop dead", "OK\n");
}

static void what_was_kept_is_there_after_any_end(void **state)
{
    static const int signals[] = {SIGKILL, SIGTERM};
    (void)state;
    need("redis-cli");
    expect("qdeclare synced", "OK\n");
    expect("qdeclare written DURABILITY written", "OK\n");
    expect("qdeclare none DURABILITY none", "OK\n");
    expect("qpush synced a", "(integer) 1\n");
    expect("qpush written b", "(integer) 1\n");
    expect("qpush none c", "(integer) 1\n");
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        start_again(signals[i]);
        expect("qlen synced", "(integer) 1\n");
        expect("qlen written", "(integer) 1\n");
        expect_error("qlen none", "NOQUEUE");
    }
    g_autofree char *receipt = take(
        "synced", "\"\n   2) (integer) 1\n   3) (integer) 1\n   4) \"a\"\n");
    start_again(SIGKILL);
    expect_of("qack synced", receipt, "(integer) 0\n");
    expect("qdrop synced", "OK\n");
    expect("qdrop written", "OK\n");
}

static void a_limit_refuses_and_reads_are_served(void **state)
{
    (void)state;
    need("redis-cli");
    expect("qdeclare two MESSAGES 2", "OK\n");
    expect("qpush two a", "(integer) 1\n");
    expect("qpush two b", "(integer) 2\n");
    expect_error("qpush two c", "FULL");
    expect("qlen two", "(integer) 2\n");
    g_autofree char *receipt =
        take("two", "\"\n   2) (integer) 1\n   3) (integer) 0\n   4) \"a\"\n");
    expect_error("qpush two c", "FULL");
    expect_of("qack two", receipt, "(integer) 1\n");
    expect("qpush two c", "(integer) 3\n");
    expect("qdrop two", "OK\n");
}

static void info_tells_what_is_there(void **state)
{
    (void)state;
    need("redis-cli");
    expect("qdeclare a", "OK\n");
    expect("qdeclare b DURABILITY none", "OK\n");
    expect("qlist", "1) \"a\"\n2) \"b\"\n");
    g_autofree char *facts = ask("qinfo b");
    assert_non_null(strstr(facts, "\"durability\"\n 2) \"none\"\n"));
    assert_non_null(strstr(facts, "\"ready\"\n"));
    g_autofree char *info = ask("info");
    assert_non_null(strstr(info, "server_name:queue"));
    assert_non_null(strstr(info, "used_memory:"));
    expect("qdrop a", "OK\n");
    expect("qdrop b", "OK\n");
}

static void a_pipe_of_ten_thousand_is_kept(void **state)
{
    int status;
    (void)state;
    need("redis-cli");
    expect("qdeclare pipe DURABILITY written", "OK\n");
    g_autofree char *line = g_strdup_printf(
        "for i in $(seq 10000); do printf 'qpush pipe %%d\\r\\n' $i; done | "
        "redis-cli -p %s --pipe 2>&1",
        strrchr(server, ':') + 1);
    g_autofree char *output = test_shell(&status, line);
    assert_non_null(strstr(output, "errors: 0, replies: 10000\n"));
    start_again(SIGKILL);
    expect("qlen pipe", "(integer) 10000\n");
    expect("qpurge pipe", "(integer) 10000\n");
    expect("qdrop pipe", "OK\n");
}

/* ---- A library. ---- */

/* Status 77: the library is not installed. */
static const char script[] =
    "import sys\n"
    "try:\n"
    "    import redis\n"
    "except ImportError:\n"
    "    sys.exit(77)\n"
    "r = redis.Redis(port=int(sys.argv[1]), socket_timeout=20)\n"
    "do = r.execute_command\n"
    "assert do('QDECLARE', 'work', 'VISIBILITY', 60000) == b'OK'\n"
    "pipe = r.pipeline(transaction=False)\n"
    "for i in range(1000):\n"
    "    pipe.execute_command('QONCE', 'work', 5, i + 1, 'job %d' % i)\n"
    "assert pipe.execute() == list(range(1, 1001))\n"
    "assert pipe.execute_command('QONCE', 'work', 5, 1000, 'job 999')"
    ".execute() == [1000]\n"
    "done = []\n"
    "while True:\n"
    "    batch = do('QTAKE', 'work', 'COUNT', 100, 'WAIT', 10)\n"
    "    if not batch:\n"
    "        break\n"
    "    done += [message for _, attempt, again, message in batch]\n"
    "    receipts = [receipt for receipt, _, _, _ in batch]\n"
    "    assert do('QACK', 'work', *receipts) == len(batch)\n"
    "assert done == [b'job %d' % i for i in range(1000)]\n"
    "odd = bytes(range(256)) * 1000\n"
    "do('QPUSH', 'work', odd)\n"
    "assert do('QTAKE', 'work')[0][3] == odd\n"
    "assert do('QDROP', 'work') == b'OK'\n"
    "try:\n"
    "    do('QLEN', 'work')\n"
    "    sys.exit(1)\n"
    "except redis.ResponseError as error:\n"
    "    assert 'NOQUEUE' in str(error)\n"
    "print('fine')\n";

static void a_worker_in_python_does_all_jobs(void **state)
{
    int status;
    g_autofree char *name = g_build_filename(stage_dir(stage), "user.py", NULL);
    (void)state;
    need("python3");
    assert_true(g_file_set_contents(name, script, -1, NULL));
    const char *python = g_file_test("/usr/bin/python3", G_FILE_TEST_EXISTS)
                             ? "/usr/bin/python3"
                             : "python3";
    g_autofree char *line =
        g_strdup_printf("%s '%s' %s", python, name, strrchr(server, ':') + 1);
    g_autofree char *output = test_shell(&status, line);
    if (status == 77) {
        printf("skipped: python3-redis is not installed\n");
        skip();
    }
    assert_string_equal(output, "fine\n");
}

/* ---- Our own. ---- */

static void what_publish_says_is_done_by_work(void **state)
{
    g_autofree char *path = g_build_filename(stage_dir(stage), "done", NULL);
    g_autofree char *log = g_strconcat("--log=", path, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GString) all = g_string_new(NULL);
    (void)state;
    struct actor *publish = stage_start(stage, "publish", server, "ours",
                                        "--count=200", "--name=x", NULL);
    g_autofree char *line = actor_await(publish, "confirmed ", PATIENCE);
    assert_string_equal(line, "confirmed 200");
    assert_int_equal(actor_wait(publish, PATIENCE), 0);
    struct actor *work = stage_start(stage, "work", server, "ours", log, NULL);
    for (int i = 1; i <= 200; i++)
        g_string_append_printf(all, "x-%d\n", i);
    nsec end = clock_monotonic() + PATIENCE;
    while (g_strcmp0(text, all->str) != 0) {
        assert_true(clock_monotonic() < end);
        g_free(actor_await(work, "nothing", MSEC));
        g_clear_pointer(&text, g_free);
        g_file_get_contents(path, &text, NULL, NULL);
    }
    actor_signal(work, SIGTERM);
    assert_int_equal(actor_wait(work, PATIENCE), 0);
}

static void publish_ends_when_what_it_began_is_confirmed(void **state)
{
    (void)state;
    struct actor *publish =
        stage_start(stage, "publish", server, "told", "--rate=100000", NULL);
    actor_signal(publish, SIGTERM);
    int status = actor_wait(publish, PATIENCE);
    assert_true(status == 0 || status == -SIGTERM); /* It had not begun. */
}

static void our_own_refuse_in_a_sentence(void **state)
{
    static const char *const programs[] = {"publish", "work"};
    static const char *const wrong[][3] = {
        {"127.0.0.1:0", NULL, NULL},
        {"here", "jobs", NULL},
        {"127.0.0.1:1", "jobs", "--frob"},
        {"127.0.0.1:1", "jobs", "more"},
        {"127.0.0.1:1", "jobs", "--size=33554433"}};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++)
        for (size_t k = 0; k < G_N_ELEMENTS(wrong); k++) {
            struct actor *actor = stage_start(stage, programs[i], wrong[k][0],
                                              wrong[k][1], wrong[k][2], NULL);
            assert_int_equal(actor_wait(actor, PATIENCE), 2);
            g_autofree char *complaint = actor_errors(actor);
            assert_true(g_str_has_prefix(complaint, programs[i]));
            assert_ptr_equal(strchr(complaint, '\n'),
                             complaint + strlen(complaint) - 1);
        }
}

static void publish_says_why_a_message_is_never_kept(void **state)
{
    (void)state;
    struct actor *publish =
        stage_start(stage, "publish", server, "a b", "--count=1", NULL);
    assert_int_equal(actor_wait(publish, PATIENCE), 1);
    g_autofree char *complaint = actor_errors(publish);
    assert_string_equal(complaint,
                        "publish: not all are confirmed: NOQUEUE there is no "
                        "queue of that name.\n");
}

/* ---- How it begins, and ends. ---- */

static void where_nothing_can_be_written_it_is_never_ready(void **state)
{
    g_autofree char *program = stage_program("queue");
    g_autofree char *line = g_strdup_printf(
        "trap '' XFSZ; ulimit -f 0; exec '%s' --listen=127.0.0.1:0 "
        "--dir='%s/full' 2>&1", /* Sanitizers write, too, and go on. */
        program, stage_dir(stage));
    struct actor *actor = stage_start(stage, "/bin/sh", "-c", line, NULL);
    g_autofree char *said = actor_await(actor, "", PATIENCE);
    (void)state;
    assert_true(said && strstr(said, "File too large"));
    assert_int_equal(actor_wait(actor, PATIENCE), 1);
}

static void it_ends_when_it_is_told(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        actor_signal(broker, signals[i]);
        assert_int_equal(actor_wait(broker, PATIENCE), 0);
        g_autofree char *complaints = actor_errors(broker);
        assert_string_equal(complaints, "");
        start();
    }
}

/* One sentence, and the status. */
static void refuses(const char *option, int status)
{
    struct actor *actor =
        stage_start(stage, "queue", "--listen=127.0.0.1:0", option, NULL);
    assert_int_equal(actor_wait(actor, PATIENCE), status);
    g_autofree char *complaint = actor_errors(actor);
    assert_true(g_str_has_prefix(complaint, "queue: "));
    assert_true(strlen(complaint) > strlen("queue: \n"));
    assert_int_equal(strcspn(complaint, "\n"), strlen(complaint) - 1);
}

static void wrong_options_are_refused_in_a_sentence(void **state)
{
    static const char *const wrong[] = {
        "--frob",       "more",        "--listen=here", "--clients=0",
        "--memory=0",   "--memory=-1", "--largest=801", "--patience=nan",
        "--patience=0", "--dir="};
    g_autofree char *used = g_strconcat("--dir=", dir, NULL);
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        refuses(wrong[i], 2);
    refuses(used, 1);
}

static void a_damaged_log_is_refused_in_a_sentence(void **state)
{
    int status;
    (void)state;
    g_autofree char *line = g_strdup_printf(
        "cd '%s' && cp -r . ../other && cd ../other && rm queue-synced.1.value",
        dir);
    g_free(test_shell(&status, line));
    assert_int_equal(status, 0);
    g_autofree char *option =
        g_strconcat("--dir=", stage_dir(stage), "/other", NULL);
    refuses(option, 1);
}

static void help_fits_the_screen(void **state)
{
    int status;
    g_autofree char *program = stage_program("queue");
    g_autofree char *line = g_strdup_printf("'%s' --help", program);
    g_autofree char *help = test_shell(&status, line);
    g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
    (void)state;
    assert_int_equal(status, 0);
    assert_non_null(strstr(help, "--dir"));
    for (char **at = lines; *at; at++)
        assert_in_range(g_utf8_strlen(*at, -1), 0, 80);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_kept_taken_and_acknowledged),
        cmocka_unit_test(a_message_given_back_comes_again),
        cmocka_unit_test(a_worker_of_a_dropped_queue_ends_and_says_why),
        cmocka_unit_test(a_request_said_twice_is_done_once),
        cmocka_unit_test(a_poison_message_ends_in_the_dead_queue),
        cmocka_unit_test(what_was_kept_is_there_after_any_end),
        cmocka_unit_test(a_limit_refuses_and_reads_are_served),
        cmocka_unit_test(info_tells_what_is_there),
        cmocka_unit_test(a_pipe_of_ten_thousand_is_kept),
        cmocka_unit_test(a_worker_in_python_does_all_jobs),
        cmocka_unit_test(what_publish_says_is_done_by_work),
        cmocka_unit_test(publish_ends_when_what_it_began_is_confirmed),
        cmocka_unit_test(our_own_refuse_in_a_sentence),
        cmocka_unit_test(publish_says_why_a_message_is_never_kept),
        cmocka_unit_test(where_nothing_can_be_written_it_is_never_ready),
        cmocka_unit_test(it_ends_when_it_is_told),
        cmocka_unit_test(wrong_options_are_refused_in_a_sentence),
        cmocka_unit_test(a_damaged_log_is_refused_in_a_sentence),
        cmocka_unit_test(help_fits_the_screen),
    };
    stage = stage_new();
    dir = g_build_filename(stage_dir(stage), "broker", NULL);
    start();
    int status = test_run(argc, argv, tests);
    g_free(server);
    g_free(dir);
    stage_free(stage);
    return status;
}

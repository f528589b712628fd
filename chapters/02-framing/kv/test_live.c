/* The server `kv` as a process, and the clients that people have for Redis. A
 * client that is not installed is skipped. */
#include "01-sockets/dial.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const nsec PATIENCE = 30 * SEC;

static struct stage *stage;
static char *server; /* Its address. */

/* A server with one more @p option. Returns new: its address. */
static char *start(const char *option, struct actor **actor)
{
    *actor = stage_start(stage, "kv", "--listen=127.0.0.1:0", option, NULL);
    g_autofree char *ready = actor_await(*actor, "ready ", PATIENCE);
    assert_non_null(ready);
    return g_strdup(ready + strlen("ready "));
}

/* ---- A client made of bytes. ---- */

static int visit(void)
{
    g_autoptr(GArray) to = address_find(server, NULL);
    int fd = dial(to, clock_monotonic() + PATIENCE);
    assert_return_code(fd, errno);
    return fd;
}

static void say(int fd, const char *text)
{
    size_t size = strlen(text);
    assert_int_equal(write_all(fd, text, size, clock_monotonic() + PATIENCE),
                     size);
}

/* The next bytes are these. */
static void hear(int fd, const char *text)
{
    char heard[256] = "";
    size_t size = strlen(text);
    assert_true(size < sizeof heard);
    assert_int_equal(read_all(fd, heard, size, clock_monotonic() + PATIENCE),
                     size);
    assert_string_equal(heard, text);
}

static void hear_end(int fd)
{
    char byte;
    assert_int_equal(read_some(fd, &byte, 1, clock_monotonic() + PATIENCE), 0);
    close(fd);
}

static void flush(void)
{
    int fd = visit();
    say(fd, "FLUSHALL\r\n");
    hear(fd, "+OK\r\n");
    close(fd);
}

/* ---- Programs. ---- */

static void need(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);
    if (path)
        return;
    printf("skipped: %s is not installed\n", program);
    skip();
}

/* What a shell prints that is given @p format with the server's port for its
 * %s. Returns new. */
static char *run(const char *format)
{
    int status;
    g_auto(GStrv) parts = g_strsplit(format, "PORT", -1);
    g_autofree char *line = g_strjoinv(strrchr(server, ':') + 1, parts);
    char *output = test_shell(&status, line);
    if (status != 0)
        fail_msg("%s: status %d, %s", line, status, output);
    return output;
}

static void expect(const char *format, const char *output)
{
    g_autofree char *is = run(format);
    assert_string_equal(is, output);
}

/* ---- redis-cli. ---- */

static void redis_cli_asks_once(void **state)
{
    (void)state;
    need("redis-cli");
    flush();
    expect("redis-cli -p PORT set greeting 'hello, world'", "OK\n");
    expect("redis-cli -p PORT get greeting", "hello, world\n");
    expect("redis-cli --no-raw -p PORT get none", "(nil)\n");
    expect("redis-cli -p PORT -r 3 incr n", "1\n2\n3\n");
    expect("redis-cli --no-raw -p PORT mget n none", "1) \"3\"\n2) (nil)\n");
    expect("printf 'a\\nb' | redis-cli -p PORT -x set text", "OK\n");
    expect("redis-cli -p PORT strlen text", "3\n");
}

static void redis_cli_speaks_resp3(void **state)
{
    (void)state;
    need("redis-cli");
    g_autofree char *hello = run("redis-cli -3 -p PORT hello");
    assert_non_null(strstr(hello, "proto 3\n"));
    expect("redis-cli -3 --no-raw -p PORT get none", "(nil)\n");
    expect("redis-cli -3 -p PORT echo hi", "hi\n");
}

static void redis_cli_reads_lines_and_goes_on_after_errors(void **state)
{
    (void)state;
    need("redis-cli");
    flush();
    expect("printf 'set a \"x y\"\\nget a\\nfrob\\nincr a\\nmulti\\nset b 1\\n"
           "incr b\\nexec\\n' | redis-cli -p PORT",
           "OK\nx y\nERR unknown command 'frob'\n\n"
           "ERR value is not an integer or out of range\n\n"
           "OK\nQUEUED\nQUEUED\nOK\n2\n");
}

static void redis_cli_pipes_ten_thousand_commands(void **state)
{
    g_autoptr(GString) commands = g_string_new(NULL);
    g_autofree char *name =
        g_build_filename(stage_dir(stage), "commands", NULL);
    (void)state;
    need("redis-cli");
    flush();
    for (int i = 0; i < 10000; i++) {
        g_autofree char *key = g_strdup_printf("key:%d", i);
        g_string_append_printf(
            commands, "*3\r\n$3\r\nSET\r\n$%zu\r\n%s\r\n$5\r\nvalue\r\n",
            strlen(key), key);
    }
    assert_true(
        g_file_set_contents(name, commands->str, (gssize)commands->len, NULL));
    g_autofree char *line =
        g_strdup_printf("redis-cli -p PORT --pipe < '%s'", name);
    g_autofree char *output = run(line);
    assert_non_null(strstr(output, "errors: 0, replies: 10000\n"));
    expect("redis-cli -p PORT dbsize", "10000\n");
    expect("redis-cli -p PORT get key:9999", "value\n");
}

static void info_tells_who_is_there(void **state)
{
    (void)state;
    need("redis-cli");
    flush();
    g_autofree char *info = run("redis-cli -p PORT info | tr -d '\\r'");
    assert_non_null(strstr(info, "\nredis_version:7"));
    assert_non_null(strstr(info, "\nkeys:0\n"));
    assert_non_null(strstr(info, "\nconnected_clients:"));
}

/* ---- redis-benchmark, and a library. ---- */

static void redis_benchmark_is_served(void **state)
{
    (void)state;
    need("redis-benchmark");
    g_autofree char *output =
        run("redis-benchmark -p PORT -t ping,set,get,incr -n 2000 -P 16 -q");
    assert_null(strstr(output, "rror"));
    assert_null(strstr(output, "WARN"));
    for (const char *const *name =
             (const char *[]){"PING_INLINE: ", "PING_MBULK: ", "SET: ", "GET: ",
                              "INCR: ", NULL};
         *name; name++)
        assert_non_null(strstr(output, *name));
}

/* Status 77: the library is not installed. */
static const char script[] =
    "import sys\n"
    "try:\n"
    "    import redis\n"
    "except ImportError:\n"
    "    sys.exit(77)\n"
    "r = redis.Redis(port=int(sys.argv[1]), socket_timeout=20)\n"
    "assert r.ping()\n"
    "assert [r.incr('n'), r.incr('n', 5), r.decr('n')] == [1, 6, 5]\n"
    "odd = bytes(range(256)) + b'\\r\\n'\n"
    "assert r.set(odd, odd) and r.get(odd) == odd\n"
    "assert r.get('none') is None\n"
    "pipe = r.pipeline(transaction=False)\n"
    "for i in range(1000):\n"
    "    pipe.set('key:%d' % i, i).get('key:%d' % i)\n"
    "replies = pipe.execute()\n"
    "assert replies[0::2] == [True] * 1000\n"
    "assert replies[1::2] == [b'%d' % i for i in range(1000)]\n"
    "with r.pipeline() as pipe:\n"
    "    assert pipe.incr('n').get('n').execute() == [6, b'6']\n"
    "one, other = r.lock('lock', timeout=60), r.lock('lock', timeout=60)\n"
    "assert one.acquire(blocking=False)\n"
    "assert not other.acquire(blocking=False)\n"
    "assert 59000 < r.pttl('lock') <= 60000\n"
    "assert r.delete('lock') == 1 and other.acquire(blocking=False)\n"
    "assert r.mset({'a': 1, 'b': 2}) and r.mget('a', 'b') == [b'1', b'2']\n"
    "assert r.set('t', 1, ex=100, nx=True) and 99 <= r.ttl('t') <= 100\n"
    "assert r.set('t', 2, nx=True) is None and r.persist('t')\n"
    "assert r.info()['server_name'] == 'kv'\n"
    "try:\n"
    "    r.execute_command('FROB')\n"
    "    sys.exit(1)\n"
    "except redis.ResponseError as error:\n"
    "    assert 'unknown command' in str(error)\n"
    "large = b'x' * 5000000\n"
    "assert r.append('large', large) == 5000000 and r.get('large') == large\n"
    "print('fine')\n";

static void the_library_of_python_is_served(void **state)
{
    int status;
    g_autofree char *name = g_build_filename(stage_dir(stage), "user.py", NULL);
    (void)state;
    need("python3");
    flush();
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

/* ---- By hand, and by those who make mistakes. ---- */

static void who_types_is_served(void **state)
{
    int fd = visit();
    (void)state;
    flush();
    say(fd, "SET a 5\r\n\r\n  get\ta \nINCR a\r\nGET none\r\n");
    hear(fd, "+OK\r\n$1\r\n5\r\n:6\r\n$-1\r\n");
    say(fd, "QUIT\r\nSET a 7\r\n");
    hear(fd, "+OK\r\n");
    hear_end(fd);
    fd = visit();
    say(fd, "GET a\r\n");
    hear(fd, "$1\r\n6\r\n");
    close(fd);
}

static void a_command_may_come_byte_by_byte(void **state)
{
    static const char command[] = "*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n";
    int fd = visit();
    (void)state;
    for (const char *byte = command; *byte; byte++)
        say(fd, (char[]){*byte, 0});
    hear(fd, "$-1\r\n");
    close(fd);
}

static void what_is_no_resp_is_said_and_ends_it(void **state)
{
    static const char *const wrong[] = {"*1\r\n$abc\r\n", "*1\r\n:5\r\n",
                                        "*x\r\n",         "*1\r\n$-5\r\n",
                                        "*99999999\r\n",  "*1\r\n$4\r\nPINGxx*",
                                        "SET a \"x\"\r\n"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        char answer[256] = "";
        int fd = visit();
        say(fd, "PING\r\n");
        say(fd, wrong[i]);
        hear(fd, "+PONG\r\n-ERR Protocol error: ");
        while (!strchr(answer, '\n'))
            assert_int_equal(read_some(fd, answer + strlen(answer), 1,
                                       clock_monotonic() + PATIENCE),
                             1);
        hear_end(fd);
    }
}

static void who_ends_its_side_gets_all_answers(void **state)
{
    int fd = visit();
    (void)state;
    flush();
    for (int i = 0; i < 1000; i++)
        say(fd, "INCR n\r\n");
    shutdown(fd, SHUT_WR);
    for (int i = 1; i <= 1000; i++) {
        char reply[16];
        snprintf(reply, sizeof reply, ":%d\r\n", i);
        hear(fd, reply);
    }
    hear_end(fd);
}

/* ---- How it begins, and ends. ---- */

static void it_ends_when_it_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct actor *actor;
        g_free(start(NULL, &actor));
        actor_signal(actor, i == 0 ? SIGTERM : SIGINT);
        assert_int_equal(actor_wait(actor, PATIENCE), 0);
        g_autofree char *complaints = actor_errors(actor);
        assert_string_equal(complaints, "");
    }
}

static void a_unix_socket_is_left_by_nobody(void **state)
{
    struct actor *actor;
    g_autofree char *path = g_build_filename(stage_dir(stage), "socket", NULL);
    g_autofree char *option = g_strconcat("--listen=unix:", path, NULL);
    (void)state;
    for (int i = 0; i < 2; i++) {
        actor = stage_start(stage, "kv", option, NULL);
        g_autofree char *ready = actor_await(actor, "ready ", PATIENCE);
        assert_non_null(ready);
        assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
        actor_signal(actor, SIGTERM);
        assert_int_equal(actor_wait(actor, PATIENCE), 0);
        assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
}

/* One sentence, and the status. */
static void refuses(const char *option, int status)
{
    struct actor *actor = stage_start(stage, "kv", option, NULL);
    assert_int_equal(actor_wait(actor, PATIENCE), status);
    g_autofree char *complaint = actor_errors(actor);
    assert_true(g_str_has_prefix(complaint, "kv: "));
    assert_true(strlen(complaint) > strlen("kv: \n"));
    assert_ptr_equal(strchr(complaint, '\n'),
                     complaint + strlen(complaint) - 1);
}

static void wrong_options_are_refused_in_a_sentence(void **state)
{
    static const char *const wrong[] = {
        "--frob",        "more",
        "--listen=here", "--listen=127.0.0.1:65536",
        "--clients=0",   "--clients=many",
        "--memory=0",    "--largest=801",
        "--patience=0",  "--patience=nan",
        "--idle=-1"};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        refuses(wrong[i], 2);
}

static void where_somebody_listens_it_does_not(void **state)
{
    g_autofree char *option = g_strconcat("--listen=", server, NULL);
    (void)state;
    refuses(option, 1);
}

static void one_too_many_is_turned_away(void **state)
{
    struct actor *actor;
    g_autofree char *where = start("--clients=1", &actor);
    g_autoptr(GArray) to = address_find(where, NULL);
    int one = dial(to, clock_monotonic() + PATIENCE);
    (void)state;
    say(one, "PING\r\n");
    hear(one, "+PONG\r\n");
    int other = dial(to, clock_monotonic() + PATIENCE);
    hear(other, "-ERR max number of clients reached\r\n");
    hear_end(other);
    say(one, "PING\r\n");
    hear(one, "+PONG\r\n");
    close(one);
}

static void help_fits_the_screen(void **state)
{
    int status;
    g_autofree char *program = stage_program("kv");
    g_autofree char *line = g_strdup_printf("'%s' --help", program);
    g_autofree char *help = test_shell(&status, line);
    g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
    (void)state;
    assert_int_equal(status, 0);
    assert_non_null(strstr(help, "--listen"));
    for (char **at = lines; *at; at++)
        assert_in_range(g_utf8_strlen(*at, -1), 0, 80);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redis_cli_asks_once),
        cmocka_unit_test(redis_cli_speaks_resp3),
        cmocka_unit_test(redis_cli_reads_lines_and_goes_on_after_errors),
        cmocka_unit_test(redis_cli_pipes_ten_thousand_commands),
        cmocka_unit_test(info_tells_who_is_there),
        cmocka_unit_test(redis_benchmark_is_served),
        cmocka_unit_test(the_library_of_python_is_served),
        cmocka_unit_test(who_types_is_served),
        cmocka_unit_test(a_command_may_come_byte_by_byte),
        cmocka_unit_test(what_is_no_resp_is_said_and_ends_it),
        cmocka_unit_test(who_ends_its_side_gets_all_answers),
        cmocka_unit_test(it_ends_when_it_is_told),
        cmocka_unit_test(a_unix_socket_is_left_by_nobody),
        cmocka_unit_test(wrong_options_are_refused_in_a_sentence),
        cmocka_unit_test(where_somebody_listens_it_does_not),
        cmocka_unit_test(one_too_many_is_turned_away),
        cmocka_unit_test(help_fits_the_screen),
    };
    struct actor *actor;
    stage = stage_new();
    server = start(NULL, &actor);
    int status = test_run(argc, argv, tests);
    g_free(server);
    stage_free(stage);
    return status;
}

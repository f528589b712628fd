/* The command `http_get`, and curl when it is there, as a user runs them. */
#include "01-sockets/address.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include "01-sockets/wrong/hole.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const nsec PATIENCE = 30 * SEC;

static struct stage *stage;
static char *server; /* Where `http` serves. */

/* ---- Running a command. ---- */

/* What it left behind. */
struct outcome {
    int status; /* As it exited; -1 when it was killed. */
    char *output, *errors;
};

static void outcome_clear(struct outcome *outcome)
{
    g_free(outcome->output);
    g_free(outcome->errors);
}

static char *bin(void)
{
    g_autofree char *program = stage_program("http_get");
    return g_path_get_dirname(program);
}

/* As a shell would; $S is the address of the server. */
static struct outcome run(const char *command)
{
    struct outcome outcome;
    g_autofree char *dir = bin();
    g_autofree char *path = g_strdup_printf("%s:%s", dir, g_getenv("PATH"));
    g_auto(GStrv) environment = g_get_environ();
    environment = g_environ_setenv(environment, "PATH", path, TRUE);
    environment = g_environ_setenv(environment, "S", server, TRUE);
    char *argv[] = {"/bin/sh", "-c", (char *)command, NULL};
    int status;
    assert_true(g_spawn_sync(NULL, argv, environment, 0, NULL, NULL,
                             &outcome.output, &outcome.errors, &status, NULL));
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
}

static void expect_output(const char *command, const char *output)
{
    struct outcome outcome = run(command);
    assert_string_equal(outcome.errors, "");
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.output, output);
    outcome_clear(&outcome);
}

/* One sentence on standard error, nothing on standard output. */
static void expect_failure(const char *command, int status, const char *why)
{
    struct outcome outcome = run(command);
    if (!strstr(outcome.errors, why))
        fail_msg("%s: %s", command, outcome.errors);
    assert_int_equal(outcome.status, status);
    assert_true(g_str_has_prefix(outcome.errors, "http_get: "));
    assert_true(g_str_has_suffix(outcome.errors, ".\n"));
    assert_ptr_equal(strchr(outcome.errors, '\n'),
                     strrchr(outcome.errors, '\n'));
    assert_string_equal(outcome.output, "");
    outcome_clear(&outcome);
}

/* ---- What works. ---- */

static char *welcome(void)
{
    struct outcome outcome = run("http_get $S");
    assert_true(g_str_has_prefix(outcome.output, "From Sockets to Consensus"));
    g_free(outcome.errors);
    return outcome.output;
}

static void a_url_may_be_written_in_many_ways(void **state)
{
    g_autofree char *page = welcome();
    (void)state;
    expect_output("http_get $S/", page);
    expect_output("http_get http://$S", page);
    expect_output("http_get HTTP://$S/?query#fragment", page);
    expect_output("http_get $S?query", page);
    expect_output("http_get --deadline=1e3 --most=1000 $S", page);
}

static void a_host_may_have_a_name(void **state)
{
    g_autoptr(GArray) found = address_find("localhost:80", NULL);
    (void)state;
    if (!found)
        skip(); /* A bare machine knows not even itself: no /etc/hosts. */
    g_autofree char *page = welcome();
    expect_output("http_get localhost:${S#*:}", page);
}

static void a_page_in_chunks_is_the_same_page(void **state)
{
    g_autofree char *page = welcome();
    (void)state;
    expect_output("http_get $S/chunked", page);
}

static void a_page_may_take_many_reads(void **state)
{
    g_autofree char *page = g_strnfill(1 << 20, '.');
    (void)state;
    expect_output("http_get $S/big", page);
}

static void it_explains_itself(void **state)
{
    struct outcome outcome = run("http_get --help");
    (void)state;
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.output, "[http://]HOST[:PORT][/PATH]"));
    outcome_clear(&outcome);
}

/* ---- What the user gets wrong. ---- */

static void what_makes_no_sense_is_refused_with_status_two(void **state)
{
    static const struct {
        const char *command, *why;
    } cases[] = {
        {"http_get", "exactly one URL"},
        {"http_get $S $S", "exactly one URL"},
        {"http_get --nonsense $S", "--nonsense"},
        {"http_get --deadline=soon $S", "soon"},
        {"http_get --deadline=0 $S", "--deadline"},
        {"http_get --deadline=-1 $S", "--deadline"},
        {"http_get --deadline=nan $S", "--deadline"},
        {"http_get --deadline=inf $S", "--deadline"},
        {"http_get --most=-1 $S", "--most"},
        {"http_get --most=2147483648 $S", "--most"},
        {"http_get --most=x $S", "--most"},
        {"http_get --at=$S:1 $S", "such as"},
        {"http_get --at=$S --at=unix: $S", "unix:"},
        {"http_get https://$S", "encrypted"},
        {"http_get ftp://$S", "http://"},
        {"http_get ''", "no host"},
        {"http_get http://", "no host"},
        {"http_get http:///path", "no host"},
        {"http_get :80", "no host"},
        {"http_get user:password@$S", "user name"},
        {"http_get 127.0.0.1:65536", "65536"},
        {"http_get 127.0.0.1:-1", "-1"},
        {"http_get 127.0.0.1:http", "http"},
        {"http_get ::1", ":1"},
        {"http_get '[::1'", "[::1"},
        {"http_get '[::zz]'", "[::zz]"},
        {"http_get $S/%zz", "%-encoding"},
        {"http_get \"$S/a b\"", "spaces"},
        {"http_get \"$S/$(printf 'a\\r\\nX: y')\"", "printable"},
        {"http_get \"$S/$(printf '\\303\\244')\"", "printable"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        expect_failure(cases[i].command, 2, cases[i].why);
}

/* ---- What the world gets wrong. ---- */

static void a_page_that_is_not_there_is_an_error_with_a_body(void **state)
{
    struct outcome outcome = run("http_get $S/nix");
    g_autofree char *sentence =
        g_strdup_printf("http_get: %s answers with status 404.\n", server);
    (void)state;
    assert_int_equal(outcome.status, 1);
    assert_string_equal(outcome.output, "404 Not Found\n");
    assert_string_equal(outcome.errors, sentence);
    outcome_clear(&outcome);
}

/* A name with a label of 64 letters: nobody has to be asked about it. */
static void a_host_that_does_not_exist_is_an_error(void **state)
{
    g_autofree char *label = g_strnfill(64, 'x');
    g_autofree char *command = g_strdup_printf("http_get %s.invalid", label);
    (void)state;
    expect_failure(command, 1, "no address is known");
}

static void a_network_out_of_reach_is_an_error(void **state)
{
    (void)state;
    expect_failure("http_get 127.255.255.255", 1, "unreachable");
}

static void a_page_longer_than_allowed_is_an_error(void **state)
{
    (void)state;
    expect_failure("http_get --most=1048575 $S/big", 1, "longer than allowed");
    expect_failure("http_get --most=10 $S/chunked", 1, "longer than allowed");
    expect_failure("http_get --most=0 $S", 1, "longer than allowed");
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    expect_failure("http_get $S > /dev/full", 1, "No space left");
    expect_failure("http_get $S/big > /dev/full", 1, "No space left");
}

/* ---- Servers that misbehave. ---- */

/* Listen there. Returns in @p name what to write after --at. */
static int listen_at(const char *text, char **name)
{
    struct address here;
    assert_true(address_parse(&here, text, NULL));
    int listener = net_listen(&here, 8);
    assert_return_code(listener, errno);
    here = address_of(listener);
    *name = address_text(&here);
    return listener;
}

static int listen_here(char **address)
{
    return listen_at("127.0.0.1:0", address);
}

/* Take a port where nobody listens. */
static int refuse_here(char **address)
{
    struct address here;
    assert_true(address_parse(&here, "127.0.0.1:0", NULL));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(bind(fd, (struct sockaddr *)&here.storage, here.size),
                       errno);
    here = address_of(fd);
    *address = address_text(&here);
    return fd;
}

static void a_silent_server_is_an_error(void **state)
{
    g_autofree char *address = NULL;
    int listener = listen_here(&address);
    g_autofree char *command =
        g_strdup_printf("http_get --deadline=0.05 %s", address);
    (void)state;
    expect_failure(command, 1, "in time (after 0 bytes)");
    close(listener);
}

static void a_port_where_nobody_listens_is_an_error(void **state)
{
    g_autofree char *address = NULL;
    int fd = refuse_here(&address);
    g_autofree char *command = g_strdup_printf("http_get %s", address);
    (void)state;
    expect_failure(command, 1, "Connection refused");
    close(fd);
}

/* Hears the request, says a few words, and goes. */
struct rude {
    int listener;
    const char *words;
    bool resets;
    GThread *thread;
};

static void *serve_rudely(void *data)
{
    const struct rude *rude = data;
    const struct linger at_once = {.l_onoff = rude->resets};
    char request[1024];
    int fd = net_accept(rude->listener, NULL);
    read_some(fd, request, sizeof request, NEVER);
    write_all(fd, rude->words, strlen(rude->words), NEVER);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    return NULL;
}

static void expect_rude(const char *words, bool resets, const char *why)
{
    g_autofree char *address = NULL;
    struct rude rude = {listen_here(&address), words, resets, NULL};
    g_autofree char *command = g_strdup_printf("http_get %s", address);
    rude.thread = g_thread_new("server", serve_rudely, &rude);
    expect_failure(command, 1, why);
    g_thread_join(rude.thread);
    close(rude.listener);
}

static void an_answer_cut_short_is_an_error(void **state)
{
    (void)state;
    expect_rude("", false, "closed before the answer was whole (after 0");
    expect_rude("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", false,
                "closed before the answer was whole (after 42 bytes)");
}

static void an_answer_that_ends_in_a_reset_is_an_error(void **state)
{
    (void)state;
    expect_rude("", true, "Connection reset by peer");
    expect_rude("HTTP/1.1 200 OK\r\n\r\nhello", true,
                "Connection reset by peer");
}

static void an_answer_in_another_language_is_an_error(void **state)
{
    (void)state;
    expect_rude("SSH-2.0-OpenSSH_9.2\r\n\r\n", false, "not HTTP/1.1");
    expect_rude("\x15\x03\x01 \x02\x02\x46", false, "control character");
}

/* ---- Several addresses. ---- */

static void a_page_may_come_from_another_address(void **state)
{
    g_autofree char *page = welcome();
    (void)state;
    expect_output("http_get --at=$S nowhere.invalid", page);
    expect_output("http_get --at=$S --in-turn nowhere.invalid", page);
}

static void addresses_race_and_families_take_turns(void **state)
{
    g_autofree char *refused = NULL, *other = NULL;
    g_autofree char *name = g_strdup_printf("unix:@http_get/%d", getpid());
    int fd = refuse_here(&refused);
    struct rude rude = {listen_at(name, &other),
                        "HTTP/1.1 200 OK\r\n\r\nthe other", false, NULL};
    g_autofree char *command = g_strdup_printf(
        "http_get --at=%s --at=$S --at=%s nowhere.invalid", refused, other);
    (void)state;
    rude.thread = g_thread_new("server", serve_rudely, &rude);
    expect_output(command, "the other");
    g_thread_join(rude.thread);
    close(rude.listener);
    close(fd);
}

/* The other is silent, so that nothing would come from it. */
static void in_turn_the_first_that_answers_is_taken(void **state)
{
    g_autofree char *refused = NULL, *other = NULL, *page = welcome();
    g_autofree char *name = g_strdup_printf("unix:@http_get/%d", getpid());
    int fd = refuse_here(&refused), silent = listen_at(name, &other);
    g_autofree char *command = g_strdup_printf(
        "http_get --in-turn --at=%s --at=$S --at=%s nowhere.invalid", refused,
        other);
    (void)state;
    expect_output(command, page);
    close(silent);
    close(fd);
}

/* In turn, the black hole alone would get five minutes. */
static void an_address_that_says_nothing_holds_up_nobody(void **state)
{
    g_autofree char *hole = NULL, *page = welcome();
    int listener = listen_here(&hole);
    g_autofree char *command = g_strdup_printf(
        "timeout 60 http_get --deadline=600 --at=%s --at=$S nowhere.invalid",
        hole);
    (void)state;
    assert_true(hole_open(listener));
    expect_output(command, page);
    close(listener);
}

static void where_nobody_answered_is_said(void **state)
{
    g_autofree char *one = NULL, *other = NULL;
    int first = refuse_here(&one), second = refuse_here(&other);
    g_autofree char *where = g_strdup_printf("to %s or %s: ", one, other);
    g_autofree char *command =
        g_strdup_printf("http_get --at=%s --at=%s $S", one, other);
    (void)state;
    expect_failure(command, 1, where);
    close(first);
    close(second);
}

/* ---- Another client. ---- */

static void curl_agrees(void **state)
{
    g_autofree char *curl = g_find_program_in_path("curl");
    (void)state;
    if (!curl)
        skip();
    g_autofree char *page = welcome();
    g_autofree char *big = g_strnfill(1 << 20, '.');
    expect_output("curl -qsS --noproxy '*' http://$S/", page);
    expect_output("curl -qsS --noproxy '*' http://$S/chunked", page);
    expect_output("curl -qsS --noproxy '*' -0 http://$S/chunked", page);
    expect_output("curl -qsS --noproxy '*' http://$S/big", big);
    expect_output("curl -qsS --noproxy '*' -o /dev/null -w '%{http_code}' "
                  "-d x http://$S/",
                  "405");
    expect_output("curl -qsSI --noproxy '*' -o /dev/null -w '%{http_code}' "
                  "http://$S/chunked",
                  "200");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_may_be_written_in_many_ways),
        cmocka_unit_test(a_host_may_have_a_name),
        cmocka_unit_test(a_page_in_chunks_is_the_same_page),
        cmocka_unit_test(a_page_may_take_many_reads),
        cmocka_unit_test(it_explains_itself),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_status_two),
        cmocka_unit_test(a_page_that_is_not_there_is_an_error_with_a_body),
        cmocka_unit_test(a_host_that_does_not_exist_is_an_error),
        cmocka_unit_test(a_network_out_of_reach_is_an_error),
        cmocka_unit_test(a_page_longer_than_allowed_is_an_error),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(a_silent_server_is_an_error),
        cmocka_unit_test(a_port_where_nobody_listens_is_an_error),
        cmocka_unit_test(an_answer_cut_short_is_an_error),
        cmocka_unit_test(an_answer_that_ends_in_a_reset_is_an_error),
        cmocka_unit_test(an_answer_in_another_language_is_an_error),
        cmocka_unit_test(a_page_may_come_from_another_address),
        cmocka_unit_test(addresses_race_and_families_take_turns),
        cmocka_unit_test(in_turn_the_first_that_answers_is_taken),
        cmocka_unit_test(an_address_that_says_nothing_holds_up_nobody),
        cmocka_unit_test(where_nobody_answered_is_said),
        cmocka_unit_test(curl_agrees),
    };
    stage = stage_new();
    struct actor *http =
        stage_start(stage, "http", "--listen=127.0.0.1:0", NULL);
    server = http ? actor_await(http, "ready ", PATIENCE) : NULL;
    if (!server)
        g_error("The server does not start.");
    memmove(server, server + strlen("ready "), strlen(server) - 5);
    int status = test_run(argc, argv, tests);
    g_free(server);
    stage_free(stage);
    return status;
}

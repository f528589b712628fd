/* The forwarder `relay`, as a process of its own, before a server that is the
 * test itself. */
#include "01-sockets/dial.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const nsec PATIENCE = 30 * SEC;
#define GRACE (5 * SEC) /* What it gives those inside. */

static struct stage *stage;
static struct actor *actor; /* The forwarder, ... */
static char *where;         /* ... where it is, ... */
static int server;          /* ... and whom it forwards to. */

static nsec deadline(void)
{
    return clock_monotonic() + PATIENCE;
}

static char *start(const char *to)
{
    g_autofree char *option = g_strconcat("--to=", to, NULL);
    actor = stage_start(stage, "relay", "--listen=127.0.0.1:0", option, NULL);
    g_autofree char *ready = actor_await(actor, "ready ", PATIENCE);
    assert_non_null(ready);
    return g_strdup(ready + strlen("ready "));
}

static int open_stage(void **state)
{
    struct address any;
    (void)state;
    stage = stage_new();
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    server = net_listen(&any, 16);
    assert_return_code(server, errno);
    struct address address = address_of(server);
    g_autofree char *to = address_text(&address);
    where = start(to);
    return 0;
}

static int close_stage(void **state)
{
    (void)state;
    if (server >= 0)
        close(server);
    g_free(where);
    stage_free(stage);
    return 0;
}

static int visit(const char *address)
{
    g_autoptr(GArray) to = address_find(address, NULL);
    return dial(to, deadline());
}

/* A client, and what the server sees of it. */
struct call {
    int client, server;
};

static struct call call(void)
{
    struct call made = {.client = visit(where)};
    assert_return_code(made.client, errno);
    assert_return_code(wait_ready(server, POLLIN, deadline()), errno);
    made.server = net_accept(server, NULL);
    assert_return_code(made.server, errno);
    return made;
}

static void pass(int from, int to, const char *words)
{
    char heard[64] = "";
    size_t size = strlen(words);
    assert_int_equal(write_all(from, words, size, deadline()), size);
    assert_int_equal(read_all(to, heard, size, deadline()), size);
    assert_string_equal(heard, words);
}

static void expect_end(int fd)
{
    char byte;
    assert_int_equal(read_some(fd, &byte, 1, deadline()), 0);
}

static void expect_reset(int fd)
{
    char byte;
    assert_int_equal(read_some(fd, &byte, 1, deadline()), -1);
    assert_int_equal(errno, ECONNRESET);
}

/* ---- It forwards. ---- */

static void what_a_client_says_the_server_hears_and_back(void **state)
{
    struct call one = call(), two = call();
    (void)state;
    pass(two.client, two.server, "a question");
    pass(one.client, one.server, "another question");
    pass(one.server, one.client, "an answer");
    pass(two.server, two.client, "another answer");
    close(one.client);
    close(one.server);
    close(two.client);
    close(two.server);
}

static void each_side_ends_on_its_own(void **state)
{
    struct call made = call();
    (void)state;
    shutdown(made.client, SHUT_WR);
    expect_end(made.server);
    pass(made.server, made.client, "but I go on");
    close(made.server);
    expect_end(made.client);
    close(made.client);
}

static void a_reset_passes_through(void **state)
{
    const struct linger at_once = {.l_onoff = 1};
    struct call made = call();
    (void)state;
    pass(made.client, made.server, "a part");
    setsockopt(made.client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(made.client);
    expect_reset(made.server);
    close(made.server);
}

static void that_clients_come_and_go_is_no_complaint(void **state)
{
    (void)state;
    a_reset_passes_through(NULL);
    each_side_ends_on_its_own(NULL);
    g_autofree char *complaints = actor_errors(actor);
    assert_string_equal(complaints, "");
}

/* ---- Nobody there. ---- */

static unsigned lines_of(const char *text)
{
    unsigned count = 0;
    for (; (text = strchr(text, '\n')); text++)
        count++;
    return count;
}

/* It may come before one knows that one was connected. */
static void expect_reset_at(const char *address)
{
    int fd = visit(address);
    if (fd < 0)
        assert_int_equal(errno, ECONNRESET);
    else
        expect_reset(fd);
    if (fd >= 0)
        close(fd);
}

static void where_nobody_listens_each_client_is_reset(void **state)
{
    struct address any;
    int place = socket(AF_INET, SOCK_STREAM, 0);
    (void)state;
    assert_true(address_parse(&any, "127.0.0.1:0", NULL));
    bind(place, (struct sockaddr *)&any.storage, any.size);
    any = address_of(place);
    g_autofree char *to = address_text(&any);
    g_autofree char *nowhere = start(to);
    nsec begin = clock_monotonic();
    for (int i = 0; i < 20; i++) {
        expect_reset_at(nowhere);
    }
    nsec seconds = (clock_monotonic() - begin) / SEC;
    g_autofree char *errors = actor_errors(actor);
    g_autofree char *sentence =
        g_strdup_printf("relay: cannot relay to %s: Connection refused.\n", to);
    assert_true(g_str_has_prefix(errors, sentence));
    assert_in_range(lines_of(errors), 1, seconds + 1);
    close(place);
}

/* ---- It stops. ---- */

static nsec told;

static void tell(int signal)
{
    told = clock_monotonic();
    actor_signal(actor, signal);
}

/* Not only when its grace is over. */
static void expect_good_end(void)
{
    assert_int_equal(actor_wait(actor, PATIENCE), 0);
    assert_true(clock_monotonic() - told < GRACE);
}

static void with_nobody_inside_it_leaves_at_once(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        g_free(start("127.0.0.1:1"));
        tell(signals[i]);
        expect_good_end();
    }
}

/* A signal is not there at once; until it is, newcomers get in, or are reset in
 * the queue. */
static void await_closing(void)
{
    int fd;
    while ((fd = visit(where)) >= 0 || errno != ECONNREFUSED) {
        assert_true(clock_monotonic() < told + PATIENCE);
        if (fd >= 0)
            close(fd);
    }
}

static void who_is_inside_may_finish_and_nobody_new_comes(void **state)
{
    struct call made = call();
    (void)state;
    tell(SIGTERM);
    await_closing();
    pass(made.client, made.server, "one more question");
    pass(made.server, made.client, "the last answer");
    close(made.client);
    expect_end(made.server);
    close(made.server);
    close(server); /* And with it whoever got in a moment before. */
    expect_good_end();
    server = -1;
}

static void a_second_signal_ends_it_at_once(void **state)
{
    struct call made = call();
    (void)state;
    tell(SIGTERM);
    await_closing();
    tell(SIGTERM);
    expect_good_end();
    close(made.client);
    close(made.server);
}

/* ---- The program. ---- */

static void expect_refusal(const char *listen, const char *to, int status,
                           const char *why)
{
    actor = stage_start(stage, "relay", listen, to, NULL);
    assert_int_equal(actor_wait(actor, PATIENCE), status);
    g_autofree char *sentence = actor_errors(actor);
    assert_true(g_str_has_prefix(sentence, "relay: "));
    assert_true(g_str_has_suffix(sentence, ".\n"));
    assert_int_equal(lines_of(sentence), 1);
    assert_non_null(strstr(sentence, why));
}

static void what_it_cannot_do_it_says_in_one_sentence(void **state)
{
    g_autofree char *taken = g_strconcat("--listen=", where, NULL);
    (void)state;
    expect_refusal(taken, "--to=127.0.0.1:1", 1, "already in use");
    expect_refusal("--listen=240.0.0.1:0", "--to=127.0.0.1:1", 1, "assign");
    expect_refusal("--listen=nowhere", "--to=127.0.0.1:1", 2, "nowhere");
    expect_refusal("--listen=127.0.0.1:0", "--to=nowhere", 2, "nowhere");
    expect_refusal("--listen=127.0.0.1:0", NULL, 2, "--to");
    expect_refusal("--nonsense", NULL, 2, "--nonsense");
    expect_refusal("nonsense", "--to=127.0.0.1:1", 2, "nonsense");
}

#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_stage, close_stage)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(what_a_client_says_the_server_hears_and_back),
        CASE(each_side_ends_on_its_own),
        CASE(a_reset_passes_through),
        CASE(that_clients_come_and_go_is_no_complaint),
        CASE(where_nobody_listens_each_client_is_reset),
        CASE(with_nobody_inside_it_leaves_at_once),
        CASE(who_is_inside_may_finish_and_nobody_new_comes),
        CASE(a_second_signal_ends_it_at_once),
        CASE(what_it_cannot_do_it_says_in_one_sentence),
    };
    return test_run(argc, argv, tests);
}

/*
 * The six echo servers, each a process of its own, and what their clients see.
 * What they hold of the machine is in test_echo_limits.c.
 */
#include "01-sockets/echo/test_echo.h"
#include "01-sockets/net.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/syscall.h>

enum { MANY = 100 };

/* ---- Bytes. ---- */

static void gives_back_every_piece(void **state)
{
    static const size_t sizes[] = {
        1,     2, 3, 64, 1000, 4096, ECHO_PIECE - 1, ECHO_PIECE, ECHO_PIECE + 1,
        100000};
    int fd = enter(of(state));
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        talk(fd, noise + i, sizes[i]);
    close(fd);
}

static void gives_back_a_byte_of_every_kind(void **state)
{
    char all[256];
    int fd = enter(of(state));
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    talk(fd, all, sizeof all);
    close(fd);
}

static void gives_back_what_was_sent_byte_by_byte(void **state)
{
    int fd = enter(of(state));
    for (int i = 0; i < 1000; i++)
        say(fd, noise + i, 1);
    hear(fd, noise, 1000);
    close(fd);
}

/* The client does not read before it has sent all it can: what it cannot send
 * yet it sends while it reads. */
static void gives_back_a_megabyte_to_who_has_ended_before(void **state)
{
    int fd = enter(of(state));
    size_t sent = 0, heard = 0;
    while (heard < MEGABYTE) {
        char piece[5000];
        ssize_t count = send(fd, noise + sent, MEGABYTE - sent, MSG_NOSIGNAL);
        sent += (size_t)MAX(count, 0);
        if (sent == MEGABYTE)
            shutdown(fd, SHUT_WR);
        count =
            read_some(fd, piece, sizeof piece, clock_monotonic() + PATIENCE);
        assert_in_range(count, 1, sizeof piece);
        assert_memory_equal(piece, noise + heard, (size_t)count);
        heard += (size_t)count;
    }
    hear_the_end(fd);
}

static void ends_when_the_client_does(void **state)
{
    int fd = enter(of(state));
    shutdown(fd, SHUT_WR);
    hear_the_end(fd);
}

/* ---- Many clients. ---- */

static void serves_each_of_many_to_the_end(void **state)
{
    const struct server *server = of(state);
    int fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = enter(server);
        say(fds[i], noise + i, 100);
        shutdown(fds[i], SHUT_WR);
    }
    for (int i = 0; i < MANY; i++) {
        hear(fds[i], noise + i, 100);
        hear_the_end(fds[i]);
    }
}

static void serves_many_at_once(void **state)
{
    const struct server *server = of(state);
    int fds[MANY];
    for (int i = 0; i < MANY; i++)
        fds[i] = enter(server);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++)
            say(fds[i], noise + i, 100);
        for (int i = MANY - 1; i >= 0; i--)
            hear(fds[i], noise + i, 100);
    }
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
}

/* Those before the one who leaves, and those behind, are as they were. */
static void serves_the_others_when_one_leaves(void **state)
{
    const struct server *server = of(state);
    int fds[10];
    for (int i = 0; i < 10; i++)
        fds[i] = enter(server);
    for (int gone = 0; gone < 10; gone++) {
        int order = (gone * 7 + 3) % 10;
        shutdown(fds[order], SHUT_WR);
        hear_the_end(fds[order]);
        fds[order] = -1;
        for (int i = 0; i < 10; i++)
            if (fds[i] >= 0)
                talk(fds[i], noise + i, 50);
    }
}

static void serves_one_at_a_time(void **state)
{
    const struct server *server = of(state);
    char byte;
    int first = enter(server), second = enter(server);
    say(second, "b", 1);
    for (int i = 0; i < 100; i++)
        talk(first, "a", 1);
    assert_int_equal(recv(second, &byte, 1, MSG_DONTWAIT), -1);
    close(first);
    hear(second, "b", 1);
    close(second);
}

/* ---- Clients that mean no good. ---- */

static void come(int fd)
{
    (void)fd;
}

static void send_without_waiting(int fd)
{
    say(fd, noise, 10000);
}

static void leave_in_the_middle(int fd)
{
    talk(fd, noise, 1000);
    say(fd, noise, 50000);
}

static void leave_an_echo_unread(int fd)
{
    say(fd, noise, 1000);
    assert_return_code(wait_ready(fd, POLLIN, clock_monotonic() + PATIENCE), 0);
}

static void leave_when_all_is_full(int fd)
{
    size_t sent = 0;
    stuff(fd, &sent);
    assert_return_code(wait_ready(fd, POLLIN, clock_monotonic() + PATIENCE), 0);
    stuff(fd, &sent);
}

static void end_and_read_nothing(int fd)
{
    leave_when_all_is_full(fd);
    shutdown(fd, SHUT_WR);
}

static void outlives_who_resets_at_any_point(void **state)
{
    static void (*const points[])(int fd) = {
        come,
        send_without_waiting,
        leave_in_the_middle,
        leave_an_echo_unread,
        leave_when_all_is_full,
        end_and_read_nothing,
    };
    const struct server *server = of(state);
    for (size_t i = 0; i < 5 * G_N_ELEMENTS(points); i++) {
        int fd = enter(server);
        points[i % G_N_ELEMENTS(points)](fd);
        reset(fd);
        visit(server);
    }
}

/* ---- The process. ---- */

/* Of a process that has just one. */
static pid_t child_of(pid_t pid)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%d/task/%d/children", pid, pid);
    g_autofree char *children = NULL;
    if (!g_file_get_contents(path, &children, NULL, NULL))
        skip();
    return atoi(children);
}

/* A copy of the descriptor @p number of @p pid; -1 when it has none. */
static int borrow(pid_t pid, int number)
{
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    int fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
    int why = errno;
    close(process);
    if (fd < 0 && why != EBADF)
        skip(); /* The system does not let us look. */
    return fd;
}

/* 1 if it is a connection that sends at once, 0 if it is none. */
static int sends_at_once(int fd)
{
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    int value = 0;
    if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
        return 0;
    size = sizeof value;
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size);
    assert_true(value);
    return 1;
}

static void sends_every_echo_at_once(void **state)
{
    struct server server = start(of(state)->model);
    int fd = enter(&server), connections = 0;
    talk(fd, "a", 1);
    bool forks = strcmp(server.model, "fork") == 0;
    for (int i = 3; i < 20; i++) {
        int copy = borrow(forks ? child_of(server.pid) : server.pid, i);
        connections += sends_at_once(copy);
        close(copy);
    }
    assert_int_equal(connections, 1);
    close(fd);
    end(&server);
}

static void gives_a_child_its_client_and_nothing_else(void **state)
{
    struct server server = start(of(state)->model);
    int fd = enter(&server);
    talk(fd, "a", 1);
    pid_t child = child_of(server.pid);
    for (int i = 3, left = 1; i < 20; i++) {
        int copy = borrow(child, i);
        left -= copy >= 0;
        close(copy);
        assert_in_range(left, 0, 1);
    }
    close(fd);
    end(&server);
}

/* The kernel cancels what a dead process has asked of its io_uring a moment
 * after its death, and its sockets are closed then. */
static int listen_again(const struct address *address)
{
    nsec deadline = clock_monotonic() + PATIENCE;
    int fd;
    while ((fd = net_listen(address, 1)) < 0 && clock_monotonic() < deadline)
        sched_yield();
    assert_return_code(fd, errno);
    return fd;
}

/* The signal goes to the one process, not to its children. What has come is
 * echoed by then. */
static void ends_at_a_signal_with_all_who_are_inside(void **state)
{
    struct server server = start(of(state)->model);
    int fd = enter(&server);
    talk(fd, "a", 1);
    kill(server.pid, SIGTERM);
    bool drains = strcmp(server.model, "epoll") == 0;
    hear_of_the_end(fd);
    assert_int_equal(actor_wait(server.actor, PATIENCE), drains ? 0 : -SIGTERM);
    close(listen_again(&g_array_index(server.there, struct address, 0)));
    end(&server);
}

/* ---- The program. ---- */

static void expect_refusal(const char *option, int status, const char *why)
{
    struct actor *actor = stage_start(stage, "echo", option, NULL);
    assert_int_equal(actor_wait(actor, PATIENCE), status);
    g_autofree char *sentence = actor_errors(actor);
    assert_true(g_str_has_prefix(sentence, "echo: "));
    assert_true(g_str_has_suffix(sentence, ".\n"));
    assert_ptr_equal(strchr(sentence, '\n'), strrchr(sentence, '\n'));
    assert_non_null(strstr(sentence, why));
}

static void what_it_cannot_do_it_says_in_one_sentence(void **state)
{
    g_autofree char *taken =
        g_strconcat("--listen=", servers[POLL].where, NULL);
    (void)state;
    expect_refusal(taken, 1, "already in use");
    expect_refusal("--listen=240.0.0.1:0", 1, "assign");
    expect_refusal("--listen=nowhere", 2, "nowhere");
    expect_refusal("--model=select", 2,
                   "iterative|fork|thread|poll|epoll|uring");
    expect_refusal("--model=", 2, "iterative");
    expect_refusal("--nonsense", 2, "--nonsense");
    expect_refusal("nonsense", 2, "nonsense");
}

/* When a shell has prepared it so. */
static void expect_refusal_after(const char *ready, const char *why)
{
    g_autofree char *echo = stage_program("echo");
    g_autofree char *script =
        g_strconcat(ready, "; exec \"$0\" --listen=127.0.0.1:0", NULL);
    struct actor *actor = stage_start(stage, "/bin/sh", "-c", script, echo,
                                      stage_dir(stage), NULL);
    assert_int_equal(actor_wait(actor, PATIENCE), 1);
    g_autofree char *sentence = actor_errors(actor);
    assert_non_null(strstr(sentence, why));
}

static void it_needs_somebody_to_tell_that_it_is_ready(void **state)
{
    (void)state;
    expect_refusal_after("exec 0<&-", "must be open");
    expect_refusal_after("exec 1>&-", "must be open");
    expect_refusal_after("exec 1>/dev/full", "cannot say it is ready");
    expect_refusal_after("mkfifo \"$1/pipe\"; exec 3<>\"$1/pipe\"; "
                         "exec 1>\"$1/pipe\"; exec 3<&-",
                         "cannot say it is ready");
}

static void its_names_are_those_of_the_six(void **state)
{
    g_autofree char *names = echo_model_names();
    g_auto(GStrv) each = g_strsplit(names, "|", 0);
    (void)state;
    assert_int_equal(g_strv_length(each), MODELS);
    for (int i = 0; i < MODELS; i++) {
        assert_string_equal(each[i], servers[i].model);
        assert_string_equal(echo_model(each[i])->name, each[i]);
    }
    assert_null(echo_model("iterative|fork"));
}

static void it_says_where_it_is_and_that_nothing_is_secret(void **state)
{
    g_autofree char *line = actor_await(servers[POLL].actor, "", PATIENCE);
    (void)state;
    assert_true(g_str_has_prefix(servers[POLL].where, "127.0.0.1:"));
    assert_non_null(strstr(line, "encrypted or authenticated"));
}

/* The tests before this one have done what they could. */
static void complains_of_nothing_that_clients_did(void **state)
{
    g_autofree char *complaints = actor_errors(of(state)->actor);
    assert_string_equal(complaints, "");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        ALL(gives_back_every_piece),
        ALL(gives_back_a_byte_of_every_kind),
        ALL(gives_back_what_was_sent_byte_by_byte),
        ALL(gives_back_a_megabyte_to_who_has_ended_before),
        ALL(ends_when_the_client_does),
        ALL(serves_each_of_many_to_the_end),
        NOT_ITERATIVE(serves_many_at_once),
        NOT_ITERATIVE(serves_the_others_when_one_leaves),
        ONE(serves_one_at_a_time, "iterative", ITERATIVE),
        ALL(outlives_who_resets_at_any_point),
        ALL(sends_every_echo_at_once),
        ONE(gives_a_child_its_client_and_nothing_else, "fork", FORK),
        ALL(ends_at_a_signal_with_all_who_are_inside),
        ALL(complains_of_nothing_that_clients_did),
        cmocka_unit_test(what_it_cannot_do_it_says_in_one_sentence),
        cmocka_unit_test(it_needs_somebody_to_tell_that_it_is_ready),
        cmocka_unit_test(its_names_are_those_of_the_six),
        cmocka_unit_test(it_says_where_it_is_and_that_nothing_is_secret),
    };
    return run_with_servers(argc, argv, tests);
}

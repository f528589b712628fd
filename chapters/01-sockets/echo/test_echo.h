/**
 * @file test_echo.h
 * The six echo servers on a stage, and clients for them: what test_echo.c and
 * test_echo_limits.c share.
 *
 *     struct server *server = of(state);
 *     int fd = enter(server);
 *     talk(fd, "hello", 5);
 *
 * A test is run for each model it holds for, with the server of that model as
 * its state; its name begins with the model's.
 */
#ifndef SOCKETS_TEST_ECHO_H
#define SOCKETS_TEST_ECHO_H
#include "01-sockets/dial.h"
#include "01-sockets/echo/echo.h"
#include "01-sockets/io.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Does a sanitizer take memory, time and threads of its own? */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED true
#elif defined __has_feature
#define SANITIZED \
    (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED false
#endif

/** How long to wait for what must come. */
#define PATIENCE (60 * SEC)

/** The models, in the order of echo_model_names(). */
enum { ITERATIVE, FORK, THREAD, POLL, EPOLL, URING, MODELS };

enum { MEGABYTE = 1 << 20, HELD_MOST = 64 * MEGABYTE };

/** A process that serves. */
struct server {
    const char *model;   /**< Which. */
    struct actor *actor; /**< The process, and ... */
    pid_t pid;           /**< ... its id. */
    char *where;         /**< NULL: this machine has no such model. */
    GArray *there;       /**< The same, as addresses. */
};

static struct stage *stage;
static struct server servers[MODELS]; /* Those that many tests share. */

/* ---- Servers. ---- */

/* A shell says its process id, makes ready, and becomes the server. */
static inline struct server start_after(const char *model, const char *ready)
{
    struct server server = {.model = model};
    g_autofree char *echo = stage_program("echo");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *script =
        g_strdup_printf("echo pid $$; %s \"$0\" --listen=127.0.0.1:0 "
                        "--model=%s",
                        ready, model);
    server.actor =
        stage_start(stage, "/bin/sh", "-c", script, echo, self, NULL);
    g_autofree char *pid = actor_await(server.actor, "pid ", PATIENCE);
    g_autofree char *line = actor_await(server.actor, "ready ", PATIENCE);
    server.pid = atoi(pid + strlen("pid "));
    if (line) {
        server.where = g_strdup(line + strlen("ready "));
        server.there = address_find(server.where, NULL);
    }
    return server;
}

static inline struct server start(const char *model)
{
    return start_after(model, "exec");
}

/* A signal ends each; epoll leaves in good order, and says so. */
static inline void end(struct server *server)
{
    if (server->where) {
        actor_signal(server->actor, SIGTERM);
        int status = actor_wait(server->actor, PATIENCE);
        assert_true(status == -SIGTERM || status == 0);
        g_array_unref(server->there);
    }
    g_free(server->where);
}

/* Of the models only io_uring may be missing. */
static inline struct server *of(void **state)
{
    struct server *server = *state;
    if (!server->where) {
        g_autofree char *why = actor_errors(server->actor);
        print_message("%s", why);
        assert_ptr_equal(server, &servers[URING]);
        assert_non_null(strstr(why, "uring"));
        skip();
    }
    return server;
}

/* ---- Clients. ---- */

/** What they send: no two parts of it are alike. */
static char noise[MEGABYTE];

static inline int enter(const struct server *server)
{
    int fd = dial(server->there, clock_monotonic() + PATIENCE);
    assert_return_code(fd, errno);
    return fd;
}

static inline void say(int fd, const void *data, size_t size)
{
    assert_int_equal(write_all(fd, data, size, clock_monotonic() + PATIENCE),
                     size);
}

static inline void hear(int fd, const void *data, size_t size)
{
    g_autofree char *heard = g_malloc(size);
    assert_int_equal(read_all(fd, heard, size, clock_monotonic() + PATIENCE),
                     size);
    assert_memory_equal(heard, data, size);
}

static inline void talk(int fd, const void *data, size_t size)
{
    say(fd, data, size);
    hear(fd, data, size);
}

static inline void hear_the_end(int fd)
{
    char byte;
    nsec deadline = clock_monotonic() + PATIENCE;
    assert_int_equal(read_some(fd, &byte, 1, deadline), 0);
    close(fd);
}

/* The connection ends, well or badly, with no more words. */
static inline void hear_of_the_end(int fd)
{
    char byte;
    nsec deadline = clock_monotonic() + PATIENCE;
    ssize_t count = read_some(fd, &byte, 1, deadline);
    assert_true(count == 0 || (count < 0 && errno == ECONNRESET));
    close(fd);
}

/* One who comes, is served, and goes. */
static inline void visit(const struct server *server)
{
    int fd = enter(server);
    talk(fd, "honest", 6);
    shutdown(fd, SHUT_WR);
    hear_the_end(fd);
}

static inline void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* Send as much as the kernel takes now of noise, over and over. @p sent counts
 * all since the beginning. */
static inline void stuff(int fd, size_t *sent)
{
    ssize_t count = 1;
    while (count > 0 && *sent < HELD_MOST) {
        size_t at = *sent % MEGABYTE;
        count = send(fd, noise + at, MEGABYTE - at, MSG_NOSIGNAL);
        *sent += (size_t)MAX(count, 0);
    }
}

/* ---- Tests for each. ---- */

/* clang-format off */
#define ONE(test, model, index) \
    {model "_" #test, test, NULL, NULL, &servers[index]}
#define ONE_THREAD(test)                                      \
    ONE(test, "poll", POLL), ONE(test, "epoll", EPOLL),       \
    ONE(test, "uring", URING)
#define NOT_ITERATIVE(test)                                   \
    ONE(test, "fork", FORK), ONE(test, "thread", THREAD),     \
    ONE_THREAD(test)
#define ALL(test) ONE(test, "iterative", ITERATIVE), NOT_ITERATIVE(test)
/* clang-format on */

/** Start a server of each model, run @p tests, end the servers. */
#define run_with_servers(argc, argv, tests) \
    (open_stage(), close_stage(test_run(argc, argv, tests)))

static inline void open_stage(void)
{
    static const char *const names[] = {"iterative", "fork",  "thread",
                                        "poll",      "epoll", "uring"};
    g_autoptr(GRand) dice = g_rand_new_with_seed(1);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)g_rand_int_range(dice, 0, 256);
    stage = stage_new();
    for (int i = 0; i < MODELS; i++)
        servers[i] = start(names[i]);
}

static inline int close_stage(int status)
{
    for (int i = 0; i < MODELS; i++)
        end(&servers[i]);
    stage_free(stage);
    return status;
}

#endif

/*
 * The staged kernel beside the real one: the same calls, on a connection in the
 * same state, have the same results. The linker sends each call to __wrap_; the
 * real one is __real_.
 */
#include "common/course/graded.h"
#include "common/course/kernel.h"
#include "common/course/kernel_wraps.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t __real_recv(int fd, void *data, size_t size, int flags);
ssize_t __real_send(int fd, const void *data, size_t size, int flags);
int __real_poll(struct pollfd *fds, nfds_t count, int wait);
int __real_socket(int domain, int type, int protocol);
int __real_connect(int fd, const struct sockaddr *to, socklen_t size);
int __real_close(int fd);
int __real_shutdown(int fd, int how);
int __real_getsockopt(int fd, int level, int option, void *value,
                      socklen_t *size);
int __real_setsockopt(int fd, int level, int option, const void *value,
                      socklen_t size);
int __real_getsockname(int fd, struct sockaddr *address, socklen_t *size);
int __real_getpeername(int fd, struct sockaddr *address, socklen_t *size);
int __real_fcntl(int fd, int command, ...);

/* ---- Two worlds with the same calls. ---- */

struct world {
    ssize_t (*recv)(int fd, void *data, size_t size, int flags);
    ssize_t (*send)(int fd, const void *data, size_t size, int flags);
    int (*poll)(struct pollfd *fds, nfds_t count, int wait);
    int (*shutdown)(int fd, int how);
    int (*getsockopt)(int fd, int level, int option, void *value,
                      socklen_t *size);
    int (*getpeername)(int fd, struct sockaddr *address, socklen_t *size);
};

static const struct world real = {__real_recv,       __real_send,
                                  __real_poll,       __real_shutdown,
                                  __real_getsockopt, __real_getpeername};
static const struct world staged = {__wrap_recv,       __wrap_send,
                                    __wrap_poll,       __wrap_shutdown,
                                    __wrap_getsockopt, __wrap_getpeername};

static void note(GString *notes, const char *call, ssize_t result)
{
    g_string_append_printf(notes, "%s %zd %s\n", call, result,
                           result < 0 ? strerrorname_np(errno) : "");
}

static void note_poll(const struct world *world, GString *notes, int fd)
{
    struct pollfd one = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};
    world->poll(&one, 1, 0);
    g_string_append_printf(notes, "poll%s%s%s%s%s\n",
                           one.revents & POLLIN ? " in" : "",
                           one.revents & POLLOUT ? " out" : "",
                           one.revents & POLLRDHUP ? " rdhup" : "",
                           one.revents & POLLERR ? " err" : "",
                           one.revents & POLLHUP ? " hup" : "");
}

/* What can be seen of a socket. */
static void note_all(const struct world *world, GString *notes, int fd)
{
    char data[8];
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    note_poll(world, notes, fd);
    note(notes, "getpeername",
         world->getpeername(fd, (struct sockaddr *)&name, &size));
    note(notes, "peek", world->recv(fd, data, 2, MSG_DONTWAIT | MSG_PEEK));
    note(notes, "recv", world->recv(fd, data, 2, MSG_DONTWAIT));
    note(notes, "recv", world->recv(fd, data, 8, MSG_DONTWAIT));
    note_poll(world, notes, fd);
    note(notes, "send",
         world->send(fd, kernel_row(), 1, MSG_DONTWAIT | MSG_NOSIGNAL));
    note_poll(world, notes, fd);
}

static void note_error(const struct world *world, GString *notes, int fd)
{
    int error = -1;
    socklen_t size = sizeof error;
    note(notes, "getsockopt",
         world->getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size));
    g_string_append_printf(notes, "SO_ERROR %s\n",
                           error ? strerrorname_np(error) : "0");
}

/* ---- What the other side does. ---- */

enum act { SENDS = 1, ENDS = 2, RESETS = 4, WE_END = 8, ASK_FOR_ERROR = 16 };

static void connect_really(int pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = __real_socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    listen(listener, 1);
    __real_getsockname(listener, (struct sockaddr *)&address, &size);
    pair[0] = __real_socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(__real_connect(pair[0], (struct sockaddr *)&address, size),
                     0);
    pair[1] = accept(listener, NULL, NULL);
    __real_close(listener);
}

static void reset_really(int fd)
{
    struct linger linger = {1, 0};
    __real_setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    __real_close(fd);
}

/* Wait until @p fd shows what was done to it. */
static void await(int fd, unsigned acts)
{
    short events = acts & (ENDS | RESETS) ? POLLRDHUP : POLLIN;
    struct pollfd one = {fd, events, 0};
    if (acts & (SENDS | ENDS | RESETS))
        __real_poll(&one, 1, 10000);
}

static char *look_at_real(unsigned acts)
{
    GString *notes = g_string_new(NULL);
    int pair[2];
    connect_really(pair);
    if (acts & SENDS)
        __real_send(pair[1], kernel_row(), 3, 0);
    if (acts & SENDS)
        await(pair[0], SENDS);
    if (acts & WE_END)
        note(notes, "shutdown", __real_shutdown(pair[0], SHUT_WR));
    if (acts & ENDS)
        __real_shutdown(pair[1], SHUT_WR);
    if (acts & RESETS)
        reset_really(pair[1]);
    await(pair[0], acts & ~(unsigned)SENDS);
    if (acts & ASK_FOR_ERROR)
        note_error(&real, notes, pair[0]);
    note_all(&real, notes, pair[0]);
    __real_close(pair[0]);
    if (!(acts & RESETS))
        __real_close(pair[1]);
    return g_string_free(notes, FALSE);
}

static char *look_at_staged(unsigned acts)
{
    GString *notes = g_string_new(NULL);
    kernel_boot(0);
    struct peer *peer = peer_new(BLOCK);
    if (acts & SENDS)
        peer_sends(peer, 3);
    if (acts & WE_END)
        note(notes, "shutdown", __wrap_shutdown(peer->fd, SHUT_WR));
    if (acts & ENDS)
        peer_ends(peer);
    if (acts & RESETS)
        peer_resets(peer);
    if (acts & ASK_FOR_ERROR)
        note_error(&staged, notes, peer->fd);
    note_all(&staged, notes, peer->fd);
    return g_string_free(notes, FALSE);
}

static void a_connection_in_any_state_looks_alike(void **state)
{
    (void)state;
    for (unsigned acts = 0; acts < 32; acts++) {
        g_autofree char *right = look_at_real(acts);
        g_autofree char *ours = look_at_staged(acts);
        if (strcmp(right, ours) != 0)
            fail_msg("state 0x%x: the real kernel says\n%sand ours\n%s", acts,
                     right, ours);
    }
}

static void a_socket_that_is_not_connected_looks_alike(void **state)
{
    (void)state;
    GString *right = g_string_new(NULL), *ours = g_string_new(NULL);
    int fd = __real_socket(AF_INET, SOCK_STREAM, 0);
    note_all(&real, right, fd);
    note_error(&real, right, fd);
    __real_close(fd);
    kernel_boot(0);
    fd = __wrap_socket(AF_INET, SOCK_STREAM, 0);
    note_all(&staged, ours, fd);
    note_error(&staged, ours, fd);
    assert_string_equal(ours->str, right->str);
    g_string_free(right, TRUE);
    g_string_free(ours, TRUE);
}

static void note_connects(GString *notes, int fd,
                          int (*call)(int, const struct sockaddr *, socklen_t))
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    note(notes, "of another family",
         call(fd, (struct sockaddr *)&six, sizeof six));
    note(notes, "too short", call(fd, (struct sockaddr *)&four, 8));
    note(notes, "of no socket", call(-1, (struct sockaddr *)&four, 16));
}

static void an_address_that_does_not_fit_is_refused_alike(void **state)
{
    (void)state;
    GString *right = g_string_new(NULL), *ours = g_string_new(NULL);
    int fd = __real_socket(AF_INET, SOCK_STREAM, 0);
    note_connects(right, fd, __real_connect);
    __real_close(fd);
    kernel_boot(0);
    note_connects(ours, __wrap_socket(AF_INET, SOCK_STREAM, 0), __wrap_connect);
    assert_string_equal(ours->str, right->str);
    g_string_free(right, TRUE);
    g_string_free(ours, TRUE);
}

/* ---- Time. ---- */

static void a_wait_ends_with_what_happens_first(void **state)
{
    struct pollfd one;
    (void)state;
    kernel_boot(0);
    struct peer *peer = peer_new(NONBLOCK);
    nsec start = kernel_now();
    one = (struct pollfd){peer->fd, POLLIN, 0};
    assert_int_equal(__wrap_poll(&one, 1, 500), 0);
    assert_in_range(kernel_now() - start, 500 * MSEC, 500 * MSEC + MSEC);
    kernel_signal_at(start + SEC);
    peer_sends_at(peer, start + 2 * SEC, 5);
    assert_int_equal(__wrap_poll(&one, 1, -1), -1);
    assert_int_equal(errno, EINTR);
    assert_in_range(kernel_now() - start, SEC, SEC + MSEC);
    assert_int_equal(__wrap_poll(&one, 1, -1), 1);
    assert_in_range(kernel_now() - start, 2 * SEC, 2 * SEC + MSEC);
    assert_int_equal(one.revents, POLLIN);
}

/* As a real one does: without a deadline all of it, however slowly it is read. */
static void a_send_that_may_wait_takes_all(void **state)
{
    (void)state;
    kernel_boot(0);
    struct peer *peer = peer_new(BLOCK);
    nsec start = kernel_now();
    peer->room = 3;
    for (unsigned i = 1; i <= 4; i++)
        peer_reads_at(peer, start + i * SEC, 2);
    assert_int_equal(__wrap_send(peer->fd, kernel_row(), 7, MSG_NOSIGNAL), 7);
    assert_in_range(kernel_now() - start, 2 * SEC, 2 * SEC + MSEC);
    kernel_signal_at(start + 3 * SEC + 1); /* It has taken 2 by then. */
    assert_int_equal(__wrap_send(peer->fd, kernel_row() + 7, 6, MSG_NOSIGNAL),
                     2);
    assert_int_equal(__wrap_send(peer->fd, kernel_row() + 9, 6, MSG_DONTWAIT),
                     -1);
    assert_int_equal(errno, EAGAIN);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_in_any_state_looks_alike),
        cmocka_unit_test(a_socket_that_is_not_connected_looks_alike),
        cmocka_unit_test(an_address_that_does_not_fit_is_refused_alike),
        cmocka_unit_test(a_wait_ends_with_what_happens_first),
        cmocka_unit_test(a_send_that_may_wait_takes_all),
    };
    return test_run(argc, argv, tests);
}

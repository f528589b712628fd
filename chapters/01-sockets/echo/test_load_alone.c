/* The load where nobody accepts: refused, not let in, not told. */
#include "01-sockets/echo/load.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { SIZE = 64 };

static struct address loopback(void)
{
    struct address address;
    assert_true(address_parse(&address, "127.0.0.1:0", NULL));
    return address;
}

/* With a backlog of zero there is room for one connection; while it is not
 * accepted, the kernel drops the SYN of every other. */
static int a_narrow_door(struct address *address)
{
    struct address any = loopback();
    int listener = net_listen(&any, 0);
    assert_return_code(listener, errno);
    *address = address_of(listener);
    return listener;
}

static void expect_alone(const struct address *address, nsec patience, int why)
{
    struct load_plan plan = {.connections = 3,
                             .silent = 3,
                             .size = SIZE,
                             .patience = patience,
                             .duration = 60 * SEC};
    g_autoptr(GError) error = NULL;
    assert_null(load_run(address, &plan, &error));
    assert_true(g_error_matches(error, LOAD_ERROR, LOAD_ALONE));
    assert_true(g_str_has_suffix(error->message, g_strerror(why)));
}

/* A port that is bound, and nobody listens. */
static void where_nobody_listens_there_is_no_result(void **state)
{
    struct address address = loopback();
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)state;
    bind(fd, (const struct sockaddr *)&address.storage, address.size);
    address = address_of(fd);
    expect_alone(&address, 3600 * SEC, ECONNREFUSED);
    close(fd);
}

static void who_is_not_let_in_is_late_all_the_time(void **state)
{
    struct load_plan plan = {.connections = 5,
                             .size = SIZE,
                             .rate = 1000,
                             .patience = MSEC,
                             .duration = 50 * MSEC};
    struct address address;
    int listener = a_narrow_door(&address);
    (void)state;
    struct load_result *result = load_run(&address, &plan, NULL);
    assert_in_range(result->connected, 1, 5); /* One, as a rule. */
    assert_int_equal(result->broken, 0);
    assert_int_equal(result->late, 50);
    load_result_free(result);
    close(listener);
}

static void where_nobody_is_let_in_there_is_no_result(void **state)
{
    struct address address;
    int listener = a_narrow_door(&address);
    int inside = socket(AF_INET, SOCK_STREAM, 0);
    (void)state;
    connect(inside, (const struct sockaddr *)&address.storage, address.size);
    wait_ready(listener, POLLIN, NEVER);
    expect_alone(&address, MSEC, ETIMEDOUT);
    close(inside);
    close(listener);
}

/* ---- While it is under way. ---- */

static unsigned open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned count = 0;
    while (g_dir_read_name(dir))
        count++;
    return count;
}

static void no_descriptor_is_left_open(void **state)
{
    unsigned before = open_descriptors();
    (void)state;
    where_nobody_listens_there_is_no_result(NULL);
    who_is_not_let_in_is_late_all_the_time(NULL);
    assert_int_equal(open_descriptors(), before);
}

struct moment {
    nsec when;
    unsigned descriptors;
};

static void look(void *self)
{
    struct moment *moment = self;
    if (moment->when == 0)
        *moment = (struct moment){clock_monotonic(), open_descriptors()};
}

static void expect_patience(unsigned connections)
{
    struct moment begin = {0};
    struct load_plan plan = {.connections = connections,
                             .size = SIZE,
                             .patience = 50 * MSEC,
                             .duration = MSEC,
                             .mark = look,
                             .self = &begin};
    struct address address;
    int listener = a_narrow_door(&address);
    unsigned before = open_descriptors();
    nsec now = clock_monotonic();
    struct load_result *result = load_run(&address, &plan, NULL);
    unsigned sockets = MIN(connections, result->connected + 64);
    assert_true(begin.when - now >= 50 * MSEC);
    assert_int_equal(begin.descriptors - before, sockets + 1); /* And epoll. */
    load_result_free(result);
    close(listener);
}

/* Few are let in; of the others, 64 are trying. */
static void it_has_patience_and_knocks_at_some_doors_at_a_time(void **state)
{
    (void)state;
    expect_patience(5);
    expect_patience(300);
}

/* All that are connected to @p self, which is the address. */
static void expect_no_delay(void *self)
{
    struct address peer;
    unsigned found = 0;
    for (int fd = 0; fd < 1024; fd++) {
        int nodelay = 0;
        socklen_t size = sizeof nodelay;
        peer.size = sizeof peer.storage;
        if (getpeername(fd, (struct sockaddr *)&peer.storage, &peer.size) < 0 ||
            !address_equal(&peer, self))
            continue;
        getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &size);
        assert_true(nodelay);
        found++;
    }
    assert_int_equal(found, 1);
    assert_int_equal(prctl(PR_GET_TIMERSLACK), 1);
}

static void it_waits_for_nothing_but_the_server(void **state)
{
    struct address address;
    struct load_plan plan = {.connections = 1,
                             .size = SIZE,
                             .duration = MSEC,
                             .mark = expect_no_delay,
                             .self = &address};
    int listener = a_narrow_door(&address);
    (void)state;
    prctl(PR_SET_TIMERSLACK, 12345);
    load_result_free(load_run(&address, &plan, NULL));
    assert_int_equal(prctl(PR_GET_TIMERSLACK), 12345);
    close(listener);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nobody_listens_there_is_no_result),
        cmocka_unit_test(where_nobody_is_let_in_there_is_no_result),
        cmocka_unit_test(who_is_not_let_in_is_late_all_the_time),
        cmocka_unit_test(no_descriptor_is_left_open),
        cmocka_unit_test(it_has_patience_and_knocks_at_some_doors_at_a_time),
        cmocka_unit_test(it_waits_for_nothing_but_the_server),
    };
    return test_run(argc, argv, tests);
}

/* The load where nobody accepts: refused, not let in, not told. */
#include "01-sockets/io.h"
#include "01-sockets/load.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include <errno.h>
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

static void expect_alone(const struct address *address, int why)
{
    struct load_plan plan = {.connections = 3,
                             .silent = 3,
                             .size = SIZE,
                             .patience = MSEC,
                             .duration = 3600 * SEC};
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
    expect_alone(&address, ECONNREFUSED);
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
    assert_int_equal(result->connected, 1);
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
    expect_alone(&address, ETIMEDOUT);
    close(inside);
    close(listener);
}

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

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nobody_listens_there_is_no_result),
        cmocka_unit_test(where_nobody_is_let_in_there_is_no_result),
        cmocka_unit_test(who_is_not_let_in_is_late_all_the_time),
        cmocka_unit_test(no_descriptor_is_left_open),
    };
    return test_run(argc, argv, tests);
}

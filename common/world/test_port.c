#include "common/judge/test.h"
#include "common/world/port.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A descriptor bound to @p port, or -1. */
static int take(uint16_t port, int type)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_port = htons(port),
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, type, 0);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) == 0)
        return fd;
    close(fd);
    return -1;
}

static void a_reserved_port_can_be_bound(void **state)
{
    uint16_t port;
    int hold = port_reserve(&port);
    (void)state;
    assert_true(hold >= 0);
    int stream = take(port, SOCK_STREAM), datagram = take(port, SOCK_DGRAM);
    assert_true(stream >= 0);
    assert_true(datagram >= 0);
    close(datagram);
    close(stream);
    close(hold);
}

static void no_port_is_reserved_twice(void **state)
{
    enum { COUNT = 20 };
    int holds[COUNT];
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        uint16_t port;
        holds[i] = port_reserve(&port);
        assert_true(holds[i] >= 0);
        assert_true(g_hash_table_add(seen, GUINT_TO_POINTER(port)));
    }
    for (int i = 0; i < COUNT; i++)
        close(holds[i]);
}

/* A process begins its search where it began the last one. */
static void assert_avoided(int type)
{
    uint16_t port, other;
    int hold = port_reserve(&port);
    int taken = take(port, type);
    assert_true(taken >= 0);
    close(hold);
    close(port_reserve(&other));
    close(taken);
    assert_int_not_equal(port, other);
}

static void a_port_in_use_is_not_given(void **state)
{
    (void)state;
    assert_avoided(SOCK_STREAM);
    assert_avoided(SOCK_DGRAM);
}

static void the_kernel_gives_no_client_a_reserved_port(void **state)
{
    g_autofree char *text = NULL;
    unsigned low = 0, high = 0;
    uint16_t port;
    (void)state;
    g_file_get_contents("/proc/sys/net/ipv4/ip_local_port_range", &text, NULL,
                        NULL);
    assert_int_equal(sscanf(text ? text : "", "%u %u", &low, &high), 2);
    if (low <= 10000 && high == 65535) {
        g_clear_pointer(&text, g_free);
        skip();
    }
    close(port_reserve(&port));
    assert_true(port < low || port > high);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reserved_port_can_be_bound),
        cmocka_unit_test(no_port_is_reserved_twice),
        cmocka_unit_test(a_port_in_use_is_not_given),
        cmocka_unit_test(the_kernel_gives_no_client_a_reserved_port),
    };
    return test_run(argc, argv, tests);
}

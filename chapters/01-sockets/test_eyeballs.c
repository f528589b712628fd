/*
 * Happy Eyeballs on this machine's own addresses, with the kernel's clock and
 * sockets. What it does when, to the nanosecond, is the matter of
 * test_eyeballs_staged.
 */
#include "01-sockets/eyeballs.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include "01-sockets/wrong/hole.h"
#include "common/judge/test.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- The order. ---- */

static GArray *list(const char *const *texts)
{
    GArray *addresses = g_array_new(FALSE, FALSE, sizeof(struct address));
    for (; *texts; texts++) {
        struct address address;
        assert_true(address_parse(&address, *texts, NULL));
        g_array_append_val(addresses, address);
    }
    return addresses;
}

static void expect_order(const char *const *texts, const char *const *expected)
{
    g_autoptr(GArray) addresses = list(texts);
    g_autoptr(GArray) order = eyeballs_order(addresses);
    assert_int_equal(order->len, addresses->len);
    for (guint i = 0; i < order->len; i++) {
        g_autofree char *text =
            address_text(&g_array_index(order, struct address, i));
        assert_string_equal(text, expected[i]);
    }
}

static void the_families_take_turns(void **state)
{
    (void)state;
    expect_order(
        (const char *const[]){"[::1]:1", "[::1]:2", "1.1.1.1:3", "1.1.1.1:4",
                              NULL},
        (const char *const[]){"[::1]:1", "1.1.1.1:3", "[::1]:2", "1.1.1.1:4"});
}

static void the_family_of_the_first_address_begins(void **state)
{
    (void)state;
    expect_order(
        (const char *const[]){"1.1.1.1:1", "1.1.1.1:2", "[::1]:3", NULL},
        (const char *const[]){"1.1.1.1:1", "[::1]:3", "1.1.1.1:2"});
}

static void when_a_family_has_no_more_the_other_goes_on(void **state)
{
    (void)state;
    expect_order((const char *const[]){"[::1]:1", "1.1.1.1:2", "1.1.1.1:3",
                                       "1.1.1.1:4", NULL},
                 (const char *const[]){"[::1]:1", "1.1.1.1:2", "1.1.1.1:3",
                                       "1.1.1.1:4"});
}

static void what_alternates_already_stays_as_it_is(void **state)
{
    (void)state;
    expect_order(
        (const char *const[]){"1.1.1.1:1", "[::1]:2", "1.1.1.1:3", "[::1]:4",
                              NULL},
        (const char *const[]){"1.1.1.1:1", "[::1]:2", "1.1.1.1:3", "[::1]:4"});
}

static void what_is_no_host_counts_as_another_family(void **state)
{
    (void)state;
    expect_order(
        (const char *const[]){"[::1]:1", "[::1]:2", "unix:/3", "1.1.1.1:4",
                              NULL},
        (const char *const[]){"[::1]:1", "unix:/3", "[::1]:2", "1.1.1.1:4"});
}

static void nothing_has_an_order_too(void **state)
{
    (void)state;
    expect_order((const char *const[]){NULL}, NULL);
}

/* ---- Places to dial, all of them on this machine. ---- */

struct place {
    struct address address;
    int fd; /* -1: none. */
};

static const char ipv4[] = "127.0.0.1:0", ipv6[] = "[::1]:0";

static bool has_ipv6(void)
{
    struct address address;
    assert_true(address_parse(&address, ipv6, NULL));
    int fd = net_listen(&address, 1);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static struct place a_listener(const char *text)
{
    struct address any;
    assert_true(address_parse(&any, text, NULL));
    int fd = net_listen(&any, 8);
    assert_return_code(fd, errno);
    return (struct place){address_of(fd), fd};
}

static struct place a_black_hole(const char *text)
{
    struct place place = a_listener(text);
    assert_true(hole_open(place.fd));
    return place;
}

/* A port that is bound is nobody else's; connecting to it, while nobody
 * listens, is refused. */
static struct place a_refusal(void)
{
    struct address any;
    assert_true(address_parse(&any, ipv4, NULL));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_return_code(bind(fd, (struct sockaddr *)&any.storage, any.size),
                       errno);
    return (struct place){address_of(fd), fd};
}

static struct place an_unreachable_network(void)
{
    struct place place = {.fd = -1};
    assert_true(address_parse(&place.address, "127.255.255.255:80", NULL));
    return place;
}

static void leave(struct place place)
{
    if (place.fd >= 0)
        close(place.fd);
}

/* ---- Dialling. ---- */

static int dial_all(const struct place *places, int count, nsec patience)
{
    g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof(struct address));
    for (int i = 0; i < count; i++)
        g_array_append_val(to, places[i].address);
    return eyeballs_dial(to, clock_monotonic() + patience);
}

static int dial_two(struct place first, struct place second, nsec patience)
{
    return dial_all((struct place[]){first, second}, 2, patience);
}

static int dial_one(struct place place, nsec patience)
{
    return dial_all(&place, 1, patience);
}

static void expect_connected(int fd, struct place place)
{
    struct address peer = {.size = sizeof peer.storage};
    assert_return_code(fd, errno);
    assert_return_code(
        getpeername(fd, (struct sockaddr *)&peer.storage, &peer.size), errno);
    assert_true(address_equal(&peer, &place.address));
    close(fd);
}

static void expect_failure(int fd, int error)
{
    int why = errno;
    assert_int_equal(fd, -1);
    assert_int_equal(why, error);
}

static void a_listener_is_reached(void **state)
{
    struct place place = a_listener(ipv4);
    (void)state;
    int fd = dial_one(place, 10 * SEC);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    expect_connected(fd, place);
    leave(place);
}

static void a_unix_socket_is_reached(void **state)
{
    g_autofree char *text = g_strdup_printf("unix:@%d/eyeballs", getpid());
    struct place place = a_listener(text);
    (void)state;
    expect_connected(dial_one(place, 10 * SEC), place);
    leave(place);
}

/* It becomes writable, as if it were connected. */
static void a_place_where_nobody_listens_refuses(void **state)
{
    struct place refusal = a_refusal(), network = an_unreachable_network();
    (void)state;
    expect_failure(dial_one(refusal, 10 * SEC), ECONNREFUSED);
    expect_failure(dial_two(network, refusal, 10 * SEC), ECONNREFUSED);
    expect_failure(dial_two(refusal, network, 10 * SEC), ENETUNREACH);
    leave(refusal);
}

static void after_a_failure_the_next_address_is_tried(void **state)
{
    struct place refusal = a_refusal(), network = an_unreachable_network();
    struct place place = a_listener(ipv4);
    (void)state;
    expect_connected(dial_two(refusal, place, 10 * SEC), place);
    expect_connected(dial_two(network, place, 10 * SEC), place);
    leave(refusal);
    leave(place);
}

static void a_black_hole_lasts_till_the_deadline(void **state)
{
    struct place hole = a_black_hole(ipv4);
    nsec start = clock_monotonic();
    (void)state;
    expect_failure(dial_one(hole, 50 * MSEC), ETIMEDOUT);
    assert_true(clock_monotonic() - start >= 50 * MSEC);
    leave(hole);
}

/* In turn it would take five minutes. */
static void a_dead_family_costs_a_quarter_of_a_second(void **state)
{
    (void)state;
    if (!has_ipv6())
        skip();
    struct place hole = a_black_hole(ipv6), place = a_listener(ipv4);
    nsec start = clock_monotonic();
    int fd = dial_two(hole, place, 600 * SEC);
    nsec took = clock_monotonic() - start;
    assert_true(took >= EYEBALLS_DELAY);
    assert_true(took < 300 * SEC);
    expect_connected(fd, place);
    leave(hole);
    leave(place);
}

enum { TOO_MANY = 1000 };
static volatile sig_atomic_t signals;

static void on_alarm(int number)
{
    const struct itimerval off = {0};
    (void)number;
    if (++signals == TOO_MANY)
        setitimer(ITIMER_REAL, &off, NULL);
}

static void alarm_every(nsec period, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    struct timeval time = {.tv_usec = (suseconds_t)(period / USEC)};
    struct itimerval timer = {time, time};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void signals_do_not_move_the_deadline(void **state)
{
    struct place hole = a_black_hole(ipv4);
    nsec start = clock_monotonic();
    (void)state;
    alarm_every(MSEC, on_alarm);
    expect_failure(dial_one(hole, 50 * MSEC), ETIMEDOUT);
    alarm_every(0, SIG_IGN);
    assert_true(clock_monotonic() - start >= 50 * MSEC);
    assert_in_range(signals, 1, TOO_MANY - 1);
    leave(hole);
}

/* ---- Descriptors. ---- */

static unsigned open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned count = 0;
    while (g_dir_read_name(dir))
        count++;
    return count;
}

static void who_lost_leaves_no_descriptor_open(void **state)
{
    struct place refusal = a_refusal(), hole = a_black_hole(ipv4),
                 network = an_unreachable_network(), place = a_listener(ipv4);
    unsigned before = open_descriptors();
    (void)state;
    expect_failure(dial_two(network, refusal, 10 * SEC), ECONNREFUSED);
    expect_failure(dial_two(refusal, hole, 20 * MSEC), ETIMEDOUT);
    expect_failure(dial_two(hole, hole, 260 * MSEC), ETIMEDOUT);
    expect_connected(dial_two(refusal, place, 10 * SEC), place);
    expect_connected(dial_two(hole, place, 600 * SEC), place);
    assert_int_equal(open_descriptors(), before);
    leave(refusal);
    leave(hole);
    leave(place);
}

/* The first has the only descriptor there is. */
static void without_a_descriptor_the_others_stay_in_the_race(void **state)
{
    struct place hole = a_black_hole(ipv4);
    struct rlimit limit, low;
    (void)state;
    getrlimit(RLIMIT_NOFILE, &limit);
    low = (struct rlimit){(rlim_t)dup(hole.fd) + 1, limit.rlim_max};
    close((int)low.rlim_cur - 1);
    setrlimit(RLIMIT_NOFILE, &low);
    int fd = dial_two(hole, hole, 300 * MSEC);
    int why = errno;
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(fd, -1);
    assert_int_equal(why, ETIMEDOUT);
    leave(hole);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_families_take_turns),
        cmocka_unit_test(the_family_of_the_first_address_begins),
        cmocka_unit_test(when_a_family_has_no_more_the_other_goes_on),
        cmocka_unit_test(what_alternates_already_stays_as_it_is),
        cmocka_unit_test(what_is_no_host_counts_as_another_family),
        cmocka_unit_test(nothing_has_an_order_too),
        cmocka_unit_test(a_listener_is_reached),
        cmocka_unit_test(a_unix_socket_is_reached),
        cmocka_unit_test(a_place_where_nobody_listens_refuses),
        cmocka_unit_test(after_a_failure_the_next_address_is_tried),
        cmocka_unit_test(a_black_hole_lasts_till_the_deadline),
        cmocka_unit_test(a_dead_family_costs_a_quarter_of_a_second),
        cmocka_unit_test(signals_do_not_move_the_deadline),
        cmocka_unit_test(who_lost_leaves_no_descriptor_open),
        cmocka_unit_test(without_a_descriptor_the_others_stay_in_the_race),
    };
    return test_run(argc, argv, tests);
}

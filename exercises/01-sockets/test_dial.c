/* Connecting, over a staged kernel: places accept, refuse, or say nothing. */
#include "01-sockets/dial.h"
#include "common/course/graded.h"
#include "common/course/kernel.h"
#include "common/world/dice.h"
#include <errno.h>
#include <sys/socket.h>

/* What an address does: the kernel knows it by its port. */
enum place {
    GOOD = 1,
    SLOW,
    REFUSING,
    REFUSED_LATER,
    HOLE,
    UNREACHABLE,
    LOST_LATER,
    PLACES
};

static void boot(uint64_t seed)
{
    kernel_boot(seed);
    kernel_place(GOOD, 0, 0);
    kernel_place(SLOW, SEC, 0);
    kernel_place(REFUSING, 0, ECONNREFUSED);
    kernel_place(REFUSED_LATER, SEC, ECONNREFUSED);
    kernel_place(HOLE, KERNEL_NEVER, 0);
    kernel_place(UNREACHABLE, 0, EHOSTUNREACH);
    kernel_place(LOST_LATER, SEC, EHOSTUNREACH);
}

/* Every other one is of IPv6. */
static GArray *list(const int *places, unsigned count)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct address));
    for (unsigned i = 0; i < count; i++) {
        struct address address;
        g_autofree char *text = g_strdup_printf(
            i % 2 ? "[fd00::%u]:%d" : "10.0.0.%u:%d", i + 1, places[i]);
        g_assert(address_parse(&address, text, NULL));
        g_array_append_val(all, address);
    }
    return all;
}

/* What is asked for, in the words of the places. */
static void say(const int *places, unsigned count, nsec time)
{
    static const char *const names[] = {"",
                                        "good",
                                        "good after 1 s",
                                        "refuses",
                                        "refuses after 1 s",
                                        "silent",
                                        "unreachable",
                                        "unreachable after 1 s"};
    kernel_say("dial, within %.3f s:", (double)time / 1e9);
    for (unsigned i = 0; i < count; i++)
        kernel_say("    port %d: %s", places[i], names[places[i]]);
}

/* Dial them, within so much time. */
static int dial_all(const int *places, unsigned count, nsec time)
{
    g_autoptr(GArray) all = list(places, count);
    say(places, count, time);
    errno = 0;
    return dial(all, kernel_now() + time);
}
#define DIAL(time, ...)                                                        \
    dial_all((int[]){__VA_ARGS__}, sizeof((int[]){__VA_ARGS__}) / sizeof(int), \
             time)

static void expect_connected(enum place place, int fd)
{
    expect_that(fd >= 0, "a descriptor", "-1, and errno is %s",
                strerrorname_np(errno));
    expect_equal("descriptors open:", kernel_open(), 1);
    expect_equal("the port that it is connected to:", kernel_port(fd), place);
    expect_that(kernel_has(fd, SOCK_NONBLOCK), "a socket that does not block",
                "one that does");
    expect_that(kernel_has(fd, SOCK_CLOEXEC), "SOCK_CLOEXEC to be kept",
                "a socket that the next program would inherit");
}

static void expect_elapsed(nsec since, nsec time)
{
    nsec passed = kernel_now() - since;
    expect_that(passed + 5 * MSEC >= time && passed <= time + 5 * MSEC,
                "the shares of the time to be equal",
                "%.3f s have passed, and not %.3f s", (double)passed / 1e9,
                (double)time / 1e9);
}

/* ---- Rules. ---- */

static void the_first_address_that_answers_is_taken(void)
{
    boot(0);
    expect_connected(GOOD, DIAL(5 * SEC, GOOD, HOLE));
    boot(0);
    expect_connected(SLOW, DIAL(5 * SEC, SLOW, HOLE));
    boot(0);
    expect_connected(SLOW, DIAL(5 * SEC, SLOW, GOOD));
    boot(0); /* Without a deadline it is as good. */
    g_autoptr(GArray) slow = list((int[]){SLOW, GOOD}, 2);
    kernel_say("dial, without a deadline:");
    kernel_say("    port %d: good after 1 s; port %d: good", SLOW, GOOD);
    expect_connected(SLOW, dial(slow, NEVER));
}

static void after_a_refusal_the_next_address_is_tried(void)
{
    boot(0);
    expect_connected(GOOD, DIAL(5 * SEC, REFUSING, GOOD));
    boot(0);
    expect_connected(GOOD, DIAL(5 * SEC, REFUSING, REFUSING, REFUSING, REFUSING,
                                REFUSING, REFUSING, GOOD));
    boot(0);
    expect_connected(SLOW, DIAL(8 * SEC, REFUSED_LATER, UNREACHABLE, SLOW));
    boot(0); /* Not even a socket is to be had for the first. */
    struct address address;
    g_autoptr(GArray) all = list((int[]){GOOD, GOOD}, 2);
    g_assert(address_parse(&address, "unix:/nowhere", NULL));
    g_array_index(all, struct address, 0) = address;
    kernel_say("dial, within 5.000 s: unix:/nowhere, then");
    kernel_say("    port %d: good", GOOD);
    expect_connected(GOOD, dial(all, kernel_now() + 5 * SEC));
}

static void a_writable_socket_need_not_be_connected(void)
{
    boot(0);
    expect_error("dial returns", DIAL(5 * SEC, REFUSED_LATER), ECONNREFUSED);
    boot(0);
    expect_error("dial returns", DIAL(9 * SEC, REFUSED_LATER, REFUSED_LATER),
                 ECONNREFUSED);
}

static void a_black_hole_uses_up_its_share_and_no_more(void)
{
    boot(0);
    nsec since = kernel_now();
    expect_connected(GOOD, DIAL(6 * SEC, HOLE, GOOD));
    expect_elapsed(since, 3 * SEC);
    boot(0);
    since = kernel_now();
    expect_connected(SLOW, DIAL(6 * SEC, HOLE, HOLE, SLOW));
    expect_elapsed(since, 5 * SEC);
}

static void what_one_leaves_the_others_share(void)
{
    boot(0);
    nsec since = kernel_now();
    expect_connected(GOOD, DIAL(7 * SEC, REFUSED_LATER, HOLE, GOOD));
    expect_elapsed(since, 4 * SEC);
}

static void the_deadline_ends_it_and_no_signal_puts_it_off(void)
{
    boot(0);
    nsec since = kernel_now();
    for (unsigned i = 1; i < 50; i++)
        kernel_signal_at(since + i * SEC / 3);
    expect_error("dial returns", DIAL(5 * SEC, HOLE, HOLE), ETIMEDOUT);
    expect_elapsed(since, 5 * SEC);
    boot(0);
    for (unsigned i = 1; i < 9; i++)
        kernel_signal_at(kernel_now() + i * SEC / 10);
    expect_connected(SLOW, DIAL(5 * SEC, SLOW));
    boot(0); /* A deadline that is past: nobody is waited for. */
    g_autoptr(GArray) silent = list((int[]){HOLE, HOLE}, 2);
    since = kernel_now();
    kernel_say("dial, with a deadline that was a second ago:");
    kernel_say("    two addresses, both silent");
    errno = 0;
    expect_error("dial returns", dial(silent, since - SEC), ETIMEDOUT);
    expect_elapsed(since, 0);
}

static void a_failed_attempt_leaves_no_descriptor_open(void)
{
    boot(0);
    DIAL(9 * SEC, REFUSING, REFUSED_LATER, HOLE, UNREACHABLE);
    expect_equal("descriptors open after four failures:", kernel_open(), 0);
    boot(0);
    expect_connected(GOOD,
                     DIAL(9 * SEC, UNREACHABLE, HOLE, REFUSED_LATER, GOOD));
}

static void the_error_is_that_of_the_last_attempt(void)
{
    boot(0);
    expect_error("dial returns", DIAL(5 * SEC, REFUSING, UNREACHABLE),
                 EHOSTUNREACH);
    boot(0);
    expect_error("dial returns", DIAL(5 * SEC, UNREACHABLE, REFUSED_LATER),
                 ECONNREFUSED);
    boot(0);
    expect_error("when both fail later, dial returns",
                 DIAL(5 * SEC, REFUSED_LATER, LOST_LATER), EHOSTUNREACH);
    boot(0);
    expect_error("without an address, dial returns", dial_all(NULL, 0, 5 * SEC),
                 EDESTADDRREQ);
}

/* Which of them is reached, if each has time enough? -1: none. */
static int first_good(const int *places, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (places[i] == GOOD || places[i] == SLOW)
            return places[i];
    return -1;
}

static void through_any_mixture_of_places_it_finds_its_way(void)
{
    for_each_seed (seed, 100) {
        struct dice dice = dice_at(seed, 2, 1);
        int places[6];
        unsigned count = (unsigned)dice_between(&dice, 1, 6);
        for (unsigned i = 0; i < count; i++)
            places[i] = (int)dice_between(&dice, SLOW, PLACES - 1);
        boot(seed);
        kernel_signal_at(kernel_now() + dice_between(&dice, 1, 5 * SEC));
        int fd = dial_all(places, count, 15 * SEC);
        if (first_good(places, count) > 0)
            expect_connected((enum place)first_good(places, count), fd);
        else
            expect_equal("dial returns", fd, -1);
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(the_first_address_that_answers_is_taken),
        GRADED(after_a_refusal_the_next_address_is_tried),
        GRADED(a_writable_socket_need_not_be_connected),
        GRADED(a_black_hole_uses_up_its_share_and_no_more),
        GRADED(what_one_leaves_the_others_share),
        GRADED(the_deadline_ends_it_and_no_signal_puts_it_off),
        GRADED(a_failed_attempt_leaves_no_descriptor_open),
        GRADED(the_error_is_that_of_the_last_attempt),
        GRADED(through_any_mixture_of_places_it_finds_its_way),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

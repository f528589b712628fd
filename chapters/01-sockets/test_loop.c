/* The loop: who is told, in what order, and when a turn ends. */
#include "01-sockets/loop.h"
#include "common/judge/test.h"
#include "common/world/clock.h"
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static struct loop *loop;
static GString *seen;

static int open_loop(void **state)
{
    (void)state;
    loop = loop_new();
    seen = g_string_new(NULL);
    return 0;
}

static int close_loop(void **state)
{
    (void)state;
    loop_free(loop);
    g_string_free(seen, TRUE);
    return 0;
}

struct bell {
    struct watch watch;
    struct bell *other; /* When this one rings it is watched for ... */
    uint32_t change;    /* ... this; 0: not any more. */
    char name;
};

static void on_ring(void *self, uint32_t events)
{
    struct bell *bell = self;
    (void)events;
    g_string_append_c(seen, bell->name);
    if (bell->other)
        loop_watch(loop, &bell->other->watch, bell->change);
}

/* A descriptor that is always ready to be read. */
static void hang_bell(struct bell *bell, char name)
{
    *bell = (struct bell){.name = name};
    bell->watch = (struct watch){
        .fd = eventfd(1, EFD_CLOEXEC), .ready = on_ring, .self = bell};
    loop_watch(loop, &bell->watch, EPOLLIN);
}

static void whoever_is_ready_is_told_once_a_turn(void **state)
{
    (void)state;
    struct bell a, b;
    hang_bell(&a, 'a');
    hang_bell(&b, 'b');
    loop_turn(loop, SEC);
    assert_int_equal(seen->len, 2);
    loop_turn(loop, SEC);
    assert_int_equal(seen->len, 4);
    close(a.watch.fd);
    close(b.watch.fd);
}

static void who_is_unwatched_in_a_turn_is_not_told_any_more(void **state)
{
    (void)state;
    struct bell a, b;
    hang_bell(&a, 'a');
    hang_bell(&b, 'b');
    a.other = &b;
    b.other = &a;
    loop_turn(loop, SEC);
    assert_int_equal(seen->len, 1); /* Whoever came first. */
    close(a.watch.fd);
    close(b.watch.fd);
}

/* The end of a connection is told to whoever watches for anything. */
static void not_even_of_an_end_is_told_who_is_unwatched(void **state)
{
    (void)state;
    struct bell a = {.name = 'a'}, b = {.name = 'b', .other = &a};
    struct bell *bells[] = {&a, &b};
    a.other = &b;
    for (int i = 0; i < 2; i++) {
        int pair[2];
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
        close(pair[1]);
        bells[i]->watch =
            (struct watch){.fd = pair[0], .ready = on_ring, .self = bells[i]};
        loop_watch(loop, &bells[i]->watch, EPOLLIN);
    }
    loop_turn(loop, SEC);
    assert_int_equal(seen->len, 1);
    close(a.watch.fd);
    close(b.watch.fd);
}

static void what_is_no_longer_watched_for_is_not_told(void **state)
{
    (void)state;
    struct bell a, b;
    hang_bell(&a, 'a');
    hang_bell(&b, 'b');
    a.other = &b;
    b.other = &a;
    a.change = b.change = EPOLLRDHUP;
    loop_turn(loop, SEC);
    assert_int_equal(seen->len, 1);
    close(a.watch.fd);
    close(b.watch.fd);
}

/* ---- Many, and who is no longer there. ---- */

enum { MANY = 700 }; /* More than epoll tells at once. */

struct counter {
    struct watch watch;
    unsigned count;
};

static void on_count(void *self, uint32_t events)
{
    struct counter *counter = self;
    (void)events;
    counter->count++;
}

static void of_more_than_one_turn_can_serve_each_is_served_soon(void **state)
{
    static struct counter counters[MANY];
    (void)state;
    for (int i = 0; i < MANY; i++) {
        counters[i].watch = (struct watch){.fd = eventfd(1, EFD_CLOEXEC),
                                           .ready = on_count,
                                           .self = &counters[i]};
        loop_watch(loop, &counters[i].watch, EPOLLIN);
    }
    for (unsigned turn = 1; turn <= 20; turn++) {
        loop_turn(loop, 0);
        for (int i = 0; i < MANY; i++)
            assert_in_range(counters[i].count, turn / 2, turn);
    }
    for (int i = 0; i < MANY; i++)
        close(counters[i].watch.fd);
}

/* One that is always ready, and one that becomes so now and then. */
static void a_flood_keeps_nobody_else_waiting(void **state)
{
    struct counter flood = {.watch = {.ready = on_count, .self = &flood}};
    struct counter other = {.watch = {.ready = on_count, .self = &other}};
    (void)state;
    flood.watch.fd = eventfd(1, EFD_CLOEXEC);
    other.watch.fd = eventfd(0, EFD_CLOEXEC);
    loop_watch(loop, &flood.watch, EPOLLIN);
    loop_watch(loop, &other.watch, EPOLLIN);
    for (unsigned turn = 1; turn <= 30; turn++) {
        eventfd_t value;
        if (turn % 3 == 0)
            eventfd_write(other.watch.fd, 1);
        loop_turn(loop, 0);
        assert_int_equal(flood.count, turn);
        assert_int_equal(other.count, turn / 3);
        if (turn % 3 == 0)
            eventfd_read(other.watch.fd, &value);
    }
    close(flood.watch.fd);
    close(other.watch.fd);
}

/* Whoever is told first closes the other, whose number goes to a third that is
 * not ready: what was ready was another. */
struct heir {
    struct watch watch;
    struct heir *other;
    struct counter *third;
};

static void on_death(void *self, uint32_t events)
{
    struct heir *heir = self, *other = heir->other;
    int number = other->watch.fd;
    (void)events;
    g_string_append_c(seen, 'h');
    loop_watch(loop, &other->watch, 0);
    close(number);
    heir->third->watch.fd = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(heir->third->watch.fd, number);
    loop_watch(loop, &heir->third->watch, EPOLLIN);
    loop_watch(loop, &heir->watch, 0);
}

static void who_inherits_a_number_inherits_no_event(void **state)
{
    struct counter third = {.watch = {.ready = on_count, .self = &third}};
    struct heir heirs[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        heirs[i] = (struct heir){.other = &heirs[1 - i], .third = &third};
        heirs[i].watch = (struct watch){.fd = eventfd(1, EFD_CLOEXEC),
                                        .ready = on_death,
                                        .self = &heirs[i]};
        loop_watch(loop, &heirs[i].watch, EPOLLIN);
    }
    loop_turn(loop, 0);
    loop_turn(loop, 0);
    assert_string_equal(seen->str, "h");
    assert_int_equal(third.count, 0);
    close(heirs[0].watch.fd);
    close(heirs[1].watch.fd); /* One of them is now the third's. */
}

/* ---- Timers. ---- */

struct alarm {
    struct timer timer;
    char name;
    struct alarm *next; /* Armed, with no delay, when this one fires. */
};

static void on_alarm(void *self)
{
    struct alarm *alarm = self;
    g_string_append_c(seen, alarm->name);
    if (alarm->next)
        loop_arm(loop, &alarm->next->timer, 0);
}

static struct alarm alarm_named(char name)
{
    return (struct alarm){.name = name, .timer = {.fire = on_alarm}};
}

static void a_timer_ends_the_wait(void **state)
{
    (void)state;
    struct alarm alarm = alarm_named('a');
    alarm.timer.self = &alarm;
    nsec start = clock_monotonic();
    loop_arm(loop, &alarm.timer, 2 * MSEC);
    while (seen->len == 0)
        loop_turn(loop, 3600 * SEC);
    assert_true(clock_monotonic() - start >= 2 * MSEC);
}

static void a_turn_without_a_bound_waits_for_the_timer(void **state)
{
    (void)state;
    struct alarm alarm = alarm_named('a');
    alarm.timer.self = &alarm;
    loop_arm(loop, &alarm.timer, 2 * MSEC);
    while (seen->len == 0)
        loop_turn(loop, UINT64_MAX);
    assert_string_equal(seen->str, "a");
}

static volatile sig_atomic_t interruptions;

static void interrupt(int signal)
{
    (void)signal;
    interruptions++;
}

static void a_signal_does_not_make_a_timer_early(void **state)
{
    const struct itimerval often = {{0, 500}, {0, 500}}, never = {0};
    struct sigaction action = {.sa_handler = interrupt};
    struct alarm alarm = alarm_named('a');
    (void)state;
    alarm.timer.self = &alarm;
    sigaction(SIGALRM, &action, NULL);
    nsec start = clock_monotonic();
    loop_arm(loop, &alarm.timer, 20 * MSEC);
    setitimer(ITIMER_REAL, &often, NULL);
    while (seen->len == 0)
        loop_turn(loop, 3600 * SEC);
    setitimer(ITIMER_REAL, &never, NULL);
    assert_true(clock_monotonic() - start >= 20 * MSEC);
    assert_true(interruptions > 0);
}

static void what_a_timer_arms_fires_in_its_turn_but_no_further(void **state)
{
    (void)state;
    struct alarm a = alarm_named('a'), b = alarm_named('b');
    a.timer.self = &a;
    b.timer.self = &b;
    a.next = &b;
    b.next = &a;
    loop_arm(loop, &a.timer, 0);
    loop_turn(loop, 0);
    assert_string_equal(seen->str, "abab"); /* Four passes, then the end. */
    loop_turn(loop, 3600 * SEC);
    assert_string_equal(seen->str, "abababab");
    loop_disarm(loop, &a.timer);
}

/* ---- Outlets. ---- */

struct mouth {
    struct outlet outlet;
    int words; /* Left to say, one a flush. */
};

static bool say_one(void *self)
{
    struct mouth *mouth = self;
    g_string_append_c(seen, 'w');
    return --mouth->words == 0;
}

static void an_outlet_is_flushed_each_turn_until_it_is_done(void **state)
{
    (void)state;
    struct mouth mouth = {.outlet = {.flush = say_one}, .words = 3};
    mouth.outlet.self = &mouth;
    loop_speak(loop, &mouth.outlet);
    loop_speak(loop, &mouth.outlet);
    loop_turn(loop, 0); /* What was asked between turns leaves first. */
    assert_string_equal(seen->str, "ww");
    loop_turn(loop, 0);
    assert_string_equal(seen->str, "www");
    loop_turn(loop, 0);
    assert_string_equal(seen->str, "www");
}

static void a_hushed_outlet_is_silent(void **state)
{
    (void)state;
    struct mouth mouth = {.outlet = {.flush = say_one}, .words = 3};
    mouth.outlet.self = &mouth;
    loop_speak(loop, &mouth.outlet);
    loop_hush(loop, &mouth.outlet);
    loop_hush(loop, &mouth.outlet);
    loop_turn(loop, 0);
    assert_string_equal(seen->str, "");
}

/* Number i has i % 4 words to say, one a turn; number 5 is hushed after one. */
static void among_many_outlets_each_is_flushed_once_a_turn(void **state)
{
    enum { MOUTHS = 20 };
    struct mouth mouths[MOUTHS];
    (void)state;
    for (int i = 0; i < MOUTHS; i++) {
        mouths[i] = (struct mouth){.outlet = {.flush = say_one}};
        mouths[i].outlet.self = &mouths[i];
        mouths[i].words = 1 + i % 4;
        loop_speak(loop, &mouths[i].outlet);
    }
    for (int turn = 1; turn <= 4; turn++) {
        loop_flush(loop);
        loop_hush(loop, &mouths[5].outlet);
        for (int i = 0; i < MOUTHS; i++)
            if (i != 5)
                assert_int_equal(mouths[i].words, MAX(1 + i % 4 - turn, 0));
    }
    assert_int_equal(mouths[5].words, 1);
    loop_turn(loop, 0);
    assert_int_equal(seen->len, MOUTHS / 4 * (1 + 2 + 3 + 4) - 1);
}

static void stop_loop(void *self)
{
    loop_stop(self);
}

static void a_loop_runs_until_it_is_stopped(void **state)
{
    (void)state;
    struct timer timer = {.fire = stop_loop, .self = loop};
    loop_arm(loop, &timer, MSEC);
    loop_run(loop);
    assert_int_equal(timer.place, 0);
}

#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_loop, close_loop)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(whoever_is_ready_is_told_once_a_turn),
        CASE(who_is_unwatched_in_a_turn_is_not_told_any_more),
        CASE(not_even_of_an_end_is_told_who_is_unwatched),
        CASE(what_is_no_longer_watched_for_is_not_told),
        CASE(of_more_than_one_turn_can_serve_each_is_served_soon),
        CASE(a_flood_keeps_nobody_else_waiting),
        CASE(who_inherits_a_number_inherits_no_event),
        CASE(a_timer_ends_the_wait),
        CASE(a_turn_without_a_bound_waits_for_the_timer),
        CASE(a_signal_does_not_make_a_timer_early),
        CASE(what_a_timer_arms_fires_in_its_turn_but_no_further),
        CASE(an_outlet_is_flushed_each_turn_until_it_is_done),
        CASE(a_hushed_outlet_is_silent),
        CASE(among_many_outlets_each_is_flushed_once_a_turn),
        CASE(a_loop_runs_until_it_is_stopped),
    };
    return test_run(argc, argv, tests);
}

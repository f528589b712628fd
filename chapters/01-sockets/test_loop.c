/* The loop: who is told, in what order, and when a turn ends. */
#include "01-sockets/loop.h"
#include "common/judge/test.h"
#include "common/world/clock.h"
#include <string.h>
#include <sys/eventfd.h>
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
        CASE(what_is_no_longer_watched_for_is_not_told),
        CASE(a_timer_ends_the_wait),
        CASE(what_a_timer_arms_fires_in_its_turn_but_no_further),
        CASE(an_outlet_is_flushed_each_turn_until_it_is_done),
        CASE(a_hushed_outlet_is_silent),
        CASE(a_loop_runs_until_it_is_stopped),
    };
    return test_run(argc, argv, tests);
}

/*
 * The load by the clock: when messages are due, what is counted, how long they
 * took. Time is staged (local.mk): it stands still but in the wait for events,
 * where it leaps to the next thing that happens. The server is part of the
 * stage. It hears each message at once, answers after a time the test decides,
 * and keeps a log; the sockets are of AF_UNIX, which deliver at once. So every
 * number is exact, but for the 1/64 of the histogram.
 */
#include "01-sockets/echo/load.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include "common/world/clock.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64, CLIENTS_MOST = 256 };
#define START (1000 * SEC) /* Where the staged clock begins. */

/* ---- The server on the stage. ---- */

struct visitor {
    int fd;
    nsec came;
    uint8_t message[SIZE];
    bool waits; /* A message is here, and will be answered ... */
    nsec when;  /* ... then. */
};

struct heard {
    unsigned visitor;
    nsec when;
};

static struct {
    nsec now;
    bool is_old;    /* A kernel without epoll_pwait2. */
    bool hangs_up;  /* When it has answered. */
    unsigned waits; /* So often the load has waited for events. */
    int listener;
    struct visitor visitors[CLIENTS_MOST];
    unsigned count;
    GArray *log; /* Of struct heard. */
    nsec delay;  /* From when a message is heard to when it is answered ... */
    nsec pause;  /* ... but not before this time. */
} stage;

static void welcome(void)
{
    int fd;
    while ((fd = accept4(stage.listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
        stage.visitors[stage.count++] =
            (struct visitor){.fd = fd, .came = stage.now};
}

static void hear(unsigned number)
{
    struct visitor *visitor = &stage.visitors[number];
    struct heard heard = {number, stage.now};
    if (recv(visitor->fd, visitor->message, SIZE, 0) != SIZE)
        return;
    assert_false(visitor->waits); /* One message at a time. */
    visitor->waits = true;
    visitor->when = MAX(stage.now + stage.delay, stage.pause);
    g_array_append_val(stage.log, heard);
}

static void answer(struct visitor *visitor)
{
    if (!visitor->waits || visitor->when > stage.now)
        return;
    visitor->waits = false;
    assert_int_equal(send(visitor->fd, visitor->message, SIZE, 0), SIZE);
    if (stage.hangs_up)
        shutdown(visitor->fd, SHUT_RDWR);
}

static void serve(void)
{
    welcome();
    for (unsigned i = 0; i < stage.count; i++) {
        hear(i);
        answer(&stage.visitors[i]);
    }
}

static nsec next_answer(void)
{
    nsec next = UINT64_MAX;
    for (unsigned i = 0; i < stage.count; i++)
        if (stage.visitors[i].waits)
            next = MIN(next, stage.visitors[i].when);
    return next;
}

/* ---- The staged clock. ---- */

nsec __wrap_clock_monotonic(void);
nsec __wrap_clock_monotonic(void)
{
    return stage.now;
}

int __real_epoll_wait(int epoll, struct epoll_event *events, int most,
                      int milliseconds);
static int wait_on_stage(int epoll, struct epoll_event *events, int most,
                         nsec wait)
{
    nsec end = stage.now + wait;
    stage.waits++;
    for (;;) {
        serve();
        int count = __real_epoll_wait(epoll, events, most, 0);
        if (count != 0 || stage.now == end)
            return count;
        stage.now = MIN(end, next_answer());
    }
}

int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most,
                      int milliseconds);
int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most,
                      int milliseconds)
{
    return wait_on_stage(epoll, events, most, (nsec)milliseconds * MSEC);
}

int __wrap_epoll_pwait2(int epoll, struct epoll_event *events, int most,
                        const struct timespec *wait, const sigset_t *mask);
int __wrap_epoll_pwait2(int epoll, struct epoll_event *events, int most,
                        const struct timespec *wait, const sigset_t *mask)
{
    nsec time = (nsec)wait->tv_sec * SEC + (nsec)wait->tv_nsec;
    (void)mask;
    errno = ENOSYS;
    return stage.is_old ? -1 : wait_on_stage(epoll, events, most, time);
}

/* ---- The load. ---- */

static struct load_result *load(struct load_plan plan)
{
    struct address any = {.size = sizeof(sa_family_t)}; /* The kernel's name. */
    g_autoptr(GError) error = NULL;
    any.storage.ss_family = AF_UNIX;
    stage.listener =
        socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bind(stage.listener, (const struct sockaddr *)&any.storage, any.size);
    assert_return_code(listen(stage.listener, CLIENTS_MOST), errno);
    struct address server = address_of(stage.listener);
    plan.size = SIZE;
    struct load_result *result = load_run(&server, &plan, &error);
    assert_null(error);
    return result;
}

static int begin(void **state)
{
    (void)state;
    memset(&stage, 0, sizeof stage);
    stage.now = START;
    stage.log = g_array_new(FALSE, FALSE, sizeof(struct heard));
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (unsigned i = 0; i < stage.count; i++)
        close(stage.visitors[i].fd);
    close(stage.listener);
    g_array_unref(stage.log);
    return 0;
}

static struct heard heard(unsigned index)
{
    assert_true(index < stage.log->len);
    return g_array_index(stage.log, struct heard, index);
}

/* The histogram's percentile is at most 1/64 too high. */
static void expect_delay(const struct load_result *result, double share,
                         nsec delay)
{
    uint64_t found = histogram_percentile(result->delays, share);
    assert_in_range(found, delay, delay + delay / 64);
}

/* ---- The closed loop. ---- */

static void in_a_closed_loop_the_answer_brings_the_next_message(void **state)
{
    struct load_plan plan = {.connections = 4, .duration = 100 * MSEC};
    (void)state;
    stage.delay = MSEC;
    struct load_result *result = load(plan);
    assert_int_equal(result->connected, 4);
    assert_int_equal(result->answered, 4 * 99); /* The hundredth is too late. */
    assert_int_equal(result->late, 4);
    assert_int_equal(histogram_count(result->delays), 4 * 100);
    assert_int_equal(result->counted, 100 * MSEC);
    expect_delay(result, 0, MSEC);
    expect_delay(result, 1, MSEC);
    assert_int_equal(stage.log->len, 4 * 100);
    load_result_free(result);
}

static void the_warm_up_is_not_counted(void **state)
{
    struct load_plan plan = {
        .connections = 4, .warmup = 60 * MSEC, .duration = 40 * MSEC};
    (void)state;
    stage.delay = MSEC;
    struct load_result *result = load(plan);
    assert_int_equal(result->answered, 4 * 40); /* At 60 ms to 99 ms. */
    assert_int_equal(result->counted, 40 * MSEC);
    load_result_free(result);
}

static void who_is_never_answered_has_waited_since_the_start(void **state)
{
    struct load_plan plan = {
        .connections = 3, .warmup = 60 * MSEC, .duration = 40 * MSEC};
    (void)state;
    stage.delay = 3600 * SEC;
    struct load_result *result = load(plan);
    assert_int_equal(result->answered, 0);
    assert_int_equal(result->late, 3);
    expect_delay(result, 0, 100 * MSEC);
    load_result_free(result);
}

/* ---- With a rate. ---- */

static void expect_fixed_times(unsigned connections)
{
    struct load_plan plan = {
        .connections = connections, .rate = 1000, .duration = 20 * MSEC};
    struct load_result *result = load(plan);
    nsec first = heard(0).when;
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(heard(i).visitor, i % connections);
        assert_int_equal(heard(i).when - first, i * MSEC);
    }
    assert_int_equal(stage.log->len, 20);
    assert_int_equal(result->answered, 20);
    expect_delay(result, 1, 0);
    load_result_free(result);
}

static void messages_are_due_at_fixed_times_on_one_after_the_other(void **state)
{
    expect_fixed_times(1);
    end(state);
    begin(state);
    expect_fixed_times(3);
}

/* One is asked every 5 ms and needs 10 ms: message k is due at 5 k, answered at
 * 10 (k + 1) in their order, so it takes 10 + 5 k; those of after 95 ms are
 * late. */
static void
what_has_to_wait_for_its_turn_counts_from_when_it_was_due(void **state)
{
    struct load_plan plan = {
        .connections = 1, .rate = 200, .duration = 100 * MSEC};
    (void)state;
    stage.delay = 10 * MSEC;
    struct load_result *result = load(plan);
    assert_int_equal(result->answered, 9);
    assert_int_equal(result->late, 11);
    assert_int_equal(histogram_count(result->delays), 20);
    expect_delay(result, 0, 5 * MSEC);     /* Late, due at 95 ms. */
    expect_delay(result, 0.15, 10 * MSEC); /* Two were late so, one answered. */
    expect_delay(result, 1, 55 * MSEC);    /* Late, due at 45 ms. */
    load_result_free(result);
}

/* Coordinated omission: the server pauses for nine tenths of the time. By the
 * closed loop's percentiles nothing has happened. */
static void
a_rate_counts_the_waiting_that_a_closed_loop_leaves_out(void **state)
{
    struct load_plan plan = {.connections = 1, .duration = SEC};
    (void)state;
    stage.delay = MSEC;
    stage.pause = START + 900 * MSEC;
    struct load_result *closed = load(plan);
    expect_delay(closed, 0.98, MSEC);
    load_result_free(closed);
    end(state);
    begin(state);
    stage.delay = MSEC;
    stage.pause = START + 900 * MSEC;
    plan.rate = 100;
    struct load_result *open = load(plan);
    assert_int_equal(open->answered + open->late, 100);
    assert_true(histogram_percentile(open->delays, 0.5) >= 400 * MSEC);
    load_result_free(open);
}

static void what_the_warm_up_left_undone_is_done_and_counted_later(void **state)
{
    struct load_plan plan = {.connections = 1, .rate = 100};
    (void)state;
    plan.warmup = plan.duration = 500 * MSEC;
    stage.delay = MSEC;
    stage.pause = START + 900 * MSEC; /* Ends 100 ms before the end. */
    struct load_result *result = load(plan);
    assert_int_equal(result->answered + result->late, 100);
    expect_delay(result, 1, 900 * MSEC);
    load_result_free(result);
}

static void with_a_rate_the_warm_up_is_not_counted(void **state)
{
    struct load_plan plan = {.connections = 2, .rate = 100};
    (void)state;
    plan.warmup = plan.duration = 500 * MSEC;
    stage.delay = MSEC;
    struct load_result *result = load(plan);
    assert_int_equal(result->answered, 50);
    assert_int_equal(histogram_count(result->lags), 50);
    load_result_free(result);
}

/* Three waits a message: until it is due, until the server has read it (for
 * then an AF_UNIX socket becomes writable), until it is answered. */
static void between_messages_it_sleeps_and_wakes_in_time(void **state)
{
    struct load_plan plan = {.connections = 2, .rate = 300, .duration = SEC};
    (void)state;
    stage.delay = MSEC;
    struct load_result *result = load(plan);
    assert_int_equal(histogram_count(result->lags), 300);
    assert_int_equal(histogram_percentile(result->lags, 1), 0);
    assert_true(stage.waits <= 3 * 300 + 10);
    load_result_free(result);
}

static void an_older_kernel_wakes_it_later_but_never_too_early(void **state)
{
    struct load_plan plan = {.connections = 2, .rate = 300, .duration = SEC};
    (void)state;
    stage.is_old = true;
    struct load_result *result = load(plan);
    assert_int_equal(result->answered + result->late, 300);
    assert_in_range(histogram_percentile(result->lags, 1), USEC, MSEC);
    assert_true(stage.waits <= 3 * 300 + 10);
    load_result_free(result);
}

/* ---- Connections. ---- */

static void
connections_are_begun_some_at_a_time_and_the_silent_say_nothing(void **state)
{
    struct load_plan plan = {
        .connections = 100, .silent = 150, .duration = 10 * MSEC};
    (void)state;
    stage.delay = MSEC;
    struct load_result *result = load(plan);
    assert_int_equal(result->connected, 100);
    assert_int_equal(result->silent, 150);
    assert_int_equal(stage.count, 250);
    for (unsigned i = 0; i + 16 < stage.count; i++)
        assert_true(stage.visitors[i + 16].came > stage.visitors[i].came);
    assert_true(heard(0).when >= stage.visitors[249].came);
    for (unsigned i = 0; i < stage.log->len; i++)
        assert_true(heard(i).visitor < 100);
    load_result_free(result);
}

/* Patience ends when some are made. */
static void who_connects_late_finds_what_was_due(void **state)
{
    struct load_plan plan = {.connections = 100, .rate = 10000, .patience = 1};
    (void)state;
    plan.duration = 50 * MSEC;
    struct load_result *result = load(plan);
    assert_int_equal(result->connected, 100);
    assert_int_equal(result->answered, 500);
    assert_int_equal(result->late, 0);
    load_result_free(result);
}

static void who_connects_late_to_a_closed_loop_joins_it(void **state)
{
    struct load_plan plan = {
        .connections = 20, .patience = 1, .duration = 10 * MSEC};
    (void)state;
    stage.delay = MSEC;
    struct load_result *result = load(plan);
    assert_int_equal(result->connected, 20);
    assert_int_equal(result->late, 20);
    expect_delay(result, 1, 2 * MSEC); /* One to come, one to be answered. */
    load_result_free(result);
}

static void take_a_descriptor(void *self)
{
    int *fd = self;
    close(*fd);
    *fd = dup(STDERR_FILENO);
}

/* The next message finds nobody: no SIGPIPE, and it is late. What was closed is
 * not closed again, when it has become somebody else's. */
static void an_answer_counts_though_the_server_hangs_up_at_once(void **state)
{
    int fd = -1;
    struct load_plan plan = {.connections = 3,
                             .warmup = 1,
                             .duration = 10 * MSEC,
                             .mark = take_a_descriptor,
                             .self = &fd};
    (void)state;
    stage.delay = MSEC;
    stage.hangs_up = true;
    struct load_result *result = load(plan);
    assert_int_equal(result->answered, 3);
    assert_int_equal(result->broken, 3);
    assert_int_equal(result->why, EPIPE);
    assert_int_equal(result->late, 3);
    expect_delay(result, 1, 9 * MSEC + 1);
    assert_return_code(close(fd), errno);
    load_result_free(result);
}

/* ---- Progress. ---- */

static void count_call(void *self, const struct load_result *so_far)
{
    unsigned *calls = self;
    assert_int_equal(so_far->connected, 1);
    (*calls)++;
}

static void progress_is_told_five_times_a_second(void **state)
{
    unsigned calls = 0;
    struct load_plan plan = {
        .connections = 1, .progress = count_call, .self = &calls};
    (void)state;
    plan.rate = 1;
    plan.duration = 10 * SEC;
    struct load_result *result = load(plan);
    assert_in_range(calls, 45, 50);
    assert_true(stage.waits <= 50 + 3 * 10);
    load_result_free(result);
}

static void note_time(void *self)
{
    g_array_append_val(self, stage.now);
}

static void the_ends_of_the_counting_are_marked(void **state)
{
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(nsec));
    struct load_plan plan = {
        .connections = 1, .warmup = 20 * MSEC, .duration = 30 * MSEC};
    (void)state;
    plan.mark = note_time;
    plan.self = times;
    stage.delay = MSEC;
    load_result_free(load(plan));
    const nsec *ends = (const void *)times->data;
    assert_int_equal(times->len, 2);
    assert_int_equal(ends[1], stage.now);
    assert_int_equal(ends[1] - ends[0], 30 * MSEC);
}

#define CASE(sentence) cmocka_unit_test_setup_teardown(sentence, begin, end)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(in_a_closed_loop_the_answer_brings_the_next_message),
        CASE(the_warm_up_is_not_counted),
        CASE(who_is_never_answered_has_waited_since_the_start),
        CASE(messages_are_due_at_fixed_times_on_one_after_the_other),
        CASE(what_has_to_wait_for_its_turn_counts_from_when_it_was_due),
        CASE(a_rate_counts_the_waiting_that_a_closed_loop_leaves_out),
        CASE(what_the_warm_up_left_undone_is_done_and_counted_later),
        CASE(with_a_rate_the_warm_up_is_not_counted),
        CASE(between_messages_it_sleeps_and_wakes_in_time),
        CASE(an_older_kernel_wakes_it_later_but_never_too_early),
        CASE(connections_are_begun_some_at_a_time_and_the_silent_say_nothing),
        CASE(who_connects_late_finds_what_was_due),
        CASE(who_connects_late_to_a_closed_loop_joins_it),
        CASE(an_answer_counts_though_the_server_hangs_up_at_once),
        CASE(progress_is_told_five_times_a_second),
        CASE(the_ends_of_the_counting_are_marked),
    };
    return test_run(argc, argv, tests);
}

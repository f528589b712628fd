/* Signals of this process, as events of a loop. */
#include "01-sockets/signals.h"
#include "common/judge/test.h"
#include <string.h>
#include <unistd.h>

enum { SOON = 3 };

static struct loop *loop;
static GString *seen;                 /* A letter for each. */
static volatile sig_atomic_t handled; /* By a handler, the old way. */

static void on_signal(void *self, int signal)
{
    assert_ptr_equal(self, seen);
    g_string_append_c(seen, signal == SIGUSR1 ? '1' : '2');
}

static void handle(int signal)
{
    (void)signal;
    handled++;
}

static int open_loop(void **state)
{
    (void)state;
    loop = loop_new();
    seen = g_string_new(NULL);
    handled = 0;
    signal(SIGUSR1, handle);
    signal(SIGUSR2, handle);
    return 0;
}

static int close_loop(void **state)
{
    (void)state;
    signal(SIGUSR1, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
    g_string_free(seen, TRUE);
    loop_free(loop);
    return 0;
}

static struct signals *signals_of(int first, int second)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, first);
    sigaddset(&set, second);
    return signals_new(loop, &set, on_signal, seen);
}

static void turns(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        loop_turn(loop, 0);
}

static void a_signal_comes_from_the_loop_and_not_before(void **state)
{
    struct signals *signals = signals_of(SIGUSR1, SIGUSR2);
    (void)state;
    raise(SIGUSR1);
    assert_string_equal(seen->str, "");
    turns(SOON);
    assert_string_equal(seen->str, "1");
    turns(SOON);
    assert_string_equal(seen->str, "1");
    assert_int_equal(handled, 0);
    signals_free(signals);
}

static void each_kind_comes_though_they_come_together(void **state)
{
    struct signals *signals = signals_of(SIGUSR1, SIGUSR2);
    (void)state;
    raise(SIGUSR1);
    raise(SIGUSR2);
    raise(SIGUSR1);
    turns(SOON);
    assert_non_null(strchr(seen->str, '1'));
    assert_non_null(strchr(seen->str, '2'));
    signals_free(signals);
}

static void what_is_sent_to_the_process_comes_too(void **state)
{
    struct signals *signals = signals_of(SIGUSR1, SIGUSR1);
    (void)state;
    kill(getpid(), SIGUSR1);
    turns(SOON);
    assert_string_equal(seen->str, "1");
    signals_free(signals);
}

static void a_signal_ends_the_wait(void **state)
{
    struct signals *signals = signals_of(SIGUSR1, SIGUSR1);
    (void)state;
    raise(SIGUSR1);
    loop_turn(loop, 30 * SEC);
    assert_string_equal(seen->str, "1");
    signals_free(signals);
}

static void others_do_what_they_did(void **state)
{
    struct signals *signals = signals_of(SIGUSR1, SIGUSR1);
    (void)state;
    raise(SIGUSR2);
    assert_int_equal(handled, 1);
    signals_free(signals);
}

static void when_freed_all_do_again_what_they_did(void **state)
{
    struct signals *signals = signals_of(SIGUSR1, SIGUSR2);
    (void)state;
    signals_free(signals);
    raise(SIGUSR1);
    raise(SIGUSR2);
    assert_int_equal(handled, 2);
    turns(SOON);
    assert_string_equal(seen->str, "");
}

static void what_was_blocked_before_stays_blocked(void **state)
{
    sigset_t set, blocked;
    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signals_free(signals_of(SIGUSR1, SIGUSR2));
    pthread_sigmask(SIG_UNBLOCK, &set, &blocked);
    assert_true(sigismember(&blocked, SIGUSR1));
    assert_false(sigismember(&blocked, SIGUSR2));
}

static void two_of_them_do_not_mind_which_is_freed_first(void **state)
{
    struct signals *first = signals_of(SIGUSR1, SIGUSR1);
    struct signals *second = signals_of(SIGUSR2, SIGUSR2);
    (void)state;
    signals_free(first);
    raise(SIGUSR1);
    raise(SIGUSR2);
    assert_int_equal(handled, 1);
    turns(SOON);
    assert_string_equal(seen->str, "2");
    signals_free(second);
    raise(SIGUSR2);
    assert_int_equal(handled, 2);
}

static void they_leave_no_descriptor_open(void **state)
{
    int before = dup(STDERR_FILENO);
    (void)state;
    close(before);
    signals_free(signals_of(SIGUSR1, SIGUSR2));
    int after = dup(STDERR_FILENO);
    close(after);
    assert_int_equal(after, before);
}

static void *block_of_a_thread(void *data)
{
    pthread_sigmask(SIG_BLOCK, NULL, data);
    return NULL;
}

static void threads_started_later_leave_them_to_the_loop(void **state)
{
    struct signals *signals = signals_of(SIGUSR1, SIGUSR2);
    sigset_t blocked;
    (void)state;
    g_thread_join(g_thread_new("other", block_of_a_thread, &blocked));
    assert_true(sigismember(&blocked, SIGUSR1));
    assert_true(sigismember(&blocked, SIGUSR2));
    signals_free(signals);
}

static struct signals *doomed;

static void free_it(void *self, int signal)
{
    on_signal(self, signal);
    g_clear_pointer(&doomed, signals_free);
}

static void they_may_be_freed_by_the_last(void **state)
{
    sigset_t set;
    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    doomed = signals_new(loop, &set, free_it, seen);
    raise(SIGUSR1);
    turns(SOON);
    assert_string_equal(seen->str, "1");
    assert_null(doomed);
}

/* Where nothing stopped the loop, it would run for ever. */
static void either_of_two_signals_stops_a_server(void **state)
{
    static const int both[] = {SIGTERM, SIGINT};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct signals *signals = signals_that_stop(loop);
        raise(both[i]);
        loop_run(loop);
        signals_free(signals);
    }
}

#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_loop, close_loop)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(a_signal_comes_from_the_loop_and_not_before),
        CASE(each_kind_comes_though_they_come_together),
        CASE(what_is_sent_to_the_process_comes_too),
        CASE(a_signal_ends_the_wait),
        CASE(others_do_what_they_did),
        CASE(when_freed_all_do_again_what_they_did),
        CASE(what_was_blocked_before_stays_blocked),
        CASE(two_of_them_do_not_mind_which_is_freed_first),
        CASE(threads_started_later_leave_them_to_the_loop),
        CASE(they_may_be_freed_by_the_last),
        CASE(either_of_two_signals_stops_a_server),
        CASE(they_leave_no_descriptor_open),
    };
    return test_run(argc, argv, tests);
}

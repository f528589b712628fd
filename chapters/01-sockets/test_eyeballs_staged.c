/*
 * Races on a stage: the linker puts a clock, a ppoll and a net_connect of our
 * own under eyeballs (local.mk). Each address has the fate a test wants for it,
 * to the nanosecond; nothing is waited for, and the clock shows what would have
 * been. The sockets are real: it is the kernel that says how an attempt ended.
 */
#include "01-sockets/eyeballs.h"
#include "01-sockets/net.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- The stage. ---- */

#define START (1000 * SEC)
#define HOST  "192.0.2.1"
enum { MANY = 300 };
enum kind { NONE, ANSWERS, FAILS, UNREACHABLE };

/* What becomes of an attempt, so long after it began. */
struct fate {
    enum kind kind;
    nsec after;
    const char *host;
};

static const struct fate silent = {ANSWERS, 3600 * SEC, HOST};
static const struct fate unreachable = {UNREACHABLE, 0, HOST}, no_more;

static struct fate answers(nsec after)
{
    return (struct fate){ANSWERS, after, HOST};
}

static struct fate fails(nsec after)
{
    return (struct fate){FAILS, after, HOST};
}

struct attempt {
    int fd, far; /* Its socket, and what plays the network behind it. */
    nsec began;
    bool over;
};

static struct {
    bool is_on, interrupts; /* Every other ppoll meets a signal. */
    int failure;            /* Unless 0, every ppoll fails with it. */
    const struct fate *fates;
    struct attempt attempts[MANY]; /* [i] has the fate [i]. */
    unsigned order[MANY], begun;   /* Who began, in this order. */
    unsigned polls;
    nsec now;
} stage;

nsec __real_clock_monotonic(void);
nsec __wrap_clock_monotonic(void);
nsec __wrap_clock_monotonic(void)
{
    return stage.is_on ? stage.now : __real_clock_monotonic();
}

/* An attempt under way: a socket that takes no more bytes. */
static struct attempt begin(void)
{
    static const char bytes[4096];
    int ends[2], least = 0;
    assert_return_code(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), errno);
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    while (write(ends[0], bytes, sizeof bytes) > 0)
        continue;
    return (struct attempt){.fd = ends[0], .far = ends[1]};
}

static unsigned number_of(const struct address *address)
{
    g_autofree char *text = address_text(address);
    return (unsigned)atoi(strrchr(text, ':') + 1);
}

int __real_net_connect(const struct address *address);
int __wrap_net_connect(const struct address *address);
int __wrap_net_connect(const struct address *address)
{
    if (!stage.is_on)
        return __real_net_connect(address);
    unsigned number = number_of(address);
    struct attempt *attempt = &stage.attempts[number];
    bool begins = stage.fates[number].kind != UNREACHABLE;
    *attempt = begins ? begin() : (struct attempt){-1, -1, 0, true};
    attempt->began = stage.now;
    stage.order[stage.begun++] = number;
    errno = ENETUNREACH;
    return attempt->fd;
}

static nsec end_of(unsigned number)
{
    return stage.attempts[number].began + stage.fates[number].after;
}

/* What is read at the far end becomes writable here. What is closed there with
 * bytes unread gets an error here: ECONNRESET. */
static void end(unsigned number)
{
    struct attempt *attempt = &stage.attempts[number];
    char bytes[4096];
    bool well = stage.fates[number].kind == ANSWERS;
    attempt->over = true;
    while (well && read(attempt->far, bytes, sizeof bytes) > 0)
        continue;
    if (!well)
        close(g_steal_fd(&attempt->far));
}

static nsec next_end(void)
{
    nsec next = UINT64_MAX;
    for (unsigned i = 0; i < stage.begun; i++)
        if (!stage.attempts[stage.order[i]].over)
            next = MIN(next, end_of(stage.order[i]));
    return next;
}

static void end_what_is_due(void)
{
    for (unsigned i = 0; i < stage.begun; i++) {
        unsigned number = stage.order[i];
        if (!stage.attempts[number].over && end_of(number) <= stage.now)
            end(number);
    }
}

int __real_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *wait,
                 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *wait,
                 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *wait,
                 const sigset_t *mask)
{
    const struct timespec none = {0, 0};
    if (!stage.is_on)
        return __real_ppoll(fds, count, wait, mask);
    nsec left = (nsec)wait->tv_sec * SEC + (nsec)wait->tv_nsec;
    nsec end = MIN(stage.now + left, next_end());
    bool interrupted = stage.interrupts && stage.polls % 2 == 0;
    assert_true(stage.polls++ < 4 * MANY); /* It does not spin. */
    errno = interrupted ? EINTR : stage.failure;
    stage.now += interrupted ? (end - stage.now) / 2 : end - stage.now;
    if (errno != 0)
        return -1;
    end_what_is_due();
    return __real_ppoll(fds, count, &none, mask);
}

/* ---- Races on it. ---- */

static unsigned open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned count = 0;
    while (g_dir_read_name(dir))
        count++;
    return count;
}

struct result {
    int winner; /* -1: nobody. */
    int error;  /* 0: there is a winner. */
    nsec took;
};

static int who_has(int fd)
{
    for (unsigned i = stage.begun; i > 0; i--)
        if (stage.attempts[stage.order[i - 1]].fd == fd)
            return (int)stage.order[i - 1];
    return -1;
}

static void clear_the_stage(void)
{
    for (unsigned i = 0; i < stage.begun; i++) {
        int far = stage.attempts[stage.order[i]].far;
        if (far >= 0)
            close(far);
    }
}

/* Who has which fate is told by its port. */
static GArray *addresses_of(const struct fate *fates)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct address));
    for (unsigned i = 0; fates[i].kind != NONE; i++) {
        g_autofree char *text = g_strdup_printf("%s:%u", fates[i].host, i);
        struct address address;
        assert_true(address_parse(&address, text, NULL));
        g_array_append_val(all, address);
    }
    return all;
}

/* Whatever happens, nothing stays open but the winner. */
static struct result race(const struct fate *fates, nsec patience)
{
    g_autoptr(GArray) addresses = addresses_of(fates);
    unsigned before = open_descriptors();
    stage.fates = fates;
    stage.now = START;
    stage.begun = stage.polls = 0;
    stage.is_on = true;
    int fd = eyeballs_dial(addresses, START + patience);
    struct result result = {-1, errno, stage.now - START};
    stage.is_on = false;
    if (fd >= 0) {
        result = (struct result){who_has(fd), 0, result.took};
        close(fd);
    }
    clear_the_stage();
    assert_int_equal(open_descriptors(), before);
    return result;
}

static void expect_winner(struct result result, int winner, nsec took)
{
    assert_int_equal(result.winner, winner);
    assert_int_equal(result.error, 0);
    assert_int_equal(result.took, took);
}

static void expect_error(struct result result, int error, nsec took)
{
    assert_int_equal(result.winner, -1);
    assert_int_equal(result.error, error);
    assert_int_equal(result.took, took);
}

/* So many began, and then. */
static void expect_begins(const nsec *times, unsigned count)
{
    assert_int_equal(stage.begun, count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(stage.attempts[i].began, START + times[i]);
}
#define expect_begun(...)                      \
    expect_begins((const nsec[]){__VA_ARGS__}, \
                  sizeof((const nsec[]){__VA_ARGS__}) / sizeof(nsec))

static void each_has_a_quarter_of_a_second_for_itself(void **state)
{
    struct fate fates[] = {silent, silent, answers(30 * MSEC), no_more};
    (void)state;
    expect_winner(race(fates, 10 * SEC), 2, 530 * MSEC);
    expect_begun(0, 250 * MSEC, 500 * MSEC);
}

static void who_answers_in_time_has_no_rival(void **state)
{
    struct fate fates[] = {answers(249 * MSEC), answers(0), no_more};
    (void)state;
    expect_winner(race(fates, 10 * SEC), 0, 249 * MSEC);
    expect_begun(0);
}

static void when_one_fails_the_next_begins_at_once(void **state)
{
    struct fate fates[] = {fails(10 * MSEC), unreachable, unreachable,
                           answers(5 * MSEC), no_more};
    (void)state;
    expect_winner(race(fates, 10 * SEC), 3, 15 * MSEC);
    expect_begun(0, 10 * MSEC, 10 * MSEC, 10 * MSEC);
}

/* 0 began first, and fails while 1 is still young; then it is 2 whose quarter
 * of a second counts. */
static void when_any_fails_the_next_begins_at_once(void **state)
{
    struct fate fates[] = {fails(300 * MSEC), silent, silent,
                           answers(20 * MSEC), no_more};
    (void)state;
    expect_winner(race(fates, 10 * SEC), 3, 570 * MSEC);
    expect_begun(0, 250 * MSEC, 300 * MSEC, 550 * MSEC);
}

static void two_that_fail_together_begin_one(void **state)
{
    struct fate fates[] = {fails(300 * MSEC), fails(50 * MSEC), silent,
                           answers(0), no_more};
    (void)state;
    expect_winner(race(fates, 10 * SEC), 3, 550 * MSEC);
    expect_begun(0, 250 * MSEC, 300 * MSEC, 550 * MSEC);
}

static void who_began_early_may_still_win(void **state)
{
    struct fate fates[] = {answers(600 * MSEC), fails(10 * MSEC), silent,
                           unreachable,         silent,           no_more};
    (void)state;
    expect_winner(race(fates, 10 * SEC), 0, 600 * MSEC);
    expect_begun(0, 250 * MSEC, 260 * MSEC, 510 * MSEC, 510 * MSEC);
}

static void of_two_that_answer_together_the_first_in_order_wins(void **state)
{
    struct fate fates[] = {fails(600 * MSEC), answers(450 * MSEC),
                           answers(200 * MSEC), no_more};
    (void)state;
    expect_winner(race(fates, 10 * SEC), 1, 700 * MSEC);
}

static void the_wait_is_the_lesser_of_t6_and_250_ms_plus_t4(void **state)
{
    static const unsigned times[] = {0, 1, 100, 249, 251, 300, 1000};
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(times); j++) {
            nsec t6 = times[i] * MSEC, t4 = times[j] * MSEC;
            struct fate fates[] = {answers(t6), answers(t4), no_more};
            struct result result = race(fates, 10 * SEC);
            assert_int_equal(result.took, MIN(t6, 250 * MSEC + t4));
            assert_int_equal(result.winner, t6 <= 250 * MSEC + t4 ? 0 : 1);
        }
}

static void the_families_take_turns_in_the_race(void **state)
{
    static const unsigned order[] = {0, 2, 1, 3};
    struct fate ipv6 = {ANSWERS, 3600 * SEC, "[2001:db8::1]"};
    struct fate fates[] = {ipv6, ipv6, silent, answers(0), no_more};
    (void)state;
    expect_winner(race(fates, 10 * SEC), 3, 750 * MSEC);
    assert_memory_equal(stage.order, order, sizeof order);
}

/* ---- Without a winner. ---- */

static void the_error_is_that_of_the_last_to_fail(void **state)
{
    struct fate reset[] = {unreachable, fails(10 * MSEC), no_more};
    struct fate lost[] = {fails(10 * MSEC), unreachable, no_more};
    struct fate late[] = {fails(300 * MSEC), unreachable, no_more};
    (void)state;
    expect_error(race(reset, 10 * SEC), ECONNRESET, 10 * MSEC);
    expect_error(race(lost, 10 * SEC), ENETUNREACH, 10 * MSEC);
    expect_error(race(late, 10 * SEC), ECONNRESET, 300 * MSEC);
}

static void at_the_deadline_the_race_is_over(void **state)
{
    struct fate fates[] = {fails(10 * MSEC), silent, silent, answers(0),
                           no_more};
    (void)state;
    expect_error(race(fates, 500 * MSEC), ETIMEDOUT, 500 * MSEC);
    expect_begun(0, 10 * MSEC, 260 * MSEC);
    expect_winner(race(fates, 511 * MSEC), 3, 510 * MSEC);
}

static void who_answers_after_the_deadline_is_too_late(void **state)
{
    struct fate fates[] = {answers(101 * MSEC), no_more};
    (void)state;
    expect_error(race(fates, 100 * MSEC), ETIMEDOUT, 100 * MSEC);
    expect_winner(race(fates, 101 * MSEC), 0, 101 * MSEC);
}

static void after_the_deadline_only_what_is_there_at_once_counts(void **state)
{
    struct fate fates[] = {silent, answers(0), no_more};
    (void)state;
    expect_error(race(fates, 0), ETIMEDOUT, 0);
    expect_begun(0);
    expect_winner(race(fates + 1, 0), 0, 0);
}

static void no_address_at_all_is_an_error(void **state)
{
    (void)state;
    expect_error(race(&no_more, 10 * SEC), EDESTADDRREQ, 0);
}

static void a_wait_that_cannot_be_is_an_error(void **state)
{
    struct fate fates[] = {silent, answers(0), no_more};
    (void)state;
    stage.failure = ENOMEM;
    struct result result = race(fates, 10 * SEC);
    stage.failure = 0;
    expect_error(result, ENOMEM, 250 * MSEC);
}

/* ppoll refuses more sockets than a process may have. */
static void who_has_failed_is_no_longer_asked_about(void **state)
{
    struct fate fates[MANY + 1];
    struct rlimit limit, low;
    (void)state;
    for (int i = 0; i < MANY; i++)
        fates[i] = i < MANY - 1 ? fails(MSEC) : answers(MSEC);
    fates[MANY] = no_more;
    getrlimit(RLIMIT_NOFILE, &limit);
    low = (struct rlimit){MIN(MANY / 2, limit.rlim_cur), limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &low);
    struct result result = race(fates, 10 * SEC);
    setrlimit(RLIMIT_NOFILE, &limit);
    expect_winner(result, MANY - 1, MANY * MSEC);
}

/* ---- Any race. ---- */

/* When each would begin if nobody won: 250 ms after the one before, or when,
 * after that, the first fails; at once, if that did on the spot. */
static void predict_begins(const struct fate *fates, nsec *begins)
{
    begins[0] = 0;
    for (unsigned i = 1; fates[i].kind != NONE; i++) {
        nsec last = begins[i - 1], next = last + EYEBALLS_DELAY;
        for (unsigned j = 0; j < i; j++) {
            nsec failure = begins[j] + fates[j].after;
            if (fates[j].kind == FAILS && failure > last)
                next = MIN(next, failure);
        }
        begins[i] = fates[i - 1].kind == UNREACHABLE ? last : next;
    }
}

/* Who is over last tells the error, if nobody answers before the deadline. */
static struct result predict(const struct fate *fates, nsec patience)
{
    struct result win = {-1, 0, patience}, loss = {-1, ETIMEDOUT, 0};
    nsec begins[MANY];
    predict_begins(fates, begins);
    for (int i = 0; fates[i].kind != NONE; i++) {
        nsec when = begins[i] + fates[i].after;
        if (fates[i].kind == ANSWERS && when < win.took)
            win = (struct result){i, 0, when};
        if (when >= loss.took)
            loss.error = fates[i].kind == FAILS ? ECONNRESET : ENETUNREACH;
        loss.took = MAX(loss.took, when);
    }
    if (loss.took >= patience)
        loss = (struct result){-1, ETIMEDOUT, patience};
    return win.winner >= 0 ? win : loss;
}

static void roll_fates(struct dice *dice, struct fate *fates, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        nsec after = dice_between(dice, 0, SEC);
        const struct fate all[] = {silent, answers(after), fails(after),
                                   unreachable};
        fates[i] = all[dice_roll(dice) % G_N_ELEMENTS(all)];
    }
    fates[count] = no_more;
}

static void every_race_goes_as_predicted_with_signals_or_without(void **state)
{
    (void)state;
    for_each_seed (seed, 2000) {
        struct dice dice = dice_at(seed, 0, 0);
        struct fate fates[9];
        roll_fates(&dice, fates, (unsigned)dice_between(&dice, 1, 8));
        nsec patience = dice_between(&dice, 0, 2 * SEC);
        stage.interrupts = dice_roll(&dice) % 2 == 0;
        struct result result = race(fates, patience);
        struct result expected = predict(fates, patience);
        assert_int_equal(result.took, expected.took);
        assert_int_equal(result.winner, expected.winner);
        assert_int_equal(result.error, expected.error);
    }
    stage.interrupts = false;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_a_quarter_of_a_second_for_itself),
        cmocka_unit_test(who_answers_in_time_has_no_rival),
        cmocka_unit_test(when_one_fails_the_next_begins_at_once),
        cmocka_unit_test(when_any_fails_the_next_begins_at_once),
        cmocka_unit_test(two_that_fail_together_begin_one),
        cmocka_unit_test(who_began_early_may_still_win),
        cmocka_unit_test(of_two_that_answer_together_the_first_in_order_wins),
        cmocka_unit_test(the_wait_is_the_lesser_of_t6_and_250_ms_plus_t4),
        cmocka_unit_test(the_families_take_turns_in_the_race),
        cmocka_unit_test(the_error_is_that_of_the_last_to_fail),
        cmocka_unit_test(at_the_deadline_the_race_is_over),
        cmocka_unit_test(who_answers_after_the_deadline_is_too_late),
        cmocka_unit_test(after_the_deadline_only_what_is_there_at_once_counts),
        cmocka_unit_test(no_address_at_all_is_an_error),
        cmocka_unit_test(a_wait_that_cannot_be_is_an_error),
        cmocka_unit_test(who_has_failed_is_no_longer_asked_about),
        cmocka_unit_test(every_race_goes_as_predicted_with_signals_or_without),
    };
    return test_run(argc, argv, tests);
}

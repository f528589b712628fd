/*
 * One function per sentence of the contract. Each gets a trial: a fresh world
 * whose node 1 does as it is told. A broken sentence is written down, and the
 * function returns.
 */
#include "common/judge/trial.h"
#include <string.h>

/* ---- Clause 1, and timers. ---- */

static void no_verb_calls_back(struct trial *trial)
{
    env_arm(trial->env, trial_alarm(trial, "timer;"), 0);
    trial_send(trial, 1, "message;");
    trial_append(trial, "key", "x");
    EXPECT(trial->seen->len == 0, "a verb delivered \"%s\"", trial->seen->str);
    EXPECT(trial_await(trial, trial->seen, "timer;"), "the timer never fired");
    EXPECT(trial_await(trial, trial->seen, "message;"),
           "the message never came");
}

static void the_clock_never_runs_backwards(struct trial *trial)
{
    nsec last = env_now(trial->env);
    for (int i = 0; i < 20; i++) {
        trial_pass(trial, MSEC);
        nsec now = env_now(trial->env);
        EXPECT(now >= last + MSEC, "it gained %" G_GINT64_FORMAT " in 1 ms",
               (gint64)(now - last));
        last = now;
    }
}

/* A busy machine may stop us between two lines that arm, and the timers would
 * be right to fire in another order: then arm them again. */
static bool took_long(struct trial *trial, nsec begun)
{
    return env_now(trial->env) > begun + MSEC;
}

static void timers_fire_in_the_order_of_their_times(struct trial *trial)
{
    struct timer *a = trial_alarm(trial, "a"), *b = trial_alarm(trial, "b");
    struct timer *c = trial_alarm(trial, "c");
    nsec begun;
    do {
        begun = env_now(trial->env);
        env_arm(trial->env, c, 9 * MSEC);
        env_arm(trial->env, a, 3 * MSEC);
        env_arm(trial->env, b, 6 * MSEC);
    } while (took_long(trial, begun));
    EXPECT(trial_await(trial, trial->seen, "c"), "the last never fired");
    EXPECT(!strcmp(trial->seen->str, "abc"), "a, b, c fired as \"%s\"",
           trial->seen->str);
}

static void equal_times_fire_in_the_order_of_arming(struct trial *trial)
{
    env_arm(trial->env, trial_alarm(trial, "b"), 0);
    env_arm(trial->env, trial_alarm(trial, "c"), 0);
    env_arm(trial->env, trial_alarm(trial, "a"), 0);
    trial_pass(trial, MSEC);
    EXPECT(!strcmp(trial->seen->str, "bca"), "b, c, a fired as \"%s\"",
           trial->seen->str);
}

static void arming_an_armed_timer_moves_it(struct trial *trial)
{
    struct timer *a = trial_alarm(trial, "a"), *b = trial_alarm(trial, "b");
    struct timer *c = trial_alarm(trial, "c");
    nsec begun;
    do {
        begun = env_now(trial->env);
        env_arm(trial->env, a, 2 * MSEC);
        env_arm(trial->env, b, 4 * MSEC);
        env_arm(trial->env, c, 90 * MSEC);
        env_arm(trial->env, a, 8 * MSEC);
        env_arm(trial->env, c, 6 * MSEC);
    } while (took_long(trial, begun));
    EXPECT(trial_await(trial, trial->seen, "a"), "the moved timer never fired");
    trial_pass(trial, 100 * MSEC);
    EXPECT(!strcmp(trial->seen->str, "bca"), "b, c, a fired as \"%s\"",
           trial->seen->str);
}

static void a_delay_without_end_does_not_end(struct trial *trial)
{
    env_arm(trial->env, trial_alarm(trial, "first;"), UINT64_MAX);
    env_arm(trial->env, trial_alarm(trial, "second;"), UINT64_MAX - 5);
    env_arm(trial->env, trial_alarm(trial, "soon;"), MSEC);
    EXPECT(trial_await(trial, trial->seen, "soon;"), "no timer fired");
    trial_pass(trial, 20 * MSEC);
    EXPECT(!strcmp(trial->seen->str, "soon;"), "\"%s\" fired",
           trial->seen->str);
}

static void disarm_other(void *self)
{
    struct alarm *alarm = self;
    g_string_append(alarm->trial->seen, alarm->word);
    env_disarm(alarm->trial->env, &alarm[1].timer);
}

static void a_disarmed_timer_does_not_fire_even_when_due(struct trial *trial)
{
    struct timer *a = trial_alarm(trial, "a"), *b = trial_alarm(trial, "b");
    a->fire = disarm_other;
    env_arm(trial->env, a, 0);
    env_arm(trial->env, b, 0);
    trial_pass(trial, 5 * MSEC);
    EXPECT(!strcmp(trial->seen->str, "a"),
           "a disarmed b, both being due: "
           "then \"%s\" fired",
           trial->seen->str);
    env_disarm(trial->env, b);
    env_disarm(trial->env, b);
}

static void fire_again(void *self)
{
    struct alarm *alarm = self;
    struct trial *trial = alarm->trial;
    trial->early += env_now(trial->env) < trial->last + MSEC;
    trial->last = env_now(trial->env);
    g_string_append(trial->seen, alarm->word);
    if (trial->seen->len < 5)
        env_arm(trial->env, &alarm->timer, MSEC);
}

static void a_timer_may_arm_itself_and_is_never_early(struct trial *trial)
{
    struct timer *timer = trial_alarm(trial, "x");
    timer->fire = fire_again;
    trial->last = env_now(trial->env);
    env_arm(trial->env, timer, MSEC);
    EXPECT(trial_await(trial, trial->seen, "xxxxx"), "it fired %u times of 5",
           (unsigned)trial->seen->len);
    EXPECT(trial->early == 0, "%u of 5 times it was early", trial->early);
}

static void a_delay_of_zero_waits_for_what_is_already_here(struct trial *trial)
{
    EXPECT(trial_await_durable(trial), "no message to oneself ever came");
    trial->zero = trial_alarm(trial, "timer;");
    trial_send(trial, 1, "a");
    trial_send(trial, 1, "b");
    trial_send(trial, 1, "c");
    EXPECT(trial_await(trial, trial->seen, "timer;"), "the timer never fired");
    EXPECT(!strcmp(trial->seen->str, "abctimer;"),
           "armed at a, with b and c already here: \"%s\"", trial->seen->str);
}

/* ---- Messages. ---- */

static void messages_reach_another_node_and_come_back(struct trial *trial)
{
    if (!trial->kind->connected)
        return;
    EXPECT(trial_connect(trial), "node 2 never answered");
    trial_send(trial, 2, "one;");
    trial_send(trial, 2, "two;");
    EXPECT(trial_await(trial, trial->seen, "one;"), "one never came back");
    EXPECT(trial_await(trial, trial->seen, "two;"), "two never came back");
}

static void the_longest_message_arrives(struct trial *trial)
{
    g_autofree char *word = g_strnfill(trial->env->most, 'x');
    word[trial->env->most - 1] = '!';
    trial_send(trial, 1, word);
    EXPECT(trial_await(trial, trial->seen, "!"), "it never came home");
    EXPECT(!strcmp(trial->seen->str, word), "it came home changed");
    if (!trial->kind->connected)
        return;
    EXPECT(trial_connect(trial), "node 2 never answered");
    trial_send(trial, 2, word);
    EXPECT(trial_await(trial, trial->there, "!"), "it never reached node 2");
}

static void a_message_to_nobody_is_lost(struct trial *trial)
{
    EXPECT(trial_await_durable(trial), "no message came home");
    trial_send(trial, 0, "nobody;");
    trial_send(trial, 77, "no peer;");
    trial_send(trial, (node_id)9 << 48 | 1, "no client;");
    env_bind(trial->env, NULL, NULL);
    trial_send(trial, 1, "unbound;");
    trial_pass(trial, 50 * MSEC);
    trial_bind(trial);
    trial_pass(trial, 50 * MSEC);
    EXPECT(trial->seen->len == 0, "\"%s\" came", trial->seen->str);
}

static void a_message_to_oneself_comes_once_and_in_order(struct trial *trial)
{
    g_autoptr(GString) sent = g_string_new(NULL);
    for (char letter = 'a'; letter <= 'z'; letter++) {
        char word[] = {letter, '\0'};
        trial_send(trial, 1, word);
        if (letter % 5 == 0)
            trial_append(trial, "log", word);
        if (letter % 7 == 0)
            trial_pass(trial, MSEC);
        g_string_append(sent, word);
    }
    EXPECT(trial_await(trial, trial->seen, "z"), "the last never came");
    trial_pass(trial, 50 * MSEC);
    EXPECT(!strcmp(trial->seen->str, sent->str), "a to z came as \"%s\"",
           trial->seen->str);
}

/* ---- What is written, and what a crash leaves of it. ---- */

static void a_written_value_reads_back_at_once(struct trial *trial)
{
    EXPECT_RECALL("key", "(none)");
    trial_append(trial, "key", "ab");
    EXPECT_RECALL("key", "ab");
    trial_append(trial, "key", "c");
    EXPECT_RECALL("key", "abc");
    trial_persist(trial, "key", "de");
    trial_append(trial, "key", "f");
    EXPECT_RECALL("key", "def");
    trial_persist(trial, "key", "");
    EXPECT_RECALL("key", "");
    trial_append(trial, "key", "g");
    EXPECT_RECALL("key", "g");
    trial_persist(trial, "key", NULL);
    EXPECT_RECALL("key", "(none)");
    trial_append(trial, "key", "h");
    EXPECT_RECALL("key", "h");
    EXPECT(trial_await_durable(trial), "it never became durable");
    EXPECT_RECALL("key", "h");
}

static void what_is_durable_survives_a_crash(struct trial *trial)
{
    trial_persist(trial, "gone", "x");
    trial_append(trial, "log", "one ");
    EXPECT(trial_await_durable(trial), "it never became durable");
    trial_append(trial, "log", "two ");
    trial_persist(trial, "empty", "");
    trial_persist(trial, "gone", NULL);
    trial_persist(trial, "..", "dots");
    EXPECT(trial_await_durable(trial), "it never became durable");
    trial_crash(trial);
    EXPECT_RECALL("log", "one two ");
    EXPECT_RECALL("empty", "");
    EXPECT_RECALL("gone", "(none)");
    EXPECT_RECALL("..", "dots");
    trial_append(trial, "log", "three ");
    trial_append(trial, "empty", "!");
    EXPECT(trial_await_durable(trial), "it never became durable");
    trial_crash(trial);
    EXPECT_RECALL("log", "one two three ");
    EXPECT_RECALL("empty", "!");
}

static void a_crash_keeps_a_prefix_of_what_was_appended(struct trial *trial)
{
    trial_append(trial, "log", "0123");
    EXPECT(trial_await_durable(trial), "it never became durable");
    trial_append(trial, "log", "4567");
    trial_pass(trial, MSEC);
    trial_append(trial, "log", "89ab");
    trial_append(trial, "log", "cdef");
    trial_crash(trial);
    g_autofree char *kept = trial_recall(trial, "log");
    EXPECT(g_str_has_prefix("0123456789abcdef", kept) && strlen(kept) >= 4,
           "of 0123, durable, and 456789abcdef, not, it kept \"%s\"", kept);
}

static void a_crash_keeps_a_value_whole_or_the_one_before(struct trial *trial)
{
    trial_persist(trial, "vote", "old");
    EXPECT(trial_await_durable(trial), "it never became durable");
    trial_persist(trial, "vote", "new value");
    trial_crash(trial);
    g_autofree char *kept = trial_recall(trial, "vote");
    EXPECT(!strcmp(kept, "old") || !strcmp(kept, "new value"),
           "of \"old\" and then \"new value\" it kept \"%s\"", kept);
}

/* ---- The output rule. ---- */

static void expect_nothing_after(void *self, int sync)
{
    struct trial *trial = self;
    trial->syncs = sync;
    if (sync > 1)
        return;
    if (strstr(trial->there->str, "after;"))
        g_string_assign(trial->failure, "while the disk was busy with what was "
                                        "written before it, it reached node 2");
    if (strstr(trial->seen->str, "after;"))
        g_string_assign(trial->failure, "while the disk was busy with what was "
                                        "written before it, it came home");
}

/* before, a write, after: of what kind the write is, and whose is the letter,
 * is the caller's affair. */
static void check_output_rule(struct trial *trial, node_id to, bool appends)
{
    const GString *log = to == 1 ? trial->seen : trial->there;
    trial_send(trial, to, "before;");
    if (appends)
        trial_append(trial, "log", "entry");
    else
        trial_persist(trial, "vote", "2");
    trial_send(trial, to, "after;");
    trial->syncs = 0;
    if (trial->kind->stall)
        trial->kind->stall(trial->world, expect_nothing_after, trial);
    EXPECT(trial->syncs > 0 || !trial->kind->stall, "the disk was not asked");
    if (trial->failure->len > 0)
        return;
    EXPECT(trial_await(trial, log, "before;"),
           "what was sent before never came");
    EXPECT(trial_await(trial, log, "after;"), "what was sent after never came");
}

static void
nothing_leaves_before_what_was_written_before_it(struct trial *trial)
{
    if (!trial->kind->connected)
        return;
    EXPECT(trial_connect(trial), "node 2 never answered");
    EXPECT(trial_await_durable(trial), "no message to oneself ever came");
    check_output_rule(trial, 2, true);
    g_string_truncate(trial->there, 0);
    if (trial->failure->len > 0)
        return;
    EXPECT(trial_await_durable(trial), "no message to oneself ever came");
    check_output_rule(trial, 2, false);
}

static void a_message_to_oneself_waits_for_the_disk(struct trial *trial)
{
    EXPECT(trial_await_durable(trial), "no message to oneself ever came");
    check_output_rule(trial, 1, true);
}

static void write_again(void *self, int sync)
{
    struct trial *trial = self;
    if (sync == 1) {
        trial_append(trial, "log", "late");
        trial_send(trial, 1, "late;");
    } else if (strstr(trial->seen->str, "late;")) {
        g_string_assign(trial->failure, "written while the disk was busy, sent "
                                        "after: it did not wait for its sync");
    }
}

/* What is written during a sync is covered by the next one, not by this. */
static void
what_is_written_during_a_sync_waits_for_the_next(struct trial *trial)
{
    if (!trial->kind->overlaps)
        return;
    EXPECT(trial_await_durable(trial), "no message to oneself ever came");
    trial_append(trial, "log", "first");
    trial->kind->stall(trial->world, write_again, trial);
    if (trial->failure->len > 0)
        return;
    EXPECT(trial_await(trial, trial->seen, "late;"), "it never came");
}

static void expect_timer(void *self, int sync)
{
    struct trial *trial = self;
    if (sync == 1 && !strstr(trial->seen->str, "timer;"))
        g_string_assign(trial->failure, "no turn ran while the disk worked");
}

static void later_turns_run_while_the_disk_works(struct trial *trial)
{
    if (!trial->kind->overlaps)
        return;
    trial_append(trial, "log", "entry");
    env_arm(trial->env, trial_alarm(trial, "timer;"), MSEC);
    trial->kind->stall(trial->world, expect_timer, trial);
}

/* ---- Crash and boot. ---- */

static void what_a_crash_finds_unsent_is_never_sent(struct trial *trial)
{
    if (trial->kind->connected)
        EXPECT(trial_connect(trial), "node 2 never answered");
    trial_append(trial, "log", "entry");
    trial_send(trial, 1, "home;");
    trial_send(trial, 2, "there;");
    trial_crash(trial);
    trial_pass(trial, 200 * MSEC);
    EXPECT(trial->seen->len == 0, "\"%s\" came home", trial->seen->str);
    EXPECT(trial->there->len == 0, "\"%s\" reached node 2", trial->there->str);
}

static void a_crash_loses_what_was_sent_home(struct trial *trial)
{
    trial_send(trial, 1, "home;");
    trial_crash(trial);
    trial_pass(trial, 50 * MSEC);
    EXPECT(trial->seen->len == 0, "\"%s\" came to the next boot",
           trial->seen->str);
}

static void a_crash_forgets_the_timers(struct trial *trial)
{
    env_arm(trial->env, trial_alarm(trial, "zero;"), 0);
    env_arm(trial->env, trial_alarm(trial, "timer;"), 2 * MSEC);
    trial_crash(trial);
    trial_pass(trial, 50 * MSEC);
    EXPECT(trial->seen->len == 0, "\"%s\" fired after it", trial->seen->str);
}

/* ---- The rest. ---- */

static void random_bits_do_not_repeat(struct trial *trial)
{
    g_autoptr(GHashTable) drawn =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t bits = env_random(trial->env);
        g_hash_table_add(drawn, g_memdup2(&bits, sizeof bits));
    }
    EXPECT(g_hash_table_size(drawn) == 100, "100 draws gave %u numbers",
           g_hash_table_size(drawn));
}

static nsec answer_seven(struct env *env)
{
    (void)env;
    return 7;
}

static void a_verb_left_null_is_answered_by_the_env_below(struct trial *trial)
{
    static const struct env_ops ops = {.now = answer_seven};
    struct env layer = {.ops = &ops, .below = trial->env, .id = 1, .most = 9};
    g_autoptr(GBytes) value = g_bytes_new_static("v", 1);
    EXPECT(env_now(&layer) == 7, "the layer's own verb was not asked");
    env_persist(&layer, "key", value);
    env_note(&layer, "the layer wrote %d byte", 1);
    EXPECT_RECALL("key", "v");
}

/* ---- The table of all. ---- */

#define SENTENCES(X)                                    \
    X(no_verb_calls_back)                               \
    X(the_clock_never_runs_backwards)                   \
    X(timers_fire_in_the_order_of_their_times)          \
    X(equal_times_fire_in_the_order_of_arming)          \
    X(arming_an_armed_timer_moves_it)                   \
    X(a_delay_without_end_does_not_end)                 \
    X(a_disarmed_timer_does_not_fire_even_when_due)     \
    X(a_timer_may_arm_itself_and_is_never_early)        \
    X(a_delay_of_zero_waits_for_what_is_already_here)   \
    X(messages_reach_another_node_and_come_back)        \
    X(the_longest_message_arrives)                      \
    X(a_message_to_nobody_is_lost)                      \
    X(a_message_to_oneself_comes_once_and_in_order)     \
    X(a_written_value_reads_back_at_once)               \
    X(what_is_durable_survives_a_crash)                 \
    X(a_crash_keeps_a_prefix_of_what_was_appended)      \
    X(a_crash_keeps_a_value_whole_or_the_one_before)    \
    X(nothing_leaves_before_what_was_written_before_it) \
    X(a_message_to_oneself_waits_for_the_disk)          \
    X(what_is_written_during_a_sync_waits_for_the_next) \
    X(later_turns_run_while_the_disk_works)             \
    X(what_a_crash_finds_unsent_is_never_sent)          \
    X(a_crash_loses_what_was_sent_home)                 \
    X(a_crash_forgets_the_timers)                       \
    X(random_bits_do_not_repeat)                        \
    X(a_verb_left_null_is_answered_by_the_env_below)

#define NAME_OF(sentence)     #sentence,
#define FUNCTION_OF(sentence) sentence,
const char *const conform_sentences[] = {SENTENCES(NAME_OF) NULL};
void (*const trial_sentences[])(struct trial *) = {SENTENCES(FUNCTION_OF)};
const size_t trial_sentence_count = G_N_ELEMENTS(trial_sentences);

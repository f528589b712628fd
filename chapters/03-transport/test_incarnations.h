/**
 * @file test_incarnations.h
 * The promise of arq.h, when nodes boot; then its queue, whom it is for, and
 * its end.
 */
#ifndef TEST_INCARNATIONS_H
#define TEST_INCARNATIONS_H
#include "03-transport/test_reliable.h"
#include "03-transport/test_reliable_conform.h"

/* ---- Incarnations. ---- */

/* The first was heard, and its acknowledgement is lost with node 2. */
static void a_new_incarnation_gets_what_was_being_sent(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_count(stage, 1, 2, 4);
    stage_hand(stage, stage_letter(stage));
    stage_lose(stage);
    expect_heard(stage, 2, "0");
    stage_reboot(stage, 2);
    stage_settle(stage);
    expect_heard(stage, 2, "0 1 2 3");
    stage_say(stage, 1, 2, "4");
    stage_lose(stage);
    for (int i = 0; i < 254; i++) /* The 256th is the next who is heard. */
        stage_reboot(stage, 2);
    stage_say(stage, 2, 1, "reborn");
    stage_say(stage, 1, 2, "5");
    stage_settle(stage);
    expect_heard(stage, 2, "4 5");
    expect_heard(stage, 1, "reborn");
    stage_free(stage);
}

/* With an incarnation goes what waited, and what it had sent counts no more. */
static void expect_ghosts_dropped(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_count(stage, 1, 2, 4);
    g_autoptr(GPtrArray) old = stage_keep(stage, stage->next);
    stage_lose(stage);
    stage_reboot(stage, 1);
    stage_say(stage, 1, 2, "new");
    stage_settle(stage);
    expect_heard(stage, 2, "new");
    stage_replay(stage, old, 0, 0);
    stage_settle(stage);
    expect_heard(stage, 2, "");
    stage_say(stage, 1, 2, "newer");
    stage_settle(stage);
    expect_heard(stage, 2, "newer");
    stage_free(stage);
}

/* What makes a later one known need not be meant for this one. */
static void expect_first_word_counts(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_say(stage, 1, 2, "old");
    g_autoptr(GPtrArray) old = stage_keep(stage, stage->next);
    stage_lose(stage);
    stage_reboot(stage, 1);
    stage_say(stage, 1, 2, "new");
    stage_hand(stage, stage_letter(stage)); /* The first of the new one. */
    g_string_truncate(stage->nodes[2].heard, 0);
    stage_replay(stage, old, 1, 2);
    expect_heard(stage, 2, "");
    stage_free(stage);
}

/* Node 2 boots; and before it hears anything else, all that was ever sent to
 * its earlier incarnations comes once more. */
static void what_was_meant_for_an_earlier_one_is_not_delivered(void)
{
    struct post_stage *stage = stage_new(trial);
    stage_say(stage, 1, 2, "a");
    stage_settle(stage);
    stage_say(stage, 1, 2, "b");
    stage_settle(stage);
    expect_heard(stage, 2, "a b");
    for (int i = 0; i < 4; i++) {
        g_autoptr(GPtrArray) old = stage_keep(stage, 0);
        stage_reboot(stage, 2);
        stage_replay(stage, old, 1, 2);
        stage_replay(stage, old, 1, 2);
        expect_heard(stage, 2, "");
        stage_say(stage, 1, 2, "c");
        stage_settle(stage);
        stage_replay(stage, old, 1, 2);
        expect_heard(stage, 2, "c");
    }
    stage_free(stage);
}

/* Either side boots, again and again, and counts from the beginning. All
 * letters of earlier lives come late, while a message is on its way that was
 * lost once. */
static void of_an_earlier_incarnation_nothing_counts(void)
{
    expect_ghosts_dropped();
    expect_first_word_counts();
    for_each_seed (seed, 20) {
        struct dice dice = dice_at(seed, 1, 1);
        struct post_stage *stage = stage_open(trial);
        for (int i = 0; i < 6; i++) {
            g_autoptr(GPtrArray) old = stage_keep(stage, 0);
            uint64_t who = dice_between(&dice, 1, 3);
            if (who & 1)
                stage_reboot(stage, 1);
            if (who & 2)
                stage_reboot(stage, 2);
            stage_meet(stage);
            stage_replay(stage, old, 0, 0);
            expect_heard(stage, 2, "");
            for (unsigned n = (unsigned)dice_between(&dice, 1, 4); n > 0; n--) {
                stage_say(stage, 1, 2, "new");
                stage_lose(stage);
                stage_replay(stage, old, 0, 0);
                stage_settle(stage);
                expect_heard(stage, 2, "new");
            }
            expect_heard(stage, 1, "");
        }
        stage_free(stage);
    }
}

/* ---- The queue. ---- */

static void expect_forgotten(unsigned more)
{
    struct post_stage *stage = stage_open(trial);
    unsigned first = trial->window, count = first + trial->queue + more;
    g_autofree char *head = numbers(0, first);
    g_autofree char *rest = numbers(first + more, count);
    g_autofree char *all = g_strconcat(head, " ", rest, NULL);
    stage_count(stage, 1, 2, count);
    stage_lose(stage);
    stage_say(stage, 1, 3, "other");
    stage_settle(stage);
    expect_heard(stage, 3, "other");
    expect_heard(stage, 2, all);
    stage_say(stage, 1, 2, "later");
    stage_settle(stage);
    expect_heard(stage, 2, "later");
    stage_free(stage);
}

static void of_those_that_wait_the_oldest_is_forgotten(void)
{
    expect_forgotten(0);
    expect_forgotten(1);
    expect_forgotten(2);
    expect_forgotten(trial->queue + 44);
}

/* ---- Whom it is for. ---- */

static bool is_written_to(const struct post_stage *stage, node_id id)
{
    for (unsigned i = stage->next; i < stage->letters->len; i++)
        if (((struct post_letter *)stage->letters->pdata[i])->to == id)
            return true;
    return false;
}

/* Those that are alike in their lower bits, too: ids have 64. */
static void each_peer_is_for_itself(void)
{
    static const node_id others[] = {2 + ((node_id)1 << 32), 2 + (1 << 16),
                                     1 + ((node_id)1 << 32), 258};
    struct post_stage *stage = stage_open(trial);
    stage_count(stage, 1, 2, 3);
    stage_lose(stage); /* Node 2 is not to be reached. */
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        stage_say(stage, 1, others[i], "stranger");
        expect_that(is_written_to(stage, others[i]),
                    "each node to be written to", "not %" G_GUINT64_FORMAT,
                    others[i]);
    }
    stage_say(stage, 1, 3, "x");
    stage_exchange(stage);
    stage_say(stage, 3, 1, "y");
    stage_exchange(stage);
    expect_heard(stage, 3, "x");
    expect_heard(stage, 1, "y");
    expect_heard(stage, 2, "");
    stage_free(stage);
}

static void to_oneself_and_farewells_pass_as_they_are(void)
{
    struct post_stage *stage = stage_open(trial);
    g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);
    g_free(tape_take(stage->nodes[1].tape));
    stage_say(stage, 1, 1, "home");
    g_autofree char *asked = tape_take(stage->nodes[1].tape);
    expect_that(strcmp(asked, "send 1 home; ") == 0,
                "a message to oneself to go as it is", "\"%.60s\"", asked);
    expect_heard(stage, 1, "home");
    stage_say(stage, 1, 2, "a");
    stage->nodes[1].count = 0;
    stage_play(stage, 2, 1, nothing);
    stage_play(stage, ((node_id)2 << 48) + 5, 1, nothing);
    expect_equal("farewells that were heard:", stage->nodes[1].count, 2);
    expect_equal("bytes of one:", g_bytes_get_size(stage->nodes[1].last), 0);
    expect_heard(stage, 1, "");
    stage_settle(stage); /* And all goes on. */
    expect_heard(stage, 2, "a");
    stage_free(stage);
}

/* ---- As an env, and its end. ---- */

/* What was written of this kind, each under a key of the layer's own? */
static void expect_keys(const char *asked, const char *verb)
{
    g_autofree char *wanted = g_strdup_printf("%s%s.", verb, trial->name);
    for (const char *at = asked; (at = strstr(at, verb)); at++)
        expect_that(g_str_has_prefix(at, wanted), "keys of the layer's own",
                    "\"%.40s\"", at);
}

static void expect_own_keys(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_count(stage, 1, 2, 10);
    stage_reboot(stage, 1);
    stage_settle(stage);
    g_autofree char *asked = tape_take(stage->nodes[1].tape);
    expect_keys(asked, "persist ");
    expect_keys(asked, "append ");
    expect_keys(asked, "remove ");
    stage_free(stage);
}

static inline void it_is_an_env_by_the_contract(void)
{
    expect_own_keys();
    expect_conforming(trial);
}

static void to_free_it_disarms_and_no_more(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_count(stage, 1, 2, 5);
    stage_count(stage, 1, 3, 5);
    stage_lose(stage);
    g_free(tape_take(stage->nodes[1].tape));
    trial->lower(stage->nodes[1].layer);
    stage->nodes[1].layer = NULL;
    g_autofree char *asked = tape_take(stage->nodes[1].tape);
    const char *at = asked;
    while (g_str_has_prefix(at, "disarm; "))
        at += strlen("disarm; ");
    expect_that(*at == '\0', "nothing but disarming", "\"%.40s\"", at);
    tape_pass(stage->nodes[1].tape, 1000 * trial->timeout);
    expect_equal("letters, after its end:", stage_pending(stage), 0);
    stage_free(stage);
}

#endif

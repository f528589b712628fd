/**
 * @file test_reliable.h
 * The promise of arq.h, sentence by sentence, while all nodes live: for
 * test_arq.c and test_gobackn.c, which say which layer is on trial. When they
 * do not, see test_incarnations.h.
 */
#ifndef TEST_RELIABLE_H
#define TEST_RELIABLE_H
#include "03-transport/test_reliable_stage.h"

/** Which layer it is. */
static const struct reliable *trial;

/* ---- Messages arrive. ---- */

static void expect_whole(struct post_stage *stage, size_t size)
{
    uint8_t *data = g_malloc(size);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i * i + size);
    g_autoptr(GBytes) bytes = g_bytes_new_take(data, size);
    stage_say_bytes(stage, 1, 2, bytes);
    stage_settle(stage);
    const struct post_node *node = &stage->nodes[2];
    expect_equal("messages that node 2 has heard:", node->count, 1);
    expect_equal("from node", node->from, 1);
    expect_equal("bytes of what it has heard:", g_bytes_get_size(node->last),
                 size);
    expect_bytes("what it has heard", g_bytes_get_data(node->last, NULL), data,
                 size);
    stage->nodes[2].count = 0;
}

static void expect_all_sizes(void)
{
    struct post_stage *stage = stage_open(trial);
    stage->nodes[2].count = 0;
    expect_equal("bytes of the longest message less:",
                 stage->nodes[1].env.most - stage_env(stage, 1)->most,
                 trial->header);
    for (size_t size = 1; size < 100; size++)
        expect_whole(stage, size);
    expect_whole(stage, stage_env(stage, 1)->most);
    stage_free(stage);
}

static void messages_arrive_as_sent_and_in_order(void)
{
    expect_all_sizes();
    struct post_stage *stage = stage_new(trial);
    stage_say(stage, 1, 2, "a"); /* They have not met yet. */
    stage_say(stage, 1, 2, "b");
    stage_say(stage, 2, 1, "x");
    stage_settle(stage);
    stage_say(stage, 2, 1, "y");
    for (const char *word = "c\0d\0e\0f\0g\0"; *word; word += 2)
        stage_say(stage, 1, 2, word);
    stage_say(stage, 2, 1, "z");
    stage_settle(stage);
    expect_heard(stage, 2, "a b c d e f g");
    expect_heard(stage, 1, "x y z");
    expect_heard(stage, 3, "");
    stage_free(stage);
}

/* Numbers from 0 up to, and without, this one. Returns new. */
static char *numbers(unsigned from, unsigned to)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = from; i < to; i++)
        g_string_append_printf(text, i > from ? " %u" : "%u", i);
    return g_string_free(text, FALSE);
}

/* Whatever node 1 sends arrives, and nothing comes back to it. */
static void no_more_are_on_their_way_than_may_be(void)
{
    struct post_stage *stage = stage_open(trial);
    g_autofree char *first = numbers(0, trial->window);
    g_autofree char *rest = numbers(trial->window, trial->window + 5);
    stage_count(stage, 1, 2, trial->window + 5);
    for (int i = 0; i < 10; i++) {
        for (const struct post_letter *letter; (letter = stage_letter(stage));)
            if (letter->from == 1)
                stage_hand(stage, letter);
        stage_pass(stage, trial->timeout);
    }
    expect_heard(stage, 2, first);
    stage_settle(stage);
    expect_heard(stage, 2, rest);
    stage_free(stage);
}

/* ---- Sent again. ---- */

/* When does node 1 send something, from now on? */
static nsec next_sending(struct post_stage *stage, nsec patience)
{
    nsec step = trial->timeout / 50, waited = 0;
    while (stage_pending(stage) == 0 && waited < patience) {
        stage_pass(stage, step);
        waited += step;
    }
    return waited;
}

static void expect_repeats(struct post_stage *stage, int times)
{
    for (int i = 0; i < times; i++) {
        uint64_t before = trial->repeats(stage->nodes[1].layer);
        stage_lose(stage);
        nsec waited = next_sending(stage, 3 * trial->timeout);
        expect_that(waited >= trial->timeout, "it to wait for the timeout",
                    "it sends after %.0f ms", (double)waited / 1e6);
        expect_that(waited <= 2 * trial->timeout, "it to be sent again",
                    "it was not, for two timeouts");
        expect_equal("letters:", stage_pending(stage), 1);
        expect_equal("the count of repeats grows by",
                     trial->repeats(stage->nodes[1].layer) - before, 1);
    }
}

/* They have not met, and the network is out for long. */
static void expect_first_again(void)
{
    struct post_stage *stage = stage_new(trial);
    stage_say(stage, 1, 2, "a");
    for (int i = 0; i < 50; i++) {
        stage_lose(stage);
        expect_that(next_sending(stage, 3 * trial->timeout) <=
                        2 * trial->timeout,
                    "node 1 to try again", "silence");
    }
    stage_settle(stage);
    expect_heard(stage, 2, "a");
    stage_free(stage);
}

static void what_is_not_acknowledged_is_sent_again(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_say(stage, 1, 2, "a");
    expect_equal("letters:", stage_pending(stage), 1);
    expect_repeats(stage, 30);
    stage_settle(stage);
    expect_heard(stage, 2, "a");
    stage_say(stage, 1, 2, "b"); /* And once more. */
    expect_repeats(stage, 3);
    stage_settle(stage);
    expect_heard(stage, 2, "b");
    stage_free(stage);
    expect_first_again();
}

static void expect_quiet(struct post_stage *stage)
{
    uint64_t before = trial->repeats(stage->nodes[1].layer);
    for (int i = 0; i < 100; i++)
        stage_pass(stage, trial->timeout / 3);
    expect_equal("letters, when all is acknowledged:", stage_pending(stage), 0);
    expect_equal("the count of repeats grows by",
                 trial->repeats(stage->nodes[1].layer) - before, 0);
}

static void what_is_acknowledged_is_not_sent_again(void)
{
    struct post_stage *stage = stage_open(trial);
    expect_quiet(stage);
    for (int i = 0; i < 5; i++) {
        stage_say(stage, 1, 2, "a");
        stage_exchange(stage);
        expect_quiet(stage);
    }
    stage_say(stage, 1, 2, "b");
    stage_pass(stage, trial->timeout / 2);
    stage_exchange(stage); /* What waited for "b" waits no more. */
    stage_say(stage, 1, 2, "c");
    stage_lose(stage);
    expect_that(next_sending(stage, 2 * trial->timeout) >= trial->timeout,
                "the next one to have a timeout of its own",
                "it is sent again earlier");
    stage_settle(stage);
    expect_heard(stage, 2, "a a a a a b c");
    expect_quiet(stage);
    stage_free(stage);
}

/* ---- Copies, and what is late. ---- */

static void a_copy_is_acknowledged_and_not_delivered(void)
{
    struct post_stage *stage = stage_open(trial);
    stage_say(stage, 1, 2, "a");
    const struct post_letter *letter = stage_letter(stage);
    for (int i = 0; i < 5; i++) {
        stage_lose(stage);
        stage_hand(stage, letter);
        expect_that(stage_pending(stage) > 0, "an acknowledgement, each time",
                    "none of copy %d", i);
    }
    expect_heard(stage, 2, "a");
    stage_exchange(stage); /* The last one gets through. */
    expect_quiet(stage);
    stage_say(stage, 1, 2, "b");
    stage_settle(stage);
    expect_heard(stage, 2, "b");
    stage_free(stage);
}

/* Numbers of two bytes begin anew after so many. */
static void expect_numbers_of_many_bytes(void)
{
    struct post_stage *stage = stage_open(trial);
    unsigned first = stage->letters->len;
    stage_count(stage, 1, 2, 3);
    stage_settle(stage);
    g_autoptr(GPtrArray) kept = stage_keep(stage, first);
    stage_note(stage, "* 65533 more go to and fro");
    stage->silent = true;
    for (unsigned i = 0; i < 65536 - 3; i++) {
        stage_say(stage, 1, 2, "new");
        stage_exchange(stage);
    }
    stage->silent = false;
    g_string_truncate(stage->nodes[2].heard, 0);
    stage_replay(stage, kept, 1, 2);
    expect_heard(stage, 2, "");
    stage_free(stage);
}

/* Numbers may be the same again, in one bit or in eight; messages are not. */
static void a_late_copy_is_not_delivered(void)
{
    struct post_stage *stage = stage_open(trial);
    unsigned first = stage->letters->len;
    stage_count(stage, 1, 2, 3);
    stage_settle(stage);
    expect_heard(stage, 2, "0 1 2");
    g_autoptr(GPtrArray) kept = stage_keep(stage, first);
    for (unsigned i = 0; i < 600; i++) {
        stage_replay(stage, kept, 1, 2);
        expect_heard(stage, 2, "");
        stage_say(stage, 1, 2, "new");
        stage_exchange(stage);
        expect_heard(stage, 2, "new");
    }
    stage_free(stage);
    expect_numbers_of_many_bytes();
}

/* An acknowledgement of an earlier message, also of the last, while another is
 * on its way. */
static void a_late_acknowledgement_is_for_what_it_was(void)
{
    struct post_stage *stage = stage_open(trial);
    unsigned first = stage->letters->len, last = first;
    stage_count(stage, 1, 2, 3);
    stage_settle(stage);
    expect_heard(stage, 2, "0 1 2");
    g_autoptr(GPtrArray) oldest = stage_keep(stage, first);
    for (unsigned i = 0; i < 600; i++) {
        g_autoptr(GPtrArray) newest = stage_keep(stage, last);
        last = stage->letters->len;
        stage_say(stage, 1, 2, "new");
        stage_lose(stage);
        stage_replay(stage, oldest, 2, 1);
        stage_replay(stage, newest, 2, 1);
        next_sending(stage, 3 * trial->timeout);
        stage_exchange(stage);
        expect_heard(stage, 2, "new");
    }
    stage_free(stage);
}

/* ---- Damage. ---- */

/* It arrives with each of its bits turned, with its end cut, and with more. */
static void play_damaged(struct post_stage *stage,
                         const struct post_letter *letter)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(letter->bytes, &size);
    g_autofree uint8_t *copy = g_malloc0(size + 1);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        memcpy(copy, data, size);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        g_autoptr(GBytes) bytes = g_bytes_new(copy, size);
        stage_note(stage, "* its bit %zu is turned:", bit);
        stage_play(stage, letter->from, letter->to, bytes);
    }
    memcpy(copy, data, size);
    for (size_t cut = 1; cut <= size + 1; cut++) {
        g_autoptr(GBytes) bytes = g_bytes_new(copy, cut);
        if (cut == size)
            continue;
        stage_note(stage, "* it is made %zu bytes long:", cut);
        stage_play(stage, letter->from, letter->to, bytes);
    }
}

static void what_is_damaged_is_as_good_as_lost(void)
{
    struct post_stage *stage = stage_open(trial);
    for (int i = 0; i < 3; i++) {
        stage_say(stage, 1, 2, "message");
        struct post_letter *letter = stage_letter(stage);
        play_damaged(stage, letter);
        expect_heard(stage, 2, "");
        stage_exchange(stage);
        stage_hand(stage, letter);
        expect_heard(stage, 2, "message");
        g_autoptr(GPtrArray) answers = stage_keep(stage, stage->next);
        stage_lose(stage);
        for (unsigned j = 0; j < answers->len; j++)
            play_damaged(stage, answers->pdata[j]);
        stage_lose(stage);
        expect_that(next_sending(stage, 3 * trial->timeout) <=
                        2 * trial->timeout,
                    "a damaged acknowledgement not to count", "it does");
        stage_settle(stage);
        expect_heard(stage, 2, "");
        expect_heard(stage, 1, "");
        expect_quiet(stage);
    }
    stage_free(stage);
}

/* ---- Delivered, written, acknowledged. ---- */

static void write_down(struct post_node *node, node_id from, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    (void)from;
    env_append(stage_env(node->stage, node->env.id), "ledger", bytes);
    node->before = node->stage->letters->len;
}

static void answer_and_write_down(struct post_node *node, node_id from,
                                  const char *text)
{
    g_autoptr(GBytes) reply = g_bytes_new("reply", 5);
    env_send(stage_env(node->stage, node->env.id), from, reply);
    write_down(node, from, text);
}

/* Only what left before node 2 wrote gets through: as if the disk were slow,
 * and the power failed then. */
static void expect_not_acknowledged(void (*then)(struct post_node *, node_id,
                                                 const char *))
{
    struct post_stage *stage = stage_open(trial);
    stage->nodes[2].then = then;
    stage_say(stage, 1, 2, "a");
    stage_say(stage, 1, 2, "b");
    stage_hand(stage, stage_letter(stage));
    expect_heard(stage, 2, "a");
    for (unsigned i = stage->next; i < stage->nodes[2].before; i++) {
        const struct post_letter *letter = stage_letter(stage);
        if (letter->from == 2)
            stage_hand(stage, letter);
    }
    stage_lose(stage);
    stage->nodes[2].then = NULL;
    stage_reboot(stage, 2);
    stage_settle(stage);
    expect_heard(stage, 2, "a b");
    stage_free(stage);
}

static void it_is_acknowledged_when_it_is_written_down(void)
{
    expect_not_acknowledged(write_down);
    expect_not_acknowledged(answer_and_write_down);
}

/* ---- From within. ---- */

static void play_on(struct post_node *node, node_id from, const char *text)
{
    unsigned number = (unsigned)strtoul(text, NULL, 10);
    char next[20];
    if (number == 0 || number >= 20)
        return;
    g_snprintf(next, sizeof next, "%u", number + 1);
    g_autoptr(GBytes) bytes = g_bytes_new(next, strlen(next));
    g_autoptr(GBytes) aside = g_bytes_new("aside", 5);
    struct env *env = stage_env(node->stage, node->env.id);
    env_send(env, from, bytes);
    env_send(env, from, aside);
    env_send(env, 3, bytes);
}

static void the_one_above_may_send_from_within(void)
{
    struct post_stage *stage = stage_open(trial);
    stage->nodes[1].then = stage->nodes[2].then = play_on;
    stage_say(stage, 1, 2, "1");
    stage_exchange(stage); /* Nothing is lost, so it takes no time. */
    expect_heard(stage, 2,
                 "1 3 aside 5 aside 7 aside 9 aside 11 aside 13 aside 15 aside "
                 "17 aside 19 aside");
    expect_heard(stage, 1,
                 "2 aside 4 aside 6 aside 8 aside 10 aside 12 aside 14 aside "
                 "16 aside 18 aside 20 aside");
    expect_equal("messages that node 3 has heard:", stage->nodes[3].count,
                 2 + 19);
    stage_free(stage);
}

#endif

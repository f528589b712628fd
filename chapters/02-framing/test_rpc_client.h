/** @file test_rpc_client.h The client's rules of rpc.h, each on the stage. */
#ifndef TEST_RPC_CLIENT_H
#define TEST_RPC_CLIENT_H
#include "02-framing/test_rpc_stage.h"

/* Call the server, and look at the request. */
static struct rpc_letter *ask(struct rpc_stage *stage, const char *text,
                              nsec span, uint64_t key)
{
    stage_call(stage, SERVER, text, span, key);
    return stage_sent(stage);
}

static struct rpc_talk *talk_of(struct rpc_stage *stage, unsigned which)
{
    return stage->talks->pdata[which];
}

static void expect_longest_body(struct rpc_stage *stage)
{
    struct rpc_patience patience = {.span = SEC, .key = KEY};
    size_t most = stage->env.most - RPC_HEADER;
    g_autofree uint8_t *data = g_malloc0(most);
    data[most - 1] = 1; /* And bytes are no string. */
    g_autoptr(GBytes) body = g_bytes_new(data, most);
    uint64_t id = rpc_call(stage->rpc, SERVER, body, patience, on_told, NULL);
    struct rpc_letter *letter = stage_sent(stage);
    expect_equal("bytes of body:", letter->size, most);
    expect_bytes("the body", letter->frame.payload + 8, data, most);
    rpc_cancel(stage->rpc, id);
}

static void a_request_is_one_frame_with_key_body_and_time(void)
{
    static const nsec spans[] = {USEC, 250 * MSEC, SEC, UINT32_MAX * USEC};
    static const char *const texts[] = {"", "x", "a question"};
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    for (unsigned i = 0; i < 4; i++)
        for (unsigned j = 0; j < 3; j++) {
            uint64_t key = i % 2 ? UINT64_MAX - i : 0;
            struct rpc_letter *letter = ask(stage, texts[j], spans[i], key);
            struct rpc_talk *talk = talk_of(stage, stage->talks->len - 1);
            expect_equal("the request goes to node", letter->to, SERVER);
            expect_equal("its flags are", letter->frame.flags, 0);
            expect_that(letter->frame.id == talk->id,
                        "the id that rpc_call returned", "another one");
            expect_equal("its key is", letter->key, key);
            expect_equal("microseconds left:", letter->frame.deadline,
                         spans[i] / USEC);
            expect_that(g_str_equal(letter->text, texts[j]),
                        "the body behind the key", "\"%s\"", letter->text);
            rpc_cancel(stage->rpc, talk->id);
        }
    expect_longest_body(stage);
    stage_free(stage);
}

static void each_reply_ends_its_own_call(void)
{
    static const unsigned orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};
    static const char *const texts[] = {"first", "", "third"};
    for (unsigned i = 0; i < 3; i++) {
        struct rpc_stage *stage = stage_new((struct rpc_settings){0});
        for (unsigned j = 0; j < 3; j++)
            ask(stage, "question", SEC, j);
        for (unsigned j = 0; j < 3; j++) {
            unsigned which = orders[i][j];
            uint8_t flags = which == 0 ? RPC_REFUSAL : RPC_REPLY;
            struct rpc_talk *talk = talk_of(stage, which);
            expect_not_told(talk);
            stage_play_answer(stage, SERVER, talk->id, flags, texts[which]);
            expect_told(talk, which == 0 ? RPC_REFUSED : RPC_DONE,
                        texts[which]);
            expect_equal("calls that have not ended:", rpc_pending(stage->rpc),
                         2 - j);
        }
        stage_free(stage);
    }
}

/* With a key too, and however often it was tried. */
static void expect_refused_after(nsec time)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    uint64_t id = ask(stage, "question", 10 * SEC, KEY)->frame.id;
    stage_pass(stage, time);
    stage_play_answer(stage, SERVER, id, RPC_REFUSAL, "");
    expect_told(talk_of(stage, 0), RPC_REFUSED, "");
    stage_free(stage);
}

static void only_the_asked_node_answers(void)
{
    expect_refused_after(0);
    expect_refused_after(5 * SEC);
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    uint64_t id = ask(stage, "question", SEC, 0)->frame.id;
    struct rpc_talk *talk = talk_of(stage, 0);
    stage_play_reply(stage, SERVER + 1, id, "from another node");
    stage_play_answer(stage, SERVER + 1, id, RPC_REFUSAL, "another no");
    stage_play_reply(stage, SERVER, id + 1, "to another id");
    stage_play_reply(stage, SERVER, id ^ (uint64_t)1 << 40, "to another id");
    stage_play_answer(stage, SERVER, id, RPC_REPLY | RPC_REFUSAL, "both");
    stage_play_answer(stage, SERVER, id, 4, "neither");
    expect_not_told(talk);
    stage_play_reply(stage, SERVER, id, "the one");
    expect_told(talk, RPC_DONE, "the one");
    stage_free(stage);
}

/* Ended by a reply, by time, by rpc_cancel(): what comes then is too late. */
static void what_comes_late_or_twice_answers_nothing(void)
{
    for (unsigned end = 0; end < 3; end++) {
        struct rpc_stage *stage = stage_new((struct rpc_settings){0});
        uint64_t id = ask(stage, "first", 20 * MSEC, KEY)->frame.id;
        if (end == 0)
            stage_play_reply(stage, SERVER, id, "once");
        else if (end == 1)
            stage_pass(stage, 20 * MSEC);
        else
            rpc_cancel(stage->rpc, id);
        int told = talk_of(stage, 0)->told;
        ask(stage, "second", SEC, KEY + 1);
        stage_play_reply(stage, SERVER, id, "late");
        stage_play_answer(stage, SERVER, id, RPC_REFUSAL, "late");
        expect_equal("outcomes of the first call:", talk_of(stage, 0)->told,
                     told);
        expect_not_told(talk_of(stage, 1));
        stage_play_reply(stage, SERVER, talk_of(stage, 1)->id, "second");
        expect_told(talk_of(stage, 1), RPC_DONE, "second");
        stage_free(stage);
    }
}

static void call_and_cancel(struct rpc_talk *talk)
{
    struct rpc_stage *stage = talk->stage;
    expect_equal("calls that have not ended, seen from done:",
                 rpc_pending(stage->rpc), 1);
    rpc_cancel(stage->rpc, talk->id);
    rpc_cancel(stage->rpc, talk_of(stage, 1)->id);
    for (unsigned i = 0; i < 20; i++)
        stage_call(stage, SERVER, "from done", 10 * SEC, 0);
}

static void done_may_call_and_cancel(void)
{
    for (unsigned late = 0; late < 2; late++) {
        struct rpc_stage *stage = stage_new((struct rpc_settings){0});
        ask(stage, "first", 20 * MSEC, 0);
        ask(stage, "second", 20 * MSEC + 1000, 0);
        talk_of(stage, 0)->then = call_and_cancel;
        if (late)
            stage_pass(stage, SEC);
        else
            stage_play_reply(stage, SERVER, talk_of(stage, 0)->id, "yes");
        expect_told(talk_of(stage, 0), late ? RPC_TIMED_OUT : RPC_DONE,
                    late ? NULL : "yes");
        expect_equal("calls that have not ended:", rpc_pending(stage->rpc), 20);
        for (unsigned i = 2; i < 22; i++) {
            stage_play_reply(stage, SERVER, talk_of(stage, i)->id, "yes");
            expect_told(talk_of(stage, i), RPC_DONE, "yes");
        }
        stage_pass(stage, SEC);
        expect_not_told(talk_of(stage, 1));
        stage_free(stage);
    }
}

/* A clock may go on between two looks at it, in one turn. */
static void done_never_comes_from_within_rpc_call(void)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    for (unsigned i = 0; i < 10; i++) {
        stage->tick = i * 300;
        struct rpc_letter *letter = ask(stage, "question", USEC, KEY);
        expect_that(letter->frame.deadline <= 1, "at most 1 microsecond left",
                    "%u", letter->frame.deadline);
        stage_pass(stage, SEC);
        expect_told(talk_of(stage, i), RPC_TIMED_OUT, NULL);
        expect_silence(stage);
    }
    stage_free(stage);
}

static void no_id_is_used_twice(void)
{
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (unsigned boot = 1; boot <= 3; boot++) {
        struct rpc_stage *stage = stage_new((struct rpc_settings){0});
        rpc_free(stage->rpc);
        stage->luck = DICE;
        stage->dice = dice_at(boot, 1, 1);
        stage->rpc = rpc_new(&stage->env, (struct rpc_settings){0});
        for (unsigned i = 0; i < 500; i++) {
            struct rpc_talk *talk = stage_call(stage, 2 + i % 2, "", SEC, 0);
            uint64_t *id = g_memdup2(&talk->id, sizeof talk->id);
            if (i % 3 == 0)
                rpc_cancel(stage->rpc, talk->id);
            expect_that(g_hash_table_add(seen, id), "an id that is new",
                        "one of %s", i ? "this boot" : "an earlier boot");
        }
        stage_free(stage);
    }
}

/* Even when it is less than the microsecond that a request can tell. */
static void expect_some_time_left(void)
{
    struct rpc_stage *stage =
        stage_new((struct rpc_settings){.wait = 8, .longest = 60});
    ask(stage, "question", USEC, KEY);
    stage_pass(stage, USEC);
    for (; stage->seen < stage->letters->len; stage->seen++) {
        struct rpc_letter *letter = stage->letters->pdata[stage->seen];
        expect_equal("microseconds left:", letter->frame.deadline, 1);
    }
    stage_free(stage);
}

static void a_try_is_the_same_request_again(void)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    struct rpc_letter *first = ask(stage, "question", 20 * SEC, KEY);
    ask(stage, "another", USEC, 0);
    stage_pass(stage, 20 * SEC);
    expect_that(stage->letters->len > 6, "tries, again and again",
                "%u messages", stage->letters->len);
    for (unsigned i = 2; i < stage->letters->len; i++) {
        struct rpc_letter *next = stage->letters->pdata[i];
        int64_t left = (int64_t)(20 * SEC - next->at) / (int64_t)USEC;
        expect_equal("it goes to node", next->to, SERVER);
        expect_equal("its flags are", next->frame.flags, 0);
        expect_that(next->frame.id == first->frame.id, "the same id",
                    "another one");
        expect_equal("its key is", next->key, KEY);
        expect_that(g_str_equal(next->text, "question"), "the same body",
                    "\"%s\"", next->text);
        expect_that(ABS((int64_t)next->frame.deadline - MAX(left, 1)) <= 1,
                    "a try to tell the time that is left now",
                    "%u us instead of %d", next->frame.deadline, (int)left);
    }
    stage_free(stage);
    expect_some_time_left();
}

/* Look at all waits of one call that nobody answers. */
static void expect_backoff(struct rpc_stage *stage, nsec wait, nsec longest)
{
    struct rpc_letter *last = ask(stage, "question", 40 * longest, KEY);
    wait = MIN(wait, longest);
    for (unsigned n = 1; n <= 25; n++) {
        stage_pass(stage, last->at + wait - env_now(tape_env(stage->tape)));
        expect_that(stage->seen < stage->letters->len,
                    "another try, when the wait is over", "none");
        struct rpc_letter *next = stage->letters->pdata[stage->seen++];
        nsec passed = next->at - last->at;
        expect_that(passed >= wait / 2 && passed <= wait,
                    "a wait between a half and the whole of its time",
                    "wait number %u: %" G_GUINT64_FORMAT
                    " ns, and the whole is %" G_GUINT64_FORMAT,
                    n, passed, wait);
        wait = MIN(2 * wait, longest);
        last = next;
    }
    rpc_cancel(stage->rpc, last->frame.id);
    stage->seen = stage->letters->len;
}

static void expect_waits(struct rpc_settings settings, enum rpc_luck luck,
                         uint64_t seed)
{
    struct rpc_stage *stage = stage_new(settings);
    nsec wait = settings.wait ? settings.wait : 100 * MSEC;
    nsec longest = settings.longest ? settings.longest : 10 * SEC;
    stage->luck = luck;
    stage->dice = dice_at(seed, 1, 1);
    expect_backoff(stage, wait, longest);
    expect_backoff(stage, wait, longest); /* The next call begins anew. */
    stage_free(stage);
}

static void the_wait_doubles_up_to_the_longest(void)
{
    static const struct rpc_settings settings[] = {
        {.wait = 0},
        {.wait = 8, .longest = 60},
        {.wait = SEC, .longest = MSEC},
        {.wait = 5 * SEC},
        {.longest = 150 * MSEC}};
    for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++) {
        expect_waits(settings[i], DOWN, 0);
        expect_waits(settings[i], UP, 0);
        for_each_seed (seed, 20)
            expect_waits(settings[i], DICE, seed);
    }
}

/* How long wait number @p number was, with this luck. */
static nsec wait_of(unsigned number, uint64_t seed)
{
    struct rpc_stage *stage =
        stage_new((struct rpc_settings){.wait = SEC, .longest = 4 * SEC});
    stage->dice = dice_at(seed, number, 1);
    ask(stage, "question", 60 * SEC, 0);
    stage_pass(stage, 30 * SEC);
    expect_that(stage->letters->len > number, "another try, and another",
                "%u of them in 30 s", stage->letters->len);
    struct rpc_letter *one = stage->letters->pdata[number - 1];
    struct rpc_letter *next = stage->letters->pdata[number];
    nsec passed = next->at - one->at;
    stage_free(stage);
    return passed;
}

/* Of 100 waits from half to whole, some are in the first quarter, some in the
 * last: else a right answer has less luck than one in 10^12 has. */
static void expect_spread(unsigned number, nsec whole)
{
    nsec least = whole, most = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        nsec wait = wait_of(number, seed);
        least = MIN(least, wait);
        most = MAX(most, wait);
    }
    expect_that(least < whole / 8 * 5 && most > whole / 8 * 7,
                "nodes that began together not to keep in step",
                "wait number %u from %.3f to %.3f of the whole", number,
                (double)least / (double)whole, (double)most / (double)whole);
}

/* The first, a later one, and one of the longest. */
static void waits_of_different_luck_are_different(void)
{
    expect_spread(1, SEC);
    expect_spread(2, 2 * SEC);
    expect_spread(5, 4 * SEC);
}

static void expect_end(nsec span, enum rpc_luck luck, uint64_t seed)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    stage->luck = luck;
    stage->dice = dice_at(seed, 1, 1);
    stage_pass(stage, SEC);
    ask(stage, "question", span, KEY);
    tape_play(stage->tape, SERVER, NULL, 0); /* A farewell is but a hint. */
    stage_pass(stage, span - 1);
    expect_not_told(talk_of(stage, 0));
    stage_pass(stage, MSEC);
    expect_told(talk_of(stage, 0), RPC_TIMED_OUT, NULL);
    expect_equal("calls that have not ended:", rpc_pending(stage->rpc), 0);
    stage_pass(stage, 100 * SEC);
    struct rpc_letter *last = stage->letters->pdata[stage->letters->len - 1];
    expect_that(last->at < SEC + span, "no try at the deadline, or behind it",
                "one, %.6f ms after it", (double)(last->at - SEC - span) / 1e6);
    stage_free(stage);
}

static void a_call_ends_at_its_deadline(void)
{
    static const nsec spans[] = {USEC,     50 * MSEC, 100 * MSEC, 300 * MSEC,
                                 12 * SEC, 60 * SEC,  1001 * MSEC};
    for (unsigned i = 0; i < G_N_ELEMENTS(spans); i++) {
        expect_end(spans[i], DOWN, 0);
        if (i < 4)
            expect_end(spans[i], UP, 0);
        for_each_seed (seed, 10)
            expect_end(spans[i], DICE, seed);
    }
}

static void a_cancelled_call_is_silent(void)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    ask(stage, "first", SEC, 0);
    ask(stage, "second", SEC, 0);
    rpc_cancel(stage->rpc, talk_of(stage, 0)->id);
    rpc_cancel(stage->rpc, talk_of(stage, 0)->id);
    rpc_cancel(stage->rpc, talk_of(stage, 0)->id ^ (uint64_t)1 << 50);
    expect_equal("calls that have not ended:", rpc_pending(stage->rpc), 1);
    stage_pass(stage, 5 * SEC);
    for (; stage->seen < stage->letters->len; stage->seen++) {
        struct rpc_letter *letter = stage->letters->pdata[stage->seen];
        expect_that(g_str_equal(letter->text, "second"),
                    "no more tries of a cancelled call", "one");
    }
    expect_not_told(talk_of(stage, 0));
    expect_told(talk_of(stage, 1), RPC_TIMED_OUT, NULL);
    stage_free(stage);
}

static void on_body_freed(void *counter)
{
    (*(int *)counter)--;
}

/* Calls that will not end: no more than rpc_free() ends them. */
static void call_and_free(struct rpc_stage *stage)
{
    int bodies = 20;
    struct rpc_patience patience = {.span = SEC};
    for (int i = 0; i < 20; i++) {
        g_autoptr(GBytes) body =
            g_bytes_new_with_free_func("", 0, on_body_freed, &bodies);
        struct rpc_talk *talk = stage_call(stage, SERVER, "", SEC, 0);
        uint64_t id =
            rpc_call(stage->rpc, SERVER, body, patience, on_told, talk);
        if (i % 2)
            stage_play_reply(stage, SERVER, id, "reply");
        else if (i % 4)
            rpc_cancel(stage->rpc, id);
    }
    stage_free(stage);
    expect_equal("bodies that are still kept after rpc_free:", bodies, 0);
}

static void what_has_ended_leaves_nothing_behind(void)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    stage->manner = NOW;
    for (unsigned i = 0; i < 200; i++) {
        struct rpc_talk *talk = stage_call(stage, SERVER, "question",
                                           SEC + i * MSEC, i % 2 ? KEY : 0);
        if (i % 4 == 0)
            stage_play_reply(stage, SERVER, talk->id, "reply");
        else if (i % 4 == 1)
            rpc_cancel(stage->rpc, talk->id);
        stage_play_request(stage, 3, i, i + 1, SEC);
        expect_equal("calls that have not ended:", rpc_pending(stage->rpc),
                     i / 4 * 2 + (i % 4 > 1 ? i % 4 - 1 : 0));
    }
    stage_pass(stage, 2 * SEC);
    expect_equal("calls that have not ended:", rpc_pending(stage->rpc), 0);
    unsigned sent = stage->letters->len;
    stage_pass(stage, 100 * SEC);
    expect_equal("messages sent for calls that have ended:",
                 stage->letters->len - sent, 0);
    call_and_free(stage);
}

#endif

/** @file test_rpc_server.h The server's rules of rpc.h, each on the stage. */
#ifndef TEST_RPC_SERVER_H
#define TEST_RPC_SERVER_H
#include "02-framing/test_rpc_stage.h"

static void answer_later(struct rpc_stage *stage, const struct rpc_asked *asked,
                         const char *text)
{
    g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));
    stage_note(stage, "> rpc_reply: %s", text);
    rpc_reply(stage->rpc, &asked->request, body);
}

static void without_a_key_each_request_is_served(void)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){.most = 1});
    stage->manner = NOW;
    for (unsigned i = 1; i <= 5; i++) {
        stage_play_request(stage, 3, 100 + i / 2, 0, SEC);
        struct rpc_asked *asked = expect_served(stage, i);
        expect_that(g_str_equal(asked->text, "please"), "the body to be shown",
                    "\"%s\"", asked->text);
        g_autofree char *text = g_strdup_printf("answer %u", i);
        expect_answered(stage, 3, 100 + i / 2, text);
    }
    expect_equal("keys remembered:", rpc_remembered(stage->rpc), 0);
    stage->manner = LATER; /* Two at a time: to each its own. */
    stage_play_request(stage, 3, 200, 0, SEC);
    stage_play_request(stage, 4, 201, 0, SEC);
    answer_later(stage, stage->asked->pdata[6], "answer 7");
    expect_answered(stage, 4, 201, "answer 7");
    answer_later(stage, stage->asked->pdata[5], "answer 6");
    expect_answered(stage, 3, 200, "answer 6");
    stage_free(stage);
}

static void what_is_no_request_is_dropped(void)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    struct frame short_one = {.id = 1,
                              .deadline = 1000,
                              .payload = (const uint8_t *)"1234567",
                              .size = 7};
    stage->manner = NOW;
    stage_note(stage, "* a farewell, a cut frame, a short one, noise");
    tape_play(stage->tape, 3, NULL, 0);
    tape_play(stage->tape, 3, "\xc3\x5a\x01", 3);
    tape_play(stage->tape, 3, "noise", 5);
    stage_play(stage, 3, &short_one);
    expect_served(stage, 0);
    stage_play_request(stage, 3, 1, KEY, 0);
    expect_equal(
        "requests that were served without a deadline:", stage->asked->len, 0);
    for (unsigned flags = 1; flags < 256; flags++)
        stage_play_answer(stage, 3, 1, (uint8_t)flags, "8 bytes, and more");
    expect_served(stage, 0);
    expect_silence(stage);
    expect_equal("keys remembered:", rpc_remembered(stage->rpc), 0);
    stage_play_request(stage, 3, 1, KEY, USEC);
    expect_served(stage, 1);
    expect_answered(stage, 3, 1, "answer 1");
    stage_free(stage);
}

static void a_key_is_served_once(void)
{
    static const uint64_t keys[] = {KEY, UINT64_MAX, (uint64_t)KEY << 32};
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    stage->manner = NOW;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t id = 100 * i;
        g_autofree char *text = g_strdup_printf("answer %u", i + 1);
        stage_play_request(stage, 3, id, keys[i], SEC);
        expect_served(stage, i + 1);
        expect_answered(stage, 3, id, text);
        for (unsigned again = 0; again < 4; again++) {
            stage_pass(stage, 300 * MSEC);
            id += again % 2; /* A try of the same call, or another call. */
            stage_play_request(stage, 3, id, keys[i], SEC);
            expect_served(stage, i + 1);
            expect_answered(stage, 3, id, text);
        }
    }
    expect_equal("keys remembered:", rpc_remembered(stage->rpc), 3);
    stage_free(stage);
}

static void keys_belong_to_the_node_that_asks(void)
{
    static const node_id nodes[] = {3, 4, (node_id)3 << 48 | 1,
                                    (node_id)3 << 48 | (node_id)1 << 32 | 1};
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    stage->manner = NOW;
    for (unsigned again = 0; again < 2; again++)
        for (unsigned i = 0; i < 4; i++) {
            g_autofree char *text = g_strdup_printf("answer %u", i + 1);
            stage_play_request(stage, nodes[i], 100, KEY, SEC);
            expect_served(stage, again ? 4 : i + 1);
            expect_answered(stage, nodes[i], 100, text);
        }
    stage_free(stage);
}

/* However long it takes, and whatever the reply is. */
static void expect_patience(nsec time, size_t size)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    g_autofree char *text = g_strnfill(size, 'a');
    stage_play_request(stage, 3, 100, KEY, SEC);
    stage_pass(stage, time);
    stage_play_request(stage, 3, 100, KEY, SEC);
    answer_later(stage, expect_served(stage, 1), text);
    stage_play_request(stage, 3, 100, KEY, SEC);
    expect_served(stage, 1);
    expect_equal("replies:", stage->letters->len, 2);
    for (unsigned i = 0; i < 2; i++) {
        struct rpc_letter *letter = stage->letters->pdata[i];
        expect_equal("its flags are", letter->frame.flags, RPC_REPLY);
        expect_equal("bytes of the reply:", letter->size, size);
    }
    stage_free(stage);
}

static void a_repeated_request_waits_for_the_reply(void)
{
    expect_patience(50 * SEC, 10);
    expect_patience(MSEC, 0);
    expect_patience(MSEC, 20000);
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    stage_play_request(stage, 3, 100, KEY, SEC);
    struct rpc_asked *asked = expect_served(stage, 1);
    expect_equal("keys remembered:", rpc_remembered(stage->rpc), 1);
    stage_pass(stage, 900 * MSEC);
    stage_play_request(stage, 3, 100, KEY, 100 * MSEC);
    stage_play_request(stage, 3, 200, KEY, SEC); /* Another call for it. */
    stage_play_request(stage, 3, 60, KEY, 700 * MSEC); /* The last one. */
    expect_served(stage, 1);
    expect_silence(stage);
    stage_pass(stage, 500 * MSEC); /* The first one does not wait any more. */
    expect_equal("nanoseconds that somebody still waits:",
                 rpc_left(stage->rpc, &asked->request), 200 * MSEC);
    answer_later(stage, asked, "answer 1");
    expect_answered(stage, 3, 60, "answer 1");
    stage_play_request(stage, 3, 50, KEY, SEC); /* After a reboot, say. */
    expect_served(stage, 1);
    expect_answered(stage, 3, 50, "answer 1");
    stage_free(stage);
}

static void a_refusal_is_not_remembered(void)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){0});
    for (unsigned i = 1; i <= 4; i++) {
        stage->manner = i == 4 ? NOW : NEVER;
        stage_play_request(stage, 3, 100, KEY, SEC);
        expect_served(stage, i);
        expect_answered(stage, 3, 100, i == 4 ? "answer 4" : "no");
        expect_equal("keys remembered:", rpc_remembered(stage->rpc), i == 4);
    }
    rpc_free(stage->rpc); /* And until somebody serves all are refused. */
    stage->rpc = rpc_new(&stage->env, (struct rpc_settings){0});
    stage_play_request(stage, 3, 100, KEY, SEC);
    expect_answered(stage, 3, 100, "nobody");
    expect_equal("keys remembered:", rpc_remembered(stage->rpc), 0);
    stage_free(stage);
}

/* Keys without a reply have places as well, when nobody waits any more, too. */
static void expect_places_kept(void)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){.most = 3});
    for (unsigned key = 1; key <= 3; key++)
        stage_play_request(stage, 3, key, key, SEC);
    stage_pass(stage, 2 * SEC);
    stage_play_request(stage, 3, 100, 4, SEC);
    expect_answered(stage, 3, 100, "too many");
    for (unsigned key = 1; key <= 3; key++)
        stage_play_request(stage, 3, key, key, SEC);
    expect_served(stage, 3);
    expect_silence(stage);
    stage_free(stage);
}

static void one_key_too_many_is_refused(void)
{
    expect_places_kept();
    struct rpc_stage *stage = stage_new((struct rpc_settings){.most = 3});
    stage->manner = NOW;
    for (unsigned key = 1; key <= 3; key++)
        stage_play_request(stage, 3, key, key, SEC);
    expect_served(stage, 3);
    stage->seen = stage->letters->len;
    for (node_id node = 3; node <= 4; node++) {
        stage_play_request(stage, node, 100, 4, SEC);
        expect_equal("keys remembered:", rpc_remembered(stage->rpc), 3);
        expect_served(stage, 3);
        expect_answered(stage, node, 100, "too many");
    }
    for (unsigned key = 1; key <= 3; key++) {
        g_autofree char *text = g_strdup_printf("answer %u", key);
        stage_play_request(stage, 3, key, key, SEC);
        expect_served(stage, 3);
        expect_answered(stage, 3, key, text);
    }
    stage_play_request(stage, 3, 101, 0, SEC); /* It needs no place. */
    expect_served(stage, 4);
    expect_answered(stage, 3, 101, "answer 4");
    expect_equal("keys remembered:", rpc_remembered(stage->rpc), 3);
    stage_free(stage);
}

/* With one place, and a second key that has it when the first was forgotten. */
static void expect_forgotten(void)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){.most = 1});
    stage->manner = NOW;
    stage_play_request(stage, 3, 100, 1, SEC);
    stage_pass(stage, 60 * SEC + MSEC);
    stage_play_request(stage, 3, 200, 2, SEC);
    expect_served(stage, 2);
    expect_equal("keys remembered:", rpc_remembered(stage->rpc), 1);
    stage_free(stage);
}

/* All of that age are, answered or not, and a late reply gives none more time;
 * the same key is then a new one. */
static void expect_new_again(enum rpc_manner manner)
{
    struct rpc_stage *stage = stage_new((struct rpc_settings){.most = 10});
    stage->manner = manner;
    for (unsigned key = 1; key <= 3; key++)
        stage_play_request(stage, 3, key, key, SEC);
    stage_pass(stage, 59 * SEC);
    struct rpc_asked *asked = expect_served(stage, 3);
    if (manner == LATER)
        answer_later(stage, asked, "answer, late");
    stage_pass(stage, SEC + MSEC);
    stage_play_request(stage, 3, 100, 3, SEC);
    expect_served(stage, 4);
    expect_equal("keys remembered:", rpc_remembered(stage->rpc), 1);
    stage_free(stage);
}

/* A key of time 0, one of time 10 s, and a third that has no room till then. */
static void a_key_is_remembered_for_its_time(void)
{
    expect_forgotten();
    expect_new_again(NOW);
    expect_new_again(LATER);
    struct rpc_stage *stage =
        stage_new((struct rpc_settings){.most = 2, .memory = 30 * SEC});
    stage->manner = NOW;
    stage_play_request(stage, 3, 100, 1, SEC);
    stage_pass(stage, 10 * SEC);
    stage_play_request(stage, 3, 200, 2, SEC);
    stage_pass(stage, 20 * SEC - USEC);
    stage_play_request(stage, 3, 100, 1, SEC);
    stage_play_request(stage, 3, 300, 3, SEC);
    expect_served(stage, 2);
    stage_pass(stage, MSEC);
    stage_play_request(stage, 3, 300, 3, SEC);
    expect_served(stage, 3);
    expect_equal("keys remembered:", rpc_remembered(stage->rpc), 2);
    stage_pass(stage, 10 * SEC - 2 * MSEC);
    stage_play_request(stage, 3, 200, 2, SEC);
    stage_play_request(stage, 3, 100, 1, SEC);
    expect_served(stage, 3);
    stage_pass(stage, 2 * MSEC);
    stage_play_request(stage, 3, 100, 1, SEC); /* As if it were new. */
    stage->seen = stage->letters->len - 1;
    expect_served(stage, 4);
    expect_answered(stage, 3, 100, "answer 4");
    expect_equal("keys remembered:", rpc_remembered(stage->rpc), 2);
    stage_free(stage);
}

static void behind_the_deadline_a_reply_is_only_kept(void)
{
    for (uint64_t key = 0; key <= KEY; key += KEY) {
        struct rpc_stage *stage = stage_new((struct rpc_settings){0});
        stage_play_request(stage, 3, 100, key, 100 * MSEC);
        struct rpc_asked *asked = expect_served(stage, 1);
        stage_pass(stage, 100 * MSEC + USEC);
        answer_later(stage, asked, "answer 1");
        expect_silence(stage);
        stage_play_request(stage, 3, 100, key, SEC);
        asked = expect_served(stage, key ? 1 : 2);
        if (!key)
            answer_later(stage, asked, "answer 1");
        expect_answered(stage, 3, 100, "answer 1");
        stage_free(stage);
    }
}

#endif

/**
 * @file test_rpc_stage.h
 * The stage of test_rpc.c: one node on a tape. What it sends is taken apart,
 * what it is told and asked is kept, and all is noted on the sheet.
 *
 *     struct rpc_stage *stage = stage_new((struct rpc_settings){.most = 3});
 *     struct rpc_talk *talk = stage_call(stage, 2, "question", SEC, KEY);
 *     struct rpc_letter *letter = stage_sent(stage);    // Just one.
 *     stage_play_reply(stage, 2, letter->frame.id, "answer");
 *     expect_told(talk, RPC_DONE, "answer");
 *     stage_free(stage);                                // Nobody comes back.
 */
#ifndef TEST_RPC_STAGE_H
#define TEST_RPC_STAGE_H
#include "02-framing/rpc.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include "common/world/tape.h"
#include <stdio.h>
#include <string.h>

/** The key, and the node that is asked. */
enum { KEY = 7, SERVER = 2 };
/** Random numbers: any; 0, 1, 2 ..; the highest and down. */
enum rpc_luck { DICE, UP, DOWN };
/** What its server does at once: nothing, reply "answer N", refuse. */
enum rpc_manner { LATER, NOW, NEVER };

/** The node, and its world. */
struct rpc_stage {
    struct env env;
    struct tape *tape;
    struct rpc *rpc;
    enum rpc_luck luck;
    struct dice dice;
    uint64_t drawn;
    nsec tick, ticked; /**< So much time passes whenever it is asked for. */
    GPtrArray *letters, *talks, *asked;
    unsigned seen; /**< Letters that the test has looked at. */
    enum rpc_manner manner;
};

/** What it sent. */
struct rpc_letter {
    node_id to;
    nsec at;
    GBytes *message;
    struct frame frame;
    uint64_t key; /**< Of a request. */
    char *text;   /**< The body. */
    size_t size;  /**< Bytes of it. */
};

/** A call of its, and what it was told. */
struct rpc_talk {
    struct rpc_stage *stage;
    uint64_t id;
    int told; /**< How often. */
    enum rpc_outcome outcome;
    char *text;   /**< NULL: no body. */
    GBytes *kept; /**< The body itself, which was its to keep. */
    nsec at;
    void (*then)(struct rpc_talk *talk);
};

/** What its server was asked. */
struct rpc_asked {
    struct rpc_request request;
    char *text;
};

static void G_GNUC_PRINTF(2, 3)
    stage_note(struct rpc_stage *stage, const char *format, ...)
{
    char text[SHEET_LINE], line[SHEET_LINE + 16];
    nsec time = env_now(tape_env(stage->tape));
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    g_snprintf(line, sizeof line, "%6" G_GUINT64_FORMAT ".%03u  %s", time / SEC,
               (unsigned)(time % SEC / MSEC), text);
    sheet_note(line);
}

/* ---- Its world. ---- */

static nsec stage_now(struct env *env)
{
    struct rpc_stage *stage = (struct rpc_stage *)env;
    stage->ticked += stage->tick;
    return env_now(env->below) + stage->ticked;
}

static uint64_t stage_random(struct env *env)
{
    struct rpc_stage *stage = (struct rpc_stage *)env;
    if (stage->luck == DICE)
        return dice_roll(&stage->dice);
    uint64_t drawn = stage->drawn++;
    return stage->luck == UP ? drawn : UINT64_MAX - drawn;
}

static void open_letter(struct rpc_letter *letter)
{
    struct wire_reader in;
    expect_that(frame_of(letter->message, &letter->frame),
                "each message to be one frame", "%zu bytes that are not",
                g_bytes_get_size(letter->message));
    in = wire_read(letter->frame.payload, letter->frame.size);
    if (letter->frame.flags == 0)
        letter->key = wire_get_u64(&in);
    expect_that(!in.failed, "a request to have a key of 8 bytes",
                "%zu bytes of payload", letter->frame.size);
    letter->size = in.left;
    letter->text = g_strndup((const char *)in.next, in.left);
}

static void stage_send(struct env *env, node_id to, GBytes *message)
{
    struct rpc_stage *stage = (struct rpc_stage *)env;
    static const char *const kinds[] = {"request", "reply", "refusal"};
    struct rpc_letter *letter = g_new0(struct rpc_letter, 1);
    g_ptr_array_add(stage->letters, letter);
    letter->to = to;
    letter->at = env_now(env->below);
    letter->message = g_bytes_ref(message);
    open_letter(letter);
    stage_note(stage, "to %d: %s, id ..%04x, key %x, %.3f ms left: %.20s",
               (int)to, kinds[MIN(letter->frame.flags, 2)],
               (unsigned)(letter->frame.id & 0xffff), (unsigned)letter->key,
               letter->frame.deadline / 1e3, letter->text);
}

static void stage_deliver(void *self, node_id from, GBytes *message)
{
    env_deliver(self, from, message);
}

static void stage_serve(void *self, const struct rpc_request *request,
                        GBytes *body)
{
    struct rpc_stage *stage = self;
    struct rpc_asked *asked = g_new0(struct rpc_asked, 1);
    size_t size;
    const char *data = g_bytes_get_data(body, &size);
    asked->request = *request;
    asked->text = g_strndup(data, size);
    g_ptr_array_add(stage->asked, asked);
    stage_note(stage, "   is served: %.40s", asked->text);
    g_autofree char *text = g_strdup_printf("answer %u", stage->asked->len);
    g_autoptr(GBytes) reply = g_bytes_new(text, strlen(text));
    if (stage->manner == NOW)
        rpc_reply(stage->rpc, request, reply);
    else if (stage->manner == NEVER)
        rpc_refuse(stage->rpc, request, "no");
}

/* ---- Its life. ---- */

static void free_letter(void *value)
{
    struct rpc_letter *letter = value;
    g_bytes_unref(letter->message);
    g_free(letter->text);
    g_free(letter);
}

/* The body is what it was, long after whatever message brought it. */
static void free_talk(void *value)
{
    struct rpc_talk *talk = value;
    if (talk->kept)
        expect_bytes("a body that was kept", g_bytes_get_data(talk->kept, NULL),
                     talk->text, g_bytes_get_size(talk->kept));
    g_clear_pointer(&talk->kept, g_bytes_unref);
    g_free(talk->text);
    g_free(talk);
}

static void free_asked(void *value)
{
    g_free(((struct rpc_asked *)value)->text);
    g_free(value);
}

static struct rpc_stage *stage_new(struct rpc_settings settings)
{
    static const struct env_ops ops = {
        .now = stage_now, .send = stage_send, .random = stage_random};
    struct rpc_stage *stage = g_new0(struct rpc_stage, 1);
    stage->tape = tape_new(1);
    struct env *below = tape_env(stage->tape);
    stage->env = (struct env){
        .ops = &ops, .below = below, .id = below->id, .most = below->most};
    env_bind(below, stage_deliver, &stage->env);
    stage->letters = g_ptr_array_new_with_free_func(free_letter);
    stage->talks = g_ptr_array_new_with_free_func(free_talk);
    stage->asked = g_ptr_array_new_with_free_func(free_asked);
    stage->dice = dice_at(1, 1, 1);
    stage->rpc = rpc_new(&stage->env, settings);
    rpc_serve(stage->rpc, stage_serve, stage);
    return stage;
}

static void stage_pass(struct rpc_stage *stage, nsec time)
{
    tape_pass(stage->tape, time);
}

/** A timer that outlives its owner fires here, and finds it gone. */
static void stage_free(struct rpc_stage *stage)
{
    rpc_free(stage->rpc);
    stage_pass(stage, 5000 * SEC);
    tape_free(stage->tape);
    g_ptr_array_unref(stage->letters);
    g_ptr_array_unref(stage->talks);
    g_ptr_array_unref(stage->asked);
    g_free(stage);
}

/* ---- The client. ---- */

static void on_told(void *self, enum rpc_outcome outcome, GBytes *body)
{
    static const char *const outcomes[] = {"RPC_DONE", "RPC_REFUSED",
                                           "RPC_TIMED_OUT"};
    struct rpc_talk *talk = self;
    size_t size = 0;
    const char *data = body ? g_bytes_get_data(body, &size) : NULL;
    stage_note(talk->stage, "   is told: %s %.*s", outcomes[outcome],
               (int)MIN(size, 20), data ? data : "");
    expect_that(talk->told++ == 0, "done to come once", "it came again");
    talk->outcome = outcome;
    talk->text = body ? g_strndup(data ? data : "", size) : NULL;
    talk->kept = body ? g_bytes_ref(body) : NULL;
    talk->at = env_now(tape_env(talk->stage->tape));
    if (talk->then)
        talk->then(talk);
}

static struct rpc_talk *stage_call(struct rpc_stage *stage, node_id to,
                                   const char *text, nsec span, uint64_t key)
{
    struct rpc_talk *talk = g_new0(struct rpc_talk, 1);
    struct rpc_patience patience = {.span = span, .key = key};
    g_autoptr(GBytes) body = g_bytes_new(text, strlen(text));
    g_ptr_array_add(stage->talks, talk);
    talk->stage = stage;
    stage_note(stage, "> rpc_call to %d, for %.3f ms: %.40s", (int)to,
               (double)span / 1e6, text);
    talk->id = rpc_call(stage->rpc, to, body, patience, on_told, talk);
    expect_that(!talk->told, "done not to come from within rpc_call", "it did");
    return talk;
}

static inline void expect_not_told(const struct rpc_talk *talk)
{
    expect_that(!talk->told, "no outcome for this call yet", "one: %s",
                talk->text ? talk->text : "a time-out");
}

static inline void expect_told(const struct rpc_talk *talk,
                               enum rpc_outcome outcome, const char *text)
{
    expect_that(talk->told, "an outcome for this call", "none");
    expect_equal("its outcome is", talk->outcome, outcome);
    expect_that(g_strcmp0(talk->text, text) == 0, "its body to be the reply's",
                "\"%s\"", talk->text ? talk->text : "(NULL)");
}

/* ---- What it sends, and gets. ---- */

static inline void expect_silence(struct rpc_stage *stage)
{
    expect_equal("messages sent:", stage->letters->len - stage->seen, 0);
}

static inline struct rpc_letter *stage_sent(struct rpc_stage *stage)
{
    expect_equal("messages sent:", stage->letters->len - stage->seen, 1);
    return stage->letters->pdata[stage->seen++];
}

/** Does the one that was sent answer request @p id of node @p to like this? */
static inline void expect_answered(struct rpc_stage *stage, node_id to,
                                   uint64_t id, const char *text)
{
    struct rpc_letter *letter = stage_sent(stage);
    uint8_t flags = text[0] == 'a' ? RPC_REPLY : RPC_REFUSAL;
    expect_equal("it goes to node", letter->to, to);
    expect_equal("its flags are", letter->frame.flags, flags);
    expect_equal("it bears the id", letter->frame.id, id);
    expect_that(flags == RPC_REFUSAL || g_str_equal(letter->text, text),
                "the reply that was given", "\"%s\"", letter->text);
}

static inline struct rpc_asked *expect_served(struct rpc_stage *stage,
                                              unsigned times)
{
    expect_equal("requests that were served:", stage->asked->len, times);
    return times > 0 ? stage->asked->pdata[times - 1] : NULL;
}

static inline void stage_play(struct rpc_stage *stage, node_id from,
                              const struct frame *frame)
{
    size_t size;
    g_autoptr(GBytes) message = frame_bytes(frame);
    const void *data = g_bytes_get_data(message, &size);
    tape_play(stage->tape, from, data, size);
}

static inline void stage_play_answer(struct rpc_stage *stage, node_id from,
                                     uint64_t id, uint8_t flags,
                                     const char *text)
{
    stage_note(stage, "* from %d: flags %d, id ..%04x: %.40s", (int)from, flags,
               (unsigned)(id & 0xffff), text);
    stage_play(stage, from,
               &(struct frame){.flags = flags,
                               .id = id,
                               .payload = (const uint8_t *)text,
                               .size = strlen(text)});
}

static inline void stage_play_reply(struct rpc_stage *stage, node_id from,
                                    uint64_t id, const char *text)
{
    stage_play_answer(stage, from, id, RPC_REPLY, text);
}

/** A request that waits for @p span. */
static inline void stage_play_request(struct rpc_stage *stage, node_id from,
                                      uint64_t id, uint64_t key, nsec span)
{
    struct wire_writer out = {.most = 100};
    wire_put_u64(&out, key);
    wire_put_raw(&out, "please", 6);
    stage_note(stage, "* from %d: request, id ..%04x, key %x, %.3f ms left",
               (int)from, (unsigned)(id & 0xffff), (unsigned)key,
               (double)span / 1e6);
    stage_play(stage, from,
               &(struct frame){.id = id,
                               .deadline = (uint32_t)(span / USEC),
                               .payload = out.data,
                               .size = out.size});
    wire_clear(&out);
}

#endif

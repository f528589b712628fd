/**
 * @file test_reliable_stage.h
 * The stage of test_arq.c and test_gobackn.c: three nodes on tapes, and the
 * test is the network. What a node sends is a letter, which the test hands
 * over when and as often as it likes, damages, keeps, or loses. It never looks
 * into one: their format is the layer's own affair.
 *
 *     stage_say(stage, 1, 2, "fig");
 *     struct post_letter *letter = stage_letter(stage);    // The next one
 *     sent. stage_hand(stage, letter);
 *     expect_heard(stage, 2, "fig");
 *     stage_settle(stage);               // Hand over all, till there is no
 * more.
 */
#ifndef TEST_RELIABLE_STAGE_H
#define TEST_RELIABLE_STAGE_H
#include "03-transport/reliable.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include "common/world/tape.h"
#include <stdio.h>
#include <string.h>

enum { POST_NODES = 3, POST_ENDLESS = 200000 };

struct post_stage;

/** A node: a layer over this env, which is over a tape. */
struct post_node {
    struct env env;
    struct post_stage *stage;
    struct tape *tape;
    void *layer;    /**< NULL: it is down. */
    GString *heard; /**< Messages and a blank behind each. */
    node_id from;   /**< Whom the last was from ... */
    GBytes *last;   /**< ... and what it was. */
    unsigned count; /**< So many. */
    /** What it does about each, or NULL. */
    void (*then)(struct post_node *node, node_id from, const char *text);
    unsigned before; /**< So many letters stood there when it last wrote. */
};

/** What was sent. */
struct post_letter {
    node_id from, to;
    GBytes *bytes;
};

/** All of it. */
struct post_stage {
    const struct reliable *kind;
    struct post_node nodes[POST_NODES + 1]; /**< From 1 on. */
    GPtrArray *letters;                     /**< struct post_letter. */
    unsigned next;                          /**< So many were seen to. */
    bool silent;                            /**< Nothing is noted down. */
};

static void G_GNUC_PRINTF(2, 3)
    stage_note(const struct post_stage *stage, const char *format, ...)
{
    char text[SHEET_LINE], line[SHEET_LINE + 20];
    va_list arguments;
    if (stage->silent)
        return;
    nsec time = env_now(tape_env(stage->nodes[1].tape));
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    g_snprintf(line, sizeof line, "%8" G_GUINT64_FORMAT " ms  %s", time / MSEC,
               text);
    sheet_note(line);
}

/* ---- A node. ---- */

static void post_send(struct env *env, node_id to, GBytes *message)
{
    struct post_node *node = (struct post_node *)env;
    if (to == env->id) {
        env_send(env->below, to, message);
        return;
    }
    struct post_letter *letter = g_new0(struct post_letter, 1);
    *letter = (struct post_letter){env->id, to, g_bytes_ref(message)};
    g_ptr_array_add(node->stage->letters, letter);
}

static void post_forward(void *self, node_id from, GBytes *message)
{
    env_deliver(self, from, message);
}

static void on_heard(void *self, node_id from, GBytes *message)
{
    struct post_node *node = self;
    size_t size;
    const char *data = g_bytes_get_data(message, &size);
    g_autofree char *text = g_strndup(data ? data : "", size);
    stage_note(node->stage, "   node %d hears \"%.30s\" from node %d",
               (int)node->env.id, text, (int)from);
    g_string_append_printf(node->heard, "%.20s ", text);
    g_clear_pointer(&node->last, g_bytes_unref);
    node->last = g_bytes_ref(message);
    node->from = from;
    node->count++;
    if (node->then)
        node->then(node, from, text);
}

static struct env *stage_env(struct post_stage *stage, node_id id)
{
    return stage->kind->env(stage->nodes[id].layer);
}

static void stage_boot(struct post_stage *stage, node_id id)
{
    struct post_node *node = &stage->nodes[id];
    stage_note(stage, "* node %d boots", (int)id);
    env_bind(tape_env(node->tape), post_forward, &node->env);
    node->layer = stage->kind->raise(&node->env);
    expect_that(node->layer, "a layer that was made", "NULL");
    env_bind(stage_env(stage, id), on_heard, node);
}

static void stage_crash(struct post_stage *stage, node_id id)
{
    struct post_node *node = &stage->nodes[id];
    stage_note(stage, "* node %d crashes", (int)id);
    tape_crash(node->tape);
    stage->kind->lower(node->layer);
    node->layer = NULL;
}

/** A crash and a boot. */
static inline void stage_reboot(struct post_stage *stage, node_id id)
{
    stage_crash(stage, id);
    stage_boot(stage, id);
}

/* ---- The stage. ---- */

static void free_letter(void *value)
{
    struct post_letter *letter = value;
    g_bytes_unref(letter->bytes);
    g_free(letter);
}

static struct post_stage *stage_new(const struct reliable *kind)
{
    static const struct env_ops ops = {.send = post_send};
    struct post_stage *stage = g_new0(struct post_stage, 1);
    stage->kind = kind;
    stage->letters = g_ptr_array_new_with_free_func(free_letter);
    for (node_id id = 1; id <= POST_NODES; id++)
        stage->nodes[id].tape = tape_new(id);
    for (node_id id = 1; id <= POST_NODES; id++) {
        struct post_node *node = &stage->nodes[id];
        struct env *below = tape_env(node->tape);
        node->env = (struct env){
            .ops = &ops, .below = below, .id = id, .most = below->most};
        node->stage = stage;
        node->heard = g_string_new(NULL);
        stage_boot(stage, id);
    }
    return stage;
}

/** Let time pass everywhere. */
static void stage_pass(struct post_stage *stage, nsec time)
{
    for (node_id id = 1; id <= POST_NODES; id++)
        tape_pass(stage->nodes[id].tape, time);
}

/** A timer that outlives its owner fires here, and finds it gone. */
static void stage_free(struct post_stage *stage)
{
    for (node_id id = 1; id <= POST_NODES; id++)
        if (stage->nodes[id].layer)
            stage->kind->lower(stage->nodes[id].layer);
    stage_pass(stage, 1000 * stage->kind->timeout);
    for (node_id id = 1; id <= POST_NODES; id++) {
        tape_free(stage->nodes[id].tape);
        g_string_free(stage->nodes[id].heard, TRUE);
        g_clear_pointer(&stage->nodes[id].last, g_bytes_unref);
    }
    g_ptr_array_unref(stage->letters);
    g_free(stage);
}

/* ---- The network. ---- */

/** The next letter that was not seen to, or NULL. */
static struct post_letter *stage_letter(struct post_stage *stage)
{
    if (stage->letters->len > POST_ENDLESS)
        graded_hang("an end of sending", "more than %d letters", POST_ENDLESS);
    return stage->next < stage->letters->len
               ? stage->letters->pdata[stage->next++]
               : NULL;
}

/** How many there are. */
static inline unsigned stage_pending(const struct post_stage *stage)
{
    return stage->letters->len - stage->next;
}

/** Lose those. */
static inline void stage_lose(struct post_stage *stage)
{
    stage->next = stage->letters->len;
}

/** Something arrives; and the end of that turn. */
static void stage_play(struct post_stage *stage, node_id from, node_id to,
                       GBytes *bytes)
{
    struct post_node *node = &stage->nodes[to];
    size_t size;
    const void *data = g_bytes_get_data(bytes, &size);
    stage_note(stage, "%d -> %d: a letter of %zu bytes arrives", (int)from,
               (int)to, size);
    tape_play(node->tape, from, data, size);
    tape_pass(node->tape, 0);
}

/** A letter arrives. Not for the last time, perhaps. */
static void stage_hand(struct post_stage *stage,
                       const struct post_letter *letter)
{
    if (letter->to <= POST_NODES)
        stage_play(stage, letter->from, letter->to, letter->bytes);
}

/** All letters arrive, and those that come of it. */
static void stage_exchange(struct post_stage *stage)
{
    for (const struct post_letter *letter; (letter = stage_letter(stage));)
        stage_hand(stage, letter);
}

/** The same; and time passes, as long as more comes of that. */
static void stage_settle(struct post_stage *stage)
{
    for (int quiet = 0; quiet < 4; quiet++) {
        if (stage_pending(stage) > 0)
            quiet = 0;
        stage_exchange(stage);
        stage_pass(stage, stage->kind->timeout);
    }
}

/* ---- Talk. ---- */

static void stage_say_bytes(struct post_stage *stage, node_id from, node_id to,
                            GBytes *bytes)
{
    env_send(stage_env(stage, from), to, bytes);
    tape_pass(stage->nodes[from].tape, 0);
}

static void stage_say(struct post_stage *stage, node_id from, node_id to,
                      const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    stage_note(stage, "> node %d sends \"%.30s\" to node %d", (int)from, text,
               (int)to);
    stage_say_bytes(stage, from, to, bytes);
}

/** "0", "1" .. */
static inline void stage_count(struct post_stage *stage, node_id from,
                               node_id to, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char text[20];
        g_snprintf(text, sizeof text, "%u", i);
        stage_say(stage, from, to, text);
    }
}

/** What node @p id has heard since it was asked last. */
static void expect_heard(struct post_stage *stage, node_id id,
                         const char *wanted)
{
    g_autofree char *heard = g_strdup(stage->nodes[id].heard->str);
    g_string_truncate(stage->nodes[id].heard, 0);
    g_strchomp(heard);
    expect_that(strcmp(heard, wanted) == 0, "other messages to be heard",
                "\"%.100s\", where \"%.100s\" should be", heard, wanted);
}

/** Every node gets to know the other two, and all comes to rest. */
static void stage_meet(struct post_stage *stage)
{
    for (node_id from = 1; from <= POST_NODES; from++)
        for (node_id to = 1; to <= POST_NODES; to++)
            if (from != to)
                stage_say(stage, from, to, "hello");
    stage_settle(stage);
    for (node_id id = 1; id <= POST_NODES; id++)
        expect_heard(stage, id, "hello hello");
}

/** A stage whose nodes have met. */
static inline struct post_stage *stage_open(const struct reliable *kind)
{
    struct post_stage *stage = stage_new(kind);
    stage_meet(stage);
    return stage;
}

/** Copies of the letters from place @p first on. Returns new. */
static inline GPtrArray *stage_keep(const struct post_stage *stage,
                                    unsigned first)
{
    GPtrArray *kept = g_ptr_array_new_with_free_func(free_letter);
    for (unsigned i = first; i < stage->letters->len; i++) {
        const struct post_letter *letter = stage->letters->pdata[i];
        struct post_letter *copy = g_new0(struct post_letter, 1);
        *copy = *letter;
        g_bytes_ref(copy->bytes);
        g_ptr_array_add(kept, copy);
    }
    return kept;
}

/** Those kept that node @p to would get from node @p from arrive, in this
 * order or the other way round; 0: of any. What is sent about it is lost. */
static inline void stage_replay(struct post_stage *stage, const GPtrArray *kept,
                                node_id from, node_id to)
{
    stage_note(stage, "* %u old letters:", kept->len);
    for (unsigned i = 0; i < kept->len; i++) {
        const struct post_letter *letter = kept->pdata[i];
        if ((from == 0 || letter->from == from) &&
            (to == 0 || letter->to == to))
            stage_hand(stage, letter);
    }
    stage_lose(stage);
}

#endif

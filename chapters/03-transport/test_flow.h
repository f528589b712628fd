/**
 * @file test_flow.h
 * For tests of flow.h: two sides of a stream, on one tape.
 * What a side sends lies in its *box*, until the test takes it out, as a
 * letter; or all goes back and forth by itself, and takes 10 ms one way.
 *
 *     struct flow_stage *stage = flow_stage_open();
 *     push(stage, A, 3000);
 *     hand(stage, next_letter(stage, A));   // to the other side
 *     run(stage, SEC);                      // by itself
 *     flow_stage_free(stage);
 *
 * Byte n of what a side pushes is a function of n, and all that is taken is
 * compared.
 */
#ifndef TRANSPORT_TEST_FLOW_H
#define TRANSPORT_TEST_FLOW_H
#include "03-transport/flow.h"
#include "03-transport/newreno.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include "common/world/tape.h"
#include <string.h>

/** The sides. */
enum { A, B };
/** Both streams: how they are, unless a test says otherwise. */
enum { FULL = 1000, ROOM = 40000, WINDOW = 20000, FIRST = 1000 };

struct flow_stage;

/** A segment that was sent, with its data. */
struct flow_letter {
    struct segment segment; /**< Its .data is what follows. */
    uint8_t data[FULL];     /**< What it carries. */
    int from;               /**< Who sent it. */
    nsec due;               /**< When it arrives, if nobody takes it. */
};

/** One side, and what it saw. */
struct flow_side {
    struct flow_stage *stage; /**< Where. */
    int id;                   /**< A or B. */
    struct flow *flow;        /**< Under test. */
    GQueue box;               /**< What it sent: struct flow_letter. */
    uint64_t pushed;          /**< Bytes that it took. */
    uint64_t wanted;          /**< That are pushed when there is room. */
    uint64_t taken;           /**< Bytes that came. */
    bool lazy;                /**< It takes nothing by itself. */
    unsigned readable;        /**< So often the owner was called. */
    unsigned writable;        /**< And so often for this. */
};

/** Both. */
struct flow_stage {
    struct tape *tape;           /**< Their world. */
    struct flow_side side[2];    /**< A and B. */
    struct flow_options options; /**< Of both. */
    struct dice dice;            /**< For what becomes of letters. */
    unsigned loss;               /**< Chance, in thousandths. */
    unsigned repeat;             /**< Chance that it comes twice. */
    nsec spread;                 /**< So much later, at most. */
    bool dark;                   /**< Nothing arrives. */
};

static inline nsec stage_now(const struct flow_stage *stage)
{
    return env_now(tape_env(stage->tape));
}

static inline uint8_t flow_byte(int side, uint64_t place)
{
    return (uint8_t)(place * 151 >> (3 + side));
}

/* ---- What its owner does. ---- */

static inline void keep_letter(void *self, struct segment *segment)
{
    struct flow_side *side = self;
    struct flow_stage *stage = side->stage;
    struct flow_letter *letter = g_new0(struct flow_letter, 1);
    assert_true(segment->size <= FULL);
    letter->segment = *segment;
    if (segment->size > 0)
        memcpy(letter->data, segment->data, segment->size);
    letter->from = side->id;
    nsec late = stage->spread ? dice_roll(&stage->dice) % stage->spread : 0;
    letter->due = stage_now(stage) + 10 * MSEC + late;
    g_queue_push_tail(&side->box, letter);
}

/** Take up to @p most bytes. Returns how many. */
static inline size_t take(struct flow_stage *stage, int id, size_t most)
{
    struct flow_side *side = &stage->side[id];
    g_autofree uint8_t *data = g_malloc(most + 1);
    data[most] = 0xa5;
    size_t size = flow_take(side->flow, data, most);
    assert_true(size <= most && data[most] == 0xa5);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(data[i], flow_byte(!id, side->taken++));
    return size;
}

/** Push up to @p size bytes. Returns how many were taken. */
static inline size_t push(struct flow_stage *stage, int id, size_t size)
{
    struct flow_side *side = &stage->side[id];
    g_autofree uint8_t *data = g_malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        data[i] = flow_byte(id, side->pushed + i);
    size_t taken = flow_push(side->flow, data, size);
    side->pushed += taken;
    return taken;
}

static inline void when_readable(void *self)
{
    struct flow_side *side = self;
    side->readable++;
    while (!side->lazy && take(side->stage, side->id, 700) > 0)
        continue;
}

static inline void when_writable(void *self)
{
    struct flow_side *side = self;
    side->writable++;
    if (side->wanted > 0)
        side->wanted -= push(side->stage, side->id, MIN(side->wanted, ROOM));
}

/** From now on it pushes, whenever there is room, @p size bytes. */
static inline void push_all(struct flow_stage *stage, int id, uint64_t size)
{
    struct flow_side *side = &stage->side[id];
    side->wanted += size;
    side->wanted -= push(stage, id, (size_t)MIN(side->wanted, ROOM));
}

/* ---- Letters. ---- */

/** The oldest in the box of @p id, out of it; NULL: none. To be freed. */
static inline struct flow_letter *next_letter(struct flow_stage *stage, int id)
{
    return g_queue_pop_head(&stage->side[id].box);
}

/** How many there are. */
static inline unsigned letters(const struct flow_stage *stage, int id)
{
    return stage->side[id].box.length;
}

/** Give it to the other side, and free it. */
static inline void hand(struct flow_stage *stage, struct flow_letter *letter)
{
    assert_non_null(letter);
    struct flow *to = stage->side[!letter->from].flow;
    letter->segment.data = letter->data;
    flow_on_segment(to, &letter->segment);
    g_free(letter);
}

/** It is lost. */
static inline void lose(struct flow_letter *letter)
{
    assert_non_null(letter);
    g_free(letter);
}

/** All in the box of @p id is lost. Returns how many that were. */
static inline unsigned lose_all(struct flow_stage *stage, int id)
{
    unsigned count = letters(stage, id);
    g_queue_clear_full(&stage->side[id].box, g_free);
    g_queue_init(&stage->side[id].box);
    return count;
}

/** Time passes, and all stays in its box. */
static inline void pass(struct flow_stage *stage, nsec time)
{
    tape_pass(stage->tape, time);
    g_free(tape_take(stage->tape));
}

static inline bool is_chosen(struct flow_stage *stage, unsigned thousandths)
{
    return dice_roll(&stage->dice) % 1000 < thousandths;
}

/* What is due goes to the other side. */
static inline void deliver_due(struct flow_stage *stage, int id)
{
    GQueue *box = &stage->side[id].box;
    nsec now = stage_now(stage);
    for (unsigned left = box->length; left > 0; left--) {
        struct flow_letter *letter = g_queue_pop_head(box);
        if (letter->due > now) {
            g_queue_push_tail(box, letter);
            continue;
        }
        if (is_chosen(stage, stage->repeat))
            hand(stage, g_memdup2(letter, sizeof *letter));
        if (stage->dark || is_chosen(stage, stage->loss))
            lose(letter);
        else
            hand(stage, letter);
    }
}

/** Time passes, and letters arrive. */
static inline void run(struct flow_stage *stage, nsec time)
{
    nsec until = stage_now(stage) + time;
    while (stage_now(stage) < until) {
        pass(stage, MSEC);
        deliver_due(stage, A);
        deliver_due(stage, B);
        pass(stage, 0);
    }
}

/* ---- The stage. ---- */

static inline void open_side(struct flow_stage *stage, int id, uint32_t out,
                             uint32_t in)
{
    struct flow_side *side = &stage->side[id];
    struct flow_options options = stage->options;
    options.first_out = out;
    options.first_in = in;
    options.controller = newreno_new(FULL);
    *side = (struct flow_side){.stage = stage, .id = id};
    g_queue_init(&side->box);
    side->flow = flow_new(
        tape_env(stage->tape), options,
        (struct flow_owner){keep_letter, when_readable, when_writable, side});
}

static inline struct flow_options usual_options(void)
{
    return (struct flow_options){.window = WINDOW,
                                 .segment = FULL,
                                 .outgoing = ROOM,
                                 .incoming = WINDOW,
                                 .floor = 10 * MSEC,
                                 .rtt = 20 * MSEC};
}

/** As @p options say; the first numbers of A and B are @p first and FIRST. */
static inline struct flow_stage *flow_stage_of(struct flow_options options,
                                               uint32_t first)
{
    struct flow_stage *stage = g_new0(struct flow_stage, 1);
    stage->tape = tape_new(1);
    stage->options = options;
    stage->dice = dice_at(first, 0, 0);
    tape_pass(stage->tape, SEC);
    open_side(stage, A, first, FIRST);
    open_side(stage, B, FIRST, first);
    return stage;
}

/** The usual one. */
static inline struct flow_stage *flow_stage_open(void)
{
    return flow_stage_of(usual_options(), FIRST);
}

static inline void flow_stage_free(struct flow_stage *stage)
{
    for (int id = A; id <= B; id++) {
        if (stage->side[id].flow)
            flow_free(stage->side[id].flow);
        lose_all(stage, id);
    }
    tape_free(stage->tape);
    g_free(stage);
}

#endif

/**
 * @file test_inflight_yard.h
 * For tests of inflight.h: a small queue on node 1 with a log, and workers on
 * nodes 2 to 4, in a world that loses messages and crashes nodes.
 *
 *     for_each_seed (seed, 25)
 *         play_yard(seed);
 *
 * Some messages are poison: who works on them gives them back, each time. In
 * the end each is done or dead, and what is dead has failed as often as may be.
 */
#ifndef QUEUES_TEST_INFLIGHT_YARD_H
#define QUEUES_TEST_INFLIGHT_YARD_H
#include "04-queues/test_inflight_notes.h"
#include "common/world/dice.h"
#include "common/world/sim_faults.h"
#include <string.h>

/** Messages; those that fail always; failures of a dead one; nodes. */
enum { YARD_ITEMS = 30, POISON = 7, YARD_LIMIT = 4, YARD_NODES = 4 };

/** What is said, and what is written down. */
enum yard_word { POLL, HELLO, WORK, ACK, NACK, TOUCH, FAILED, DONE, DEAD };

/** So it is said, and written down. */
struct yard_note {
    uint64_t word;    /**< One of the above. */
    uint64_t id;      /**< Of which item. */
    uint64_t receipt; /**< By which delivery. */
};

/** The judge, who sees all nodes. */
struct yard {
    struct sim *sim;                  /**< The world. */
    struct dice dice;                 /**< When what crashes. */
    GHashTable *receipts;             /**< All there were. */
    uint64_t receipt[YARD_ITEMS + 1]; /**< By id: of the last delivery. */
    nsec until[YARD_ITEMS + 1];       /**< By id: the end of its lease. */
    bool held[YARD_ITEMS + 1];        /**< By id: is it to end? */
    unsigned worked[YARD_ITEMS + 1];  /**< By id: how often it was done. */
};

/** Node 1. */
struct yard_queue {
    struct yard *yard;
    struct env *env;
    struct inflight *inflight;
    bool excused;                     /**< Leases may end before their time. */
    struct item item[YARD_ITEMS + 1]; /**< By id. */
};

/** A worker. */
struct yard_worker {
    struct yard *yard;
    struct env *env;
    struct timer timer;
    struct yard_note work; /**< .id 0: none. */
};

static inline void yard_send(struct env *env, node_id to, struct yard_note note)
{
    g_autoptr(GBytes) bytes = g_bytes_new(&note, sizeof note);
    env_send(env, to, bytes);
}

static inline void yard_write(struct yard_queue *queue, enum yard_word word,
                              uint64_t id)
{
    struct yard_note note = {.word = word, .id = id};
    g_autoptr(GBytes) bytes = g_bytes_new(&note, sizeof note);
    env_append(queue->env, "log", bytes);
}

/** Note what happens, by the time of the world. */
static inline void yard_say(struct yard *yard, const char *what, uint64_t id)
{
    say_at(sim_time(yard->sim), "%s %" G_GUINT64_FORMAT, what, id);
}

/** The same of a receipt. */
static inline void yard_say_receipt(struct yard *yard, const char *what,
                                    uint64_t receipt)
{
    g_autofree char *words = receipt_words(receipt);
    say_at(sim_time(yard->sim), "%s of %s", what, words);
}

/* ---- The queue. ---- */

static inline void on_yard_ready(void *self)
{
    (void)self; /* Workers ask by themselves. */
}

static inline void on_yard_end(struct yard_queue *queue, uint64_t id)
{
    struct yard *yard = queue->yard;
    expect_that(queue->excused || env_now(queue->env) >= yard->until[id],
                "a lease to last for its time",
                "the delivery of %u has failed before its end", (unsigned)id);
    yard->held[id] = false;
}

static inline void on_yard_failed(void *self, struct item *item)
{
    yard_say(((struct yard_queue *)self)->yard, "-> failed() of item",
             item->id);
    on_yard_end(self, item->id);
    yard_write(self, FAILED, item->id);
}

static inline void on_yard_dead(void *self, struct item *item)
{
    yard_say(((struct yard_queue *)self)->yard, "-> dead() of item", item->id);
    on_yard_end(self, item->id);
    yard_write(self, DEAD, item->id);
}

static inline void yard_take(struct yard_queue *queue, node_id worker)
{
    struct yard *yard = queue->yard;
    struct item *item = inflight_take(queue->inflight, worker);
    if (!item)
        return;
    g_autofree char *words = receipt_words(item->receipt);
    say_at(sim_time(yard->sim),
           "take by %" G_GUINT64_FORMAT " -> item %" G_GUINT64_FORMAT ", %s",
           worker, item->id, words);
    expect_that(!yard->held[item->id], "one holder at a time",
                "item %u is taken, and given to another", (unsigned)item->id);
    expect_that(
        g_hash_table_add(yard->receipts,
                         g_memdup2(&item->receipt, sizeof item->receipt)),
        "a new receipt for each delivery, in all lives", "one that was there");
    yard->held[item->id] = true;
    yard->receipt[item->id] = item->receipt;
    yard->until[item->id] = item->until;
    yard_send(queue->env, worker,
              (struct yard_note){WORK, item->id, item->receipt});
}

static inline void yard_ack(struct yard_queue *queue,
                            const struct yard_note *note)
{
    struct yard *yard = queue->yard;
    yard_say_receipt(yard, "ack", note->receipt);
    struct item *item = inflight_ack(queue->inflight, note->receipt);
    g_autofree char *words = item_words(item);
    say_at(sim_time(yard->sim), "-> %s", words);
    if (!item)
        return;
    expect_equal("the item of the receipt is", (int64_t)item->id, note->id);
    expect_that(yard->receipt[item->id] == note->receipt,
                "the ack of the last delivery", "that of an earlier one");
    expect_that(env_now(queue->env) < yard->until[item->id],
                "an ack before the end of the lease", "a later one");
    yard->held[item->id] = false;
    yard_write(queue, DONE, item->id);
}

static inline void yard_nack(struct yard_queue *queue, uint64_t receipt)
{
    yard_say_receipt(queue->yard, "nack", receipt);
    inflight_nack(queue->inflight, receipt, 50 * MSEC);
}

static inline void yard_leave(struct yard_queue *queue, node_id worker)
{
    yard_say(queue->yard, "leave of", worker);
    inflight_leave(queue->inflight, worker);
}

static inline void on_yard_message(void *self, node_id from, GBytes *bytes)
{
    struct yard_queue *queue = self;
    const struct yard_note *note = g_bytes_get_data(bytes, NULL);
    queue->excused = note->word == NACK || note->word == HELLO;
    if (note->word == POLL)
        yard_take(queue, from);
    else if (note->word == HELLO)
        yard_leave(queue, from);
    else if (note->word == ACK)
        yard_ack(queue, note);
    else if (note->word == NACK)
        yard_nack(queue, note->receipt);
    else if (inflight_touch(queue->inflight, note->receipt))
        queue->yard->until[note->id] = queue->item[note->id].until;
    queue->excused = false;
}

/* What the log says, of whole records. Returns new: them again. */
static inline GBytes *yard_read(struct yard_queue *queue, bool *out)
{
    g_autoptr(GBytes) log = env_recall(queue->env, "log");
    size_t size = log ? g_bytes_get_size(log) : 0;
    const struct yard_note *note = log ? g_bytes_get_data(log, NULL) : NULL;
    size_t count = size / sizeof *note;
    for (size_t i = 0; i < count; i++) {
        queue->item[note[i].id].attempts += note[i].word == FAILED;
        out[note[i].id] = note[i].word != FAILED;
    }
    return g_bytes_new(note, count * sizeof *note);
}

static inline uint32_t yard_life(struct env *env)
{
    g_autoptr(GBytes) before = env_recall(env, "life");
    uint32_t life =
        before ? *(const uint32_t *)g_bytes_get_data(before, NULL) : 0;
    life++;
    g_autoptr(GBytes) after = g_bytes_new(&life, sizeof life);
    env_persist(env, "life", after);
    return life;
}

static inline void *yard_queue_boot(struct env *env, void *context)
{
    struct yard_queue *queue = g_new0(struct yard_queue, 1);
    bool out[YARD_ITEMS + 1] = {false};
    queue->yard = context;
    queue->env = env;
    queue->inflight =
        inflight_new(env, (struct inflight_settings){.life = yard_life(env),
                                                     .attempts = YARD_LIMIT,
                                                     .visibility = 200 * MSEC,
                                                     .ready = on_yard_ready,
                                                     .failed = on_yard_failed,
                                                     .dead = on_yard_dead,
                                                     .self = queue});
    g_autoptr(GBytes) whole = yard_read(queue, out);
    env_persist(env, "log", whole);
    for (unsigned id = 1; id <= YARD_ITEMS; id++) {
        queue->yard->held[id] = false;
        queue->item[id].id = id;
        if (!out[id])
            inflight_add(queue->inflight, &queue->item[id]);
    }
    env_bind(env, on_yard_message, queue);
    return queue;
}

static inline void yard_queue_stop(void *self)
{
    struct yard_queue *queue = self;
    inflight_free(queue->inflight);
    g_free(queue);
}

/* ---- A worker. ---- */

static inline void on_yard_work(void *self, node_id from, GBytes *bytes)
{
    struct yard_worker *worker = self;
    if (worker->work.id)
        return; /* A copy, or one too many: its lease will end. */
    memcpy(&worker->work, g_bytes_get_data(bytes, NULL), sizeof worker->work);
    nsec time = env_random(worker->env) % 300 * MSEC;
    if (time > 150 * MSEC)
        yard_send(
            worker->env, from,
            (struct yard_note){TOUCH, worker->work.id, worker->work.receipt});
    env_arm(worker->env, &worker->timer, time);
}

static inline void on_yard_worked(void *self)
{
    struct yard_worker *worker = self;
    struct yard_note note = worker->work;
    worker->work = (struct yard_note){0};
    if (note.id && note.id % POISON == 0) {
        note.word = NACK;
    } else if (note.id) {
        note.word = ACK;
        worker->yard->worked[note.id]++;
    }
    yard_send(worker->env, 1, note); /* POLL is 0. */
    env_arm(worker->env, &worker->timer, 30 * MSEC);
}

static inline void *yard_worker_boot(struct env *env, void *context)
{
    struct yard_worker *worker = g_new0(struct yard_worker, 1);
    worker->yard = context;
    worker->env = env;
    worker->timer = (struct timer){.fire = on_yard_worked, .self = worker};
    env_bind(env, on_yard_work, worker);
    yard_send(env, 1, (struct yard_note){.word = HELLO});
    env_arm(env, &worker->timer, 30 * MSEC);
    return worker;
}

static inline void yard_worker_stop(void *self)
{
    struct yard_worker *worker = self;
    env_disarm(worker->env, &worker->timer);
    g_free(worker);
}

/* ---- The judge. ---- */

static inline void expect_all_done_or_dead(struct yard *yard)
{
    g_autoptr(GBytes) log = sim_stored(yard->sim, 1, "log");
    size_t size = 0;
    const struct yard_note *note = log ? g_bytes_get_data(log, &size) : NULL;
    unsigned failed[YARD_ITEMS + 1] = {0}, ended[YARD_ITEMS + 1] = {0};
    for (size_t i = 0; i < size / sizeof *note; i++) {
        uint64_t id = note[i].id;
        if (note[i].word == FAILED) {
            failed[id]++;
            continue;
        }
        ended[id]++;
        if (note[i].word == DEAD)
            expect_equal("failures of a dead one, its last included, are",
                         failed[id] + 1, YARD_LIMIT);
        else
            expect_that(yard->worked[id] > 0, "work before an ack",
                        "item %u is done, and nobody has", (unsigned)id);
    }
    for (unsigned id = 1; id <= YARD_ITEMS; id++) {
        expect_equal("in the end, an item is done or dead so often:", ended[id],
                     1);
        expect_that(id % POISON || yard->worked[id] == 0, "poison to be dead",
                    "item %u done", id);
    }
}

/** Play the world of @p seed. */
static inline void play_yard(uint64_t seed)
{
    struct sim_weather weather = {.loss = 100,
                                  .repeat = 50,
                                  .delay_min = MSEC,
                                  .delay_max = 20 * MSEC,
                                  .sync_min = MSEC,
                                  .sync_max = 10 * MSEC};
    struct yard yard = {.sim = sim_new(YARD_NODES, seed, weather),
                        .dice = dice_at(seed, 43, 2),
                        .receipts = g_hash_table_new_full(
                            g_int64_hash, g_int64_equal, g_free, NULL)};
    for (node_id id = 1; id <= YARD_NODES; id++) {
        sim_drift(yard.sim, id, (int)(seed % 3) * 100000 - 100000);
        sim_install(yard.sim, id,
                    (struct sim_program){
                        id > 1 ? yard_worker_boot : yard_queue_boot,
                        id > 1 ? yard_worker_stop : yard_queue_stop, &yard});
    }
    for (unsigned i = 0; i < 8; i++) {
        node_id id = dice_between(&yard.dice, 0, 5);
        id = id > YARD_NODES || id == 0 ? 1 : id;
        sim_run(yard.sim,
                sim_time(yard.sim) + dice_between(&yard.dice, 10, 400) * MSEC);
        yard_say(&yard, "crash of node", id);
        sim_crash(yard.sim, id);
        sim_run(yard.sim,
                sim_time(yard.sim) + dice_between(&yard.dice, 1, 300) * MSEC);
        yard_say(&yard, "boot of node", id);
        sim_boot(yard.sim, id);
    }
    sim_run(yard.sim, sim_time(yard.sim) + 60 * SEC);
    expect_all_done_or_dead(&yard);
    sim_free(yard.sim);
    g_hash_table_unref(yard.receipts);
}

#endif

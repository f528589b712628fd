/**
 * @file test_credit.h
 * For tests of credit.h: a giver and takers in a world that loses, repeats and
 * reorders what they say; and who looks on.
 *
 *     for_each_seed (seed, 40)
 *         play_market(seed);
 *
 * Node 1 has lots of work, and gives it by credit. Each taker works on one thing
 * at a time, slowly or fast, and grants as intake_owes() says, or when it has
 * heard nothing for a while; then the giver says how many it has sent.
 */
#ifndef QUEUES_TEST_CREDIT_H
#define QUEUES_TEST_CREDIT_H
#include "04-queues/credit.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include "common/world/sim_faults.h"
#include <string.h>

/** Takers, and how much work there is for all. */
enum { TAKERS = 4, WORKS = 400 };

/** What is said between them. */
struct market_word {
    enum { GRANT, SENT, GIVEN } kind; /**< What it is. */
    uint64_t number;                  /**< A total, how many, which one. */
};

/** What the judge knows of a taker, which is node id + 2. */
struct market_seat {
    uint64_t window;  /**< Of its intake. */
    uint64_t granted; /**< The greatest total that it said. */
    uint64_t sent;    /**< So many the giver has sent it. */
    uint64_t lost;    /**< Of these, the world has lost. */
    uint64_t done;    /**< And so many are completed. */
};

/** The world, and who looks on. */
struct market {
    struct sim *sim;                 /**< The world. */
    uint64_t seed;                   /**< Its seed. */
    unsigned left;                   /**< Work that was not given yet. */
    bool in_order;                   /**< Links lose, and do not reorder. */
    struct market_seat seat[TAKERS]; /**< By id, less 2. */
};

/** Node 1. */
struct market_giver {
    struct market *market; /**< Its world. */
    struct env *env;       /**< Borrowed. */
    struct credit *credit; /**< What is tested. */
};

/** A taker. */
struct market_taker {
    struct market *market;    /**< Its world. */
    struct env *env;          /**< Borrowed. */
    struct market_seat *seat; /**< What the judge knows of it. */
    struct intake intake;     /**< What is tested. */
    struct timer work;        /**< Armed while it works. */
    struct timer silence;     /**< It has heard nothing for a while. */
    uint64_t waiting;         /**< Received, and not begun. */
};

static inline void market_say(struct env *env, node_id to, unsigned kind,
                              uint64_t number)
{
    struct market_word word = {kind, number};
    g_autoptr(GBytes) bytes = g_bytes_new(&word, sizeof word);
    env_send(env, to, bytes);
}

/* ---- The giver. ---- */

static inline void market_give(struct market_giver *giver)
{
    struct market *market = giver->market;
    node_id to;
    uint64_t number;
    while (market->left > 0 && credit_next(giver->credit, &to, &number)) {
        struct market_seat *seat = &market->seat[to - 2];
        market->left--;
        expect_equal("the number of a delivery is", number, ++seat->sent);
        expect_that(seat->sent <= seat->granted, "no more than was granted",
                    "delivery %u of %u", (unsigned)number,
                    (unsigned)seat->granted);
        market_say(giver->env, to, GIVEN, number);
        expect_that(!market->in_order ||
                        seat->sent <= seat->window + seat->done + seat->lost,
                    "no more than a window at work, beside what is lost",
                    "%u sent, %u done, %u lost, a window of %u",
                    (unsigned)seat->sent, (unsigned)seat->done,
                    (unsigned)seat->lost, (unsigned)seat->window);
    }
}

static inline void on_market_grant(void *self, node_id from, GBytes *bytes)
{
    struct market_giver *giver = self;
    const struct market_word *word = g_bytes_get_data(bytes, NULL);
    uint64_t sent = credit_grant(giver->credit, from, word->number);
    expect_equal("credit_grant returns", sent,
                 giver->market->seat[from - 2].sent);
    market_say(giver->env, from, SENT, sent);
    market_give(giver);
}

static inline void *market_giver_boot(struct env *env, void *context)
{
    struct market_giver *giver = g_new0(struct market_giver, 1);
    *giver = (struct market_giver){context, env, credit_new()};
    env_bind(env, on_market_grant, giver);
    return giver;
}

static inline void market_giver_stop(void *self)
{
    struct market_giver *giver = self;
    credit_free(giver->credit);
    g_free(giver);
}

/* ---- A taker. ---- */

static inline void market_grant(struct market_taker *taker)
{
    uint64_t total = intake_total(&taker->intake);
    expect_that(total >= taker->seat->granted, "a total that never falls",
                "%u after %u", (unsigned)total, (unsigned)taker->seat->granted);
    taker->seat->granted = total;
    market_say(taker->env, 1, GRANT, total);
    env_arm(taker->env, &taker->silence, 500 * MSEC);
}

static inline void market_begin(struct market_taker *taker)
{
    nsec longest = taker->env->id % 2 ? 5 * MSEC : 60 * MSEC;
    taker->waiting--;
    env_arm(taker->env, &taker->work, env_random(taker->env) % longest);
}

static inline void on_market_done(void *self)
{
    struct market_taker *taker = self;
    taker->seat->done++;
    intake_completed(&taker->intake);
    if (taker->waiting > 0)
        market_begin(taker);
    if (intake_owes(&taker->intake))
        market_grant(taker);
}

static inline void on_market_silence(void *self)
{
    market_grant(self);
}

static inline void on_market_word(void *self, node_id from, GBytes *bytes)
{
    struct market_taker *taker = self;
    const struct market_word *word = g_bytes_get_data(bytes, NULL);
    (void)from;
    if (word->kind == GIVEN) {
        intake_received(&taker->intake, word->number);
        taker->waiting++;
        if (taker->work.place == 0)
            market_begin(taker);
    } else {
        intake_heard(&taker->intake, word->number);
    }
    env_arm(taker->env, &taker->silence, 500 * MSEC);
    if (intake_owes(&taker->intake))
        market_grant(taker);
}

static inline void *market_taker_boot(struct env *env, void *context)
{
    struct market_taker *taker = g_new0(struct market_taker, 1);
    taker->market = context;
    taker->env = env;
    taker->seat = &taker->market->seat[env->id - 2];
    taker->work = (struct timer){.fire = on_market_done, .self = taker};
    taker->silence = (struct timer){.fire = on_market_silence, .self = taker};
    intake_init(&taker->intake, taker->seat->window);
    env_bind(env, on_market_word, taker);
    expect_equal("intake_owes, at the beginning, returns",
                 intake_owes(&taker->intake), true);
    market_grant(taker);
    return taker;
}

static inline void market_taker_stop(void *self)
{
    struct market_taker *taker = self;
    env_disarm(taker->env, &taker->work);
    env_disarm(taker->env, &taker->silence);
    g_free(taker);
}

/* ---- The judge. ---- */

/** Links that lose, and keep the order. */
static inline struct sim_fate market_fate(void *self,
                                          const struct sim_message *message)
{
    struct market *market = self;
    const struct market_word *word = g_bytes_get_data(message->bytes, NULL);
    struct dice dice = dice_at(market->seed, message->from << 16 | message->to,
                               message->number);
    struct sim_fate fate = {.delay = 5 * MSEC};
    fate.lost = dice_roll(&dice) % 10 < market->seed % 5;
    if (fate.lost && word->kind == GIVEN)
        market->seat[message->to - 2].lost++;
    return fate;
}

/** Play the world of @p seed. */
static inline void play_market(uint64_t seed)
{
    struct dice dice = dice_at(seed, 45, 1);
    struct sim_weather weather = {.loss = (unsigned)seed % 5 * 80,
                                  .repeat = 100,
                                  .delay_min = MSEC,
                                  .delay_max = seed % 4 * 10 * MSEC + MSEC,
                                  .sync_min = MSEC,
                                  .sync_max = MSEC};
    struct market market = {.sim = sim_new(1 + TAKERS, seed, weather),
                            .seed = seed,
                            .left = WORKS,
                            .in_order = seed % 2};
    if (market.in_order)
        sim_set_watch(market.sim, (struct sim_watch){.decide = market_fate,
                                                     .self = &market});
    for (unsigned i = 0; i < TAKERS; i++)
        market.seat[i].window = dice_between(&dice, 1, 12);
    for (node_id id = 1; id <= 1 + TAKERS; id++)
        sim_install(
            market.sim, id,
            (struct sim_program){id > 1 ? market_taker_boot : market_giver_boot,
                                 id > 1 ? market_taker_stop : market_giver_stop,
                                 &market});
    sim_run(market.sim, 600 * SEC);
    expect_equal("work that nobody was given, in the end, is", market.left, 0);
    sim_free(market.sim);
}

#endif

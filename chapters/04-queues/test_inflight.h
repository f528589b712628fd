/**
 * @file test_inflight.h
 * For tests of inflight.h: a queue whose clock the test holds in its hands, and
 * whose timers can be late.
 *
 *     struct depot *depot = depot_new((struct inflight_settings){
 *         .life = 1, .visibility = 100 * MSEC});
 *     depot_add(depot, 3);                  // The items of ids 1 to 3.
 *     expect_next(depot, 7, 1);             // Holder 7 takes item 1.
 *     depot_pass(depot, 100 * MSEC);        // Timers fire, each in its time.
 *     depot_sleep(depot, 100 * MSEC);       // No timer fires meanwhile.
 *     depot_free(depot);
 */
#ifndef QUEUES_TEST_INFLIGHT_H
#define QUEUES_TEST_INFLIGHT_H
#include "04-queues/test_inflight_notes.h"
#include "common/world/timers.h"
#include <string.h>

/** So many items; item[i] has the id i + 1. */
enum { ITEMS = 64 };
/** How long a lease lasts, where nothing else is said. */
#define LEASE (100 * MSEC)
/** What the clock shows first. */
#define DEPOT_BEGIN (1000 * SEC)

/** A queue, and who is told of it. */
struct depot {
    struct env env;                    /**< Under the queue. */
    nsec now;                          /**< Its clock. */
    struct timers timers;              /**< Its timers. */
    struct timer *timer;               /**< The one that it has. */
    struct inflight_settings settings; /**< Of the queue. */
    struct inflight *inflight;         /**< The queue. */
    struct item item[ITEMS];           /**< Its items. */
    unsigned added;                    /**< So many of them were added. */
    unsigned ready;                    /**< How often it was told. */
    unsigned failed;                   /**< The same. */
    unsigned dead;                     /**< The same. */
    bool quiet;                        /**< Nothing is noted. */
    struct item *told;                 /**< Who has failed, or died, last. */
    void (*then)(struct depot *depot); /**< What is done when it is told. */
};

/** The env of the queue. */
static inline struct depot *depot_of(struct env *env)
{
    return (struct depot *)env;
}

static inline nsec depot_now(struct env *env)
{
    return depot_of(env)->now;
}

static inline void depot_arm(struct env *env, struct timer *timer, nsec delay)
{
    struct depot *depot = depot_of(env);
    expect_that(!depot->timer || depot->timer == timer, "one timer",
                "a second one is armed");
    depot->timer = timer;
    timers_arm(&depot->timers, timer, timers_after(depot->now, delay));
}

static inline void depot_disarm(struct env *env, struct timer *timer)
{
    timers_disarm(&depot_of(env)->timers, timer);
}

/* ---- What happened, for who looks at a failure. ---- */

/** Note what happens, by the depot's clock since it began. */
static inline G_GNUC_PRINTF(2, 3) void depot_say(const struct depot *depot,
                                                 const char *format, ...)
{
    if (depot->quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line =
        event_line(depot->now - DEPOT_BEGIN, format, arguments);
    va_end(arguments);
    sheet_note(line);
}

/** What was noted last had this end: it is all one line. */
static inline G_GNUC_PRINTF(2, 3) void depot_amend(const struct depot *depot,
                                                   const char *format, ...)
{
    if (depot->quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line =
        event_line(depot->now - DEPOT_BEGIN, format, arguments);
    va_end(arguments);
    sheet_amend(line);
}

/** Over all that is noted stand the settings. */
static inline void depot_head(const struct depot *depot)
{
    const struct inflight_settings *settings = &depot->settings;
    g_autofree char *words = g_strdup_printf(
        "life %u, attempts %u, visibility %" G_GUINT64_FORMAT
        " ns; receipts as life-number",
        settings->life, settings->attempts, settings->visibility);
    sheet_head(words);
}

/* ---- Whoever is told. What it is told of is where it belongs, and counted. */

static inline void depot_ready(void *self)
{
    struct depot *depot = self;
    depot_say(depot, "-> ready()");
    depot->ready++;
    if (depot->then)
        depot->then(depot);
}

static inline void depot_failed(void *self, struct item *item)
{
    struct depot *depot = self;
    depot_say(depot, "-> failed() of item %" G_GUINT64_FORMAT ", which is %s",
              item->id, state_name(item->state));
    depot->failed++;
    depot->told = item;
    expect_that(item->state == ITEM_READY || item->state == ITEM_DELAYED,
                "an item that has failed to be READY or DELAYED",
                "%s as failed() is called", state_name(item->state));
    expect_that(inflight_count(depot->inflight, item->state) > 0,
                "the item to be counted in its new state",
                "none %s as failed() is called", state_name(item->state));
    if (depot->then)
        depot->then(depot);
}

static inline void depot_dead(void *self, struct item *item)
{
    struct depot *depot = self;
    depot_say(depot, "-> dead() of item %" G_GUINT64_FORMAT ", which is %s",
              item->id, state_name(item->state));
    depot->dead++;
    depot->told = item;
    expect_that(item->state == ITEM_OUT, "a dead item to be OUT",
                "%s as dead() is called", state_name(item->state));
    if (depot->then)
        depot->then(depot);
}

/** A queue with none of its items yet. Returns new. */
static inline struct depot *depot_new(struct inflight_settings settings)
{
    static const struct env_ops ops = {
        .now = depot_now, .arm = depot_arm, .disarm = depot_disarm};
    struct depot *depot = g_new0(struct depot, 1);
    depot->env = (struct env){.ops = &ops, .id = 1, .most = 1 << 20};
    depot->now = DEPOT_BEGIN;
    settings.ready = depot_ready;
    settings.failed = depot_failed;
    settings.dead = depot_dead;
    settings.self = depot;
    depot->settings = settings;
    depot->inflight = inflight_new(&depot->env, settings);
    depot_head(depot);
    depot_say(depot, "a new queue");
    for (unsigned i = 0; i < ITEMS; i++)
        depot->item[i].id = i + 1;
    return depot;
}

/** The usual one: life 1, no limit of failures. Returns new. */
static inline struct depot *depot_usual(void)
{
    return depot_new(
        (struct inflight_settings){.life = 1, .visibility = LEASE});
}

/** Free it. */
static inline void depot_free(struct depot *depot)
{
    inflight_free(depot->inflight);
    expect_equal("the number of timers armed when it is free is",
                 depot->timers.count, 0);
    timers_clear(&depot->timers);
    g_free(depot);
}

/* ---- What its owner does. ---- */

/** Add the items of ids 1 to @p count. */
static inline void depot_add(struct depot *depot, unsigned count)
{
    depot_say(depot, "add items 1 to %u", count);
    for (unsigned i = 0; i < count; i++)
        inflight_add(depot->inflight, &depot->item[i]);
    depot->added = count;
}

/** Add one. */
static inline void depot_add_one(struct depot *depot, struct item *item)
{
    depot_say(depot, "add item %" G_GUINT64_FORMAT, item->id);
    inflight_add(depot->inflight, item);
}

/** See inflight_take(). */
static inline struct item *depot_take(struct depot *depot, node_id holder)
{
    depot_say(depot, "take by %" G_GUINT64_FORMAT, holder);
    struct item *item = inflight_take(depot->inflight, holder);
    g_autofree char *words = item_words(item);
    g_autofree char *receipt = receipt_words(item ? item->receipt : 0);
    depot_amend(depot, "take by %" G_GUINT64_FORMAT " -> %s%s%s", holder, words,
                item ? ", " : "", item ? receipt : "");
    return item;
}

/** See inflight_ack(). */
static inline struct item *depot_ack(struct depot *depot, uint64_t receipt)
{
    g_autofree char *words = receipt_words(receipt);
    depot_say(depot, "ack of %s", words);
    struct item *item = inflight_ack(depot->inflight, receipt);
    g_autofree char *given = item_words(item);
    depot_amend(depot, "ack of %s -> %s", words, given);
    return item;
}

/** See inflight_nack(). */
static inline bool depot_nack(struct depot *depot, uint64_t receipt, nsec delay)
{
    g_autofree char *words = receipt_words(receipt);
    depot_say(depot, "nack of %s, delay %" G_GUINT64_FORMAT " ns", words,
              delay);
    bool done = inflight_nack(depot->inflight, receipt, delay);
    if (!done)
        depot_say(depot, "-> false");
    return done;
}

/** See inflight_touch(). */
static inline bool depot_touch(struct depot *depot, uint64_t receipt)
{
    g_autofree char *words = receipt_words(receipt);
    depot_say(depot, "touch of %s", words);
    bool done = inflight_touch(depot->inflight, receipt);
    depot_amend(depot, "touch of %s -> %s", words, done ? "true" : "false");
    return done;
}

/** See inflight_leave(). */
static inline void depot_leave(struct depot *depot, node_id holder)
{
    depot_say(depot, "%" G_GUINT64_FORMAT " leaves", holder);
    inflight_leave(depot->inflight, holder);
}

/** See inflight_remove(). */
static inline void depot_remove(struct depot *depot, struct item *item)
{
    depot_say(depot, "remove item %" G_GUINT64_FORMAT, item->id);
    inflight_remove(depot->inflight, item);
}

/** Fire what is due up to @p until. */
static inline void depot_fire(struct depot *depot, nsec until)
{
    struct timer *timer;
    unsigned many = 0;
    while ((timer = timers_first(&depot->timers)) && timer->due <= until) {
        many = timer->due > depot->now ? 0 : many + 1;
        depot->now = MAX(depot->now, timer->due);
        timers_disarm(&depot->timers, timer);
        expect_that(many < 1000, "time to go on",
                    "a timer that is armed again and again for now");
        timer->fire(timer->self);
    }
}

/** Let @p time pass; each timer fires in its time. */
static inline void depot_pass(struct depot *depot, nsec time)
{
    nsec until = depot->now + time;
    depot_say(depot, "%" G_GUINT64_FORMAT " ns pass", time);
    depot_fire(depot, until);
    depot->now = until;
}

/** Let @p time pass, and no timer fires: depot_pass() will catch up. */
static inline void depot_sleep(struct depot *depot, nsec time)
{
    depot_say(depot, "%" G_GUINT64_FORMAT " ns pass, and no timer fires", time);
    depot->now += time;
}

/** Life @p life begins: the same items, as their owner knows them. */
static inline void depot_reboot(struct depot *depot, uint32_t life)
{
    depot_say(depot, "reboot: life %u; no item is added yet", life);
    inflight_free(depot->inflight);
    depot->timer = NULL;
    depot->settings.life = life;
    depot_head(depot);
    depot->inflight = inflight_new(&depot->env, depot->settings);
    for (unsigned i = 0; i < ITEMS; i++)
        depot->item[i] =
            (struct item){.id = i + 1, .attempts = depot->item[i].attempts};
}

/** The id of an item; 0: there is none. */
static inline uint64_t id_of(const struct item *item)
{
    return item ? item->id : 0;
}

/** The item has that state; @p what may say when. */
static inline void expect_state(const char *what, const struct item *item,
                                enum item_state state)
{
    char words[SHEET_LINE];
    g_snprintf(words, sizeof words, "%s of item %" G_GUINT64_FORMAT " is %s",
               what, item->id, state_name(state));
    expect_that(item->state == state, words, "%s", state_name(item->state));
}

/** What @p what gives is the item of that id; 0: none. */
static inline void expect_item(const char *what, const struct item *item,
                               uint64_t id)
{
    char words[SHEET_LINE];
    g_autofree char *wanted = item_words(id ? &(struct item){.id = id} : NULL);
    g_autofree char *got = item_words(item);
    g_snprintf(words, sizeof words, "%s gives %s", what, wanted);
    expect_that(id_of(item) == id, words, "%s", got);
}

/** @p holder takes the item of that id; 0: there is none to take. Returns its
 * receipt. */
static inline uint64_t expect_next(struct depot *depot, node_id holder,
                                   uint64_t id)
{
    struct item *item = depot_take(depot, holder);
    expect_item("inflight_take", item, id);
    return item ? item->receipt : 0;
}

/** So many are ready, taken, delayed. */
static inline void expect_counts(struct depot *depot, unsigned ready,
                                 unsigned taken, unsigned delayed)
{
    expect_equal("the number of READY is",
                 inflight_count(depot->inflight, ITEM_READY), ready);
    expect_equal("the number of TAKEN is",
                 inflight_count(depot->inflight, ITEM_TAKEN), taken);
    expect_equal("the number of DELAYED is",
                 inflight_count(depot->inflight, ITEM_DELAYED), delayed);
}

/** A receipt that is worth nothing, whatever is asked. */
static inline void expect_worthless(struct depot *depot, uint64_t receipt)
{
    struct inflight *inflight = depot->inflight;
    g_autofree char *words = receipt_words(receipt);
    depot_say(depot, "ack, nack and touch of %s, which is over", words);
    expect_item("inflight_ack of what is over", inflight_ack(inflight, receipt),
                0);
    expect_equal("inflight_nack of what is over returns",
                 inflight_nack(inflight, receipt, 0), false);
    expect_equal("inflight_nack of what is over, with a delay, returns",
                 inflight_nack(inflight, receipt, SEC), false);
    expect_equal("inflight_touch of what is over returns",
                 inflight_touch(inflight, receipt), false);
}

#endif

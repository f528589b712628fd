/**
 * @file test_inflight_model.h
 * For tests of inflight.h: any history, beside a model that looks at all items
 * for each question.
 *
 *     for_each_seed (seed, 200)
 *         play_history(seed);
 */
#ifndef QUEUES_TEST_INFLIGHT_MODEL_H
#define QUEUES_TEST_INFLIGHT_MODEL_H
#include "04-queues/test_inflight.h"
#include "common/world/dice.h"

/** Items, deliveries that are remembered, and events of one history. */
enum { MODELS = 10, REMEMBERED = 16, EVENTS = 400 };

/** A history. */
struct history {
    struct depot *depot;          /**< What is tested. */
    struct dice dice;             /**< What happens. */
    struct item model[MODELS];    /**< What its items should be. */
    uint64_t receipt[REMEMBERED]; /**< Of the last deliveries. */
    uint64_t deliveries;          /**< Of this life. */
    unsigned failed, dead;        /**< How often that was to be told. */
};

/** The model's item of the least @p key among those in @p state; NULL: none. */
static inline struct item *model_first(struct history *history,
                                       enum item_state state)
{
    struct item *first = NULL;
    for (unsigned i = 0; i < MODELS; i++) {
        struct item *item = &history->model[i];
        if (item->state != state)
            continue;
        if (!first || (state != ITEM_READY && item->until < first->until))
            first = item;
    }
    return first;
}

/** A delivery fails. */
static inline void model_fail(struct history *history, struct item *item,
                              nsec delay)
{
    unsigned limit = history->depot->settings.attempts;
    item->attempts++;
    item->state = ITEM_READY;
    if (limit && item->attempts >= limit) {
        item->state = ITEM_OUT;
        history->dead++;
        return;
    }
    history->failed++;
    if (delay) {
        item->state = ITEM_DELAYED;
        item->until = history->depot->now + delay;
    }
}

/** The next end. Returns the item; NULL: there is none. */
static inline struct item *model_next_end(struct history *history)
{
    struct item *lease = model_first(history, ITEM_TAKEN);
    struct item *delayed = model_first(history, ITEM_DELAYED);
    if (lease && delayed)
        return lease->until < delayed->until ? lease : delayed;
    return lease ? lease : delayed;
}

/** All that ends up to @p until ends. Returns whether anything is ready by
 * that. */
static inline bool model_pass(struct history *history, nsec until)
{
    struct item *item;
    bool ready = false;
    while ((item = model_next_end(history)) && item->until <= until) {
        if (item->state == ITEM_TAKEN)
            model_fail(history, item, 0);
        else
            item->state = ITEM_READY;
        ready = ready || item->state == ITEM_READY;
    }
    return ready;
}

/** The model's item with a lease of that receipt that lasts; NULL: none. */
static inline struct item *model_lease(struct history *history,
                                       uint64_t receipt)
{
    for (unsigned i = 0; i < MODELS; i++) {
        struct item *item = &history->model[i];
        if (item->state == ITEM_TAKEN && item->receipt == receipt &&
            history->depot->now < item->until)
            return item;
    }
    return NULL;
}

/** @p what of an item is a number. */
static inline void expect_of(unsigned id, const char *what, uint64_t got,
                             uint64_t wanted)
{
    char words[SHEET_LINE];
    g_snprintf(words, sizeof words, "%s of item %u:", what, id);
    expect_equal(words, got, wanted);
}

/** All is as the model says. */
static inline void expect_the_same(struct history *history)
{
    struct depot *depot = history->depot;
    unsigned count[4] = {0};
    for (unsigned i = 0; i < MODELS; i++) {
        const struct item *item = &depot->item[i], *model = &history->model[i];
        count[model->state]++;
        expect_state("the state", item, model->state);
        expect_of(i + 1, "attempts", item->attempts, model->attempts);
        if (model->state == ITEM_TAKEN) {
            expect_of(i + 1, "the holder", item->holder, model->holder);
            expect_of(i + 1, "the number of the receipt",
                      item->receipt & G_MAXUINT32,
                      model->receipt & G_MAXUINT32);
            expect_that(item->receipt == model->receipt,
                        "the life in front of the receipt", "another one");
        }
        if (model->state == ITEM_TAKEN || model->state == ITEM_DELAYED)
            expect_of(i + 1, "the end, in ns from now,",
                      item->until - depot->now, model->until - depot->now);
    }
    expect_counts(depot, count[ITEM_READY], count[ITEM_TAKEN],
                  count[ITEM_DELAYED]);
    expect_equal("failed() was called", depot->failed, history->failed);
    expect_equal("dead() was called", depot->dead, history->dead);
}

static inline void history_add(struct history *history)
{
    unsigned i = (unsigned)dice_between(&history->dice, 0, MODELS - 1);
    struct item *item = &history->depot->item[i];
    if (history->model[i].state != ITEM_OUT)
        return;
    if (dice_roll(&history->dice) % 2) /* Else it is added with what it had. */
        item->attempts = 0;
    history->model[i] = (struct item){.id = i + 1, .attempts = item->attempts};
    history->model[i].state = ITEM_READY;
    depot_add_one(history->depot, item);
}

static inline void history_take(struct history *history)
{
    struct depot *depot = history->depot;
    struct item *model = model_first(history, ITEM_READY);
    node_id holder = dice_between(&history->dice, 1, 3);
    expect_next(depot, holder, id_of(model));
    if (!model)
        return;
    model->state = ITEM_TAKEN;
    model->holder = holder;
    model->receipt = ((uint64_t)depot->settings.life << INFLIGHT_SHIFT) +
                     ++history->deliveries;
    model->until = depot->now + depot->settings.visibility;
    history->receipt[history->deliveries % REMEMBERED] = model->receipt;
}

static inline void history_answer(struct history *history, unsigned how)
{
    struct depot *depot = history->depot;
    uint64_t receipt = history->receipt[dice_roll(&history->dice) % REMEMBERED];
    struct item *model = model_lease(history, receipt);
    nsec delay = dice_roll(&history->dice) % 4 * (LEASE / 5);
    if (how == 0) {
        expect_item("inflight_ack", depot_ack(depot, receipt), id_of(model));
        if (model)
            model->state = ITEM_OUT;
    } else if (how == 1) {
        expect_equal("inflight_nack returns", depot_nack(depot, receipt, delay),
                     !!model);
        if (model)
            model_fail(history, model, delay);
    } else {
        expect_equal("inflight_touch returns", depot_touch(depot, receipt),
                     !!model);
        if (model)
            model->until = depot->now + depot->settings.visibility;
    }
}

static inline void history_leave(struct history *history)
{
    node_id holder = dice_between(&history->dice, 1, 3);
    depot_leave(history->depot, holder);
    for (unsigned i = 0; i < MODELS; i++)
        if (history->model[i].state == ITEM_TAKEN &&
            history->model[i].holder == holder)
            model_fail(history, &history->model[i], 0);
}

static inline void history_remove(struct history *history)
{
    unsigned i = (unsigned)dice_between(&history->dice, 0, MODELS - 1);
    depot_remove(history->depot, &history->depot->item[i]);
    history->model[i].state = ITEM_OUT;
}

/** Time passes: a while, or up to the next end, or a nanosecond less. */
static inline void history_pass(struct history *history)
{
    struct depot *depot = history->depot;
    const struct item *next = model_next_end(history);
    nsec time = dice_between(&history->dice, 0, LEASE);
    unsigned kind = dice_roll(&history->dice) % 4;
    if (next && next->until > depot->now && kind < 2)
        time = next->until - depot->now - kind;
    bool ready = model_pass(history, depot->now + time);
    unsigned before = depot->ready;
    depot_pass(depot, time);
    expect_equal("ready() was called, one way or another",
                 depot->ready > before, ready);
}

static inline void history_reboot(struct history *history)
{
    struct depot *depot = history->depot;
    depot_reboot(depot, depot->settings.life + 1);
    history->deliveries = 0;
    for (unsigned i = 0; i < MODELS; i++)
        history->model[i].state = ITEM_OUT;
}

/** One of all that can happen. */
static inline void history_step(struct history *history)
{
    uint64_t roll = dice_roll(&history->dice) % 100;
    if (roll < 25)
        history_take(history);
    else if (roll < 40)
        history_add(history);
    else if (roll < 70)
        history_answer(history, (unsigned)roll % 3);
    else if (roll < 74)
        history_leave(history);
    else if (roll < 77)
        history_remove(history);
    else if (roll < 78)
        history_reboot(history);
    else if (roll < 82)
        depot_sleep(history->depot, dice_between(&history->dice, 0, LEASE / 2));
    else
        history_pass(history);
}

/** Play the history of @p seed. */
static inline void play_history(uint64_t seed)
{
    struct history history = {
        .depot = depot_new((struct inflight_settings){
            .life = 1, .attempts = seed % 4, .visibility = LEASE}),
        .dice = dice_at(seed, 43, 1)};
    for (unsigned i = 0; i < MODELS; i++)
        history.model[i].id = i + 1;
    for (unsigned i = 0; i < EVENTS; i++) {
        history_step(&history);
        expect_the_same(&history);
    }
    depot_free(history.depot);
}

#endif

/* Two trees: what is ready, by id; and what has an end, by that. The timer is
 * always armed for the earliest end, and never when there is none. A receipt is
 * looked for in a third tree. */
#include "04-queues/inflight.h"

struct inflight {
    struct env *env;
    struct inflight_settings settings;
    GTree *ready, *ends, *taken;
    unsigned leases;
    uint64_t receipt;
    struct timer timer;
};

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_id(const void *a, const void *b)
{
    return order(((const struct item *)a)->id, ((const struct item *)b)->id);
}

static int by_receipt(const void *a, const void *b)
{
    return order(((const struct item *)a)->receipt,
                 ((const struct item *)b)->receipt);
}

static int by_end(const void *a, const void *b)
{
    int first =
        order(((const struct item *)a)->until, ((const struct item *)b)->until);
    return first ? first : by_id(a, b);
}

static struct item *least(GTree *tree)
{
    GTreeNode *node = g_tree_node_first(tree);
    return node ? g_tree_node_key(node) : NULL;
}

static void arm(struct inflight *inflight)
{
    const struct item *first = least(inflight->ends);
    nsec now = env_now(inflight->env);
    if (!first)
        env_disarm(inflight->env, &inflight->timer);
    else
        env_arm(inflight->env, &inflight->timer,
                first->until > now ? first->until - now : 0);
}

static void leave_state(struct inflight *inflight, struct item *item)
{
    if (item->state == ITEM_READY)
        g_tree_remove(inflight->ready, item);
    if (item->state == ITEM_TAKEN || item->state == ITEM_DELAYED)
        g_tree_remove(inflight->ends, item);
    if (item->state == ITEM_TAKEN) {
        g_tree_remove(inflight->taken, item);
        inflight->leases--;
    }
    item->state = ITEM_OUT;
}

static void enter_state(struct inflight *inflight, struct item *item,
                        enum item_state state, nsec span)
{
    nsec now = env_now(inflight->env);
    item->state = state;
    if (state == ITEM_READY) {
        g_tree_insert(inflight->ready, item, item);
        return;
    }
    item->until = span > UINT64_MAX - now ? UINT64_MAX : now + span;
    g_tree_insert(inflight->ends, item, item);
    if (state == ITEM_TAKEN) {
        g_tree_insert(inflight->taken, item, item);
        inflight->leases++;
    }
    arm(inflight);
}

static void fail(struct inflight *inflight, struct item *item, nsec delay)
{
    bool last = ++item->attempts >= inflight->settings.attempts &&
                inflight->settings.attempts > 0;
    leave_state(inflight, item);
    if (!last)
        enter_state(inflight, item, delay ? ITEM_DELAYED : ITEM_READY, delay);
    (last ? inflight->settings.dead
          : inflight->settings.failed)(inflight->settings.self, item);
}

static void on_timer(void *self)
{
    struct inflight *inflight = self;
    nsec now = env_now(inflight->env);
    unsigned dead = 0, ended = 0;
    for (struct item *item;
         (item = least(inflight->ends)) && item->until <= now; ended++) {
        if (item->state == ITEM_TAKEN) {
            unsigned limit = inflight->settings.attempts;
            dead += limit && item->attempts + 1 >= limit;
            fail(inflight, item, 0);
        } else {
            leave_state(inflight, item);
            enter_state(inflight, item, ITEM_READY, 0);
        }
    }
    arm(inflight);
    if (ended > dead)
        inflight->settings.ready(inflight->settings.self);
}

struct inflight *inflight_new(struct env *env,
                              struct inflight_settings settings)
{
    struct inflight *inflight = g_new0(struct inflight, 1);
    *inflight =
        (struct inflight){.env = env,
                          .settings = settings,
                          .ready = g_tree_new(by_id),
                          .ends = g_tree_new(by_end),
                          .taken = g_tree_new(by_receipt),
                          .receipt = (uint64_t)settings.life << INFLIGHT_SHIFT,
                          .timer = {.fire = on_timer}};
    inflight->timer.self = inflight;
    return inflight;
}

void inflight_add(struct inflight *inflight, struct item *item)
{
    enter_state(inflight, item, ITEM_READY, 0);
}

struct item *inflight_take(struct inflight *inflight, node_id holder)
{
    struct item *item = least(inflight->ready);
    if (!item)
        return NULL;
    leave_state(inflight, item);
    item->holder = holder;
    item->receipt = ++inflight->receipt;
    enter_state(inflight, item, ITEM_TAKEN, inflight->settings.visibility);
    return item;
}

static struct item *find(struct inflight *inflight, uint64_t receipt)
{
    struct item like = {.receipt = receipt};
    struct item *item = g_tree_lookup(inflight->taken, &like);
    if (item && env_now(inflight->env) >= item->until)
        item = NULL;
    return item;
}

struct item *inflight_ack(struct inflight *inflight, uint64_t receipt)
{
    struct item *item = find(inflight, receipt);
    if (item)
        inflight_remove(inflight, item);
    return item;
}

bool inflight_nack(struct inflight *inflight, uint64_t receipt, nsec delay)
{
    struct item *item = find(inflight, receipt);
    if (item)
        fail(inflight, item, delay);
    return item;
}

bool inflight_touch(struct inflight *inflight, uint64_t receipt)
{
    struct item *item = find(inflight, receipt);
    if (item) {
        leave_state(inflight, item);
        enter_state(inflight, item, ITEM_TAKEN, inflight->settings.visibility);
    }
    return item;
}

static int collect(void *key, void *value, void *list)
{
    (void)key;
    g_ptr_array_add(list, value);
    return false;
}

void inflight_leave(struct inflight *inflight, node_id holder)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    uint64_t newest = inflight->receipt;
    g_tree_foreach(inflight->taken, collect, all);
    for (unsigned i = 0; i < all->len; i++) {
        struct item *item = all->pdata[i];
        if (item->holder == holder && item->receipt <= newest)
            fail(inflight, item, 0);
    }
    arm(inflight);
}

void inflight_remove(struct inflight *inflight, struct item *item)
{
    leave_state(inflight, item);
    arm(inflight);
}

unsigned inflight_count(const struct inflight *inflight, enum item_state state)
{
    unsigned ends = (unsigned)g_tree_nnodes(inflight->ends);
    if (state == ITEM_READY)
        return (unsigned)g_tree_nnodes(inflight->ready);
    if (state == ITEM_TAKEN)
        return inflight->leases;
    return state == ITEM_DELAYED ? ends - inflight->leases : 0;
}

void inflight_free(struct inflight *inflight)
{
    env_disarm(inflight->env, &inflight->timer);
    g_tree_unref(inflight->ready);
    g_tree_unref(inflight->ends);
    g_tree_unref(inflight->taken);
    g_free(inflight);
}

/*
 * An item is in one place at a time, and its state says in which:
 *
 *     READY     fresh: a list in the order of ids, to which most are added
 *               back:  a tree by id, for the few that came back
 *     TAKEN     leases: a list in the order of their ends, and a table that
 *               finds the item of a receipt
 *     DELAYED   delayed: a tree by their ends
 *
 * All leases last equally long, and a touch begins a new one. So the list of
 * leases is in order when the youngest is put at its end, and the first to end
 * is its head: no search, no heap. In the same way whoever adds in the order of
 * ids pays for no tree. Lists are made of the items' own links. What is in the
 * list of fresh ones has a link whose data is the item; in a tree it is NULL.
 *
 * When a lease ends, two things happen, and they need not happen at once. At
 * its end, by the clock, its receipt is worth nothing any more: lease_of() asks
 * the clock, since the timer may be late, as after a pause. And when the timer
 * fires, the item is ready for others.
 *
 * The timer is armed for the earliest end. When that one goes, by an ack, it is
 * left as it is: it fires once for nothing, and is armed anew. That is cheaper
 * than to move it with each ack.
 *
 * Whoever is called back may add and take. So an item is where it belongs, and
 * is not looked at again, when somebody is told of it.
 */
#include "04-queues/inflight.h"
#include "common/course/todo.h"

#define NEVER UINT64_MAX

struct inflight {
    struct env *env;
    struct inflight_settings settings;
    GQueue fresh;        /* READY, by id: in the order in which they came. */
    GTree *back;         /* READY, by id. */
    GQueue leases;       /* TAKEN, by until. */
    GHashTable *taken;   /* The same, by receipt. */
    GTree *delayed;      /* DELAYED, by until. */
    uint64_t deliveries; /* Of this life. */
    struct timer timer;
    nsec armed; /* For when, or sooner than needed; or NEVER. */
};

/* ---- Trees and lists of items. ---- */

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_id(const void *a, const void *b)
{
    return compare(((const struct item *)a)->id, ((const struct item *)b)->id);
}

static int by_until(const void *a, const void *b)
{
    int order = compare(((const struct item *)a)->until,
                        ((const struct item *)b)->until);
    return order ? order : by_id(a, b);
}

static struct item *first_of(GTree *tree)
{
    GTreeNode *node = g_tree_node_first(tree);
    return node ? g_tree_node_key(node) : NULL;
}

static void push(GQueue *queue, struct item *item)
{
    item->link = (GList){.data = item};
    g_queue_push_tail_link(queue, &item->link);
}

/* ---- The timer. ---- */

static nsec later(const struct inflight *inflight, nsec delay)
{
    nsec now = env_now(inflight->env);
    return delay < NEVER - now ? now + delay : NEVER;
}

/* When does the next lease or delay end? */
static nsec earliest(const struct inflight *inflight)
{
    const GList *leases = inflight->leases.head;
    const struct item *lease = leases ? leases->data : NULL;
    const struct item *delayed = first_of(inflight->delayed);
    return MIN(lease ? lease->until : NEVER, delayed ? delayed->until : NEVER);
}

/* The timer fires by the earliest end. */
static void schedule(struct inflight *inflight)
{
    /* SOLUTION: nothing is to be done when it fires soon enough already. */
    nsec until = earliest(inflight);
    if (until >= inflight->armed)
        return;
    nsec now = env_now(inflight->env);
    inflight->armed = until;
    env_arm(inflight->env, &inflight->timer, until > now ? until - now : 0);
    /* END SOLUTION: (void)todo(earliest(inflight)); */
}

/* ---- From state to state. ---- */

static void become_ready(struct inflight *inflight, struct item *item)
{
    const struct item *last = g_queue_peek_tail(&inflight->fresh);
    item->state = ITEM_READY;
    if (!last || last->id < item->id) {
        push(&inflight->fresh, item);
        return;
    }
    item->link = (GList){0};
    g_tree_insert(inflight->back, item, item);
}

static void become_delayed(struct inflight *inflight, struct item *item,
                           nsec until)
{
    item->state = ITEM_DELAYED;
    item->until = until;
    g_tree_insert(inflight->delayed, item, item);
    schedule(inflight);
}

/* SOLUTION: helpers as you like: a lease begins, it ends, a delivery fails. */
static void begin_lease(struct inflight *inflight, struct item *item)
{
    item->until = later(inflight, inflight->settings.visibility);
    push(&inflight->leases, item);
    schedule(inflight);
}

static void become_taken(struct inflight *inflight, struct item *item,
                         node_id holder)
{
    inflight->deliveries++;
    g_assert(inflight->deliveries >> INFLIGHT_SHIFT == 0);
    item->state = ITEM_TAKEN;
    item->holder = holder;
    item->receipt = (uint64_t)inflight->settings.life << INFLIGHT_SHIFT |
                    inflight->deliveries;
    g_hash_table_insert(inflight->taken, &item->receipt, item);
    begin_lease(inflight, item);
}

/* Wherever it is, it is out. */
static void become_out(struct inflight *inflight, struct item *item)
{
    switch (item->state) {
    case ITEM_OUT:
        break;
    case ITEM_READY:
        if (item->link.data)
            g_queue_unlink(&inflight->fresh, &item->link);
        else
            g_tree_remove(inflight->back, item);
        break;
    case ITEM_TAKEN:
        g_queue_unlink(&inflight->leases, &item->link);
        g_hash_table_remove(inflight->taken, &item->receipt);
        break;
    case ITEM_DELAYED:
        g_tree_remove(inflight->delayed, item);
        break;
    }
    item->state = ITEM_OUT;
}

/* The delivery of an item, which is out, has failed. Returns whether it lives. */
static bool fail(struct inflight *inflight, struct item *item, nsec delay)
{
    const struct inflight_settings *settings = &inflight->settings;
    item->attempts++;
    if (settings->attempts && item->attempts >= settings->attempts) {
        settings->dead(settings->self, item);
        return false;
    }
    if (delay)
        become_delayed(inflight, item, later(inflight, delay));
    else
        become_ready(inflight, item);
    settings->failed(settings->self, item);
    return true;
}

/* Returns whether anything has become ready; end_delays() as well. */

static bool end_leases(struct inflight *inflight, nsec now)
{
    struct item *item;
    bool any = false;
    while ((item = g_queue_peek_head(&inflight->leases)) &&
           item->until <= now) {
        become_out(inflight, item);
        any = fail(inflight, item, 0) || any;
    }
    return any;
}

static bool end_delays(struct inflight *inflight, nsec now)
{
    struct item *item;
    bool any = false;
    while ((item = first_of(inflight->delayed)) && item->until <= now) {
        become_out(inflight, item);
        become_ready(inflight, item);
        any = true;
    }
    return any;
}

/* The lease of that receipt, if it has not ended. */
static struct item *lease_of(const struct inflight *inflight, uint64_t receipt)
{
    struct item *item = g_hash_table_lookup(inflight->taken, &receipt);
    return item && env_now(inflight->env) < item->until ? item : NULL;
}

/* END SOLUTION: */
static void on_timer(void *self)
{
    struct inflight *inflight = self;
    /* SOLUTION: end what is over, arm it again, and say so if anything has
     * become ready. */
    nsec now = env_now(inflight->env);
    inflight->armed = now; /* Until all that is over has been seen to. */
    bool any = end_leases(inflight, now);
    any = end_delays(inflight, now) || any;
    inflight->armed = NEVER;
    schedule(inflight);
    if (any)
        inflight->settings.ready(inflight->settings.self);
    /* END SOLUTION: (void)todo(inflight); */
}

/* ---- What the owner asks. ---- */

struct inflight *inflight_new(struct env *env,
                              struct inflight_settings settings)
{
    struct inflight *inflight = g_new0(struct inflight, 1);
    g_assert(settings.visibility > 0);
    inflight->env = env;
    inflight->settings = settings;
    inflight->back = g_tree_new(by_id);
    inflight->delayed = g_tree_new(by_until);
    inflight->taken = g_hash_table_new(g_int64_hash, g_int64_equal);
    inflight->timer = (struct timer){.fire = on_timer, .self = inflight};
    inflight->armed = NEVER;
    return inflight;
}

void inflight_add(struct inflight *inflight, struct item *item)
{
    g_assert(item->state == ITEM_OUT);
    become_ready(inflight, item);
}

struct item *inflight_take(struct inflight *inflight, node_id holder)
{
    /* SOLUTION: the one of the least id: of those that came back, or fresh. */
    struct item *item = g_queue_peek_head(&inflight->fresh);
    struct item *back = first_of(inflight->back);
    if (!item || (back && back->id < item->id))
        item = back;
    if (!item)
        return NULL;
    become_out(inflight, item);
    become_taken(inflight, item, holder);
    return item;
    /* END SOLUTION: (void)inflight;
     * return todo(holder ? NULL : NULL); */
}

struct item *inflight_ack(struct inflight *inflight, uint64_t receipt)
{
    /* SOLUTION: only a lease that lasts. */
    struct item *item = lease_of(inflight, receipt);
    if (item)
        become_out(inflight, item);
    return item;
    /* END SOLUTION: (void)inflight;
     * return todo(receipt ? NULL : NULL); */
}

bool inflight_nack(struct inflight *inflight, uint64_t receipt, nsec delay)
{
    /* SOLUTION: the same; but its delivery has failed. */
    struct item *item = lease_of(inflight, receipt);
    if (!item)
        return false;
    become_out(inflight, item);
    fail(inflight, item, delay);
    return true;
    /* END SOLUTION: (void)inflight, (void)receipt, (void)later;
     * (void)become_delayed;
     * return todo(delay > 0 && false); */
}

bool inflight_touch(struct inflight *inflight, uint64_t receipt)
{
    /* SOLUTION: the receipt is the same, the end is another. */
    struct item *item = lease_of(inflight, receipt);
    if (!item)
        return false;
    g_queue_unlink(&inflight->leases, &item->link);
    begin_lease(inflight, item);
    return true;
    /* END SOLUTION: (void)inflight;
     * return todo(receipt && false); */
}

/* It walks over all leases: who leaves, leaves once. */
void inflight_leave(struct inflight *inflight, node_id holder)
{
    /* SOLUTION: all leases of that holder have failed, and no other. Whoever is
     * told may take something: that lease comes behind the last of now. */
    const GList *last = inflight->leases.tail;
    GList *next = inflight->leases.head;
    for (GList *link = NULL; next && link != last;) {
        link = next;
        next = link->next;
        struct item *item = link->data;
        if (item->holder != holder)
            continue;
        become_out(inflight, item);
        fail(inflight, item, 0);
    }
    /* END SOLUTION: (void)inflight, (void)todo(holder); */
}

void inflight_remove(struct inflight *inflight, struct item *item)
{
    /* SOLUTION: wherever it is. */
    become_out(inflight, item);
    /* END SOLUTION: (void)inflight, (void)todo(item); */
}

unsigned inflight_count(const struct inflight *inflight, enum item_state state)
{
    switch (state) {
    case ITEM_OUT:
        break;
    case ITEM_READY:
        return inflight->fresh.length + (unsigned)g_tree_nnodes(inflight->back);
    case ITEM_TAKEN:
        return inflight->leases.length;
    case ITEM_DELAYED:
        return (unsigned)g_tree_nnodes(inflight->delayed);
    }
    return 0;
}

void inflight_free(struct inflight *inflight)
{
    env_disarm(inflight->env, &inflight->timer);
    g_hash_table_unref(inflight->taken);
    g_tree_unref(inflight->back);
    g_tree_unref(inflight->delayed);
    g_free(inflight);
}

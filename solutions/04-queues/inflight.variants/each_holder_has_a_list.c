/* Each holder has a list of what it holds, so who leaves walks over its own
 * only. What is ready, and what ends, are heaps of (key, item). An item that has
 * gone stays in its heap until it comes to the top, and is known by its stamp to
 * be old. */
#include "04-queues/inflight.h"

struct heap_entry {
    uint64_t key;
    uint64_t stamp; /* Of the item, when it came here. */
    struct item *item;
};

struct inflight {
    struct env *env;
    struct inflight_settings settings;
    GArray *ready, *ends; /* Heaps. */
    GHashTable *stamps;   /* uint64_t by item: changes with each state. */
    GHashTable *receipts; /* Items, by receipt. */
    GHashTable *holders;  /* GQueue, by holder. */
    uint64_t stamp, deliveries;
    unsigned count[4];
    struct timer timer;
};

/* ---- A heap. ---- */

#define ENTRY(heap, i) g_array_index(heap, struct heap_entry, i)

static void heap_swap(GArray *heap, unsigned a, unsigned b)
{
    struct heap_entry entry = ENTRY(heap, a);
    ENTRY(heap, a) = ENTRY(heap, b);
    ENTRY(heap, b) = entry;
}

static void heap_push(GArray *heap, struct heap_entry entry)
{
    g_array_append_val(heap, entry);
    for (unsigned i = heap->len - 1, up;
         i > 0 && ENTRY(heap, up = (i - 1) / 2).key > ENTRY(heap, i).key;
         i = up)
        heap_swap(heap, i, up);
}

static void heap_pop(GArray *heap)
{
    heap_swap(heap, 0, heap->len - 1);
    g_array_set_size(heap, heap->len - 1);
    for (unsigned i = 0, down; (down = 2 * i + 1) < heap->len; i = down) {
        if (down + 1 < heap->len &&
            ENTRY(heap, down + 1).key < ENTRY(heap, down).key)
            down++;
        if (ENTRY(heap, i).key <= ENTRY(heap, down).key)
            return;
        heap_swap(heap, i, down);
    }
}

/* ---- States. ---- */

static struct item *top(struct inflight *inflight, GArray *heap)
{
    for (; heap->len > 0; heap_pop(heap)) {
        struct heap_entry entry = ENTRY(heap, 0);
        if (g_hash_table_lookup(inflight->stamps, entry.item) ==
            (void *)(uintptr_t)entry.stamp)
            return entry.item;
    }
    return NULL;
}

static void arm(struct inflight *inflight)
{
    const struct item *first = top(inflight, inflight->ends);
    nsec now = env_now(inflight->env);
    if (first)
        env_arm(inflight->env, &inflight->timer,
                first->until > now ? first->until - now : 0);
    else
        env_disarm(inflight->env, &inflight->timer);
}

static GQueue *list_of(struct inflight *inflight, node_id holder)
{
    GQueue *list = g_hash_table_lookup(inflight->holders, &holder);
    if (!list) {
        list = g_queue_new();
        g_hash_table_insert(inflight->holders,
                            g_memdup2(&holder, sizeof holder), list);
    }
    return list;
}

static void unlist(struct inflight *inflight, struct item *item)
{
    GQueue *list = list_of(inflight, item->holder);
    g_queue_unlink(list, &item->link);
    if (list->length == 0)
        g_hash_table_remove(inflight->holders, &item->holder);
}

static void move(struct inflight *inflight, struct item *item,
                 enum item_state state)
{
    if (item->state != ITEM_OUT)
        inflight->count[item->state]--;
    if (item->state == ITEM_TAKEN) {
        g_hash_table_remove(inflight->receipts, &item->receipt);
        unlist(inflight, item);
    }
    item->state = state;
    if (state == ITEM_OUT) {
        g_hash_table_remove(inflight->stamps, item);
        return;
    }
    inflight->count[state]++;
    inflight->stamp++;
    g_hash_table_insert(inflight->stamps, item,
                        (void *)(uintptr_t)inflight->stamp);
    bool ready = state == ITEM_READY;
    heap_push(ready ? inflight->ready : inflight->ends,
              (struct heap_entry){ready ? item->id : item->until,
                                  inflight->stamp, item});
}

static void set_end(struct inflight *inflight, struct item *item, nsec span)
{
    nsec now = env_now(inflight->env);
    item->until = now + span < now ? UINT64_MAX : now + span;
}

static void lease(struct inflight *inflight, struct item *item)
{
    set_end(inflight, item, inflight->settings.visibility);
    move(inflight, item, ITEM_TAKEN);
    g_hash_table_insert(inflight->receipts, &item->receipt, item);
    item->link = (GList){.data = item};
    g_queue_push_tail_link(list_of(inflight, item->holder), &item->link);
    arm(inflight);
}

static bool fail(struct inflight *inflight, struct item *item, nsec delay)
{
    item->attempts++;
    if (inflight->settings.attempts &&
        item->attempts >= inflight->settings.attempts) {
        move(inflight, item, ITEM_OUT);
        arm(inflight);
        inflight->settings.dead(inflight->settings.self, item);
        return false;
    }
    if (delay)
        set_end(inflight, item, delay);
    move(inflight, item, delay ? ITEM_DELAYED : ITEM_READY);
    arm(inflight);
    inflight->settings.failed(inflight->settings.self, item);
    return true;
}

static void on_timer(void *self)
{
    struct inflight *inflight = self;
    nsec now = env_now(inflight->env);
    bool ready = false;
    for (struct item *item;
         (item = top(inflight, inflight->ends)) && item->until <= now;) {
        if (item->state == ITEM_TAKEN) {
            ready |= fail(inflight, item, 0);
            continue;
        }
        move(inflight, item, ITEM_READY);
        ready = true;
    }
    arm(inflight);
    if (ready)
        inflight->settings.ready(inflight->settings.self);
}

/* ---- The owner. ---- */

static void list_free(void *list)
{
    g_free(list);
}

struct inflight *inflight_new(struct env *env,
                              struct inflight_settings settings)
{
    struct inflight *inflight = g_new0(struct inflight, 1);
    inflight->env = env;
    inflight->settings = settings;
    inflight->ready = g_array_new(false, false, sizeof(struct heap_entry));
    inflight->ends = g_array_new(false, false, sizeof(struct heap_entry));
    inflight->stamps = g_hash_table_new(NULL, NULL);
    inflight->receipts = g_hash_table_new(g_int64_hash, g_int64_equal);
    inflight->holders =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, list_free);
    inflight->timer = (struct timer){.fire = on_timer, .self = inflight};
    return inflight;
}

void inflight_add(struct inflight *inflight, struct item *item)
{
    move(inflight, item, ITEM_READY);
}

struct item *inflight_take(struct inflight *inflight, node_id holder)
{
    struct item *item = top(inflight, inflight->ready);
    if (!item)
        return NULL;
    item->holder = holder;
    item->receipt = ((uint64_t)inflight->settings.life << INFLIGHT_SHIFT) +
                    ++inflight->deliveries;
    lease(inflight, item);
    return item;
}

static struct item *held(struct inflight *inflight, uint64_t receipt)
{
    struct item *item = g_hash_table_lookup(inflight->receipts, &receipt);
    return item && item->until > env_now(inflight->env) ? item : NULL;
}

struct item *inflight_ack(struct inflight *inflight, uint64_t receipt)
{
    struct item *item = held(inflight, receipt);
    if (item)
        inflight_remove(inflight, item);
    return item;
}

bool inflight_nack(struct inflight *inflight, uint64_t receipt, nsec delay)
{
    struct item *item = held(inflight, receipt);
    if (item)
        fail(inflight, item, delay);
    return item;
}

bool inflight_touch(struct inflight *inflight, uint64_t receipt)
{
    struct item *item = held(inflight, receipt);
    if (item)
        lease(inflight, item);
    return item;
}

void inflight_leave(struct inflight *inflight, node_id holder)
{
    const GQueue *list = g_hash_table_lookup(inflight->holders, &holder);
    unsigned count = list ? list->length : 0;
    for (unsigned i = 0; i < count; i++) {
        list = g_hash_table_lookup(inflight->holders, &holder);
        fail(inflight, list->head->data, 0);
    }
}

void inflight_remove(struct inflight *inflight, struct item *item)
{
    move(inflight, item, ITEM_OUT);
    arm(inflight);
}

unsigned inflight_count(const struct inflight *inflight, enum item_state state)
{
    return state == ITEM_OUT ? 0 : inflight->count[state];
}

void inflight_free(struct inflight *inflight)
{
    env_disarm(inflight->env, &inflight->timer);
    g_array_unref(inflight->ready);
    g_array_unref(inflight->ends);
    g_hash_table_unref(inflight->stamps);
    g_hash_table_unref(inflight->receipts);
    g_hash_table_unref(inflight->holders);
    g_free(inflight);
}

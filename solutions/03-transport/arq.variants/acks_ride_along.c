/*
 * There is one kind of segment. Each says what was delivered last, and may
 * have a message too, whose number is then not 0:
 *
 *     check, boot of the sender, boot it is meant for, delivered, number,
 * message
 *
 * What is said to be delivered is raised only when the one above has returned:
 * what it sends from within must not acknowledge what it has not written down.
 * The acknowledgement that follows is a segment of its own, sent by a timer
 * without delay, so that one is enough for a turn. Peers are in a tree.
 */
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include "03-transport/arq.h"
#include <string.h>

struct slip {
    uint64_t from, to, delivered, number;
};

struct partner {
    struct arq *arq;
    node_id id;
    uint64_t boot;
    GQueue out; /* The head is on its way, when flies is true. */
    bool flies;
    uint64_t sent; /* The number of the head. */
    uint64_t seen, delivered;
    struct timer again, owing;
};

struct arq {
    struct env env;
    nsec timeout;
    uint64_t boot, repeats;
    GTree *partners;
};

static void write_slip(struct partner *partner, uint64_t number,
                       GBytes *message)
{
    struct slip slip = {partner->arq->boot, partner->boot, partner->delivered,
                        number};
    size_t size = 0;
    const void *data = message ? g_bytes_get_data(message, &size) : NULL;
    uint8_t *bytes = g_malloc(4 + sizeof slip + size);
    memcpy(bytes + 4, &slip, sizeof slip);
    if (size > 0)
        memcpy(bytes + 4 + sizeof slip, data, size);
    uint32_t check = crc32c(0, bytes + 4, sizeof slip + size);
    memcpy(bytes, &check, 4);
    g_autoptr(GBytes) whole = g_bytes_new_take(bytes, 4 + sizeof slip + size);
    env_disarm(partner->arq->env.below, &partner->owing);
    env_send(partner->arq->env.below, partner->id, whole);
}

static void pay(void *self)
{
    write_slip(self, 0, NULL);
}

static void owe(struct partner *partner)
{
    env_arm(partner->arq->env.below, &partner->owing, 0);
}

static void launch(struct partner *partner)
{
    GBytes *head = g_queue_peek_head(&partner->out);
    partner->flies = head != NULL;
    if (!head)
        return;
    write_slip(partner, partner->sent, head);
    env_arm(partner->arq->env.below, &partner->again, partner->arq->timeout);
}

static void on_again(void *self)
{
    struct partner *partner = self;
    partner->arq->repeats++;
    launch(partner);
}

static int compare(const void *a, const void *b, void *unused)
{
    node_id one = *(const node_id *)a, other = *(const node_id *)b;
    (void)unused;
    return (one > other) - (one < other);
}

static void free_partner(void *self)
{
    struct partner *partner = self;
    env_disarm(partner->arq->env.below, &partner->again);
    env_disarm(partner->arq->env.below, &partner->owing);
    g_queue_clear_full(&partner->out, (GDestroyNotify)g_bytes_unref);
    g_free(partner);
}

static struct partner *partner_of(struct arq *arq, node_id id)
{
    struct partner *partner = g_tree_lookup(arq->partners, &id);
    if (partner)
        return partner;
    partner = g_new0(struct partner, 1);
    partner->arq = arq;
    partner->id = id;
    partner->sent = 1;
    partner->again = (struct timer){.fire = on_again, .self = partner};
    partner->owing = (struct timer){.fire = pay, .self = partner};
    g_tree_insert(arq->partners, &partner->id, partner);
    return partner;
}

static void meet(struct partner *partner, uint64_t boot)
{
    partner->boot = boot;
    partner->seen = partner->delivered = 0;
    partner->sent = 1;
    partner->arq->repeats += partner->flies;
    if (partner->flies)
        launch(partner);
}

static void read_slip(struct partner *partner, struct slip slip,
                      GBytes *message)
{
    struct arq *arq = partner->arq;
    if (slip.from > partner->boot)
        meet(partner, slip.from);
    if (slip.to != arq->boot) {
        if (slip.number > 0)
            owe(partner);
        return;
    }
    if (partner->flies && slip.delivered == partner->sent) {
        env_disarm(arq->env.below, &partner->again);
        g_bytes_unref(g_queue_pop_head(&partner->out));
        partner->sent++;
        launch(partner);
    }
    if (slip.number == partner->seen + 1) {
        partner->seen = slip.number;
        env_deliver(&arq->env, partner->id, message);
        partner->delivered = partner->seen;
    }
    if (slip.number > 0)
        owe(partner);
}

static void on_bytes(void *self, node_id from, GBytes *bytes)
{
    struct arq *arq = self;
    struct slip slip;
    uint32_t check;
    size_t size;
    const uint8_t *data = g_bytes_get_data(bytes, &size);
    if (from == arq->env.id || size == 0) {
        env_deliver(&arq->env, from, bytes);
        return;
    }
    if (size < 4 + sizeof slip)
        return;
    memcpy(&check, data, 4);
    memcpy(&slip, data + 4, sizeof slip);
    if (crc32c(0, data + 4, size - 4) != check)
        return;
    struct partner *partner = partner_of(arq, from);
    if (slip.from < partner->boot)
        return;
    g_autoptr(GBytes) message =
        g_bytes_new_from_bytes(bytes, 4 + sizeof slip, size - 4 - sizeof slip);
    read_slip(partner, slip, message);
}

static void send(struct env *env, node_id to, GBytes *message)
{
    struct arq *arq = (struct arq *)env;
    if (to == env->id) {
        env_send(env->below, to, message);
        return;
    }
    struct partner *partner = partner_of(arq, to);
    g_queue_push_tail(&partner->out, g_bytes_ref(message));
    if (!partner->flies)
        launch(partner);
    if (partner->out.length > ARQ_QUEUE + 1)
        g_bytes_unref(g_queue_pop_nth(&partner->out, 1));
}

struct arq *arq_new(struct env *below, nsec timeout)
{
    static const struct env_ops ops = {.send = send};
    struct arq *arq = g_new0(struct arq, 1);
    g_autoptr(GBytes) ones = env_recall(below, "arq.n");
    GByteArray *more = g_byte_array_new();
    arq->boot = 1;
    if (ones)
        memcpy(&arq->boot, g_bytes_get_data(ones, NULL), sizeof arq->boot);
    arq->boot += ones != NULL;
    g_byte_array_append(more, (uint8_t *)&arq->boot, sizeof arq->boot);
    g_autoptr(GBytes) raised = g_byte_array_free_to_bytes(more);
    env_persist(below, "arq.n", raised);
    arq->env = (struct env){.ops = &ops,
                            .below = below,
                            .id = below->id,
                            .most = below->most - ARQ_HEADER};
    arq->timeout = timeout;
    arq->partners = g_tree_new_full(compare, NULL, NULL, free_partner);
    env_bind(below, on_bytes, arq);
    return arq;
}

struct env *arq_env(struct arq *arq)
{
    return &arq->env;
}

uint64_t arq_repeats(const struct arq *arq)
{
    return arq->repeats;
}

void arq_free(struct arq *arq)
{
    g_tree_unref(arq->partners);
    g_free(arq);
}

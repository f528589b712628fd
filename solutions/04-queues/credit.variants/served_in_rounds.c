/* Those with credit stand in a GTree by (last served, came): two numbers, of
 * which the first is the count of all deliveries as one was served, or as it
 * came. The total is kept, and moved by each event. */
#include "04-queues/credit.h"

struct guest {
    node_id id;
    uint64_t sent, total;
    uint64_t since; /* Deliveries of all, when it was served or came. */
    uint64_t came;
};

struct credit {
    GHashTable *guests;
    GTree *able;
    uint64_t deliveries, comings;
};

static int by_wait(const void *a, const void *b)
{
    const struct guest *one = a, *other = b;
    if (one->since != other->since)
        return one->since < other->since ? -1 : 1;
    return (one->came > other->came) - (one->came < other->came);
}

struct credit *credit_new(void)
{
    struct credit *credit = g_new0(struct credit, 1);
    credit->guests =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    credit->able = g_tree_new(by_wait);
    return credit;
}

uint64_t credit_grant(struct credit *credit, node_id taker, uint64_t total)
{
    struct guest *guest = g_hash_table_lookup(credit->guests, &taker);
    if (!guest) {
        guest = g_new0(struct guest, 1);
        guest->id = taker;
        guest->since = credit->deliveries;
        guest->came = ++credit->comings;
        g_hash_table_insert(credit->guests, &guest->id, guest);
    }
    if (total > guest->total) {
        if (guest->sent == guest->total)
            g_tree_insert(credit->able, guest, guest);
        guest->total = total;
    }
    return guest->sent;
}

bool credit_next(struct credit *credit, node_id *taker, uint64_t *number)
{
    GTreeNode *node = g_tree_node_first(credit->able);
    struct guest *guest = node ? g_tree_node_key(node) : NULL;
    if (!guest)
        return false;
    g_tree_remove(credit->able, guest);
    guest->since = ++credit->deliveries;
    guest->came = 0; /* Whoever comes now is behind it. */
    *taker = guest->id;
    *number = ++guest->sent;
    if (guest->total > guest->sent)
        g_tree_insert(credit->able, guest, guest);
    return true;
}

bool credit_leave(struct credit *credit, node_id taker)
{
    struct guest *guest = g_hash_table_lookup(credit->guests, &taker);
    if (guest && guest->total > guest->sent)
        g_tree_remove(credit->able, guest);
    return g_hash_table_remove(credit->guests, &taker);
}

unsigned credit_takers(const struct credit *credit)
{
    return g_hash_table_size(credit->guests);
}

void credit_free(struct credit *credit)
{
    g_tree_unref(credit->able);
    g_hash_table_unref(credit->guests);
    g_free(credit);
}

void intake_init(struct intake *intake, uint64_t window)
{
    *intake = (struct intake){window, 0, 0, 0};
}

void intake_received(struct intake *intake, uint64_t number)
{
    intake->highest = MAX(intake->highest, number);
    intake->working += 1;
}

void intake_completed(struct intake *intake)
{
    intake->working -= 1;
}

void intake_heard(struct intake *intake, uint64_t sent)
{
    intake->highest = MAX(intake->highest, sent);
}

bool intake_owes(const struct intake *intake)
{
    struct intake next = *intake;
    return 2 * (intake_total(&next) - intake->told) + 1 >= intake->window &&
           next.told > intake->told;
}

uint64_t intake_total(struct intake *intake)
{
    uint64_t most = intake->window + intake->highest;
    if (most > intake->working + intake->told)
        intake->told = most - intake->working;
    return intake->told;
}

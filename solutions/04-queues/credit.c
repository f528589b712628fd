/*
 * The giver asks one question all the time: of those who have credit, who has
 * waited for the longest? There may be ten thousand takers, and three of them
 * have credit. So those are in a tree of their own, in the order of their turns:
 * the first is next. A turn is a number that counts up: with each that is
 * served, and with each that comes. A taker that has no credit keeps its turn,
 * and with new credit it is where it would be if it had never been without.
 *
 * The taker needs no list of what has come. Up to the greatest number it knows
 * of, all were sent; what of these is not at work is completed, or lost, or on
 * its way still. For all that is not at work there is room.
 */
#include "04-queues/credit.h"
#include "common/course/todo.h"

struct taker {
    node_id id;
    uint64_t sent;  /* So many. */
    uint64_t total; /* So many may be. */
    uint64_t turn;  /* When it was served, or came. */
};

struct credit {
    GHashTable *takers; /* struct taker, by id. */
    GTree *able;        /* Those with credit, by turn. */
    uint64_t turn;      /* The last one. */
};

/* ---- The giver. ---- */

static int by_turn(const void *a, const void *b)
{
    uint64_t one = ((const struct taker *)a)->turn;
    uint64_t other = ((const struct taker *)b)->turn;
    return (one > other) - (one < other);
}

static bool has_credit(const struct taker *taker)
{
    return taker->sent < taker->total;
}

struct credit *credit_new(void)
{
    struct credit *credit = g_new0(struct credit, 1);
    credit->takers =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    credit->able = g_tree_new(by_turn);
    return credit;
}

static struct taker *taker_of(struct credit *credit, node_id id)
{
    struct taker *taker = g_hash_table_lookup(credit->takers, &id);
    if (taker)
        return taker;
    taker = g_new0(struct taker, 1);
    taker->id = id;
    taker->turn = ++credit->turn;
    g_hash_table_insert(credit->takers, &taker->id, taker);
    return taker;
}

uint64_t credit_grant(struct credit *credit, node_id taker, uint64_t total)
{
    struct taker *known = taker_of(credit, taker);
    /* SOLUTION: the greatest total counts. Is it able to take now? */
    known->total = MAX(known->total, total);
    if (has_credit(known))
        g_tree_insert(credit->able, known, known);
    return known->sent;
    /* END SOLUTION: (void)has_credit(known), (void)total;
     * return todo(0); */
}

bool credit_next(struct credit *credit, node_id *taker, uint64_t *number)
{
    /* SOLUTION: the first of those who are able. It goes behind all others. */
    GTreeNode *first = g_tree_node_first(credit->able);
    if (!first)
        return false;
    struct taker *next = g_tree_node_key(first);
    g_tree_remove(credit->able, next);
    *taker = next->id;
    *number = ++next->sent;
    next->turn = ++credit->turn;
    if (has_credit(next))
        g_tree_insert(credit->able, next, next);
    return true;
    /* END SOLUTION: (void)credit, (void)taker, (void)number;
     * return todo(false); */
}

bool credit_leave(struct credit *credit, node_id taker)
{
    struct taker *known = g_hash_table_lookup(credit->takers, &taker);
    if (!known)
        return false;
    g_tree_remove(credit->able, known);
    return g_hash_table_remove(credit->takers, &taker);
}

unsigned credit_takers(const struct credit *credit)
{
    return g_hash_table_size(credit->takers);
}

void credit_free(struct credit *credit)
{
    g_tree_unref(credit->able);
    g_hash_table_unref(credit->takers);
    g_free(credit);
}

/* ---- The taker. ---- */

void intake_init(struct intake *intake, uint64_t window)
{
    g_assert(window > 0);
    *intake = (struct intake){.window = window};
}

void intake_received(struct intake *intake, uint64_t number)
{
    /* SOLUTION: one more is at work. */
    intake->highest = MAX(intake->highest, number);
    intake->working++;
    /* END SOLUTION: (void)intake, (void)todo(number); */
}

void intake_completed(struct intake *intake)
{
    /* SOLUTION: one less is. */
    g_assert(intake->working > 0);
    intake->working--;
    /* END SOLUTION: (void)todo(intake); */
}

void intake_heard(struct intake *intake, uint64_t sent)
{
    /* SOLUTION: what was sent and has not come counts as lost. */
    intake->highest = MAX(intake->highest, sent);
    /* END SOLUTION: (void)intake, (void)todo(sent); */
}

/* SOLUTION: a helper, if you like. */
/* More than was ever sent may be at work, since copies are worked on, too. */
static uint64_t total_now(const struct intake *intake)
{
    uint64_t all = intake->window + intake->highest;
    return MAX(all - MIN(all, intake->working), intake->told);
}

/* END SOLUTION: */
bool intake_owes(const struct intake *intake)
{
    /* SOLUTION: half a window, rounded down, and 1 at least, beyond what was
     * told. */
    uint64_t half = MAX(intake->window / 2, 1);
    return total_now(intake) - intake->told >= half;
    /* END SOLUTION: (void)intake;
     * return todo(false); */
}

uint64_t intake_total(struct intake *intake)
{
    /* SOLUTION: and it never falls. */
    intake->told = total_now(intake);
    return intake->told;
    /* END SOLUTION: (void)intake;
     * return todo(0); */
}

/* All who have credit are in a GSequence, in the order of their turns: whoever
 * gets credit again is put where it belongs, and who is served goes to the end.
 * The taker counts what it has room for. */
#include "04-queues/credit.h"

struct buyer {
    uint64_t id, sent, total, turn;
    GSequenceIter *place; /* NULL: it has no credit. */
};

struct credit {
    GHashTable *buyers;
    GSequence *line;
    uint64_t turns;
};

static int compare_turns(const void *a, const void *b, void *unused)
{
    const struct buyer *one = a, *other = b;
    (void)unused;
    return one->turn < other->turn ? -1 : one->turn > other->turn;
}

struct credit *credit_new(void)
{
    struct credit *credit = g_malloc(sizeof *credit);
    credit->buyers =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    credit->line = g_sequence_new(NULL);
    credit->turns = 0;
    return credit;
}

uint64_t credit_grant(struct credit *credit, node_id taker, uint64_t total)
{
    struct buyer *buyer = g_hash_table_lookup(credit->buyers, &taker);
    if (!buyer) {
        buyer = g_new(struct buyer, 1);
        *buyer = (struct buyer){.id = taker, .turn = credit->turns++};
        g_hash_table_insert(credit->buyers, &buyer->id, buyer);
    }
    if (total <= buyer->total)
        return buyer->sent;
    buyer->total = total;
    if (!buyer->place)
        buyer->place =
            g_sequence_insert_sorted(credit->line, buyer, compare_turns, NULL);
    return buyer->sent;
}

bool credit_next(struct credit *credit, node_id *taker, uint64_t *number)
{
    if (g_sequence_is_empty(credit->line))
        return false;
    GSequenceIter *first = g_sequence_get_begin_iter(credit->line);
    struct buyer *buyer = g_sequence_get(first);
    buyer->turn = credit->turns++;
    buyer->sent++;
    *taker = buyer->id;
    *number = buyer->sent;
    if (buyer->sent == buyer->total) {
        g_sequence_remove(first);
        buyer->place = NULL;
    } else {
        g_sequence_move(first, g_sequence_get_end_iter(credit->line));
    }
    return true;
}

bool credit_leave(struct credit *credit, node_id taker)
{
    struct buyer *buyer = g_hash_table_lookup(credit->buyers, &taker);
    if (buyer && buyer->place)
        g_sequence_remove(buyer->place);
    return g_hash_table_remove(credit->buyers, &taker);
}

unsigned credit_takers(const struct credit *credit)
{
    return g_hash_table_size(credit->buyers);
}

void credit_free(struct credit *credit)
{
    g_sequence_free(credit->line);
    g_hash_table_unref(credit->buyers);
    g_free(credit);
}

void intake_init(struct intake *intake, uint64_t window)
{
    intake->window = window;
    intake->highest = intake->working = intake->told = 0;
}

void intake_received(struct intake *intake, uint64_t number)
{
    intake_heard(intake, number);
    intake->working++;
}

void intake_completed(struct intake *intake)
{
    intake->working--;
}

void intake_heard(struct intake *intake, uint64_t sent)
{
    if (sent > intake->highest)
        intake->highest = sent;
}

/* Room beyond what was told: signed, since there may be less. */
static int64_t room(const struct intake *intake)
{
    uint64_t wanted = intake->window + intake->highest;
    return (int64_t)(wanted - intake->told) - (int64_t)intake->working;
}

bool intake_owes(const struct intake *intake)
{
    int64_t half = (int64_t)(intake->window / 2);
    return room(intake) >= (half > 0 ? half : 1);
}

uint64_t intake_total(struct intake *intake)
{
    int64_t more = room(intake);
    if (more > 0)
        intake->told += (uint64_t)more;
    return intake->told;
}

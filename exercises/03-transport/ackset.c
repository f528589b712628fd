/* Only what has not arrived is kept: rows of bytes that fly, and rows that are
 * lost. What lies between them has arrived, so a range that is told again, in
 * ack after ack, finds nothing, and costs one search.
 *
 *     place      acked                                              next
 *     arrived  ....|      ..........      ...............             |
 *     flying       |                [5][6]               [7][8][9]    |
 *     lost         |[1][2]                                            |
 *
 * Rows lie in two trees, one of each kind, by place. Those that fly are also in
 * a list, in the order of their packets. Whom to judge is decided at its head:
 * both rules, by number and by time, hold for all older rows when they hold for
 * one. So judging costs as much as it finds, and one look more.
 *
 * An ack need not end where a segment ended. Then a row is cut, and both parts
 * are of the same packet and stand side by side in the list.
 *
 * Inside, bytes and packets have places, which count on in 64 bits where
 * numbers begin anew; so nothing here thinks of the circle, but place_of().
 */
#include "03-transport/ackset.h"
#include "common/course/todo.h"

/* Places from .first up to, and without, .end. */
struct extent {
    int64_t first, end;
};

/* A row of bytes that have not arrived: all of one state and one packet. */
struct missing {
    struct extent at;
    int64_t packet; /* The last one in which it was sent, */
    nsec sent;      /* and when. */
    GList link;     /* In the order of its pool. */
};

/* The rows of one state. */
struct pool {
    GTree *rows;  /* By at.end: so a row may be cut at its front. */
    GQueue order; /* The same, in the order in which they came. */
    size_t bytes;
};

/* When a packet with data was sent. */
struct departure {
    int64_t packet;
    nsec sent;
};

struct ackset {
    uint32_t number; /* Of the byte at place 0. */
    int64_t acked, next;
    struct pool flying, lost;
    uint32_t packet;   /* The number of the packet at place 0, the first. */
    int64_t newest;    /* Packet; -1: none was sent. */
    int64_t echoed;    /* The newest of those; -1: none. */
    GQueue departures; /* struct departure: of packets beyond that. */
};

/* ---- Numbers and places. ---- */

/* Of @p number, when place 0 has the number @p zero: the one next to @p
 * near. */
static int64_t place_of(uint32_t number, uint32_t zero, int64_t near)
{
    return near + sequence_distance(zero + (uint32_t)near, number);
}

static struct extent extent_of(const struct ackset *ackset, struct range range)
{
    return (struct extent){
        place_of(range.first, ackset->number, ackset->acked),
        place_of(range.end, ackset->number, ackset->acked),
    };
}

static size_t size_of(struct extent extent)
{
    return (size_t)(extent.end - extent.first);
}

/* ---- Pools of rows. ---- */

static int compare_places(gconstpointer a, gconstpointer b, gpointer unused)
{
    const int64_t *left = a, *right = b;
    (void)unused;
    return (*left > *right) - (*left < *right);
}

static void init_pool(struct pool *pool)
{
    pool->rows = g_tree_new_full(compare_places, NULL, NULL, g_free);
    g_queue_init(&pool->order);
    pool->bytes = 0;
}

static void clear_pool(struct pool *pool)
{
    g_tree_destroy(pool->rows);
}

/* Add a copy of @p row: in the order before @p later, or as the last. */
static struct missing *add_row(struct pool *pool, struct missing row,
                               struct missing *later)
{
    struct missing *new = g_memdup2(&row, sizeof row);
    new->link = (GList){.data = new};
    g_queue_insert_before_link(&pool->order, later ? &later->link : NULL,
                               &new->link);
    g_tree_insert(pool->rows, &new->at.end, new);
    pool->bytes += size_of(new->at);
    return new;
}

static void remove_row(struct pool *pool, struct missing *row)
{
    pool->bytes -= size_of(row->at);
    g_queue_unlink(&pool->order, &row->link);
    g_tree_remove(pool->rows, &row->at.end);
}

/* The row that @p place is in, or else the next one behind it, or NULL. */
static struct missing *row_at(const struct pool *pool, int64_t place)
{
    GTreeNode *node = g_tree_upper_bound(pool->rows, &place);
    return node ? g_tree_node_value(node) : NULL;
}

/* Cut the part before @p place off. Returns that part, a row of its own. */
static struct missing *cut_row(struct pool *pool, struct missing *row,
                               int64_t place)
{
    struct missing front = *row;
    front.at.end = place;
    pool->bytes -= size_of(front.at); /* It is there already. */
    row->at.first = place;
    return add_row(pool, front, row);
}

/* Take all of @p extent out of @p pool. Returns how many bytes that were; when
 * any was sent later than @p sent, that is changed. */
static size_t take_out(struct pool *pool, struct extent extent, nsec *sent)
{
    /* TODO: row by row; the first and the last may have to be cut. */
    (void)row_at(pool, extent.first), (void)cut_row,
    (void)sent; return (size_t)todo(0);
}

/* ---- Sending. ---- */

void ackset_sent(struct ackset *ackset, uint32_t packet, struct range range,
                 nsec now)
{
    /* TODO: what it was before, it flies now, and by this packet. */
    (void)extent_of(ackset, range);
    (void)packet, (void)todo(now == 0);
}

/* ---- Acks. ---- */

/* TODO: helpers of ackset_on_ack, as you like: does it lie? How long did
 * the echoed packet take? */
bool ackset_on_ack(struct ackset *ackset, const struct segment *segment,
                   nsec now, struct ackset_news *news)
{
    *news = (struct ackset_news){0};
    /* TODO: look at all of it before you believe any of it. Then the echo,
     * what lies before the ack, and what is in its ranges. */
    (void)take_out(&ackset->flying, (struct extent){0, 0},
    &now); return todo(segment->ranges > SEGMENT_RANGES);
}

/* ---- Loss. ---- */

struct ackset_loss ackset_judge(struct ackset *ackset, nsec now, nsec rtt)
{
    struct ackset_loss loss = {0, 0};
    /* TODO: the oldest of the flying first. Where do you stop? */
    remove_row(&ackset->flying, NULL);
    (void)now, (void)todo(rtt == 0);
    return loss;
}

nsec ackset_deadline(const struct ackset *ackset, nsec rtt)
{
    /* TODO: who is next? */
    (void)ackset, (void)rtt;
    return (nsec)todo(0);
}

void ackset_forget(struct ackset *ackset)
{
    /* TODO: what only ranges have told is lost, as all the rest. */
    (void)todo(ackset == NULL);
}

/* ---- Readers. ---- */

/* The first row of @p pool and those that follow without a gap. */
static bool first_of(const struct ackset *ackset, const struct pool *pool,
                     size_t most, struct range *range)
{
    /* TODO: rows of several packets may follow each other; cut at most. */
    (void)ackset, (void)pool, (void)most, (void)range;
    return todo(false);
}

bool ackset_next_lost(const struct ackset *ackset, size_t most,
                      struct range *range)
{
    return first_of(ackset, &ackset->lost, most, range);
}

bool ackset_next_flying(const struct ackset *ackset, size_t most,
                        struct range *range)
{
    return first_of(ackset, &ackset->flying, most, range);
}

size_t ackset_flying(const struct ackset *ackset)
{
    return ackset->flying.bytes;
}

size_t ackset_lost(const struct ackset *ackset)
{
    return ackset->lost.bytes;
}

uint32_t ackset_acked(const struct ackset *ackset)
{
    return ackset->number + (uint32_t)ackset->acked;
}

uint32_t ackset_next(const struct ackset *ackset)
{
    return ackset->number + (uint32_t)ackset->next;
}

/* ---- Its life. ---- */

struct ackset *ackset_new(uint32_t first)
{
    struct ackset *ackset = g_new0(struct ackset, 1);
    ackset->number = first;
    ackset->newest = ackset->echoed = -1;
    init_pool(&ackset->flying);
    init_pool(&ackset->lost);
    g_queue_init(&ackset->departures);
    return ackset;
}

void ackset_free(struct ackset *ackset)
{
    clear_pool(&ackset->flying);
    clear_pool(&ackset->lost);
    g_queue_clear_full(&ackset->departures, g_free);
    g_free(ackset);
}

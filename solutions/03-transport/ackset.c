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
    /* SOLUTION: row by row; the first and the last may have to be cut. */
    size_t bytes = pool->bytes;
    struct missing *row;
    while ((row = row_at(pool, extent.first)) && row->at.first < extent.end) {
        if (row->at.first < extent.first)
            cut_row(pool, row, extent.first);
        if (row->at.end > extent.end)
            row = cut_row(pool, row, extent.end);
        *sent = MAX(*sent, row->sent);
        remove_row(pool, row);
    }
    return bytes - pool->bytes;
    /* END SOLUTION: (void)row_at(pool, extent.first), (void)cut_row,
     * (void)sent; return (size_t)todo(0); */
}

/* ---- Sending. ---- */

void ackset_sent(struct ackset *ackset, uint32_t packet, struct range range,
                 nsec now)
{
    /* SOLUTION: what it was before, it flies now, and by this packet. */
    struct extent extent = extent_of(ackset, range);
    nsec before = 0;
    if (ackset->newest < 0)
        ackset->packet = packet;
    ackset->newest = place_of(packet, ackset->packet, MAX(ackset->newest, 0));
    if (size_of(extent) == 0)
        return;
    take_out(&ackset->flying, extent, &before);
    take_out(&ackset->lost, extent, &before);
    struct missing row = {.at = extent, .packet = ackset->newest, .sent = now};
    add_row(&ackset->flying, row, NULL);
    ackset->next = MAX(ackset->next, extent.end);
    struct departure departure = {ackset->newest, now};
    g_queue_push_tail(&ackset->departures,
                      g_memdup2(&departure, sizeof departure));
    /* END SOLUTION: (void)extent_of(ackset, range);
     * (void)packet, (void)todo(now == 0); */
}

/* ---- Acks. ---- */

/* SOLUTION: helpers of ackset_on_ack, as you like: does it lie? How long did
 * the echoed packet take? */
static int64_t place_of_echo(const struct ackset *ackset,
                             const struct segment *segment)
{
    return place_of(segment->echo, ackset->packet, ackset->newest);
}

static bool is_lie(const struct ackset *ackset, const struct segment *segment)
{
    int64_t ack = place_of(segment->ack, ackset->number, ackset->acked);
    int64_t echo = place_of_echo(ackset, segment);
    if (ack < 0 || ack > ackset->next || echo < 0 || echo > ackset->newest)
        return true;
    for (unsigned i = 0; i < segment->ranges; i++) {
        struct extent extent = extent_of(ackset, segment->range[i]);
        if (extent.first <= ack || extent.end <= extent.first ||
            extent.end > ackset->next)
            return true;
    }
    return false;
}

/* The packet @p echo has arrived. Returns how long that took, or 0. */
static nsec on_echo(struct ackset *ackset, int64_t echo, nsec now)
{
    nsec rtt = 0;
    struct departure *oldest;
    while ((oldest = g_queue_peek_head(&ackset->departures)) &&
           oldest->packet <= echo) {
        if (oldest->packet == echo)
            rtt = MAX(now - oldest->sent, 1);
        g_free(g_queue_pop_head(&ackset->departures));
    }
    ackset->echoed = MAX(ackset->echoed, echo);
    return rtt;
}

static void arrive(struct ackset *ackset, struct extent extent,
                   struct ackset_news *news)
{
    news->acked += take_out(&ackset->flying, extent, &news->sent);
    news->acked += take_out(&ackset->lost, extent, &news->sent);
}

/* END SOLUTION: */
bool ackset_on_ack(struct ackset *ackset, const struct segment *segment,
                   nsec now, struct ackset_news *news)
{
    *news = (struct ackset_news){0};
    /* SOLUTION: look at all of it before you believe any of it. Then the echo,
     * what lies before the ack, and what is in its ranges. */
    if (is_lie(ackset, segment))
        return false;
    int64_t ack = place_of(segment->ack, ackset->number, ackset->acked);
    news->advanced = ack > ackset->acked;
    news->old = ack < ackset->acked;
    news->rtt = on_echo(ackset, place_of_echo(ackset, segment), now);
    for (unsigned i = 0; i < segment->ranges; i++)
        arrive(ackset, extent_of(ackset, segment->range[i]), news);
    arrive(ackset, (struct extent){ackset->acked, ack}, news);
    ackset->acked = MAX(ackset->acked, ack);
    return true;
    /* END SOLUTION: (void)take_out(&ackset->flying, (struct extent){0, 0},
     * &now); return todo(segment->ranges > SEGMENT_RANGES); */
}

/* ---- Loss. ---- */

struct ackset_loss ackset_judge(struct ackset *ackset, nsec now, nsec rtt)
{
    struct ackset_loss loss = {0, 0};
    /* SOLUTION: the oldest of the flying first. Where do you stop? */
    struct missing *row;
    while ((row = g_queue_peek_head(&ackset->flying.order)) &&
           row->packet < ackset->echoed) {
        bool by_number = row->packet <= ackset->echoed - ACKSET_REORDER;
        bool by_time = rtt > 0 && row->sent + rtt + rtt / 8 <= now;
        if (!by_number && !by_time)
            break;
        loss.size += size_of(row->at);
        loss.sent = row->sent;
        add_row(&ackset->lost, *row, NULL);
        remove_row(&ackset->flying, row);
    }
    /* END SOLUTION: remove_row(&ackset->flying, NULL);
     * (void)now, (void)todo(rtt == 0); */
    return loss;
}

nsec ackset_deadline(const struct ackset *ackset, nsec rtt)
{
    /* SOLUTION: who is next? */
    const GList *oldest = ackset->flying.order.head;
    const struct missing *row = oldest ? oldest->data : NULL;
    bool judged = row && rtt > 0 && row->packet < ackset->echoed;
    return judged ? row->sent + rtt + rtt / 8 : 0;
    /* END SOLUTION: (void)ackset, (void)rtt;
     * return (nsec)todo(0); */
}

void ackset_forget(struct ackset *ackset)
{
    /* SOLUTION: what only ranges have told is lost, as all the rest. */
    struct missing all = {.at = {ackset->acked, ackset->next}};
    clear_pool(&ackset->flying);
    clear_pool(&ackset->lost);
    init_pool(&ackset->flying);
    init_pool(&ackset->lost);
    if (size_of(all.at) > 0)
        add_row(&ackset->lost, all, NULL);
    /* END SOLUTION: (void)todo(ackset == NULL); */
}

/* ---- Readers. ---- */

/* The first row of @p pool and those that follow without a gap. */
static bool first_of(const struct ackset *ackset, const struct pool *pool,
                     size_t most, struct range *range)
{
    /* SOLUTION: rows of several packets may follow each other; cut at most. */
    const struct missing *row = row_at(pool, ackset->acked);
    if (!row)
        return false;
    struct extent extent = {row->at.first, row->at.first};
    while (row && row->at.first == extent.end && size_of(extent) < most) {
        extent.end = row->at.end;
        row = row_at(pool, extent.end);
    }
    size_t size = MIN(size_of(extent), most);
    range->first = ackset->number + (uint32_t)extent.first;
    range->end = range->first + (uint32_t)size;
    return true;
    /* END SOLUTION: (void)ackset, (void)pool, (void)most, (void)range;
     * return todo(false); */
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

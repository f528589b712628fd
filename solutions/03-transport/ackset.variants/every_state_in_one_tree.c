/* A shape that keeps what has arrived, too: one tree of parts covers all from
 * the greatest ack to the last byte sent, without a gap, each part of one
 * state. Parts that have arrived are joined. Two more trees are indices into
 * it: what flies by packet, and what is lost by place. */
#include "03-transport/ackset.h"
#include <string.h>

enum kind { IN_FLIGHT, HERE, GONE };

struct covered {
    int64_t from, to;
    enum kind kind;
    int64_t packet;
    nsec sent;
};

struct packet_time {
    int64_t packet;
    nsec sent;
};

struct ackset {
    uint32_t zero;
    int64_t acked, next;
    bool begun;
    int64_t first_packet, newest, echoed; /* In 64 bits, from 2^32 on. */
    GTree *parts;     /* struct covered, by from; owns them. */
    GTree *in_flight; /* By packet, then by from. */
    GTree *gone;      /* By from. */
    size_t bytes[3];
    GArray *times; /* struct packet_time; */
    guint echoed_times;
};

static gint by_place(gconstpointer a, gconstpointer b, gpointer data)
{
    const struct covered *left = a, *right = b;
    (void)data;
    return (left->from > right->from) - (left->from < right->from);
}

static gint by_packet(gconstpointer a, gconstpointer b, gpointer data)
{
    const struct covered *left = a, *right = b;
    if (left->packet != right->packet)
        return left->packet < right->packet ? -1 : 1;
    return by_place(a, b, data);
}

static struct covered *node_of(GTreeNode *node)
{
    return node ? g_tree_node_key(node) : NULL;
}

static GTree *index_of(struct ackset *ackset, enum kind kind)
{
    return kind == IN_FLIGHT ? ackset->in_flight
           : kind == GONE    ? ackset->gone
                             : NULL;
}

static void enter(struct ackset *ackset, struct covered value)
{
    if (value.from >= value.to)
        return;
    struct covered *part = g_memdup2(&value, sizeof value);
    g_tree_insert(ackset->parts, part, part);
    if (index_of(ackset, part->kind))
        g_tree_insert(index_of(ackset, part->kind), part, part);
    ackset->bytes[part->kind] += (size_t)(part->to - part->from);
}

static struct covered leave(struct ackset *ackset, struct covered *part)
{
    struct covered value = *part;
    if (index_of(ackset, part->kind))
        g_tree_remove(index_of(ackset, part->kind), part);
    g_tree_remove(ackset->parts, part);
    ackset->bytes[value.kind] -= (size_t)(value.to - value.from);
    return value;
}

/* The part that @p place is in. */
static struct covered *part_at(const struct ackset *ackset, int64_t place)
{
    struct covered key = {.from = place};
    GTreeNode *behind = g_tree_upper_bound(ackset->parts, &key);
    struct covered *part = node_of(behind ? g_tree_node_previous(behind)
                                          : g_tree_node_last(ackset->parts));
    return part && part->to > place ? part : NULL;
}

/* Let a part begin at @p place. */
static void split_at(struct ackset *ackset, int64_t place)
{
    struct covered *part = part_at(ackset, place);
    if (!part || part->from == place)
        return;
    struct covered before = leave(ackset, part), behind = before;
    before.to = behind.from = place;
    enter(ackset, before);
    enter(ackset, behind);
}

/* From @p from to @p to all has arrived. */
static void set_here(struct ackset *ackset, int64_t from, int64_t to,
                     struct ackset_news *news)
{
    struct covered whole = {from, to, HERE, 0, 0}, *part;
    if (from >= to)
        return;
    part = part_at(ackset, from);
    if (part && part->kind == HERE && part->to >= to)
        return; /* As nearly always. */
    split_at(ackset, from);
    split_at(ackset, to);
    for (int64_t at = from; (part = part_at(ackset, at)) && at < to;) {
        struct covered old = leave(ackset, part);
        at = old.to;
        if (old.kind == HERE)
            continue;
        news->acked += (size_t)(old.to - old.from);
        news->sent = MAX(news->sent, old.sent);
    }
    part = part_at(ackset, from - 1);
    if (part && part->kind == HERE)
        whole.from = leave(ackset, part).from;
    part = part_at(ackset, to);
    if (part && part->kind == HERE)
        whole.to = leave(ackset, part).to;
    enter(ackset, whole);
}

/* ---- Numbers. ---- */

static int64_t place_of(const struct ackset *ackset, uint32_t number)
{
    uint32_t acked = ackset->zero + (uint32_t)ackset->acked;
    return ackset->acked + sequence_distance(acked, number);
}

static int64_t packet_of(const struct ackset *ackset, uint32_t number)
{
    return ackset->newest + sequence_distance((uint32_t)ackset->newest, number);
}

/* ---- What happens. ---- */

void ackset_sent(struct ackset *ackset, uint32_t packet, struct range range,
                 nsec now)
{
    int64_t from = place_of(ackset, range.first);
    int64_t to = place_of(ackset, range.end);
    if (!ackset->begun)
        ackset->newest = ackset->first_packet =
            ((int64_t)1 << 32) + (int64_t)packet;
    ackset->begun = true;
    ackset->newest = packet_of(ackset, packet);
    if (from == to)
        return;
    split_at(ackset, from);
    split_at(ackset, to);
    for (int64_t at = from; at < MIN(to, ackset->next);)
        at = leave(ackset, part_at(ackset, at)).to;
    enter(ackset, (struct covered){from, to, IN_FLIGHT, ackset->newest, now});
    ackset->next = MAX(ackset->next, to);
    struct packet_time time = {ackset->newest, now};
    g_array_append_val(ackset->times, time);
}

static bool has_a_lie(const struct ackset *ackset,
                      const struct segment *segment)
{
    int64_t ack = place_of(ackset, segment->ack);
    int64_t echo = packet_of(ackset, segment->echo);
    if (!ackset->begun || echo > ackset->newest ||
        echo < ackset->first_packet || ack > ackset->next || ack < 0)
        return true;
    for (unsigned i = 0; i < segment->ranges; i++) {
        int64_t from = place_of(ackset, segment->range[i].first);
        int64_t to = place_of(ackset, segment->range[i].end);
        if (!(ack < from && from < to && to <= ackset->next))
            return true;
    }
    return false;
}

static nsec hear_echo(struct ackset *ackset, int64_t echo, nsec now)
{
    nsec rtt = 0;
    GArray *times = ackset->times;
    guint *i = &ackset->echoed_times;
    for (; *i < times->len; ++*i) {
        struct packet_time time = g_array_index(times, struct packet_time, *i);
        if (time.packet > echo)
            break;
        if (time.packet == echo)
            rtt = MAX(now - time.sent, 1);
    }
    if (*i > 100 && *i > times->len / 2) {
        g_array_remove_range(times, 0, *i);
        *i = 0;
    }
    ackset->echoed = MAX(ackset->echoed, echo);
    return rtt;
}

bool ackset_on_ack(struct ackset *ackset, const struct segment *segment,
                   nsec now, struct ackset_news *news)
{
    memset(news, 0, sizeof *news);
    if (has_a_lie(ackset, segment))
        return false;
    int64_t ack = place_of(ackset, segment->ack);
    news->rtt = hear_echo(ackset, packet_of(ackset, segment->echo), now);
    set_here(ackset, ackset->acked, ack, news);
    for (unsigned i = 0; i < segment->ranges; i++)
        set_here(ackset,
                 MAX(place_of(ackset, segment->range[i].first), ackset->acked),
                 place_of(ackset, segment->range[i].end), news);
    news->old = ack < ackset->acked;
    news->advanced = ack > ackset->acked;
    if (!news->advanced)
        return true;
    split_at(ackset, ack);
    while (ackset->acked < ack)
        ackset->acked = leave(ackset, part_at(ackset, ackset->acked)).to;
    return true;
}

static struct covered *oldest(const struct ackset *ackset)
{
    struct covered *part = node_of(g_tree_node_first(ackset->in_flight));
    return part && part->packet < ackset->echoed ? part : NULL;
}

struct ackset_loss ackset_judge(struct ackset *ackset, nsec now, nsec rtt)
{
    struct ackset_loss loss = {0};
    for (struct covered *part; (part = oldest(ackset));) {
        nsec due = part->sent + rtt + rtt / 8;
        if (ackset->echoed - part->packet < ACKSET_REORDER &&
            (rtt == 0 || due > now))
            break;
        struct covered lost = leave(ackset, part);
        lost.kind = GONE;
        loss.size += (size_t)(lost.to - lost.from);
        loss.sent = MAX(loss.sent, lost.sent);
        enter(ackset, lost);
    }
    return loss;
}

nsec ackset_deadline(const struct ackset *ackset, nsec rtt)
{
    const struct covered *part = rtt > 0 ? oldest(ackset) : NULL;
    return part ? part->sent + rtt + rtt / 8 : 0;
}

void ackset_forget(struct ackset *ackset)
{
    for (int64_t at = ackset->acked; at < ackset->next;)
        at = leave(ackset, part_at(ackset, at)).to;
    enter(ackset, (struct covered){ackset->acked, ackset->next, GONE, 0, 0});
}

/* ---- Readers. ---- */

static bool give(const struct ackset *ackset, const struct covered *part,
                 size_t most, struct range *range)
{
    if (!part)
        return false;
    int64_t from = part->from, to = from;
    enum kind kind = part->kind;
    while (part && part->kind == kind && (size_t)(to - from) < most) {
        to = part->to;
        part = part_at(ackset, to);
    }
    if ((size_t)(to - from) > most)
        to = from + (int64_t)most;
    range->first = ackset->zero + (uint32_t)from;
    range->end = ackset->zero + (uint32_t)to;
    return true;
}

bool ackset_next_lost(const struct ackset *ackset, size_t most,
                      struct range *range)
{
    return give(ackset, node_of(g_tree_node_first(ackset->gone)), most, range);
}

bool ackset_next_flying(const struct ackset *ackset, size_t most,
                        struct range *range)
{
    const struct covered *part = part_at(ackset, ackset->acked);
    while (part && part->kind != IN_FLIGHT)
        part = part_at(ackset, part->to);
    return give(ackset, part, most, range);
}

size_t ackset_flying(const struct ackset *ackset)
{
    return ackset->bytes[IN_FLIGHT];
}

size_t ackset_lost(const struct ackset *ackset)
{
    return ackset->bytes[GONE];
}

uint32_t ackset_acked(const struct ackset *ackset)
{
    return ackset->zero + (uint32_t)ackset->acked;
}

uint32_t ackset_next(const struct ackset *ackset)
{
    return ackset->zero + (uint32_t)ackset->next;
}

struct ackset *ackset_new(uint32_t first)
{
    struct ackset *ackset = g_new0(struct ackset, 1);
    ackset->zero = first;
    ackset->parts = g_tree_new_full(by_place, NULL, g_free, NULL);
    ackset->in_flight = g_tree_new_full(by_packet, NULL, NULL, NULL);
    ackset->gone = g_tree_new_full(by_place, NULL, NULL, NULL);
    ackset->times = g_array_new(FALSE, FALSE, sizeof(struct packet_time));
    return ackset;
}

void ackset_free(struct ackset *ackset)
{
    g_tree_destroy(ackset->in_flight);
    g_tree_destroy(ackset->gone);
    g_tree_destroy(ackset->parts);
    g_array_unref(ackset->times);
    g_free(ackset);
}

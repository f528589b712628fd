/* A shape without lists: every sending is noted in an array, in the order of
 * packets, and nobody takes it out when its bytes arrive. Only when it would be
 * judged does one look whether any of its bytes still fly by it. What is
 * missing lies in one tree, flying or lost; those that are lost lie in a
 * second, too. */
#include "03-transport/ackset.h"

struct stretch {
    uint64_t first, end;
    uint64_t packet;
    nsec sent;
    bool is_lost;
};

struct sending_note {
    uint64_t packet, first, end;
    nsec sent;
};

/* Places of bytes and packets begin at this, so that none is below 0. */
#define ORIGIN ((uint64_t)1 << 40)

struct ackset {
    uint32_t first_number, packet_number;
    uint64_t acked, next, newest, echoed; /* 0: none was sent, echoed. */
    GTree *missing, *lost;                /* struct stretch, by end. */
    size_t flying_bytes, lost_bytes;
    GArray *notes;
    guint head; /* Those before it are done with. */
};

static uint64_t place(uint32_t number, uint32_t zero, uint64_t near)
{
    uint32_t near_number = zero + (uint32_t)(near - ORIGIN);
    return near + (uint64_t)(int64_t)sequence_distance(near_number, number);
}

static uint64_t byte_place(const struct ackset *ackset, uint32_t number)
{
    return place(number, ackset->first_number, ackset->acked);
}

static gint by_end(gconstpointer a, gconstpointer b, gpointer nothing)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    (void)nothing;
    return left < right ? -1 : left > right;
}

static struct stretch *find(GTree *tree, uint64_t at)
{
    GTreeNode *node = g_tree_upper_bound(tree, &at);
    return node ? g_tree_node_value(node) : NULL;
}

static void insert(struct ackset *ackset, struct stretch value)
{
    struct stretch *stretch = g_memdup2(&value, sizeof value);
    g_tree_insert(ackset->missing, &stretch->end, stretch);
    if (stretch->is_lost) {
        g_tree_insert(ackset->lost, &stretch->end, stretch);
        ackset->lost_bytes += stretch->end - stretch->first;
    } else {
        ackset->flying_bytes += stretch->end - stretch->first;
    }
}

/* Take it out. Returns what it was. */
static struct stretch extract(struct ackset *ackset, struct stretch *stretch)
{
    struct stretch value = *stretch;
    if (value.is_lost) {
        g_tree_remove(ackset->lost, &value.end);
        ackset->lost_bytes -= value.end - value.first;
    } else {
        ackset->flying_bytes -= value.end - value.first;
    }
    g_tree_remove(ackset->missing, &value.end);
    return value;
}

/* The next part of what is missing between two places, taken out. */
static bool extract_between(struct ackset *ackset, uint64_t first, uint64_t end,
                            struct stretch *part)
{
    struct stretch *stretch = find(ackset->missing, first);
    if (!stretch || stretch->first >= end)
        return false;
    *part = extract(ackset, stretch);
    struct stretch before = *part, behind = *part;
    part->first = before.end = MAX(before.first, first);
    part->end = behind.first = MIN(behind.end, end);
    if (before.first < before.end)
        insert(ackset, before);
    if (behind.first < behind.end)
        insert(ackset, behind);
    return true;
}

static struct sending_note *note_at(const struct ackset *ackset, guint i)
{
    return &g_array_index(ackset->notes, struct sending_note, i);
}

/* Do any of its bytes fly, and by it? */
static bool is_alive(const struct ackset *ackset,
                     const struct sending_note *note)
{
    uint64_t at = note->first;
    const struct stretch *stretch = find(ackset->missing, at);
    while (stretch && stretch->first < note->end) {
        if (!stretch->is_lost && stretch->packet == note->packet)
            return true;
        stretch = find(ackset->missing, stretch->end);
    }
    return false;
}

static bool is_judged(const struct ackset *ackset, guint i)
{
    return i < ackset->notes->len &&
           note_at(ackset, i)->packet < ackset->echoed;
}

/* The head is alive, or not to be judged yet. */
static void forget_dead(struct ackset *ackset)
{
    while (is_judged(ackset, ackset->head) &&
           !is_alive(ackset, note_at(ackset, ackset->head)))
        ackset->head++;
    if (ackset->head > 32 && ackset->head > ackset->notes->len / 2) {
        g_array_remove_range(ackset->notes, 0, ackset->head);
        ackset->head = 0;
    }
}

void ackset_sent(struct ackset *ackset, uint32_t packet, struct range range,
                 nsec now)
{
    struct stretch old, new = {byte_place(ackset, range.first),
                               byte_place(ackset, range.end), 0, now, false};
    if (ackset->newest == 0) {
        ackset->packet_number = packet;
        ackset->newest = ORIGIN;
    }
    ackset->newest = place(packet, ackset->packet_number, ackset->newest);
    if (new.first == new.end)
        return;
    while (extract_between(ackset, new.first, new.end, &old))
        continue;
    new.packet = ackset->newest;
    insert(ackset, new);
    ackset->next = MAX(ackset->next, new.end);
    struct sending_note note = {new.packet, new.first, new.end, now};
    g_array_append_val(ackset->notes, note);
    forget_dead(ackset);
}

static bool is_honest(const struct ackset *ackset,
                      const struct segment *segment, uint64_t echo)
{
    uint64_t ack = byte_place(ackset, segment->ack);
    bool honest = ackset->newest > 0 && echo >= ORIGIN &&
                  echo <= ackset->newest && ack >= ORIGIN &&
                  ack <= ackset->next;
    for (unsigned i = 0; i < segment->ranges; i++) {
        uint64_t first = byte_place(ackset, segment->range[i].first);
        uint64_t end = byte_place(ackset, segment->range[i].end);
        honest = honest && ack < first && first < end && end <= ackset->next;
    }
    return honest;
}

/* When was this packet sent? 0: who knows. */
static nsec sent_at(const struct ackset *ackset, uint64_t packet)
{
    guint low = ackset->head, high = ackset->notes->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const struct sending_note *note = note_at(ackset, middle);
        if (note->packet == packet)
            return note->sent;
        if (note->packet < packet)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

static void come(struct ackset *ackset, uint64_t first, uint64_t end,
                 struct ackset_news *news)
{
    struct stretch part;
    while (extract_between(ackset, first, end, &part)) {
        news->acked += part.end - part.first;
        news->sent = MAX(news->sent, part.sent);
    }
}

bool ackset_on_ack(struct ackset *ackset, const struct segment *segment,
                   nsec now, struct ackset_news *news)
{
    *news = (struct ackset_news){.acked = 0};
    uint64_t echo =
        ackset->newest == 0
            ? 0
            : place(segment->echo, ackset->packet_number, ackset->newest);
    if (!is_honest(ackset, segment, echo))
        return false;
    if (echo > ackset->echoed) {
        nsec sent = sent_at(ackset, echo);
        news->rtt = sent == 0 ? 0 : now > sent ? now - sent : 1;
        ackset->echoed = echo;
    }
    uint64_t ack = byte_place(ackset, segment->ack);
    for (unsigned i = 0; i < segment->ranges; i++)
        come(ackset, byte_place(ackset, segment->range[i].first),
             byte_place(ackset, segment->range[i].end), news);
    come(ackset, ORIGIN, ack, news);
    news->old = ack < ackset->acked;
    news->advanced = ack > ackset->acked;
    if (news->advanced)
        ackset->acked = ack;
    forget_dead(ackset);
    return true;
}

/* All of its bytes that fly by it are lost. */
static size_t lose(struct ackset *ackset, struct sending_note note)
{
    size_t size = 0;
    struct stretch *stretch;
    for (uint64_t at = note.first;
         (stretch = find(ackset->missing, at)) && stretch->first < note.end;) {
        at = stretch->end;
        if (stretch->is_lost || stretch->packet != note.packet)
            continue;
        struct stretch lost = extract(ackset, stretch);
        lost.is_lost = true;
        insert(ackset, lost);
        size += lost.end - lost.first;
    }
    return size;
}

struct ackset_loss ackset_judge(struct ackset *ackset, nsec now, nsec rtt)
{
    struct ackset_loss loss = {0, 0};
    for (; is_judged(ackset, ackset->head); forget_dead(ackset)) {
        struct sending_note note = *note_at(ackset, ackset->head);
        bool late = rtt > 0 && now >= note.sent + rtt + rtt / 8;
        if (note.packet + ACKSET_REORDER > ackset->echoed && !late)
            break;
        loss.size += lose(ackset, note);
        loss.sent = note.sent;
    }
    return loss;
}

nsec ackset_deadline(const struct ackset *ackset, nsec rtt)
{
    if (rtt == 0 || !is_judged(ackset, ackset->head))
        return 0;
    return note_at(ackset, ackset->head)->sent + rtt + rtt / 8;
}

static void open_trees(struct ackset *ackset)
{
    ackset->missing = g_tree_new_full(by_end, NULL, NULL, g_free);
    ackset->lost = g_tree_new_full(by_end, NULL, NULL, NULL);
    ackset->flying_bytes = ackset->lost_bytes = 0;
}

static void close_trees(struct ackset *ackset)
{
    g_tree_destroy(ackset->lost);
    g_tree_destroy(ackset->missing);
}

void ackset_forget(struct ackset *ackset)
{
    close_trees(ackset);
    open_trees(ackset);
    if (ackset->acked < ackset->next)
        insert(ackset, (struct stretch){.first = ackset->acked,
                                        .end = ackset->next,
                                        .is_lost = true});
    forget_dead(ackset);
}

/* From the first such byte on, as long as they follow each other. */
static bool row_of(const struct ackset *ackset, bool lost, size_t most,
                   struct range *range)
{
    GTree *tree = lost ? ackset->lost : ackset->missing;
    const struct stretch *stretch = find(tree, ackset->acked);
    while (stretch && stretch->is_lost != lost)
        stretch = find(tree, stretch->end);
    if (!stretch)
        return false;
    uint64_t first = stretch->first, end = stretch->end;
    while (end - first < most && (stretch = find(tree, end)) &&
           stretch->first == end && stretch->is_lost == lost)
        end = stretch->end;
    if (end - first > most)
        end = first + most;
    *range = (struct range){
        ackset->first_number + (uint32_t)(first - ORIGIN),
        ackset->first_number + (uint32_t)(end - ORIGIN),
    };
    return true;
}

bool ackset_next_lost(const struct ackset *ackset, size_t most,
                      struct range *range)
{
    return row_of(ackset, true, most, range);
}

bool ackset_next_flying(const struct ackset *ackset, size_t most,
                        struct range *range)
{
    return row_of(ackset, false, most, range);
}

size_t ackset_flying(const struct ackset *ackset)
{
    return ackset->flying_bytes;
}

size_t ackset_lost(const struct ackset *ackset)
{
    return ackset->lost_bytes;
}

uint32_t ackset_acked(const struct ackset *ackset)
{
    return ackset->first_number + (uint32_t)(ackset->acked - ORIGIN);
}

uint32_t ackset_next(const struct ackset *ackset)
{
    return ackset->first_number + (uint32_t)(ackset->next - ORIGIN);
}

struct ackset *ackset_new(uint32_t first)
{
    struct ackset *ackset = g_new0(struct ackset, 1);
    ackset->first_number = first;
    ackset->acked = ackset->next = ORIGIN;
    ackset->notes = g_array_new(FALSE, FALSE, sizeof(struct sending_note));
    open_trees(ackset);
    return ackset;
}

void ackset_free(struct ackset *ackset)
{
    close_trees(ackset);
    g_array_unref(ackset->notes);
    g_free(ackset);
}

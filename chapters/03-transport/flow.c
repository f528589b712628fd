/*
 * Two halves that meet in the acknowledgement. The sending half keeps what was
 * pushed in a ring, until it has arrived for good:
 *
 *       arrived  |  flying, lost, arrived early  |  waiting   |   room
 *     -----------|-------------------------------|------------|------------>
 *          ackset_acked()                  ackset_next()    pushed
 *
 * Whatever happens, a push, an ack, a timer, ends in pump(), which sends what
 * may be sent: first what is lost, then what waits. Four things hold it back,
 * and each has a name in the code: the other's window (limit), the network's
 * (controller), the pace, and segments too small to be worth it.
 *
 * The end of a stream has a number of its own, behind its last byte: so it is
 * acknowledged, lost and sent again as a byte is.
 *
 * Timers: pace (may send again), judging (what flies is lost by time), expiry
 * (nothing was heard: one probe of what flies; when it fires again, all of it
 * is lost), probing (the other's window is 0), the receipt's (an ack is owed).
 */
#include "03-transport/flow.h"
#include "03-transport/ackset.h"
#include "03-transport/pacing.h"
#include "03-transport/probe.h"
#include "03-transport/receipt.h"
#include "03-transport/rto.h"
#include "03-transport/slowstart.h"
#include <string.h>

#define PROBE (200 * MSEC) /* Of a window that is 0: the first wait. */

struct flow {
    struct env *env;
    struct flow_options options;
    struct flow_owner owner;
    struct flow_count count;

    /* What we send. */
    uint8_t *ring;
    uint32_t mask; /* The ring has so many bytes, and one. */
    uint32_t pushed;
    bool ending;
    struct ackset *ackset;
    struct rto rto;
    struct slowstart slowstart;
    struct probe probe;
    uint32_t packet; /* Of the next segment. */
    uint32_t echoed; /* The newest that the other has received. */
    uint32_t limit;  /* The other takes all before this. */
    struct pacing pacing;
    nsec sent;       /* When something was, last. */
    unsigned silent; /* Expiries since something arrived. */
    bool held;       /* The network's window, or the pace, holds us back. */
    bool asked;      /* A byte beyond the limit is under way. */

    struct receipt receipt; /* What we receive. */
    struct timer pace, judging, expiry, probing;
    bool is_probing;
};

/* ---- Acknowledgements. ---- */

static void send_ack(void *self)
{
    struct flow *flow = self;
    struct segment segment = {.packet = flow->packet,
                              .seq = ackset_next(flow->ackset)};
    receipt_put(&flow->receipt, &segment);
    flow->count.acks++;
    flow->owner.send(flow->owner.self, &segment);
}

/* ---- Sending. ---- */

static size_t ring_part(const struct flow *flow, uint32_t seq)
{
    return (size_t)flow->mask + 1 - (seq & flow->mask);
}

/* Send @p range of the stream: its last number may be the end's. */
static void send_range(struct flow *flow, struct range range)
{
    nsec now = env_now(flow->env);
    bool end = sequence_is_before(flow->pushed, range.end);
    struct segment segment = {.packet = flow->packet++, .seq = range.first};
    segment.size = range.end - range.first - end;
    segment.data = flow->ring + (range.first & flow->mask);
    segment.flags = end ? SEGMENT_FIN : 0;
    if (receipt_fits(&flow->receipt, end))
        receipt_put(&flow->receipt, &segment);
    flow->count.segments++;
    bool again = range.first != ackset_next(flow->ackset);
    flow->count.repeats += again;
    flow->asked = flow->asked && again;
    ackset_sent(flow->ackset, segment.packet, range, now);
    flow->sent = now;
    flow->owner.send(flow->owner.self, &segment);
}

/* Not beyond the ring's edge, nor more than a segment. */
static struct range cut(const struct flow *flow, struct range range)
{
    size_t most = MIN(flow->options.segment, ring_part(flow, range.first));
    if (range.end - range.first > most)
        range.end = range.first + (uint32_t)most;
    return range;
}

static uint32_t stream_end(const struct flow *flow)
{
    return flow->pushed + flow->ending;
}

/* What waits, as far as the other's window goes: a full segment, or the last,
 * or, where nothing flies, what there is (RFC 9293, 3.8.6.2.1). */
static bool next_waiting(const struct flow *flow, struct range *range)
{
    uint32_t next = ackset_next(flow->ackset), end = stream_end(flow);
    bool whole = !sequence_is_before(flow->limit, flow->pushed);
    if (!whole)
        end = flow->limit;
    if (!sequence_is_before(next, end))
        return false;
    *range = cut(flow, (struct range){next, end});
    bool full = range->end - next >= flow->options.segment ||
                range->end - next == ring_part(flow, next);
    return full || whole || ackset_flying(flow->ackset) == 0;
}

static bool next_range(const struct flow *flow, struct range *range)
{
    if (ackset_next_lost(flow->ackset, flow->options.segment, range)) {
        *range = cut(flow, *range);
        return true;
    }
    return next_waiting(flow, range);
}

static bool is_paced(struct flow *flow, size_t size)
{
    nsec now = env_now(flow->env);
    nsec cost = pacing_cost(flow->options.controller, size, flow->rto.srtt);
    nsec wait = pacing_wait(&flow->pacing, now);
    if (wait > 0)
        env_arm(flow->env, &flow->pace, wait);
    else
        pacing_spend(&flow->pacing, cost, now);
    return wait == 0;
}

static bool may_send(struct flow *flow, size_t size)
{
    size_t flying = ackset_flying(flow->ackset);
    size_t window = controller_window(flow->options.controller);
    bool full = flying > 0 && flying + size > window;
    flow->held = full || !is_paced(flow, size);
    return !flow->held;
}

/* ---- Timers. ---- */

/* What is a round trip, when it is to be judged who is late (RFC 9002,
 * 6.1.2). */
static nsec round_trip(const struct flow *flow)
{
    return MAX(flow->rto.srtt, flow->rto.latest);
}

static void set_judging(struct flow *flow)
{
    nsec now = env_now(flow->env);
    nsec due = ackset_deadline(flow->ackset, round_trip(flow));
    if (due > 0)
        env_arm(flow->env, &flow->judging, due > now ? due - now : 0);
    else
        env_disarm(flow->env, &flow->judging);
}

/* Since something was sent, for the last time (RFC 9002, 6.2.1). */
static void set_expiry(struct flow *flow)
{
    nsec now = env_now(flow->env);
    nsec due = flow->sent + rto_value(&flow->rto) + RECEIPT_DELAY;
    if (ackset_flying(flow->ackset) > 0)
        env_arm(flow->env, &flow->expiry, due > now ? due - now : 0);
    else
        env_disarm(flow->env, &flow->expiry);
}

static void set_probing(struct flow *flow)
{
    uint32_t next = ackset_next(flow->ackset);
    int32_t window = sequence_distance(next, flow->limit);
    int32_t waiting = sequence_distance(next, flow->pushed);
    nsec wait =
        probe_update(&flow->probe, (uint32_t)MAX(window, 0),
                     (size_t)MAX(waiting, 0), ackset_flying(flow->ackset));
    if (wait == 0)
        env_disarm(flow->env, &flow->probing);
    else if (!flow->is_probing)
        env_arm(flow->env, &flow->probing, wait);
    flow->is_probing = wait > 0;
}

static void pump(void *self)
{
    struct flow *flow = self;
    struct range range;
    flow->held = false;
    while (next_range(flow, &range) && may_send(flow, range.end - range.first))
        send_range(flow, range);
    set_judging(flow);
    set_expiry(flow);
    set_probing(flow);
}

/* What is not acknowledged, as RFC 5681 counts it, equation 4: with what
 * arrived early. But no more than was allowed. */
static size_t flight(const struct flow *flow)
{
    uint32_t span = ackset_next(flow->ackset) - ackset_acked(flow->ackset);
    return MIN(span, flow->options.controller->window);
}

/* When so much was outstanding. */
static void judge(struct flow *flow, size_t outstanding)
{
    nsec now = env_now(flow->env);
    struct ackset_loss loss = ackset_judge(flow->ackset, now, round_trip(flow));
    if (loss.size > 0)
        controller_lost(flow->options.controller,
                        (struct controller_loss){.flying = outstanding,
                                                 .sent = loss.sent,
                                                 .now = now});
}

static void on_judging(void *self)
{
    struct flow *flow = self;
    judge(flow, flight(flow));
    pump(flow);
}

/* Nothing was heard. Perhaps only the last segment is lost, or its ack: so ask
 * with one segment (RFC 9002, 6.2.4). If that is not answered either, all is
 * lost. */
static void on_expiry(void *self)
{
    struct flow *flow = self;
    struct range range;
    size_t outstanding = flight(flow);
    flow->count.expiries++;
    rto_expire(&flow->rto);
    if (flow->silent++ > 0) {
        ackset_forget(flow->ackset);
        controller_expired(flow->options.controller, outstanding,
                           env_now(flow->env));
    } else if (ackset_next_flying(flow->ackset, flow->options.segment,
                                  &range)) {
        send_range(flow, cut(flow, range));
    }
    pump(flow);
}

/* One byte that no window is asked for: whoever gets it answers with an ack. */
static void send_byte(struct flow *flow, uint32_t seq)
{
    uint32_t next = ackset_next(flow->ackset);
    struct segment segment = {.packet = flow->packet++,
                              .seq = seq,
                              .data = flow->ring + (seq & flow->mask),
                              .size = 1};
    ackset_sent(flow->ackset, segment.packet, (struct range){next, next},
                env_now(flow->env));
    flow->owner.send(flow->owner.self, &segment);
}

/* Beyond the window: not sent yet, unless the other takes it. */
static void on_probing(void *self)
{
    struct flow *flow = self;
    flow->asked = true;
    send_byte(flow, ackset_next(flow->ackset));
    env_arm(flow->env, &flow->probing, probe_expire(&flow->probe));
}

/* ---- What the other says. ---- */

/* The byte of a probe was taken: so it was sent. */
static void admit_probe(struct flow *flow, const struct segment *segment)
{
    uint32_t next = ackset_next(flow->ackset);
    if (flow->asked && segment->ack == next + 1 &&
        sequence_is_before(next, flow->pushed))
        ackset_sent(flow->ackset, flow->packet++,
                    (struct range){next, next + 1}, env_now(flow->env));
    flow->asked = flow->asked && segment->ack != next + 1;
}

static void on_rtt(struct flow *flow, nsec rtt)
{
    rto_sample(&flow->rto, rtt);
    slowstart_sample(&flow->slowstart, flow->options.controller,
                     env_now(flow->env), rtt);
}

static void on_news(struct flow *flow, const struct ackset_news *news,
                    size_t flying)
{
    if (news->rtt > 0)
        on_rtt(flow, news->rtt);
    if (news->acked == 0)
        return;
    flow->silent = 0;
    flow->count.bytes += news->acked;
    controller_acked(
        flow->options.controller,
        (struct controller_ack){.acked = news->acked,
                                .flying = flying,
                                .limited = flow->held &&
                                           !slowstart_holds(&flow->slowstart),
                                .sent = news->sent,
                                .now = env_now(flow->env),
                                .rtt = flow->rto.srtt});
}

static void on_ack(struct flow *flow, const struct segment *segment)
{
    struct ackset_news news;
    size_t flying = ackset_flying(flow->ackset);
    size_t outstanding = flight(flow);
    admit_probe(flow, segment);
    if (!ackset_on_ack(flow->ackset, segment, env_now(flow->env), &news)) {
        flow->count.lies++;
        return;
    }
    on_news(flow, &news, flying);
    if (sequence_is_before(flow->echoed, segment->echo))
        flow->echoed = segment->echo;
    uint32_t limit = segment->ack + segment->window;
    if (!news.old && sequence_is_before(flow->limit, limit))
        flow->limit = limit;
    judge(flow, outstanding);
    if (news.advanced && flow->owner.writable)
        flow->owner.writable(flow->owner.self);
}

void flow_on_segment(struct flow *flow, const struct segment *segment)
{
    if (segment->flags & SEGMENT_ACK)
        on_ack(flow, segment);
    bool data = segment->size > 0 || segment->flags & SEGMENT_FIN;
    if (data && receipt_data(&flow->receipt, segment) && flow->owner.readable)
        flow->owner.readable(flow->owner.self);
    pump(flow);
}

/* ---- The owner's side. ---- */

static uint32_t arrived(const struct flow *flow)
{
    uint32_t acked = ackset_acked(flow->ackset);
    return sequence_is_before(flow->pushed, acked) ? flow->pushed : acked;
}

size_t flow_room(const struct flow *flow)
{
    return flow->options.outgoing - (flow->pushed - arrived(flow));
}

/* A byte that the other has long had: it must be told so. */
void flow_ask(struct flow *flow)
{
    send_byte(flow, ackset_acked(flow->ackset) - 1);
}

bool flow_may_have_sent(const struct flow *flow, uint32_t packet)
{
    return !sequence_is_before(packet, flow->echoed) &&
           !sequence_is_before(flow->packet, packet);
}

uint32_t flow_packet(const struct flow *flow)
{
    return flow->packet;
}

size_t flow_push(struct flow *flow, const void *data, size_t size)
{
    size_t taken = MIN(size, flow_room(flow)), done = 0;
    g_assert(!flow->ending);
    while (done < taken) {
        size_t part = MIN(taken - done, ring_part(flow, flow->pushed));
        memcpy(flow->ring + (flow->pushed & flow->mask),
               (const uint8_t *)data + done, part);
        flow->pushed += (uint32_t)part;
        done += part;
    }
    pump(flow);
    return taken;
}

void flow_end(struct flow *flow)
{
    flow->ending = true;
    pump(flow);
}

/* The other must hear of it, when there is much more room than it knows of. */
size_t flow_take(struct flow *flow, void *buffer, size_t size)
{
    size_t taken = reassembly_take(flow->receipt.in, buffer, size);
    size_t enough = MIN(2 * flow->options.segment, flow->options.incoming / 2);
    if (receipt_has_room(&flow->receipt, MAX(enough, 1)))
        send_ack(flow);
    return taken;
}

bool flow_is_whole(const struct flow *flow)
{
    return reassembly_is_whole(flow->receipt.in);
}

bool flow_is_over(const struct flow *flow)
{
    return flow_is_whole(flow) && reassembly_ready(flow->receipt.in) == 0;
}

bool flow_is_delivered(const struct flow *flow)
{
    return ackset_acked(flow->ackset) == stream_end(flow);
}

struct flow_count flow_count(const struct flow *flow)
{
    return flow->count;
}

const struct controller *flow_controller(const struct flow *flow)
{
    return flow->options.controller;
}

/* ---- Life. ---- */

static uint32_t ring_size(size_t least)
{
    uint32_t size = 1;
    g_assert(least >= 1 && least <= 1u << 29);
    while (size < least)
        size *= 2;
    return size;
}

struct flow *flow_new(struct env *env, struct flow_options options,
                      struct flow_owner owner)
{
    struct flow *flow = g_new0(struct flow, 1);
    uint32_t size = ring_size(options.outgoing);
    flow->env = env;
    flow->options = options;
    flow->owner = owner;
    flow->ring = g_malloc0(size);
    flow->mask = size - 1;
    flow->pushed = options.first_out;
    flow->limit = options.first_out + options.window;
    flow->packet = flow->echoed = 1;
    flow->ackset = ackset_new(options.first_out);
    receipt_init(&flow->receipt, env,
                 reassembly_new(options.first_in, options.incoming),
                 (struct timer){.fire = send_ack, .self = flow});
    rto_init(&flow->rto, options.floor);
    if (options.rtt > 0)
        rto_sample(&flow->rto, options.rtt);
    probe_init(&flow->probe, PROBE, RTO_MOST);
    flow->pace = (struct timer){.fire = pump, .self = flow};
    flow->judging = (struct timer){.fire = on_judging, .self = flow};
    flow->expiry = (struct timer){.fire = on_expiry, .self = flow};
    flow->probing = (struct timer){.fire = on_probing, .self = flow};
    return flow;
}

void flow_free(struct flow *flow)
{
    struct timer *timers[] = {&flow->pace, &flow->judging, &flow->expiry,
                              &flow->probing};
    for (size_t i = 0; i < G_N_ELEMENTS(timers); i++)
        env_disarm(flow->env, timers[i]);
    receipt_clear(&flow->receipt);
    ackset_free(flow->ackset);
    controller_free(flow->options.controller);
    g_free(flow->ring);
    g_free(flow);
}

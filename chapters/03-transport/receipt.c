/*
 * An ack is never sent from here, nor in the midst of what comes: a timer of no
 * delay fires when all that is here already has been looked at. So of a burst
 * with a hole one ack tells.
 */
#include "03-transport/receipt.h"

void receipt_init(struct receipt *receipt, struct env *env,
                  struct reassembly *in, struct timer timer)
{
    *receipt = (struct receipt){.env = env, .in = in, .timer = timer};
    receipt->told = reassembly_expected(in) + (uint32_t)reassembly_window(in);
}

static bool has_holes(const struct receipt *receipt)
{
    struct range early;
    return reassembly_ranges(receipt->in, &early, 1) > 0;
}

/* At the end of what is already here; or soon. */
static void owe(struct receipt *receipt, bool odd)
{
    bool now = odd || receipt->hurry > 0;
    receipt->owed++;
    if (odd)
        receipt->hurry = RECEIPT_HURRY;
    else if (receipt->hurry > 0)
        receipt->hurry--;
    if (now || receipt->owed == 2)
        env_arm(receipt->env, &receipt->timer, 0);
    else if (receipt->owed == 1)
        env_arm(receipt->env, &receipt->timer, RECEIPT_DELAY);
}

bool receipt_data(struct receipt *receipt, const struct segment *segment)
{
    struct reassembly *in = receipt->in;
    bool next = segment->seq == reassembly_expected(in);
    bool holes = has_holes(receipt);
    size_t fresh =
        reassembly_put(in, segment->seq, segment->data, segment->size);
    bool end = segment->flags & SEGMENT_FIN &&
               reassembly_end(in, segment->seq + (uint32_t)segment->size);
    receipt->heard = true;
    receipt->echo = segment->packet;
    owe(receipt, !next || holes || fresh < segment->size || end);
    return fresh > 0 || end;
}

bool receipt_fits(const struct receipt *receipt, bool always)
{
    return receipt->heard && (always || receipt->owed > 0) &&
           !has_holes(receipt);
}

void receipt_put(struct receipt *receipt, struct segment *segment)
{
    struct reassembly *in = receipt->in;
    uint32_t expected = reassembly_expected(in);
    segment->flags |= SEGMENT_ACK;
    segment->window = (uint32_t)reassembly_window(in);
    segment->ack = expected + reassembly_is_whole(in);
    segment->echo = receipt->echo;
    segment->ranges = reassembly_ranges(in, segment->range, SEGMENT_RANGES);
    receipt->told = expected + segment->window;
    receipt->owed = 0;
    env_disarm(receipt->env, &receipt->timer);
}

bool receipt_has_room(const struct receipt *receipt, size_t size)
{
    uint32_t end = reassembly_expected(receipt->in) +
                   (uint32_t)reassembly_window(receipt->in);
    return end - receipt->told >= size;
}

void receipt_clear(struct receipt *receipt)
{
    env_disarm(receipt->env, &receipt->timer);
    reassembly_free(receipt->in);
}

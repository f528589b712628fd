/*
 * Three that speak RESP. What comes is an answer, in the order of what was
 * asked; only to our own consumers messages come unasked, as pushes.
 */
#include "02-framing/resp_writer.h"
#include "04-queues/peers/dialect.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ENTRY = 5, HEAD = 4 }; /* Items of a stream's entry, and before them. */

/* ---- What they share. ---- */

static void put_payload(struct wire_writer *out, size_t size)
{
    g_autofree char *payload = g_strnfill(size, 'm');
    resp_put_bulk(out, payload, size);
}

static void put_ping(struct speaker *speaker)
{
    resp_put_command(&speaker->out, 1, (const char *const[]){"PING"});
}

/* One whole value, whose items the speaker's parser holds; an error ends it.
 * Returns as hear() does. */
static ssize_t parse(struct speaker *speaker, const uint8_t *data, size_t size)
{
    if (!speaker->resp)
        speaker->resp = resp_new((struct resp_limits){0});
    ssize_t used = resp_parse(speaker->resp, data, size);
    if (used < 0)
        return speaker_fail(speaker, "%s", resp_error(speaker->resp));
    const struct resp_item *item = resp_items(speaker->resp);
    if (used > 0 && item->type == RESP_ERROR)
        return speaker_fail(speaker, "it answers: %.*s", (int)item->size,
                            (const char *)data + item->at);
    return used;
}

static ssize_t refuse(struct speaker *speaker)
{
    return speaker_fail(speaker, "an answer that was not expected");
}

static bool take_message(struct speaker *speaker, const struct resp_item *item)
{
    if (item->type != RESP_BULK || item->size != speaker->role.size)
        return false;
    speaker->delivered++;
    return true;
}

static void put_number(struct wire_writer *out, uint64_t number)
{
    char text[32];
    resp_put_bulk(out, text,
                  (size_t)snprintf(text, sizeof text, "%" PRIu64, number));
}

static void put_once(struct wire_writer *out, const struct wire_writer *words)
{
    wire_put_raw(out, words->data, words->size);
}

/* ---- Lists. ----
 *
 * A message taken moves to a list of its consumer's, and is removed from there
 * when it is done: a consumer that dies leaves what it held. */

static void put_move(struct wire_writer *out, const char *own)
{
    resp_put_command(
        out, 6,
        (const char *const[]){"BLMOVE", "q", own, "LEFT", "RIGHT", "0"});
}

static unsigned greet_lists(struct speaker *speaker)
{
    char own[32];
    snprintf(own, sizeof own, "taken:%u", speaker->role.number);
    put_ping(speaker);
    if (!speaker->role.consumes)
        return 1;
    for (unsigned i = 0; i < speaker->role.window; i++)
        put_move(&speaker->out, own);
    resp_put_array(&speaker->each, 4);
    resp_put_text(&speaker->each, "LREM");
    resp_put_text(&speaker->each, own);
    resp_put_text(&speaker->each, "1");
    put_payload(&speaker->each, speaker->role.size);
    put_move(&speaker->each, own);
    return 1;
}

static void publish_lists(struct speaker *speaker)
{
    resp_put_array(&speaker->out, 3);
    resp_put_text(&speaker->out, "RPUSH");
    resp_put_text(&speaker->out, "q");
    put_payload(&speaker->out, speaker->role.size);
}

static ssize_t hear_lists(struct speaker *speaker, const uint8_t *data,
                          size_t size)
{
    ssize_t used = parse(speaker, data, size);
    if (used <= 0 || speaker_was_greeted(speaker))
        return used;
    const struct resp_item *item = resp_items(speaker->resp);
    if (take_message(speaker, item))
        put_once(&speaker->out, &speaker->each);
    else if (item->type == RESP_INTEGER && speaker->role.consumes)
        speaker->settled += (uint64_t)item->number;
    else if (item->type != RESP_INTEGER || !speaker_confirmed(speaker))
        return refuse(speaker);
    return used;
}

const struct dialect dialect_lists = {
    .greet = greet_lists, .publish = publish_lists, .hear = hear_lists};

/* ---- Streams. ---- */

static unsigned greet_streams(struct speaker *speaker)
{
    char name[32], count[32];
    snprintf(name, sizeof name, "%u", speaker->role.number);
    snprintf(count, sizeof count, "%u", speaker->role.window);
    if (speaker->role.number == 0)
        resp_put_command(&speaker->out, 6,
                         (const char *const[]){"XGROUP", "CREATE", "q", "g",
                                               "$", "MKSTREAM"});
    else
        put_ping(speaker);
    if (!speaker->role.consumes)
        return 1;
    resp_put_command(&speaker->each, 11,
                     (const char *const[]){"XREADGROUP", "GROUP", "g", name,
                                           "COUNT", count, "BLOCK", "0",
                                           "STREAMS", "q", ">"});
    put_once(&speaker->out, &speaker->each);
    return 1;
}

static void publish_streams(struct speaker *speaker)
{
    resp_put_array(&speaker->out, 5);
    resp_put_text(&speaker->out, "XADD");
    resp_put_text(&speaker->out, "q");
    resp_put_text(&speaker->out, "*");
    resp_put_text(&speaker->out, "m");
    put_payload(&speaker->out, speaker->role.size);
}

/* [[q, [[id, [m, payload]], ...]]]: all are acknowledged at once. */
static bool take_entries(struct speaker *speaker, const uint8_t *data)
{
    const struct resp_item *items = resp_items(speaker->resp);
    size_t count = resp_count(speaker->resp);
    if (count < HEAD + ENTRY || (count - HEAD) % ENTRY != 0)
        return false;
    resp_put_array(&speaker->out, 3 + (count - HEAD) / ENTRY);
    resp_put_text(&speaker->out, "XACK");
    resp_put_text(&speaker->out, "q");
    resp_put_text(&speaker->out, "g");
    for (size_t i = HEAD; i < count; i += ENTRY) {
        const struct resp_item *id = &items[i + 1];
        resp_put_bulk(&speaker->out, data + id->at, id->size);
        if (!take_message(speaker, &items[i + ENTRY - 1]))
            return false;
    }
    put_once(&speaker->out, &speaker->each);
    return true;
}

static ssize_t hear_streams(struct speaker *speaker, const uint8_t *data,
                            size_t size)
{
    ssize_t used = parse(speaker, data, size);
    if (used <= 0 || speaker_was_greeted(speaker))
        return used;
    const struct resp_item *item = resp_items(speaker->resp);
    if (item->type == RESP_INTEGER && speaker->role.consumes)
        speaker->settled += (uint64_t)item->number;
    else if (speaker->role.consumes ? !take_entries(speaker, data)
                                    : !speaker_confirmed(speaker))
        return refuse(speaker);
    return used;
}

const struct dialect dialect_streams = {
    .greet = greet_streams, .publish = publish_streams, .hear = hear_streams};

/* ---- Ours. ---- */

enum { ACK = 1, GRANT }; /* What a consumer asks. */
enum { RECEIPT = 3, PUSH = 5 };

static unsigned greet_ours(struct speaker *speaker)
{
    unsigned answers = 1;
    resp_put_command(&speaker->out, 2, (const char *const[]){"HELLO", "3"});
    if (speaker->role.number == 0) {
        resp_put_command(&speaker->out, 4,
                         (const char *const[]){"QDECLARE", "q", "DURABILITY",
                                               speaker->role.mode});
        answers++;
    }
    if (speaker->role.consumes) {
        speaker->credit = speaker->role.window;
        resp_put_array(&speaker->out, 3);
        resp_put_text(&speaker->out, "QCONSUME");
        resp_put_text(&speaker->out, "q");
        put_number(&speaker->out, speaker->credit);
        answers++;
    }
    return answers;
}

static void publish_ours(struct speaker *speaker)
{
    resp_put_array(&speaker->out, 3);
    resp_put_text(&speaker->out, "QPUSH");
    resp_put_text(&speaker->out, "q");
    put_payload(&speaker->out, speaker->role.size);
}

/* ["message", queue, receipt, ... what else is told of it ..., message]. */
static bool take_push(struct speaker *speaker, const uint8_t *data)
{
    const struct resp_item *items = resp_items(speaker->resp);
    size_t count = resp_count(speaker->resp);
    if (!speaker->role.consumes || count < PUSH ||
        items[RECEIPT].type != RESP_BULK ||
        !take_message(speaker, &items[count - 1]))
        return false;
    const struct resp_item *receipt = &items[RECEIPT];
    resp_put_bulk(&speaker->acks, data + receipt->at, receipt->size);
    speaker->put_off++;
    return true;
}

/* A number answers to a message published, to an ack, or to a grant. */
static bool take_number(struct speaker *speaker, const struct resp_item *item)
{
    if (item->type != RESP_INTEGER)
        return false;
    if (!speaker->role.consumes)
        return speaker_confirmed(speaker);
    if (g_queue_is_empty(&speaker->asked))
        return false;
    if (GPOINTER_TO_INT(g_queue_pop_head(&speaker->asked)) == ACK)
        speaker->settled += (uint64_t)item->number;
    return true;
}

static ssize_t hear_ours(struct speaker *speaker, const uint8_t *data,
                         size_t size)
{
    ssize_t used = parse(speaker, data, size);
    if (used <= 0)
        return used;
    const struct resp_item *item = resp_items(speaker->resp);
    if (item->type == RESP_PUSH
            ? !take_push(speaker, data)
            : !speaker_was_greeted(speaker) && !take_number(speaker, item))
        return refuse(speaker);
    return used;
}

/* As many more as were acknowledged; but not for every message. */
static void grant(struct speaker *speaker)
{
    uint64_t credit = speaker->delivered + speaker->role.window;
    if (credit - speaker->credit < speaker->role.window / 2)
        return;
    speaker->credit = credit;
    resp_put_array(&speaker->out, 3);
    resp_put_text(&speaker->out, "QCREDIT");
    resp_put_text(&speaker->out, "q");
    put_number(&speaker->out, credit);
    g_queue_push_tail(&speaker->asked, GINT_TO_POINTER(GRANT));
}

static void pause_ours(struct speaker *speaker)
{
    if (speaker->put_off == 0)
        return;
    resp_put_array(&speaker->out, 2 + speaker->put_off);
    resp_put_text(&speaker->out, "QACK");
    resp_put_text(&speaker->out, "q");
    put_once(&speaker->out, &speaker->acks);
    g_queue_push_tail(&speaker->asked, GINT_TO_POINTER(ACK));
    speaker->acks.size = 0;
    speaker->put_off = 0;
    grant(speaker);
}

const struct dialect dialect_ours = {.greet = greet_ours,
                                     .publish = publish_ours,
                                     .hear = hear_ours,
                                     .pause = pause_ours};

/*
 * AMQP 0-9-1, the little that a producer and a consumer need. Everything is a
 * frame:
 *
 *     type u8 | channel u16 | size u32 | payload | 0xCE
 *
 * A *method* says what shall happen; its payload begins with two numbers, the
 * class and the method. A message is a method, a *header* with its size and its
 * properties, and *bodies*. All numbers have their high byte first.
 */
#include "04-queues/peers/dialect.h"
#include <string.h>

enum { METHOD = 1, HEADER = 2, BODY = 3, HEARTBEAT = 8, END = 0xce };
enum { FRAME_HEAD = 7, FRAME_MOST = 131072, CHANNELS_MOST = 2047 };
enum { CLASS_BASIC = 60, HAS_DELIVERY_MODE = 1 << 12 };
enum { PASSING = 1, PERSISTENT = 2 };
enum { IS_DURABLE = 2 }; /* A bit of queue.declare. */

/* Class and method in one number. */
#define NAME(class, method) ((uint32_t)(class) << 16 | (method))
enum {
    CONNECTION_START = NAME(10, 10),
    CONNECTION_START_OK = NAME(10, 11),
    CONNECTION_TUNE = NAME(10, 30),
    CONNECTION_TUNE_OK = NAME(10, 31),
    CONNECTION_OPEN = NAME(10, 40),
    CONNECTION_OPEN_OK = NAME(10, 41),
    CONNECTION_CLOSE = NAME(10, 50),
    CHANNEL_OPEN = NAME(20, 10),
    CHANNEL_OPEN_OK = NAME(20, 11),
    CHANNEL_CLOSE = NAME(20, 40),
    QUEUE_DECLARE = NAME(50, 10),
    QUEUE_DECLARE_OK = NAME(50, 11),
    QUEUE_DELETE = NAME(50, 40),
    QUEUE_DELETE_OK = NAME(50, 41),
    BASIC_QOS = NAME(60, 10),
    BASIC_QOS_OK = NAME(60, 11),
    BASIC_CONSUME = NAME(60, 20),
    BASIC_CONSUME_OK = NAME(60, 21),
    BASIC_CANCEL = NAME(60, 30),
    BASIC_PUBLISH = NAME(60, 40),
    BASIC_DELIVER = NAME(60, 60),
    BASIC_ACK = NAME(60, 80),
    CONFIRM_SELECT = NAME(85, 10),
    CONFIRM_SELECT_OK = NAME(85, 11),
};

/* ---- Frames and strings, written. ---- */

static void put_frame(struct wire_writer *out, uint8_t type, uint16_t channel,
                      struct wire_writer *payload)
{
    wire_put_u8(out, type);
    wire_put_u16(out, channel);
    wire_put_u32(out, (uint32_t)payload->size);
    wire_put_raw(out, payload->data, payload->size);
    wire_put_u8(out, END);
    wire_clear(payload);
}

static struct wire_writer begin_payload(void)
{
    return (struct wire_writer){.most = FRAME_MOST};
}

static struct wire_writer begin_method(uint32_t name)
{
    struct wire_writer payload = begin_payload();
    wire_put_u32(&payload, name);
    return payload;
}

static void put_short(struct wire_writer *out, const char *text)
{
    wire_put_u8(out, (uint8_t)strlen(text));
    wire_put_raw(out, text, strlen(text));
}

static void put_long(struct wire_writer *out, const void *data, size_t size)
{
    wire_put_u32(out, (uint32_t)size);
    wire_put_raw(out, data, size);
}

/* ---- What is said. ---- */

static bool is_quorum(const struct speaker *speaker)
{
    return strcmp(speaker->role.mode, "quorum") == 0;
}

static bool is_durable(const struct speaker *speaker)
{
    return is_quorum(speaker) || strcmp(speaker->role.mode, "durable") == 0;
}

/* The whole handshake: who we are, what we can, which host and channel. */
static void open_channel(struct wire_writer *out)
{
    static const char plain[] = "\0guest\0guest";
    struct wire_writer start = begin_method(CONNECTION_START_OK);
    struct wire_writer tune = begin_method(CONNECTION_TUNE_OK);
    struct wire_writer open = begin_method(CONNECTION_OPEN);
    struct wire_writer channel = begin_method(CHANNEL_OPEN);
    put_long(&start, NULL, 0); /* Nothing to tell of ourselves. */
    put_short(&start, "PLAIN");
    put_long(&start, plain, sizeof plain - 1);
    put_short(&start, "en_US");
    wire_put_u16(&tune, CHANNELS_MOST);
    wire_put_u32(&tune, FRAME_MOST);
    wire_put_u16(&tune, 0); /* No heartbeats. */
    put_short(&open, "/");
    wire_put_u16(&open, 0);
    put_short(&channel, "");
    wire_put_raw(out, "AMQP\0\0\x09\x01", 8);
    put_frame(out, METHOD, 0, &start);
    put_frame(out, METHOD, 0, &tune);
    put_frame(out, METHOD, 0, &open);
    put_frame(out, METHOD, 1, &channel);
}

static void declare(struct speaker *speaker)
{
    struct wire_writer method = begin_method(QUEUE_DECLARE);
    struct wire_writer table = begin_payload();
    wire_put_u16(&method, 0);
    put_short(&method, speaker->role.mode); /* The queue's name, too. */
    wire_put_u8(&method, is_durable(speaker) ? IS_DURABLE : 0);
    put_short(&table, "x-queue-type");
    wire_put_u8(&table, 'S');
    put_long(&table, is_quorum(speaker) ? "quorum" : "classic",
             strlen(is_quorum(speaker) ? "quorum" : "classic"));
    put_long(&method, table.data, table.size);
    put_frame(&speaker->out, METHOD, 1, &method);
    wire_clear(&table);
}

static void consume(struct speaker *speaker)
{
    struct wire_writer qos = begin_method(BASIC_QOS);
    struct wire_writer method = begin_method(BASIC_CONSUME);
    wire_put_u32(&qos, 0);
    wire_put_u16(&qos, (uint16_t)speaker->role.window);
    wire_put_u8(&qos, 0);
    put_frame(&speaker->out, METHOD, 1, &qos);
    wire_put_u16(&method, 0);
    put_short(&method, speaker->role.mode);
    put_short(&method, "");
    wire_put_u8(&method, 0);
    put_long(&method, NULL, 0);
    put_frame(&speaker->out, METHOD, 1, &method);
}

static unsigned greet(struct speaker *speaker)
{
    unsigned answers = 4; /* start, tune, open-ok, channel.open-ok */
    open_channel(&speaker->out);
    if (speaker->role.number == 0) {
        declare(speaker);
        answers++;
    }
    if (speaker->role.consumes) {
        consume(speaker);
        return answers + 2;
    }
    struct wire_writer select = begin_method(CONFIRM_SELECT);
    wire_put_u8(&select, 0);
    put_frame(&speaker->out, METHOD, 1, &select);
    return answers + 1;
}

/* To the default exchange, which knows queues by their names. */
static void publish(struct speaker *speaker)
{
    struct wire_writer method = begin_method(BASIC_PUBLISH);
    struct wire_writer header = begin_payload(), body = begin_payload();
    g_autofree char *payload = g_strnfill(speaker->role.size, 'm');
    wire_put_u16(&method, 0);
    put_short(&method, "");
    put_short(&method, speaker->role.mode);
    wire_put_u8(&method, 0);
    wire_put_u16(&header, CLASS_BASIC);
    wire_put_u16(&header, 0);
    wire_put_u64(&header, speaker->role.size);
    wire_put_u16(&header, HAS_DELIVERY_MODE);
    wire_put_u8(&header, is_durable(speaker) ? PERSISTENT : PASSING);
    wire_put_raw(&body, payload, speaker->role.size);
    put_frame(&speaker->out, METHOD, 1, &method);
    put_frame(&speaker->out, HEADER, 1, &header);
    put_frame(&speaker->out, BODY, 1, &body);
}

/* All that came up to the last one, in one frame. */
static void pause_amqp(struct speaker *speaker)
{
    if (speaker->put_off == 0)
        return;
    struct wire_writer ack = begin_method(BASIC_ACK);
    wire_put_u64(&ack, speaker->tag);
    wire_put_u8(&ack, 1);
    put_frame(&speaker->out, METHOD, 1, &ack);
    speaker->settled += speaker->put_off;
    speaker->put_off = 0;
}

static unsigned leave(struct speaker *speaker)
{
    struct wire_writer method = begin_method(QUEUE_DELETE);
    wire_put_u16(&method, 0);
    put_short(&method, speaker->role.mode);
    wire_put_u8(&method, 0);
    put_frame(&speaker->out, METHOD, 1, &method);
    return 1;
}

/* ---- What is heard. ---- */

/* A short string, whose length is one byte. */
static const char *get_short(struct wire_reader *in, size_t *size)
{
    *size = wire_get_u8(in);
    return (const char *)wire_get_raw(in, *size);
}

static bool hear_close(struct speaker *speaker, struct wire_reader *in)
{
    size_t size;
    unsigned code = wire_get_u16(in);
    const char *text = get_short(in, &size);
    speaker_fail(speaker, "it closes: %u %.*s", code, text ? (int)size : 0,
                 text ? text : "");
    return false;
}

static bool hear_deliver(struct speaker *speaker, struct wire_reader *in)
{
    size_t size;
    get_short(in, &size);
    speaker->coming = wire_get_u64(in);
    return !in->failed;
}

static bool hear_confirm(struct speaker *speaker, struct wire_reader *in)
{
    uint64_t tag = wire_get_u64(in);
    bool all = wire_get_u8(in) & 1;
    return wire_whole(in) && speaker_confirmed_tag(speaker, tag, all);
}

static bool hear_method(struct speaker *speaker, struct wire_reader *in)
{
    switch (wire_get_u32(in)) {
    case CONNECTION_START:
    case CONNECTION_TUNE:
    case CONNECTION_OPEN_OK:
    case CHANNEL_OPEN_OK:
    case QUEUE_DECLARE_OK:
    case QUEUE_DELETE_OK:
    case BASIC_QOS_OK:
    case BASIC_CONSUME_OK:
    case CONFIRM_SELECT_OK:
        return speaker_was_greeted(speaker);
    case BASIC_DELIVER:
        return hear_deliver(speaker, in);
    case BASIC_ACK:
        return hear_confirm(speaker, in);
    case BASIC_CANCEL: /* The queue is gone: we have left. */
        return true;
    case CONNECTION_CLOSE:
    case CHANNEL_CLOSE:
        return hear_close(speaker, in);
    default:
        return false;
    }
}

/* A message of ours fits into one frame. Now it may be acknowledged. */
static bool hear_body(struct speaker *speaker, size_t size)
{
    if (!speaker->role.consumes || size != speaker->role.size)
        return false;
    speaker->tag = speaker->coming;
    speaker->delivered++;
    speaker->put_off++;
    return true;
}

static bool hear_frame(struct speaker *speaker, uint8_t type,
                       struct wire_reader *in)
{
    switch (type) {
    case METHOD:
        return hear_method(speaker, in);
    case HEADER:
    case HEARTBEAT:
        return true;
    case BODY:
        return hear_body(speaker, in->left);
    default:
        return false;
    }
}

static ssize_t hear(struct speaker *speaker, const uint8_t *data, size_t size)
{
    struct wire_reader in = wire_read(data, size);
    uint8_t type = wire_get_u8(&in);
    wire_get_u16(&in);
    size_t length = wire_get_u32(&in);
    if (in.failed)
        return 0;
    if (length > FRAME_MOST)
        return speaker_fail(speaker, "a frame that is too long");
    if (in.left <= length)
        return 0;
    struct wire_reader payload = wire_read(in.next, length);
    if (in.next[length] != END || !hear_frame(speaker, type, &payload))
        return speaker_fail(speaker, "a frame that was not expected");
    return (ssize_t)(FRAME_HEAD + length + 1);
}

const struct dialect dialect_amqp = {.greet = greet,
                                     .publish = publish,
                                     .hear = hear,
                                     .pause = pause_amqp,
                                     .leave = leave};

#include "02-framing/links/channel.h"
#include "01-sockets/stream.h"
#include "02-framing/frame.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum { HELLO = 1, HELLO_SIZE = 16 }; /* The flag of its frame; its payload. */

struct channel {
    struct loop *loop;
    struct stream *stream;
    struct frame_decoder *decoder;
    struct channel_ends ends;
    struct channel_owner owner;
    struct timer patience;
    bool open;
};

/* ---- The hello. ---- */

static void say_hello(struct channel *channel)
{
    struct wire_writer hello = {.most = HELLO_SIZE};
    wire_put_u64(&hello, channel->ends.cluster);
    wire_put_u64(&hello, channel->ends.to);
    struct frame frame = {.flags = HELLO,
                          .id = channel->ends.from,
                          .payload = hello.data,
                          .size = hello.size};
    g_autoptr(GBytes) bytes = frame_bytes(&frame);
    stream_write(channel->stream, g_bytes_get_data(bytes, NULL),
                 g_bytes_get_size(bytes));
    wire_clear(&hello);
}

/* For us, from our cluster; and from the one we called, if we did. */
static bool is_for_us(const struct channel *channel, const struct frame *frame)
{
    struct wire_reader in = wire_read(frame->payload, frame->size);
    bool ours = wire_get_u64(&in) == channel->ends.cluster;
    bool for_us = wire_get_u64(&in) == channel->ends.from;
    bool right = channel->ends.to == 0 || channel->ends.to == frame->id;
    return frame->flags == HELLO && wire_whole(&in) && ours && for_us && right;
}

static bool take_hello(struct channel *channel, const struct frame *frame)
{
    bool we_called = channel->ends.to != 0;
    if (!is_for_us(channel, frame) || frame->id == 0)
        return false;
    channel->ends.to = frame->id;
    if (!we_called)
        say_hello(channel);
    channel->open = true;
    loop_disarm(channel->loop, &channel->patience);
    return channel->owner.on_hello(channel->owner.self, channel, frame->id);
}

/* ---- Frames. ---- */

/* An empty message would be a farewell, which nobody can send. */
static bool take_message(struct channel *channel, const struct frame *frame)
{
    if (frame->flags != 0 || frame->size == 0)
        return false;
    g_autoptr(GBytes) message = g_bytes_new(frame->payload, frame->size);
    channel->owner.on_message(channel->owner.self, channel, message);
    return true;
}

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    struct channel *channel = self;
    struct frame frame;
    bool good = true;
    frame_feed(channel->decoder, data, size);
    while (good && frame_next(channel->decoder, &frame))
        good = frame_skipped(channel->decoder) == 0 &&
               (channel->open ? take_message(channel, &frame)
                              : take_hello(channel, &frame));
    if (!good || ended || frame_skipped(channel->decoder) > 0)
        stream_abort(channel->stream);
    return size;
}

static void on_room(void *self)
{
    struct channel *channel = self;
    if (channel->open)
        channel->owner.on_room(channel->owner.self, channel);
}

static void on_close(void *self, int error)
{
    struct channel *channel = self;
    (void)error;
    channel->owner.on_close(channel->owner.self, channel);
}

static void on_patience(void *self)
{
    struct channel *channel = self;
    stream_abort(channel->stream);
}

/* ---- Life. ---- */

/* What cannot be set is none of TCP's, and does not need it. */
static void set_options(int fd)
{
    static const struct {
        int level, name, value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},  {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 5}, {IPPROTO_TCP, TCP_KEEPINTVL, 1},
        {IPPROTO_TCP, TCP_KEEPCNT, 5},  {IPPROTO_TCP, TCP_USER_TIMEOUT, 10000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        setsockopt(fd, options[i].level, options[i].name, &options[i].value,
                   sizeof options[i].value);
}

struct channel *channel_new(struct loop *loop, const struct gate *gate, int fd,
                            struct channel_ends ends,
                            struct channel_owner owner)
{
    struct channel *channel = g_new0(struct channel, 1);
    channel->loop = loop;
    channel->ends = ends;
    channel->owner = owner;
    channel->decoder = frame_decoder_new(MAX(owner.most, HELLO_SIZE));
    channel->patience = (struct timer){.fire = on_patience, .self = channel};
    set_options(fd);
    channel->stream = stream_new(loop, gate, fd,
                                 (struct stream_owner){.on_bytes = on_bytes,
                                                       .on_room = on_room,
                                                       .on_close = on_close,
                                                       .self = channel});
    loop_arm(loop, &channel->patience, CHANNEL_PATIENCE);
    if (ends.to != 0)
        say_hello(channel);
    return channel;
}

node_id channel_to(const struct channel *channel)
{
    return channel->open ? channel->ends.to : 0;
}

size_t channel_write(struct channel *channel, const void *data, size_t size)
{
    return channel->open ? stream_write(channel->stream, data, size) : 0;
}

GBytes *channel_frame(GBytes *message)
{
    struct frame frame = {.size = g_bytes_get_size(message)};
    frame.payload = g_bytes_get_data(message, NULL);
    return frame_bytes(&frame);
}

void channel_free(struct channel *channel)
{
    loop_disarm(channel->loop, &channel->patience);
    stream_free(channel->stream);
    frame_decoder_free(channel->decoder);
    g_free(channel);
}

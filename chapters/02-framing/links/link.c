#include "02-framing/links/link.h"
#include "01-sockets/stream.h"
#include "02-framing/frame.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum { HELLO = 1, HELLO_SIZE = 16 }; /* The flag of its frame; its payload. */

struct link {
    struct loop *loop;
    struct stream *stream;
    struct frame_decoder *decoder;
    struct link_ends ends;
    struct link_owner owner;
    struct timer patience;
    bool open;
};

/* ---- The hello. ---- */

static void say_hello(struct link *link)
{
    struct wire_writer hello = {.most = HELLO_SIZE};
    wire_put_u64(&hello, link->ends.cluster);
    wire_put_u64(&hello, link->ends.to);
    struct frame frame = {.flags = HELLO,
                          .id = link->ends.from,
                          .payload = hello.data,
                          .size = hello.size};
    g_autoptr(GBytes) bytes = frame_bytes(&frame);
    stream_write(link->stream, g_bytes_get_data(bytes, NULL),
                 g_bytes_get_size(bytes));
    wire_clear(&hello);
}

/* For us, from our cluster; and from the one we called, if we did. */
static bool is_for_us(const struct link *link, const struct frame *frame)
{
    struct wire_reader in = wire_read(frame->payload, frame->size);
    bool ours = wire_get_u64(&in) == link->ends.cluster;
    bool for_us = wire_get_u64(&in) == link->ends.from;
    bool right = link->ends.to == 0 || link->ends.to == frame->id;
    return frame->flags == HELLO && wire_whole(&in) && ours && for_us && right;
}

static bool take_hello(struct link *link, const struct frame *frame)
{
    bool we_called = link->ends.to != 0;
    if (!is_for_us(link, frame) || frame->id == 0)
        return false;
    link->ends.to = frame->id;
    if (!we_called)
        say_hello(link);
    link->open = true;
    loop_disarm(link->loop, &link->patience);
    return link->owner.on_hello(link->owner.self, link, frame->id);
}

/* ---- Frames. ---- */

/* An empty message would be a farewell, which nobody can send. */
static bool take_message(struct link *link, const struct frame *frame)
{
    if (frame->flags != 0 || frame->size == 0)
        return false;
    g_autoptr(GBytes) message = g_bytes_new(frame->payload, frame->size);
    link->owner.on_message(link->owner.self, link, message);
    return true;
}

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    struct link *link = self;
    struct frame frame;
    bool good = true;
    frame_feed(link->decoder, data, size);
    while (good && frame_next(link->decoder, &frame))
        good = frame_skipped(link->decoder) == 0 &&
               (link->open ? take_message(link, &frame)
                           : take_hello(link, &frame));
    if (!good || ended || frame_skipped(link->decoder) > 0)
        stream_abort(link->stream);
    return size;
}

static void on_room(void *self)
{
    struct link *link = self;
    if (link->open)
        link->owner.on_room(link->owner.self, link);
}

static void on_close(void *self, int error)
{
    struct link *link = self;
    (void)error;
    link->owner.on_close(link->owner.self, link);
}

static void on_patience(void *self)
{
    struct link *link = self;
    stream_abort(link->stream);
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

struct link *link_new(struct loop *loop, const struct gate *gate, int fd,
                      struct link_ends ends, struct link_owner owner)
{
    struct link *link = g_new0(struct link, 1);
    link->loop = loop;
    link->ends = ends;
    link->owner = owner;
    link->decoder = frame_decoder_new(MAX(owner.most, HELLO_SIZE));
    link->patience = (struct timer){.fire = on_patience, .self = link};
    set_options(fd);
    link->stream = stream_new(loop, gate, fd,
                              (struct stream_owner){.on_bytes = on_bytes,
                                                    .on_room = on_room,
                                                    .on_close = on_close,
                                                    .self = link});
    loop_arm(loop, &link->patience, LINK_PATIENCE);
    if (ends.to != 0)
        say_hello(link);
    return link;
}

node_id link_to(const struct link *link)
{
    return link->open ? link->ends.to : 0;
}

size_t link_write(struct link *link, const void *data, size_t size)
{
    return link->open ? stream_write(link->stream, data, size) : 0;
}

GBytes *link_frame(GBytes *message)
{
    struct frame frame = {.size = g_bytes_get_size(message)};
    frame.payload = g_bytes_get_data(message, NULL);
    return frame_bytes(&frame);
}

void link_free(struct link *link)
{
    loop_disarm(link->loop, &link->patience);
    stream_free(link->stream);
    frame_decoder_free(link->decoder);
    g_free(link);
}

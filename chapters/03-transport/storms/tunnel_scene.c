#include "03-transport/storms/tunnel_scene.h"
#include "02-framing/frame.h"
#include "03-transport/segment.h"
#include "common/storm/ordeal.h"
#include "common/toys/counter_scene.h"

enum { MOST = 5, LONGEST = 2000 };

struct tunnel *tunnel_raise(struct env *env, unsigned nodes)
{
    struct tunnel_settings settings = {.most = LONGEST,
                                       .backlog = 8 * LONGEST,
                                       .endpoint = {.segment = 500,
                                                    .outgoing = 3000,
                                                    .incoming = 2000,
                                                    .keepalive = 2 * SEC,
                                                    .patience = 10 * SEC}};
    struct tunnel *tunnel = tunnel_new(env, settings);
    for (node_id id = 1; id <= nodes; id++)
        if (id != env->id)
            tunnel_meet(tunnel, id);
    return tunnel;
}

/* ---- What leaves a node. ---- */

void tunnel_unpack(GBytes *datagram, void (*look)(void *self, GBytes *message),
                   void *self)
{
    struct segment segment;
    struct frame frame;
    if (!segment_of(datagram, &segment) || segment.flags & SEGMENT_OPEN)
        return;
    struct frame_decoder *decoder = frame_decoder_new(LONGEST);
    frame_feed(decoder, segment.data, segment.size);
    while (frame_next(decoder, &frame)) {
        g_autoptr(GBytes) message = g_bytes_new(frame.payload, frame.size);
        look(self, message);
    }
    frame_decoder_free(decoder);
}

static void add_text(void *self, GBytes *message)
{
    size_t size;
    const char *data = g_bytes_get_data(message, &size);
    g_string_append_printf(self, " \"%.*s\"", (int)MIN(size, 40), data);
}

void tunnel_describe(GString *text, GBytes *datagram)
{
    static const char *const words[] = {"ack", "open", "fin", "reset",
                                        "cookie"};
    struct segment segment;
    if (!segment_of(datagram, &segment)) {
        g_string_append(text, "damaged");
        return;
    }
    g_string_append_printf(text, "%u+%zu", segment.seq, segment.size);
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
        if (segment.flags >> i & 1)
            g_string_append_printf(text, " %s", words[i]);
    tunnel_unpack(datagram, add_text, text);
}

/* ---- The counter. ---- */

/* The judge of the counter knows its nodes as counters: so what they stand on
 * is kept here. */
static struct {
    void *counter;
    struct tunnel *tunnel;
} floors[MOST + 1];

struct counter_view {
    void *checker;
    const struct sim_message *message;
};

static void *boot_counter(struct env *env, void *checker)
{
    struct tunnel *tunnel = tunnel_raise(env, MOST);
    void *counter = counter_subject.boot(tunnel_env(tunnel), checker);
    floors[env->id].counter = counter;
    floors[env->id].tunnel = tunnel;
    return counter;
}

static void stop_counter(void *counter)
{
    counter_subject.stop(counter);
    for (unsigned i = 0; i <= MOST; i++)
        if (floors[i].counter == counter) {
            tunnel_free(floors[i].tunnel);
            floors[i].counter = NULL;
        }
}

static void show(void *self, GBytes *message)
{
    const struct counter_view *view = self;
    struct sim_message inner = *view->message;
    inner.bytes = message;
    counter_subject.left(view->checker, &inner);
}

/* Its judge reads what leaves, which is now a part of something else. */
static void counter_left(void *checker, const struct sim_message *message)
{
    struct counter_view view = {checker, message};
    tunnel_unpack(message->bytes, show, &view);
}

struct subject tunnel_subject(void)
{
    struct subject subject = counter_subject;
    subject.name = "tunnel";
    subject.spared = 0;
    subject.lasts = 5 * SEC;
    subject.questions = 20;
    subject.calm = 60 * SEC;
    subject.boot = boot_counter;
    subject.stop = stop_counter;
    subject.describe = tunnel_describe;
    subject.left = counter_left;
    return subject;
}

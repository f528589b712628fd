/*
 * Calls in an array, and one timer for all: it fires when the soonest of them
 * wants something. Keys in a ring, the oldest first, searched from end to end.
 */
#include "02-framing/rpc.h"
#include <string.h>

struct call {
    uint64_t id;
    node_id to;
    GBytes *payload;
    nsec deadline, next, wait;
    rpc_done *done;
    void *self;
};

struct kept {
    struct rpc_request last;
    nsec until;
    GBytes *reply;
};

struct rpc {
    struct env *env;
    struct rpc_settings settings;
    struct timer timer;
    GArray *calls, *kept;
    uint64_t ids;
    rpc_server *serve;
    void *self;
};

static void post(struct rpc *rpc, node_id to, struct frame frame, GBytes *bytes)
{
    frame.payload = g_bytes_get_data(bytes, &frame.size);
    g_autoptr(GBytes) message = frame_bytes(&frame);
    env_send(rpc->env, to, message);
}

/* ---- The client. ---- */

static struct call *call_at(struct rpc *rpc, unsigned i)
{
    return &g_array_index(rpc->calls, struct call, i);
}

static void set_alarm(struct rpc *rpc, nsec now)
{
    nsec next = UINT64_MAX;
    for (unsigned i = 0; i < rpc->calls->len; i++)
        next = MIN(next, call_at(rpc, i)->next);
    if (next == UINT64_MAX)
        env_disarm(rpc->env, &rpc->timer);
    else
        env_arm(rpc->env, &rpc->timer, next > now ? next - now : 0);
}

static void take_out(struct rpc *rpc, unsigned i)
{
    g_bytes_unref(call_at(rpc, i)->payload);
    g_array_remove_index_fast(rpc->calls, i);
    set_alarm(rpc, env_now(rpc->env));
}

static void end(struct rpc *rpc, unsigned i, enum rpc_outcome outcome,
                GBytes *body)
{
    struct call call = *call_at(rpc, i);
    take_out(rpc, i);
    call.done(call.self, outcome, body);
}

static void send_call(struct rpc *rpc, struct call *call, nsec now)
{
    nsec left = call->deadline - now;
    double part = (double)env_random(rpc->env) / 18446744073709551616.0;
    nsec wait = call->wait / 2 + (nsec)((double)(call->wait / 2) * part);
    post(rpc, call->to,
         (struct frame){.id = call->id,
                        .deadline = left < USEC ? 1 : (uint32_t)(left / USEC)},
         call->payload);
    call->next = wait < left ? now + wait : call->deadline;
    call->wait = call->wait > rpc->settings.longest / 2 ? rpc->settings.longest
                                                        : 2 * call->wait;
}

/* The one that is due; the alarm that follows may be at once, for another. */
static void on_alarm(void *self)
{
    struct rpc *rpc = self;
    nsec now = env_now(rpc->env);
    unsigned i = 0;
    while (i < rpc->calls->len && call_at(rpc, i)->next > now)
        i++;
    if (i < rpc->calls->len && call_at(rpc, i)->deadline <= now) {
        end(rpc, i, RPC_TIMED_OUT, NULL);
        return;
    }
    if (i < rpc->calls->len)
        send_call(rpc, call_at(rpc, i), now);
    set_alarm(rpc, now);
}

static int find_call(struct rpc *rpc, uint64_t id)
{
    for (unsigned i = 0; i < rpc->calls->len; i++)
        if (call_at(rpc, i)->id == id)
            return (int)i;
    return -1;
}

static void on_answer(struct rpc *rpc, node_id from, const struct frame *frame)
{
    int i = find_call(rpc, frame->id);
    if (i < 0 || call_at(rpc, (unsigned)i)->to != from)
        return;
    g_autoptr(GBytes) body = g_bytes_new(frame->payload, frame->size);
    end(rpc, (unsigned)i, frame->flags == RPC_REPLY ? RPC_DONE : RPC_REFUSED,
        body);
}

uint64_t rpc_key(struct rpc *rpc)
{
    uint64_t key = 0;
    while (key == 0)
        key = env_random(rpc->env);
    return key;
}

uint64_t rpc_call(struct rpc *rpc, node_id to, GBytes *body,
                  struct rpc_patience patience, rpc_done *done, void *self)
{
    nsec now = env_now(rpc->env);
    g_autoptr(GByteArray) payload = g_byte_array_new();
    uint64_t key = GUINT64_TO_BE(patience.key);
    g_byte_array_append(payload, (const uint8_t *)&key, sizeof key);
    size_t size;
    const uint8_t *data = g_bytes_get_data(body, &size);
    g_byte_array_append(payload, data, (unsigned)size);
    struct call call = {.id = rpc->ids += 2,
                        .to = to,
                        .payload = g_bytes_new(payload->data, payload->len),
                        .deadline = now + patience.span,
                        .wait = MIN(rpc->settings.wait, rpc->settings.longest),
                        .done = done,
                        .self = self};
    send_call(rpc, &call, now);
    g_array_append_val(rpc->calls, call);
    set_alarm(rpc, now);
    return call.id;
}

void rpc_cancel(struct rpc *rpc, uint64_t id)
{
    int i = find_call(rpc, id);
    if (i >= 0)
        take_out(rpc, (unsigned)i);
}

/* ---- The server. ---- */

static struct kept *kept_at(struct rpc *rpc, unsigned i)
{
    return &g_array_index(rpc->kept, struct kept, i);
}

static int find_kept(struct rpc *rpc, const struct rpc_request *request)
{
    for (unsigned i = rpc->kept->len; request->key && i-- > 0;)
        if (kept_at(rpc, i)->last.key == request->key &&
            kept_at(rpc, i)->last.from == request->from)
            return (int)i;
    return -1;
}

static void drop_kept(struct rpc *rpc, unsigned i)
{
    g_clear_pointer(&kept_at(rpc, i)->reply, g_bytes_unref);
    g_array_remove_index(rpc->kept, i);
}

nsec rpc_left(const struct rpc *rpc, const struct rpc_request *request)
{
    int i = find_kept((struct rpc *)rpc, request);
    nsec now = env_now(rpc->env), deadline = request->deadline;
    if (i >= 0)
        deadline = kept_at((struct rpc *)rpc, (unsigned)i)->last.deadline;
    return deadline > now ? deadline - now : 0;
}

static void answer(struct rpc *rpc, struct rpc_request request, uint8_t flags,
                   GBytes *body)
{
    if (env_now(rpc->env) < request.deadline)
        post(rpc, request.from,
             (struct frame){.flags = flags, .id = request.id, .deadline = 1},
             body);
}

void rpc_reply(struct rpc *rpc, const struct rpc_request *request, GBytes *body)
{
    int i = find_kept(rpc, request);
    struct kept *kept = i < 0 ? NULL : kept_at(rpc, (unsigned)i);
    if (kept && !kept->reply) {
        size_t size;
        const void *data = g_bytes_get_data(body, &size);
        kept->reply = g_bytes_new(data, size);
    }
    answer(rpc, kept ? kept->last : *request, RPC_REPLY, body);
}

void rpc_refuse(struct rpc *rpc, const struct rpc_request *request,
                const char *why)
{
    int i = find_kept(rpc, request);
    struct rpc_request last =
        i < 0 ? *request : kept_at(rpc, (unsigned)i)->last;
    g_autoptr(GBytes) body = g_bytes_new(why, strlen(why));
    if (i >= 0)
        drop_kept(rpc, (unsigned)i);
    answer(rpc, last, RPC_REFUSAL, body);
}

static void refuse(void *self, const struct rpc_request *request, GBytes *body)
{
    (void)body;
    rpc_refuse(self, request, "");
}

static void on_request(struct rpc *rpc, struct rpc_request request,
                       GBytes *body)
{
    nsec now = env_now(rpc->env);
    while (rpc->kept->len > 0 && kept_at(rpc, 0)->until < now)
        drop_kept(rpc, 0);
    int i = find_kept(rpc, &request);
    if (i >= 0) {
        struct kept *kept = kept_at(rpc, (unsigned)i);
        kept->last = request;
        if (kept->reply)
            answer(rpc, request, RPC_REPLY, kept->reply);
    } else if (request.key && rpc->kept->len == rpc->settings.most)
        rpc_refuse(rpc, &request, "full");
    else {
        struct kept kept = {request, now + rpc->settings.memory, NULL};
        if (request.key)
            g_array_append_val(rpc->kept, kept);
        rpc->serve(rpc->self, &request, body);
    }
}

/* ---- Both. ---- */

static void on_message(void *self, node_id from, GBytes *message)
{
    struct rpc *rpc = self;
    struct frame frame;
    if (!frame_of(message, &frame) || frame.flags > RPC_REFUSAL)
        return;
    if (frame.flags != 0) {
        on_answer(rpc, from, &frame);
        return;
    }
    if (frame.size < 8 || frame.deadline == 0)
        return;
    uint64_t key;
    memcpy(&key, frame.payload, sizeof key);
    g_autoptr(GBytes) body = g_bytes_new(frame.payload + 8, frame.size - 8);
    on_request(rpc,
               (struct rpc_request){from, frame.id, GUINT64_FROM_BE(key),
                                    env_now(rpc->env) + frame.deadline * USEC},
               body);
}

void rpc_serve(struct rpc *rpc, rpc_server *serve, void *self)
{
    rpc->serve = serve;
    rpc->self = self;
}

unsigned rpc_pending(const struct rpc *rpc)
{
    return rpc->calls->len;
}

unsigned rpc_remembered(const struct rpc *rpc)
{
    return rpc->kept->len;
}

struct rpc *rpc_new(struct env *env, struct rpc_settings settings)
{
    struct rpc *rpc = g_new0(struct rpc, 1);
    rpc->env = env;
    rpc->settings = settings;
    if (!settings.wait)
        rpc->settings.wait = SEC / 10;
    if (!settings.longest)
        rpc->settings.longest = 10 * SEC;
    if (!settings.memory)
        rpc->settings.memory = 60 * SEC;
    if (!settings.most)
        rpc->settings.most = 1 << 16;
    rpc->timer = (struct timer){.fire = on_alarm, .self = rpc};
    rpc->calls = g_array_new(FALSE, FALSE, sizeof(struct call));
    rpc->kept = g_array_new(FALSE, FALSE, sizeof(struct kept));
    rpc->ids = env_random(env);
    rpc_serve(rpc, refuse, rpc);
    env_bind(env, on_message, rpc);
    return rpc;
}

void rpc_free(struct rpc *rpc)
{
    env_bind(rpc->env, NULL, NULL);
    env_disarm(rpc->env, &rpc->timer);
    for (unsigned i = 0; i < rpc->calls->len; i++)
        g_bytes_unref(call_at(rpc, i)->payload);
    while (rpc->kept->len > 0)
        drop_kept(rpc, rpc->kept->len - 1);
    g_array_unref(rpc->calls);
    g_array_unref(rpc->kept);
    g_free(rpc);
}

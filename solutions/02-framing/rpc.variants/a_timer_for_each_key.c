/*
 * Everything has a timer of its own: a call, for its next try or its end; and a
 * key, for the moment at which it is forgotten. Calls are a list, keys a tree.
 * An id is a random number, and a wait is counted from the number of the try.
 */
#include "02-framing/rpc.h"
#include <string.h>

struct call {
    struct rpc *rpc;
    uint64_t id, key;
    node_id to;
    unsigned tries;
    GBytes *body;
    nsec deadline;
    struct timer timer;
    rpc_done *done;
    void *self;
};

struct work {
    struct rpc *rpc;
    struct rpc_request first, last;
    enum { BEGUN, DONE } state;
    GByteArray *reply;
    struct timer timer;
};

struct rpc {
    struct env *env;
    nsec wait, longest, memory;
    unsigned most;
    GList *calls;
    GTree *works;
    rpc_server *serve;
    void *self;
};

/* ---- The client. ---- */

static nsec choose_wait(struct rpc *rpc, unsigned try)
{
    nsec whole = rpc->wait;
    for (unsigned n = 1; n < try && whole < rpc->longest; n++)
        whole *= 2;
    whole = MIN(whole, rpc->longest);
    return whole - env_random(rpc->env) % (whole - whole / 2 + 1);
}

static void try_call(struct call *call, nsec left)
{
    size_t size;
    const uint8_t *body = g_bytes_get_data(call->body, &size);
    g_autofree uint8_t *payload = g_malloc(size + 8);
    for (int i = 0; i < 8; i++)
        payload[i] = (uint8_t)(call->key >> (56 - 8 * i));
    if (size > 0)
        memcpy(payload + 8, body, size);
    struct frame frame = {.id = call->id,
                          .deadline = (uint32_t)((left + USEC - 1) / USEC),
                          .payload = payload,
                          .size = size + 8};
    nsec wait = choose_wait(call->rpc, ++call->tries);
    env_arm(call->rpc->env, &call->timer, left < wait ? left : wait);
    g_autoptr(GBytes) message = frame_bytes(&frame);
    env_send(call->rpc->env, call->to, message);
}

static struct call *find_call(struct rpc *rpc, uint64_t id)
{
    for (GList *at = rpc->calls; at; at = at->next)
        if (((struct call *)at->data)->id == id)
            return at->data;
    return NULL;
}

static void drop(struct call *call)
{
    struct rpc *rpc = call->rpc;
    rpc->calls = g_list_remove(rpc->calls, call);
    env_disarm(rpc->env, &call->timer);
    g_bytes_unref(call->body);
    g_free(call);
}

static void finish(struct call *call, enum rpc_outcome outcome, GBytes *body)
{
    rpc_done *done = call->done;
    void *self = call->self;
    drop(call);
    done(self, outcome, body);
}

static void on_timer(void *self)
{
    struct call *call = self;
    nsec now = env_now(call->rpc->env);
    if (now >= call->deadline)
        finish(call, RPC_TIMED_OUT, NULL);
    else
        try_call(call, call->deadline - now);
}

uint64_t rpc_key(struct rpc *rpc)
{
    uint64_t key = env_random(rpc->env);
    return key ? key : 1;
}

uint64_t rpc_call(struct rpc *rpc, node_id to, GBytes *body,
                  struct rpc_patience patience, rpc_done *done, void *self)
{
    struct call *call = g_new0(struct call, 1);
    call->rpc = rpc;
    call->id = env_random(rpc->env);
    call->key = patience.key;
    call->to = to;
    call->body = g_bytes_ref(body);
    call->deadline = env_now(rpc->env) + patience.span;
    call->timer = (struct timer){.fire = on_timer, .self = call};
    call->done = done;
    call->self = self;
    rpc->calls = g_list_prepend(rpc->calls, call);
    try_call(call, patience.span);
    return call->id;
}

void rpc_cancel(struct rpc *rpc, uint64_t id)
{
    struct call *call = find_call(rpc, id);
    if (call)
        drop(call);
}

/* ---- The server. ---- */

static int compare(const void *one, const void *other, void *unused)
{
    const struct rpc_request *a = one, *b = other;
    (void)unused;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->key == b->key ? 0 : a->key < b->key ? -1 : 1;
}

static void free_work(void *value)
{
    struct work *work = value;
    env_disarm(work->rpc->env, &work->timer);
    if (work->reply)
        g_byte_array_unref(work->reply);
    g_free(work);
}

static void on_old(void *self)
{
    struct work *work = self;
    g_tree_remove(work->rpc->works, &work->first);
}

static struct work *find_work(const struct rpc *rpc,
                              const struct rpc_request *request)
{
    return request->key ? g_tree_lookup(rpc->works, request) : NULL;
}

static void begin_work(struct rpc *rpc, const struct rpc_request *request)
{
    struct work *work = g_new0(struct work, 1);
    work->rpc = rpc;
    work->first = work->last = *request;
    work->timer = (struct timer){.fire = on_old, .self = work};
    env_arm(rpc->env, &work->timer, rpc->memory);
    g_tree_insert(rpc->works, &work->first, work);
}

static void say(struct rpc *rpc, const struct rpc_request *request,
                struct frame frame)
{
    if (request->deadline <= env_now(rpc->env))
        return;
    frame.id = request->id;
    g_autoptr(GBytes) message = frame_bytes(&frame);
    env_send(rpc->env, request->from, message);
}

static void say_reply(struct work *work)
{
    say(work->rpc, &work->last,
        (struct frame){.flags = RPC_REPLY,
                       .payload = work->reply->data,
                       .size = work->reply->len});
}

void rpc_reply(struct rpc *rpc, const struct rpc_request *request, GBytes *body)
{
    struct work *work = find_work(rpc, request);
    size_t size;
    const void *data = g_bytes_get_data(body, &size);
    if (!work) {
        say(rpc, request,
            (struct frame){.flags = RPC_REPLY, .payload = data, .size = size});
    } else if (work->state == BEGUN) {
        work->state = DONE;
        work->reply = g_byte_array_new();
        g_byte_array_append(work->reply, data, (unsigned)size);
        say_reply(work);
    }
}

void rpc_refuse(struct rpc *rpc, const struct rpc_request *request,
                const char *why)
{
    struct work *work = find_work(rpc, request);
    struct rpc_request last = work ? work->last : *request;
    if (work)
        g_tree_remove(rpc->works, request);
    say(rpc, &last,
        (struct frame){.flags = RPC_REFUSAL,
                       .payload = (const uint8_t *)why,
                       .size = strlen(why)});
}

nsec rpc_left(const struct rpc *rpc, const struct rpc_request *request)
{
    const struct work *work = find_work(rpc, request);
    nsec end = work ? work->last.deadline : request->deadline;
    nsec now = env_now(rpc->env);
    return now < end ? end - now : 0;
}

static void on_request(struct rpc *rpc, const struct rpc_request *request,
                       GBytes *body)
{
    struct work *work = find_work(rpc, request);
    if (work) {
        work->last = *request;
        if (work->state == DONE)
            say_reply(work);
    } else if (!rpc->serve) {
        rpc_refuse(rpc, request, "no service");
    } else if (!request->key) {
        rpc->serve(rpc->self, request, body);
    } else if (rpc_remembered(rpc) == rpc->most) {
        rpc_refuse(rpc, request, "later");
    } else {
        begin_work(rpc, request);
        rpc->serve(rpc->self, request, body);
    }
}

/* ---- Both. ---- */

static void take_request(struct rpc *rpc, node_id from,
                         const struct frame *frame)
{
    if (frame->size < 8 || !frame->deadline)
        return;
    struct rpc_request request = {.from = from, .id = frame->id};
    for (int i = 0; i < 8; i++)
        request.key = request.key << 8 | frame->payload[i];
    request.deadline = env_now(rpc->env) + frame->deadline * USEC;
    g_autoptr(GBytes) body = g_bytes_new(frame->payload + 8, frame->size - 8);
    on_request(rpc, &request, body);
}

static void take_answer(struct rpc *rpc, node_id from,
                        const struct frame *frame)
{
    struct call *call = find_call(rpc, frame->id);
    g_autoptr(GBytes) body = g_bytes_new(frame->payload, frame->size);
    if (call && call->to == from)
        finish(call, frame->flags == RPC_REPLY ? RPC_DONE : RPC_REFUSED, body);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct frame frame;
    if (!frame_of(message, &frame))
        return;
    if (frame.flags == 0)
        take_request(self, from, &frame);
    else if (frame.flags <= RPC_REFUSAL)
        take_answer(self, from, &frame);
}

void rpc_serve(struct rpc *rpc, rpc_server *serve, void *self)
{
    rpc->serve = serve;
    rpc->self = self;
}

unsigned rpc_pending(const struct rpc *rpc)
{
    return g_list_length(rpc->calls);
}

unsigned rpc_remembered(const struct rpc *rpc)
{
    return (unsigned)g_tree_nnodes(rpc->works);
}

struct rpc *rpc_new(struct env *env, struct rpc_settings settings)
{
    struct rpc *rpc = g_new0(struct rpc, 1);
    rpc->env = env;
    rpc->wait = settings.wait ? settings.wait : 100 * MSEC;
    rpc->longest = settings.longest ? settings.longest : 10 * SEC;
    rpc->memory = settings.memory ? settings.memory : 60 * SEC;
    rpc->most = settings.most ? settings.most : 65536;
    rpc->works = g_tree_new_full(compare, NULL, NULL, free_work);
    env_bind(env, on_message, rpc);
    return rpc;
}

void rpc_free(struct rpc *rpc)
{
    env_bind(rpc->env, NULL, NULL);
    while (rpc->calls)
        drop(rpc->calls->data);
    g_tree_destroy(rpc->works);
    g_free(rpc);
}

/*
 *     client                              server
 *     calls: id -> call                   served: (from, key) -> what was said
 *       request, id, key   ------------->   not there: serve it
 *       again, same id     ------------->   there: say it again
 *       <------------- reply, id
 *     not there (late, or twice): dropped
 *
 * Both tables are bounded: a call is in `calls` until its deadline, a key in
 * `served` for settings.memory. Since all keys live equally long, the oldest
 * are at the head of a queue, and are forgotten when a request comes.
 */
#include "02-framing/rpc.h"
#include "common/course/todo.h"
#include <string.h>

struct call {
    struct rpc *rpc;
    uint64_t id, key;
    node_id to;
    GBytes *body;
    nsec deadline;
    nsec wait; /* Before the next try, jitter left out. */
    struct timer timer;
    rpc_done *done;
    void *self;
};

struct served {
    struct rpc_request newest; /* Its from and key are those of all. */
    nsec since;
    GBytes *reply; /* NULL: not yet. */
    GList *place;  /* In the queue. */
};

struct rpc {
    struct env *env;
    struct rpc_settings settings;
    GHashTable *calls; /* By id. */
    uint64_t last_id;
    rpc_server *serve;
    void *self;
    GTree *served; /* By from and key. */
    GQueue oldest; /* The same, the oldest first. */
};

/* ---- On the wire. ---- */

static void send_frame(struct rpc *rpc, node_id to, const struct frame *frame)
{
    g_autoptr(GBytes) message = frame_bytes(frame);
    env_send(rpc->env, to, message);
}

static void send_request(struct call *call, nsec left)
{
    /* SOLUTION: the key and the body, in a frame with the call's id and the
     * time that is left, in microseconds, at least one. */
    struct wire_writer out = {.most = SIZE_MAX};
    wire_put_u64(&out, call->key);
    size_t size;
    const void *body = g_bytes_get_data(call->body, &size);
    wire_put_raw(&out, body, size);
    send_frame(call->rpc, call->to,
               &(struct frame){.id = call->id,
                               .deadline = (uint32_t)MAX(left / USEC, 1),
                               .payload = out.data,
                               .size = out.size});
    wire_clear(&out);
    /* END SOLUTION: (void)call, (void)todo(left); */
}

/* ---- The client. ---- */

static void forget_call(void *value)
{
    struct call *call = value;
    env_disarm(call->rpc->env, &call->timer);
    g_bytes_unref(call->body);
    g_free(call);
}

/* First it is over, then they are told: they may call again at once. */
static void end_call(struct call *call, enum rpc_outcome outcome, GBytes *body)
{
    /* SOLUTION: take it out of the table, forget it, and call done. */
    rpc_done *done = call->done;
    void *self = call->self;
    g_hash_table_remove(call->rpc->calls, &call->id);
    done(self, outcome, body);
    /* END SOLUTION: (void)call, (void)outcome, (void)todo(body); */
}

/* Send it, and wait: for a part of the back-off, but not beyond the deadline.
 * The time that is left was read once: a clock may go on meanwhile. */
static void attempt(struct call *call, nsec left)
{
    /* SOLUTION: see "The client" in rpc.h. */
    struct env *env = call->rpc->env;
    send_request(call, left);
    nsec half = call->wait / 2;
    nsec wait = call->wait - half + env_random(env) % (half + 1);
    env_arm(env, &call->timer, MIN(wait, left));
    call->wait = MIN(2 * call->wait, call->rpc->settings.longest);
    /* END SOLUTION: (void)call, (void)todo(left); */
}

static void on_wait_over(void *self)
{
    /* SOLUTION: another attempt, or the end. */
    struct call *call = self;
    nsec now = env_now(call->rpc->env);
    if (now < call->deadline)
        attempt(call, call->deadline - now);
    else
        end_call(call, RPC_TIMED_OUT, NULL);
    /* END SOLUTION: (void)todo(self); */
}

static void on_answer(struct rpc *rpc, node_id from, const struct frame *frame)
{
    /* SOLUTION: which call does it end, and how? */
    struct call *call = g_hash_table_lookup(rpc->calls, &frame->id);
    if (!call || call->to != from)
        return; /* Late, or for the second time, or from somebody else. */
    g_autoptr(GBytes) body = g_bytes_new(frame->payload, frame->size);
    end_call(call, frame->flags == RPC_REPLY ? RPC_DONE : RPC_REFUSED, body);
    /* END SOLUTION: (void)rpc, (void)from, (void)todo(frame); */
}

uint64_t rpc_key(struct rpc *rpc)
{
    return env_random(rpc->env) | 1;
}

uint64_t rpc_call(struct rpc *rpc, node_id to, GBytes *body,
                  struct rpc_patience patience, rpc_done *done, void *self)
{
    g_assert(patience.span >= USEC && patience.span <= UINT32_MAX * USEC);
    struct call *call = g_new0(struct call, 1);
    *call =
        (struct call){.rpc = rpc,
                      .id = ++rpc->last_id,
                      .key = patience.key,
                      .to = to,
                      .body = g_bytes_ref(body),
                      .deadline = env_now(rpc->env) + patience.span,
                      .wait = MIN(rpc->settings.wait, rpc->settings.longest),
                      .timer = {.fire = on_wait_over, .self = call},
                      .done = done,
                      .self = self};
    g_hash_table_insert(rpc->calls, &call->id, call);
    attempt(call, patience.span);
    return call->id;
}

void rpc_cancel(struct rpc *rpc, uint64_t id)
{
    g_hash_table_remove(rpc->calls, &id);
}

/* ---- The server. ---- */

/* By node and key. Others choose the keys: a tree stays fast whatever they
 * choose, while in a table of hashes they could all fall on one place. */
static int compare(const void *one, const void *other, void *unused)
{
    const struct rpc_request *a = one, *b = other;
    (void)unused;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->key < b->key ? -1 : a->key > b->key;
}

/* What is known of the key; NULL: nothing, or there is none. */
static struct served *find(const struct rpc *rpc,
                           const struct rpc_request *request)
{
    return request->key ? g_tree_lookup(rpc->served, request) : NULL;
}

static void remember(struct rpc *rpc, const struct rpc_request *request)
{
    struct served *served = g_new0(struct served, 1);
    served->newest = *request;
    served->since = env_now(rpc->env);
    g_queue_push_tail(&rpc->oldest, served);
    served->place = rpc->oldest.tail;
    g_tree_insert(rpc->served, &served->newest, served);
}

static void forget(struct rpc *rpc, struct served *served)
{
    g_tree_remove(rpc->served, &served->newest);
    g_queue_delete_link(&rpc->oldest, served->place);
    g_clear_pointer(&served->reply, g_bytes_unref);
    g_free(served);
}

static void forget_old(struct rpc *rpc)
{
    /* SOLUTION: those whose first request came longer than settings.memory
     * ago. */
    struct served *served;
    while ((served = g_queue_peek_head(&rpc->oldest)) &&
           env_now(rpc->env) - served->since > rpc->settings.memory)
        forget(rpc, served);
    /* END SOLUTION: (void)todo(rpc); */
}

nsec rpc_left(const struct rpc *rpc, const struct rpc_request *request)
{
    const struct served *served = find(rpc, request);
    nsec deadline = served ? served->newest.deadline : request->deadline;
    nsec now = env_now(rpc->env);
    return deadline > now ? deadline - now : 0;
}

/* To whom waits for it; behind the deadline nobody does. */
static void answer(struct rpc *rpc, const struct rpc_request *request,
                   uint8_t flags, GBytes *body)
{
    if (rpc_left(rpc, request) == 0)
        return;
    struct frame frame = {.flags = flags, .id = request->id};
    frame.payload = g_bytes_get_data(body, &frame.size);
    send_frame(rpc, request->from, &frame);
}

void rpc_reply(struct rpc *rpc, const struct rpc_request *request, GBytes *body)
{
    /* SOLUTION: if it has a key, remember the reply; then answer the newest
     * request of that key. */
    struct served *served = find(rpc, request);
    if (served && !served->reply)
        served->reply = g_bytes_ref(body);
    answer(rpc, served ? &served->newest : request, RPC_REPLY, body);
    /* END SOLUTION: (void)rpc, (void)request, (void)todo(body); */
}

void rpc_refuse(struct rpc *rpc, const struct rpc_request *request,
                const char *why)
{
    g_autoptr(GBytes) body = g_bytes_new(why, strlen(why));
    struct served *served = find(rpc, request);
    struct rpc_request newest = served ? served->newest : *request;
    if (served)
        forget(rpc, served);
    answer(rpc, &newest, RPC_REFUSAL, body);
}

/* Serve it, unless that was done before. */
static void admit(struct rpc *rpc, const struct rpc_request *request,
                  GBytes *body)
{
    /* SOLUTION: see "The server" in rpc.h. Old keys are forgotten first. A key
     * that is known is not served again: its newest request is now this one,
     * and gets the reply, if there is one. Else it is remembered, or
     * refused. */
    forget_old(rpc);
    struct served *served = find(rpc, request);
    if (served) {
        served->newest = *request;
        if (served->reply)
            answer(rpc, request, RPC_REPLY, served->reply);
        return;
    }
    if (request->key && rpc_remembered(rpc) >= rpc->settings.most) {
        rpc_refuse(rpc, request, "too many keys to remember");
        return;
    }
    if (request->key)
        remember(rpc, request);
    rpc->serve(rpc->self, request, body);
    /* END SOLUTION: (void)rpc, (void)request, (void)todo(body); */
}

static void refuse_all(void *self, const struct rpc_request *request,
                       GBytes *body)
{
    (void)body;
    rpc_refuse(self, request, "nobody serves here");
}

/* ---- Both. ---- */

static void on_request(struct rpc *rpc, node_id from, const struct frame *frame)
{
    struct wire_reader in = wire_read(frame->payload, frame->size);
    struct rpc_request request = {.from = from,
                                  .id = frame->id,
                                  .key = wire_get_u64(&in),
                                  .deadline = env_now(rpc->env) +
                                              frame->deadline * USEC};
    g_autoptr(GBytes) body = g_bytes_new(in.next, in.left);
    if (!in.failed && frame->deadline > 0)
        admit(rpc, &request, body);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct rpc *rpc = self;
    struct frame frame;
    if (!frame_of(message, &frame))
        return; /* A farewell, or nonsense. */
    if (frame.flags == 0)
        on_request(rpc, from, &frame);
    else if (frame.flags == RPC_REPLY || frame.flags == RPC_REFUSAL)
        on_answer(rpc, from, &frame);
}

void rpc_serve(struct rpc *rpc, rpc_server *serve, void *self)
{
    rpc->serve = serve;
    rpc->self = self;
}

unsigned rpc_pending(const struct rpc *rpc)
{
    return g_hash_table_size(rpc->calls);
}

unsigned rpc_remembered(const struct rpc *rpc)
{
    return (unsigned)g_tree_nnodes(rpc->served);
}

/* ---- Life. ---- */

struct rpc *rpc_new(struct env *env, struct rpc_settings settings)
{
    struct rpc *rpc = g_new0(struct rpc, 1);
    rpc->env = env;
    rpc->settings = (struct rpc_settings){
        .wait = settings.wait ? settings.wait : 100 * MSEC,
        .longest = settings.longest ? settings.longest : 10 * SEC,
        .memory = settings.memory ? settings.memory : 60 * SEC,
        .most = settings.most ? settings.most : 65536};
    rpc->calls =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, forget_call);
    rpc->last_id = env_random(env);
    rpc->served = g_tree_new_full(compare, NULL, NULL, NULL);
    rpc_serve(rpc, refuse_all, rpc);
    env_bind(env, on_message, rpc);
    return rpc;
}

void rpc_free(struct rpc *rpc)
{
    env_bind(rpc->env, NULL, NULL);
    g_hash_table_unref(rpc->calls);
    while (!g_queue_is_empty(&rpc->oldest))
        forget(rpc, g_queue_peek_head(&rpc->oldest));
    g_tree_unref(rpc->served);
    g_free(rpc);
}

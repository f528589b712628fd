/*
 *     message --> guest->runs --> serve --> reply --> out --> env_send
 *                                   |
 *                                 parked: the rest of the runs waits
 *
 * A reply is written on a page of its own, as long as a message may be. It
 * joins those in `out` if both together are no longer than that; else these
 * leave first.
 */
#include "02-framing/door/desk.h"

enum { OUT_MOST = 1 << 16 }; /* Bytes of replies after which they are sent. */

/* A client. */
struct guest {
    struct session session;
    GQueue runs; /* GBytes. */
    size_t waiting;
    size_t at; /* Where the next command begins, in the first of them. */
    bool parked;
    GByteArray *kept; /* A transaction's commands; NULL: there is none. */
    size_t count;     /* So many. */
    bool spoilt;      /* Too many: it cannot be served. */
};

struct desk {
    struct env *env;
    struct desk_service service;
    struct session_server server;
    GHashTable *guests; /* By session.id. */
    GArray *ready;      /* node_id: who was answered, and may have more. */
    struct timer soon;
    GArray *words;            /* struct word, of the command being served. */
    size_t kept;              /* Bytes of all transactions. */
    struct wire_writer reply; /* To the command that is served. */
    struct wire_writer out;   /* Replies of this guest that have not left. */
};

static struct guest *guest_of(const struct desk *desk, node_id client)
{
    return g_hash_table_lookup(desk->guests, &client);
}

static void guest_free(void *data)
{
    struct guest *guest = data;
    while (!g_queue_is_empty(&guest->runs))
        g_bytes_unref(g_queue_pop_head(&guest->runs));
    session_clear(&guest->session);
    g_clear_pointer(&guest->kept, g_byte_array_unref);
    g_free(guest);
}

static struct guest *need_guest(struct desk *desk, node_id client)
{
    struct guest *guest = guest_of(desk, client);
    if (!guest) {
        guest = g_new0(struct guest, 1);
        guest->session = (struct session){.id = client, .version = RESP2};
        g_hash_table_insert(desk->guests, &guest->session.id, guest);
    }
    return guest;
}

/* ---- Replies. ---- */

static void send_out(struct desk *desk, node_id client)
{
    if (desk->out.size == 0)
        return;
    g_autoptr(GBytes) message = g_bytes_new(desk->out.data, desk->out.size);
    desk->out.size = 0; /* Its memory stays, for the next. */
    if (desk->out.capacity > 4 * OUT_MOST)
        wire_clear(&desk->out);
    env_send(desk->env, client, message);
}

/* The reply is written. Whatever the command did is done, even if nobody can be
 * told all of it. */
static void add_reply(struct desk *desk, node_id client)
{
    struct wire_writer *reply = &desk->reply;
    if (reply->failed) {
        reply->failed = false;
        reply->size = 0;
        resp_put_error(reply, "ERR the reply is too long");
    }
    if (desk->out.size + reply->size > desk->env->most)
        send_out(desk, client);
    wire_put_raw(&desk->out, reply->data, reply->size);
    reply->size = 0;
    if (reply->capacity > OUT_MOST)
        wire_clear(reply);
    if (desk->out.size >= OUT_MOST)
        send_out(desk, client);
}

/* ---- One command. ---- */

static struct command make_command(struct desk *desk, const struct guest *guest)
{
    return (struct command){.client = guest->session.id,
                            .version = guest->session.version,
                            .count = desk->words->len,
                            .words = (const void *)desk->words->data};
}

/* In a transaction, or by itself: then it may be parked. */
static enum desk_outcome serve(struct desk *desk, struct guest *guest,
                               const struct command *command, bool parks)
{
    struct wire_writer *reply = &desk->reply;
    enum desk_outcome outcome =
        desk->service.serve(desk->service.self, command, reply, parks);
    g_assert(parks || outcome != DESK_PARKED);
    if (outcome == DESK_UNKNOWN &&
        !session_answer(&guest->session, &desk->server, command, reply))
        put_unknown(reply, command);
    return outcome;
}

/* ---- Transactions. ---- */

static void forget_transaction(struct desk *desk, struct guest *guest)
{
    desk->kept -= guest->kept ? guest->kept->len : 0;
    g_clear_pointer(&guest->kept, g_byte_array_unref);
    guest->count = 0;
    guest->spoilt = false;
}

static void keep(struct desk *desk, struct guest *guest, const char *data,
                 size_t size)
{
    if (guest->kept->len + size > DESK_MOST || desk->kept + size > DESK_ALL) {
        guest->spoilt = true;
        resp_put_error(&desk->reply, "ERR the transaction is too long");
        return;
    }
    desk->kept += size;
    g_byte_array_append(guest->kept, (const uint8_t *)data, (guint)size);
    guest->count++;
    resp_put_simple(&desk->reply, "QUEUED");
}

static void execute(struct desk *desk, struct guest *guest)
{
    g_autoptr(GByteArray) kept = g_byte_array_ref(guest->kept);
    size_t at = 0, count = guest->count;
    bool spoilt = guest->spoilt;
    forget_transaction(desk, guest);
    if (spoilt) {
        resp_put_error(&desk->reply, "EXECABORT the transaction was too long");
        return;
    }
    resp_put_array(&desk->reply, count);
    while (at < kept->len) {
        at += command_read((const char *)kept->data + at, kept->len - at,
                           desk->words);
        struct command command = make_command(desk, guest);
        serve(desk, guest, &command, false);
    }
}

/* MULTI, EXEC and DISCARD. Returns whether it was one of them. */
static bool manage_transaction(struct desk *desk, struct guest *guest,
                               const struct command *command)
{
    struct word name = command->words[0];
    bool multi = word_is(name, "MULTI"), exec = word_is(name, "EXEC");
    bool discard = word_is(name, "DISCARD");
    if (!multi && !exec && !discard)
        return false;
    if (command->count > 1) {
        put_wrong_count(&desk->reply, command);
    } else if (multi == (guest->kept != NULL)) {
        resp_put_error(&desk->reply, multi ? "ERR MULTI calls can not be nested"
                                     : exec ? "ERR EXEC without MULTI"
                                            : "ERR DISCARD without MULTI");
    } else if (exec) {
        execute(desk, guest);
    } else {
        forget_transaction(desk, guest);
        guest->kept = multi ? g_byte_array_new() : NULL;
        resp_put_simple(&desk->reply, "OK");
    }
    return true;
}

static bool ends_transaction(const struct command *command)
{
    return word_is(command->words[0], "RESET") ||
           word_is(command->words[0], "QUIT");
}

/* ---- A run of them. ---- */

/* The command that was read at @p data. Returns whether it is answered. */
static bool serve_at(struct desk *desk, struct guest *guest, const char *data,
                     size_t size)
{
    struct command command = make_command(desk, guest);
    if (command.count == 0)
        return true;
    if (ends_transaction(&command))
        forget_transaction(desk, guest);
    if (manage_transaction(desk, guest, &command))
        return true;
    if (guest->kept) {
        keep(desk, guest, data, size);
        return true;
    }
    return serve(desk, guest, &command, true) != DESK_PARKED;
}

/* Serve the first run. Returns whether it is done. */
static bool serve_run(struct desk *desk, struct guest *guest)
{
    size_t size;
    const char *data = g_bytes_get_data(g_queue_peek_head(&guest->runs), &size);
    while (guest->at < size && !guest->parked) {
        const char *next = data + guest->at;
        size_t used = command_read(next, size - guest->at, desk->words);
        if (used == 0)
            return true; /* No door sends such a thing. */
        guest->parked = !serve_at(desk, guest, next, used);
        guest->at += used;
        if (!guest->parked)
            add_reply(desk, guest->session.id);
    }
    return guest->at == size;
}

static void serve_guest(struct desk *desk, struct guest *guest)
{
    while (!guest->parked && !g_queue_is_empty(&guest->runs) &&
           serve_run(desk, guest)) {
        GBytes *run = g_queue_pop_head(&guest->runs);
        guest->waiting -= g_bytes_get_size(run);
        guest->at = 0;
        g_bytes_unref(run);
    }
    send_out(desk, guest->session.id);
}

/* ---- What the owner calls. ---- */

static void farewell(struct desk *desk, node_id client)
{
    struct guest *guest = guest_of(desk, client);
    if (!guest)
        return;
    forget_transaction(desk, guest);
    g_hash_table_remove(desk->guests, &client);
    if (desk->service.left)
        desk->service.left(desk->service.self, client);
}

void desk_take(struct desk *desk, node_id from, GBytes *message)
{
    size_t size = g_bytes_get_size(message);
    if (size == 0) {
        farewell(desk, from);
        return;
    }
    struct guest *guest = need_guest(desk, from);
    if (guest->waiting > 0 && guest->waiting + size > DESK_MOST)
        return;
    g_queue_push_tail(&guest->runs, g_bytes_ref(message));
    guest->waiting += size;
    serve_guest(desk, guest);
}

void desk_answer(struct desk *desk, node_id client, const void *reply,
                 size_t size)
{
    struct guest *guest = guest_of(desk, client);
    if (!guest || !guest->parked)
        return;
    g_autoptr(GBytes) message = g_bytes_new(reply, size);
    env_send(desk->env, client, message);
    guest->parked = false;
    g_array_append_val(desk->ready, client);
    env_arm(desk->env, &desk->soon, 0);
}

/* Those who were answered go on: not before, since whoever answers them may
 * stand in the middle of serving another. */
static void on_soon(void *self)
{
    struct desk *desk = self;
    g_autoptr(GArray) ready = desk->ready;
    desk->ready = g_array_new(FALSE, FALSE, sizeof(node_id));
    for (unsigned i = 0; i < ready->len; i++) {
        struct guest *guest = guest_of(desk, g_array_index(ready, node_id, i));
        if (guest)
            serve_guest(desk, guest);
    }
}

unsigned desk_clients(const struct desk *desk)
{
    return g_hash_table_size(desk->guests);
}

/* ---- Life. ---- */

struct desk *desk_new(struct env *env, struct desk_service service)
{
    struct desk *desk = g_new0(struct desk, 1);
    desk->env = env;
    desk->service = service;
    desk->server =
        (struct session_server){service.name, service.info, service.self};
    desk->guests =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, guest_free);
    desk->ready = g_array_new(FALSE, FALSE, sizeof(node_id));
    desk->soon = (struct timer){.fire = on_soon, .self = desk};
    desk->words = g_array_new(FALSE, FALSE, sizeof(struct word));
    desk->reply.most = desk->out.most = env->most;
    return desk;
}

void desk_free(struct desk *desk)
{
    env_disarm(desk->env, &desk->soon);
    g_hash_table_unref(desk->guests);
    g_array_unref(desk->ready);
    g_array_unref(desk->words);
    wire_clear(&desk->reply);
    wire_clear(&desk->out);
    g_free(desk);
}

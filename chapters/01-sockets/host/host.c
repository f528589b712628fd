/*
 * The nine verbs, and a turn:
 *
 *     ready: datagrams in -. letters to oneself -. timers -. end of the turn:
 *                                                          | flush what may leave
 *                                                          | sync, if written
 *                                                          ' flush the rest
 *
 * What may leave goes before the sync, so that the disks of several machines
 * work at the same time. With a disk thread the sync runs beside later turns,
 * and what waits for it leaves at the end of one of those.
 */
#include "01-sockets/host/host.h"
#include "01-sockets/host/datagrams.h"
#include "common/world/clock.h"
#include "common/world/trace.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

struct letter {
    uint64_t stamp;
    GBytes *message;
};

struct host {
    struct env env;
    struct loop *loop;
    struct store *store; /* NULL: it can keep nothing. */
    struct gate gate;
    struct watch synced;         /* The disk thread is done. */
    struct datagrams *datagrams; /* NULL until host_bind(). */
    GQueue letters;              /* struct letter: messages to oneself. */
    struct timer home;           /* Armed when the first of them may arrive. */
    FILE *trace;
};

static struct host *host_of(struct env *env)
{
    return (struct host *)env;
}

static struct trace_line line_of(const struct host *host, const char *event,
                                 node_id peer)
{
    return (struct trace_line){.time = clock_monotonic(),
                               .node = host->env.id,
                               .event = event,
                               .peer = peer};
}

static void record(const struct host *host, const char *event, const char *text)
{
    if (host->trace)
        trace_write(host->trace, line_of(host, event, 0), text);
}

/* ---- Messages to oneself. ---- */

static bool has_letter(const struct host *host)
{
    const struct letter *first = g_queue_peek_head((GQueue *)&host->letters);
    return first && gate_passes(&host->gate, first->stamp);
}

/* To arm it again would move it back, behind what was armed since. */
static void call_home(struct host *host)
{
    if (has_letter(host) && host->home.place == 0)
        loop_arm(host->loop, &host->home, 0);
}

static void letter_free(void *data)
{
    struct letter *letter = data;
    g_bytes_unref(letter->message);
    g_free(letter);
}

static void deliver(struct host *host, node_id from, GBytes *message)
{
    if (host->trace)
        trace_message(host->trace, line_of(host, "receive", from), message);
    env_deliver(&host->env, from, message);
}

/* Those that a letter causes come in the next turn. */
static void on_home(void *self)
{
    struct host *host = self;
    for (unsigned left = host->letters.length; left > 0; left--) {
        if (!has_letter(host))
            break;
        struct letter *letter = g_queue_pop_head(&host->letters);
        deliver(host, host->env.id, letter->message);
        letter_free(letter);
    }
    call_home(host);
}

static void write_home(struct host *host, GBytes *message)
{
    struct letter *letter = g_new(struct letter, 1);
    letter->stamp = gate_stamp(&host->gate);
    letter->message = g_bytes_ref(message);
    g_queue_push_tail(&host->letters, letter);
    call_home(host);
}

/* ---- The nine verbs. ---- */

static nsec host_now(struct env *env)
{
    (void)env;
    return clock_monotonic();
}

static void host_send(struct env *env, node_id to, GBytes *message)
{
    struct host *host = host_of(env);
    if (host->trace)
        trace_message(host->trace, line_of(host, "send", to), message);
    if (to == env->id)
        write_home(host, message);
    else if (host->datagrams)
        datagrams_send(host->datagrams, to, message);
}

static void host_arm(struct env *env, struct timer *timer, nsec delay)
{
    loop_arm(host_of(env)->loop, timer, delay);
}

static void host_disarm(struct env *env, struct timer *timer)
{
    loop_disarm(host_of(env)->loop, timer);
}

static void need_store(const struct host *host)
{
    if (!host->store)
        g_error("host %d was given no directory to keep things in",
                (int)host->env.id);
}

static struct store *store_to_write(struct host *host, const char *event,
                                    const char *key)
{
    need_store(host);
    record(host, event, key);
    gate_write(&host->gate);
    return host->store;
}

static void host_persist(struct env *env, const char *key, GBytes *value)
{
    store_persist(store_to_write(host_of(env), "persist", key), key, value);
}

static void host_append(struct env *env, const char *key, GBytes *bytes)
{
    store_append(store_to_write(host_of(env), "append", key), key, bytes);
}

static GBytes *host_recall(struct env *env, const char *key)
{
    need_store(host_of(env));
    return store_recall(host_of(env)->store, key);
}

static uint64_t host_random(struct env *env)
{
    uint64_t bits;
    (void)env;
    if (getrandom(&bits, sizeof bits, 0) != sizeof bits)
        g_error("getrandom: %s", g_strerror(errno));
    return bits;
}

static void host_note(struct env *env, const char *format, va_list arguments)
{
    struct host *host = host_of(env);
    if (host->trace)
        trace_note(host->trace, line_of(host, "note", 0), format, arguments);
}

static const struct env_ops host_ops = {
    .now = host_now,
    .send = host_send,
    .arm = host_arm,
    .disarm = host_disarm,
    .persist = host_persist,
    .append = host_append,
    .recall = host_recall,
    .random = host_random,
    .note = host_note,
};

/* ---- The end of a turn. ---- */

static void finish_sync(struct host *host)
{
    gate_finish(&host->gate);
    record(host, "synced", NULL);
    call_home(host);
}

static void on_synced(void *self, uint32_t events)
{
    struct host *host = self;
    (void)events;
    store_synced(host->store);
    finish_sync(host);
}

static void end_turn(void *self)
{
    struct host *host = self;
    loop_flush(host->loop);
    if (!gate_wants_sync(&host->gate))
        return;
    gate_start(&host->gate);
    if (!store_sync(host->store))
        return; /* on_synced() will finish it. */
    finish_sync(host);
    loop_flush(host->loop);
}

/* ---- Datagrams. ---- */

static void on_datagram(void *self, node_id from, GBytes *message)
{
    deliver(self, from, message);
}

int host_bind(struct host *host, const struct address *address)
{
    g_assert(!host->datagrams);
    host->datagrams = datagrams_new(host->loop, &host->gate, address);
    if (!host->datagrams)
        return -1;
    datagrams_bind(host->datagrams, on_datagram, host);
    return 0;
}

struct address host_address(const struct host *host)
{
    g_assert(host->datagrams);
    return datagrams_address(host->datagrams);
}

void host_meet(struct host *host, node_id id, const struct address *address)
{
    g_assert(host->datagrams);
    datagrams_meet(host->datagrams, id, address);
}

void host_welcome(struct host *host, unsigned most)
{
    g_assert(host->datagrams);
    datagrams_welcome(host->datagrams, most);
}

void host_keep(struct host *host, node_id id)
{
    g_assert(host->datagrams);
    datagrams_keep(host->datagrams, id);
}

uint64_t host_strangers(const struct host *host)
{
    return host->datagrams ? datagrams_strangers(host->datagrams) : 0;
}

/* ---- Life. ---- */

static void open_store(struct host *host, struct store_settings settings)
{
    host->store = store_new(settings);
    host->synced.fd = store_fd(host->store);
    host->synced.ready = on_synced;
    host->synced.self = host;
    loop_watch(host->loop, &host->synced, EPOLLIN);
}

struct host *host_new(struct host_settings settings)
{
    struct host *host = g_new0(struct host, 1);
    host->env = (struct env){
        .ops = &host_ops, .id = settings.id, .most = DATAGRAM_MOST};
    host->trace = settings.trace;
    host->loop = loop_new();
    loop_on_end(host->loop, end_turn, host);
    host->home = (struct timer){.fire = on_home, .self = host};
    if (settings.store.dir)
        open_store(host, settings.store);
    return host;
}

struct env *host_env(struct host *host)
{
    return &host->env;
}

struct loop *host_loop(struct host *host)
{
    return host->loop;
}

struct gate *host_gate(struct host *host)
{
    return &host->gate;
}

void host_free(struct host *host)
{
    g_queue_clear_full(&host->letters, letter_free);
    g_clear_pointer(&host->datagrams, datagrams_free);
    g_clear_pointer(&host->store, store_free);
    loop_free(host->loop);
    g_free(host);
}

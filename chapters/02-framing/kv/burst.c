#include "02-framing/kv/burst.h"
#include "01-sockets/dial.h"
#include "02-framing/resp_writer.h"
#include "common/world/clock.h"
#include "common/world/dice.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 18, BATCH = 64, PIECES = 64, FILLED = 500 };
#define PATIENCE (10 * SEC)

/* One connection. What it reads stands in `room`, up to `filled`. */
struct wire {
    int fd;
    struct resp *resp;
    size_t filled;
    uint8_t room[ROOM];
};

/* A client, whose pieces are written beforehand. */
struct gun {
    struct wire wire;
    GBytes *pieces[PIECES]; /* Sent in turn. */
    unsigned next;
    size_t sent;    /* Bytes of the piece under way. */
    unsigned lacks; /* Answers to it. */
};

struct burst {
    struct burst_plan plan;
    struct gun *guns;
    int epoll;
    uint64_t answered;
    GError **error;
};

#define BURST_ERROR g_quark_from_static_string("burst")

static bool fail(GError **error, const char *what, const char *why)
{
    if (error && !*error)
        g_set_error(error, BURST_ERROR, 0, "%s: %s", what, why);
    return false;
}

/* ---- A connection. ---- */

static bool wire_open(struct wire *wire, const struct address *address,
                      GError **error)
{
    g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof *address);
    g_array_append_val(to, *address);
    wire->resp = resp_new((struct resp_limits){0});
    wire->fd = dial(to, clock_monotonic() + PATIENCE);
    return wire->fd >= 0 || fail(error, "no connection", g_strerror(errno));
}

static void wire_close(struct wire *wire)
{
    if (wire->fd > 0)
        close(wire->fd);
    g_clear_pointer(&wire->resp, resp_free);
}

/* Read once, and count the answers that are whole, at most @p most; -1: it is
 * over. The last of them is in resp_items(), its bytes still in `room`. */
static int wire_take(struct wire *wire, unsigned most, GError **error)
{
    unsigned count = 0;
    size_t at = 0;
    ssize_t used = 0;
    ssize_t got = recv(wire->fd, wire->room + wire->filled, ROOM - wire->filled,
                       MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got <= 0) {
        fail(error, "the server", got ? g_strerror(errno) : "it hung up");
        return -1;
    }
    wire->filled += (size_t)got;
    while (count < most && at < wire->filled &&
           (used = resp_parse(wire->resp, wire->room + at, wire->filled - at)) >
               0) {
        if (resp_items(wire->resp)[0].type == RESP_ERROR) {
            wire->room[at + (size_t)used - 2] = '\0';
            fail(error, "the server answers",
                 (const char *)wire->room + at + 1);
            return -1;
        }
        at += (size_t)used;
        count++;
    }
    if (used < 0 || (at == 0 && wire->filled == ROOM)) {
        fail(error, "the server", "what it says is no answer");
        return -1;
    }
    memmove(wire->room, wire->room + at, wire->filled - at);
    wire->filled -= at;
    return (int)count;
}

static void wait_for(int fd, short events)
{
    struct pollfd wanted = {.fd = fd, .events = events};
    poll(&wanted, 1, (int)(PATIENCE / MSEC));
}

/* Send all of @p out, and wait for one answer. */
static bool wire_ask(struct wire *wire, struct wire_writer *out, GError **error)
{
    size_t sent = 0;
    int answers = 0;
    while (sent < out->size) {
        ssize_t count = send(wire->fd, out->data + sent, out->size - sent,
                             MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN)
            return fail(error, "the server", g_strerror(errno));
        sent += count > 0 ? (size_t)count : 0;
        if (count < 0)
            wait_for(wire->fd, POLLOUT);
    }
    wire_clear(out);
    while (answers == 0) {
        wait_for(wire->fd, POLLIN);
        answers = wire_take(wire, 1, error);
    }
    return answers > 0;
}

char *burst_ask(const struct address *address, size_t count,
                const char *const *words, GError **error)
{
    struct wire *wire = g_new0(struct wire, 1);
    struct wire_writer out = {.most = SIZE_MAX};
    char *text = NULL;
    resp_put_command(&out, count, words);
    if (wire_open(wire, address, error) && wire_ask(wire, &out, error)) {
        const struct resp_item *item = resp_items(wire->resp);
        text = g_strndup((const char *)wire->room + item->at, item->size);
    }
    wire_clear(&out);
    wire_close(wire);
    g_free(wire);
    return text;
}

/* ---- What is said. ---- */

static void put_key(struct wire_writer *out, unsigned number)
{
    char key[32];
    int size = snprintf(key, sizeof key, "key:%012u", number);
    resp_put_bulk(out, key, (size_t)size);
}

static void put_value(struct wire_writer *out, const struct burst_plan *plan)
{
    g_autofree char *value = g_strnfill(plan->size, 'v');
    resp_put_bulk(out, value, plan->size);
}

static GBytes *make_piece(const struct burst_plan *plan, uint64_t client,
                          uint64_t number)
{
    struct wire_writer out = {.most = SIZE_MAX};
    struct dice dice = dice_at(1, client, number);
    for (unsigned i = 0; i < plan->depth; i++) {
        bool sets = (i + number) % 2 == 0;
        resp_put_array(&out, sets ? 3 : 2);
        resp_put_text(&out, sets ? "SET" : "GET");
        put_key(&out, (unsigned)dice_between(&dice, 0, plan->keys - 1));
        if (sets)
            put_value(&out, plan);
    }
    return wire_finish(&out);
}

/* Every key gets a value first. */
static bool fill(struct burst *burst)
{
    const struct burst_plan *plan = &burst->plan;
    for (unsigned key = 0; key < plan->keys; key += FILLED) {
        unsigned count = MIN(FILLED, plan->keys - key);
        struct wire_writer out = {.most = SIZE_MAX};
        resp_put_array(&out, 1 + 2 * (size_t)count);
        resp_put_text(&out, "MSET");
        for (unsigned i = 0; i < count; i++) {
            put_key(&out, key + i);
            put_value(&out, plan);
        }
        if (!wire_ask(&burst->guns[0].wire, &out, burst->error))
            return false;
    }
    return true;
}

/* ---- A client. ---- */

static void watch(struct burst *burst, struct gun *gun, int how,
                  uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = gun};
    epoll_ctl(burst->epoll, how, gun->wire.fd, &event);
}

/* As much of the piece as the kernel takes. */
static bool push(struct burst *burst, struct gun *gun)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(gun->pieces[gun->next], &size);
    ssize_t count = send(gun->wire.fd, data + gun->sent, size - gun->sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN)
        return fail(burst->error, "the server", g_strerror(errno));
    gun->sent += count > 0 ? (size_t)count : 0;
    if (gun->sent < size)
        watch(burst, gun, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    return true;
}

static bool shoot(struct burst *burst, struct gun *gun)
{
    gun->next = (gun->next + 1) % PIECES;
    gun->sent = 0;
    gun->lacks = burst->plan.depth;
    return push(burst, gun);
}

static bool on_ready(struct burst *burst, struct gun *gun, uint32_t events)
{
    if (events & EPOLLOUT) {
        watch(burst, gun, EPOLL_CTL_MOD, EPOLLIN);
        if (!push(burst, gun))
            return false;
    }
    if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
        return true;
    int count = wire_take(&gun->wire, gun->lacks, burst->error);
    if (count < 0)
        return false;
    burst->answered += (unsigned)count;
    gun->lacks -= (unsigned)count;
    return gun->lacks > 0 || shoot(burst, gun);
}

/* ---- The run. ---- */

static nsec processor_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (nsec)time.tv_sec * SEC + (nsec)time.tv_nsec;
}

static bool run_until(struct burst *burst, nsec end)
{
    struct epoll_event events[BATCH];
    while (clock_monotonic() < end) {
        int count = epoll_wait(burst->epoll, events, BATCH, 10);
        for (int i = 0; i < count; i++)
            if (!on_ready(burst, events[i].data.ptr, events[i].events))
                return false;
    }
    return true;
}

static bool load_guns(struct burst *burst, const struct address *address)
{
    for (unsigned i = 0; i < burst->plan.clients; i++) {
        struct gun *gun = &burst->guns[i];
        if (!wire_open(&gun->wire, address, burst->error))
            return false;
        for (unsigned k = 0; k < PIECES; k++)
            gun->pieces[k] = make_piece(&burst->plan, i, k);
    }
    return fill(burst);
}

static bool run(struct burst *burst, struct burst_result *result)
{
    const struct burst_plan *plan = &burst->plan;
    for (unsigned i = 0; i < plan->clients; i++) {
        watch(burst, &burst->guns[i], EPOLL_CTL_ADD, EPOLLIN);
        if (!shoot(burst, &burst->guns[i]))
            return false;
    }
    if (!run_until(burst, clock_monotonic() + plan->warmup))
        return false;
    if (plan->mark)
        plan->mark(plan->self);
    burst->answered = 0;
    nsec busy = processor_time(), start = clock_monotonic();
    bool done = run_until(burst, start + plan->duration);
    result->counted = clock_monotonic() - start;
    result->busy = processor_time() - busy;
    result->answered = burst->answered;
    if (plan->mark)
        plan->mark(plan->self);
    return done;
}

static void unload(struct burst *burst)
{
    for (unsigned i = 0; i < burst->plan.clients; i++) {
        wire_close(&burst->guns[i].wire);
        for (unsigned k = 0; k < PIECES; k++)
            if (burst->guns[i].pieces[k])
                g_bytes_unref(burst->guns[i].pieces[k]);
    }
    g_free(burst->guns);
    close(burst->epoll);
}

bool burst_run(const struct address *address, const struct burst_plan *plan,
               struct burst_result *result, GError **error)
{
    GError *why = NULL;
    struct burst burst = {.plan = *plan, .error = &why};
    burst.plan.keys = plan->keys ? plan->keys : 1000;
    burst.plan.size = plan->size ? plan->size : 64;
    burst.guns = g_new0(struct gun, plan->clients);
    burst.epoll = epoll_create1(EPOLL_CLOEXEC);
    bool done = load_guns(&burst, address) && run(&burst, result);
    unload(&burst);
    if (why)
        g_propagate_error(error, why);
    return done;
}

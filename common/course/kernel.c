/*
 * The machine behind the staged calls: sockets, their peers, and time.
 *
 *     peer ── sent, not taken ──> the module          a way is a pair of counts:
 *     peer <── arrived, room ──── the module          the bytes are the row's
 *
 * What a peer does at a time of its own is a *happening*. Time stands still
 * while the module computes; it moves when the module sleeps, from happening to
 * happening, until the module has what it waits for.
 */
#include "common/course/graded.h"
#include "common/course/kernel_parts.h"
#include "common/course/sheet.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BOOTED (100 * SEC)

enum action { SENDS, READS, ENDS, RESETS, SIGNAL, ANSWER };

struct happening {
    nsec when;
    enum action action;
    struct socket *socket;
    size_t count;
};

struct place {
    uint16_t port;
    nsec delay;
    int failure;
};

struct machine machine;

/* ---- What happens. ---- */

static void note_happening(const struct socket *socket, const char *what)
{
    char line[SHEET_LINE];
    if (socket)
        g_snprintf(line, sizeof line, "   *  the peer of %d %s",
                   socket->peer.fd, what);
    else
        g_snprintf(line, sizeof line, "   *  %s", what);
    kernel_note_line(line);
    kernel_progress();
}

static void note_bytes(const struct socket *socket, const char *what,
                       size_t count)
{
    char text[80];
    g_snprintf(text, sizeof text, "%s %zu byte%s", what, count,
               count == 1 ? "" : "s");
    note_happening(socket, text);
}

static void happen(const struct happening *happening)
{
    struct socket *socket = happening->socket;
    size_t count = happening->count;
    switch (happening->action) {
    case SENDS:
        note_bytes(socket, "sends", count);
        socket->peer.sent += count;
        break;
    case READS:
        note_bytes(socket, "makes room for", count);
        if (socket->peer.room != KERNEL_ALL)
            socket->peer.room += count;
        break;
    case ENDS:
        note_happening(socket, "ends (FIN)");
        socket->they_ended = true;
        break;
    case RESETS:
        note_happening(socket, "resets (RST)");
        if (socket->they_ended && socket->peer.heard_end)
            break; /* It is over already. */
        socket->was_reset = true;
        socket->error = socket->they_ended ? EPIPE : ECONNRESET;
        break;
    case SIGNAL:
        note_happening(NULL, "a signal");
        break;
    case ANSWER:
        if (socket->state != CONNECTING)
            break;
        socket->error = (int)count;
        socket->state = count ? BROKEN : CONNECTED;
        note_happening(socket,
                       count ? "refuses, or cannot be reached" : "accepts");
    }
}

static void plan(struct happening happening)
{
    GArray *all = machine.happenings;
    guint place = all->len;
    while (place > 0 && g_array_index(all, struct happening, place - 1).when >
                            happening.when)
        place--;
    g_array_insert_val(all, place, happening);
}

/* Until @p until everything happens; but only up to a signal. Returns whether
 * there was one. */
static bool happen_until(nsec until, bool all)
{
    while (machine.happenings->len > 0) {
        struct happening next =
            g_array_index(machine.happenings, struct happening, 0);
        if (next.when > until)
            break;
        g_array_remove_index(machine.happenings, 0);
        machine.now = MAX(machine.now, next.when);
        happen(&next);
        if (next.action == SIGNAL)
            return true;
        if (!all)
            return false;
    }
    if (machine.now < until)
        kernel_progress();
    machine.now = MAX(machine.now, until);
    return false;
}

int kernel_sleep(nsec until, const char *what)
{
    if (machine.happenings->len == 0 && until == KERNEL_NEVER) {
        kernel_note("%-30s   waits for ever", what);
        graded_hang("to come back, in time if there is a deadline",
                    "%s would wait for ever: nothing more will happen", what);
    }
    nsec next =
        machine.happenings->len > 0
            ? g_array_index(machine.happenings, struct happening, 0).when
            : KERNEL_NEVER;
    if (!happen_until(MIN(until, MAX(next, machine.now)), false))
        return 0;
    errno = EINTR;
    return -1;
}

void kernel_pass(nsec delay)
{
    nsec until = machine.now + delay;
    while (machine.now < until)
        happen_until(until, true);
}

/* ---- Descriptors. ---- */

static struct entry *entry_of(int fd)
{
    struct entry *entry = &machine.entries[MAX(fd - FIRST_FD, 0) % FDS];
    bool known = fd >= FIRST_FD && fd < FIRST_FD + FDS && entry->kind != UNUSED;
    if (!known)
        errno = EBADF;
    return known ? entry : NULL;
}

struct socket *kernel_socket(int fd)
{
    struct entry *entry = entry_of(fd);
    if (entry && entry->kind != SOCKET)
        errno = ENOTSOCK;
    return entry && entry->kind == SOCKET ? entry->socket : NULL;
}

int kernel_take_fd(void)
{
    for (int i = 0; i < FDS; i++)
        if (machine.entries[i].kind == UNUSED)
            return FIRST_FD + i;
    errno = EMFILE;
    return -1;
}

unsigned kernel_open(void)
{
    unsigned count = 0;
    for (int i = 0; i < FDS; i++)
        count += machine.entries[i].kind != UNUSED;
    return count;
}

static void forget_interests(int fd)
{
    for (int i = 0; i < FDS; i++) {
        GArray *interests = machine.entries[i].interests;
        for (guint j = 0; interests && j < interests->len; j++)
            if (g_array_index(interests, struct interest, j).fd == fd)
                g_array_remove_index(interests, j--);
    }
}

/* What was not read is thrown away, and TCP tells the sender so (RFC 2525,
 * 2.17): a reset. */
static void close_socket(struct socket *socket)
{
    struct peer *peer = &socket->peer;
    bool unread = peer->taken < peer->sent && !socket->was_reset;
    if (unread || socket->lingers_not)
        peer->heard_reset = true;
    else
        peer->heard_end = true;
}

int kernel_close(int fd)
{
    struct entry *entry = entry_of(fd);
    if (!entry)
        return -1;
    if (entry->kind == SOCKET)
        close_socket(entry->socket);
    if (entry->interests)
        g_array_unref(entry->interests);
    *entry = (struct entry){UNUSED, NULL, NULL};
    forget_interests(fd);
    kernel_progress();
    return 0;
}

uint32_t kernel_events(int fd)
{
    const struct socket *socket = kernel_socket(fd);
    if (!socket || socket->state == FRESH)
        return socket ? EPOLLOUT | EPOLLHUP : 0;
    if (socket->state == CONNECTING)
        return 0;
    const struct peer *peer = &socket->peer;
    bool broken = socket->state == BROKEN || socket->was_reset;
    bool ended = socket->they_ended || broken;
    bool in = peer->taken < peer->sent || peer->floods || ended;
    bool out = peer->room > 0 || broken || peer->heard_end;
    return (in ? EPOLLIN | EPOLLRDNORM : 0) |
           (out ? EPOLLOUT | EPOLLWRNORM : 0) | (ended ? EPOLLRDHUP : 0) |
           (socket->error ? EPOLLERR : 0) |
           (broken || (ended && peer->heard_end) ? EPOLLHUP : 0);
}

int kernel_take_error(struct socket *socket)
{
    int error = socket->error;
    socket->error = 0;
    if (error)
        kernel_progress();
    return error;
}

/* ---- Connecting. ---- */

void kernel_place(uint16_t port, nsec delay, int failure)
{
    g_array_append_val(machine.places, ((struct place){port, delay, failure}));
}

static const struct place *find_place(uint16_t port)
{
    static const struct place nobody = {0, 0, ECONNREFUSED};
    for (guint i = 0; i < machine.places->len; i++) {
        struct place *place = &g_array_index(machine.places, struct place, i);
        if (place->port == port)
            return place;
    }
    return &nobody;
}

int kernel_connect(struct socket *socket, uint16_t port)
{
    const struct place *place = find_place(port);
    socket->port = port;
    kernel_progress();
    if (place->delay == 0) {
        socket->state = place->failure ? FRESH : CONNECTED;
        errno = place->failure;
        return place->failure ? -1 : 0;
    }
    socket->state = CONNECTING;
    if (place->delay != KERNEL_NEVER)
        plan((struct happening){machine.now + place->delay, ANSWER, socket,
                                (size_t)place->failure});
    errno = EINPROGRESS;
    return -1;
}

/* ---- For the test. ---- */

static void forget_machine(void)
{
    for (int i = 0; i < FDS; i++)
        g_clear_pointer(&machine.entries[i].interests, g_array_unref);
    g_clear_pointer(&machine.sockets, g_ptr_array_unref);
    g_clear_pointer(&machine.happenings, g_array_unref);
    g_clear_pointer(&machine.places, g_array_unref);
    memset(&machine, 0, sizeof machine);
}

void kernel_boot(uint64_t seed)
{
    forget_machine();
    machine.now = machine.booted = BOOTED;
    machine.dice = dice_at(seed, dice_number("kernel"), 0);
    machine.sockets = g_ptr_array_new_with_free_func(g_free);
    machine.happenings = g_array_new(FALSE, FALSE, sizeof(struct happening));
    machine.places = g_array_new(FALSE, FALSE, sizeof(struct place));
    sheet_begin();
    sheet_head("      time        call                             result");
}

nsec kernel_now(void)
{
    return machine.now;
}

const uint8_t *kernel_row(void)
{
    static uint8_t row[KERNEL_ROW];
    if (row[1] == 0)
        for (size_t i = 0; i < KERNEL_ROW; i++)
            row[i] = (uint8_t)(dice_mix(i) | 1);
    return row;
}

void kernel_trouble(void)
{
    machine.trouble = true;
}

uint16_t kernel_port(int fd)
{
    const struct socket *socket = kernel_socket(fd);
    bool connected = socket && socket->state == CONNECTED && !socket->was_reset;
    return connected ? socket->port : 0;
}

bool kernel_has(int fd, int flags)
{
    const struct socket *socket = kernel_socket(fd);
    return socket && (socket->nonblock || !(flags & SOCK_NONBLOCK)) &&
           (socket->cloexec || !(flags & SOCK_CLOEXEC));
}

unsigned kernel_calls(void)
{
    return machine.calls;
}

struct peer *peer_new(enum blocking blocking)
{
    int fd = kernel_take_fd();
    struct socket *socket = g_new0(struct socket, 1);
    socket->peer = (struct peer){.fd = fd, .room = KERNEL_ALL};
    socket->state = CONNECTED;
    socket->nonblock = blocking == NONBLOCK;
    machine.entries[fd - FIRST_FD] = (struct entry){SOCKET, socket, NULL};
    g_ptr_array_add(machine.sockets, socket);
    return &socket->peer;
}

static void plan_for(struct peer *peer, nsec when, enum action action,
                     size_t count)
{
    struct socket *socket = (struct socket *)peer;
    struct happening happening = {when, action, socket, count};
    if (when <= machine.now)
        happen(&happening);
    else
        plan(happening);
}

void peer_sends(struct peer *peer, size_t count)
{
    plan_for(peer, 0, SENDS, count);
}

void peer_sends_at(struct peer *peer, nsec when, size_t count)
{
    plan_for(peer, when, SENDS, count);
}

void peer_reads(struct peer *peer, size_t count)
{
    plan_for(peer, 0, READS, count);
}

void peer_reads_at(struct peer *peer, nsec when, size_t count)
{
    plan_for(peer, when, READS, count);
}

void peer_ends(struct peer *peer)
{
    plan_for(peer, 0, ENDS, 0);
}

void peer_ends_at(struct peer *peer, nsec when)
{
    plan_for(peer, when, ENDS, 0);
}

void peer_resets(struct peer *peer)
{
    plan_for(peer, 0, RESETS, 0);
}

void peer_resets_at(struct peer *peer, nsec when)
{
    plan_for(peer, when, RESETS, 0);
}

void kernel_signal_at(nsec when)
{
    plan((struct happening){when, SIGNAL, NULL, 0});
}

static void add_steps(struct script *script, const int *steps, unsigned count)
{
    g_assert(script->count + count <= STEPS);
    memcpy(script->steps + script->count, steps, count * sizeof *steps);
    script->count += count;
}

void peer_receive_steps(struct peer *peer, const int *steps, unsigned count)
{
    add_steps(&((struct socket *)peer)->receives, steps, count);
}

void peer_send_steps(struct peer *peer, const int *steps, unsigned count)
{
    add_steps(&((struct socket *)peer)->sends, steps, count);
}

/*
 * A race. Every address is an attempt. One begins when the one before it has
 * had 250 ms for itself, or at once when any has failed; and nobody is called
 * back, for who began early may still win.
 *
 *     time ms  0              250   300                    550  570
 *     [a]:80   |-----------------------------------------------x lost
 *     b:80                    |-----x refused
 *     [c]:80                        |--------------------------x lost
 *     d:80                                                 |---* won
 *
 * The race ends when one is connected, when all have failed, or at the
 * deadline. That a socket is writable says only that its attempt is over:
 * SO_ERROR tells how. Of several that are connected at once the first in order
 * wins. Every descriptor but the winner's is closed; so a server may see a
 * connection that comes and goes without a word.
 *
 * Left out of RFC 8305: there, a client asks for both families at once, begins
 * with the answer that comes first, and gives IPv6 50 ms to be it (section 3);
 * but getaddrinfo answers for both together. Nor do we remember who was quick
 * the last time (section 4).
 */
#include "01-sockets/eyeballs.h"
#include "01-sockets/net.h"
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

static const struct address *at(const GArray *addresses, guint place)
{
    return &g_array_index(addresses, struct address, place);
}

/* ---- The order. ---- */

/* Where the next address stands, from @p place on, that is of the first one's
 * family; or the next that is not. */
static guint seek(const GArray *addresses, guint place, bool of_the_first)
{
    while (place < addresses->len &&
           (at(addresses, place)->storage.ss_family ==
            at(addresses, 0)->storage.ss_family) != of_the_first)
        place++;
    return place;
}

GArray *eyeballs_order(const GArray *addresses)
{
    GArray *order = g_array_new(FALSE, FALSE, sizeof(struct address));
    guint next[] = {seek(addresses, 0, false), seek(addresses, 0, true)};
    for (bool turn = true; order->len < addresses->len; turn = !turn)
        if (next[turn] < addresses->len) {
            g_array_append_vals(order, at(addresses, next[turn]), 1);
            next[turn] = seek(addresses, next[turn] + 1, turn);
        }
    return order;
}

/* ---- The race. ---- */

struct race {
    const GArray *order;
    guint begun;      /* So many of them have had their turn, ... */
    GArray *attempts; /* ... and these still run: struct pollfd. */
    nsec due;         /* When the next one begins. */
    nsec deadline;
    int failure; /* The last there was. */
};

static bool has_next(const struct race *race)
{
    return race->begun < race->order->len;
}

/* One that fails on the spot leaves the next one due. */
static void begin_next(struct race *race)
{
    const struct address *to = at(race->order, race->begun++);
    struct pollfd attempt = {.fd = net_connect(to), .events = POLLOUT};
    if (attempt.fd < 0) {
        race->failure = errno;
        return;
    }
    g_array_append_val(race->attempts, attempt);
    race->due = clock_monotonic() + EYEBALLS_DELAY;
}

static void begin_the_due(struct race *race)
{
    while (has_next(race) && race->due <= clock_monotonic())
        begin_next(race);
}

/* Wait until an attempt is over or the next is due. -1 and errno when there is
 * nothing left to wait for: ETIMEDOUT at the deadline. */
static int await(const struct race *race)
{
    nsec end = has_next(race) ? MIN(race->due, race->deadline) : race->deadline;
    int ready;
    do {
        nsec now = clock_monotonic();
        nsec left = end > now ? end - now : 0;
        struct timespec wait = {(time_t)(left / SEC), (long)(left % SEC)};
        ready = ppoll((struct pollfd *)race->attempts->data,
                      race->attempts->len, &wait, NULL);
    } while (ready < 0 && errno == EINTR);
    if (ready != 0 || end < race->deadline)
        return ready;
    errno = ETIMEDOUT;
    return -1;
}

/* 0: it is connected. */
static int failure_of(const struct pollfd *attempt)
{
    int failure = 0;
    socklen_t size = sizeof failure;
    if (attempt->revents == 0)
        return EINPROGRESS;
    getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    return failure;
}

/* Returns -1 while there is none. The losers are left in the race. */
static int find_winner(struct race *race)
{
    for (guint i = 0; i < race->attempts->len;) {
        struct pollfd *attempt =
            &g_array_index(race->attempts, struct pollfd, i);
        int failure = failure_of(attempt);
        if (failure == 0)
            return g_steal_fd(&attempt->fd);
        if (failure == EINPROGRESS) {
            i++;
            continue;
        }
        g_array_remove_index(race->attempts, i);
        race->failure = failure;
        race->due = 0;
    }
    return -1;
}

static int run(struct race *race)
{
    for (begin_the_due(race); race->attempts->len > 0; begin_the_due(race)) {
        if (await(race) < 0) {
            race->failure = errno;
            return -1;
        }
        int winner = find_winner(race);
        if (winner >= 0)
            return winner;
    }
    return -1;
}

static void close_attempt(void *attempt)
{
    int fd = ((const struct pollfd *)attempt)->fd;
    if (fd >= 0)
        close(fd);
}

int eyeballs_dial(const GArray *addresses, nsec deadline)
{
    g_autoptr(GArray) order = eyeballs_order(addresses);
    struct race race = {.order = order, .deadline = deadline};
    race.attempts = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    race.failure = EDESTADDRREQ;
    g_array_set_clear_func(race.attempts, close_attempt);
    int winner = run(&race);
    g_array_unref(race.attempts);
    errno = race.failure;
    return winner;
}

/*
 * A host with two addresses, one of which is dead: first by one address after
 * the other, then by Happy Eyeballs. Both live on this machine. The dead one is
 * a listener that hears nothing (hole.h), so that a SYN gets no answer at all.
 *
 * The linker puts a notebook under connect() and close() (local.mk). So what is
 * drawn is what was called, and when, whoever wrote the body of dial.h.
 */
#include "01-sockets/dial.h"
#include "01-sockets/eyeballs.h"
#include "01-sockets/net.h"
#include "01-sockets/wrong/hole.h"
#include "common/judge/stats.h"
#include "common/world/complain.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const nsec patience = 3 * SEC;

static double milliseconds(nsec time)
{
    return (double)time / (double)MSEC;
}

/* ---- The notebook. ---- */

struct note {
    int fd;
    struct address to;
    nsec began, ended; /* Since the start; 0: not yet. */
    bool connected;
};

static struct {
    struct note notes[8];
    unsigned count;
    nsec start;
} book;

/* The attempt under way on @p fd, or NULL. */
static struct note *find_note(int fd)
{
    for (unsigned i = 0; i < book.count; i++)
        if (book.notes[i].fd == fd && book.notes[i].ended == 0)
            return &book.notes[i];
    return NULL;
}

int __real_connect(int fd, const struct sockaddr *to, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t size)
{
    if (book.count < G_N_ELEMENTS(book.notes)) {
        struct note *note = &book.notes[book.count++];
        *note = (struct note){.fd = fd, .to.size = size};
        memcpy(&note->to.storage, to, size);
        note->began = clock_monotonic() - book.start;
    }
    return __real_connect(fd, to, size);
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    struct note *note = find_note(fd);
    if (note)
        note->ended = clock_monotonic() - book.start;
    return __real_close(fd);
}

typedef int dialler(const GArray *addresses, nsec deadline);

/* How long it takes until one is connected. */
static nsec watch(dialler *call, const GArray *addresses)
{
    book.count = 0;
    book.start = clock_monotonic();
    int fd = call(addresses, book.start + patience);
    nsec took = clock_monotonic() - book.start;
    struct note *note = find_note(fd);
    if (fd < 0)
        exit(complain(FAILED, "nobody answered: %s", g_strerror(errno)));
    if (note) {
        note->ended = took;
        note->connected = true;
    }
    close(fd);
    return took;
}

/* ---- Its drawing: a column is 50 ms. ---- */

static int column(nsec time)
{
    return (int)(time / (50 * MSEC));
}

static void draw_note(const struct note *note)
{
    g_autofree char *name = address_text(&note->to);
    int from = column(note->began), to = column(note->ended);
    g_autofree char *line = g_strnfill((gsize)(to - from), '-');
    if (to > from)
        line[0] = '|';
    printf("  %-15s %8.1f %8.1f   %*s%s%c\n", name, milliseconds(note->began),
           milliseconds(note->ended), from, "", line,
           note->connected ? '*' : 'x');
}

static void draw(void)
{
    printf("  %-15s %8s %8s   %-10s%-10s%-10s%s\n", "", "began", "ended", "0",
           "500", "1000", "1500 ms");
    for (unsigned i = 0; i < book.count; i++)
        draw_note(&book.notes[i]);
}

/* ---- The host. ---- */

enum { FIRST, SECOND };

struct host {
    GArray *addresses; /* Two. */
    int listeners[2];
};

/* The port is that of @p like, unless NULL. */
static int listen_at(const char *host, const struct address *like)
{
    struct address address;
    g_autofree char *text = like ? address_text(like) : g_strdup(":0");
    g_autofree char *here = g_strconcat(host, strrchr(text, ':'), NULL);
    return address_parse(&address, here, NULL) ? net_listen(&address, 64) : -1;
}

/* Two addresses, at one port. One that is free here may be taken there: then
 * another is tried. */
static bool open_host(struct host *host, const char *first, const char *second)
{
    for (int attempt = 0; attempt < 20; attempt++) {
        struct address address;
        host->listeners[FIRST] = listen_at(first, NULL);
        if (host->listeners[FIRST] < 0)
            return false;
        address = address_of(host->listeners[FIRST]);
        host->listeners[SECOND] = listen_at(second, &address);
        if (host->listeners[SECOND] >= 0)
            return true;
        close(host->listeners[FIRST]);
    }
    return false;
}

static void list_addresses(struct host *host)
{
    host->addresses = g_array_new(FALSE, FALSE, sizeof(struct address));
    for (int i = FIRST; i <= SECOND; i++) {
        struct address address = address_of(host->listeners[i]);
        g_array_append_val(host->addresses, address);
    }
}

/* How long it takes to connect to that address alone: the median. */
static nsec time_alone(const struct host *host, int which)
{
    g_autoptr(stats) times = stats_new();
    g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(struct address));
    g_array_append_vals(
        one, &g_array_index(host->addresses, struct address, which), 1);
    for (int i = 0; i < 15; i++)
        stats_add(times, (double)watch(eyeballs_dial, one));
    return (nsec)stats_percentile(times, 0.5);
}

/* ---- The story. ---- */

static void introduce(const struct host *host, bool has_ipv6)
{
    const struct address *all = (const void *)host->addresses->data;
    g_autofree char *first = address_text(&all[FIRST]);
    g_autofree char *second = address_text(&all[SECOND]);
    printf("A host has two addresses, %s and %s, both on this\n"
           "machine. The first leads nowhere: what is sent to it is dropped "
           "without a word,\nas many a firewall does. The second works.\n",
           first, second);
    if (!has_ipv6)
        printf("This machine has no IPv6 on loopback: 127.0.0.2 stands for "
               "it.\n");
}

/* Draws what happens. Returns how long it took. */
static nsec show(dialler *call, const struct host *host, const char *text)
{
    nsec took = watch(call, host->addresses);
    printf("\n%s\n\n", text);
    draw();
    return took;
}

/* What @p measured should have been: t6 UINT64_MAX is never. */
static void print_row(const char *first, nsec t6, nsec t4, nsec measured)
{
    g_autofree char *alone = t6 == UINT64_MAX
                                 ? g_strdup("never")
                                 : g_strdup_printf("%.2f", milliseconds(t6));
    nsec model = MIN(t6, EYEBALLS_DELAY + t4);
    printf("  %-14s %7s %7.2f %19.2f %10.2f\n", first, alone, milliseconds(t4),
           milliseconds(model), milliseconds(measured));
}

int main(void)
{
    struct host host;
    bool has_ipv6 = open_host(&host, "[::1]", "127.0.0.1");
    if (!has_ipv6 && !open_host(&host, "127.0.0.2", "127.0.0.1"))
        return complain(FAILED, "no two addresses on loopback: %s",
                        g_strerror(errno));
    list_addresses(&host);
    nsec t6 = time_alone(&host, FIRST), t4 = time_alone(&host, SECOND);
    if (!hole_open(host.listeners[FIRST])) {
        printf("This kernel cannot make a socket deaf (%s): no address can be "
               "made to die here.\n",
               g_strerror(errno));
        return 0;
    }
    introduce(&host, has_ipv6);
    nsec turns = show(dial, &host,
                      "One address after the other (dial.h), with 3 s for "
                      "all: half of them for the\nfirst. In the picture x is "
                      "closed, * is connected; times in ms.");
    nsec dead = show(eyeballs_dial, &host,
                     "Happy Eyeballs (eyeballs.h). The second begins 250 ms "
                     "after the first, and both\nstay in the race:");
    hole_close(host.listeners[FIRST]);
    nsec alive = show(eyeballs_dial, &host,
                      "Now the first address works. Then the second is not "
                      "even tried:");
    close(host.listeners[FIRST]);
    show(eyeballs_dial, &host,
         "And now it refuses. That is an answer, too: the second begins at "
         "once:");
    printf("\nThe model. By the first address alone it takes t6 to connect, by "
           "the second t4.\nThe first has 250 ms to itself; then whoever is "
           "there sooner wins. In ms:\n\n"
           "  the first ..        t6      t4   min(t6, 250 + t4)   measured\n");
    print_row("works", t6, t4, alive);
    print_row("leads nowhere", UINT64_MAX, t4, dead);
    printf("\nOne after the other, a dead address cost %.0f ms: half of the "
           "deadline, whatever\nthat is. In the race it cost %.0f ms, whatever "
           "the deadline is.\n",
           milliseconds(turns), milliseconds(dead));
    close(host.listeners[SECOND]);
    g_array_unref(host.addresses);
    return 0;
}

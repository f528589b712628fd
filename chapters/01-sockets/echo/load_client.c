/*
 * A client of the load: it connects, sends, and compares what comes back.
 *
 *     WAITING ──> CONNECTING ──> IDLE <──> BUSY
 *                      │           │         │
 *                      '───────────┴─────────┴──> BROKEN
 *
 * Each socket is registered once, for both directions, edge-triggered: whenever
 * something happens to it, push what can be sent and pull what has come. An
 * edge comes once. So both go on until the kernel has no more (EAGAIN), or the
 * message is complete; then nothing more can come before the next is sent. In
 * the usual case that is one send and one recv.
 *
 * Word w of message k is mix(k) + w * STEP. A place can be computed without
 * those before it, so no message is kept; and an echo that is shifted, or is
 * another's, differs in every word.
 */
#include "01-sockets/echo/load_parts.h"
#include "01-sockets/net.h"
#include "common/world/clock.h"
#include "common/world/dice.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { WORD = 8, SHOWN = 8 }; /* Bytes: in a word; of an echo in an error. */
#define STEP UINT64_C(0x9e3779b97f4a7c15)

/* ---- Who, and what they say. ---- */

static unsigned number_of(const struct load *load,
                          const struct load_client *client)
{
    return (unsigned)(client - load->clients);
}

static bool talks(const struct load *load, const struct load_client *client)
{
    return number_of(load, client) < load->plan->connections;
}

/* Its current message from byte @p from on, @p size of it, up to a piece. */
static const uint8_t *words_of(struct load *load,
                               const struct load_client *client, size_t from,
                               size_t size)
{
    uint64_t first =
        dice_mix(load_message(load, client) + 1) + from / WORD * STEP;
    size_t skipped = from % WORD;
    for (size_t i = 0; i * WORD < skipped + size; i++)
        load->words[i] = first + i * STEP;
    return (const uint8_t *)load->words + skipped;
}

/* ---- What goes wrong. ---- */

/* The other side has closed it (0), or why it failed. */
static void break_off(struct load *load, struct load_client *client, int why)
{
    if (load->result->broken++ == 0)
        load->result->why = why;
    load->connecting -= client->state == CLIENT_CONNECTING;
    client->state = CLIENT_BROKEN;
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

static char *hex_of(const uint8_t *bytes, size_t size)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < MIN(size, SHOWN); i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

/* Of @p size bytes one at least is not what it was. */
static void report_other(struct load *load, const struct load_client *client,
                         const uint8_t *sent, size_t size)
{
    size_t same = 0;
    while (sent[same] == load->bytes[same])
        same++;
    g_autofree char *expected = hex_of(sent + same, size - same);
    g_autofree char *found = hex_of(load->bytes + same, size - same);
    g_set_error(&load->error, LOAD_ERROR, LOAD_OTHER,
                "an echo differs: connection %u sent message %" G_GUINT64_FORMAT
                ", whose byte %zu and the next are %s, and got %s",
                number_of(load, client) + 1, client->answered + 1,
                client->received + same + 1, expected, found);
}

static void report_surplus(struct load *load, const struct load_client *client)
{
    g_set_error(&load->error, LOAD_ERROR, LOAD_OTHER,
                "connection %u got more than it had sent (%" G_GUINT64_FORMAT
                " messages)",
                number_of(load, client) + 1, client->answered);
}

/* ---- A message on its way. ---- */

static void push(struct load *load, struct load_client *client)
{
    size_t size = load->plan->size;
    while (client->sent < size) {
        size_t piece = MIN(size - client->sent, LOAD_PIECE);
        const uint8_t *words = words_of(load, client, client->sent, piece);
        ssize_t count = send(client->fd, words, piece, MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN)
            break_off(load, client, errno);
        if (count < 0)
            return;
        client->sent += (size_t)count;
    }
}

static void begin(struct load *load, struct load_client *client)
{
    client->sent = client->received = 0;
    client->state = CLIENT_BUSY;
    push(load, client);
}

/* Is there something to say already? */
void load_go_on(struct load *load, struct load_client *client)
{
    uint64_t message = load_message(load, client);
    bool has_rate = load->plan->rate > 0;
    if (has_rate && message >= load->released)
        return;
    if (has_rate)
        client->due = load_due(load, message);
    begin(load, client);
}

/* After the end it is too late, and nothing else begins. */
static void on_answer(struct load *load, struct load_client *client)
{
    nsec now = clock_monotonic();
    if (now >= load->end)
        return;
    if (now >= load->from) {
        load->result->answered++;
        histogram_add(load->result->delays, now - client->due);
    }
    client->answered++;
    client->due = now;
    client->state = CLIENT_IDLE;
    load_go_on(load, client);
}

/* @p size bytes have come. Returns whether the run goes on. */
static bool compare(struct load *load, const struct load_client *client,
                    size_t size)
{
    const uint8_t *sent = words_of(load, client, client->received, size);
    if (memcmp(sent, load->bytes, size) == 0)
        return true;
    report_other(load, client, sent, size);
    return false;
}

/* All that has come of the echo; and if it is complete, the next may begin. The
 * end of the stream brings an event of its own. */
static void pull(struct load *load, struct load_client *client)
{
    while (client->received < load->plan->size) {
        size_t piece = MIN(load->plan->size - client->received, LOAD_PIECE);
        ssize_t count = recv(client->fd, load->bytes, piece, 0);
        if (count < 0 && errno != EAGAIN)
            break_off(load, client, errno);
        if (count <= 0 || !compare(load, client, (size_t)count))
            return;
        client->received += (size_t)count;
    }
    on_answer(load, client);
}

/* ---- A connection. ---- */

void load_connect(struct load *load, struct load_client *client)
{
    static const int one = 1;
    struct epoll_event event = {.data.ptr = client,
                                .events =
                                    EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    client->state = CLIENT_CONNECTING;
    load->connecting++;
    client->fd = net_connect(load->address);
    if (client->fd < 0 ||
        epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
        break_off(load, client, errno);
    else
        setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static int error_of(const struct load_client *client)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

static void on_connected(struct load *load, struct load_client *client)
{
    int error = error_of(client);
    if (error != 0) {
        break_off(load, client, error);
        return;
    }
    load->connecting--;
    client->state = CLIENT_IDLE;
    if (!talks(load, client)) {
        load->result->silent++;
        return;
    }
    load->result->connected++;
    if (load->start > 0)
        load_go_on(load, client);
}

static bool is_alive(const struct load_client *client)
{
    return client->state == CLIENT_IDLE || client->state == CLIENT_BUSY;
}

/* Who has hung up may have answered before. */
void load_on_ready(struct load *load, struct load_client *client,
                   uint32_t events)
{
    bool hung_up = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    if (client->state == CLIENT_CONNECTING)
        on_connected(load, client);
    if (client->state == CLIENT_IDLE && (events & EPOLLIN) && !hung_up)
        report_surplus(load, client);
    if (client->state == CLIENT_BUSY && (events & EPOLLOUT))
        push(load, client);
    if (client->state == CLIENT_BUSY)
        pull(load, client);
    if (is_alive(client) && hung_up)
        break_off(load, client, error_of(client));
}

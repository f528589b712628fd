/*
 * One thread plays both parts, one after the other:
 *
 *     client: write header, write body          (is the body held back?)
 *     server: read header, read body, write answer
 *     client: read answer
 *
 * Whoever reads what is held back waits here as it would in a thread of its
 * own: what moves the bytes is the kernel.
 */
#include "01-sockets/wrong/exchange.h"
#include "01-sockets/io.h"
#include "01-sockets/wrong/tube.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static const nsec patience = 10 * SEC; /* Longer than any delay of TCP's. */

/* ---- The client. ---- */

static bool ask(int fd, unsigned writes)
{
    static const char request[EXCHANGE_HEADER + EXCHANGE_BODY];
    const char *body = request + EXCHANGE_HEADER;
    if (writes == 1)
        return write_all(fd, request, sizeof request, NEVER) > 0;
    return write_all(fd, request, EXCHANGE_HEADER, NEVER) > 0 &&
           write_all(fd, body, EXCHANGE_BODY, NEVER) > 0;
}

static bool await_answer(int fd)
{
    char text[EXCHANGE_ANSWER];
    return read_all(fd, text, sizeof text, clock_monotonic() + patience) > 0;
}

/* ---- The server. From the header it learns how long the body is. ---- */

static bool answer(int fd)
{
    static const char text[EXCHANGE_ANSWER];
    char header[EXCHANGE_HEADER], body[EXCHANGE_BODY];
    nsec deadline = clock_monotonic() + patience;
    return read_all(fd, header, sizeof header, deadline) > 0 &&
           read_all(fd, body, sizeof body, deadline) > 0 &&
           write_all(fd, text, sizeof text, deadline) > 0;
}

/* ---- Both. ---- */

static bool exchange(const struct tube *tube, unsigned writes, size_t *held)
{
    if (!ask(tube->client, writes))
        return false;
    *held = tube_unsent(tube);
    return answer(tube->server) && await_answer(tube->client);
}

static bool run(const struct tube *tube, unsigned writes,
                struct exchange_times *exchanges, unsigned count)
{
    nsec start = clock_monotonic();
    for (unsigned i = 0; i < count; i++) {
        exchanges[i].began = clock_monotonic() - start;
        if (!exchange(tube, writes, &exchanges[i].held))
            return false;
        exchanges[i].ended = clock_monotonic() - start;
    }
    return true;
}

int exchange_run(const struct exchange_way *way,
                 struct exchange_times *exchanges, unsigned count,
                 unsigned *packets)
{
    struct tube tube;
    int nodelay = way->nodelay;
    if (tube_open(&tube, (struct tube_settings){0}) < 0)
        return -1;
    setsockopt(tube.client, IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof nodelay);
    bool done = run(&tube, way->writes, exchanges, count);
    int why = errno;
    *packets = tube_packets(&tube);
    tube_close(&tube);
    errno = why;
    return done ? 0 : -1;
}

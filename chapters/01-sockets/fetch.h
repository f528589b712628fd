/**
 * @file fetch.h
 * One HTTP/1.1 request and its answer: GET / of every socket tutorial, done
 * right (RFC 9110, RFC 9112).
 *
 *     struct fetch fetch = {.host = "example.org", .path = "/",
 *                           .most = 1 << 20, .deadline = deadline};
 *     g_autoptr(GByteArray) body = g_byte_array_new();
 *     int status = fetch_get(fd, &fetch, body, &error);   // 200
 *
 * Where does an answer end? Not where one recv ends. Its head says: after so
 * many bytes (Content-Length), after a chunk of size zero (chunked), or, if it
 * says neither, where the server closes.
 */
#ifndef SOCKETS_FETCH_H
#define SOCKETS_FETCH_H
#include "common/world/clock.h"

/** What to ask for, and within what limits. */
struct fetch {
    const char *host; /**< For the Host field, with the port if not 80. */
    const char *path; /**< Begins with a slash. */
    size_t most;      /**< The longest body to take, in bytes, up to 2 GiB. */
    nsec deadline;    /**< A time of clock_monotonic(). */
};

/** Ask on @p fd, a connected socket, and read the whole answer: its body is
 * added to @p body. Returns the status code, 200 to 999; or -1 with @p error,
 * one sentence: what was wrong, and how far the answer had come. Borrows all.
 * Never reads more memory than it has received. */
int fetch_get(int fd, const struct fetch *fetch, GByteArray *body,
              GError **error);

#endif

/**
 * @file address.h
 * Where a socket lives: "127.0.0.1:7000", "[::1]:7000", "example.org:80"; or,
 * within this machine (unix(7)), at a file, "unix:/run/socket", or at a name
 * that is no file, and gone with its socket: "unix:@name".
 *
 *     g_autoptr(GError) error = NULL;
 *     g_autoptr(GArray) found = address_find("localhost:80", &error);
 *     if (!found)
 *         ... error->message is one clear sentence ...
 *     struct address *first = &g_array_index(found, struct address, 0);
 *
 * A name may stand for several addresses, of two families: a client tries them
 * all (dial.h), in the order of RFC 6724, which is that of getaddrinfo. To a
 * socket that serves both families an IPv4 address comes wrapped in IPv6, as
 * "[::ffff:127.0.0.1]:7000". It is the same place: equal, and written as IPv4.
 */
#ifndef SOCKETS_ADDRESS_H
#define SOCKETS_ADDRESS_H
#include <glib.h>
#include <stdbool.h>
#include <sys/socket.h>

/** An address of any family, as the socket calls take it. */
struct address {
    struct sockaddr_storage storage; /**< Cast to struct sockaddr. */
    socklen_t size;                  /**< How much of it is used. */
};

/** Why there is no address. */
enum address_error {
    ADDRESS_MALFORMED, /**< The text is of no such form: the user's mistake. */
    ADDRESS_UNKNOWN,   /**< Nobody knows the host, now at least. */
};
/** The domain of these errors. */
#define ADDRESS_ERROR address_error_quark()
/** See ADDRESS_ERROR. */
GQuark address_error_quark(void);

/** The exit status a program answers such an error with: 2 for the user's
 * mistake, else 1. */
int address_error_status(const GError *error);

/** All addresses that @p text stands for, best first: a GArray of struct
 * address, never empty. In "HOST:PORT" the port is a number from 0 to 65535; 0
 * lets the kernel choose. After "unix:" comes a path that begins with "/", or
 * "@" and a name, of at most 107 bytes. NULL and @p error when there are none.
 * Returns new. */
GArray *address_find(const char *text, GError **error);
/** The first of them. False and @p error when there is none. */
bool address_parse(struct address *address, const char *text, GError **error);
/** As address_find() takes it, numbers only. A Unix socket without a name, as
 * most clients have, is "unix:"; what does not print in one is shown as "?".
 * What is no address is "nowhere". Returns new. */
char *address_text(const struct address *address);
/** Same host and port, or same Unix path or name? What has neither is equal to
 * nothing. */
bool address_equal(const struct address *a, const struct address *b);
/** The address @p fd is bound to: tells the port the kernel chose. */
struct address address_of(int fd);

#endif

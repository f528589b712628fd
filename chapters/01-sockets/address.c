#include "01-sockets/address.h"
#include <errno.h>
#include <netdb.h>
#include <string.h>

G_DEFINE_QUARK(address - error, address_error)

/* ---- Text to address. ---- */

static bool is_port(const char *text)
{
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT16, NULL, NULL);
}

/* The host of "HOST:PORT", without brackets, and in @p port where its port
 * begins; NULL when the text is not of this form. An IPv6 address is full of
 * colons: it alone stands in brackets, and always does. */
static char *split(const char *text, const char **port)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || !is_port(colon + 1))
        return NULL;
    bool bracketed = text[0] == '[' && colon[-1] == ']';
    const char *start = text + bracketed, *end = colon - bracketed;
    g_autofree char *host = g_strndup(start, (size_t)(end - start));
    if (host[0] == '\0' || bracketed != (strchr(host, ':') != NULL))
        return NULL;
    *port = colon + 1;
    return g_steal_pointer(&host);
}

static GArray *copy_all(const struct addrinfo *info)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct address));
    for (; info; info = info->ai_next) {
        struct address address = {.size = info->ai_addrlen};
        memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
        g_array_append_val(all, address);
    }
    return all;
}

GArray *address_find(const char *text, GError **error)
{
    const char *port;
    g_autofree char *host = split(text, &port);
    if (!host) {
        g_set_error(error, ADDRESS_ERROR, ADDRESS_MALFORMED,
                    "\"%s\" is not an address such as 127.0.0.1:7000, "
                    "[::1]:7000 or example.org:80",
                    text);
        return NULL;
    }
    bool is_number = strchr(host, ':') != NULL;
    struct addrinfo *info, hints = {.ai_socktype = SOCK_STREAM};
    hints.ai_flags = AI_NUMERICSERV | (is_number ? AI_NUMERICHOST : 0);
    int failure = getaddrinfo(host, port, &hints, &info);
    if (failure != 0) {
        g_set_error(error, ADDRESS_ERROR,
                    is_number ? ADDRESS_MALFORMED : ADDRESS_UNKNOWN,
                    "no address is known for \"%s\": %s", host,
                    failure == EAI_SYSTEM ? g_strerror(errno)
                                          : gai_strerror(failure));
        return NULL;
    }
    GArray *found = copy_all(info);
    freeaddrinfo(info);
    return found;
}

bool address_parse(struct address *address, const char *text, GError **error)
{
    g_autoptr(GArray) found = address_find(text, error);
    if (found)
        *address = g_array_index(found, struct address, 0);
    return found != NULL;
}

/* ---- Address to text. ---- */

char *address_text(const struct address *address)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];
    bool is_ipv6 = address->storage.ss_family == AF_INET6;
    if (getnameinfo((const struct sockaddr *)&address->storage, address->size,
                    host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return g_strdup("nowhere");
    return g_strdup_printf(is_ipv6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* The bytes may differ where the addresses do not: a sockaddr has padding. */
bool address_equal(const struct address *a, const struct address *b)
{
    g_autofree char *one = address_text(a), *other = address_text(b);
    return strcmp(one, other) == 0;
}

struct address address_of(int fd)
{
    struct address address = {.size = sizeof address.storage};
    if (getsockname(fd, (struct sockaddr *)&address.storage, &address.size) < 0)
        address.size = 0;
    return address;
}

#include "01-sockets/address.h"
#include "common/world/complain.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

GQuark address_error_quark(void)
{
    return g_quark_from_static_string("address-error");
}

int address_error_status(const GError *error)
{
    bool malformed = g_error_matches(error, ADDRESS_ERROR, ADDRESS_MALFORMED);
    return malformed ? USAGE : FAILED;
}

/* ---- Text to address. ---- */

static bool is_port(const char *text)
{
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT16, NULL, NULL);
}

static bool is_ipv6(const char *host)
{
    return strchr(host, ':') != NULL;
}

/* Or four numbers with dots. */
static bool is_name(const char *host)
{
    return *host && !host[strspn(host, G_CSET_a_2_z G_CSET_A_2_Z "0123456789"
                                                                 "-._")];
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
    if (bracketed ? !is_ipv6(host) : !is_name(host))
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

/* Returns what getaddrinfo() does: 0 and @p found, or a failure. */
static int look_up(const char *host, const char *port, GArray **found)
{
    struct addrinfo *info, hints = {.ai_socktype = SOCK_STREAM};
    hints.ai_flags = is_ipv6(host) ? AI_NUMERICHOST : 0;
    int failure = getaddrinfo(host, port, &hints, &info);
    if (failure != 0)
        return failure;
    *found = copy_all(info);
    freeaddrinfo(info);
    return 0;
}

static void complain_of_form(const char *text, GError **error)
{
    const char *colon = strrchr(text, ':');
    if (colon && colon > text && colon[1] && !strchr(colon, ']') &&
        !is_port(colon + 1))
        g_set_error(error, ADDRESS_ERROR, ADDRESS_MALFORMED,
                    "\"%s\": a port is a number from 0 to 65535", text);
    else
        g_set_error(error, ADDRESS_ERROR, ADDRESS_MALFORMED,
                    "\"%s\" is not an address such as 127.0.0.1:7000, "
                    "[::1]:7000 or example.org:80",
                    text);
}

GArray *address_find(const char *text, GError **error)
{
    GArray *found = NULL;
    const char *port;
    g_autofree char *host = split(text, &port);
    int failure = host ? look_up(host, port, &found) : EAI_NONAME;
    if (failure != 0 && (!host || is_ipv6(host)))
        complain_of_form(text, error);
    else if (failure != 0)
        g_set_error(error, ADDRESS_ERROR, ADDRESS_UNKNOWN,
                    "no address is known for \"%s\": %s", host,
                    failure == EAI_SYSTEM ? g_strerror(errno)
                                          : gai_strerror(failure));
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
    if (getnameinfo((const struct sockaddr *)&address->storage, address->size,
                    host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return g_strdup("nowhere");
    return g_strdup_printf(is_ipv6(host) ? "[%s]:%s" : "%s:%s", host, port);
}

/* Not byte by byte: a sockaddr has padding, and fields of no concern here. */
bool address_equal(const struct address *a, const struct address *b)
{
    const struct sockaddr_in *a4 = (const void *)&a->storage;
    const struct sockaddr_in *b4 = (const void *)&b->storage;
    const struct sockaddr_in6 *a6 = (const void *)&a->storage;
    const struct sockaddr_in6 *b6 = (const void *)&b->storage;
    if (a->storage.ss_family != b->storage.ss_family)
        return false;
    if (a->storage.ss_family == AF_INET)
        return a4->sin_port == b4->sin_port &&
               a4->sin_addr.s_addr == b4->sin_addr.s_addr;
    return a->storage.ss_family == AF_INET6 && a6->sin6_port == b6->sin6_port &&
           a6->sin6_scope_id == b6->sin6_scope_id &&
           IN6_ARE_ADDR_EQUAL(&a6->sin6_addr, &b6->sin6_addr);
}

struct address address_of(int fd)
{
    struct address address = {.size = sizeof address.storage};
    if (getsockname(fd, (struct sockaddr *)&address.storage, &address.size) < 0)
        address.size = 0;
    return address;
}

#include "01-sockets/address.h"
#include "common/world/complain.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

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

static GArray *new_list(void)
{
    return g_array_new(FALSE, FALSE, sizeof(struct address));
}

static GArray *copy_all(const struct addrinfo *info)
{
    GArray *all = new_list();
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
    if (g_str_has_prefix(text, "unix:"))
        g_set_error(error, ADDRESS_ERROR, ADDRESS_MALFORMED,
                    "\"%s\": after \"unix:\" comes a path that begins with "
                    "\"/\", or \"@\" and a name",
                    text);
    else if (colon && colon > text && colon[1] && !strchr(colon, ']') &&
             !is_port(colon + 1))
        g_set_error(error, ADDRESS_ERROR, ADDRESS_MALFORMED,
                    "\"%s\": a port is a number from 0 to 65535", text);
    else
        g_set_error(error, ADDRESS_ERROR, ADDRESS_MALFORMED,
                    "\"%s\" is not an address such as 127.0.0.1:7000, "
                    "[::1]:7000, example.org:80 or unix:/run/socket",
                    text);
}

static GArray *find_host(const char *text, GError **error)
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

/* ---- Unix: a path, or an abstract name. ---- */

enum {
    NAME_AT = offsetof(struct sockaddr_un, sun_path),
    NAME_ROOM = sizeof(struct sockaddr_un) - NAME_AT
};

/* A path ends with a zero byte, and an abstract name begins with one. */
static GArray *find_unix(const char *text, GError **error)
{
    const char *name = text + strlen("unix:");
    bool abstract = name[0] == '@';
    size_t size = abstract ? strlen(name) : strlen(name) + 1;
    struct address address = {.storage.ss_family = AF_UNIX,
                              .size = (socklen_t)(NAME_AT + size)};
    if (size > NAME_ROOM) {
        g_set_error(error, ADDRESS_ERROR, ADDRESS_MALFORMED,
                    "\"%s\" is longer than a socket's path or name may be: "
                    "%d bytes",
                    text, NAME_ROOM - 1);
        return NULL;
    }
    char *start = (char *)&address.storage + NAME_AT;
    memcpy(start, name, size);
    if (abstract)
        start[0] = '\0';
    return g_array_append_val(new_list(), address);
}

static bool is_unix(const char *text)
{
    bool names_nobody = strcmp(text, "unix:@") == 0;
    return g_str_has_prefix(text, "unix:/") ||
           (g_str_has_prefix(text, "unix:@") && !names_nobody);
}

GArray *address_find(const char *text, GError **error)
{
    return is_unix(text) ? find_unix(text, error) : find_host(text, error);
}

bool address_parse(struct address *address, const char *text, GError **error)
{
    g_autoptr(GArray) found = address_find(text, error);
    if (found)
        *address = g_array_index(found, struct address, 0);
    return found != NULL;
}

/* ---- Address to text. ---- */

/* Of sun_path: how many bytes are the name? None, when nobody named it. */
static size_t name_of(const struct address *address, const char **name)
{
    const struct sockaddr_un *un = (const void *)&address->storage;
    *name = un->sun_path;
    if (address->size <= NAME_AT)
        return 0;
    size_t size = address->size - NAME_AT;
    return un->sun_path[0] ? strnlen(un->sun_path, size) : size;
}

/* A peer chooses its name: it may hold what would play tricks on a terminal. */
static char *unix_text(const struct address *address)
{
    const char *name;
    size_t size = name_of(address, &name);
    bool abstract = size > 0 && name[0] == '\0';
    GString *text = g_string_new(abstract ? "unix:@" : "unix:");
    g_autofree char *valid =
        g_utf8_make_valid(name + abstract, (gssize)(size - abstract));
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(text, g_unichar_isprint(c) ? c : '?');
    }
    return g_string_free(text, FALSE);
}

static bool is_wrapped(const struct address *address)
{
    const struct sockaddr_in6 *in6 = (const void *)&address->storage;
    return in6->sin6_family == AF_INET6 &&
           IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
}

char *address_text(const struct address *address)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (address->size > 0 && address->storage.ss_family == AF_UNIX)
        return unix_text(address);
    if (getnameinfo((const struct sockaddr *)&address->storage, address->size,
                    host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return g_strdup("nowhere");
    const char *plain = is_wrapped(address) ? strrchr(host, ':') + 1 : host;
    return g_strdup_printf(is_ipv6(plain) ? "[%s]:%s" : "%s:%s", plain, port);
}

/* ---- Equality. Not byte by byte: a sockaddr has padding. ---- */

struct place {
    struct in6_addr host; /* All of IPv4 is in it: ::ffff:127.0.0.1. */
    in_port_t port;
    uint32_t scope;
};

static struct place place_of(const struct address *address)
{
    const struct sockaddr_in *in = (const void *)&address->storage;
    const struct sockaddr_in6 *in6 = (const void *)&address->storage;
    if (in6->sin6_family == AF_INET6)
        return (struct place){in6->sin6_addr, in6->sin6_port,
                              in6->sin6_scope_id};
    struct place place = {.port = in->sin_port};
    memset(&place.host.s6_addr[10], 0xff, 2);
    memcpy(&place.host.s6_addr[12], &in->sin_addr, sizeof in->sin_addr);
    return place;
}

static bool is_host(const struct address *address)
{
    sa_family_t family = address->storage.ss_family;
    return family == AF_INET || family == AF_INET6;
}

static bool hosts_equal(const struct address *a, const struct address *b)
{
    struct place one = place_of(a), other = place_of(b);
    return one.port == other.port && one.scope == other.scope &&
           IN6_ARE_ADDR_EQUAL(&one.host, &other.host);
}

static bool names_equal(const struct address *a, const struct address *b)
{
    const char *one, *other;
    size_t size = name_of(a, &one), same = name_of(b, &other);
    return size > 0 && size == same && memcmp(one, other, size) == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
    if (is_host(a) && is_host(b))
        return hosts_equal(a, b);
    return a->storage.ss_family == AF_UNIX && b->storage.ss_family == AF_UNIX &&
           names_equal(a, b);
}

struct address address_of(int fd)
{
    struct address address = {.size = sizeof address.storage};
    if (getsockname(fd, (struct sockaddr *)&address.storage, &address.size) < 0)
        address.size = 0;
    return address;
}

/* http_get: fetch one page by HTTP and print it, or say clearly what failed. */
#include "01-sockets/dial.h"
#include "01-sockets/eyeballs.h"
#include "01-sockets/fetch.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DAY = 86400 };

static double deadline_seconds = 10;
static gint64 most_bytes = 64 << 20;
static gboolean in_turn;
static char **at, **urls;

static const GOptionEntry entries[] = {
    {"deadline", 0, 0, G_OPTION_ARG_DOUBLE, &deadline_seconds,
     "Time for all but the look-up of a name (10)", "SECONDS"},
    {"most", 0, 0, G_OPTION_ARG_INT64, &most_bytes,
     "The longest body to take (64 MiB)", "BYTES"},
    {"at", 0, 0, G_OPTION_ARG_STRING_ARRAY, &at,
     "Connect there instead; may be repeated", "HOST:PORT|unix:PATH"},
    {"in-turn", 0, 0, G_OPTION_ARG_NONE, &in_turn,
     "Try addresses in turn: else they race", NULL},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &urls, NULL,
     "[http://]HOST[:PORT][/PATH]"},
    G_OPTION_ENTRY_NULL,
};

/* ---- What the user asks for. ---- */

static bool refuse(GError **error, const char *why)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, why);
    return false;
}

static bool parse_options(int argc, char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(
        context, "Print the page at a URL. Nothing is encrypted.");
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (!(deadline_seconds > 0 && deadline_seconds <= DAY))
        return refuse(error, "--deadline takes more than 0 and up to "
                             "86400 seconds");
    if (most_bytes < 0 || most_bytes > G_MAXINT32)
        return refuse(error, "--most takes 0 to 2147483647 bytes");
    if (!urls || urls[1])
        return refuse(error, "exactly one URL is expected, such as "
                             "http_get example.org/index.html");
    return true;
}

static bool is_printable(const char *text)
{
    while (g_ascii_isgraph(*text))
        text++;
    return *text == '\0';
}

static bool is_served(GUri *uri, GError **error)
{
    const char *scheme = g_uri_get_scheme(uri);
    if (strcmp(scheme, "https") == 0)
        return refuse(error, "https:// has to wait for Part II: nothing is "
                             "encrypted before it");
    if (strcmp(scheme, "http") != 0)
        return refuse(error, "only http:// is spoken here");
    if (g_uri_get_userinfo(uri))
        return refuse(error, "a URL with a user name is not taken");
    if (!g_uri_get_host(uri) || g_uri_get_host(uri)[0] == '\0')
        return refuse(error, "the URL names no host");
    return true;
}

/* Returns new, or NULL and @p error. */
static GUri *parse_url(const char *text, GError **error)
{
    bool whole = g_regex_match_simple("^[a-z][a-z0-9+.-]*://", text,
                                      G_REGEX_CASELESS | G_REGEX_RAW, 0);
    g_autofree char *url = g_strconcat(whole ? "" : "http://", text, NULL);
    if (!is_printable(url)) {
        refuse(error, "a URL holds printable ASCII only, no spaces");
        return NULL;
    }
    g_autoptr(GUri) uri = g_uri_parse(
        url, G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE, error);
    return uri && is_served(uri, error) ? g_steal_pointer(&uri) : NULL;
}

/* "HOST:PORT", with an IPv6 host in brackets. */
static char *authority(GUri *uri)
{
    const char *host = g_uri_get_host(uri);
    const char *format = strchr(host, ':') ? "[%s]:%d" : "%s:%d";
    return g_strdup_printf(format, host, g_uri_get_port(uri));
}

/* For the request: port 80 is left out. */
static char *host_field(const char *host)
{
    size_t rest = g_str_has_suffix(host, ":80") ? strlen(":80") : 0;
    return g_strndup(host, strlen(host) - rest);
}

static char *path_and_query(GUri *uri)
{
    const char *query = g_uri_get_query(uri);
    return g_strconcat(g_uri_get_path(uri), query ? "?" : NULL, query, NULL);
}

/* Where to connect: what all of @p texts stand for. Returns new, or NULL and
 * @p error. */
static GArray *find_all(char **texts, GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct address));
    for (; *texts; texts++) {
        g_autoptr(GArray) found = address_find(*texts, error);
        if (!found)
            return NULL;
        g_array_append_vals(all, found->data, found->len);
    }
    return g_steal_pointer(&all);
}

/* ---- Getting it. ---- */

static int print(const GByteArray *body)
{
    size_t written = fwrite(body->data, 1, body->len, stdout);
    if (written < body->len || fflush(stdout) != 0)
        return complain(FAILED, "the page cannot be written: %s",
                        g_strerror(errno));
    return 0;
}

static int complain_of_connection(const char *host)
{
    const char *why = g_strerror(errno);
    g_autofree char *where = at ? g_strjoinv(" or ", at) : g_strdup(host);
    return complain(FAILED, "no connection to %s: %s", where, why);
}

static int get(const GArray *addresses, const char *host, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) body = g_byte_array_new();
    nsec deadline = clock_monotonic() + (nsec)(deadline_seconds * (double)SEC);
    int fd = in_turn ? dial(addresses, deadline)
                     : eyeballs_dial(addresses, deadline);
    if (fd < 0)
        return complain_of_connection(host);
    g_autofree char *field = host_field(host);
    struct fetch fetch = {field, path, (size_t)most_bytes, deadline};
    int status = fetch_get(fd, &fetch, body, &error);
    close(fd);
    if (status < 0)
        return complain(FAILED, "no page from %s: %s", host, error->message);
    if (print(body) != 0)
        return FAILED;
    if (status >= 300 && status < 400)
        return complain(FAILED,
                        "%s answers with status %d: the page is "
                        "elsewhere, and that is not followed",
                        host, status);
    if (status >= 400)
        return complain(FAILED, "%s answers with status %d", host, status);
    return 0;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    setlocale(LC_CTYPE, "");
    if (!standard_is_open())
        return complain(FAILED,
                        "standard input, output and error must be open");
    if (!parse_options(argc, argv, &error))
        return complain(USAGE, "%s", error->message);
    g_autoptr(GUri) uri = parse_url(urls[0], &error);
    if (!uri)
        return complain(USAGE, "%s", error->message);
    g_autofree char *host = authority(uri), *path = path_and_query(uri);
    char *named[] = {host, NULL};
    g_autoptr(GArray) addresses = find_all(at ? at : named, &error);
    if (!addresses)
        return complain(address_error_status(error), "%s", error->message);
    return get(addresses, host, path);
}

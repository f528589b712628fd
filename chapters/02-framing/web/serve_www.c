/*
 * www: a web server for curl, wrk and a browser.
 *
 *     www --root=build/docs/html      the files below a directory
 *     www                             a page that says what there is
 *
 *     loop ── web: connections, requests ──┬─ files
 *                                          ├─ counter: a live page
 *                                          └─ upload: how much came, its CRC
 */
#include "01-sockets/net.h"
#include "01-sockets/signals.h"
#include "02-framing/crc32c.h"
#include "02-framing/web/counter.h"
#include "02-framing/web/files.h"
#include "common/world/complain.h"
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>

struct server {
    struct web *web;
    struct files *files; /* NULL: there are none. */
    struct counter *counter;
};

/* ---- Options. ---- */

static char *where = "127.0.0.1:8080", *root;
static double patience = 10;
static int megabytes = 64;

static const GOptionEntry entries[] = {
    {"listen", 0, 0, G_OPTION_ARG_STRING, &where,
     "Where to serve (127.0.0.1:8080)", "HOST:PORT|unix:PATH"},
    {"root", 0, 0, G_OPTION_ARG_FILENAME, &root,
     "Show the files below this directory", "DIR"},
    {"largest", 0, 0, G_OPTION_ARG_INT, &megabytes, "No body is longer (64)",
     "MB"},
    {"patience", 0, 0, G_OPTION_ARG_DOUBLE, &patience,
     "For a head to come, and an answer to be read on (10)", "SECONDS"},
    G_OPTION_ENTRY_NULL,
};

static bool parse_options(int argc, char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(
        context, "Serve files, a live counter and uploads by HTTP.");
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    bool sensible = patience >= 0.001 && patience <= 1e6 && megabytes >= 1 &&
                    megabytes <= 1 << 20;
    if (argc > 1)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is not expected: see www --help", argv[1]);
    else if (!sensible)
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            "a number is too small or too large: see www "
                            "--help");
    return argc == 1 && sensible;
}

/* ---- Upload. ---- */

struct upload {
    uint64_t size;
    uint32_t check;
};

static void on_body(void *self, struct web_exchange *exchange,
                    const uint8_t *data, size_t size)
{
    struct upload *upload = self;
    (void)exchange;
    upload->size += size;
    upload->check = crc32c(upload->check, data, size);
}

static void on_whole(void *self, struct web_exchange *exchange)
{
    const struct upload *upload = self;
    char text[96];
    int size = snprintf(text, sizeof text,
                        "{\"bytes\": %" PRIu64 ", \"crc32c\": \"%08x\"}\n",
                        upload->size, (unsigned)upload->check);
    web_answer(exchange, 200, "application/json", text, (size_t)size);
}

static void on_over(void *self, struct web_exchange *exchange)
{
    (void)exchange;
    g_free(self);
}

static void take_upload(struct web_exchange *exchange)
{
    web_own(exchange, (struct web_owner){.on_body = on_body,
                                         .on_whole = on_whole,
                                         .on_over = on_over,
                                         .self = g_new0(struct upload, 1)});
}

/* ---- Requests. ---- */

static const char welcome[] =
    "From Sockets to Consensus\n"
    "\n"
    "    /         this page\n"
    "    /counter  a number that moves on every screen at once\n"
    "    /upload   POST or PUT something: how much came, and its CRC-32C\n"
    "\n"
    "With --root=DIR: the files below that directory.\n";

static void on_request(void *self, struct web_exchange *exchange,
                       const struct http_request *request)
{
    struct server *server = self;
    bool get =
        http_is(request->method, "GET") || http_is(request->method, "HEAD");
    bool post =
        http_is(request->method, "POST") || http_is(request->method, "PUT");
    if (counter_answer(server->counter, exchange, request))
        return;
    if (http_is(request->target, "/upload") && post)
        take_upload(exchange);
    else if (server->files)
        files_answer(server->files, exchange, request);
    else if (get && http_is(request->target, "/"))
        web_answer(exchange, 200, "text/plain; charset=utf-8", welcome,
                   sizeof welcome - 1);
    else
        web_answer(exchange, get ? 404 : 405, "text/plain",
                   get ? "404 Not Found\n" : "405 Method Not Allowed\n",
                   get ? 14 : 23);
}

/* ---- The server. ---- */

static int serve(int listener, struct files *files)
{
    struct loop *loop = loop_new();
    struct server server = {.files = files, .counter = counter_new(loop)};
    struct signals *signals = signals_that_stop(loop);
    int status = net_announce(listener) < 0 ? FAILED : 0;
    server.web = web_new(
        loop, listener, on_request, &server,
        (struct web_settings){.body = (uint64_t)megabytes << 20,
                              .patience = (nsec)(patience * (double)SEC)});
    if (status == 0)
        loop_run(loop);
    web_free(server.web);
    counter_free(server.counter);
    signals_free(signals);
    loop_free(loop);
    return status;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct address address;
    if (!standard_is_open())
        return FAILED;
    setlocale(LC_ALL, "");
    if (!parse_options(argc, argv, &error))
        return complain(USAGE, "%s", error->message);
    if (!address_parse(&address, where, &error))
        return complain(address_error_status(error), "%s", error->message);
    struct files *files = root ? files_new(root) : NULL;
    if (root && !files)
        return complain(FAILED, "cannot open %s: %s", root, g_strerror(errno));
    int listener = net_listen(&address, 1024);
    if (listener < 0)
        return complain(FAILED, "cannot listen on %s: %s", where,
                        g_strerror(errno));
    int status = serve(listener, files);
    g_clear_pointer(&files, files_free);
    return status;
}

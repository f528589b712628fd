/*
 * echo: whatever you send comes back; six ways to serve it (echo.h).
 */
#include "01-sockets/echo/echo.h"
#include "01-sockets/net.h"
#include "common/world/complain.h"
#include <errno.h>
#include <locale.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

enum { BACKLOG = 4096 };

static char *where = "127.0.0.1:7007";
static char *way = "epoll";

static bool parse_options(int argc, char **argv, GError **error)
{
    g_autofree char *names = echo_model_names();
    g_autofree char *summary = g_strdup_printf(
        "Send back whatever clients send, in one of six ways:\n%s.", names);
    const GOptionEntry entries[] = {
        {"listen", 0, 0, G_OPTION_ARG_STRING, &where,
         "Where to serve (127.0.0.1:7007)", "HOST:PORT|unix:PATH"},
        {"model", 0, 0, G_OPTION_ARG_STRING, &way, "In which way (epoll)",
         "NAME"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context, summary);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "\"%s\" is not expected: see echo --help", argv[1]);
    else if (!echo_model(way))
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "there is no model \"%s\": it is one of %s", way, names);
    else
        return true;
    return false;
}

/* As many descriptors as we may have: the usual 1024 is for select(2). */
static void allow_many_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* An echo goes at once, even if the one before it is not acknowledged. On
 * Linux whoever is accepted inherits this from the listener. */
static int listen_at(const struct address *address)
{
    int one = 1;
    int listener = net_listen(address, BACKLOG);
    if (listener >= 0)
        setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return listener;
}

static int serve(const struct echo_model *model, const struct address *address)
{
    allow_many_descriptors();
    int status = model->check ? model->check() : 0;
    if (status != 0)
        return status;
    int listener = listen_at(address);
    if (listener < 0)
        return complain(FAILED, "cannot listen at %s: %s", where,
                        g_strerror(errno));
    if (net_announce(listener) < 0)
        return complain(FAILED, "cannot say it is ready: %s",
                        g_strerror(errno));
    return model->serve(listener);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    struct address address;
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    if (!standard_is_open())
        return complain(FAILED,
                        "standard input, output and error must be open");
    if (!parse_options(argc, argv, &error))
        return complain(USAGE, "%s", error->message);
    if (!address_parse(&address, where, &error))
        return complain(address_error_status(error), "%s", error->message);
    return serve(echo_model(way), &address);
}

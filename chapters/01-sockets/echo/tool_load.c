/* load: how many messages a second does an echo server answer, how fast? */
#include "01-sockets/echo/load.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

enum { CONNECTIONS_MOST = 20000, SIZE_MOST = 16 << 20, SECONDS_MOST = 3600 };

static int connections = 64, silent, size = 64;
static double rate, duration = 5, warmup = 0.5;
static gboolean tsv;
static char **places;

static const GOptionEntry entries[] = {
    {"connections", 0, 0, G_OPTION_ARG_INT, &connections,
     "Clients that talk (64)", "N"},
    {"size", 0, 0, G_OPTION_ARG_INT, &size, "Length of a message (64)",
     "BYTES"},
    {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &rate,
     "Messages a second, all in all (as many as are answered)", "N"},
    {"duration", 0, 0, G_OPTION_ARG_DOUBLE, &duration,
     "How long it is measured (5)", "SECONDS"},
    {"warmup", 0, 0, G_OPTION_ARG_DOUBLE, &warmup,
     "How long it runs before (0.5)", "SECONDS"},
    {"silent", 0, 0, G_OPTION_ARG_INT, &silent,
     "More clients, who connect and say nothing (0)", "N"},
    {"tsv", 0, 0, G_OPTION_ARG_NONE, &tsv, "Print a heading and one row", NULL},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &places, NULL,
     "HOST:PORT"},
    G_OPTION_ENTRY_NULL,
};

/* ---- What the user asks for. ---- */

static bool refuse(GError **error, const char *why)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, why);
    return false;
}

static bool is_within(double value, double low, double high)
{
    return value >= low && value <= high; /* And no NAN. */
}

static bool check_options(GError **error)
{
    if (!is_within(connections, 1, CONNECTIONS_MOST))
        return refuse(error, "--connections takes 1 to 20000");
    if (!is_within(silent, 0, CONNECTIONS_MOST))
        return refuse(error, "--silent takes 0 to 20000");
    if (!is_within(size, 1, SIZE_MOST))
        return refuse(error, "--size takes 1 to 16777216 bytes");
    if (!is_within(rate, 0, LOAD_RATE_MOST))
        return refuse(error, "--rate takes up to 1000000 messages a second; 0 "
                             "for as many as are answered");
    if (!is_within(duration, 0.001, SECONDS_MOST))
        return refuse(error, "--duration takes 0.001 to 3600 seconds");
    if (!is_within(warmup, 0, SECONDS_MOST))
        return refuse(error, "--warmup takes 0 to 3600 seconds");
    if (!places || places[1])
        return refuse(error, "exactly one server is expected, such as "
                             "load 127.0.0.1:7000");
    return true;
}

static bool parse_options(int argc, char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(
        context, "Load an echo server with many clients, and measure it.");
    return g_option_context_parse(context, &argc, &argv, error) &&
           check_options(error);
}

/* ---- The result, for people. ---- */

static double microseconds(const struct histogram *times, double share)
{
    return (double)histogram_percentile(times, share) / (double)USEC;
}

static double per_second(const struct load_result *result)
{
    return (double)result->answered * (double)SEC / (double)result->counted;
}

static void print_connections(const struct load_result *result)
{
    printf("  connections    %u of %d made", result->connected, connections);
    if (silent > 0)
        printf(", and %u of %d silent ones", result->silent, silent);
    if (result->connected + result->silent + result->broken <
        (unsigned)(connections + silent))
        printf(", the others still trying");
    printf(", %u broken", result->broken);
    if (result->broken > 0)
        printf(" (the first: %s)",
               result->why ? g_strerror(result->why) : "closed by the server");
    printf("\n");
}

static void print_messages(const struct load_result *result)
{
    printf("  messages       %.0f a second answered", per_second(result));
    if (rate > 0)
        printf(", %.0f due; %" G_GUINT64_FORMAT " still due at the end", rate,
               result->late);
    printf("\n");
}

static void print_delays(const struct histogram *delays)
{
    printf("  delay, in µs %9s %9s %9s %9s %9s\n"
           "               %9.0f %9.0f %9.0f %9.0f %9.0f\n",
           "p50", "p90", "p99", "p99.9", "max", microseconds(delays, 0.5),
           microseconds(delays, 0.9), microseconds(delays, 0.99),
           microseconds(delays, 0.999), microseconds(delays, 1));
}

static void print_this_side(const struct load_result *result)
{
    double busy = 100.0 * (double)result->busy / (double)result->counted;
    printf("  this side      busy for %.0f %% of the time", busy);
    if (rate > 0)
        printf("; it was late by %.0f µs (p99: %.0f)",
               microseconds(result->lags, 0.5),
               microseconds(result->lags, 0.99));
    else if (busy > 90)
        printf(": the limit may be here");
    printf("\n");
}

static void print_block(const char *where, const struct load_result *result)
{
    printf("%s, %d bytes a message, %g s after %g s of warm-up\n\n", where,
           size, duration, warmup);
    print_connections(result);
    print_messages(result);
    print_delays(result->delays);
    print_this_side(result);
    printf("\n%s\n",
           rate > 0
               ? "A delay counts from when a message was due, sent or not; "
                 "what was still due at\nthe end counts with what it had "
                 "waited by then."
               : "A delay counts from sending, and a client sends again "
                 "when it is answered: who\nis served slowly asks less, so "
                 "these delays flatter (see --rate).");
}

/* ---- And for programs. ---- */

static void print_row(const struct load_result *result)
{
    printf("# connections\tsilent\tsize\trate\tmade\tbroken\tper_second\tlate\t"
           "p50_us\tp90_us\tp99_us\tp999_us\tmax_us\tbusy\n");
    printf("%d\t%d\t%d\t%g\t%u\t%u\t%.1f\t%" G_GUINT64_FORMAT
           "\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.3f\n",
           connections, silent, size, rate, result->connected + result->silent,
           result->broken, per_second(result), result->late,
           microseconds(result->delays, 0.5), microseconds(result->delays, 0.9),
           microseconds(result->delays, 0.99),
           microseconds(result->delays, 0.999), microseconds(result->delays, 1),
           (double)result->busy / (double)result->counted);
}

/* ---- Running it. ---- */

static nsec begun;

static void show_progress(void *self, const struct load_result *so_far)
{
    double passed = (double)(clock_monotonic() - begun) / (double)SEC;
    (void)self;
    if (duration + warmup > 2 || passed > 2)
        fprintf(stderr,
                "\r  %.1f s: %u connections, %" G_GUINT64_FORMAT
                " messages counted  ",
                passed, so_far->connected + so_far->silent, so_far->answered);
}

/* The first of @p addresses that can be reached at all. */
static struct load_result *load_any(const GArray *addresses, char **where,
                                    GError **error)
{
    struct load_plan plan = {
        .connections = (unsigned)connections,
        .silent = (unsigned)silent,
        .size = (size_t)size,
        .rate = rate,
        .warmup = (nsec)(warmup * (double)SEC),
        .duration = (nsec)(duration * (double)SEC),
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
    };
    struct load_result *result = NULL;
    begun = clock_monotonic();
    for (unsigned i = 0; !result && i < addresses->len; i++) {
        const struct address *address =
            &g_array_index(addresses, struct address, i);
        if (*error && !g_error_matches(*error, LOAD_ERROR, LOAD_ALONE))
            break;
        g_clear_error(error);
        g_clear_pointer(where, g_free);
        *where = address_text(address);
        result = load_run(address, &plan, error);
    }
    if (plan.progress)
        fprintf(stderr, "\r\033[K");
    return result;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *where = NULL;
    setlocale(LC_CTYPE, "");
    if (!standard_is_open())
        return complain(FAILED,
                        "standard input, output and error must be open");
    if (!parse_options(argc, argv, &error))
        return complain(USAGE, "%s", error->message);
    g_autoptr(GArray) addresses = address_find(places[0], &error);
    if (!addresses)
        return complain(address_error_status(error), "%s", error->message);
    struct load_result *result = load_any(addresses, &where, &error);
    if (!result)
        return complain(FAILED, "%s", error->message);
    if (tsv)
        print_row(result);
    else
        print_block(where, result);
    load_result_free(result);
    if (fflush(stdout) != 0)
        return complain(FAILED, "the result cannot be written: %s",
                        g_strerror(errno));
    return 0;
}

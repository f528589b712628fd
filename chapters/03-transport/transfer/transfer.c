#include "03-transport/transfer/transfer.h"
#include "01-sockets/signals.h"
#include "03-transport/cubic.h"
#include "03-transport/newreno.h"
#include "03-transport/transfer/lossy.h"
#include "common/world/complain.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { GUESTS = 65536, BUFFER = 16 << 20, HOUR = 3600 };
#define PROGRESS (200 * MSEC)

/* What surrounds a transfer. */
struct frame_of_transfer {
    struct transfer transfer; /* First: it is one. */
    struct lossy *lossy;      /* NULL: what is lost is lost by itself. */
    char *dir;                /* For what the first stages keep. */
    struct signals *signals;
    struct timer progress;
    void (*readable)(void *self);
    void (*writable)(void *self);
    void *self;
};

/* ---- Options. ---- */

static char *stage_name, *controller_name;
static double loss_percent, patience_seconds = 30;
static gint64 seed = 1;
static gboolean quiet;

static const GOptionEntry entries[] = {
    {"stage", 0, 0, G_OPTION_ARG_STRING, &stage_name,
     "How it is carried; the same at both ends (flow)", "arq|gobackn|flow"},
    {"controller", 0, 0, G_OPTION_ARG_STRING, &controller_name,
     "How the flow heeds the network (newreno)", "newreno|cubic"},
    {"loss", 0, 0, G_OPTION_ARG_DOUBLE, &loss_percent,
     "Lose so many of all datagrams, in and out (0)", "PERCENT"},
    {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "Which ones (1)", "NUMBER"},
    {"patience", 0, 0, G_OPTION_ARG_DOUBLE, &patience_seconds,
     "Give up after so long a silence (30)", "SECONDS"},
    {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "Say nothing but what failed",
     NULL},
    G_OPTION_ENTRY_NULL,
};

static const struct way_ops *stage_of(const char *name)
{
    static const struct way_ops *const all[] = {&way_flow, &way_arq,
                                                &way_gobackn};
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++)
        if (strcmp(name ? name : "flow", all[i]->name) == 0)
            return all[i];
    return NULL;
}

static struct controller *(*controller_of(const char *name))(size_t)
{
    if (!name || strcmp(name, "newreno") == 0)
        return newreno_new;
    return strcmp(name, "cubic") == 0 ? cubic_new : NULL;
}

static bool refuse(GError **error, const char *why)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, why);
    return false;
}

bool transfer_parse(int *argc, char ***argv, const char *what,
                    const char *summary, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(what);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context, summary);
    if (!g_option_context_parse(context, argc, argv, error))
        return false;
    if (!stage_of(stage_name))
        return refuse(error, "--stage takes arq, gobackn or flow");
    if (!controller_of(controller_name))
        return refuse(error, "--controller takes newreno or cubic");
    if (!(loss_percent >= 0 && loss_percent <= 90))
        return refuse(error, "--loss takes 0 to 90");
    if (!(patience_seconds >= 0.1 && patience_seconds <= HOUR))
        return refuse(error, "--patience takes 0.1 to 3600 seconds");
    return true;
}

/* ---- Life. ---- */

static void on_signal(void *self, int signal)
{
    (void)signal;
    transfer_fail(self, "it was interrupted");
}

static struct signals *signals_for(struct transfer *transfer)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return signals_new(host_loop(transfer->host), &set, on_signal, transfer);
}

/* Of one transfer nothing has to survive. */
static void remove_dir(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_remove(file);
    }
    g_rmdir(path);
}

/* What was said last, perhaps a reset, leaves before the host goes. Not by a
 * turn: that would serve who still reads or writes, and there is no way any
 * more. */
static void free_all(struct frame_of_transfer *frame)
{
    g_clear_pointer(&frame->transfer.way, way_free);
    env_bind(host_env(frame->transfer.host), NULL, NULL);
    loop_flush(host_loop(frame->transfer.host));
    g_clear_pointer(&frame->signals, signals_free);
    g_clear_pointer(&frame->lossy, lossy_free);
    g_clear_pointer(&frame->transfer.host, host_free);
    if (frame->dir)
        remove_dir(frame->dir);
    g_free(frame->dir);
    g_free(frame);
}

struct transfer *transfer_new(node_id id, const struct address *address)
{
    struct frame_of_transfer *frame = g_new0(struct frame_of_transfer, 1);
    struct host_settings settings = {.id = id};
    if (stage_of(stage_name)->reliable) {
        frame->dir = g_dir_make_tmp("transfer-XXXXXX", NULL);
        settings.store.dir = frame->dir;
    }
    frame->transfer.host = host_new(settings);
    if (host_bind(frame->transfer.host, address) != 0) {
        int problem = errno;
        free_all(frame);
        errno = problem;
        return NULL;
    }
    frame->signals = signals_for(&frame->transfer);
    return &frame->transfer;
}

/* ---- What the user is told. ---- */

static nsec now_of(const struct transfer *transfer)
{
    return env_now(host_env(transfer->host));
}

static double seconds_of(const struct transfer *transfer)
{
    nsec end = transfer->ended ? transfer->ended : now_of(transfer);
    nsec span = transfer->begun ? end - transfer->begun : 0;
    return (double)MAX(span, USEC) / (double)SEC;
}

static void say_progress(const struct transfer *transfer)
{
    g_autoptr(GString) counts = g_string_new(NULL);
    way_count(transfer->way, counts);
    fprintf(stderr, "\r\033[K%.1f MB, %.1f Mbit/s; %.50s",
            (double)transfer->bytes / 1e6,
            (double)transfer->bytes * 8e-6 / seconds_of(transfer), counts->str);
}

static void on_progress(void *self)
{
    struct frame_of_transfer *frame = self;
    say_progress(&frame->transfer);
    loop_arm(host_loop(frame->transfer.host), &frame->progress, PROGRESS);
}

static int say_end(const struct frame_of_transfer *frame)
{
    const struct transfer *transfer = &frame->transfer;
    g_autoptr(GString) counts = g_string_new(NULL);
    if (frame->progress.place)
        fprintf(stderr, "\r\033[K");
    if (transfer->problem)
        return complain(FAILED, "%s, after %" G_GUINT64_FORMAT " bytes",
                        transfer->problem, transfer->bytes);
    if (quiet)
        return 0;
    way_count(transfer->way, counts);
    fprintf(stderr, "%" G_GUINT64_FORMAT " bytes in %.3f s, %.1f Mbit/s\n%s\n",
            transfer->bytes, seconds_of(transfer),
            (double)transfer->bytes * 8e-6 / seconds_of(transfer), counts->str);
    if (frame->lossy)
        fprintf(stderr, "%" G_GUINT64_FORMAT " datagrams were lost here\n",
                lossy_lost(frame->lossy));
    return 0;
}

/* ---- Running. ---- */

static void on_readable(void *self)
{
    struct frame_of_transfer *frame = self;
    if (frame->readable)
        frame->readable(frame->self);
}

static void on_writable(void *self)
{
    struct frame_of_transfer *frame = self;
    if (frame->writable)
        frame->writable(frame->self);
}

static void on_met(void *self, node_id peer)
{
    const struct transfer *transfer = self;
    host_keep(transfer->host, peer);
}

/* Who has written all cannot fail any more. */
static void on_closed(void *self, const char *problem)
{
    struct transfer *transfer = self;
    transfer->done = true;
    if (!transfer->problem && transfer->ended == 0)
        transfer->problem = problem;
}

void transfer_open(struct transfer *transfer, node_id to,
                   void (*readable)(void *self), void (*writable)(void *self),
                   void *self)
{
    struct frame_of_transfer *frame = (struct frame_of_transfer *)transfer;
    struct env *env = host_env(transfer->host);
    struct way_settings settings = {
        .controller = controller_of(controller_name),
        .buffer = BUFFER,
        .patience = (nsec)(patience_seconds * (double)SEC)};
    frame->readable = readable;
    frame->writable = writable;
    frame->self = self;
    frame->progress = (struct timer){.fire = on_progress, .self = frame};
    if (loss_percent > 0)
        frame->lossy =
            lossy_new(env, (unsigned)(loss_percent * 10 + 0.5), (uint64_t)seed);
    if (to == 0)
        host_welcome(transfer->host, GUESTS);
    transfer->way = way_open(
        stage_of(stage_name), frame->lossy ? lossy_env(frame->lossy) : env, to,
        settings,
        (struct way_owner){on_met, on_readable, on_writable, on_closed, frame});
}

void transfer_count(struct transfer *transfer, size_t size)
{
    struct frame_of_transfer *frame = (struct frame_of_transfer *)transfer;
    transfer->bytes += size;
    if (transfer->begun)
        return;
    transfer->begun = now_of(transfer);
    if (!quiet && isatty(STDERR_FILENO))
        on_progress(frame);
}

void transfer_fail(struct transfer *transfer, const char *problem)
{
    transfer->done = true;
    transfer->problem = problem;
}

int transfer_run(struct transfer *transfer)
{
    struct frame_of_transfer *frame = (struct frame_of_transfer *)transfer;
    struct loop *loop = host_loop(transfer->host);
    while (!transfer->done)
        loop_turn(loop, UINT64_MAX);
    int status = say_end(frame);
    loop_disarm(loop, &frame->progress);
    while (!transfer->problem && !way_is_idle(transfer->way))
        loop_turn(loop, UINT64_MAX);
    free_all(frame);
    return status;
}

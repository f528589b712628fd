/*
 * Producers, a broker and workers, each a process; some of them are killed. At
 * the end it is counted what was done.
 */
#include "04-queues/server/look.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 8, EACH = 900, BAR = 20, FULL_BAR = 400, ROWS = 36 };
#define PATIENCE (20 * SEC)
#define STEP     (500 * MSEC)

static struct {
    struct stage *stage;
    struct address address;
    char *listen, *dir, *log;
    struct actor *broker, *producers[2], *workers[WORKERS];
    unsigned working;
    nsec began;
    uint64_t done;   /* Lines that the workers wrote .. */
    uint64_t before; /* .. half a second ago .. */
    uint64_t again;  /* .. of messages that had been delivered before .. */
    uint64_t twice;  /* .. and even done. */
} show;

/* ---- Processes. ---- */

static void start_broker(void)
{
    show.broker = stage_start(show.stage, "queue", show.listen, show.dir, NULL);
    g_autofree char *ready =
        show.broker ? actor_await(show.broker, "ready ", PATIENCE) : NULL;
    if (!ready)
        exit(complain(FAILED, "the broker did not start"));
}

static void start_producer(unsigned i)
{
    g_autofree char *name = g_strdup_printf("--name=%c", 'a' + i);
    g_autofree char *count = g_strdup_printf("--count=%d", EACH);
    show.producers[i] =
        stage_start(show.stage, "publish", strchr(show.listen, '=') + 1, "jobs",
                    "--rate=150", count, name, NULL);
}

static void start_worker(unsigned i)
{
    show.workers[i] =
        stage_start(show.stage, "work", strchr(show.listen, '=') + 1, "jobs",
                    "--pause=8", show.log, NULL);
    show.working++;
}

/* ---- What was done. ---- */

/* The lines of the workers: how many, and how often each. Returns new. */
static GHashTable *read_lines(void)
{
    GHashTable *counts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *text = NULL;
    show.done = show.again = show.twice = 0;
    if (!g_file_get_contents(strchr(show.log, '=') + 1, &text, NULL, NULL))
        return counts;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; line[0] && line[1]; line++) {
        show.again += g_str_has_suffix(*line, " again") ? 1 : 0;
        (*line)[strcspn(*line, " ")] = '\0';
        size_t count = GPOINTER_TO_SIZE(g_hash_table_lookup(counts, *line));
        g_hash_table_insert(counts, g_strdup(*line),
                            GSIZE_TO_POINTER(count + 1));
        show.done++;
        show.twice += count > 0;
    }
    return counts;
}

/* ---- What is seen. ---- */

static double seconds(void)
{
    return (double)(clock_monotonic() - show.began) / (double)SEC;
}

static void say(const char *what)
{
    printf("  %4.1f s  * %s\n", seconds(), what);
    fflush(stdout);
}

static void print_row(void)
{
    g_autofree char *text = look_ask(&show.address, "QINFO jobs");
    uint64_t depth = 0;
    GHashTable *counts = read_lines();
    if (text)
        depth = look_fact(text, "ready") + look_fact(text, "taken");
    unsigned length = (unsigned)MIN(BAR, depth * BAR / FULL_BAR);
    g_autofree char *bar = g_strnfill(length, '#');
    g_autofree char *number = g_strdup_printf("%d", (int)depth);
    printf("  %4.1f s  %7s %-*s %8.0f/s %8d %8d\n", seconds(),
           text ? number : "down", BAR, bar,
           (double)(show.done - show.before) * (double)SEC / (double)STEP,
           (int)show.again, (int)show.working);
    fflush(stdout);
    show.before = show.done;
    g_hash_table_unref(counts);
}

static void wait_until(double time)
{
    while (seconds() < time)
        g_usleep(5000);
}

/* Rows until @p end. */
static void watch_until(double end)
{
    static double next;
    while (next + 0.5 < end + 0.01) {
        next += 0.5;
        wait_until(next);
        print_row();
    }
}

/* ---- The story. ---- */

static void kill_one(struct actor *actor)
{
    actor_signal(actor, SIGKILL);
    actor_wait(actor, PATIENCE);
}

static void play(void)
{
    show.began = clock_monotonic();
    say("two producers, 150 messages a second each; one worker, 8 ms a job");
    start_producer(0);
    start_producer(1);
    start_worker(0);
    watch_until(2);
    say("three more workers");
    for (unsigned i = 1; i < 4; i++)
        start_worker(i);
    watch_until(3.5);
    say("kill -9: a worker. What it held comes again, to the others");
    kill_one(show.workers[0]);
    show.working--;
    watch_until(4.5);
    say("kill -9: the broker. Producers and workers dial on");
    kill_one(show.broker);
    watch_until(5.5);
    say("it is started again, reads its log, and all go on");
    start_broker();
    watch_until(6.5);
    say("workers up to eight");
    for (unsigned i = 4; i < WORKERS; i++)
        start_worker(i);
    start_worker(0);
}

/* What a producer says at its end. */
static uint64_t count_confirmed(struct actor *producer)
{
    g_autofree char *line = actor_await(producer, "confirmed ", PATIENCE);
    return line ? g_ascii_strtoull(strchr(line, ' ') + 1, NULL, 10) : 0;
}

static bool is_empty(void)
{
    g_autofree char *text = look_ask(&show.address, "QINFO jobs");
    return text && look_fact(text, "ready") + look_fact(text, "taken") == 0 &&
           look_fact(text, "published") > 0;
}

static int judge(void)
{
    uint64_t confirmed = 0;
    for (unsigned i = 0; i < 2; i++)
        confirmed += count_confirmed(show.producers[i]);
    for (double end = 7; !is_empty() && seconds() < ROWS / 2.0; end += 0.5)
        watch_until(end);
    GHashTable *counts = read_lines();
    uint64_t different = g_hash_table_size(counts), published = 2 * EACH;
    g_hash_table_unref(counts);
    printf("\n  %5d messages were published and confirmed\n"
           "  %5d of them are done%s\n"
           "  %5d were delivered again, since who had them was killed, or the "
           "broker\n"
           "  %5d of those had been done already: it was not known any more\n",
           (int)confirmed, (int)different,
           different == published ? ": none is lost" : "", (int)show.again,
           (int)show.twice);
    return confirmed == published && different == published
               ? 0
               : complain(FAILED, "something is lost, or invented");
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    show.stage = stage_new();
    const char *dir = stage_dir(show.stage);
    show.listen = g_strdup_printf("--listen=unix:%s/socket", dir);
    show.dir = g_strdup_printf("--dir=%s/broker", dir);
    show.log = g_strdup_printf("--log=%s/done", dir);
    if (!address_parse(&show.address, strchr(show.listen, '=') + 1, NULL))
        return complain(FAILED, "there is no place for a socket");
    start_broker();
    g_free(look_ask(&show.address, "QDECLARE jobs"));
    printf("Producers, a broker and workers, each a process of its own. How "
           "many messages\nwait or are at work, how many are done a second, "
           "and how many came again?\n\n");
    printf("  %6s  %7s %-*s %10s %8s %8s\n", "time", "depth", BAR, "", "done",
           "again", "workers");
    play();
    int status = judge();
    stage_free(show.stage);
    g_free(show.listen);
    g_free(show.dir);
    g_free(show.log);
    return status;
}

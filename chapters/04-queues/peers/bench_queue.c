/*
 * What our queue takes beside the processors: memory for each message, and time
 * to begin again after a crash.
 *
 *     bench_queue [--whole]    // a log of 1 GiB, else of 128 MiB
 *
 * Memory is what the process has more (VmRSS) when so many messages are in a
 * queue. The bar: 1.3 times their bytes where they are long, their bytes and
 * 128 more where they are short.
 *
 * For the other, a queue is filled and its process killed. Then its files are
 * read, by read(2) and nothing else, and then by a new process, until it takes
 * connections: each time from the disk, for the kernel is told to forget them.
 * The bar: half as fast. Where no processor is idle, the processor time of the
 * new process counts in place of the clock's.
 */
#include "01-sockets/dial.h"
#include "01-sockets/io.h"
#include "02-framing/resp_writer.h"
#include "04-queues/peers/idletime.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 1000, BLOCK = 1 << 20, EACH = 128, TRIES = 3 };
enum { SHORT = 100, SHORTS = 1000000, LONG = 1024, LONGS = 200000 };
#define PATIENCE   (120 * SEC)
#define SHARE      1.3
#define READ_SHARE 0.5
#define MEBIBYTE   1048576.0
static const size_t LOG = (size_t)128 << 20, WHOLE_LOG = (size_t)1 << 30;

static void give_up(const char *why)
{
    exit(complain(FAILED, "%s", why));
}

static nsec deadline(void)
{
    return clock_monotonic() + PATIENCE;
}

/* ---- A server, and a connection to it. ---- */

struct subject_server {
    struct actor *actor;
    int pid;
    int fd;
};

static int connect_to(const char *text)
{
    g_autoptr(GArray) to = address_find(text, NULL);
    int fd = to ? dial(to, deadline()) : -1;
    if (fd < 0)
        give_up("no connection to the queue");
    return fd;
}

/* A shell tells its number, and becomes the queue. */
static struct subject_server start(struct stage *stage, const char *dir)
{
    struct subject_server server;
    g_autofree char *program = stage_program("queue");
    server.actor = stage_start(
        stage, "/bin/sh", "-c",
        "echo pid $$; exec \"$1\" --listen=127.0.0.1:0 --dir=\"$2\" "
        "--memory=4096",
        "sh", program, dir, NULL);
    g_autofree char *pid = actor_await(server.actor, "pid ", PATIENCE);
    g_autofree char *ready = actor_await(server.actor, "ready ", PATIENCE);
    if (!pid || !ready)
        give_up("the queue did not start");
    server.pid = atoi(pid + strlen("pid "));
    server.fd = connect_to(ready + strlen("ready "));
    return server;
}

static void end(struct subject_server *server)
{
    close(server->fd);
    actor_signal(server->actor, SIGKILL);
    actor_wait(server->actor, PATIENCE);
}

/* Say it, and read @p count lines, none of which is an error. */
static void ask(const struct subject_server *server, const void *data,
                size_t size, unsigned count)
{
    char answers[1 << 16];
    if (write_all(server->fd, data, size, deadline()) < 0)
        give_up("the queue hung up");
    while (count > 0) {
        ssize_t got =
            read_some(server->fd, answers, sizeof answers, deadline());
        if (got <= 0 || memchr(answers, '-', (size_t)got))
            give_up("the queue refuses something");
        for (ssize_t i = 0; i < got; i++)
            count -= answers[i] == '\n';
    }
}

static void declare(const struct subject_server *server, const char *durability)
{
    struct wire_writer out = {.most = SIZE_MAX};
    resp_put_command(
        &out, 4,
        (const char *const[]){"QDECLARE", "q", "DURABILITY", durability});
    ask(server, out.data, out.size, 1);
    wire_clear(&out);
}

static void fill(const struct subject_server *server, size_t size,
                 unsigned count)
{
    g_autofree char *payload = g_strnfill(size, 'm');
    struct wire_writer out = {.most = SIZE_MAX};
    for (unsigned i = 0; i < BATCH; i++) {
        resp_put_array(&out, 3);
        resp_put_text(&out, "QPUSH");
        resp_put_text(&out, "q");
        resp_put_bulk(&out, payload, size);
    }
    for (unsigned i = 0; i < count / BATCH; i++)
        ask(server, out.data, out.size, BATCH);
    wire_clear(&out);
}

/* ---- Memory. ---- */

/* The resident memory of a process, in bytes. */
static double resident(int pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", pid);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        give_up("no /proc of the queue");
    const char *line = strstr(text, "VmRSS:");
    return line ? 1024 * g_ascii_strtod(line + strlen("VmRSS:"), NULL) : 0;
}

static bool measure_memory(size_t size, unsigned count, double bar)
{
    struct stage *stage = stage_new();
    struct subject_server server = start(stage, stage_dir(stage));
    declare(&server, "none");
    double before = resident(server.pid);
    fill(&server, size, count);
    double each = (resident(server.pid) - before) / count;
    printf("  memory: %7u messages of %4zu bytes: %6.1f bytes each, at most "
           "%6.1f: %s\n",
           count, size, each, bar, each <= bar ? "met" : "MISSED");
    fflush(stdout);
    end(&server);
    stage_free(stage);
    return each <= 2 * bar;
}

/* ---- Recovery. ---- */

/* Read all files of @p dir. With @p forget they are written out, and the kernel
 * keeps nothing of them. Returns how many bytes there are. */
static double read_files(const char *dir, bool forget)
{
    static char block[BLOCK];
    const char *name;
    double sum = 0;
    GDir *files = g_dir_open(dir, 0, NULL);
    while (files && (name = g_dir_read_name(files))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got;
        if (forget && (fdatasync(fd) < 0 ||
                       posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0))
            give_up("the kernel does not forget a file");
        while (!forget && (got = read(fd, block, BLOCK)) > 0)
            sum += (double)got;
        close(fd);
    }
    g_clear_pointer(&files, g_dir_close);
    return sum;
}

static double seconds_since(nsec start)
{
    return (double)(clock_monotonic() - start) / (double)SEC;
}

/* Processor time that a process has spent so far. */
static double spent_by(int pid)
{
    clockid_t clock;
    struct timespec time = {0};
    if (clock_getcpuclockid(pid, &clock) == 0)
        clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Returns bytes a second, of reading alone. */
static double measure_reading(const char *dir)
{
    read_files(dir, true);
    nsec begin = clock_monotonic();
    double size = read_files(dir, false);
    return size / seconds_since(begin);
}

/* Returns how long it took. On a machine that has other things to do: how long
 * it would have taken on one that has not. */
static double measure_restart(struct stage *stage, const char *dir)
{
    read_files(dir, true);
    double idle = idletime_seconds();
    nsec begin = clock_monotonic();
    struct subject_server server = start(stage, dir);
    double time = seconds_since(begin), spent = spent_by(server.pid);
    idle = idletime_share(idletime_seconds() - idle, time);
    end(&server);
    return idletime_is_short(idle) ? spent : time;
}

/* The best of some tries: others can only make it worse. */
static bool compare(struct stage *stage, const char *dir)
{
    double size = read_files(dir, false), reading = 0, restart = INFINITY;
    for (unsigned i = 0; i < TRIES; i++) {
        reading = fmax(reading, measure_reading(dir));
        restart = fmin(restart, measure_restart(stage, dir));
    }
    double share = size / restart / reading;
    printf("  recovery: %4.0f MiB, read at %.0f MiB/s, recovered at %.0f: "
           "%.2f, at least %.1f: %s\n",
           size / MEBIBYTE, reading / MEBIBYTE, size / restart / MEBIBYTE,
           share, READ_SHARE, share >= READ_SHARE ? "met" : "MISSED");
    return share >= READ_SHARE / 10; /* The disk is the machine's. */
}

static bool measure_recovery(size_t bytes)
{
    struct stage *stage = stage_new();
    g_autofree char *dir = g_build_filename(stage_dir(stage), "queue", NULL);
    g_mkdir_with_parents(dir, 0700);
    struct subject_server server = start(stage, dir);
    declare(&server, "written");
    fill(&server, LONG, (unsigned)(bytes / LONG));
    end(&server);
    bool good = compare(stage, dir);
    stage_free(stage);
    return good;
}

int main(int argc, char **argv)
{
    bool whole = argc == 2 && strcmp(argv[1], "--whole") == 0;
    if (argc > 1 && !whole)
        return complain(USAGE, "bench_queue [--whole]");
    printf(
        "Our queue: memory for each message, and how soon it is back after a "
        "crash\n");
    bool good = measure_memory(SHORT, SHORTS, SHORT + EACH);
    good = measure_memory(LONG, LONGS, SHARE * LONG) && good;
    good = measure_recovery(whole ? WHOLE_LOG : LOG) && good;
    return good ? 0 : FAILED;
}

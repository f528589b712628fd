/*
 * A file goes from one process to another over real UDP, by each stage of the
 * chapter in turn; one datagram in twenty is thrown away, either way. On a
 * terminal a bar grows as the file does.
 */
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BAR = 20, LOSS = 5 };
#define PATIENCE (60 * SEC)
#define LOOK     (20 * MSEC)

/* What is carried, and how. */
struct errand {
    const char *name;
    const char *options;
    size_t size;
};

static const struct errand errands[] = {
    {"stop-and-wait", "--stage=arq", 100000},
    {"Go-Back-N, 8", "--stage=gobackn", 100000},
    {"NewReno", "--stage=flow --controller=newreno", 10000000},
    {"CUBIC", "--stage=flow --controller=cubic", 10000000},
};

static bool make_file(const char *path, size_t size)
{
    g_autofree char *data = g_malloc(size);
    uint32_t random = 1;
    for (size_t i = 0; i < size; i++)
        data[i] = (char)((random = random * 1664525 + 1013904223) >> 24);
    return g_file_set_contents(path, data, (gssize)size, NULL);
}

static size_t size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (size_t)status.st_size : 0;
}

static void draw(const struct errand *errand, size_t arrived)
{
    size_t full = errand->size ? arrived * BAR / errand->size : BAR;
    printf("%s%-14s [", isatty(STDOUT_FILENO) ? "\r" : "", errand->name);
    for (size_t i = 0; i < BAR; i++)
        putchar(i < full ? '#' : ' ');
    printf("]");
    fflush(stdout);
}

/* Returns new: the script by which a shell starts @p program. */
static char *script_of(const struct stage *stage, const char *program,
                       const char *rest)
{
    g_autofree char *path = stage_program(program);
    return g_strdup_printf("cd %s && exec %s %s", stage_dir(stage), path, rest);
}

static struct actor *start(struct stage *stage, const char *program,
                           const char *rest)
{
    g_autofree char *script = script_of(stage, program, rest);
    return stage_start(stage, "/bin/sh", "-c", script, NULL);
}

static void watch(const struct errand *errand, const char *path)
{
    nsec until = clock_monotonic() + PATIENCE;
    while (isatty(STDOUT_FILENO) && size_of(path) < errand->size &&
           clock_monotonic() < until) {
        draw(errand, size_of(path));
        g_usleep(LOOK / USEC);
    }
}

static bool is_same(const char *one, const char *other)
{
    g_autofree char *a = NULL, *b = NULL;
    gsize size, length;
    return g_file_get_contents(one, &a, &size, NULL) &&
           g_file_get_contents(other, &b, &length, NULL) && size == length &&
           memcmp(a, b, size) == 0;
}

/* Returns whether it arrived. */
static bool carry(struct stage *stage, const struct errand *errand)
{
    g_autofree char *in = g_build_filename(stage_dir(stage), "in", NULL);
    g_autofree char *out = g_build_filename(stage_dir(stage), "out", NULL);
    g_autofree char *receive =
        g_strdup_printf("%s 127.0.0.1:0 2>&1 >out", errand->options);
    if (!make_file(in, errand->size))
        return false;
    unlink(out);
    struct actor *receiver = start(stage, "recv", receive);
    g_autofree char *ready = actor_await(receiver, "ready ", PATIENCE);
    if (!ready)
        return false;
    g_autofree char *send =
        g_strdup_printf("--loss=%d %s 127.0.0.1 %s 2>&1 <in", LOSS,
                        errand->options, strrchr(ready, ':') + 1);
    struct actor *sender = start(stage, "send", send);
    watch(errand, out);
    g_autofree char *first = actor_await(sender, "", PATIENCE);
    g_autofree char *second = actor_await(sender, "", PATIENCE);
    bool done = actor_wait(receiver, PATIENCE) == 0 && is_same(in, out);
    draw(errand, size_of(out));
    printf(" %s\n%*s%s\n", first ? first : "failed", BAR + 18, "",
           second ? second : "");
    return done;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    struct stage *stage = stage_new();
    bool all = true;
    printf(
        "Each of these is two processes, send and recv; of %d datagrams in a "
        "hundred\nnothing is heard again, either way. The first two get a "
        "file of 100 kB, the\nothers one of 10 MB.\n\n",
        LOSS);
    for (unsigned i = 0; i < G_N_ELEMENTS(errands); i++)
        all &= carry(stage, &errands[i]);
    stage_free(stage);
    if (!all)
        return complain(FAILED, "not every file has arrived whole");
    printf("\nAll of them arrived byte for byte.\n");
    return 0;
}

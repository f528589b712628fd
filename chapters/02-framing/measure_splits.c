/*
 * What does a byte cost the parser of Redis's protocol, when a stream comes in
 * pieces of a given size? The stream is one of commands of about 4 KB, MSET of
 * 100 short keys and values; each is parsed as on_bytes of a stream would do it.
 * Beside it the same with a new parser for each piece, which has to begin with
 * the first byte of the value again: the mistake, and what it costs.
 *
 * The model has two numbers: what a byte costs, and what a call costs that finds
 * nothing to finish. A piece of s bytes is one call, so
 *
 *     kept(s)  = byte + call / s
 *     again(s) = byte + (call + byte L / 2) / s      for commands of L bytes,
 *
 * since a new parser reads half of a command again on average. Both numbers are
 * taken from the first way alone, at two sizes; the second way is foretold. What
 * is left out there: that a new parser must be given memory.
 *
 * Processor time; the sizes and the ways take turns, and each run counts by
 * itself.
 */
#include "02-framing/resp.h"
#include "02-framing/resp_writer.h"
#include "common/judge/machine.h"
#include "common/judge/stats.h"
#include "common/world/complain.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS = 100, COMMANDS = 64, RUNS = 9, SIZES = 17, WAYS = 2 };
enum { KEPT, AGAIN };
enum { FIT_SMALL = 2, FIT_LARGE = 14 }; /* 4 bytes, and 16 KiB. */
#define ENOUGH 2e6                      /* Nanoseconds: a run is no shorter. */

/* Nanoseconds for a byte, over the runs, of pieces of 1, 2, 4 .. bytes. */
struct results {
    struct stats *times[WAYS][SIZES];
};

static double median(struct stats *sample)
{
    return stats_percentile(sample, 0.5);
}

/* ---- Parsing. ---- */

static GBytes *record(void)
{
    struct wire_writer out = {.most = SIZE_MAX};
    for (int command = 0; command < COMMANDS; command++) {
        resp_put_array(&out, 1 + 2 * PAIRS);
        resp_put_text(&out, "MSET");
        for (int pair = 0; pair < PAIRS; pair++) {
            g_autofree char *key = g_strdup_printf("key:%06d", pair);
            resp_put_text(&out, key);
            resp_put_text(&out, "value of 16 byte");
        }
    }
    return wire_finish(&out);
}

static struct resp *parser(void)
{
    return resp_new((struct resp_limits){.commands = true});
}

/* The whole stream, in pieces of @p piece bytes. Returns how many commands. */
static unsigned parse(GBytes *stream, size_t piece, int way)
{
    size_t size, begin = 0;
    const uint8_t *data = g_bytes_get_data(stream, &size);
    struct resp *resp = parser();
    unsigned commands = 0;
    for (size_t end = 0; end < size;) {
        ssize_t used;
        end += MIN(piece, size - end);
        while ((used = resp_parse(resp, data + begin, end - begin)) > 0) {
            begin += (size_t)used;
            commands++;
        }
        if (way == AGAIN) {
            resp_free(resp);
            resp = parser();
        }
    }
    resp_free(resp);
    return commands;
}

/* ---- Measuring. ---- */

static double cpu_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double measure(GBytes *stream, size_t piece, int way)
{
    double start = cpu_time(), spent = 0;
    size_t passes = 0;
    for (; spent < ENOUGH; passes++) {
        if (parse(stream, piece, way) != COMMANDS)
            exit(complain(FAILED, "the parser has lost commands"));
        spent = cpu_time() - start;
    }
    return spent / (double)(passes * g_bytes_get_size(stream));
}

/* ---- Printing. ---- */

static void print_head(double length, double byte, double call)
{
    g_autofree char *machine = machine_text();
    printf("# real time, on %s\n", machine);
    printf("# ns of processor time for a byte: the median of %d runs, the "
           "least, the most\n",
           RUNS);
    printf("# commands of %.0f bytes; the model: %.2f ns for a byte, %.1f ns "
           "for a call\n",
           length, byte, call);
    printf("# bytes\tkept\tkept_low\tkept_high\tmodel\tagain\tagain_low\t"
           "again_high\tagain_model\n");
    printf("# claim: |kept - model| / model <= 0.3 for bytes >= 1\n");
    printf("# claim: again / again_model >= 0.5 for bytes >= 1\n");
    printf("# claim: again / again_model <= 2 for bytes >= 1\n");
    printf("# claim: again / kept >= 50 for bytes <= 4\n");
    printf("# claim: again / kept <= 1.5 for bytes >= 16384\n");
}

static void print(const struct results *results, double length)
{
    double small = median(results->times[KEPT][FIT_SMALL]);
    double large = median(results->times[KEPT][FIT_LARGE]);
    double call =
        (small - large) / (1.0 / (1 << FIT_SMALL) - 1.0 / (1 << FIT_LARGE));
    double byte = large - call / (1 << FIT_LARGE);
    print_head(length, byte, call);
    for (int i = 0; i < SIZES; i++) {
        double size = 1 << i;
        double models[WAYS] = {byte + call / size,
                               byte + (call + byte * length / 2) / size};
        printf("%.0f", size);
        for (int way = 0; way < WAYS; way++) {
            struct stats *times = results->times[way][i];
            printf("\t%.3f\t%.3f\t%.3f\t%.3f", median(times),
                   stats_percentile(times, 0), stats_percentile(times, 1),
                   models[way]);
        }
        printf("\n");
    }
}

int main(void)
{
    struct results results;
    g_autoptr(GBytes) stream = record();
    machine_pin(0);
    for (int i = 0; i < WAYS * SIZES; i++)
        results.times[i / SIZES][i % SIZES] = stats_new();
    for (int run = 0; run < RUNS; run++)
        for (int i = 0; i < WAYS * SIZES; i++)
            stats_add(results.times[i / SIZES][i % SIZES],
                      measure(stream, (size_t)1 << i % SIZES, i / SIZES));
    print(&results, (double)g_bytes_get_size(stream) / COMMANDS);
    for (int i = 0; i < WAYS * SIZES; i++)
        stats_free(results.times[i / SIZES][i % SIZES]);
    return 0;
}

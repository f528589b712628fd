/*
 * What does our parser cost beside that of hiredis, the client library of Redis
 * in C? Both are given the same reads, each of 16 pipelined commands, SET
 * key:000001 and a value. hiredis is used as its users do, and makes an object
 * of each string; and once more with objects left out, which shows what its
 * parser alone costs. Ours gives places in the bytes, which are added up here, so
 * that somebody has looked at them.
 *
 * Rounds of all are interleaved in one run, and timed by the processor's time;
 * the figures are the medians of the rounds.
 */
#include "02-framing/resp.h"
#include "02-framing/resp_writer.h"
#include "common/judge/machine.h"
#include "common/judge/stats.h"
#include "common/world/complain.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef HAVE_HIREDIS
#include <hiredis/hiredis.h>

enum { COMMANDS = 16, READS = 1000, ROUNDS = 51, WAYS = 3 };

static volatile size_t looked_at; /* So that nothing is optimised away. */

/* ---- One read of commands, in three ways. ---- */

static void parse_ours(void *self, GBytes *read)
{
    size_t size, sum = 0;
    const uint8_t *data = g_bytes_get_data(read, &size);
    ssize_t used;
    while ((used = resp_parse(self, data, size)) > 0) {
        const struct resp_item *items = resp_items(self);
        for (size_t i = 1; i < resp_count(self); i++)
            sum += data[items[i].at] + items[i].size;
        data += used;
        size -= (size_t)used;
    }
    if (size > 0)
        exit(complain(FAILED, "we cannot read our own commands"));
    looked_at += sum;
}

static void parse_theirs(redisReader *reader, GBytes *read, bool objects)
{
    size_t size;
    const char *data = g_bytes_get_data(read, &size);
    redisReaderFeed(reader, data, size);
    for (int i = 0; i < COMMANDS; i++) {
        void *reply = NULL;
        if (redisReaderGetReply(reader, &reply) != REDIS_OK || !reply)
            exit(complain(FAILED, "hiredis cannot read our commands"));
        if (objects)
            freeReplyObject(reply);
    }
}

static void parse_hiredis(void *self, GBytes *read)
{
    parse_theirs(self, read, true);
}

static void parse_bare_hiredis(void *self, GBytes *read)
{
    parse_theirs(self, read, false);
}

/* ---- Rounds. ---- */

static double cpu_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Nanoseconds for a command. */
static double round_of(void (*parse)(void *self, GBytes *read), void *self,
                       GBytes *read)
{
    double start = cpu_time();
    for (int i = 0; i < READS; i++)
        parse(self, read);
    return (cpu_time() - start) / (READS * COMMANDS);
}

static GBytes *commands(size_t size)
{
    struct wire_writer out = {.most = SIZE_MAX};
    g_autofree char *value = g_strnfill(size, 'x');
    for (int i = 0; i < COMMANDS; i++)
        resp_put_command(&out, 3, (const char *[]){"SET", "key:000001", value});
    return wire_finish(&out);
}

static void print_way(const char *name, struct stats *times,
                      struct stats *ratios, const char *aim)
{
    printf("    %-24s %5.0f ns   ratio %.2f (%.2f to %.2f%s)\n", name,
           stats_percentile(times, 0.5), stats_percentile(ratios, 0.5),
           stats_percentile(ratios, 0.1), stats_percentile(ratios, 0.9), aim);
}

static void compare(size_t size)
{
    g_autoptr(GBytes) read = commands(size);
    struct resp *ours = resp_new((struct resp_limits){.commands = true});
    redisReader *theirs = redisReaderCreate();
    redisReader *bare = redisReaderCreateWithFunctions(NULL);
    struct stats *times[WAYS] = {stats_new(), stats_new(), stats_new()};
    struct stats *ratios[WAYS] = {stats_new(), stats_new(), stats_new()};
    for (int i = 0; i < ROUNDS; i++) {
        double round[WAYS] = {round_of(parse_ours, ours, read),
                              round_of(parse_hiredis, theirs, read),
                              round_of(parse_bare_hiredis, bare, read)};
        for (int way = 0; way < WAYS; way++) {
            stats_add(times[way], round[way]);
            stats_add(ratios[way], round[way] / round[0]);
        }
    }
    printf("  values of %zu bytes: ours %.0f ns\n", size,
           stats_percentile(times[0], 0.5));
    print_way("hiredis", times[1], ratios[1], "; aim: at least 2.00");
    print_way("hiredis without objects", times[2], ratios[2], "");
    for (int way = 0; way < WAYS; way++) {
        stats_free(times[way]);
        stats_free(ratios[way]);
    }
    redisReaderFree(bare);
    redisReaderFree(theirs);
    resp_free(ours);
}

int main(void)
{
    machine_pin(0);
    printf("A command parsed: our parser beside hiredis %d.%d.%d, in reads of "
           "%d commands\n",
           HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH, COMMANDS);
    compare(3);
    compare(64);
    compare(1024);
    return 0;
}
#else

int main(void)
{
    return complain(FAILED, "hiredis is missing: install libhiredis-dev, and "
                            "build again");
}
#endif

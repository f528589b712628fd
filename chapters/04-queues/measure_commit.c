/*
 * Group commit: how many records a second become durable, when b of them share a
 * sync? A sync takes 2 ms, however much it writes; to make a record takes 10
 * microseconds. Two writers append to a log (wal.h):
 *
 *     one waits      | make b | sync | make b | sync |
 *                        b / (t_sync + b t_record)
 *
 *     one goes on    | make b | make b ..| make b ..|
 *                             |   sync   |   sync   |
 *                        b / max(t_sync, b t_record)
 *
 * The second makes the next records while the disk works on the last ones. Both
 * know by a message to themselves that a sync is done. Segments are large here:
 * a rotation has syncs of its own, which the models leave out.
 */
#include "04-queues/wal.h"
#include "common/judge/part.h"
#include "common/world/complain.h"
#include "common/world/sim.h"
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 13, SYNCS = 100, RECORD = 100, WAYS = 2 };
static const nsec sync_time = 2 * MSEC, record_time = 10 * USEC;

/* What it is told. */
struct plan {
    unsigned batch;
    bool goes_on;
};

struct writer {
    struct env *env;
    struct wal *wal;
    struct plan plan;
    struct timer made;
    bool ready;   /* A batch is made. */
    bool syncing; /* The last one is not known to be durable. */
    unsigned syncs;
};

static void make_batch(struct writer *writer)
{
    env_arm(writer->env, &writer->made, writer->plan.batch * record_time);
}

/* Append the batch, when it is made and the one before is durable. */
static void commit(struct writer *writer)
{
    static const char text[RECORD];
    struct word record = {text, sizeof text};
    g_autoptr(GBytes) letter = g_bytes_new_static("durable", 7);
    if (!writer->ready || writer->syncing)
        return;
    for (unsigned i = 0; i < writer->plan.batch; i++)
        wal_append(writer->wal, &record, 1);
    env_send(writer->env, writer->env->id, letter);
    writer->ready = false;
    writer->syncing = true;
    if (writer->plan.goes_on)
        make_batch(writer);
}

static void on_made(void *self)
{
    struct writer *writer = self;
    writer->ready = true;
    commit(writer);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct writer *writer = self;
    if (wal_on_message(writer->wal, from, message))
        return;
    writer->syncing = false;
    writer->syncs++;
    if (writer->plan.goes_on)
        commit(writer);
    else
        make_batch(writer);
}

static void *boot(struct env *env, void *context)
{
    struct writer *writer = g_new0(struct writer, 1);
    struct wal_settings settings = {.name = "log", .segment = 1 << 30};
    writer->env = env;
    writer->plan = *(const struct plan *)context;
    writer->made = (struct timer){.fire = on_made, .self = writer};
    writer->wal = wal_open(env, settings, NULL, NULL, NULL);
    env_bind(env, on_message, writer);
    make_batch(writer);
    return writer;
}

static void stop(void *self)
{
    struct writer *writer = self;
    wal_free(writer->wal);
    g_free(writer);
}

static void run_to(struct sim *sim, const struct writer *writer, unsigned syncs)
{
    while (writer->syncs < syncs)
        if (!sim_step(sim))
            exit(complain(FAILED, "the writer has stopped"));
}

/* Durable records a second; the first syncs do not count. */
static double measure(struct plan plan)
{
    struct sim *sim = sim_new(
        1, 1,
        (struct sim_weather){.sync_min = sync_time, .sync_max = sync_time});
    sim_install(sim, 1, (struct sim_program){boot, stop, &plan});
    const struct writer *writer = sim_protocol(sim, 1);
    run_to(sim, writer, 10);
    nsec start = sim_time(sim);
    run_to(sim, writer, 10 + SYNCS);
    double seconds = (double)(sim_time(sim) - start) / (double)SEC;
    sim_free(sim);
    return SYNCS * plan.batch / seconds;
}

static void print_row(unsigned batch)
{
    double sync = (double)sync_time / (double)SEC;
    double make = batch * (double)record_time / (double)SEC;
    printf("%u\t%.0f\t%.0f\t%.0f\t%.0f\n", batch,
           measure((struct plan){batch, false}), batch / (sync + make),
           measure((struct plan){batch, true}), batch / MAX(sync, make));
}

int main(int argc, char **argv)
{
    struct part part;
    int status = part_read(argc, argv, &part);
    if (status != 0)
        return status;
    printf("# virtual time: a sync takes 2 ms, a record 10 us; %d syncs each\n",
           SYNCS);
    printf("# batch\twaits\twaits_model\tgoes_on\tgoes_on_model\n");
    printf("# claim: |waits - waits_model| / waits_model <= 0.01\n");
    printf("# claim: |goes_on - goes_on_model| / goes_on_model <= 0.01\n");
    printf(
        "# claim: goes_on / waits >= 1.6 for batch >= 128 and batch <= 256\n");
    for (unsigned row = 0; row < ROWS; row++)
        if (part_has(part, row))
            print_row(1u << row);
    return 0;
}

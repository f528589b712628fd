/*
 *     on_bytes: hear, hear, hear ──> confirmed: its producer may publish
 *                                └─> settled: the queue is shorter, so all
 *                                    producers may
 *     refill, a timer without delay: once a turn, for all producers
 *
 * So what one turn brought together is answered with one write for each
 * connection, as in the servers.
 */
#include "04-queues/peers/drive.h"
#include "01-sockets/dial.h"
#include "01-sockets/stream.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 20 };
#define PATIENCE (20 * SEC) /* Unless the plan says. */

/* A speaker, and the connection it speaks on. */
struct conversation {
    struct drive *drive;
    struct speaker *speaker;
    struct stream *stream;
};

struct drive {
    struct drive_plan plan;
    struct loop *loop;
    struct timer refill;
    bool refilling;           /* It is armed. */
    bool leaving;             /* Nothing is published any more. */
    struct conversation *all; /* Producers, then consumers. */
    unsigned count;           /* Of those that are open. */
    GBytes **messages;        /* What each producer says, again and again. */
    struct histogram *delays;
    GError **error;
};

#define DRIVE_ERROR g_quark_from_static_string("drive")

static bool fail(struct drive *drive, const char *what, const char *why)
{
    if (!*drive->error)
        g_set_error(drive->error, DRIVE_ERROR, 0, "%s: %s", what, why);
    return false;
}

static bool has_failed(const struct drive *drive)
{
    return *drive->error != NULL;
}

/* ---- A connection. ---- */

static void say(struct conversation *talk, const void *data, size_t size)
{
    if (stream_write(talk->stream, data, size) < size)
        fail(talk->drive, "the server", "it reads too little");
}

static void say_all(struct conversation *talk)
{
    struct wire_writer *out = &talk->speaker->out;
    if (out->size > 0)
        say(talk, out->data, out->size);
    out->size = 0;
}

static void wake_producers(struct drive *drive)
{
    if (!drive->refilling)
        loop_arm(drive->loop, &drive->refill, 0);
    drive->refilling = true;
}

static size_t on_bytes(void *self, const uint8_t *data, size_t size, bool ended)
{
    struct conversation *talk = self;
    struct speaker *speaker = talk->speaker;
    const struct dialect *dialect = talk->drive->plan.dialect;
    size_t at = 0;
    ssize_t used = 0;
    speaker->now = clock_monotonic();
    while (at < size &&
           (used = dialect->hear(speaker, data + at, size - at)) > 0)
        at += (size_t)used;
    if (used < 0)
        fail(talk->drive, "the server", speaker->trouble);
    if (ended)
        fail(talk->drive, "the server", "it hung up");
    if (dialect->pause)
        dialect->pause(speaker);
    say_all(talk);
    wake_producers(talk->drive);
    return used < 0 ? size : at;
}

static void on_close(void *self, int error)
{
    struct conversation *talk = self;
    fail(talk->drive, "the connection", g_strerror(error));
}

static int open_connection(struct drive *drive)
{
    static const int one = 1;
    g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof(struct address));
    g_array_append_val(to, *drive->plan.address);
    int fd = dial(to, clock_monotonic() + drive->plan.patience);
    if (fd < 0)
        fail(drive, "no connection", g_strerror(errno));
    else
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* Until all its answers are there. */
static bool await_answers(struct drive *drive, const struct conversation *talk)
{
    nsec deadline = clock_monotonic() + drive->plan.patience;
    while (talk->speaker->lacks > 0 && !has_failed(drive)) {
        loop_turn(drive->loop, drive->plan.patience);
        if (clock_monotonic() > deadline)
            return fail(drive, "the server", "it does not answer");
    }
    return !has_failed(drive);
}

/* ---- Producers. ---- */

static unsigned producers(const struct drive *drive)
{
    return MIN(drive->count, drive->plan.pairs);
}

static GBytes *make_message(struct drive *drive, struct speaker *speaker)
{
    struct wire_writer kept = speaker->out;
    speaker->out = (struct wire_writer){.most = SIZE_MAX};
    drive->plan.dialect->publish(speaker);
    GBytes *message = wire_finish(&speaker->out);
    speaker->out = kept;
    return message;
}

static uint64_t total_settled(const struct drive *drive)
{
    uint64_t settled = 0;
    for (unsigned i = drive->plan.pairs; i < drive->count; i++)
        settled += drive->all[i].speaker->settled;
    return settled;
}

static uint64_t length_of_queue(const struct drive *drive)
{
    uint64_t published = 0;
    for (unsigned i = 0; i < producers(drive); i++)
        published += drive->all[i].speaker->published;
    return published - total_settled(drive);
}

static uint64_t publish(struct drive *drive, unsigned index, uint64_t most)
{
    struct conversation *talk = &drive->all[index];
    uint64_t count = 0;
    size_t size;
    const void *data = g_bytes_get_data(drive->messages[index], &size);
    nsec now = clock_monotonic();
    while (count < most && speaker_may_publish(talk->speaker, DRIVE_WINDOW)) {
        say(talk, data, size);
        speaker_published(talk->speaker, now);
        count++;
    }
    return count;
}

static void on_refill(void *self)
{
    struct drive *drive = self;
    drive->refilling = false;
    if (drive->leaving || drive->count < 2 * drive->plan.pairs)
        return;
    uint64_t longest = (uint64_t)DRIVE_LONGEST * drive->plan.pairs;
    uint64_t length = length_of_queue(drive);
    for (unsigned i = 0; i < producers(drive) && length < longest; i++)
        length += publish(drive, i, longest - length);
}

/* ---- The run. ---- */

static bool open_conversation(struct drive *drive)
{
    const struct drive_plan *plan = &drive->plan;
    int fd = open_connection(drive);
    if (fd < 0)
        return false;
    struct conversation *talk = &drive->all[drive->count];
    struct speaker_role role = {.mode = plan->mode,
                                .consumes = drive->count >= plan->pairs,
                                .number = drive->count,
                                .others = plan->pairs,
                                .size = plan->size,
                                .window = DRIVE_WINDOW};
    struct stream_owner owner = {
        .on_bytes = on_bytes, .on_close = on_close, .self = talk, .most = ROOM};
    talk->drive = drive;
    talk->speaker = speaker_new(role);
    talk->stream = stream_new(drive->loop, NULL, fd, owner);
    if (!role.consumes)
        drive->messages[drive->count] = make_message(drive, talk->speaker);
    drive->count++;
    talk->speaker->lacks = plan->dialect->greet(talk->speaker);
    say_all(talk);
    return await_answers(drive, talk);
}

static nsec processor_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (nsec)time.tv_sec * SEC + (nsec)time.tv_nsec;
}

static bool run_until(struct drive *drive, nsec end)
{
    nsec now;
    while ((now = clock_monotonic()) < end && !has_failed(drive))
        loop_turn(drive->loop, end - now);
    return !has_failed(drive);
}

static void keep_delays(struct drive *drive, struct histogram *delays)
{
    for (unsigned i = 0; i < producers(drive); i++)
        drive->all[i].speaker->delays = delays;
}

static bool count(struct drive *drive, struct drive_result *result)
{
    const struct drive_plan *plan = &drive->plan;
    if (plan->mark)
        plan->mark(plan->self);
    keep_delays(drive, drive->delays);
    uint64_t settled = total_settled(drive);
    nsec busy = processor_time(), start = clock_monotonic();
    while (run_until(drive, clock_monotonic() + plan->duration) &&
           total_settled(drive) == settled &&
           clock_monotonic() < start + plan->patience)
        continue; /* So slow is it. */
    result->counted = clock_monotonic() - start;
    result->busy = processor_time() - busy;
    result->settled = total_settled(drive) - settled;
    keep_delays(drive, NULL);
    if (plan->mark)
        plan->mark(plan->self);
    result->p50 = histogram_percentile(drive->delays, 0.5);
    result->p99 = histogram_percentile(drive->delays, 0.99);
    return !has_failed(drive) &&
           (result->settled > 0 || fail(drive, "the server", "nothing moves"));
}

static bool leave(struct drive *drive)
{
    struct conversation *first = &drive->all[0];
    drive->leaving = true;
    if (!drive->plan.dialect->leave)
        return true;
    first->speaker->lacks = drive->plan.dialect->leave(first->speaker);
    say_all(first);
    return await_answers(drive, first);
}

static bool run(struct drive *drive, struct drive_result *result)
{
    for (unsigned i = 0; i < 2 * drive->plan.pairs; i++)
        if (!open_conversation(drive))
            return false;
    wake_producers(drive);
    return run_until(drive, clock_monotonic() + drive->plan.warmup) &&
           count(drive, result) && leave(drive);
}

static void close_all(struct drive *drive)
{
    for (unsigned i = 0; i < drive->count; i++) {
        stream_free(drive->all[i].stream);
        speaker_free(drive->all[i].speaker);
        if (drive->messages[i])
            g_bytes_unref(drive->messages[i]);
    }
    loop_disarm(drive->loop, &drive->refill);
    loop_free(drive->loop);
    histogram_free(drive->delays);
    g_free(drive->messages);
    g_free(drive->all);
}

bool drive_run(const struct drive_plan *plan, struct drive_result *result,
               GError **error)
{
    GError *why = NULL;
    struct drive drive = {.plan = *plan, .error = &why};
    drive.plan.patience = plan->patience ? plan->patience : PATIENCE;
    drive.loop = loop_new();
    drive.refill = (struct timer){.fire = on_refill, .self = &drive};
    drive.all = g_new0(struct conversation, 2 * plan->pairs);
    drive.messages = g_new0(GBytes *, 2 * plan->pairs);
    drive.delays = histogram_new();
    bool done = run(&drive, result);
    close_all(&drive);
    if (why)
        g_propagate_error(error, why);
    return done;
}

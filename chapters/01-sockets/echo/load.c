/*
 * A generator must cost less than the server it measures, or it measures
 * itself. So this is epoll by hand and not loop.h, which has timers, turns and
 * a callback for each descriptor: here a message costs one send, one recv, one
 * look at the clock, and its share of an epoll_wait.
 *
 *     connect_all ──> run until `from` ──> run until `end` ──> count who wait
 *     patience        warm-up              counted
 *
 * All ends by the clock. Who is not connected when patience ends goes on
 * trying, and its messages are due like all others.
 */
#include "01-sockets/echo/load_parts.h"
#include "common/world/clock.h"
#include <errno.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 64,    /* Events of one wait: then what is due is sent. */
    ABREAST = 64,  /* Connections being made at a time, and ... */
    PER_MSEC = 16, /* ... begun in a millisecond. */
    OTHERS = 64    /* Descriptors that are not ours. */
};
#define PROGRESS (SEC / 5)

GQuark load_error_quark(void)
{
    return g_quark_from_static_string("load-error");
}

/* ---- A turn. ---- */

/* Not all at once, or the server's queue overflows and the kernel drops some,
 * to be tried again after a second; and in the run one at a time. For the
 * search for a free port takes long when half of them are used: the kernel
 * looks through the even ones first. */
static void begin_some(struct load *load)
{
    nsec passed = clock_monotonic() - load->opened;
    nsec most = (passed / MSEC + 1) * PER_MSEC;
    if (load->start > 0)
        most = MIN(most, load->begun + 1);
    while (load->begun < MIN(load->total, most) && load->connecting < ABREAST)
        load_connect(load, &load->clients[load->begun++]);
}

/* Older kernels wait in milliseconds: then a little longer, never shorter. */
static int wait_for_events(int epoll, struct epoll_event *events, nsec wait)
{
    struct timespec time = {(time_t)(wait / SEC), (long)(wait % SEC)};
    int count = epoll_pwait2(epoll, events, BATCH, &time, NULL);
    if (count >= 0 || (errno != ENOSYS && errno != EPERM))
        return count;
    nsec milliseconds = wait / MSEC + (wait % MSEC > 0);
    return epoll_wait(epoll, events, BATCH,
                      (int)MIN(milliseconds, (nsec)G_MAXINT));
}

static void tell(struct load *load, nsec now)
{
    const struct load_plan *plan = load->plan;
    if (!plan->progress || now < load->told + PROGRESS)
        return;
    plan->progress(plan->self, load->result);
    load->told = now;
}

/* Serve who is ready, or wait for somebody: till @p until, or until there is
 * something else to do. */
static void take_turn(struct load *load, nsec until)
{
    struct epoll_event events[BATCH];
    nsec now = clock_monotonic();
    tell(load, now);
    if (load->begun < load->total)
        until = MIN(until, now + MSEC);
    if (load->plan->progress)
        until = MIN(until, load->told + PROGRESS);
    int count =
        wait_for_events(load->epoll, events, until > now ? until - now : 0);
    for (int i = 0; i < count && !load->error; i++)
        load_on_ready(load, events[i].data.ptr, events[i].events);
}

/* ---- The run. ---- */

static void connect_all(struct load *load)
{
    nsec patience = load->plan->patience;
    if (patience == 0)
        patience = 5 * SEC + load->total * MSEC;
    load->opened = load->told = clock_monotonic();
    do {
        begin_some(load);
        take_turn(load, load->opened + patience);
    } while (!load->error &&
             (load->begun < load->total || load->connecting > 0) &&
             clock_monotonic() < load->opened + patience);
}

static void start(struct load *load)
{
    load->start = clock_monotonic();
    load->from = load->start + load->plan->warmup;
    load->end = load->from + load->plan->duration;
    for (unsigned i = 0; i < load->plan->connections; i++)
        load->clients[i].due = load->start;
    for (unsigned i = 0; i < load->plan->connections; i++)
        if (load->clients[i].state == CLIENT_IDLE)
            load_go_on(load, &load->clients[i]);
}

/* What is due, with a rate. Returns when the next message will be. */
static nsec release(struct load *load)
{
    nsec now = clock_monotonic(), due;
    while ((due = load_due(load, load->released)) <= now) {
        struct load_client *client =
            &load->clients[load->released % load->plan->connections];
        load->released++;
        if (now >= load->from)
            histogram_add(load->result->lags, now - due);
        if (client->state == CLIENT_IDLE)
            load_go_on(load, client);
    }
    return due;
}

/* This thread's, so far. */
static nsec processor_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (nsec)time.tv_sec * SEC + (nsec)time.tv_nsec;
}

static void run_until(struct load *load, nsec end)
{
    while (!load->error && clock_monotonic() < end) {
        nsec until = end;
        if (load->begun < load->total)
            begin_some(load);
        if (load->plan->rate > 0)
            until = MIN(end, release(load));
        take_turn(load, until);
    }
}

/* What was due on this connection and is not answered: one message, or, with a
 * rate, all since. */
static void count_late(struct load *load, struct load_client *client)
{
    do {
        if (load->plan->rate > 0)
            client->due = load_due(load, load_message(load, client));
        if (client->due >= load->end)
            return;
        load->result->late++;
        histogram_add(load->result->delays, load->end - client->due);
        client->answered++;
    } while (load->plan->rate > 0);
}

static void mark(const struct load_plan *plan)
{
    if (plan->mark)
        plan->mark(plan->self);
}

static void run(struct load *load)
{
    start(load);
    run_until(load, load->from);
    mark(load->plan);
    nsec before = processor_time();
    run_until(load, load->end);
    load->result->busy = processor_time() - before;
    mark(load->plan);
    load->result->counted = load->plan->duration;
    for (unsigned i = 0; i < load->plan->connections && !load->error; i++)
        count_late(load, &load->clients[i]);
}

/* ---- The whole. ---- */

static void report_alone(struct load *load)
{
    const struct load_result *result = load->result;
    g_autofree char *where = address_text(load->address);
    g_set_error(&load->error, LOAD_ERROR, LOAD_ALONE, "no connection to %s: %s",
                where,
                g_strerror(result->broken > 0 ? result->why : ETIMEDOUT));
}

/* Descriptors for so many sockets, if we may. */
static void make_room(unsigned sockets)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < (rlim_t)sockets + OTHERS)
        limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static struct load *load_new(const struct address *address,
                             const struct load_plan *plan)
{
    struct load *load = g_new0(struct load, 1);
    g_assert(plan->connections >= 1 && plan->size >= 1);
    g_assert(plan->rate >= 0 && plan->rate <= LOAD_RATE_MOST);
    load->address = address;
    load->plan = plan;
    load->total = plan->connections + plan->silent;
    load->clients = g_new0(struct load_client, load->total);
    load->result = g_new0(struct load_result, 1);
    load->result->delays = histogram_new();
    load->result->lags = histogram_new();
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->epoll < 0)
        g_error("epoll_create1: %s", g_strerror(errno));
    return load;
}

/* All but the result. */
static void load_free(struct load *load)
{
    for (unsigned i = 0; i < load->begun; i++)
        if (load->clients[i].fd >= 0)
            close(load->clients[i].fd);
    close(load->epoll);
    g_free(load->clients);
    g_free(load);
}

/* A sleep ends up to 50 us late, unless the thread wishes otherwise. */
struct load_result *load_run(const struct address *address,
                             const struct load_plan *plan, GError **error)
{
    struct load *load = load_new(address, plan);
    struct load_result *result = load->result;
    int slack = prctl(PR_GET_TIMERSLACK);
    make_room(load->total);
    prctl(PR_SET_TIMERSLACK, 1);
    connect_all(load);
    if (!load->error && result->connected == 0)
        report_alone(load);
    if (!load->error)
        run(load);
    prctl(PR_SET_TIMERSLACK, slack);
    if (load->error) {
        g_propagate_error(error, load->error);
        g_clear_pointer(&result, load_result_free);
    }
    load_free(load);
    return result;
}

void load_result_free(struct load_result *result)
{
    histogram_free(result->delays);
    histogram_free(result->lags);
    g_free(result);
}

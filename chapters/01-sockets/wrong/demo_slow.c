/*
 * A sender writes faster than its receiver reads. Where do the bytes stay?
 *
 *     write -> [ sender's kernel ] -> network -> [ receiver's kernel ] -> read
 *
 * At first the receiver does not read at all. Its buffer fills, until it
 * announces no more room: the window of RFC 9293 is closed. So the sender's
 * buffer fills too, until send has to say: not now. Then the receiver reads,
 * half as fast as the sender would like to write, and the sender goes on, as
 * fast as the receiver reads. That is backpressure.
 */
#include "01-sockets/io.h"
#include "01-sockets/wrong/tube.h"
#include "common/world/complain.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    KIB = 1024,
    BUFFER = 64 * KIB, /* Asked of each kernel, which gives more. */
    GIVEN = 64 * KIB,  /* What the sender would write in each step. */
    TAKEN = 32 * KIB,  /* What the receiver reads in each step, when awake. */
    PIECE = 4 * KIB,   /* What one send offers. */
    ASLEEP = 6,        /* So many steps the receiver sleeps ... */
    STEPS = 14,        /* ... of so many ... */
    STEP_MS = 60,      /* ... of so many milliseconds. */
    CELL = 8 * KIB,    /* A character of a bar. */
    CELLS = 20
};

struct flow {
    struct tube tube;
    nsec start;
    size_t written, taken;  /* Bytes, since the start. */
    size_t unsent, arrived; /* In the kernels, when the receiver woke up. */
};

static char bytes[GIVEN];

static void need(bool done, const char *what)
{
    if (!done)
        exit(complain(FAILED, "%s: %s", what, g_strerror(errno)));
}

/* ---- The sender: as much as its kernel takes. ---- */

static size_t send_piece(int fd, size_t most)
{
    ssize_t count = send(fd, bytes, MIN(most, PIECE), MSG_NOSIGNAL);
    need(count >= 0 || errno == EAGAIN, "send");
    return count < 0 ? 0 : (size_t)count;
}

static size_t write_some(struct flow *flow)
{
    size_t done = 0;
    for (size_t count = 1; done < GIVEN && count > 0; done += count)
        count = send_piece(flow->tube.client, GIVEN - done);
    flow->written += done;
    return done;
}

/* ---- The receiver. ---- */

static size_t take_piece(int fd, size_t most)
{
    ssize_t count = recv(fd, bytes, most, 0);
    need(count > 0 || (count < 0 && errno == EAGAIN), "recv");
    return count < 0 ? 0 : (size_t)count;
}

static size_t take_some(struct flow *flow)
{
    size_t done = 0;
    for (size_t count = 1; done < TAKEN && count > 0; done += count)
        count = take_piece(flow->tube.server, TAKEN - done);
    flow->taken += done;
    return done;
}

static void take_the_rest(struct flow *flow)
{
    nsec deadline = clock_monotonic() + 10 * SEC;
    while (flow->taken < flow->written) {
        need(wait_ready(flow->tube.server, POLLIN, deadline) == 0, "recv");
        take_some(flow);
    }
}

/* ---- Both, step by step. ---- */

static void draw_level(size_t level)
{
    char cells[CELLS + 1] = "";
    memset(cells, '#', MIN((level + CELL / 2) / CELL, CELLS));
    printf("[%-*s] ", CELLS, cells);
}

static void run_step(struct flow *flow, bool awake)
{
    unsigned now = (unsigned)((clock_monotonic() - flow->start) / MSEC);
    size_t written = write_some(flow);
    size_t taken = awake ? take_some(flow) : 0;
    usleep(STEP_MS * 1000);
    printf("%5u ms %3zu KiB %-6s ", now, written / KIB,
           written < GIVEN ? "EAGAIN" : "");
    draw_level(tube_unsent(&flow->tube));
    draw_level(tube_arrived(&flow->tube));
    printf("%3zu KiB\n", taken / KIB);
}

static void run(struct flow *flow)
{
    printf("           write        sender's kernel        receiver's kernel "
           "     read\n");
    flow->start = clock_monotonic();
    for (int step = 0; step < STEPS; step++) {
        if (step == ASLEEP) {
            flow->unsent = tube_unsent(&flow->tube);
            flow->arrived = tube_arrived(&flow->tube);
        }
        run_step(flow, step >= ASLEEP);
    }
}

/* ---- What it means. ---- */

static void tell_of_backpressure(const struct flow *flow)
{
    size_t held = flow->unsent + flow->arrived;
    printf("\nThe kernels took %zu KiB unread, %zu here and %zu there; then "
           "send said\nEAGAIN. On a socket that blocks it would wait. Since it "
           "woke up, the receiver\nhas read %zu KiB. Its kernel gives room "
           "back in large steps, so the sender\nhas written %zu KiB of the %d "
           "that it had.\n",
           held / KIB, flow->unsent / KIB, flow->arrived / KIB,
           flow->taken / KIB, (flow->written - held) / KIB,
           (STEPS - ASLEEP) * GIVEN / KIB);
}

/* What a queue in the sender's memory would come to. */
static void tell_of_queues(void)
{
    double excess = (GIVEN - TAKEN) / 1024.0 * 1000 / STEP_MS; /* KiB/s. */
    printf("A buffer hides a slow reader for a while; it makes no reader "
           "faster. A queue\nwithout a bound hides it for longer, and grows by "
           "%.0f MiB a minute, %.0f GiB a day.\nWho may not wait must drop, or "
           "let less in.\n",
           excess * 60 / 1024, excess * 86400 / 1024 / 1024);
}

int main(void)
{
    struct flow flow = {0};
    struct tube_settings buffers = {.receive_buffer = BUFFER,
                                    .send_buffer = BUFFER};
    need(tube_open(&flow.tube, buffers) == 0, "TCP on 127.0.0.1");
    printf("Every %d ms a sender has %d KiB to write. Its receiver sleeps, "
           "then reads %d KiB\neach time. Both asked for %d KiB of buffer "
           "(SO_SNDBUF, SO_RCVBUF); Linux gives\nmore. A # is %d KiB that a "
           "kernel holds.\n\n",
           STEP_MS, GIVEN / KIB, TAKEN / KIB, BUFFER / KIB, CELL / KIB);
    run(&flow);
    tell_of_backpressure(&flow);
    take_the_rest(&flow);
    printf("In the end %zu bytes are written and %zu are read: none is "
           "lost.\n",
           flow.written, flow.taken);
    tell_of_queues();
    tube_close(&flow.tube);
    return 0;
}

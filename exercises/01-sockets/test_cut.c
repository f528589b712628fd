/*
 * The stage of 1.B. A client reads messages of 8 bytes, each within a second,
 * until there is no other; what happens meanwhile is the reader's schedule. Who
 * reads wrong gives itself away by one of four expectations.
 */
#include "01-sockets/io.h"
#include "common/course/graded.h"
#include "common/course/kernel.h"
#include "common/course/schedule.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE = 8, MOST = 4096 };
#define SLACK (2 * MSEC)
#define YEAR  (365 * 86400.0)

static const char *const events =
    "at 0.5 send 3 (bytes, up to 4096), at 2 end, at 2 reset, recv 3, recv "
    "EINTR, recv EAGAIN";

/* What is to come. */
static struct {
    struct peer *peer;
    nsec begin;
    bool ends, resets; /* At some time or other. */
    size_t sends;      /* Bytes, in all. */
} world;

/* ---- The schedule. ---- */

/* A number from 0 to @p most, and nothing behind it. */
static bool parse(const char *text, double most, double *number)
{
    char *end;
    *number = g_ascii_strtod(text, &end);
    return end != text && !*end && *number >= 0 && *number <= most;
}

static bool play_at(char **words, unsigned count)
{
    double seconds, size = 0;
    if (count < 3 || !parse(words[1], YEAR, &seconds))
        return false;
    nsec when = world.begin + (nsec)(seconds * 1e9);
    if (count == 4 && g_str_equal(words[2], "send") &&
        parse(words[3], MOST, &size) && size >= 1 && floor(size) == size &&
        (world.sends += (size_t)size) <= KERNEL_ROW)
        peer_sends_at(world.peer, when, (size_t)size);
    else if (count == 3 && g_str_equal(words[2], "end"))
        world.ends = true, peer_ends_at(world.peer, when);
    else if (count == 3 && g_str_equal(words[2], "reset"))
        world.resets = true, peer_resets_at(world.peer, when);
    else
        return false;
    return true;
}

static bool play_recv(const char *what)
{
    double size;
    int step;
    if (g_str_equal(what, "EINTR"))
        step = -EINTR;
    else if (g_str_equal(what, "EAGAIN"))
        step = -EAGAIN;
    else if (parse(what, MOST, &size) && size >= 1 && floor(size) == size)
        step = (int)size;
    else
        return false;
    peer_receive_steps(world.peer, &step, 1);
    return true;
}

static void play(const char *line)
{
    g_auto(GStrv) all = g_strsplit_set(line, " ", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (int i = 0; all[i]; i++)
        if (*all[i])
            g_ptr_array_add(words, all[i]);
    unsigned count = words->len;
    g_ptr_array_add(words, NULL);
    char **first = (char **)words->pdata;
    bool good =
        (count > 0 && g_str_equal(first[0], "at") && play_at(first, count)) ||
        (count == 2 && g_str_equal(first[0], "recv") && play_recv(first[1]));
    if (!good)
        schedule_refuse(line, events);
}

/* ---- The client. ---- */

static void expect_message(ssize_t count, const uint8_t *message, uint64_t at)
{
    expect_that(count == MESSAGE || count == 0 || count == -1,
                "a message of 8 bytes, or an error", "%zd bytes", count);
    if (count == MESSAGE)
        expect_bytes("the message", message, kernel_row() + at, MESSAGE);
}

static void expect_punctual(nsec deadline)
{
    expect_that(kernel_now() <= deadline + SLACK, "to give up at the deadline",
                "%.3f s behind it", (double)(kernel_now() - deadline) / 1e9);
}

static void expect_reason(nsec deadline)
{
    int error = errno;
    bool late = error == ETIMEDOUT && kernel_now() + SLACK >= deadline;
    bool cut = error == ENODATA && world.ends;
    bool broken = error == ECONNRESET && world.resets;
    expect_that(late || cut || broken, "no failure where nothing has failed",
                "-1, and errno is %s", strerrorname_np(error));
}

static void read_messages(void)
{
    ssize_t count = MESSAGE;
    for (uint64_t at = 0; count == MESSAGE; at += MESSAGE) {
        uint8_t message[MESSAGE] = {0};
        nsec deadline = kernel_now() + SEC;
        kernel_say("read_all, 8 bytes, within 1.000 s");
        errno = 0;
        count = read_all(world.peer->fd, message, MESSAGE, deadline);
        int error = errno;
        expect_message(count, message, at);
        expect_punctual(deadline);
        errno = error;
        if (count == -1)
            expect_reason(deadline);
        expect_that(count != 0 || (world.ends && world.peer->taken == at),
                    "an end in the middle to be an error", "0");
    }
}

static void play_and_read(const char *name)
{
    g_auto(GStrv) lines = schedule_lines(name);
    kernel_boot(0);
    world.peer = peer_new(NONBLOCK);
    world.begin = kernel_now();
    world.ends = world.resets = false;
    world.sends = 0;
    for (int i = 0; lines[i]; i++)
        play(lines[i]);
    read_messages();
}

/* ---- Each of the programs. ---- */

static void one_read_is_all(void)
{
    play_and_read("one_read_is_all");
}

static void deadline_begins_anew(void)
{
    play_and_read("deadline_begins_anew");
}

static void no_signal_after_a_wait(void)
{
    play_and_read("no_signal_after_a_wait");
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(one_read_is_all),
        GRADED(deadline_begins_anew),
        GRADED(no_signal_after_a_wait),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

/*
 * A server for programs that nobody here wrote: what is said to it, byte by byte;
 * what it gains when several commands are under way; and guests who do harm, of
 * whom the others notice nothing.
 */
#include "01-sockets/dial.h"
#include "02-framing/kv/burst.h"
#include "common/judge/stats.h"
#include "common/world/clock.h"
#include "common/world/complain.h"
#include "common/world/stage.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 4096, CROWD = 500, ASKED = 200, BAR = 40, LARGE = 1 << 20 };
#define PATIENCE (10 * SEC)

static struct address server;

static void stop_if(bool failed, const char *what)
{
    if (failed)
        exit(complain(FAILED, "%s: %s", what, g_strerror(errno)));
}

static int connect_to_server(void)
{
    g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof server);
    g_array_append_val(to, server);
    int fd = dial(to, clock_monotonic() + PATIENCE);
    stop_if(fd < 0, "cannot connect");
    return fd;
}

static void send_text(int fd, const char *text)
{
    ssize_t count = send(fd, text, strlen(text), MSG_NOSIGNAL);
    stop_if(count != (ssize_t)strlen(text), "cannot send");
}

/* What comes within PATIENCE; in a moment, as a rule. */
static char *receive_text(int fd)
{
    static char room[ROOM];
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    poll(&wanted, 1, (int)(PATIENCE / MSEC));
    ssize_t count = recv(fd, room, sizeof room - 1, 0);
    stop_if(count < 0, "cannot receive");
    room[count] = '\0';
    return room;
}

/* ---- Byte by byte. ---- */

static void show(const char *arrow, const char *text)
{
    g_autofree char *bytes = g_strescape(text, NULL);
    printf("  %s %s\n", arrow, bytes);
}

static void show_bytes(void)
{
    static const char *const pieces[] = {"*3\r\n$3\r\nSET\r\n$5\r\nfru",
                                         "it\r\n$4\r\nplum\r",
                                         "\nGET fruit\r\n"};
    int fd = connect_to_server();
    for (unsigned i = 0; i < G_N_ELEMENTS(pieces); i++) {
        show("-->", pieces[i]);
        send_text(fd, pieces[i]);
        g_usleep(2000); /* So that TCP does not join them again. */
    }
    g_autoptr(GString) answers = g_string_new(NULL);
    while (!g_str_has_suffix(answers->str, "plum\r\n"))
        g_string_append(answers, receive_text(fd));
    show("<--", answers->str);
    close(fd);
    fd = connect_to_server();
    send_text(fd, "*1000000000\r\n");
    show("-->", "*1000000000\r\n");
    show("<--", receive_text(fd));
    close(fd);
}

/* ---- How many at a time. ---- */

static double rate_at(unsigned depth)
{
    struct burst_plan plan = {.clients = 1,
                              .depth = depth,
                              .warmup = 20 * MSEC,
                              .duration = 150 * MSEC};
    struct burst_result result;
    g_autoptr(GError) error = NULL;
    if (!burst_run(&server, &plan, &result, &error))
        exit(complain(FAILED, "%s", error->message));
    return (double)result.answered * (double)SEC / (double)result.counted;
}

static void show_depths(void)
{
    double rates[7], most = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++) {
        rates[i] = rate_at(1U << i);
        most = MAX(most, rates[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++) {
        g_autofree char *bar =
            g_strnfill((gsize)(BAR * rates[i] / most + 0.5), '#');
        printf("  %2u under way  %8.0f commands/s  %s\n", 1U << i, rates[i],
               bar);
    }
}

/* ---- Guests. ---- */

/* The median of an honest guest's waits, in microseconds. */
static double ask_honestly(int fd)
{
    g_autoptr(stats) waits = stats_new();
    for (int i = 0; i < ASKED; i++) {
        nsec start = clock_monotonic();
        send_text(fd, "*2\r\n$3\r\nGET\r\n$5\r\nfruit\r\n");
        receive_text(fd);
        stats_add(waits, (double)(clock_monotonic() - start) / (double)USEC);
    }
    return stats_percentile(waits, 0.5);
}

static void say_half(int *crowd)
{
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = connect_to_server();
        send_text(crowd[i], "*2\r\n$3\r\nGE");
    }
}

/* It asks for a megabyte again and again, and reads nothing. */
static int never_read(void)
{
    g_autoptr(GString) many = g_string_new(NULL);
    int fd = connect_to_server();
    g_autofree char *value = g_strnfill(LARGE, 'v');
    g_autofree char *set = burst_ask(
        &server, 3, (const char *const[]){"SET", "large", value}, NULL);
    stop_if(!set, "cannot set");
    for (int i = 0; i < 1000; i++)
        g_string_append(many, "*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n");
    send_text(fd, many->str);
    return fd;
}

static char *info(const char *name)
{
    g_autofree char *text =
        burst_ask(&server, 1, (const char *const[]){"INFO"}, NULL);
    const char *line = text ? strstr(text, name) : NULL;
    return line ? g_strndup(line, strcspn(line, "\r")) : g_strdup("nothing");
}

static void await_cut(void)
{
    nsec end = clock_monotonic() + PATIENCE;
    g_autofree char *line = info("cut:");
    while (strcmp(line, "cut:1") != 0 && clock_monotonic() < end) {
        g_free(line);
        g_usleep(1000);
        line = info("cut:");
    }
}

static void show_guests(void)
{
    int crowd[CROWD], honest = connect_to_server();
    printf("  an honest guest, alone, waits for an answer  %11.0f µs\n",
           ask_honestly(honest));
    say_half(crowd);
    printf("  beside %d who said half a command           %11.0f µs\n", CROWD,
           ask_honestly(honest));
    int greedy = never_read();
    await_cut();
    g_autofree char *cut = info("cut:"), *clients = info("connected_clients:");
    printf("  one asks for a thousand megabytes and reads none of them:\n"
           "      the server says  %s, %s\n",
           cut, clients);
    printf("  and the honest guest, as if nothing were     %11.0f µs\n",
           ask_honestly(honest));
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
    close(greedy);
    close(honest);
}

int main(void)
{
    struct stage *stage = stage_new();
    struct actor *kv = stage_start(stage, "kv", "--listen=127.0.0.1:0", NULL);
    g_autofree char *ready = kv ? actor_await(kv, "ready ", PATIENCE) : NULL;
    if (!ready || !address_parse(&server, strchr(ready, ' ') + 1, NULL))
        return complain(FAILED, "kv did not start");
    printf("A server in a process of its own, build/bin/kv. A command comes in "
           "three pieces,\nthe next is typed by hand; and then somebody "
           "announces a billion words:\n\n");
    show_bytes();
    printf("\nOne client, with so many commands under way at a time:\n\n");
    show_depths();
    printf("\nEach command alone pays for two wake-ups and four system calls; "
           "together they\nshare them. Then guests of all kinds:\n\n");
    show_guests();
    printf("\nTry it: build/bin/kv, and in another terminal redis-cli.\n");
    stage_free(stage);
    return 0;
}

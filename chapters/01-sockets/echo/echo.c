/*
 * What the six ways share: their names, and for the three that block, the whole
 * service. It fits into one line of pseudocode,
 *
 *     until the client ends: receive a piece, send it back
 *
 * and it blocks at both verbs. In receive it waits for a client that is silent;
 * in send for one that does not read. So a client is never further ahead of its
 * echo than one piece and what the kernel keeps, and that is little: who sends
 * without reading is held up, not fed.
 *
 * A client that vanishes without a word (its cable is cut) is silent for ever.
 * Against that a server needs deadlines, as serve_http.c has; an echo server
 * has no idea how long is too long, and these have none.
 */
#include "01-sockets/echo/echo.h"
#include "01-sockets/io.h"
#include "01-sockets/net.h"
#include <string.h>
#include <unistd.h>

static const struct echo_model models[] = {
    {"iterative", echo_iterative, NULL},
    {"fork", echo_fork, NULL},
    {"thread", echo_thread, NULL},
    {"poll", echo_poll, NULL},
    {"epoll", echo_epoll, NULL},
    {"uring", echo_uring, echo_uring_check},
};

const struct echo_model *echo_model(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        if (strcmp(models[i].name, name) == 0)
            return &models[i];
    return NULL;
}

char *echo_model_names(void)
{
    const char *names[G_N_ELEMENTS(models) + 1] = {NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        names[i] = models[i].name;
    return g_strjoinv("|", (char **)names);
}

/* Whoever waits in the kernel's queue goes on waiting there. To try again at
 * once would burn a processor until someone has gone. */
int echo_accept(int listener)
{
    int fd;
    while ((fd = net_accept(listener, NULL)) < 0)
        g_usleep(ECHO_PAUSE * 1000);
    return fd;
}

void echo_visit(int fd)
{
    char piece[ECHO_PIECE];
    ssize_t size;
    while ((size = read_some(fd, piece, sizeof piece, NEVER)) > 0)
        if (write_all(fd, piece, (size_t)size, NEVER) < 0)
            break;
    close(fd);
}

/*
 * A thread for each client.
 *
 *     main ── accepts, for ever ──┬─ thread   visit, end
 *                                 ├─ thread   visit, end
 *                                 └─ thread ..
 *
 * As with fork, a visit reads as one story, and the kernel decides whose turn
 * it is. But the threads share one memory: nothing is copied, and starting one
 * takes some ten microseconds. There is no wall either: one that crashes takes
 * all with it, and what two of them touch needs a lock. (Here they touch
 * nothing in common.)
 *
 * A silent client keeps its thread busy, and nobody else. A thread is a stack.
 * By default that is 8 MiB of addresses, 32 GiB for 4096 clients, more than a
 * careful system grants. A visit needs one piece and a few frames: 64 KiB will
 * do, 256 MiB for all of them. Only pages that were touched take memory, 12 to
 * 24 KiB of each stack, and 16 KiB more for the one it has in the kernel.
 *
 * When there is no thread to be had (EAGAIN), that client is closed, and the
 * server goes on. The threads are *detached*: nobody waits for them, and what
 * they held is given back as they end.
 */
#include "01-sockets/echo/echo.h"
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <unistd.h>

enum { STACK = 65536 };

static void *visit(void *fd)
{
    echo_visit(GPOINTER_TO_INT(fd));
    return NULL;
}

static pthread_attr_t small_and_detached(void)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    return attributes;
}

int echo_thread(int listener)
{
    pthread_attr_t attributes = small_and_detached();
    for (;;) {
        pthread_t thread;
        int fd = echo_accept(listener);
        int error =
            pthread_create(&thread, &attributes, visit, GINT_TO_POINTER(fd));
        g_assert(error != EINVAL); /* The stack would be too small. */
        if (error != 0)
            close(fd);
    }
}

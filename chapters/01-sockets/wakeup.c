#include "01-sockets/wakeup.h"
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct wakeup {
    struct loop *loop;
    struct watch watch; /* Of an eventfd: a number that the kernel keeps. */
    void (*on_wakeup)(void *self);
    void *self;
};

/* Read it, which makes it zero, before anything is looked at: a ring that comes
 * meanwhile is then not lost. */
static void on_ready(void *self, uint32_t events)
{
    struct wakeup *wakeup = self;
    eventfd_t rings;
    (void)events;
    if (eventfd_read(wakeup->watch.fd, &rings) == 0)
        wakeup->on_wakeup(wakeup->self);
}

struct wakeup *wakeup_new(struct loop *loop, void (*on_wakeup)(void *self),
                          void *self)
{
    struct wakeup *wakeup = g_new0(struct wakeup, 1);
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0)
        g_error("eventfd: %s", g_strerror(errno));
    wakeup->loop = loop;
    wakeup->watch = (struct watch){.fd = fd, .ready = on_ready, .self = wakeup};
    wakeup->on_wakeup = on_wakeup;
    wakeup->self = self;
    loop_watch(loop, &wakeup->watch, EPOLLIN);
    return wakeup;
}

void wakeup_ring(struct wakeup *wakeup)
{
    eventfd_write(wakeup->watch.fd, 1);
}

void wakeup_free(struct wakeup *wakeup)
{
    loop_watch(wakeup->loop, &wakeup->watch, 0);
    close(wakeup->watch.fd);
    g_free(wakeup);
}

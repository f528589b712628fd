#include "01-sockets/signals.h"
#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct signals {
    struct loop *loop;
    struct watch watch;
    sigset_t blocked; /* By us: they were not before. */
    void (*on_signal)(void *self, int signal);
    void *self;
};

static void on_ready(void *self, uint32_t events)
{
    struct signals *signals = self;
    struct signalfd_siginfo info;
    (void)events;
    if (read(signals->watch.fd, &info, sizeof info) == sizeof info)
        signals->on_signal(signals->self, (int)info.ssi_signo);
}

/* Returns those of @p set that were not blocked already. */
static sigset_t block(const sigset_t *set)
{
    sigset_t before, blocked = *set;
    pthread_sigmask(SIG_BLOCK, set, &before);
    for (int signal = 1; signal < NSIG; signal++)
        if (sigismember(&before, signal) == 1)
            sigdelset(&blocked, signal);
    return blocked;
}

struct signals *signals_new(struct loop *loop, const sigset_t *set,
                            void (*on_signal)(void *self, int signal),
                            void *self)
{
    struct signals *signals = g_new0(struct signals, 1);
    signals->blocked = block(set);
    int fd = signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        g_error("signalfd: %s", g_strerror(errno));
    signals->loop = loop;
    signals->watch =
        (struct watch){.fd = fd, .ready = on_ready, .self = signals};
    signals->on_signal = on_signal;
    signals->self = self;
    loop_watch(loop, &signals->watch, EPOLLIN);
    return signals;
}

static void stop(void *loop, int signal)
{
    (void)signal;
    loop_stop(loop);
}

struct signals *signals_that_stop(struct loop *loop)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return signals_new(loop, &set, stop, loop);
}

void signals_free(struct signals *signals)
{
    loop_watch(signals->loop, &signals->watch, 0);
    close(signals->watch.fd);
    pthread_sigmask(SIG_UNBLOCK, &signals->blocked, NULL);
    g_free(signals);
}

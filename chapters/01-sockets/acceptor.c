#include "01-sockets/acceptor.h"
#include "01-sockets/net.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 8 };          /* In a turn. */
#define COURTESY (10 * MSEC) /* Between turns in which somebody was refused. */
#define PAUSE    (100 * MSEC)

struct acceptor {
    struct loop *loop;
    struct watch watch;
    struct timer resume;
    int reserve; /* A descriptor for the worst case; -1 while we have none. */
    uint64_t refused;
    void (*on_connection)(void *self, int fd);
    void *self;
};

static int open_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int accept_one(const struct acceptor *acceptor)
{
    return accept4(acceptor->watch.fd, NULL, NULL,
                   SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static void pause_for(struct acceptor *acceptor, nsec delay)
{
    loop_watch(acceptor->loop, &acceptor->watch, 0);
    loop_arm(acceptor->loop, &acceptor->resume, delay);
}

static void on_resume(void *self)
{
    struct acceptor *acceptor = self;
    if (acceptor->reserve < 0)
        acceptor->reserve = open_reserve();
    loop_watch(acceptor->loop, &acceptor->watch, EPOLLIN);
}

/* Returns whether one was. */
static bool turn_one_away(struct acceptor *acceptor)
{
    close(acceptor->reserve);
    int fd = accept_one(acceptor);
    if (fd >= 0)
        close(fd);
    acceptor->refused += fd >= 0;
    acceptor->reserve = open_reserve();
    return fd >= 0;
}

/* One that died in the queue, or an error of the network, which accept(2)
 * reports here: the next may be better. */
static bool is_passing(int error)
{
    static const int all[] = {EINTR,       ECONNABORTED, EPERM,     EPROTO,
                              ENOPROTOOPT, ENONET,       ENETDOWN,  ENETUNREACH,
                              EHOSTDOWN,   EHOSTUNREACH, EOPNOTSUPP};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i] == error)
            return true;
    return false;
}

/* Returns whether there may be more. Where even the reserve is gone, or the
 * whole machine is short of something, to try at once would be in vain. */
static bool take_one(struct acceptor *acceptor)
{
    int fd = accept_one(acceptor);
    int error = fd < 0 ? errno : 0;
    if (fd >= 0)
        acceptor->on_connection(acceptor->self, fd);
    else if (error == EMFILE && acceptor->reserve >= 0)
        return turn_one_away(acceptor);
    else if (error != EAGAIN && !is_passing(error))
        pause_for(acceptor, PAUSE);
    return fd >= 0 || is_passing(error);
}

static void on_ready(void *self, uint32_t events)
{
    struct acceptor *acceptor = self;
    uint64_t refused = acceptor->refused;
    (void)events;
    for (int i = 0; i < BATCH && take_one(acceptor); i++)
        continue;
    if (acceptor->refused > refused) /* Who is refused may knock again. */
        pause_for(acceptor, COURTESY);
}

struct acceptor *acceptor_new(struct loop *loop, int listener,
                              void (*on_connection)(void *self, int fd),
                              void *self)
{
    struct acceptor *acceptor = g_new0(struct acceptor, 1);
    int one = 1;
    acceptor->loop = loop;
    acceptor->watch =
        (struct watch){.fd = listener, .ready = on_ready, .self = acceptor};
    acceptor->resume = (struct timer){.fire = on_resume, .self = acceptor};
    acceptor->reserve = open_reserve();
    acceptor->on_connection = on_connection;
    acceptor->self = self;
    fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK);
    /* Whoever is accepted inherits it: one call for all. */
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    loop_watch(loop, &acceptor->watch, EPOLLIN);
    return acceptor;
}

uint64_t acceptor_refused(const struct acceptor *acceptor)
{
    return acceptor->refused;
}

void acceptor_free(struct acceptor *acceptor)
{
    loop_disarm(acceptor->loop, &acceptor->resume);
    loop_watch(acceptor->loop, &acceptor->watch, 0);
    net_withdraw(acceptor->watch.fd);
    close(acceptor->watch.fd);
    if (acceptor->reserve >= 0)
        close(acceptor->reserve);
    g_free(acceptor);
}

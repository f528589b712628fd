/*
 * The staged system calls that wait: poll and its kin, epoll, and the clock.
 * Each waits in kernel_sleep(), from happening to happening.
 */
#include "common/course/kernel_parts.h"
#include "common/course/kernel_wraps.h"
#include <errno.h>
#include <poll.h>
#include <sys/select.h>
#include <time.h>

/* ---- Times. ---- */

static nsec until_after(const struct timespec *wait)
{
    if (!wait)
        return KERNEL_NEVER;
    nsec delay = (nsec)wait->tv_sec * SEC + (nsec)wait->tv_nsec;
    return delay > KERNEL_NEVER - machine.now ? KERNEL_NEVER
                                              : machine.now + delay;
}

static nsec until_after_ms(int wait)
{
    return wait < 0 ? KERNEL_NEVER : machine.now + (nsec)wait * MSEC;
}

static bool is_a_time(const struct timespec *wait)
{
    return !wait || (wait->tv_sec >= 0 && wait->tv_nsec >= 0 &&
                     wait->tv_nsec < (long)SEC);
}

/* "0.250 s", or "for ever". Returns new. */
static char *wait_text(nsec until)
{
    if (until == KERNEL_NEVER)
        return g_strdup("for ever");
    nsec wait = until - machine.now;
    return g_strdup_printf("%" G_GUINT64_FORMAT ".%03u s", wait / SEC,
                           (unsigned)(wait % SEC / MSEC));
}

static int tell(int result, const char *call, const char *what)
{
    int error = errno;
    g_autofree char *text = g_strdup_printf("%s(%s)", call, what);
    if (result < 0)
        kernel_note("%-30s = -1 %s", text, kernel_errno(error));
    else
        kernel_note("%-30s = %d", text, result);
    errno = error;
    return result;
}

/* Until @p look finds something, or the time is over. Returns what it found; or
 * -1 and errno. */
static int wait_until(nsec until, const char *call, int (*look)(void *),
                      void *self)
{
    int found;
    while ((found = look(self)) == 0 && machine.now < until)
        if (kernel_sleep(until, call) < 0)
            return -1;
    return found;
}

/* ---- poll. ---- */

struct polled {
    struct pollfd *fds;
    nfds_t count;
};

/* POLLIN and the rest are the same bits as EPOLLIN and the rest. */
static int look_at_all(void *self)
{
    struct polled *all = self;
    int found = 0;
    for (nfds_t i = 0; i < all->count; i++) {
        struct pollfd *one = &all->fds[i];
        one->revents = 0;
        if (one->fd < 0)
            continue;
        if (!kernel_socket(one->fd))
            one->revents = POLLNVAL;
        else
            one->revents = (short)((int)kernel_events(one->fd) &
                                   (one->events | POLLERR | POLLHUP));
        found += one->revents != 0;
    }
    return found;
}

static int poll_until(struct pollfd *fds, nfds_t count, nsec until,
                      const char *call)
{
    struct polled all = {fds, count};
    g_autofree char *wait = wait_text(until);
    g_autofree char *what =
        count == 1 ? g_strdup_printf("%d %s%s, %s", fds->fd,
                                     fds->events & POLLIN ? "in" : "",
                                     fds->events & POLLOUT ? "out" : "", wait)
                   : g_strdup_printf("%u of them, %s", (unsigned)count, wait);
    return tell(wait_until(until, call, look_at_all, &all), call, what);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int wait)
{
    return poll_until(fds, count, until_after_ms(wait), "poll");
}

int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *wait,
                 const sigset_t *mask)
{
    (void)mask;
    if (!is_a_time(wait)) {
        errno = EINVAL;
        return tell(-1, "ppoll", "a tv_nsec of a second or more");
    }
    return poll_until(fds, count, until_after(wait), "ppoll");
}

/* ---- select, by poll. ---- */

struct sets {
    fd_set *in, *out, *error;
};

static short wanted(const struct sets *sets, int fd)
{
    return (short)((sets->in && FD_ISSET(fd, sets->in) ? POLLIN : 0) |
                   (sets->out && FD_ISSET(fd, sets->out) ? POLLOUT : 0));
}

static int keep(fd_set *set, int fd, bool ready)
{
    if (!set || !FD_ISSET(fd, set))
        return 0;
    if (!ready)
        FD_CLR(fd, set);
    return ready;
}

static int select_until(int count, const struct sets *sets, nsec until,
                        const char *call)
{
    struct pollfd fds[FD_SETSIZE];
    nfds_t some = 0;
    int found = 0;
    for (int fd = 0; fd < MIN(count, FD_SETSIZE); fd++)
        if (wanted(sets, fd))
            fds[some++] = (struct pollfd){fd, wanted(sets, fd), 0};
    if (poll_until(fds, some, until, call) < 0)
        return -1;
    for (nfds_t i = 0; i < some; i++) {
        short got = fds[i].revents;
        found += keep(sets->in, fds[i].fd, got & (POLLIN | POLLHUP | POLLERR));
        found += keep(sets->out, fds[i].fd, got & (POLLOUT | POLLERR));
    }
    if (sets->error)
        FD_ZERO(sets->error);
    return found;
}

int __wrap_select(int count, fd_set *in, fd_set *out, fd_set *error,
                  struct timeval *wait)
{
    struct sets sets = {in, out, error};
    struct timespec time = {0, 0};
    if (wait)
        time = (struct timespec){wait->tv_sec, wait->tv_usec * 1000};
    nsec until = until_after(wait ? &time : NULL);
    int found = select_until(count, &sets, until, "select");
    nsec left = until > machine.now ? until - machine.now : 0;
    if (wait) /* As Linux does, and no other system (select(2)). */
        *wait = (struct timeval){(time_t)(left / SEC),
                                 (suseconds_t)(left % SEC / USEC)};
    return found;
}

int __wrap_pselect(int count, fd_set *in, fd_set *out, fd_set *error,
                   const struct timespec *wait, const sigset_t *mask)
{
    struct sets sets = {in, out, error};
    (void)mask;
    return select_until(count, &sets, until_after(wait), "pselect");
}

/* ---- epoll. ---- */

int __wrap_epoll_create1(int flags)
{
    int fd = kernel_take_fd();
    (void)flags;
    if (fd >= FIRST_FD)
        machine.entries[fd - FIRST_FD] = (struct entry){
            EPOLL, NULL, g_array_new(FALSE, FALSE, sizeof(struct interest))};
    kernel_progress();
    return tell(fd, "epoll_create1", "");
}

static GArray *interests_of(int fd)
{
    bool known = fd >= FIRST_FD && fd < FIRST_FD + FDS;
    GArray *found = known ? machine.entries[fd - FIRST_FD].interests : NULL;
    errno = known ? EINVAL : EBADF;
    return found;
}

static int find(const GArray *interests, int fd)
{
    for (guint i = 0; i < interests->len; i++)
        if (g_array_index(interests, struct interest, i).fd == fd)
            return (int)i;
    return -1;
}

static int change(GArray *interests, int action, int fd,
                  const struct epoll_event *event)
{
    int place = find(interests, fd);
    if (!kernel_socket(fd))
        return -1;
    errno = action == EPOLL_CTL_ADD ? EEXIST : ENOENT;
    if ((action == EPOLL_CTL_ADD) != (place < 0))
        return -1;
    if (action == EPOLL_CTL_DEL) {
        g_array_remove_index(interests, (guint)place);
        return 0;
    }
    struct interest interest = {fd, *event};
    if (place < 0)
        g_array_append_val(interests, interest);
    else
        g_array_index(interests, struct interest, place) = interest;
    return 0;
}

int __wrap_epoll_ctl(int epoll, int action, int fd, struct epoll_event *event)
{
    GArray *interests = interests_of(epoll);
    int result = interests ? change(interests, action, fd, event) : -1;
    int error = errno;
    uint32_t events = action == EPOLL_CTL_DEL ? 0 : event->events;
    g_autofree char *what = g_strdup_printf(
        "%d%s%s%s", fd, events & EPOLLIN ? " in" : "",
        events & EPOLLOUT ? " out" : "", events ? "" : " nothing");
    errno = error;
    return tell(result, "epoll_ctl", what);
}

struct waiting {
    const GArray *interests;
    struct epoll_event *events;
    int most;
};

static int look_at_interests(void *self)
{
    struct waiting *waiting = self;
    int found = 0;
    for (guint i = 0; i < waiting->interests->len && found < waiting->most;
         i++) {
        const struct interest *one =
            &g_array_index(waiting->interests, struct interest, i);
        uint32_t always = EPOLLERR | EPOLLHUP;
        uint32_t ready = kernel_events(one->fd) & (one->event.events | always);
        if (ready)
            waiting->events[found++] =
                (struct epoll_event){.events = ready, .data = one->event.data};
    }
    return found;
}

static int epoll_until(int epoll, struct epoll_event *events, int most,
                       nsec until)
{
    struct waiting waiting = {interests_of(epoll), events, most};
    g_autofree char *what = wait_text(until);
    int found = -1;
    bool looks = until == machine.now; /* And does not wait. */
    if (waiting.interests)
        found = wait_until(until, "epoll_wait", look_at_interests, &waiting);
    if (found == 0 && looks) {
        kernel_count();
        return 0;
    }
    if (found != 1)
        return tell(found, "epoll_wait", what);
    kernel_note("%-30s = 1 (%s%s%s)", "epoll_wait",
                events->events & EPOLLIN ? " in" : "",
                events->events & EPOLLOUT ? " out" : "",
                events->events & (EPOLLERR | EPOLLHUP) ? " hup" : "");
    return 1;
}

int __wrap_epoll_wait(int epoll, struct epoll_event *events, int most, int wait)
{
    return epoll_until(epoll, events, most, until_after_ms(wait));
}

int __wrap_epoll_pwait2(int epoll, struct epoll_event *events, int most,
                        const struct timespec *wait, const sigset_t *mask)
{
    (void)mask;
    return epoll_until(epoll, events, most, until_after(wait));
}

/* ---- The clock. ---- */

nsec __wrap_clock_monotonic(void)
{
    return machine.now;
}

/* The time of day is another one: it counts from 1970, and not from the start
 * of the machine. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    bool of_day = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
                  clock == CLOCK_TAI;
    nsec now = machine.now + (of_day ? 1700000000 * SEC : 0);
    *time = (struct timespec){(time_t)(now / SEC), (long)(now % SEC)};
    return 0;
}

/*
 * A process for each client.
 *
 *     parent ── accepts, for ever ──┬─ child   visit, exit
 *                                   ├─ child   visit, exit
 *                                   └─ child ..
 *
 * The child is a copy of the parent, and lives as long as the client. What goes
 * wrong in one visit stays in it: a child may crash, leak, or hang, and the
 * others never know. For this wall one pays with a fork, about a hundred
 * microseconds, and with a process: page tables, a stack in the kernel, a copy
 * of each page it writes to, some 150 KiB in all.
 *
 * A silent client keeps its process busy, and nobody else. Thousands are
 * thousands of processes; when the system has no more to give (EAGAIN), that
 * client is closed, and the parent goes on.
 *
 * Four duties of a process with children:
 *
 * - A child that ended stays as a *zombie* until its parent has asked how. A
 *   handler for SIGCHLD would have to ask in a loop, because signals that come
 *   together count as one. The parent does not want to know: so it ignores the
 *   signal, and the kernel reaps by itself (POSIX: as with SA_NOCLDWAIT).
 * - The child closes the listener, or the port stays taken as long as it lives.
 * - The parent closes the client: only the last close(2) of all ends it.
 * - Children die with the parent. It may have died before they could ask for
 *   that: then they have another parent already.
 */
#include "01-sockets/echo/echo.h"
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
}

static void visit_in_child(int listener, int fd)
{
    pid_t parent = getpid();
    if (fork() != 0)
        return; /* The parent; or there is no child. */
    die_with(parent);
    close(listener);
    echo_visit(fd);
    _exit(0);
}

int echo_fork(int listener)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = echo_accept(listener);
        visit_in_child(listener, fd);
        close(fd);
    }
}

/*
 * Nobody who was killed cleans up. So somebody else does, who has nothing else
 * to do: the keeper, a shell that reads a pipe.
 *
 *     owner ─── holds the other end ───> pipe ───> keeper
 *       │                                 ^           │ when the pipe ends
 *       └─ child ─── "its group" ─────────┘           v
 *            └─ its children               kill all groups, and
 *                                          remove the directory
 *
 * A pipe ends with its last writer, and that is the owner: a child tells its
 * process group and then becomes its program, which closes the pipe. Two more
 * ropes, should one break:
 *
 *   - the kernel kills a child when its owner dies (PR_SET_PDEATHSIG);
 *   - all children inherit BOOK_STAGE in their environment. By that mark the
 *     keeper finds those that went to a group of their own, as timeout(1) does.
 *
 * Two things break all ropes: a child's child that leaves its group and clears
 * its environment is free; and a process that the owner forks and that does not
 * become another program holds the pipe as the owner does.
 */
#include "common/world/keeper.h"
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK "BOOK_STAGE"

struct keeper {
    pid_t pid, owner;
    int leash; /* Our end of the pipe. */
    char *dir;
};

/* A process that is just forking, or becoming another program, may escape one
 * look: hence three, and whole groups. One that is dying may still write to the
 * directory: hence the other repetitions. */
static const char script[] =
    "trap '' HUP INT TERM\n"
    "exec 2> /dev/null\n"
    "groups=\n"
    "while read -r group; do groups=\"$groups -$group\"; done\n"
    "[ -z \"$groups\" ] || kill -s KILL -- $groups\n"
    "for look in 1 2 3; do\n"
    "    for file in $(grep -slzxF " MARK "=\"$1\" /proc/[0-9]*/environ); do\n"
    "        pid=${file#/proc/}\n"
    "        pid=${pid%/environ}\n"
    "        kill -s KILL -- -$pid $pid\n"
    "    done\n"
    "done\n"
    "for try in 1 2 3 4 5 6 7 8 9; do\n"
    "    rm -rf \"$1\" && exit\n"
    "    sleep 0.1\n"
    "done\n";

static void hear_all_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A session of its own is out of reach of a terminal's ^C. */
static void become_keeper(void *nothing)
{
    (void)nothing;
    hear_all_signals();
    setsid();
}

/* It must not bear the mark of another keeper, under whom we may be. */
struct keeper *keeper_new(const char *dir, GError **error)
{
    struct keeper keeper = {.owner = getpid()};
    char *argv[] = {"/bin/sh", "-c",        (char *)script,
                    "keeper",  (char *)dir, NULL};
    g_auto(GStrv) environment = g_environ_unsetenv(g_get_environ(), MARK);
    if (!g_spawn_async_with_pipes(
            NULL, argv, environment,
            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, become_keeper,
            NULL, &keeper.pid, &keeper.leash, NULL, NULL, error))
        return NULL;
    keeper.dir = g_strdup(dir);
    return g_memdup2(&keeper, sizeof keeper);
}

char **keeper_environment(const struct keeper *keeper)
{
    return g_environ_setenv(g_get_environ(), MARK, keeper->dir, TRUE);
}

void keeper_join(const struct keeper *keeper)
{
    hear_all_signals();
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper->owner) /* It died before that. */
        _exit(1);
    dprintf(keeper->leash, "%d\n", getpid());
}

void keeper_free(struct keeper *keeper)
{
    close(keeper->leash);
    TEMP_FAILURE_RETRY(waitpid(keeper->pid, NULL, 0));
    g_free(keeper->dir);
    g_free(keeper);
}

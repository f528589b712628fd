/*
 *     grader ── keeper ── first ── the program ── whatever it starts
 *                         └─ process 1 of its own world of ids
 *
 * When the first process of such a world ends, the kernel ends all others in
 * it. Where the kernel does not give us one, whoever is left behind becomes a
 * child of ours (PR_SET_CHILD_SUBREAPER) and is ended one by one.
 *
 * How the program ended is told in a page of memory that it does not have: it
 * was replaced by exec.
 */
#include "common/course/cell.h"
#include "common/judge/test.h"
#include "common/world/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK = 10, DEPTH = 64 }; /* Milliseconds; generations. */

/* ---- In the program's process. ---- */

static void limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
    setrlimit(resource, &(struct rlimit){soft, hard});
}

static void set_limits(void)
{
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_FSIZE, 0, 0);
    signal(SIGXFSZ, SIG_IGN); /* A sanitizer tries to, and does without. */
    limit(RLIMIT_CPU, CELL_SECONDS, CELL_SECONDS + 1);
    limit(RLIMIT_NPROC, 4096, 4096); /* Of all that this user has. */
    limit(RLIMIT_STACK, 8 << 20, 8 << 20);
    limit(RLIMIT_NOFILE, 256, 256);
}

/* Nothing else is open: 0, 1, 2, and what the plan hands down as 3. First they
 * are moved out of the way of each other. */
static void set_descriptors(int output, int fd)
{
    int none = open("/dev/null", O_RDONLY);
    int high_output = fcntl(output, F_DUPFD, 10);
    int high_fd = fd > 0 ? fcntl(fd, F_DUPFD, 10) : -1;
    dup2(none, STDIN_FILENO);
    dup2(high_output, STDOUT_FILENO);
    dup2(high_output, STDERR_FILENO);
    if (fd > 0)
        dup2(high_fd, 3);
    syscall(SYS_close_range, fd > 0 ? 4 : 3, ~0u, 0);
}

static void G_GNUC_NORETURN become(const struct cell_plan *plan, int output,
                                   const char *dir)
{
    char *argv[] = {(char *)plan->program, NULL};
    if (chdir(dir) < 0)
        _exit(127);
    set_descriptors(output, plan->fd);
    set_limits();
    execve(plan->program, argv, (char **)plan->variables);
    dprintf(STDERR_FILENO, "cannot run %s: %s\n", plan->program,
            g_strerror(errno));
    _exit(127);
}

/* ---- Keepers. ---- */

static int status_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The first of its world: it waits for the program, and takes all with it. */
static void G_GNUC_NORETURN be_first(const struct cell_plan *plan, int output,
                                     const char *dir, int *told)
{
    int status;
    pid_t ended;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t program = fork();
    if (program == 0)
        become(plan, output, dir);
    while ((ended = wait(&status)) != program && ended > 0)
        continue;
    *told = ended > 0 ? status_of(status) : -1;
    _exit(0);
}

static void G_GNUC_NORETURN keep(const struct cell_plan *plan, int output,
                                 const char *dir, int *told)
{
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (unshare(CLONE_NEWPID) < 0)
        be_first(plan, output, dir, told);
    pid_t first = fork();
    if (first == 0)
        be_first(plan, output, dir, told);
    waitpid(first, NULL, 0);
    _exit(0);
}

/* ---- Descendants. ---- */

struct census {
    unsigned processes;
    size_t pages;
    bool ends; /* Them, one by one. */
};

static void count_memory(struct census *census, const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/statm", pid);
    g_autofree char *text = NULL;
    size_t size = 0, resident = 0;
    if (g_file_get_contents(path, &text, NULL, NULL) &&
        sscanf(text, "%zu %zu", &size, &resident) == 2)
        census->pages += resident;
}

static void look_below(struct census *census, const char *pid, int depth)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%s/task/%s/children", pid, pid);
    g_autofree char *text = NULL;
    if (depth == DEPTH || !g_file_get_contents(path, &text, NULL, NULL))
        return;
    g_auto(GStrv) children = g_strsplit(g_strchomp(text), " ", -1);
    for (int i = 0; children[i] && *children[i]; i++) {
        census->processes++;
        count_memory(census, children[i]);
        look_below(census, children[i], depth + 1);
        if (census->ends)
            kill(atoi(children[i]), SIGKILL);
    }
}

static struct census look_at(pid_t pid, bool ends)
{
    struct census census = {.ends = ends};
    g_autofree char *text = g_strdup_printf("%d", pid);
    look_below(&census, text, 0);
    return census;
}

/* Who escaped from the keeper has become a child of ours. */
static void end_all(pid_t keeper)
{
    kill(keeper, SIGKILL);
    while (look_at(getpid(), true).processes > 0)
        while (waitpid(-1, NULL, WNOHANG) > 0)
            continue;
}

/* ---- Watching. ---- */

struct watched {
    pid_t keeper;
    int life, output; /* Descriptors: readable at its end; what it writes. */
    nsec deadline;
    GString *heard;
};

/* Returns whether there may be more. */
static bool hear(struct watched *watched)
{
    char piece[1 << 16];
    ssize_t count = read(watched->output, piece, sizeof piece);
    if (count > 0 && watched->heard->len <= CELL_OUTPUT)
        g_string_append_len(watched->heard, piece, count);
    return count > 0;
}

static enum cell_end look(const struct watched *watched)
{
    struct census census = look_at(watched->keeper, false);
    size_t mib = census.pages * (size_t)sysconf(_SC_PAGESIZE) >> 20;
    if (watched->heard->len > CELL_OUTPUT)
        return CELL_LOUD;
    if (mib > CELL_MIB)
        return CELL_FAT;
    if (census.processes > CELL_PROCESSES)
        return CELL_MANY;
    return clock_monotonic() > watched->deadline ? CELL_LATE : CELL_ENDED;
}

static enum cell_end watch(struct watched *watched)
{
    struct pollfd fds[] = {{watched->life, POLLIN, 0},
                           {watched->output, POLLIN, 0}};
    enum cell_end end = CELL_ENDED;
    nsec next = clock_monotonic() + LOOK * MSEC;
    while (end == CELL_ENDED && !fds[0].revents) {
        poll(fds, 2, LOOK);
        if (fds[1].revents && !hear(watched))
            fds[1].fd = -1; /* Closed, by all. */
        if (clock_monotonic() < next && watched->heard->len <= CELL_OUTPUT)
            continue;
        end = look(watched);
        next = clock_monotonic() + LOOK * MSEC;
    }
    return end;
}

/* ---- All of it. ---- */

static pid_t start(const struct cell_plan *plan, int pipe_end, const char *dir,
                   int *told)
{
    pid_t keeper = fork();
    if (keeper == 0)
        keep(plan, pipe_end, dir, told);
    if (keeper < 0)
        g_error("a cell cannot be made: %s", g_strerror(errno));
    return keeper;
}

struct cell_result cell_run(struct cell_plan plan)
{
    int ends[2];
    char *dir = test_dir_make();
    int *told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert(told != MAP_FAILED && pipe2(ends, O_CLOEXEC) == 0);
    *told = -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    struct watched watched = {
        .keeper = start(&plan, ends[1], dir, told),
        .output = ends[0],
        .deadline = clock_monotonic() +
                    (nsec)(plan.wall > 0 ? plan.wall : CELL_WALL) * SEC,
        .heard = g_string_new(NULL),
    };
    watched.life = (int)syscall(SYS_pidfd_open, watched.keeper, 0);
    close(ends[1]);
    struct cell_result result = {.end = watch(&watched)};
    end_all(watched.keeper);
    while (hear(&watched))
        continue;
    if (watched.heard->len > CELL_OUTPUT)
        result.end = CELL_LOUD;
    result.status = *told;
    result.output = g_utf8_make_valid(
        watched.heard->str, MIN((gssize)watched.heard->len, CELL_OUTPUT));
    g_string_free(watched.heard, TRUE);
    close(watched.life);
    close(ends[0]);
    munmap(told, sizeof *told);
    test_dir_remove(dir);
    return result;
}

void cell_clear(struct cell_result *result)
{
    g_clear_pointer(&result->output, g_free);
}

/* ---- A world without a network. ---- */

static bool write_map(const char *path, const char *format, unsigned id)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && dprintf(fd, format, id, id) > 0;
    if (fd >= 0)
        close(fd);
    return done;
}

bool cell_settle(void)
{
    unsigned user = getuid(), group = getgid();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (unshare(CLONE_NEWNET | CLONE_NEWIPC) == 0)
        return true;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) < 0)
        return false;
    write_map("/proc/self/setgroups", "deny", 0);
    return write_map("/proc/self/uid_map", "%u %u 1", user) &&
           write_map("/proc/self/gid_map", "%u %u 1", group);
}

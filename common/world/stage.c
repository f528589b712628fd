/*
 * An actor is a process group: a program and its children. It cannot outlive
 * its stage: the keeper (keeper.h) sees to that.
 *
 *               stdout ──> pipe ──> heard, line by line
 *     actor ──┤ stderr ──> a file
 *               life   ──> pidfd: readable when it has ended
 *
 * No actor waits for ever for the owner to read: while it waits for one actor,
 * it reads what all of them write. And no number is mistaken for another's: an
 * actor that has ended is reaped only with the stage, so that until then its
 * process id, to which signals are sent, is given to nobody else.
 */
#include "common/world/stage.h"
#include "common/world/clock.h"
#include "common/world/keeper.h"
#include "common/world/port.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PIPE = 1 << 20, /* What an actor may write while nobody reads. */
    KEPT = 8 << 20  /* What is kept, at least, of what nobody awaits. */
};

struct actor {
    struct stage *stage;
    pid_t pid;      /* Its process, and its process group. */
    int life;       /* Readable when it has ended. */
    int output;     /* Our end of its standard output; -1 after the end. */
    bool ended;     /* It has, and what it had written is read. */
    GString *heard; /* What it wrote, of which ... */
    size_t taken;   /* ... so much has been awaited or passed over. */
    char *errors;   /* The file of its standard error. */
};

struct stage {
    char *dir;
    struct keeper *keeper;
    GArray *ports;     /* The descriptors that reserve them. */
    GPtrArray *actors; /* In the order they were started. */
};

/* What the machine refuses ends the program; the keeper cleans up. */
static void need(bool done, const char *what, const char *why)
{
    if (done)
        return;
    fprintf(stderr, "A stage cannot %s: %s.\n", what, why);
    exit(1);
}

/* ---- Starting an actor. ---- */

struct entrance {
    const struct keeper *keeper;
    int errors;
};

/* In the child, which is about to become the program. */
static void become_actor(void *user_data)
{
    const struct entrance *entrance = user_data;
    dup2(entrance->errors, STDERR_FILENO);
    keeper_join(entrance->keeper);
}

/* A test is somewhere in build/test/, all other programs are in build/bin/. */
char *stage_program(const char *name)
{
    if (strchr(name, '/'))
        return g_strdup(name);
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    need(self != NULL, "find its own program", g_strerror(errno));
    g_autofree char *dir = g_path_get_dirname(self);
    char *test = g_strrstr(dir, "/test/");
    if (!test || g_str_has_suffix(dir, "/bin"))
        return g_build_filename(dir, name, NULL);
    *test = '\0';
    return g_build_filename(dir, "bin", name, NULL);
}

/* Where @p actor writes its errors: 3-http.err, of the third one. */
static int open_errors(struct actor *actor, const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    actor->errors = g_strdup_printf("%s/%u-%s.err", actor->stage->dir,
                                    actor->stage->actors->len + 1, name);
    int fd =
        open(actor->errors, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    need(fd >= 0, "open a file", g_strerror(errno));
    return fd;
}

static void spawn(struct actor *actor, char **argv)
{
    struct stage *stage = actor->stage;
    struct entrance entrance = {stage->keeper, open_errors(actor, argv[0])};
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) environment = keeper_environment(stage->keeper);
    g_spawn_async_with_pipes(NULL, argv, environment,
                             G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES,
                             become_actor, &entrance, &actor->pid, NULL,
                             &actor->output, NULL, &error);
    close(entrance.errors);
    need(!error, "start a program", error ? error->message : "");
}

static struct actor *actor_new(struct stage *stage, char **argv)
{
    struct actor *actor = g_new0(struct actor, 1);
    actor->stage = stage;
    actor->heard = g_string_new(NULL);
    spawn(actor, argv);
    fcntl(actor->output, F_SETFL, O_NONBLOCK);
    fcntl(actor->output, F_SETPIPE_SZ, PIPE); /* If it may be so large. */
    actor->life = (int)syscall(SYS_pidfd_open, actor->pid, 0);
    need(actor->life >= 0, "watch a process", g_strerror(errno));
    return actor;
}

/* ---- Listening. ---- */

/* Forget what was taken, and of what nobody takes the oldest whole lines. */
static void forget(struct actor *actor)
{
    GString *heard = actor->heard;
    g_string_erase(heard, 0, (gssize)actor->taken);
    actor->taken = 0;
    if (heard->len < 2 * KEPT)
        return;
    const char *cut = heard->str + heard->len - KEPT;
    const char *end = memchr(cut, '\n', KEPT);
    g_string_erase(heard, 0, (end ? end + 1 : cut) - heard->str);
}

/* Read all that the pipe holds: one read of its size. */
static void read_output(struct actor *actor)
{
    GString *heard = actor->heard;
    forget(actor);
    size_t before = heard->len;
    g_string_set_size(heard, before + PIPE);
    ssize_t got = read(actor->output, heard->str + before, PIPE);
    g_string_truncate(heard, before + (size_t)MAX(got, 0));
    if (got != 0)
        return;
    close(actor->output);
    actor->output = -1;
}

static int milliseconds_until(nsec deadline)
{
    nsec now = clock_monotonic();
    nsec wait = deadline > now ? (deadline - now + MSEC - 1) / MSEC : 0;
    return (int)MIN(wait, INT_MAX);
}

/* More may come while its output is open and it lives. */
static bool is_over(const struct actor *actor)
{
    return actor->output < 0 || actor->ended;
}

/* Take in what poll() found: its output, then its end. */
static void take_in(struct actor *actor, const struct pollfd *found)
{
    bool ended = found[1].revents != 0;
    if (actor->output >= 0 && (ended || found[0].revents))
        read_output(actor);
    actor->ended |= ended;
}

/* Wait until an actor writes or ends, and take it in. Returns whether there is
 * still time to wait for more. */
static bool listen_until(struct stage *stage, nsec deadline)
{
    unsigned count = stage->actors->len;
    g_autofree struct pollfd *fds = g_new(struct pollfd, 2 * count);
    for (unsigned i = 0; i < count; i++) {
        const struct actor *actor = stage->actors->pdata[i];
        int life = actor->ended ? -1 : actor->life;
        fds[2 * i] = (struct pollfd){actor->output, POLLIN, 0};
        fds[2 * i + 1] = (struct pollfd){life, POLLIN, 0};
    }
    int wait = milliseconds_until(deadline);
    if (poll(fds, 2 * count, wait) <= 0)
        return wait > 0;
    for (unsigned i = 0; i < count; i++)
        take_in(stage->actors->pdata[i], &fds[2 * i]);
    return wait > 0;
}

/* ---- Lines. ---- */

/* The next whole line, or NULL. Returns new. The last may lack its end. */
static char *next_line(struct actor *actor)
{
    const char *start = actor->heard->str + actor->taken;
    size_t left = actor->heard->len - actor->taken;
    const char *end = memchr(start, '\n', left);
    if (!end && (left == 0 || !is_over(actor)))
        return NULL;
    size_t size = end ? (size_t)(end - start) : left;
    actor->taken += end ? size + 1 : size;
    return g_strndup(start, size);
}

static char *find_line(struct actor *actor, const char *prefix)
{
    char *line;
    while ((line = next_line(actor)) && !g_str_has_prefix(line, prefix))
        g_free(line);
    return line;
}

/* ---- An actor. ---- */

char *actor_await(struct actor *actor, const char *prefix, nsec patience)
{
    nsec deadline = clock_monotonic() + patience;
    char *line = find_line(actor, prefix);
    bool patient = true;
    while (!line && patient && !is_over(actor)) {
        patient = listen_until(actor->stage, deadline);
        line = find_line(actor, prefix);
    }
    return line;
}

/* Wait until it has come to one of @p changes, and leave it there. */
static siginfo_t watch(const struct actor *actor, int changes)
{
    siginfo_t change = {0};
    id_t pid = (id_t)actor->pid;
    while (waitid(P_PID, pid, &change, changes | WNOWAIT) < 0)
        g_assert(errno == EINTR);
    return change;
}

/* A pause begins with the parent: were its child stopped first, in vfork(2),
 * the parent would wait for the child and never stop. */
void actor_signal(struct actor *actor, int signal)
{
    if (signal == SIGSTOP) {
        kill(actor->pid, SIGSTOP);
        watch(actor, WSTOPPED | WEXITED);
    }
    kill(-actor->pid, signal);
}

int actor_wait(struct actor *actor, nsec patience)
{
    nsec deadline = clock_monotonic() + patience;
    bool patient = true;
    while (!actor->ended && patient)
        patient = listen_until(actor->stage, deadline);
    if (!actor->ended)
        actor_signal(actor, SIGKILL);
    siginfo_t end = watch(actor, WEXITED);
    return end.si_code == CLD_EXITED ? end.si_status : -end.si_status;
}

char *actor_errors(struct actor *actor)
{
    char *text = NULL;
    g_file_get_contents(actor->errors, &text, NULL, NULL);
    return text ? text : g_strdup("");
}

static void actor_free(void *self)
{
    struct actor *actor = self;
    TEMP_FAILURE_RETRY(waitpid(actor->pid, NULL, 0));
    close(actor->life);
    if (actor->output >= 0)
        close(actor->output);
    g_string_free(actor->heard, TRUE);
    g_free(actor->errors);
    g_free(actor);
}

/* ---- The stage. ---- */

struct stage *stage_new(void)
{
    g_autoptr(GError) error = NULL;
    struct stage *stage = g_new0(struct stage, 1);
    stage->dir = g_dir_make_tmp("book-XXXXXX", &error);
    need(!error, "make its directory", error ? error->message : "");
    stage->ports = g_array_new(FALSE, FALSE, sizeof(int));
    stage->actors = g_ptr_array_new_with_free_func(actor_free);
    stage->keeper = keeper_new(stage->dir, &error);
    need(!error, "start its keeper", error ? error->message : "");
    return stage;
}

const char *stage_dir(const struct stage *stage)
{
    return stage->dir;
}

uint16_t stage_port(struct stage *stage)
{
    uint16_t port;
    int hold = port_reserve(&port);
    need(hold >= 0, "find a port", "all are in use");
    g_array_append_val(stage->ports, hold);
    return port;
}

struct actor *stage_start(struct stage *stage, const char *program, ...)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *path = stage_program(program);
    if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) ||
        g_file_test(path, G_FILE_TEST_IS_DIR))
        return NULL;
    va_list arguments;
    va_start(arguments, program);
    for (char *next = path; next; next = va_arg(arguments, char *))
        g_ptr_array_add(argv, next);
    va_end(arguments);
    g_ptr_array_add(argv, NULL);
    struct actor *actor = actor_new(stage, (char **)argv->pdata);
    g_ptr_array_add(stage->actors, actor);
    return actor;
}

/* Actors are reaped after the keeper is done, which sends signals to them. */
void stage_free(struct stage *stage)
{
    for (unsigned i = 0; i < stage->actors->len; i++)
        actor_signal(stage->actors->pdata[i], SIGKILL);
    keeper_free(stage->keeper);
    g_ptr_array_unref(stage->actors);
    for (unsigned i = 0; i < stage->ports->len; i++)
        close(g_array_index(stage->ports, int, i));
    g_array_unref(stage->ports);
    g_free(stage->dir);
    g_free(stage);
}

/*
 * The actors are shell scripts. Where a test must know that a process is gone,
 * that process holds a FIFO open, whose end is its end: nobody needs to sleep.
 */
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE (60 * SEC)

/* More than a pipe holds, and than a stage keeps. */
#define FLOOD "yes $(seq 300) | head -c 20000000; echo"

/* In a script, $1 is the stage's directory. */
static struct actor *start(struct stage *stage, const char *script)
{
    return stage_start(stage, "/bin/sh", "-c", script, "sh", stage_dir(stage),
                       NULL);
}

static void assert_line(struct actor *actor, const char *prefix,
                        const char *wanted)
{
    g_autofree char *line = actor_await(actor, prefix, PATIENCE);
    assert_non_null(line);
    assert_string_equal(line, wanted);
}

static void assert_no_line(struct actor *actor, const char *prefix,
                           nsec patience)
{
    g_autofree char *line = actor_await(actor, prefix, patience);
    if (line)
        fail_msg("there is a line: %s", line);
}

/* ---- Starting and ending. ---- */

static void a_program_that_ends_at_once_is_awaited_like_any_other(void **state)
{
    struct stage *stage = stage_new();
    struct actor *actor = stage_start(stage, "claims", NULL);
    (void)state;
    assert_non_null(actor);
    assert_no_line(actor, "", PATIENCE);
    assert_int_equal(actor_wait(actor, PATIENCE), 2);
    g_autofree char *errors = actor_errors(actor);
    assert_string_equal(errors, "usage: claims FILE...\n");
    stage_free(stage);
}

static void a_program_that_is_missing_is_not_started(void **state)
{
    struct stage *stage = stage_new();
    (void)state;
    assert_null(stage_start(stage, "no-such-program", NULL));
    assert_null(stage_start(stage, "/no/such/program", NULL));
    assert_null(stage_start(stage, "/tmp", NULL));
    assert_null(stage_start(stage, "/etc/passwd", NULL));
    stage_free(stage);
}

static void an_actor_ends_with_a_status_or_a_signal(void **state)
{
    struct stage *stage = stage_new();
    struct actor *seven = start(stage, "exit 7");
    struct actor *signalled = start(stage, "kill -s TERM $$");
    (void)state;
    assert_int_equal(actor_wait(seven, PATIENCE), 7);
    assert_int_equal(actor_wait(signalled, PATIENCE), -SIGTERM);
    assert_int_equal(actor_wait(seven, PATIENCE), 7);
    stage_free(stage);
}

static void an_actor_that_does_not_end_is_killed(void **state)
{
    struct stage *stage = stage_new();
    struct actor *actor = start(stage, "sleep 60");
    (void)state;
    assert_int_equal(actor_wait(actor, 0), -SIGKILL);
    stage_free(stage);
}

static void an_actor_hears_signals_that_its_owner_does_not(void **state)
{
    struct stage *stage = stage_new();
    sigset_t deaf, before;
    (void)state;
    sigfillset(&deaf);
    sigprocmask(SIG_SETMASK, &deaf, &before);
    struct actor *actor = stage_start(stage, "/bin/sleep", "60", NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    actor_signal(actor, SIGTERM);
    assert_int_equal(actor_wait(actor, PATIENCE), -SIGTERM);
    stage_free(stage);
}

static void an_actors_input_is_empty(void **state)
{
    struct stage *stage = stage_new();
    int before = dup(STDIN_FILENO), text = memfd_create("text", MFD_CLOEXEC);
    (void)state;
    assert_int_equal(pwrite(text, "some\n", 5, 0), 5);
    dup2(text, STDIN_FILENO);
    struct actor *actor = start(stage, "cat; echo end");
    dup2(before, STDIN_FILENO);
    assert_line(actor, "", "end");
    close(text);
    close(before);
    stage_free(stage);
}

/* ---- Output. ---- */

static void lines_before_the_awaited_one_are_passed_over(void **state)
{
    struct stage *stage = stage_new();
    struct actor *actor = start(stage, "echo one; echo two; echo three");
    (void)state;
    assert_line(actor, "tw", "two");
    assert_line(actor, "", "three");
    assert_no_line(actor, "", PATIENCE);
    stage_free(stage);
}

static void what_was_written_before_the_end_can_be_read_after_it(void **state)
{
    struct stage *stage = stage_new();
    struct actor *actor = start(stage, "echo result 7");
    (void)state;
    assert_int_equal(actor_wait(actor, PATIENCE), 0);
    assert_line(actor, "result ", "result 7");
    stage_free(stage);
}

static void a_last_line_may_lack_its_end(void **state)
{
    struct stage *stage = stage_new();
    struct actor *actor = start(stage, "printf 'one\\ntwo'");
    (void)state;
    assert_line(actor, "two", "two");
    assert_no_line(actor, "", PATIENCE);
    stage_free(stage);
}

static void half_a_line_is_none_yet(void **state)
{
    struct stage *stage = stage_new();
    struct actor *actor =
        start(stage, "mkfifo $1/go; printf 'ready\\nhalf'; cat < $1/go");
    g_autofree char *path = g_build_filename(stage_dir(stage), "go", NULL);
    (void)state;
    assert_line(actor, "ready", "ready");
    assert_no_line(actor, "half", 0);
    int go = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(write(go, " a line\n", 8), 8);
    assert_line(actor, "half", "half a line");
    close(go);
    stage_free(stage);
}

static void a_line_may_be_very_long(void **state)
{
    struct stage *stage = stage_new();
    struct actor *actor =
        start(stage, "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end");
    g_autofree char *line = actor_await(actor, "x", PATIENCE);
    (void)state;
    assert_non_null(line);
    assert_int_equal(strlen(line), 3000000);
    assert_line(actor, "", "end");
    stage_free(stage);
}

static void a_flood_of_output_ends(void **state)
{
    struct stage *stage = stage_new();
    struct actor *awaited = start(stage, FLOOD "; echo end");
    struct actor *waited = start(stage, FLOOD "; echo end");
    (void)state;
    assert_line(awaited, "end", "end");
    assert_int_equal(actor_wait(waited, PATIENCE), 0);
    assert_line(waited, "end", "end");
    stage_free(stage);
}

static void a_flood_without_end_does_not_outlast_patience(void **state)
{
    struct stage *stage = stage_new();
    struct actor *actor = start(stage, "exec yes");
    (void)state;
    assert_no_line(actor, "end", 50 * MSEC);
    assert_int_equal(actor_wait(actor, 0), -SIGKILL);
    stage_free(stage);
}

static void an_actor_that_nobody_awaits_is_read_too(void **state)
{
    struct stage *stage = stage_new();
    struct actor *reader =
        start(stage, "mkfifo $1/fifo; echo ready; cat < $1/fifo");
    (void)state;
    assert_line(reader, "ready", "ready");
    start(stage, FLOOD "; echo end > $1/fifo");
    assert_line(reader, "end", "end");
    stage_free(stage);
}

/* ---- Pausing. ---- */

/* The state of a process, as the kernel shows it: T is stopped. */
static char state_of(const char *pid)
{
    g_autofree char *path = g_build_filename("/proc", pid, "stat", NULL);
    g_autofree char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    const char *end = text ? strrchr(text, ')') : NULL;
    return end ? end[2] : '?';
}

static void a_paused_actor_does_nothing_until_it_may_go_on(void **state)
{
    struct stage *stage = stage_new();
    struct actor *echo =
        start(stage, "mkfifo $1/fifo; echo $$; cat < $1/fifo & wait");
    g_autofree char *path = g_build_filename(stage_dir(stage), "fifo", NULL);
    g_autofree char *pid = actor_await(echo, "", PATIENCE);
    int fifo = open(path, O_RDWR | O_CLOEXEC);
    (void)state;
    assert_int_equal(write(fifo, "one\n", 4), 4);
    assert_line(echo, "one", "one");
    actor_signal(echo, SIGSTOP);
    assert_int_equal(state_of(pid), 'T');
    assert_int_equal(write(fifo, "two\n", 4), 4);
    assert_no_line(echo, "two", 100 * MSEC);
    actor_signal(echo, SIGCONT);
    assert_line(echo, "two", "two");
    close(fifo);
    stage_free(stage);
}

static void a_paused_actor_can_be_killed(void **state)
{
    struct stage *stage = stage_new();
    struct actor *actor = start(stage, "sleep 60");
    (void)state;
    actor_signal(actor, SIGSTOP);
    actor_signal(actor, SIGKILL);
    assert_int_equal(actor_wait(actor, PATIENCE), -SIGKILL);
    actor_signal(actor, SIGSTOP);
    stage_free(stage);
}

/* ---- Ports. ---- */

static void ports_are_distinct_on_all_stages(void **state)
{
    struct stage *one = stage_new(), *other = stage_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    (void)state;
    for (int i = 0; i < 20; i++) {
        uint16_t port = stage_port(i % 2 ? one : other);
        assert_true(g_hash_table_add(seen, GUINT_TO_POINTER(port)));
    }
    stage_free(one);
    stage_free(other);
}

/* ---- Nothing is left behind. ---- */

/* Our end of a new FIFO in @p dir: see ends(). */
static int make_fifo(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    assert_int_equal(mkfifo(path, 0600), 0);
    return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* Whether all who held the FIFO open are gone at last. Takes it. */
static gboolean ends(int fifo)
{
    struct pollfd fd = {.fd = fifo, .events = POLLIN};
    char bytes[512];
    while (poll(&fd, 1, 60000) == 1)
        if (read(fifo, bytes, sizeof bytes) == 0)
            return close(fifo) == 0;
    return FALSE;
}

/* An actor with two children: one has cleared its environment, one has left the
 * group. All of them hold the FIFO. */
static const char family[] = "child='echo ready; sleep 60; :'\n"
                             "exec 3> \"$1/actors\"\n"
                             "env -i sh -c \"$child\" &\n"
                             "setsid sh -c \"$child\" &\n"
                             "wait\n";

static void start_family(struct stage *stage, const char *dir)
{
    struct actor *parent =
        stage_start(stage, "/bin/sh", "-c", family, "sh", dir, NULL);
    g_free(actor_await(parent, "ready", PATIENCE));
    g_free(actor_await(parent, "ready", PATIENCE));
}

static unsigned count_descriptors(void)
{
    unsigned count = 0;
    g_autoptr(GDir) fds = g_dir_open("/proc/self/fd", 0, NULL);
    while (g_dir_read_name(fds))
        count++;
    return count;
}

static void a_stage_that_is_freed_leaves_nothing(void **state)
{
    char *dir = test_dir_make();
    int actors = make_fifo(dir, "actors");
    unsigned before = count_descriptors();
    struct stage *stage = stage_new();
    g_autofree char *path = g_strdup(stage_dir(stage));
    (void)state;
    start_family(stage, dir);
    stage_port(stage);
    assert_true(g_file_test(path, G_FILE_TEST_IS_DIR));
    stage_free(stage);
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    assert_int_equal(count_descriptors(), before);
    assert_true(ends(actors));
    test_dir_remove(dir);
}

static void a_stranger_does_not_keep_a_stage_alive(void **state)
{
    struct stage *stage = stage_new();
    start(stage, "sleep 60");
    pid_t stranger = fork();
    (void)state;
    if (stranger == 0)
        _exit(execl("/bin/sleep", "sleep", "60", NULL));
    stage_free(stage);
    assert_int_equal(waitpid(stranger, NULL, WNOHANG), 0);
    kill(stranger, SIGKILL);
    waitpid(stranger, NULL, 0);
}

static void children_get_the_signal_too(void **state)
{
    char *dir = test_dir_make();
    struct stage *stage = stage_new();
    int held = make_fifo(dir, "held");
    struct actor *actor = stage_start(
        stage, "/bin/sh", "-c",
        "exec 3> \"$1\"/held; sleep 60 & echo ready; wait", "sh", dir, NULL);
    (void)state;
    assert_line(actor, "ready", "ready");
    actor_signal(actor, SIGKILL);
    assert_true(ends(held));
    stage_free(stage);
    test_dir_remove(dir);
}

/* The owner of a stage, as a program: this one with --own DIR. Says where its
 * stage is. Its standard output is also the keeper's. */
static int own(const char *dir)
{
    struct stage *stage = stage_new();
    start_family(stage, dir);
    puts(stage_dir(stage));
    fflush(stdout);
    return pause();
}

struct owner {
    char *dir, *inner; /* Of the FIFOs; of the owner's stage. */
    struct stage *stage;
    struct actor *actor;
    int actors, keeper; /* They end with the actors, and with the keeper. */
};

static struct owner start_owner(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    struct owner owner = {.dir = test_dir_make(), .stage = stage_new()};
    char path[512] = "";
    owner.actors = make_fifo(owner.dir, "actors");
    owner.keeper = make_fifo(owner.dir, "keeper");
    owner.actor = stage_start(owner.stage, "/bin/sh", "-c",
                              "exec \"$1\" --own \"$2\" > \"$2/keeper\"", "sh",
                              self, owner.dir, NULL);
    struct pollfd fd = {.fd = owner.keeper, .events = POLLIN};
    while (poll(&fd, 1, 60000) == 1 &&
           read(owner.keeper, path, sizeof path - 1) < 0)
        ;
    owner.inner = g_strndup(path, strcspn(path, "\n"));
    assert_true(g_file_test(owner.inner, G_FILE_TEST_IS_DIR));
    return owner;
}

static void assert_nothing_left(const struct owner *owner)
{
    assert_true(ends(owner->actors));
    assert_true(ends(owner->keeper));
    assert_false(g_file_test(owner->inner, G_FILE_TEST_EXISTS));
    test_dir_remove(owner->dir);
    g_free(owner->inner);
}

static void a_killed_owner_leaves_nothing(void **state)
{
    struct owner owner = start_owner();
    (void)state;
    actor_signal(owner.actor, SIGKILL);
    assert_nothing_left(&owner);
    stage_free(owner.stage);
}

static void a_stage_may_stand_on_a_stage(void **state)
{
    struct owner owner = start_owner();
    (void)state;
    stage_free(owner.stage);
    assert_nothing_left(&owner);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_that_ends_at_once_is_awaited_like_any_other),
        cmocka_unit_test(a_program_that_is_missing_is_not_started),
        cmocka_unit_test(an_actor_ends_with_a_status_or_a_signal),
        cmocka_unit_test(an_actor_that_does_not_end_is_killed),
        cmocka_unit_test(an_actor_hears_signals_that_its_owner_does_not),
        cmocka_unit_test(an_actors_input_is_empty),
        cmocka_unit_test(lines_before_the_awaited_one_are_passed_over),
        cmocka_unit_test(what_was_written_before_the_end_can_be_read_after_it),
        cmocka_unit_test(a_last_line_may_lack_its_end),
        cmocka_unit_test(half_a_line_is_none_yet),
        cmocka_unit_test(a_line_may_be_very_long),
        cmocka_unit_test(a_flood_of_output_ends),
        cmocka_unit_test(a_flood_without_end_does_not_outlast_patience),
        cmocka_unit_test(an_actor_that_nobody_awaits_is_read_too),
        cmocka_unit_test(a_paused_actor_does_nothing_until_it_may_go_on),
        cmocka_unit_test(a_paused_actor_can_be_killed),
        cmocka_unit_test(ports_are_distinct_on_all_stages),
        cmocka_unit_test(a_stage_that_is_freed_leaves_nothing),
        cmocka_unit_test(a_stranger_does_not_keep_a_stage_alive),
        cmocka_unit_test(children_get_the_signal_too),
        cmocka_unit_test(a_killed_owner_leaves_nothing),
        cmocka_unit_test(a_stage_may_stand_on_a_stage),
    };
    if (argc == 3 && strcmp(argv[1], "--own") == 0)
        return own(argv[2]);
    return test_run(argc, argv, tests);
}

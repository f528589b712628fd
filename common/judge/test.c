#include "common/judge/test.h"
#include "common/world/complain.h"
#include "common/world/dice.h"
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct CMUnitTest *running; /* The test under way. */
static bool seeding;                     /* It is in a loop over seeds ... */
static uint64_t seed_now;                /* ... and this is the one. */

/* ---- Seeds. ---- */

/* Did the user ask for one? Anything but a number is refused. */
static bool seed_asked(uint64_t *seed)
{
    const char *text = g_getenv("SEED");
    char *end;
    if (!text || !*text)
        return false;
    *seed = g_ascii_strtoull(text, &end, 0);
    if (*end || !g_ascii_isdigit(*text))
        exit(complain(USAGE, "SEED=%s is not a number", text));
    return true;
}

/* Seeds that nobody can have prepared for, short enough to be typed. */
static uint64_t salted(uint64_t number)
{
    const char *salt = g_getenv("SALT");
    if (!salt || !*salt)
        return number;
    return dice_mix(dice_number(salt) + number) & 0xffffff;
}

bool test_seed_next(uint64_t *seed, uint64_t *tried, uint64_t count)
{
    uint64_t asked;
    bool one = seed_asked(&asked);
    seeding = *tried < (one ? 1 : count);
    ++*tried;
    *seed = seed_now = one ? asked : salted(*tried);
    return seeding;
}

bool test_seed_now(uint64_t *seed)
{
    *seed = seed_now;
    return seeding;
}

/* A failed assertion jumps out of the loop, so it still counts as in it. */
static void report_seed(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *here = g_get_current_dir();
    const char *path = program ? program : "the test";
    if (!seeding)
        return;
    if (g_str_has_prefix(path, here) && path[strlen(here)] == '/')
        path += strlen(here) + 1;
    fprintf(stderr,
            "seed 0x%" PRIx64 ". See it again:\n    SEED=0x%" PRIx64 " %s %s\n",
            seed_now, seed_now, path, running->name);
    seeding = false;
}

/* A broken invariant aborts: cmocka lets that pass, so we name the test. */
static void on_abort(int number)
{
    signal(number, SIG_DFL);
    fflush(stdout);
    if (running)
        fprintf(stderr, "[  ABORTED ] %s\n", running->name);
    if (running)
        report_seed();
    raise(number);
}

/* ---- Running. ---- */

/* Each test is wrapped, so that a failure can be reported after it. */
static int set_up(void **state)
{
    running = *state;
    seeding = false;
    *state = running->initial_state;
    return running->setup_func ? running->setup_func(state) : 0;
}

static void run(void **state)
{
    running->test_func(state);
    seeding = false; /* It passed, wherever it left its loop. */
}

static int tear_down(void **state)
{
    report_seed();
    return running->teardown_func ? running->teardown_func(state) : 0;
}

static const char *pattern;
static bool matched; /* Some test of this program. */

static void refuse_a_pattern_without_tests(void)
{
    if (!matched)
        _exit(complain(USAGE, "no test matches \"%s\"", pattern));
}

/* A program may run several groups: the pattern may pass some of them by. */
static void choose(const char *chosen, const struct CMUnitTest *tests,
                   size_t count)
{
    if (!pattern)
        atexit(refuse_a_pattern_without_tests);
    pattern = chosen;
    for (size_t i = 0; i < count; i++)
        matched |= g_pattern_match_simple(pattern, tests[i].name);
    cmocka_set_test_filter(pattern);
}

int test_run_array(int argc, char **argv, const struct CMUnitTest *tests,
                   size_t count)
{
    g_autofree struct CMUnitTest *wrapped = g_new0(struct CMUnitTest, count);
    if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
        return complain(USAGE, "the only argument is a pattern of names");
    if (argc == 2)
        choose(argv[1], tests, count);
    signal(SIGABRT, on_abort);
    signal(SIGTRAP, on_abort); /* g_error() */
    for (size_t i = 0; i < count; i++)
        wrapped[i] = (struct CMUnitTest){tests[i].name, run, set_up, tear_down,
                                         (void *)&tests[i]};
    g_autofree char *name = g_path_get_basename(argv[0]);
    return _cmocka_run_group_tests(name, wrapped, count, NULL, NULL) != 0;
}

/* ---- Directories. ---- */

/* Not by g_dir_make_tmp(), which asks for TMPDIR once and never again. */
char *test_dir_make(void)
{
    const char *tmp = g_getenv("TMPDIR");
    char *dir =
        g_build_filename(tmp && *tmp ? tmp : "/tmp", "book-XXXXXX", NULL);
    if (!g_mkdtemp(dir))
        fail_msg("no directory for the test, %s: %s", dir, g_strerror(errno));
    return dir;
}

static int remove_one(const char *path, const struct stat *status, int kind,
                      struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

void test_dir_remove(char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    g_free(dir);
}

char *test_shell(int *status, const char *line)
{
    g_autofree char *both = g_strdup_printf("{ %s\n} 2>&1", line);
    const char *argv[] = {"/bin/sh", "-c", both, NULL};
    char *output = NULL;
    int wait = 0;
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, &output,
                             NULL, &wait, NULL));
    *status = WIFEXITED(wait) ? WEXITSTATUS(wait) : -1;
    return output;
}

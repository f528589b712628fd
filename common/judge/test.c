#include "common/judge/test.h"
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct CMUnitTest *running; /* The test under way. */
static uint64_t seed_now;                /* Its seed; zero outside a loop. */

/* ---- Seeds. ---- */

static const char *seed_asked(void)
{
    const char *text = g_getenv("SEED");
    return text && *text ? text : NULL;
}

uint64_t test_seed_first(void)
{
    seed_now = 0;
    return 0;
}

bool test_seed_next(uint64_t *seed, uint64_t count)
{
    const char *asked = seed_asked();
    bool over = asked ? seed_now != 0 : *seed == count;
    *seed = asked ? g_ascii_strtoull(asked, NULL, 0) : *seed + 1;
    seed_now = over ? 0 : *seed;
    return !over;
}

/* A failed assertion jumps out of the loop, so its seed is still set. */
static void report_seed(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *here = g_get_current_dir();
    const char *path = program ? program : "the test";
    if (seed_now == 0)
        return;
    if (g_str_has_prefix(path, here) && path[strlen(here)] == '/')
        path += strlen(here) + 1;
    printf("seed 0x%" PRIx64 ". See it again:\n    SEED=0x%" PRIx64 " %s %s\n",
           seed_now, seed_now, path, running->name);
    fflush(stdout);
    seed_now = 0;
}

/* ---- Running. ---- */

/* Each test is wrapped, so that a failure can be reported after it. */
static int set_up(void **state)
{
    running = *state;
    *state = running->initial_state;
    return running->setup_func ? running->setup_func(state) : 0;
}

static int tear_down(void **state)
{
    report_seed();
    return running->teardown_func ? running->teardown_func(state) : 0;
}

int test_run_array(int argc, char **argv, const struct CMUnitTest *tests,
                   size_t count)
{
    g_autofree struct CMUnitTest *wrapped = g_new0(struct CMUnitTest, count);
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        fprintf(stderr, "usage: %s [PATTERN]\n", argv[0]);
        return 2;
    }
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    for (size_t i = 0; i < count; i++)
        wrapped[i] = (struct CMUnitTest){tests[i].name, tests[i].test_func,
                                         set_up, tear_down, (void *)&tests[i]};
    g_autofree char *name = g_path_get_basename(argv[0]);
    return _cmocka_run_group_tests(name, wrapped, count, NULL, NULL) != 0;
}

/* ---- Directories. ---- */

char *test_dir_make(void)
{
    g_autoptr(GError) error = NULL;
    char *dir = g_dir_make_tmp("book-XXXXXX", &error);
    if (!dir)
        fail_msg("no directory for the test: %s", error->message);
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

/*
 * right SEEDS MODULE NAME PROGRAM: a right answer of another shape, tried. All
 * tests of the exercise are run, then with so many other seeds those that depend
 * on luck: their calls differ. Whoever fails a right answer has failed himself.
 */
#include "common/course/report.h"
#include "common/world/complain.h"
#include <stdlib.h>

enum { SEEDS_MOST = 100000 };

static struct grade *grade(const struct task *task, const char *program,
                           const char *only, const char *salt)
{
    g_autofree char *root = g_get_current_dir();
    g_autofree char *whole = g_canonicalize_filename(program, root);
    struct grade_plan plan = {.root = root,
                              .objects = "",
                              .answers = "",
                              .programs = "",
                              .program = whole,
                              .only = only,
                              .salt = salt,
                              .trusting = true};
    return grade_new(task, &plan);
}

/* Told once: one failure is enough to look at. */
static void tell(const struct grade *grade, const char *program,
                 const char *salt)
{
    static bool told;
    if (!told)
        fprintf(stderr,
                "\n%s, which should be right, fails with SALT=%s. (Where the "
                "report says\nexercises/, that is meant.)\n",
                program, salt ? salt : "");
    if (!told)
        report_text(stderr, grade, false);
    told = true;
}

static bool pass(const struct task *task, const char *program, const char *only,
                 unsigned seed)
{
    g_autofree char *salt = seed ? g_strdup_printf("%u", seed) : NULL;
    struct grade *result = grade(task, program, only, salt);
    bool whole = result->whole;
    if (!whole)
        tell(result, program, salt);
    grade_free(result);
    return whole;
}

/* The tests whose calls are others with another seed. Returns new. */
static GPtrArray *tests_of_luck(const struct task *task, const char *program)
{
    GPtrArray *tests = g_ptr_array_new();
    struct grade *one = grade(task, program, NULL, NULL);
    struct grade *other = grade(task, program, NULL, "another");
    for (guint i = 0; i < one->verdicts->len; i++) {
        const struct verdict *left = one->verdicts->pdata[i];
        const struct verdict *right = other->verdicts->pdata[i];
        if (left->digest != right->digest)
            g_ptr_array_add(tests, left->rule->test);
    }
    grade_free(one);
    grade_free(other);
    return tests;
}

/* How often does it fail? */
static unsigned try(const struct task *task, const char *program,
                    unsigned seeds)
{
    unsigned failed = !pass(task, program, NULL, 0);
    g_autoptr(GPtrArray) tests = tests_of_luck(task, program);
    for (unsigned seed = 1; seed <= seeds; seed++) {
        bool good = true;
        for (guint i = 0; good && i < tests->len; i++)
            good = pass(task, program, tests->pdata[i], seed);
        failed += !good;
    }
    return failed;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    char *end = NULL;
    uint64_t seeds = argc == 5 ? g_ascii_strtoull(argv[1], &end, 10) : 0;
    if (argc != 5 || end == argv[1] || *end || seeds > SEEDS_MOST)
        return complain(USAGE, "it takes how many seeds, a module, a name and "
                               "a program");
    g_autofree char *path = g_strdup_printf("exercises/%s.task", argv[2]);
    struct task *task = task_read(path, &error);
    if (!task)
        return complain(FAILED, "%s", error->message);
    cell_settle();
    unsigned failed = try(task, argv[4], (unsigned)seeds);
    printf("%s %s %u %u\n", argv[2], argv[3], (unsigned)seeds, failed);
    task_free(task);
    return failed == 0
               ? 0
               : complain(FAILED, "%s, a right answer: see above", argv[3]);
}

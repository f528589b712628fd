/*
 * The grader, and submissions that mean no good: each gets its verdict, and
 * nothing is left of it. First those that are linked without asking what they
 * call, since no list of calls is ever complete; then the list.
 *
 * The submissions stand in hostile/. They are built here, as the Makefile
 * builds a reader's (common/tools/mine.sh), in an exercise of a book of its
 * own:
 *
 *     DIR/exercises/99-hostile/victim.c, .task      the book
 *     DIR/plain/mine/obj, DIR/plain/obj             objects, theirs and ours
 *     DIR/san/graded                                the test, with sanitizers
 */
#include "common/course/grade.h"
#include "common/course/permit.h"
#include "common/judge/test.h"
#include "common/world/clock.h"
#include <string.h>
#include <unistd.h>

#define HOSTILE  "common/course/hostile/"
#define INCLUDES "-I. -Ichapters $(pkg-config --cflags glib-2.0 cmocka)"
#define COMPILE  "gcc -std=gnu11 -D_GNU_SOURCE -g -Og " INCLUDES " "
#define SANITIZE                                            \
    "-fsanitize=address,undefined -fno-omit-frame-pointer " \
    "-fno-sanitize-recover=undefined -fno-sanitize=object-size "

static char *dir;
static struct task *task;

/* ---- Building. ---- */

static void run_shell(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void run_shell(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    int status;
    g_autofree char *strict = g_strconcat("set -e; ", line, NULL);
    g_autofree char *output = test_shell(&status, strict);
    if (status != 0)
        fail_msg("%s: %s", line, output);
}

/* Our answer, and the parts of the test that do not change. */
static int set_up(void **state)
{
    (void)state;
    dir = test_dir_make();
    run_shell("cd %s; mkdir -p exercises/99-hostile plain/obj/solutions/"
              "99-hostile plain/mine/obj/exercises/99-hostile "
              "san/graded/exercises/99-hostile",
              dir);
    run_shell("cp " HOSTILE "victim.task %s/exercises/99-hostile", dir);
    run_shell(COMPILE
              "-c -o %s/plain/obj/solutions/99-hostile/victim.o " HOSTILE
              "answer.c",
              dir);
    run_shell("for f in " HOSTILE "test_victim common/course/graded "
              "common/course/sheet common/course/todo common/judge/test "
              "common/world/complain; do " COMPILE SANITIZE
              "-c -o %s/san/$(basename $f).o $f.c; done",
              dir);
    g_autofree char *table =
        g_strconcat(dir, "/exercises/99-hostile/victim.task", NULL);
    task = task_read(table, NULL);
    assert_non_null(task);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    task_free(task);
    test_dir_remove(dir);
    return 0;
}

/* As the Makefile does; @p source is text, or the name of a file. */
static void submit(const char *source)
{
    g_autofree char *file =
        g_strconcat(dir, "/exercises/99-hostile/victim.c", NULL);
    run_shell("rm -rf %s", file);
    if (!strchr(source, '\n'))
        run_shell("cp " HOSTILE "%s %s", source, file);
    else
        assert_true(g_file_set_contents(file, source, -1, NULL));
}

static void build_plain(void)
{
    run_shell(
        "sh common/tools/mine.sh %s/exercises/99-hostile/victim.c " HOSTILE
        "answer.c %s/plain/obj/solutions/99-hostile/victim.o "
        "%s/plain/mine/obj/exercises/99-hostile/victim.o " COMPILE,
        dir, dir, dir);
}

/* The menagerie, and the test of all it can do. */
static void build_menagerie(void)
{
    submit("menagerie.c");
    build_plain();
    run_shell(COMPILE SANITIZE "-c -o %s/san/victim.o " HOSTILE "menagerie.c",
              dir);
    run_shell("gcc " SANITIZE "-o %s/san/graded/exercises/99-hostile/"
              "test_victim %s/san/*.o $(pkg-config --libs glib-2.0 cmocka)",
              dir, dir);
}

static struct grade *grade(bool trusting, const char *only)
{
    g_autofree char *objects = g_strconcat(dir, "/plain/mine/obj", NULL);
    g_autofree char *answers = g_strconcat(dir, "/plain/obj", NULL);
    g_autofree char *programs = g_strconcat(dir, "/san/graded", NULL);
    struct grade_plan plan = {.root = dir,
                              .objects = objects,
                              .answers = answers,
                              .programs = programs,
                              .allowed = "common/course/allowed.txt",
                              .only = only,
                              .trusting = trusting,
                              .wall = 5};
    return grade_new(task, &plan);
}

/* ---- What it is up to. ---- */

static unsigned children(void)
{
    g_autofree char *path =
        g_strdup_printf("/proc/self/task/%d/children", (int)getpid());
    g_autofree char *text = NULL;
    unsigned count = 0;
    g_file_get_contents(path, &text, NULL, NULL);
    for (const char *c = text ? text : ""; (c = strchr(c, ' ')); c++)
        count++;
    return count;
}

static unsigned left_in_tmp(void)
{
    GDir *tmp = g_dir_open(g_getenv("TMPDIR"), 0, NULL);
    unsigned count = 0;
    const char *name;
    while ((name = g_dir_read_name(tmp)))
        count += g_str_has_prefix(name, "book-") ? 1 : 0;
    g_dir_close(tmp);
    return count;
}

static const struct {
    const char *test;
    enum verdict_word word;
    const char *says; /* A part of what it got; or NULL. */
} cases[] = {
    {"NONE", PASS, NULL},
    {"LOOPS", HANG, "time is up"},
    {"LOOPS_UNSTOPPABLY", HANG, "time is up"},
    {"STOPS", HANG, "time is up"},
    {"READS_NULL", CRASH, "null pointer"},
    {"READS_BEYOND", CRASH, "heap-buffer-overflow"},
    {"RECURSES", CRASH, "stack-overflow"},
    {"OVERFLOWS", CRASH, "signed integer overflow"},
    {"EATS_MEMORY", FLOOD, "MiB"},
    {"TALKS", FLOOD, "output"},
    {"FORKS", FLOOD, "64"},
    {"EXITS", CRASH, "exit status 0"},
    {"EXITS_AT_ONCE", CRASH, "exit status 0"},
    {"ABORTS", CRASH, "assertion failed"},
    {"FORGES", WRONG, "3"},
    {"CLOSES_ALL", WRONG, "3"},
    {"WRITES_EVERYWHERE", WRONG, "3"},
    {"JUMPS", CRASH, NULL},
    {"KILLS_ITS_PARENT", WRONG, "3"},
    {"LEAKS", LEAK, "100 byte(s)"},
    {"LEAVES_A_FILE", WRONG, "3"},
    {"TODOS", TODO, "come_by_a_hole() is yet"},
};

static void judge(size_t i)
{
    g_autofree char *only = g_strconcat("when_it_", cases[i].test, NULL);
    unsigned before = left_in_tmp();
    struct grade *result = grade(true, only);
    assert_int_equal(result->verdicts->len, 1);
    const struct verdict *verdict = result->verdicts->pdata[0];
    if (verdict->word != cases[i].word)
        fail_msg("%s: %s, and not %s (%s)", cases[i].test,
                 verdict_name(verdict->word), verdict_name(cases[i].word),
                 verdict->got);
    if (cases[i].says && !strstr(verdict->got, cases[i].says))
        fail_msg("%s: got \"%s\", without \"%s\"", cases[i].test, verdict->got,
                 cases[i].says);
    assert_int_equal(result->earned, verdict->word == PASS);
    assert_int_equal(children(), 0);
    assert_int_equal(left_in_tmp(), before);
    assert_false(g_file_test("left-behind", G_FILE_TEST_EXISTS));
    grade_free(result);
}

static void
whatever_it_does_it_gets_its_verdict_and_nothing_is_left(void **state)
{
    (void)state;
    build_menagerie();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        judge(i);
    judge(0); /* And the honest one is as well off as before. */
}

/* ---- What may be linked. ---- */

#define ANSWER "int victim(int m) { (void)m; return 2; }\n"

static const struct {
    const char *source, *says;
} refused[] = {
    {"#include <stdlib.h>\nint victim(int m) { exit(m); }\n", "exit is called"},
    {"#include <unistd.h>\nint victim(int m) { _exit(m); }\n",
     "_exit is called"},
    {"#include <signal.h>\nint victim(int m) { signal(SIGALRM, SIG_IGN); "
     "return "
     "m; }\n",
     "signal is called"},
    {"#include <unistd.h>\nint victim(int m) { return m + fork(); }\n",
     "fork is called"},
    {"#include <unistd.h>\nint victim(int m) { return m + (int)syscall(1); }\n",
     "syscall is called"},
    {"#include <dlfcn.h>\nint victim(int m) { return m + !dlsym(0, \"x\"); }\n",
     "dlsym is called"},
    {"#include <fcntl.h>\nint victim(int m) { return m + open(\"x\", 0); }\n",
     "open is called"},
    {"#include <setjmp.h>\nstatic jmp_buf b;\nint victim(int m) { longjmp(b, "
     "m); "
     "}\n",
     "longjmp"},
    {"int victim(int m) { asm(\"call _exit\"); return m; }\n",
     "_exit is called"},
    {"struct sheet *sheet_open(void);\nint victim(int m) { return m + "
     "!sheet_open(); }\n",
     "sheet_open is called"},
    {ANSWER "#include <stdlib.h>\nvoid *malloc(size_t n) { (void)n; return 0; "
            "}\n",
     "defines malloc,"},
    {ANSWER "void _fail(const char *f, int l) { (void)f, (void)l; }\n",
     "defines _fail,"},
    {ANSWER "int main(void) { return 0; }\n", "defines main,"},
    {ANSWER "int helper;\n", "defines helper,"},
    {ANSWER "__attribute__((weak)) void todo_reached(void) {}\n",
     "defines todo_reached,"},
    {ANSWER "#include <stdio.h>\n__attribute__((constructor)) static void "
            "first(void) { puts(\"first\"); }\n",
     "constructor"},
    {ANSWER "#include <stdio.h>\n__attribute__((destructor)) static void "
            "last(void) { puts(\"last\"); }\n",
     "destructor"},
    {"int other(int m) { return m; }\n", "does not define victim()"},
};

#ifdef __x86_64__
static void a_system_call_in_assembler_is_seen(void **state)
{
    (void)state;
    submit("int victim(int m)\n{\n    asm volatile(\"syscall\" : : "
           "\"a\"(231), \"D\"(m));\n    return m;\n}\n");
    build_plain();
    struct grade *result = grade(false, "when_it_NONE");
    const struct verdict *verdict = result->verdicts->pdata[0];
    assert_int_equal(verdict->word, BUILD);
    assert_non_null(strstr(verdict->got, "in assembler"));
    grade_free(result);
}
#endif

static void what_it_may_not_call_or_define_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        submit(refused[i].source);
        build_plain();
        struct grade *result = grade(false, "when_it_NONE");
        const struct verdict *verdict = result->verdicts->pdata[0];
        if (verdict->word != BUILD)
            fail_msg("linked, and it should not be:\n%s", refused[i].source);
        const char *got = result->log ? result->log : verdict->got;
        if (!strstr(got, refused[i].says))
            fail_msg("\"%s\", without \"%s\"", got, refused[i].says);
        assert_int_equal(result->earned, 0);
        grade_free(result);
    }
}

/* The line is that of the reader's file. */
static void the_place_of_a_forbidden_call_is_told(void **state)
{
    (void)state;
    submit("#include <stdlib.h>\n\nint victim(int m)\n{\n    exit(m);\n}\n");
    build_plain();
    struct grade *result = grade(false, "when_it_NONE");
    const struct verdict *verdict = result->verdicts->pdata[0];
    assert_non_null(strstr(verdict->got, "exercises/99-hostile/victim.c:5"));
    grade_free(result);
}

static void expect_log(const char *says)
{
    build_plain();
    struct grade *result = grade(false, "when_it_NONE");
    const struct verdict *verdict = result->verdicts->pdata[0];
    assert_int_equal(verdict->word, BUILD);
    assert_non_null(result->log);
    if (!strstr(result->log, says))
        fail_msg("the log is \"%s\", without \"%s\"", result->log, says);
    grade_free(result);
}

static void what_cannot_be_compiled_says_why(void **state)
{
    g_autofree char *file =
        g_strconcat(dir, "/exercises/99-hostile/victim.c", NULL);
    (void)state;
    submit("int victim(int m) { return m +; }\n");
    expect_log("error: expected expression");
    submit("#include \"common/course/hostile/../../../solutions/01-sockets/"
           "io.c\"\n" ANSWER);
    expect_log("write it yourself");
    submit("#include __FILE__\n" ANSWER);
    expect_log("nested");
    run_shell("rm %s", file);
    expect_log("is missing");
    run_shell("mkdir %s", file);
    expect_log("is no file");
    run_shell("rmdir %s; mkfifo %s", file, file);
    expect_log("is no file");
    run_shell("rm %s; ln -s $PWD/" HOSTILE "answer.c %s", file, file);
    expect_log("is no file");
    run_shell("rm %s", file);
    submit("# 1 \"x\" 3\n#include \"solutions/01-sockets/io.c\"\n" ANSWER);
    expect_log("write it yourself");
}

static void what_prints_and_sorts_may_be_linked(void **state)
{
    (void)state;
    submit("#include <glib.h>\n#include <stdio.h>\n#include <string.h>\n"
           "static int helper(void) { return 2; }\n"
           "int victim(int m) { g_autofree char *s = g_strdup(\"x\");\n"
           "printf(\"%d %zu\\n\", m, strlen(s)); fprintf(stderr, \"!\");\n"
           "g_assert(m < 99); return helper(); }\n");
    build_plain();
    g_autofree char *theirs =
        g_strconcat(dir, "/plain/mine/obj/exercises/99-hostile/victim.o", NULL);
    g_autofree char *ours =
        g_strconcat(dir, "/plain/obj/solutions/99-hostile/victim.o", NULL);
    char *reason = NULL;
    struct permit permit = {theirs, NULL, ours, "common/course/allowed.txt"};
    permit_check(&permit, task, &reason);
    assert_null(reason);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            whatever_it_does_it_gets_its_verdict_and_nothing_is_left),
        cmocka_unit_test(what_it_may_not_call_or_define_is_named),
#ifdef __x86_64__
        cmocka_unit_test(a_system_call_in_assembler_is_seen),
#endif
        cmocka_unit_test(the_place_of_a_forbidden_call_is_told),
        cmocka_unit_test(what_cannot_be_compiled_says_why),
        cmocka_unit_test(what_prints_and_sorts_may_be_linked),
    };
    /* Other tests have files of their own in /tmp. */
    char *tmp = test_dir_make();
    g_setenv("TMPDIR", tmp, TRUE);
    int status = set_up(NULL);
    cell_settle();
    status |= test_run(argc, argv, tests);
    tear_down(NULL);
    test_dir_remove(tmp);
    return status;
}

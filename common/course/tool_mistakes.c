/*
 * mistakes: what authors know of wrong answers, tried.
 *
 *     mistakes make 01-sockets/io DIR          DIR/NAME.c for each mistake
 *     mistakes catch 01-sockets/io NAME PROGRAM   its test must fail
 *     mistakes sign 01-sockets/io NAME PROGRAM    all tests: prints its sign
 *     mistakes matrix DIR MODULE ..            the kill matrix, and the rates
 *     mistakes signs DIR MODULE ..             write exercises/NN/X.signs
 *     mistakes page                            the matrix as a page of the site
 *
 * PROGRAM is the exercise's test, linked with that mistake. DIR holds
 * MODULE/NAME.sign, as `sign` printed them. The Makefile knows the way.
 */
#include "common/course/matrix.h"
#include "common/course/report.h"
#include "common/world/complain.h"
#include <string.h>

/* An exercise, and what is known to be wrong. */
struct subject {
    struct task *task;
    GPtrArray *mistakes;
};

static void subject_clear(struct subject *subject)
{
    g_clear_pointer(&subject->task, task_free);
    g_clear_pointer(&subject->mistakes, g_ptr_array_unref);
}

static struct subject read_subject(const char *module, GError **error)
{
    struct subject subject = {NULL, NULL};
    g_autofree char *task = g_strdup_printf("exercises/%s.task", module);
    g_autofree char *path = g_strdup_printf("solutions/%s.mistakes", module);
    subject.task = task_read(task, error);
    if (subject.task)
        subject.mistakes = mistakes_read(path, error);
    if (subject.mistakes &&
        !mistakes_cover(subject.mistakes, subject.task, error))
        g_clear_pointer(&subject.mistakes, g_ptr_array_unref);
    return subject;
}

static const struct mistake *find(const struct subject *subject, const char *id,
                                  GError **error)
{
    for (guint i = 0; i < subject->mistakes->len; i++) {
        g_autofree char *other = mistake_id(subject->mistakes->pdata[i]);
        if (g_str_equal(other, id))
            return subject->mistakes->pdata[i];
    }
    g_set_error(error, G_FILE_ERROR, 0, "%s has no mistake %s",
                subject->task->module, id);
    return NULL;
}

/* The answer as it is, which goes the same way: no test may find anything. */
#define RIGHT "right"

/* ---- make ---- */

static bool make_one(const struct mistake *mistake, const char *answer,
                     const char *directory, GError **error)
{
    g_autofree char *id = mistake_id(mistake);
    g_autofree char *file = g_strdup_printf("%s/%s.c", directory, id);
    g_autofree char *text = mistake_make(mistake, answer, error);
    g_autofree char *named = /* So that the file says all there is to it. */
        g_strdup_printf("/* %s: %s.\n * Caught by %s. */\n%s", id,
                        mistake->because, mistake->test, text);
    return text && mistake_put(file, named, error);
}

static bool make_all(const char *module, const char *directory, GError **error)
{
    g_autofree char *path = g_strdup_printf("solutions/%s.c", module);
    g_autofree char *answer = NULL;
    if (!g_file_get_contents(path, &answer, NULL, error))
        return false;
    struct subject subject = read_subject(module, error);
    g_autofree char *right = g_strdup_printf("%s/" RIGHT ".c", directory);
    bool made = subject.mistakes && mistake_put(right, answer, error);
    for (guint i = 0; made && i < subject.mistakes->len; i++)
        made = make_one(subject.mistakes->pdata[i], answer, directory, error);
    subject_clear(&subject);
    return made;
}

/* ---- catch and sign ---- */

/* Grade the program that has the mistake; NULL: none. Returns new. To be caught
 * is to fail, and who still runs after a second has failed as well; a sign is
 * what a reader would see. Neither says on which line a leak is. */
static struct sign *look(const struct subject *subject,
                         const struct mistake *mistake, const char *program,
                         bool all)
{
    g_autofree char *root = g_get_current_dir();
    g_autofree char *whole = g_canonicalize_filename(program, root);
    struct grade_plan plan = {.root = root,
                              .objects = "",
                              .answers = "",
                              .programs = "",
                              .program = whole,
                              .only = all || !mistake ? NULL : mistake->test,
                              .trusting = true,
                              .seconds = all ? 0 : 1,
                              .brief = mistake != NULL};
    cell_settle();
    struct grade *grade = grade_new(subject->task, &plan);
    struct sign *sign = sign_new(mistake, grade->verdicts);
    if (!mistake && !grade->whole)
        report_text(stderr, grade, false);
    grade_free(grade);
    return sign;
}

static bool is_caught(const struct sign *sign)
{
    const struct symptom *symptom = sign_symptom(sign, sign->caught);
    return symptom && symptom->word != BUILD && symptom->word != TODO;
}

/* Is the sign what it should be? If not, @p error says so. */
static bool approve(const struct sign *sign, const char *module, GError **error)
{
    const struct symptom *first =
        sign->symptoms->len > 0 ? sign->symptoms->pdata[0] : NULL;
    if (!sign->name && first)
        g_set_error(error, G_FILE_ERROR, 0,
                    "%s, in which there is no mistake, fails %s with %s",
                    module, first->test, verdict_name(first->word));
    else if (sign->name && !is_caught(sign))
        g_set_error(error, G_FILE_ERROR, 0,
                    "%s with the mistake %s%s%s passes %s, which should catch "
                    "it; its first failure: %s",
                    module, sign->name, sign->shape ? "." : "",
                    sign->shape ? sign->shape : "", sign->caught,
                    first ? first->test : "none that was run");
    else
        return true;
    return false;
}

/* Words: module, name, program. */
static bool try(char **words, bool all, GError **error)
{
    struct subject subject = read_subject(words[0], error);
    bool right = g_str_equal(words[1], RIGHT), good = false;
    const struct mistake *mistake = NULL;
    if (subject.mistakes && !right)
        mistake = find(&subject, words[1], error);
    if (mistake || (subject.mistakes && right)) {
        struct sign *sign = look(&subject, mistake, words[2], all);
        g_autoptr(GString) text = g_string_new(NULL);
        if (all && mistake) {
            sign_write(sign, text);
            printf("%s", text->str);
        }
        good = approve(sign, words[0], error);
        sign_free(sign);
    }
    subject_clear(&subject);
    return good;
}

/* ---- matrix, signs and page ---- */

/* The text of all signs of the module, as they were just seen: new. */
static char *gather(const struct subject *subject, const char *directory,
                    const char *module, GError **error)
{
    GString *all = g_string_new("# What the known mistakes look like, by which "
                                "a reader's is recognised. Written\n# by `make "
                                "signs`; common/course/signs.h says how this "
                                "is read.\n");
    for (guint i = 0; i < subject->mistakes->len; i++) {
        g_autofree char *id = mistake_id(subject->mistakes->pdata[i]);
        g_autofree char *path =
            g_strdup_printf("%s/%s/%s.sign", directory, module, id);
        g_autofree char *text = NULL;
        if (!g_file_get_contents(path, &text, NULL, error)) {
            g_string_free(all, TRUE);
            return NULL;
        }
        g_string_append(all, text);
    }
    return g_string_free(all, FALSE);
}

/* Where two texts part: the line of each. */
static void find_difference(const char *left, const char *right, char **one,
                            char **other)
{
    g_auto(GStrv) lefts = g_strsplit(left, "\n", -1);
    g_auto(GStrv) rights = g_strsplit(right, "\n", -1);
    size_t i = 0;
    while (lefts[i] && rights[i] && g_str_equal(lefts[i], rights[i]))
        i++;
    *one = g_strdup(lefts[i] ? lefts[i] : "(the end)");
    *other = g_strdup(rights[i] ? rights[i] : "(the end)");
}

static bool compare(const char *path, const char *text, GError **error)
{
    g_autofree char *there = NULL, *written = NULL, *seen = NULL;
    g_file_get_contents(path, &there, NULL, NULL);
    if (there && g_str_equal(there, text))
        return true;
    find_difference(there ? there : "", text, &written, &seen);
    g_set_error(error, G_FILE_ERROR, 0,
                "%s is not what the mistakes look like now: make signs, and "
                "commit it\n  written: %s\n  seen:    %s",
                path, written, seen);
    return false;
}

static bool print(const char *module, struct rates *rates, GError **error)
{
    g_autofree char *name = g_strdup_printf("exercises/%s.task", module);
    g_autofree char *path = g_strdup_printf("exercises/%s.signs", module);
    struct task *task = task_read(name, error);
    g_autoptr(GPtrArray) signs = task ? signs_read(path, error) : NULL;
    if (signs) {
        matrix_print(stdout, task, signs);
        matrix_print_doubles(stdout, signs);
        matrix_count(signs, rates);
    }
    g_clear_pointer(&task, task_free);
    return signs != NULL;
}

/* All exercises that have signs, by their numbers. */
static bool page(GError **error)
{
    g_autoptr(GPtrArray) tasks = tasks_find(".", NULL, error);
    matrix_begin_page(stdout);
    for (guint i = 0; tasks && i < tasks->len; i++) {
        g_autofree char *path = task_path(tasks->pdata[i], ".signs");
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        g_autoptr(GPtrArray) signs = signs_read(path, error);
        if (!signs)
            return false;
        matrix_page(stdout, tasks->pdata[i], signs);
    }
    return tasks != NULL;
}

/* What was seen, compared with what is written down, or written down. */
static bool settle(const char *directory, const char *module, bool writing,
                   GError **error)
{
    g_autofree char *path = g_strdup_printf("exercises/%s.signs", module);
    struct subject subject = read_subject(module, error);
    g_autofree char *text =
        subject.mistakes ? gather(&subject, directory, module, error) : NULL;
    subject_clear(&subject);
    if (!text)
        return false;
    return writing ? mistake_put(path, text, error)
                   : compare(path, text, error);
}

static bool each(char **modules, const char *directory, bool writing,
                 GError **error)
{
    struct rates rates = {0};
    for (; *modules; modules++)
        if (!settle(directory, *modules, writing, error) ||
            (!writing && !print(*modules, &rates, error)))
            return false;
    if (writing)
        return true;
    printf("\n");
    matrix_print_rates(stdout, &rates);
    if (!matrix_is_good(&rates))
        g_set_error(error, G_FILE_ERROR, 0,
                    "all must be caught, nine of ten recognised, and none "
                    "taken for another");
    return matrix_is_good(&rates);
}

/* Returns whether the words make sense; *done: it was done. */
static bool obey(int count, char **words, bool *done, GError **error)
{
    const char *what = count > 0 ? words[0] : "";
    bool all = g_str_equal(what, "sign");
    if (g_str_equal(what, "make") && count == 3)
        *done = make_all(words[1], words[2], error);
    else if ((all || g_str_equal(what, "catch")) && count == 4)
        *done = try(words + 1, all, error);
    else if (g_str_equal(what, "page") && count == 1)
        *done = page(error);
    else if ((g_str_equal(what, "matrix") || g_str_equal(what, "signs")) &&
             count > 2)
        *done = each(words + 2, words[1], g_str_equal(what, "signs"), error);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    bool done = false;
    if (!obey(argc - 1, argv + 1, &done, &error))
        return complain(USAGE, "make, catch, sign, matrix, signs or page, and "
                               "what they need");
    return done ? 0 : complain(FAILED, "%s", error->message);
}

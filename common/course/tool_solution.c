/*
 * solution MODULE: our answer, for who has solved the exercise, or with
 * REALLY=1 in the environment. The marks round what the reader writes are left
 * out.
 */
#include "common/course/progress.h"
#include "common/world/complain.h"
#include <stdio.h>
#include <stdlib.h>

/* In a course without answers there stands the skeleton. */
static bool is_an_answer(const struct task *task, const char *text)
{
    const char *mark = task->breaks ? "\n    " : "SOLUTION:";
    return g_strrstr(text, mark) != NULL;
}

/* Without the comments that part the answer from the skeleton. */
static void print_answer(const char *text)
{
    g_autoptr(GRegex) marks = g_regex_new("[ ]*/\\* (END )?SOLUTION.*?\\*/\n",
                                          G_REGEX_DOTALL, 0, NULL);
    g_autofree char *plain = g_regex_replace(marks, text, -1, 0, "", 0, NULL);
    printf("%s", plain);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    const char *really = g_getenv("REALLY");
    if (argc != 2)
        return complain(USAGE, "it takes the name of one exercise");
    g_autoptr(GPtrArray) tasks = tasks_find(".", argv[1], &error);
    if (!tasks)
        return complain(USAGE, "%s", error->message);
    const struct task *task = tasks->pdata[0];
    g_autofree char *path =
        g_strdup_printf("solutions/%s/%s%s", task->chapter, task->module,
                        task->breaks ? ".schedule" : ".c");
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        return complain(FAILED, "%s", error->message);
    if (!is_an_answer(task, text))
        return complain(FAILED,
                        "in this course the answers are not handed out");
    if (!progress_get(task, PROGRESS_WHOLE, 0) && !(really && *really))
        return complain(FAILED,
                        "%s has not earned all its points yet; make hint EX=%s "
                        "gives hints, REALLY=1 shows the answer all the same",
                        task->module, task->module);
    print_answer(text);
    return 0;
}

/*
 * hint MODULE: the next hint of an exercise, and those before it. There are
 * three, from vague to nearly the answer, and they cost nothing. How many were
 * seen is remembered (progress.h).
 */
#include "common/course/progress.h"
#include "common/course/prose.h"
#include "common/world/complain.h"
#include <stdio.h>

/* How many are shown now: one more than the last time. */
static guint count_of(const struct task *task)
{
    int seen = progress_get(task, PROGRESS_HINTS, 0);
    return CLAMP((guint)MAX(seen, 0) + 1, 1, task->hints->len);
}

static void print_hints(const struct task *task, guint count)
{
    printf("\nExercise %s. %s\n", task->number, task->title);
    for (guint i = 0; i < count; i++) {
        g_autofree char *head = g_strdup_printf("  %u. ", i + 1);
        printf("\n");
        prose_print(stdout, head, 5, task->hints->pdata[i]);
    }
    if (count < task->hints->len)
        printf("\n  There are %u. The next time you see one more.\n",
               task->hints->len);
    else
        printf("\n  These are all.\n");
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc != 2)
        return complain(USAGE, "it takes the name of one exercise");
    g_autoptr(GPtrArray) tasks = tasks_find(".", argv[1], &error);
    if (!tasks)
        return complain(USAGE, "%s", error->message);
    const struct task *task = tasks->pdata[0];
    if (task->hints->len == 0)
        return complain(FAILED, "exercise %s has no hints", task->number);
    guint count = count_of(task);
    print_hints(task, count);
    if (!progress_set(task, PROGRESS_HINTS, (int)count, &error))
        return complain(FAILED, "%s", error->message);
    return 0;
}

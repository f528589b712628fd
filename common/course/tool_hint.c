/*
 * hint MODULE: the next hint of an exercise, and those before it. There are
 * three, from vague to nearly the answer, and they cost nothing. How many were
 * seen stands in a small file of the reader's, which git ignores.
 */
#include "common/course/task.h"
#include "common/world/complain.h"
#include <stdio.h>

#define PROGRESS ".progress"

/* How many are shown now: one more than the last time. */
static guint count_of(GKeyFile *progress, const struct task *task)
{
    int seen = g_key_file_get_integer(progress, "hints", task->module, NULL);
    return (guint)CLAMP(seen + 1, 1, (int)task->hints->len);
}

static void print_hint(guint number, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    glong column = 5;
    printf("\n  %u.", number);
    for (int i = 0; words[i]; i++) {
        glong size = g_utf8_strlen(words[i], -1);
        if (column + 1 + size > 80) {
            printf("\n    ");
            column = 4;
        }
        printf(" %s", words[i]);
        column += 1 + size;
    }
    printf("\n");
}

static void print_hints(const struct task *task, guint count)
{
    printf("\nExercise %s. %s\n", task->number, task->title);
    for (guint i = 0; i < count; i++)
        print_hint(i + 1, task->hints->pdata[i]);
    if (count < task->hints->len)
        printf("\n  There are %u. The next time you see one more.\n",
               task->hints->len);
    else
        printf("\n  These are all.\n");
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GKeyFile) progress = g_key_file_new();
    if (argc != 2)
        return complain(USAGE, "it takes the name of one exercise");
    g_autoptr(GPtrArray) tasks = tasks_find(".", argv[1], &error);
    if (!tasks)
        return complain(USAGE, "%s", error->message);
    const struct task *task = tasks->pdata[0];
    if (task->hints->len == 0)
        return complain(FAILED, "exercise %s has no hints", task->number);
    g_key_file_load_from_file(progress, PROGRESS, 0, NULL);
    guint count = count_of(progress, task);
    print_hints(task, count);
    g_key_file_set_integer(progress, "hints", task->module, (int)count);
    if (!g_key_file_save_to_file(progress, PROGRESS, &error))
        return complain(FAILED, "%s", error->message);
    return 0;
}

/*
 * viva MODULE: the questions of an exercise, one after the other. Answer aloud,
 * press Enter, and compare. Nothing is counted.
 */
#include "common/course/prose.h"
#include "common/course/task.h"
#include "common/world/complain.h"
#include <stdio.h>

/* Returns whether there was a line. */
static bool wait_for_enter(void)
{
    int c;
    while ((c = getchar()) != '\n')
        if (c == EOF)
            return false;
    return true;
}

static bool ask(guint number, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "\n", 2);
    g_autofree char *head = g_strdup_printf("  %u. ", number);
    printf("\n");
    prose_print(stdout, head, 5, parts[0]);
    printf("\n     (Answer aloud; Enter shows what a good answer says.) ");
    fflush(stdout);
    if (!wait_for_enter())
        return false;
    printf("\n");
    prose_print(stdout, "", 5, parts[1] ? parts[1] : "");
    return true;
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
    if (task->answers->len == 0)
        return complain(FAILED, "exercise %s has no questions", task->number);
    printf("\nExercise %s. %s\n", task->number, task->title);
    for (guint i = 0; i < task->answers->len; i++)
        if (!ask(i + 1, task->answers->pdata[i])) {
            printf("\n");
            return 0;
        }
    printf("\n  These were all.\n");
    return 0;
}

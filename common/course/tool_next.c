/*
 * next: how far the reader has come, and what to do now. It looks at the files
 * and at what the last grades were (progress.h), and changes nothing.
 */
#include "common/course/entries.h"
#include "common/course/progress.h"
#include "common/course/prose.h"
#include "common/world/complain.h"
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BAR = 40 };

/* How an exercise stands. */
enum standing { UNTOUCHED, BEGUN, CHANGED, PARTLY, WHOLE };

/* Is the file as it was laid out: are all its holes there? `make reset` names
 * what is in its place. */
static bool is_untouched(const struct task *task)
{
    g_autofree char *name =
        g_strdup_printf("%s/%s", task->chapter, task->module);
    char *argv[] = {"sh", "common/tools/skeleton.sh", name, NULL};
    g_autofree char *path = task_file(task);
    size_t size;
    g_autofree char *theirs = entries_raw(path, &size, NULL), *fresh = NULL;
    return !theirs || (g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
                                    NULL, &fresh, NULL, NULL, NULL) &&
                       g_strcmp0(fresh, theirs) == 0);
}

static enum standing look_at(const struct task *task)
{
    int points = progress_get(task, PROGRESS_POINTS, -1);
    bool same = progress_get(task, PROGRESS_FILE, 0) == progress_sum(task);
    bool whole = progress_get(task, PROGRESS_WHOLE, 0);
    if (is_untouched(task))
        return UNTOUCHED;
    if (points < 0)
        return BEGUN;
    if (!same)
        return CHANGED;
    return whole && points >= (int)task_points(task) ? WHOLE : PARTLY;
}

/* Of the last grade; a file that was laid out anew has none. */
static unsigned points_of(const struct task *task)
{
    int points = progress_get(task, PROGRESS_POINTS, 0);
    return is_untouched(task)
               ? 0
               : (unsigned)CLAMP(points, 0, (int)task_points(task));
}

/* ---- The book. ---- */

static void print_bar(const char *chapter, unsigned earned, unsigned most)
{
    unsigned full = most > 0 ? earned * BAR / most : 0;
    printf("\n  %-14s ", chapter);
    for (unsigned i = 0; i < BAR; i++)
        putchar(i < full ? '#' : '.');
    printf("  %u of %u points\n\n", earned, most);
}

static void print_standing(const struct task *task, enum standing standing)
{
    static const char *const words[] = {"not begun", "begun, and not graded",
                                        "changed since", "", ""};
    g_autofree char *points =
        g_strdup_printf("%u of %u points", points_of(task), task_points(task));
    const char *text = standing >= PARTLY ? points : words[standing];
    if (standing == WHOLE && task_points(task) == 0)
        text = "done";
    printf("  %c %s  %-48.48s %s\n", standing == WHOLE ? '*' : ' ',
           task->number, task->title, text);
}

/* Those of one chapter stand together. */
static void print_chapter(const GPtrArray *tasks, guint from, guint to)
{
    const struct task *first = tasks->pdata[from];
    unsigned earned = 0, most = 0;
    for (guint i = from; i < to; i++) {
        earned += points_of(tasks->pdata[i]);
        most += task_points(tasks->pdata[i]);
    }
    print_bar(first->chapter, earned, most);
    for (guint i = from; i < to; i++)
        print_standing(tasks->pdata[i], look_at(tasks->pdata[i]));
}

/* ---- What to do now. ---- */

static void print_step(const char *what, const char *format, const char *name)
{
    g_autofree char *head = g_strdup_printf("    %s", what);
    g_autofree char *pattern = g_strdup(format);
    g_auto(GStrv) parts = g_strsplit(pattern, "%", -1);
    g_autofree char *text = g_strjoinv(name, parts);
    prose_print(stdout, head, 13, text);
}

static void advise(const struct task *task)
{
    enum standing standing = look_at(task);
    int seen =
        CLAMP(progress_get(task, PROGRESS_HINTS, 0), 0, (int)task->hints->len);
    g_autofree char *file = task_file(task);
    printf("\n  Now: %s. %s\n\n", task->number, task->title);
    print_step("what", "exercises/%/README.md", task->chapter);
    if (standing <= BEGUN && task->reads)
        print_step("read", "%", task->reads);
    if (standing <= BEGUN)
        print_step("write", "%", file);
    print_step("grade", "make grade EX=%", task->module);
    if (standing <= BEGUN)
        print_step("", "or, again at each save: make watch EX=%", task->module);
    if (standing >= CHANGED || seen > 0)
        print_step("stuck?", "make hint EX=%", task->module);
    if (seen > 0)
        printf("%13s(%d of %u hints seen; they cost nothing)\n", "", seen,
               task->hints->len);
}

/* All is done. */
static void praise(void)
{
    printf("\n  All of it is done. See it run: make demo MINE=all\n"
           "  Compare: make solution EX=io. Be asked: make viva EX=io.\n");
}

static gint64 time_of(const struct task *task)
{
    g_autofree char *path = task_file(task);
    GStatBuf about;
    return g_stat(path, &about) == 0 ? about.st_mtime : 0;
}

/* The one that was worked on last; or else the first that is not whole. */
static const struct task *choose(const GPtrArray *tasks)
{
    const struct task *first = NULL, *last = NULL;
    for (guint i = 0; i < tasks->len; i++) {
        const struct task *task = tasks->pdata[i];
        enum standing standing = look_at(task);
        if (standing == WHOLE)
            continue;
        first = first ? first : task;
        if (standing != UNTOUCHED && (!last || time_of(task) > time_of(last)))
            last = task;
    }
    return last ? last : first;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc > 2)
        return complain(USAGE, "it takes a chapter, or nothing");
    g_autoptr(GPtrArray) tasks = tasks_find(".", argv[1], &error);
    if (!tasks)
        return complain(USAGE, "%s", error->message);
    for (guint from = 0, to = 0; from < tasks->len; from = to) {
        const struct task *first = tasks->pdata[from];
        while (to < tasks->len &&
               g_str_equal(((struct task *)tasks->pdata[to])->chapter,
                           first->chapter))
            to++;
        print_chapter(tasks, from, to);
    }
    const struct task *now = choose(tasks);
    if (now)
        advise(now);
    else
        praise();
    return 0;
}

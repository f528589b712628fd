#include "common/course/task.h"
#include "common/course/entries.h"
#include <stdlib.h>
#include <string.h>

enum { POINTS_MOST = 100 };

static void rule_free(void *self)
{
    struct rule *rule = self;
    g_free(rule->test);
    g_free(rule->text);
    g_free(rule->expects);
    g_free(rule->wrong);
    g_free(rule);
}

/* ---- Reading. ---- */

static bool refuse(GError **error, const char *path, int line, const char *why)
{
    g_set_error(error, ENTRIES_ERROR, 0, "%s:%d: %s", path, line, why);
    return false;
}

static void add_rule(struct task *task, const char *test)
{
    struct rule *rule = g_new0(struct rule, 1);
    rule->test = g_strdup(test);
    g_ptr_array_add(task->rules, rule);
}

static void add_answer(struct task *task, const char *text)
{
    char **last = (char **)&task->answers->pdata[task->answers->len - 1];
    char *whole = g_strconcat(*last, "\n", text, NULL);
    g_free(*last);
    *last = whole;
}

static void replace(char **text, char *by)
{
    g_free(*text);
    *text = by;
}

/* Of a rule, the last one. @p raw has its line breaks. */
static bool take_of_rule(struct rule *rule, const char *key, const char *text,
                         const char *raw)
{
    if (g_str_equal(key, "Points"))
        rule->points = (unsigned)CLAMP(atoi(text), 0, POINTS_MOST);
    else if (g_str_equal(key, "Rule"))
        replace(&rule->text, g_strdup(text));
    else if (g_str_equal(key, "Ours"))
        rule->ours = (unsigned)CLAMP(atoi(text), 0, POINTS_MOST);
    else if (g_str_equal(key, "Expects"))
        replace(&rule->expects, g_strdup(text));
    else if (g_str_equal(key, "Wrong"))
        replace(&rule->wrong, g_strdup(raw));
    else
        return false;
    return true;
}

/* Returns whether the key is known, and stands where it may. */
static bool take(struct task *task, const char *key, const char *text,
                 const char *raw)
{
    struct rule *rule =
        task->rules->len > 0 ? task->rules->pdata[task->rules->len - 1] : NULL;
    if (g_str_equal(key, "Exercise"))
        replace(&task->number, g_strdup(text));
    else if (g_str_equal(key, "Title"))
        replace(&task->title, g_strdup(text));
    else if (g_str_equal(key, "Read"))
        replace(&task->reads, g_strdup(text));
    else if (g_str_equal(key, "Breaks"))
        replace(&task->breaks, g_strdup(text));
    else if (g_str_equal(key, "Calls"))
        task->calls = g_strsplit(text, " ", -1);
    else if (g_str_equal(key, "Test"))
        add_rule(task, text);
    else if (g_str_equal(key, "Hint"))
        g_ptr_array_add(task->hints, g_strdup(text));
    else if (g_str_equal(key, "Question"))
        g_ptr_array_add(task->answers, g_strdup(text));
    else if (g_str_equal(key, "Answer") && task->answers->len > 0)
        add_answer(task, text);
    else
        return rule && take_of_rule(rule, key, text, raw);
    return true;
}

static bool is_whole_rule(const struct task *task, const struct rule *rule)
{
    bool breaks = rule->ours > 0 && rule->expects && rule->wrong;
    return rule->text && (!task->breaks || breaks);
}

static bool is_whole(const struct task *task, const char *path, GError **error)
{
    if (!task->number || !task->title || !task->calls == !task->breaks)
        return refuse(error, path, 1,
                      "Exercise, Title, Calls (or Breaks) is missing");
    if (task->rules->len == 0)
        return refuse(error, path, 1, "there is no Test");
    for (guint i = 0; i < task->rules->len; i++)
        if (!is_whole_rule(task, task->rules->pdata[i]))
            return refuse(error, path, 1,
                          "a Test has no Rule (or Ours, Expects, Wrong)");
    return true;
}

static struct task *task_new(const char *path)
{
    struct task *task = g_new0(struct task, 1);
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *dir = g_path_get_dirname(path);
    task->module = g_strndup(name, strcspn(name, "."));
    task->chapter = g_path_get_basename(dir);
    task->rules = g_ptr_array_new_with_free_func(rule_free);
    task->hints = g_ptr_array_new_with_free_func(g_free);
    task->answers = g_ptr_array_new_with_free_func(g_free);
    return task;
}

struct task *task_read(const char *path, GError **error)
{
    g_autoptr(GPtrArray) entries = entries_read(path, error);
    struct task *task = entries ? task_new(path) : NULL;
    bool good = task;
    for (guint i = 0; good && i < entries->len; i++) {
        struct entry_of_file *entry = entries->pdata[i];
        g_autofree char *prose = entries_prose(entry->text);
        good = take(task, entry->key, prose, entry->text) ||
               refuse(error, path, entry->line, "this key is not known here");
    }
    if (good && is_whole(task, path, error))
        return task;
    g_clear_pointer(&task, task_free);
    return NULL;
}

unsigned task_points(const struct task *task)
{
    unsigned sum = 0;
    for (guint i = 0; i < task->rules->len; i++)
        sum += ((struct rule *)task->rules->pdata[i])->points;
    return sum;
}

char *task_path(const struct task *task, const char *kind)
{
    return g_strdup_printf("exercises/%s/%s%s", task->chapter, task->module,
                           kind);
}

char *task_file(const struct task *task)
{
    return task_path(task, task->breaks ? ".schedule" : ".c");
}

void task_free(struct task *task)
{
    g_free(task->module);
    g_free(task->chapter);
    g_free(task->number);
    g_free(task->title);
    g_free(task->reads);
    g_free(task->breaks);
    g_strfreev(task->calls);
    g_ptr_array_unref(task->rules);
    g_ptr_array_unref(task->hints);
    g_ptr_array_unref(task->answers);
    g_free(task);
}

/* ---- All of them. ---- */

/* "1", "01", "01-sockets" all name the chapter. */
static bool is_chosen(const struct task *task, const char *name)
{
    if (!name || !*name || g_str_equal(name, "all"))
        return true;
    const char *chapter = task->chapter + (task->chapter[0] == '0');
    g_autofree char *start = g_strconcat(name, "-", NULL);
    return g_str_equal(name, task->module) || g_str_equal(name, task->number) ||
           g_str_equal(name, task->chapter) ||
           g_str_has_prefix(task->chapter, start) ||
           g_str_has_prefix(chapter, start);
}

static int by_number(const void *left, const void *right)
{
    const struct task *const *one = left, *const *other = right;
    int order = strcmp((*one)->chapter, (*other)->chapter);
    return order ? order : strcmp((*one)->number, (*other)->number);
}

static bool add_tasks(GPtrArray *tasks, const char *dir, const char *name,
                      GError **error)
{
    GDir *files = g_dir_open(dir, 0, NULL);
    const char *file;
    bool good = true;
    while (files && good && (file = g_dir_read_name(files))) {
        if (!g_str_has_suffix(file, ".task"))
            continue;
        g_autofree char *path = g_build_filename(dir, file, NULL);
        struct task *task = task_read(path, error);
        good = task;
        if (good && is_chosen(task, name))
            g_ptr_array_add(tasks, g_steal_pointer(&task));
        g_clear_pointer(&task, task_free);
    }
    if (files)
        g_dir_close(files);
    return good;
}

GPtrArray *tasks_find(const char *root, const char *name, GError **error)
{
    g_autoptr(GPtrArray) tasks =
        g_ptr_array_new_with_free_func((GDestroyNotify)task_free);
    g_autofree char *top = g_build_filename(root, "exercises", NULL);
    GDir *dirs = g_dir_open(top, 0, error);
    const char *dir;
    bool good = dirs;
    while (good && (dir = g_dir_read_name(dirs))) {
        g_autofree char *path = g_build_filename(top, dir, NULL);
        good = add_tasks(tasks, path, name, error);
    }
    if (dirs)
        g_dir_close(dirs);
    if (good && tasks->len == 0) {
        g_set_error(error, ENTRIES_ERROR, 0, "there is no exercise \"%s\"",
                    name ? name : "");
        good = false;
    }
    g_ptr_array_sort(tasks, by_number);
    return good ? g_steal_pointer(&tasks) : NULL;
}

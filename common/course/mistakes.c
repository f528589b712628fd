#include "common/course/mistakes.h"
#include "common/course/entries.h"
#include <string.h>

static void replacement_free(void *self)
{
    struct replacement *change = self;
    g_free(change->old);
    g_free(change->new);
    g_free(change);
}

static void mistake_free(void *self)
{
    struct mistake *mistake = self;
    g_free(mistake->name);
    g_free(mistake->shape);
    g_free(mistake->because);
    g_free(mistake->test);
    g_ptr_array_unref(mistake->changes);
    g_free(mistake);
}

char *mistake_id(const struct mistake *mistake)
{
    return mistake->shape
               ? g_strconcat(mistake->name, ".", mistake->shape, NULL)
               : g_strdup(mistake->name);
}

/* ---- Reading. ---- */

static struct mistake *begin(const char *name, const char *shape, int line)
{
    struct mistake *mistake = g_new0(struct mistake, 1);
    mistake->name = g_strdup(name);
    mistake->shape = g_strdup(shape);
    mistake->changes = g_ptr_array_new_with_free_func(replacement_free);
    mistake->line = line;
    return mistake;
}

static struct mistake *last_of(const GPtrArray *mistakes)
{
    return mistakes->len > 0 ? mistakes->pdata[mistakes->len - 1] : NULL;
}

/* The same mistake as the last one, in another shape. */
static struct mistake *begin_shape(const struct mistake *last,
                                   const char *shape, int line)
{
    struct mistake *mistake = begin(last->name, shape, line);
    mistake->because = g_strdup(last->because);
    mistake->test = g_strdup(last->test);
    return mistake;
}

static struct replacement *last_change(const struct mistake *mistake)
{
    guint count = mistake->changes->len;
    return count > 0 ? mistake->changes->pdata[count - 1] : NULL;
}

static bool is_name(const char *text)
{
    return g_regex_match_simple("^[a-z][a-z0-9_]*$", text, 0, 0);
}

/* Put @p text where nothing stands yet. */
static const char *fill(char **place, char *text)
{
    if (*place || text[0] == '\0') {
        g_free(text);
        return "this is empty, or said twice";
    }
    *place = text;
    return NULL;
}

static const char *replace(const struct mistake *last, const char *text)
{
    const struct replacement *before = last_change(last);
    if (text[0] == '\0')
        return "nothing is to be replaced";
    if (before && !before->new)
        return "\"With:\" is missing before this";
    struct replacement *change = g_new0(struct replacement, 1);
    change->old = g_strdup(text);
    g_ptr_array_add(last->changes, change);
    return NULL;
}

static const char *replace_with(const struct mistake *last, const char *text)
{
    struct replacement *change = last_change(last);
    if (!change || change->new)
        return "there is no \"Replace:\" before this";
    change->new = g_strdup(text);
    return NULL;
}

/* Returns what is wrong with the entry; or NULL. */
static const char *take(GPtrArray *mistakes, const struct entry_of_file *entry)
{
    const char *key = entry->key, *text = entry->text;
    struct mistake *last = last_of(mistakes);
    bool begins = g_str_equal(key, "Mistake"), again = g_str_equal(key, "Or");
    if ((begins || again) && !is_name(text))
        return "a name is of small letters, digits and _";
    if (!begins && !last)
        return "first comes \"Mistake: name\"";
    if (begins)
        g_ptr_array_add(mistakes, begin(text, NULL, entry->line));
    else if (again)
        g_ptr_array_add(mistakes, begin_shape(last, text, entry->line));
    else if (g_str_equal(key, "Because"))
        return fill(&last->because, entries_prose(text));
    else if (g_str_equal(key, "Caught"))
        return fill(&last->test, g_strdup(text));
    else if (g_str_equal(key, "Replace"))
        return replace(last, text);
    else if (g_str_equal(key, "With"))
        return replace_with(last, text);
    else
        return "a mistake has no such key";
    return NULL;
}

static bool refuse(GError **error, const char *path, int line, const char *why)
{
    g_set_error(error, ENTRIES_ERROR, 0, "%s:%d: %s", path, line, why);
    return false;
}

static bool is_complete(const struct mistake *mistake)
{
    const struct replacement *change = last_change(mistake);
    return mistake->because && mistake->test && change && change->new;
}

static bool check(const GPtrArray *mistakes, const char *path, GError **error)
{
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < mistakes->len; i++) {
        const struct mistake *mistake = mistakes->pdata[i];
        if (!is_complete(mistake))
            return refuse(error, path, mistake->line,
                          "it lacks Because, Caught, Replace or With");
        if (!g_hash_table_add(seen, mistake_id(mistake)))
            return refuse(error, path, mistake->line,
                          "there is one of that name already");
    }
    return true;
}

GPtrArray *mistakes_read(const char *path, GError **error)
{
    g_autoptr(GPtrArray) entries = entries_read(path, error);
    g_autoptr(GPtrArray) mistakes =
        g_ptr_array_new_with_free_func(mistake_free);
    for (guint i = 0; entries && i < entries->len; i++) {
        const struct entry_of_file *entry = entries->pdata[i];
        const char *wrong = take(mistakes, entry);
        if (wrong) {
            refuse(error, path, entry->line, wrong);
            return NULL;
        }
    }
    return entries && check(mistakes, path, error) ? g_steal_pointer(&mistakes)
                                                   : NULL;
}

/* ---- Making them. ---- */

/* The line, without its indentation. */
static const char *bare(const char *line)
{
    return line + strspn(line, " ");
}

/* Do the lines of @p part stand at the head of @p lines? */
static bool stand_here(char **lines, char **part)
{
    for (; *part; lines++, part++)
        if (!*lines || !g_str_equal(bare(*lines), bare(*part)))
            return false;
    return true;
}

/* Where @p part stands in @p lines; or -1 and @p error. */
static int find(char **lines, char **part, const struct mistake *mistake,
                GError **error)
{
    int found = -1, count = 0;
    for (int i = 0; lines[i]; i++) {
        if (!stand_here(lines + i, part))
            continue;
        found = i;
        count++;
    }
    if (count == 1)
        return found;
    g_autofree char *id = mistake_id(mistake);
    g_autofree char *lost = g_strjoinv("\n    ", part);
    g_set_error(error, ENTRIES_ERROR, 0,
                "%s (line %d of the mistakes): the answer has these lines %d "
                "times, and not once:\n    %s\n",
                id, mistake->line, count, lost);
    return -1;
}

/* @p text with one change made; or NULL and @p error. */
static char *make_change(const char *text, const struct replacement *change,
                         const struct mistake *mistake, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_auto(GStrv) old = g_strsplit(change->old, "\n", -1);
    int at = find(lines, old, mistake, error);
    if (at < 0)
        return NULL;
    GString *made = g_string_new(NULL);
    for (int i = 0; i < at; i++)
        g_string_append_printf(made, "%s\n", lines[i]);
    if (change->new[0])
        g_string_append_printf(made, "%s\n", change->new);
    g_autofree char *rest =
        g_strjoinv("\n", lines + at + (int)g_strv_length(old));
    g_string_append(made, rest);
    return g_string_free(made, FALSE);
}

char *mistake_make(const struct mistake *mistake, const char *answer,
                   GError **error)
{
    char *text = g_strdup(answer);
    for (guint i = 0; text && i < mistake->changes->len; i++) {
        char *made =
            make_change(text, mistake->changes->pdata[i], mistake, error);
        g_free(text);
        text = made;
    }
    return text;
}

/* ---- All of an exercise. ---- */

static bool is_caught_by(const GPtrArray *mistakes, const char *test)
{
    for (guint i = 0; i < mistakes->len; i++)
        if (g_str_equal(((struct mistake *)mistakes->pdata[i])->test, test))
            return true;
    return false;
}

static bool has_test(const struct task *task, const char *test)
{
    for (guint i = 0; i < task->rules->len; i++)
        if (g_str_equal(((struct rule *)task->rules->pdata[i])->test, test))
            return true;
    return false;
}

bool mistakes_cover(const GPtrArray *mistakes, const struct task *task,
                    GError **error)
{
    for (guint i = 0; i < mistakes->len; i++) {
        const struct mistake *mistake = mistakes->pdata[i];
        if (has_test(task, mistake->test))
            continue;
        g_set_error(error, ENTRIES_ERROR, 0, "%s: %s names no test of %s",
                    mistake->name, mistake->test, task->module);
        return false;
    }
    for (guint i = 0; i < task->rules->len; i++) {
        const struct rule *rule = task->rules->pdata[i];
        if (is_caught_by(mistakes, rule->test))
            continue;
        g_set_error(error, ENTRIES_ERROR, 0, "no mistake of %s is caught by %s",
                    task->module, rule->test);
        return false;
    }
    return true;
}

bool mistake_put(const char *path, const char *text, GError **error)
{
    g_autofree char *before = NULL;
    if (g_file_get_contents(path, &before, NULL, NULL) &&
        g_str_equal(before, text))
        return true;
    return g_file_set_contents(path, text, -1, error);
}

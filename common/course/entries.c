#include "common/course/entries.h"
#include <glib/gstdio.h>
#include <string.h>

enum { MOST = 1 << 20 }; /* Bytes in a file. */

GQuark entries_error_quark(void)
{
    return g_quark_from_static_string("entries-error");
}

static void entry_free(void *self)
{
    struct entry_of_file *entry = self;
    g_free(entry->key);
    g_free(entry->text);
    g_free(entry);
}

/* How long is the key that the line begins with? 0: there is none. */
static size_t key_size(const char *line)
{
    size_t size = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz");
    return line[size] == ':' ? size : 0;
}

static struct entry_of_file *begin(const char *line, int number)
{
    struct entry_of_file *entry = g_new0(struct entry_of_file, 1);
    size_t size = key_size(line);
    entry->key = g_strndup(line, size);
    entry->text = g_strdup(g_strstrip((char *)line + size + 1));
    entry->line = number;
    return entry;
}

/* @p more has the lines of the last entry. */
static void go_on(GString *more, const char *line)
{
    size_t indent = MIN(strspn(line, " "), 4);
    if (more->len > 0)
        g_string_append_c(more, '\n');
    g_string_append(more, line + indent);
}

static void end_entry(const GPtrArray *entries, GString *more)
{
    if (entries->len > 0) {
        struct entry_of_file *last = entries->pdata[entries->len - 1];
        g_free(last->text);
        last->text = g_strndup(more->str, more->len);
    }
    g_string_truncate(more, 0);
}

static bool refuse(GError **error, const char *path, int line, const char *why)
{
    g_set_error(error, ENTRIES_ERROR, 0, "%s:%d: %s", path, line, why);
    return false;
}

static bool take_line(GPtrArray *entries, GString *more, char *line,
                      const char **why)
{
    *why = NULL;
    if (line[strspn(line, " ")] == '\0' || line[0] == '#')
        return true;
    if (strchr(line, '\t'))
        *why = "there is a tab; indent with spaces";
    else if (line[0] == ' ' && entries->len == 0)
        *why = "this goes on with nothing";
    else if (line[0] == ' ')
        go_on(more, line);
    else if (key_size(line) == 0)
        *why = "here should stand \"Key: text\"; what goes on with the line "
               "above is indented by four spaces";
    else {
        end_entry(entries, more);
        struct entry_of_file *entry = begin(line, 0);
        g_string_assign(more, entry->text);
        g_ptr_array_add(entries, entry);
    }
    return *why == NULL;
}

char *entries_raw(const char *path, size_t *size, GError **error)
{
    GStatBuf about;
    char *text = NULL;
    bool there = g_stat(path, &about) == 0;
    if (there && (!S_ISREG(about.st_mode) || about.st_size > MOST)) {
        refuse(error, path, 1, "this is no text of a sensible size");
        return NULL;
    }
    return g_file_get_contents(path, &text, size, error) ? text : NULL;
}

GPtrArray *entries_read(const char *path, GError **error)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
    g_autoptr(GString) more = g_string_new(NULL);
    size_t size;
    g_autofree char *text = entries_raw(path, &size, error);
    if (text && memchr(text, '\0', size))
        refuse(error, path, 1, "this is no text");
    if (!text || memchr(text, '\0', size))
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++) {
        const char *why;
        guint before = entries->len;
        if (!take_line(entries, more, g_strchomp(lines[i]), &why)) {
            refuse(error, path, i + 1, why);
            return NULL;
        }
        if (entries->len > before)
            ((struct entry_of_file *)entries->pdata[before])->line = i + 1;
    }
    end_entry(entries, more);
    return g_steal_pointer(&entries);
}

char *entries_prose(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++)
        g_strstrip(lines[i]);
    return g_strjoinv(" ", lines);
}

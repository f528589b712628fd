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

static void go_on(struct entry_of_file *entry, const char *line)
{
    size_t indent = MIN(strspn(line, " "), 4);
    char *longer = entry->text[0]
                       ? g_strconcat(entry->text, "\n", line + indent, NULL)
                       : g_strdup(line + indent);
    g_free(entry->text);
    entry->text = longer;
}

static bool refuse(GError **error, const char *path, int line, const char *why)
{
    g_set_error(error, ENTRIES_ERROR, 0, "%s:%d: %s", path, line, why);
    return false;
}

static bool take_line(GPtrArray *entries, char *line, const char *path,
                      int number, GError **error)
{
    bool blank = line[strspn(line, " ")] == '\0';
    if (blank || line[0] == '#')
        return true;
    if (strchr(line, '\t'))
        return refuse(error, path, number,
                      "there is a tab; indent with spaces");
    if (line[0] == ' ' && entries->len == 0)
        return refuse(error, path, number, "this goes on with nothing");
    if (line[0] == ' ')
        go_on(g_ptr_array_index(entries, entries->len - 1), line);
    else if (key_size(line) > 0)
        g_ptr_array_add(entries, begin(line, number));
    else
        return refuse(
            error, path, number,
            "here should stand \"Key: text\"; what goes on with the line "
            "above is indented by four spaces");
    return true;
}

/* Whoever opens a pipe may wait for ever. */
static bool is_sensible(const char *path, GError **error)
{
    GStatBuf about;
    if (g_stat(path, &about) < 0)
        return true; /* Reading it says why. */
    return (S_ISREG(about.st_mode) && about.st_size <= MOST) ||
           refuse(error, path, 1, "this is no text of a sensible size");
}

GPtrArray *entries_read(const char *path, GError **error)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
    g_autofree char *text = NULL;
    size_t size;
    if (!is_sensible(path, error) ||
        !g_file_get_contents(path, &text, &size, error))
        return NULL;
    if (size > MOST || memchr(text, '\0', size)) {
        refuse(error, path, 1, "this is no text of a sensible size");
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++)
        if (!take_line(entries, g_strchomp(lines[i]), path, i + 1, error))
            return NULL;
    return g_steal_pointer(&entries);
}

char *entries_prose(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++)
        g_strstrip(lines[i]);
    return g_strjoinv(" ", lines);
}

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

static bool refuse(GError **error, const char *path, int line, const char *why)
{
    g_set_error(error, ENTRIES_ERROR, 0, "%s:%d: %s", path, line, why);
    return false;
}

/* A file that is being read: its entries, and the text of the last of them. */
struct reading {
    GPtrArray *entries;
    GString *text;
};

static void end_entry(const struct reading *reading)
{
    const GPtrArray *entries = reading->entries;
    if (entries->len == 0)
        return;
    struct entry_of_file *last = entries->pdata[entries->len - 1];
    last->text = g_strndup(reading->text->str, reading->text->len);
}

static void begin_entry(const struct reading *reading, const char *line,
                        int number)
{
    struct entry_of_file *entry = g_new0(struct entry_of_file, 1);
    size_t size = key_size(line);
    end_entry(reading);
    entry->key = g_strndup(line, size);
    entry->line = number;
    g_ptr_array_add(reading->entries, entry);
    g_string_assign(reading->text, line + size + 1);
    g_strchug(reading->text->str);
    g_string_set_size(reading->text, strlen(reading->text->str));
}

static void go_on(const struct reading *reading, const char *line)
{
    size_t indent = MIN(strspn(line, " "), 4);
    if (reading->text->len > 0)
        g_string_append_c(reading->text, '\n');
    g_string_append(reading->text, line + indent);
}

/* Returns what is wrong with the line; NULL: nothing. */
static const char *take_line(const struct reading *reading, const char *line,
                             int number)
{
    if (line[strspn(line, " ")] == '\0' || line[0] == '#')
        return NULL;
    if (strchr(line, '\t'))
        return "there is a tab; indent with spaces";
    if (line[0] == ' ' && reading->entries->len == 0)
        return "this goes on with nothing";
    if (line[0] != ' ' && key_size(line) == 0)
        return "here should stand \"Key: text\"; what goes on with the line "
               "above is indented by four spaces";
    if (line[0] == ' ')
        go_on(reading, line);
    else
        begin_entry(reading, line, number);
    return NULL;
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
    g_autoptr(GString) last = g_string_new(NULL);
    struct reading reading = {entries, last};
    size_t size;
    g_autofree char *text = entries_raw(path, &size, error);
    if (text && memchr(text, '\0', size))
        refuse(error, path, 1, "this is no text");
    if (!text || memchr(text, '\0', size))
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++) {
        const char *why = take_line(&reading, g_strchomp(lines[i]), i + 1);
        if (why) {
            refuse(error, path, i + 1, why);
            return NULL;
        }
    }
    end_entry(&reading);
    return g_steal_pointer(&entries);
}

char *entries_prose(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++)
        g_strstrip(lines[i]);
    return g_strjoinv(" ", lines);
}

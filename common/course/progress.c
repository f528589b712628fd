#include "common/course/progress.h"
#include "common/course/entries.h"

#define PROGRESS ".progress"

/* What stands there, as far as it can be understood. Returns new. */
static GKeyFile *load(void)
{
    GKeyFile *file = g_key_file_new();
    size_t size = 0;
    g_autofree char *text = entries_raw(PROGRESS, &size, NULL);
    if (text && size > 0)
        g_key_file_load_from_data(file, text, size, 0, NULL);
    return file;
}

int progress_get(const struct task *task, const char *kind, int otherwise)
{
    g_autoptr(GKeyFile) file = load();
    g_autoptr(GError) error = NULL;
    int value = g_key_file_get_integer(file, kind, task->module, &error);
    return error ? otherwise : value;
}

bool progress_set(const struct task *task, const char *kind, int value,
                  GError **error)
{
    g_autoptr(GKeyFile) file = load();
    g_key_file_set_integer(file, kind, task->module, value);
    return g_key_file_save_to_file(file, PROGRESS, error);
}

int progress_sum(const struct task *task)
{
    g_autofree char *path = task_file(task);
    size_t size;
    g_autofree char *text = entries_raw(path, &size, NULL);
    return (int)g_str_hash(text ? text : "");
}

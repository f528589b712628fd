/*
 * judge FILE..: is each history linearizable? A line for each: yes, no or
 * unknown; after no, the operations that show it. `-` is standard input. Exit
 * status: 0 all yes; 1 a no; 3 an unknown, and no no; 2 a bad file or usage.
 */
#include "common/history/linear.h"
#include "common/world/complain.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { UNSURE = 3, MOST_MEGABYTES = 1 << 20 };

static gint64 steps, megabytes;
static char **paths;

static const GOptionEntry entries[] = {
    {"steps", 0, 0, G_OPTION_ARG_INT64, &steps,
     "Give up after so many (100000000)", "N"},
    {"memory", 0, 0, G_OPTION_ARG_INT64, &megabytes,
     "Give up what takes more (256)", "MB"},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &paths,
     "Histories; - is standard input", "FILE.."},
    G_OPTION_ENTRY_NULL,
};

static bool parse(int argc, char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (paths && steps >= 0 && megabytes >= 0 && megabytes <= MOST_MEGABYTES)
        return true;
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        !paths ? "a history is missing"
                               : "a limit is out of range");
    return false;
}

static struct history *read_file(const char *path, GError **error)
{
    if (strcmp(path, "-") == 0)
        return history_read(stdin, error);
    FILE *file = fopen(path, "r");
    if (!file) {
        g_set_error_literal(error, G_FILE_ERROR, 0, g_strerror(errno));
        return NULL;
    }
    struct history *history = history_read(file, error);
    fclose(file);
    return history;
}

static void report(const char *path, const struct history *history,
                   const struct linear *linear)
{
    size_t count, keys = linear_keys(linear);
    history_operations(history, &count);
    switch (linear_answer(linear)) {
    case LINEAR_YES:
        printf("%s: yes, %zu operation%s on %zu key%s\n", path, count,
               count == 1 ? "" : "s", keys, keys == 1 ? "" : "s");
        break;
    case LINEAR_NO:
        printf("%s: no, because of %.40s\n", path, linear_key(linear));
        linear_draw(linear, stdout);
        break;
    case LINEAR_UNKNOWN:
        printf("%s: unknown, because of %.40s: spent %" PRIu64
               " steps and %.1f MB\n",
               path, linear_key(linear), linear_steps(linear),
               (double)linear_bytes(linear) / (1 << 20));
    }
}

static int judge(const char *path)
{
    static const int statuses[] = {
        [LINEAR_YES] = 0, [LINEAR_NO] = FAILED, [LINEAR_UNKNOWN] = UNSURE};
    struct linear_limits limits = {(uint64_t)steps, (size_t)megabytes << 20};
    g_autoptr(GError) error = NULL;
    struct history *history = read_file(path, &error);
    if (!history)
        return complain(USAGE, "%s: %s", path, error->message);
    struct linear *linear = linear_judge(history, limits);
    int status = statuses[linear_answer(linear)];
    report(path, history, linear);
    linear_free(linear);
    history_free(history);
    return status;
}

/* The graver of the two. */
static int worse(int one, int other)
{
    static const int graveness[] = {
        [0] = 0, [UNSURE] = 1, [FAILED] = 2, [USAGE] = 3};
    return graveness[one] < graveness[other] ? other : one;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    int status = 0;
    if (!parse(argc, argv, &error))
        return complain(USAGE, "%s", error->message);
    for (char **path = paths; *path; path++)
        status = worse(status, judge(*path));
    g_strfreev(paths);
    return status;
}

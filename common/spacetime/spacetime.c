/*
 * gnuplot reads the data from a file and writes the picture to another, both of
 * our naming: it would take some names of the caller's for commands. Only a
 * whole picture goes where the caller wants it.
 */
#include "common/spacetime/spacetime.h"
#include "common/spacetime/layout.h"
#include <stdlib.h>
#include <unistd.h>

static const char script[] = "common/tools/spacetime.gp";

bool spacetime_table(FILE *out, const char *trace)
{
    struct tale *tale = tale_read(trace);
    bool some = tale->lanes > 0;
    if (some)
        layout_print(out, tale);
    tale_free(tale);
    return some;
}

static bool fail(GError **error, const char *why)
{
    g_set_error_literal(error, g_quark_from_static_string("spacetime"), 0, why);
    return false;
}

/* A file of our own with @text in it. Returns its name, new. */
static char *keep(const char *text, GError **error)
{
    char *name = NULL;
    int fd = g_file_open_tmp("spacetime-XXXXXX", &name, error);
    if (fd < 0)
        return NULL;
    close(fd);
    if (g_file_set_contents(name, text, -1, error))
        return name;
    unlink(name);
    g_free(name);
    return NULL;
}

static bool run_gnuplot(const char *data, const char *picture, GError **error)
{
    const char *const words[] = {"gnuplot", "-c", script, picture, data, NULL};
    g_autofree char *complaint = NULL;
    int status;
    if (!g_spawn_sync(NULL, (char **)(void *)words, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                      NULL, NULL, &complaint, &status, NULL))
        return fail(error, "a picture needs gnuplot, which is not here");
    if (g_spawn_check_wait_status(status, NULL))
        return true;
    g_strdelimit(g_strstrip(complaint), "\n", ' ');
    g_autofree char *why = g_strconcat("gnuplot says: ", complaint, NULL);
    return fail(error, why);
}

static bool draw(const char *path, const char *data, GError **error)
{
    g_autofree char *picture = keep("", error), *svg = NULL;
    size_t size;
    if (!picture)
        return false;
    bool drawn = run_gnuplot(data, picture, error) &&
                 g_file_get_contents(picture, &svg, &size, error) &&
                 g_file_set_contents(path, svg, (gssize)size, error);
    unlink(picture);
    return drawn;
}

bool spacetime_svg(const char *path, const char *trace, GError **error)
{
    char *table = NULL;
    size_t size;
    FILE *out = open_memstream(&table, &size);
    bool some = spacetime_table(out, trace);
    fclose(out);
    g_autofree char *data = NULL;
    bool drawn = false;
    if (!some)
        fail(error, "the trace tells of no node");
    else if (access(script, R_OK))
        fail(error,
             "a picture needs common/tools/spacetime.gp: run this in the "
             "book's root");
    else if ((data = keep(table, error))) {
        drawn = draw(path, data, error);
        unlink(data);
    }
    free(table);
    return drawn;
}

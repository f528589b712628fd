/*
 * plant SOURCE MISTAKES DIR: for each known mistake of a toy, DIR/NAME.c, which
 * is SOURCE with that mistake (common/course/mistakes.h). Prints "NAME ID": the
 * invariant that must catch it.
 */
#include "common/course/mistakes.h"
#include "common/world/complain.h"
#include <stdio.h>
#include <string.h>

static bool plant(const struct mistake *mistake, const char *source,
                  const char *directory, GError **error)
{
    g_autofree char *text = mistake_make(mistake, source, error);
    g_autofree char *path =
        g_strdup_printf("%s/%s.c", directory, mistake->name);
    if (!text || !mistake_put(path, text, error))
        return false;
    printf("%s %s\n", mistake->name, mistake->test);
    return true;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *source = NULL;
    if (argc != 4)
        return complain(USAGE, "it takes a source, its mistakes, a directory");
    g_autoptr(GPtrArray) mistakes = mistakes_read(argv[2], &error);
    if (!mistakes || !g_file_get_contents(argv[1], &source, NULL, &error))
        return complain(USAGE, "%s", error->message);
    g_mkdir_with_parents(argv[3], 0777);
    for (guint i = 0; i < mistakes->len; i++)
        if (!plant(mistakes->pdata[i], source, argv[3], &error))
            return complain(FAILED, "%s", error->message);
    return 0;
}

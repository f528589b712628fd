/*
 * claims FILE...: does each figure's data still show what the figure says? A
 * line for each file; a claim that fails is named, with the row that breaks it.
 */
#include "common/judge/claim.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int check_file(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    size_t size;
    if (!g_file_get_contents(path, &text, &size, error))
        return -1;
    if (strlen(text) == size)
        return claim_check(text, error);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "it is not a text");
    return -1;
}

static bool report(const char *path)
{
    g_autoptr(GError) error = NULL;
    int claims = check_file(path, &error);
    if (error)
        fprintf(stderr, "%s: %s.\n", path, error->message);
    else
        printf("%s: %d claim%s.\n", path, claims,
               claims == 1 ? " holds" : "s hold");
    return !error;
}

int main(int argc, char **argv)
{
    bool all = true;
    if (argc < 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: claims FILE...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        all = report(argv[i]) && all;
    return all ? 0 : 1;
}

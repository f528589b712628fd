#include "common/course/prose.h"
#include <glib.h>

char *prose_tame(const char *text)
{
    char *copy = g_strdup(text);
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c < ' ' && *c != '\n')
            *c = *c == '\t' ? ' ' : '?';
    return copy;
}

void prose_print(FILE *file, const char *head, int indent, const char *text)
{
    g_autofree char *copy = prose_tame(text);
    g_auto(GStrv) words = g_strsplit(copy, " ", -1);
    glong column = indent;
    fprintf(file, "%-*s", indent, head);
    for (int i = 0; words[i]; i++) {
        glong size = g_utf8_strlen(words[i], -1);
        if (i > 0 && column + 1 + size > PROSE_WIDTH) {
            fprintf(file, "\n%*s", indent, "");
            column = indent;
        } else if (i > 0) {
            fputc(' ', file);
            column++;
        }
        fputs(words[i], file);
        column += size;
    }
    fputc('\n', file);
}

#include "common/course/prose.h"
#include <glib.h>
#include <stdbool.h>

/* Controls, those above ASCII too, and what turns the direction of letters. */
static bool is_obeyed(gunichar letter)
{
    GUnicodeType type = g_unichar_type(letter);
    return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
           type == G_UNICODE_LINE_SEPARATOR ||
           type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

char *prose_tame(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *tame = g_string_new(NULL);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar letter = g_utf8_get_char(at);
        bool kept = letter == '\n' || !is_obeyed(letter);
        g_string_append_unichar(tame, kept             ? letter
                                      : letter == '\t' ? ' '
                                                       : '?');
    }
    return g_string_free(tame, FALSE);
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

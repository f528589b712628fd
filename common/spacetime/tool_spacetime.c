/*
 * spacetime TRACE: what happened, as a picture in the terminal, or with
 * --svg=PICTURE for a page. A line that is no event is refused, by its number.
 */
#include "common/spacetime/lanes.h"
#include "common/spacetime/spacetime.h"
#include "common/spacetime/tale.h"
#include "common/world/complain.h"
#include <errno.h>
#include <string.h>

enum { LARGEST = 64 << 20 }; /* Bytes of a trace. */

static int rows = 40;
static gboolean data;
static char *svg, **files;

static const GOptionEntry entries[] = {
    {"rows", 0, 0, G_OPTION_ARG_INT, &rows, "At most so many; 0: all", "N"},
    {"svg", 0, 0, G_OPTION_ARG_FILENAME, &svg, "Write a picture", "PICTURE"},
    {"gp", 0, 0, G_OPTION_ARG_NONE, &data, "Print the data of a figure", NULL},
    {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL,
     "TRACE"},
    {0},
};

/* At most LARGEST bytes: some files have no end. Returns new, or NULL. */
static char *read_file(const char *path, const char **why)
{
    FILE *file = fopen(path, "r");
    *why = file ? NULL : g_strerror(errno);
    if (!file)
        return NULL;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    uint8_t part[1 << 16];
    for (size_t size; (size = fread(part, 1, sizeof part, file)) > 0;) {
        g_byte_array_append(bytes, part, (unsigned)size);
        if (bytes->len > LARGEST)
            break;
    }
    if (ferror(file))
        *why = g_strerror(errno);
    else if (bytes->len > LARGEST)
        *why = "it has more than 64 MiB, which no picture holds";
    else if (bytes->len > 0 && memchr(bytes->data, '\0', bytes->len))
        *why = "it is not a text";
    fclose(file);
    g_byte_array_append(bytes, (const uint8_t *)"", 1);
    return *why ? NULL : g_strdup((const char *)bytes->data);
}

/* What the first line that is no event is, and whether there are nodes. */
static int check(const char *path, const char *trace)
{
    struct tale *tale = tale_read(trace);
    unsigned wrong = tale->wrong_line, lanes = tale->lanes;
    tale_free(tale);
    if (wrong > 0)
        return complain(FAILED, "%s: line %u is no event of a trace", path,
                        wrong);
    if (lanes == 0)
        return complain(FAILED, "%s: no node does anything in it", path);
    return 0;
}

static int show(const char *trace)
{
    g_autoptr(GError) error = NULL;
    if (svg && !spacetime_svg(svg, trace, &error))
        return complain(FAILED, "%s", error->message);
    if (data)
        spacetime_table(stdout, trace);
    else if (!svg)
        lanes_draw(stdout, trace, (unsigned)rows);
    return 0;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    const char *why;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return complain(USAGE, "%s", error->message);
    if (!files || files[1])
        return complain(USAGE, "it takes a trace, a file");
    if (rows < 0)
        return complain(USAGE, "--rows is a number of lines, or 0 for all");
    g_autofree char *trace = read_file(files[0], &why);
    if (!trace)
        return complain(FAILED, "%s: %s", files[0], why);
    int status = check(files[0], trace);
    return status ? status : show(trace);
}

#include "common/world/trace.h"
#include <inttypes.h>
#include <string.h>

enum { SHOWN = 48 }; /* Bytes of a message. */

void trace_open(FILE *file)
{
    fputs("# time\tnode\tevent\tpeer\tnumber\ttext\n", file);
}

static void write_bytes(FILE *file, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] == '\\')
            fputs("\\\\", file);
        else if (data[i] >= ' ' && data[i] <= '~')
            fputc(data[i], file);
        else
            fprintf(file, "\\x%02x", data[i]);
}

static void write_line(FILE *file, struct trace_line line, const void *text,
                       size_t size)
{
    flockfile(file); /* Several machines may write to one file. */
    fprintf(file, "%" PRIu64 "\t%" PRIu64 "\t%s\t%" PRIu64 "\t%" PRIu64 "\t",
            line.time, line.node, line.event, line.peer, line.number);
    write_bytes(file, text, size);
    fputc('\n', file);
    funlockfile(file);
}

void trace_write(FILE *file, struct trace_line line, const char *text)
{
    if (file)
        write_line(file, line, text, text ? strlen(text) : 0);
}

void trace_message(FILE *file, struct trace_line line, GBytes *message)
{
    size_t size;
    if (!file)
        return;
    const void *data = g_bytes_get_data(message, &size);
    write_line(file, line, data, MIN(size, SHOWN));
}

void trace_note(FILE *file, struct trace_line line, const char *format,
                va_list arguments)
{
    if (!file)
        return;
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    trace_write(file, line, text);
}

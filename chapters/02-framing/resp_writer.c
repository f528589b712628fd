#include "02-framing/resp_writer.h"
#include <stdio.h>
#include <string.h>

enum { LONGEST = 24 }; /* A type, a number of 64 bits, CR LF. */

/* ":42\r\n", and the lengths of strings and aggregates. */
static void put_line(struct wire_writer *out, enum resp_type type,
                     int64_t number)
{
    char line[LONGEST], *at = line + LONGEST;
    uint64_t rest = (uint64_t)number;
    if (number < 0)
        rest = 0 - rest;
    *--at = '\n';
    *--at = '\r';
    do
        *--at = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (number < 0)
        *--at = '-';
    *--at = (char)type;
    wire_put_raw(out, at, (size_t)(line + LONGEST - at));
}

void resp_put_simple(struct wire_writer *out, const char *text)
{
    g_assert(!strpbrk(text, "\r\n"));
    wire_put_u8(out, RESP_SIMPLE);
    wire_put_raw(out, text, strlen(text));
    wire_put_raw(out, "\r\n", 2);
}

void resp_put_error(struct wire_writer *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_strdelimit(text, "\r\n", ' ');
    wire_put_u8(out, RESP_ERROR);
    wire_put_raw(out, text, strlen(text));
    wire_put_raw(out, "\r\n", 2);
}

void resp_put_integer(struct wire_writer *out, int64_t number)
{
    put_line(out, RESP_INTEGER, number);
}

void resp_put_bulk(struct wire_writer *out, const void *data, size_t size)
{
    put_line(out, RESP_BULK, (int64_t)size);
    wire_put_raw(out, data, size);
    wire_put_raw(out, "\r\n", 2);
}

void resp_put_text(struct wire_writer *out, const char *text)
{
    resp_put_bulk(out, text, strlen(text));
}

void resp_put_null(struct wire_writer *out, enum resp_version version)
{
    if (version == RESP3)
        wire_put_raw(out, "_\r\n", 3);
    else
        put_line(out, RESP_BULK, -1);
}

void resp_put_array(struct wire_writer *out, size_t count)
{
    put_line(out, RESP_ARRAY, (int64_t)count);
}

void resp_put_map(struct wire_writer *out, enum resp_version version,
                  size_t pairs)
{
    if (version == RESP3)
        put_line(out, RESP_MAP, (int64_t)pairs);
    else
        resp_put_array(out, 2 * pairs);
}

void resp_put_push(struct wire_writer *out, enum resp_version version,
                   size_t count)
{
    put_line(out, version == RESP3 ? RESP_PUSH : RESP_ARRAY, (int64_t)count);
}

void resp_put_command(struct wire_writer *out, size_t count,
                      const char *const *words)
{
    resp_put_array(out, count);
    for (size_t i = 0; i < count; i++)
        resp_put_text(out, words[i]);
}

/* The fields that clients look for, in the order in which Redis has them. */
void resp_put_hello(struct wire_writer *out, enum resp_version version,
                    const char *server, uint64_t id)
{
    resp_put_map(out, version, 7);
    resp_put_text(out, "server");
    resp_put_text(out, server);
    resp_put_text(out, "version");
    resp_put_text(out, "7.0.0"); /* Of the protocol's commands. */
    resp_put_text(out, "proto");
    resp_put_integer(out, version);
    resp_put_text(out, "id");
    resp_put_integer(out, (int64_t)id);
    resp_put_text(out, "mode");
    resp_put_text(out, "standalone");
    resp_put_text(out, "role");
    resp_put_text(out, "master");
    resp_put_text(out, "modules");
    resp_put_array(out, 0);
}

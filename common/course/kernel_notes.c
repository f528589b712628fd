/*
 * What the staged kernel notes on the sheet: each call with a number, each
 * happening with a star, each wish of the test with a >, and the time before it.
 * Who calls the same in vain again and again gets one line, and hangs in the end.
 */
#include "common/course/graded.h"
#include "common/course/kernel_parts.h"
#include "common/course/sheet.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { IDLE_MOST = 2000 }; /* Calls while nothing changes. */

void kernel_progress(void)
{
    machine.idle = 0;
}

static void write_line(char *line, size_t size, const char *text)
{
    nsec time = machine.now - machine.booted;
    g_snprintf(line, size, "%6" G_GUINT64_FORMAT ".%03u  %s", time / SEC,
               (unsigned)(time % SEC / MSEC), text);
}

void kernel_note_line(const char *text)
{
    char line[SHEET_LINE];
    write_line(line, sizeof line, text);
    sheet_note(line);
    machine.again = 0;
    machine.last[0] = '\0';
}

/* The same once more, and nothing has changed: the line says how often. */
static bool is_again(const char *text)
{
    char line[SHEET_LINE], longer[SHEET_LINE];
    if (machine.idle == 0 || strcmp(text, machine.last) != 0)
        return false;
    machine.again++;
    g_snprintf(longer, sizeof longer, "%4u  %s, %u times", machine.noted, text,
               machine.again + 1);
    write_line(line, sizeof line, longer);
    sheet_amend(line);
    return true;
}

void kernel_note(const char *format, ...)
{
    char text[sizeof machine.last], numbered[SHEET_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!is_again(text)) {
        machine.noted++;
        g_snprintf(numbered, sizeof numbered, "%4u  %s", machine.noted, text);
        kernel_note_line(numbered);
        memcpy(machine.last, text, sizeof text);
    }
    kernel_count();
}

void kernel_count(void)
{
    machine.calls++;
    machine.now += USEC; /* So long, and nobody spins in no time at all. */
    if (++machine.idle > IDLE_MOST)
        graded_hang("to wait until something can be done (poll, epoll)",
                    "call after call, and nothing has changed for %u of them",
                    IDLE_MOST);
}

void kernel_say(const char *format, ...)
{
    char text[sizeof machine.last], marked[SHEET_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    g_snprintf(marked, sizeof marked, "   >  %s", text);
    kernel_note_line(marked);
}

const char *kernel_errno(int error)
{
    return strerrorname_np(error);
}

ssize_t kernel_tell(ssize_t result, const char *format, ...)
{
    int error = errno;
    char call[sizeof machine.last];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call, sizeof call, format, arguments);
    va_end(arguments);
    if (result < 0)
        kernel_note("%-30s = -1 %s", call, kernel_errno(error));
    else
        kernel_note("%-30s = %zd", call, result);
    errno = error;
    return result;
}

ssize_t kernel_refuse(int error)
{
    errno = error;
    return -1;
}

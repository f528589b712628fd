#include "common/world/complain.h"
#include <errno.h>
#include <stdio.h>

int complain(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *sentence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s: %s.\n", program_invocation_short_name, sentence);
    return status;
}

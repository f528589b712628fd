#include "common/world/complain.h"
#include <errno.h>
#include <fcntl.h>
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

gboolean standard_is_open(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            return FALSE;
    return TRUE;
}

#include "01-sockets/layers/island.h"
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ENOSPC is unshare's word for a limit of namespaces, often set to 0. */
static bool fail(GError **error, const char *what)
{
    const char *why = errno == ENOSPC ? "user.max_user_namespaces is reached"
                                      : g_strerror(errno);
    g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                "%s: %s", what, why);
    return false;
}

/* ---- Entering. ---- */

/* Root needs no user namespace, and may be where there is none to be had. */
static bool leave_the_network(void)
{
    return unshare(CLONE_NEWNET) == 0 ||
           unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

static bool raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool done = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    int why = errno;
    close(fd);
    errno = why;
    return done;
}

bool island_enter(GError **error)
{
    if (!leave_the_network())
        return fail(error, "unshare");
    if (!raise_loopback())
        return fail(error, "lo cannot be brought up");
    return true;
}

/* ---- Counters. ---- */

/* The next line that begins with "Udp:", as words. Returns new, or NULL. */
static char **next_row(char **lines, const char *protocol, size_t *at)
{
    g_autofree char *prefix = g_strdup_printf("%s: ", protocol);
    for (; lines[*at]; ++*at)
        if (g_str_has_prefix(lines[*at], prefix))
            return g_strsplit(lines[(*at)++], " ", 0);
    return NULL;
}

/* Two lines for each protocol: names, and below them numbers. */
int64_t island_counter(const char *protocol, const char *name)
{
    g_autofree char *text = NULL;
    size_t at = 0;
    if (!g_file_get_contents("/proc/self/net/snmp", &text, NULL, NULL))
        return -1;
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    g_auto(GStrv) names = next_row(lines, protocol, &at);
    g_auto(GStrv) numbers = next_row(lines, protocol, &at);
    for (size_t i = 0; names && numbers && names[i] && numbers[i]; i++)
        if (strcmp(names[i], name) == 0)
            return g_ascii_strtoll(numbers[i], NULL, 10);
    return -1;
}

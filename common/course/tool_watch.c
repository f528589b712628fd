/*
 * watch FILE COMMAND WORD...: run the command now, and again whenever the file
 * is saved, until Ctrl-C. Editors save in two ways: they write into the file, or
 * they put another one in its place; so its directory is what is watched.
 */
#include "common/world/complain.h"
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { REST = 30 }; /* Milliseconds without an event: it is all written. */

static void run(char **command)
{
    g_autoptr(GError) error = NULL;
    bool screen = isatty(STDOUT_FILENO);
    if (screen)
        printf("\033[H\033[2J\033[3J");
    fflush(stdout);
    if (!g_spawn_sync(NULL, command, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL,
                      NULL, NULL, NULL, NULL, &error))
        complain(FAILED, "%s", error->message);
}

/* Returns whether one of the events is about @p name. */
static bool is_about(const char *events, size_t size, const char *name)
{
    bool found = false;
    for (size_t at = 0; at < size;) {
        const struct inotify_event *event = (const void *)(events + at);
        found |= event->len > 0 && g_str_equal(event->name, name);
        at += sizeof *event + event->len;
    }
    return found;
}

/* Wait until the file has been saved, and is left alone. Returns 0; or -1 and
 * errno. */
static int wait_for_save(int watch, const char *name)
{
    _Alignas(struct inotify_event) char events[4096];
    bool saved = false;
    for (;;) {
        struct pollfd one = {.fd = watch, .events = POLLIN};
        int ready = poll(&one, 1, saved ? REST : -1);
        if (ready == 0)
            return 0;
        ssize_t size = ready > 0 ? read(watch, events, sizeof events) : -1;
        if (size < 0 && errno != EINTR)
            return -1;
        saved |= size > 0 && is_about(events, (size_t)size, name);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return complain(USAGE, "it takes a file and a command");
    g_autofree char *dir = g_path_get_dirname(argv[1]);
    g_autofree char *name = g_path_get_basename(argv[1]);
    int watch = inotify_init1(IN_CLOEXEC);
    if (watch < 0 ||
        inotify_add_watch(watch, dir, IN_CLOSE_WRITE | IN_MOVED_TO) < 0)
        return complain(FAILED, "%s cannot be watched: %s", dir,
                        g_strerror(errno));
    do {
        run(argv + 2);
        printf("\n  Watching %s. Ctrl-C ends it.\n", argv[1]);
        fflush(stdout);
    } while (wait_for_save(watch, name) == 0);
    return complain(FAILED, "watching failed: %s", g_strerror(errno));
}

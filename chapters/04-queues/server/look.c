#include "04-queues/server/look.h"
#include "01-sockets/dial.h"
#include "01-sockets/io.h"
#include "02-framing/resp.h"
#include <string.h>
#include <unistd.h>

#define PATIENCE (2 * SEC)

/* One reply, whole. NULL: it does not come. */
static char *read_reply(int fd, nsec deadline)
{
    struct resp *resp = resp_new((struct resp_limits){.commands = false});
    g_autoptr(GString) text = g_string_new(NULL);
    char room[4096];
    ssize_t count = 1, used = 0;
    while (used == 0 && count > 0) {
        count = read_some(fd, room, sizeof room, deadline);
        if (count > 0)
            g_string_append_len(text, room, count);
        used = resp_parse(resp, (const uint8_t *)text->str, text->len);
    }
    resp_free(resp);
    return used > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

char *look_ask(const struct address *address, const char *line)
{
    g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof *address);
    g_autofree char *bytes = g_strconcat(line, "\r\n", NULL);
    size_t size = strlen(bytes);
    char *text = NULL;
    g_array_append_val(to, *address);
    nsec deadline = clock_monotonic() + PATIENCE;
    int fd = dial(to, deadline);
    if (fd < 0)
        return NULL;
    if (write_all(fd, bytes, size, deadline) == (ssize_t)size)
        text = read_reply(fd, deadline);
    close(fd);
    return text;
}

uint64_t look_fact(const char *text, const char *name)
{
    g_autofree char *before = g_strconcat("\r\n", name, "\r\n:", NULL);
    const char *at = strstr(text, before);
    return at ? g_ascii_strtoull(at + strlen(before), NULL, 10) : 0;
}

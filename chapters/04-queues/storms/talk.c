#include "04-queues/storms/talk.h"

void talk_say(struct wire_writer *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    resp_put_command(out, g_strv_length(words), (const char *const *)words);
}

void talk_send(struct wire_writer *out, struct env *env, node_id to)
{
    g_autoptr(GBytes) message = wire_finish(out);
    env_send(env, to, message);
    *out = (struct wire_writer){.most = env->most};
}

void talk_hear(GBytes *message,
               void (*on_value)(void *self, struct talk_value value),
               void *self)
{
    struct resp *resp = resp_new((struct resp_limits){0});
    size_t size, at = 0;
    const char *data = g_bytes_get_data(message, &size);
    while (at < size) {
        ssize_t used = resp_parse(resp, (const uint8_t *)data + at, size - at);
        g_assert(used > 0);
        on_value(self, (struct talk_value){resp_items(resp), resp_count(resp),
                                           data + at});
        at += (size_t)used;
    }
    resp_free(resp);
}

char *talk_text(struct talk_value value, size_t i)
{
    const struct resp_item *item = &value.items[i];
    return g_strndup(value.data + item->at, item->size);
}

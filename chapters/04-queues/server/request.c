#include "04-queues/server/request.h"
#include <inttypes.h>
#include <stdio.h>

enum { DIGITS = 24 };

void put_number(struct wire_writer *out, uint64_t number)
{
    char digits[DIGITS];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, number);
    resp_put_bulk(out, digits, (size_t)size);
}

void put_setting(struct wire_writer *out, const char *name, uint64_t value)
{
    resp_put_text(out, name);
    put_number(out, value);
}

GBytes *write_declaration(const char *queue,
                          const struct queue_settings *settings)
{
    static const char *const durabilities[] = {"none", "written", "synced"};
    struct wire_writer out = {.most = SIZE_MAX};
    resp_put_array(&out, settings->attempts > 0 ? 14 : 10);
    resp_put_text(&out, "QDECLARE");
    resp_put_text(&out, queue);
    resp_put_text(&out, "DURABILITY");
    resp_put_text(&out, durabilities[settings->durability]);
    put_setting(&out, "MESSAGES", settings->messages);
    put_setting(&out, "BYTES", settings->bytes);
    put_setting(&out, "VISIBILITY", settings->visibility / MSEC);
    if (settings->attempts > 0) {
        put_setting(&out, "ATTEMPTS", settings->attempts);
        resp_put_text(&out, "DEAD");
        resp_put_bulk(&out, settings->dead.data, settings->dead.size);
    }
    return wire_finish(&out);
}

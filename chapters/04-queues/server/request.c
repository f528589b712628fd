#include "04-queues/server/request.h"
#include "04-queues/server/pages.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 24 };

/* ---- Written. ---- */

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

/* ---- Read. ---- */

static struct word word_of(const uint8_t *data, const struct resp_item *item)
{
    return (struct word){(const char *)data + item->at, item->size};
}

/* Are they of these types, each a letter of resp.h? */
static bool has_types(const struct resp_item *items, size_t count,
                      const char *types)
{
    if (count != strlen(types))
        return false;
    for (size_t i = 0; i < count; i++)
        if (items[i].type != (enum resp_type)types[i])
            return false;
    return true;
}

struct pushed read_pushed(const uint8_t *data, const struct resp_item *items,
                          size_t count)
{
    struct pushed pushed = {.what = PUSHED_ELSE};
    struct delivery *delivery = &pushed.delivery;
    if (has_types(items, count, ">$$$:::$") &&
        word_is(word_of(data, &items[1]), "message") &&
        get_receipt(word_of(data, &items[3]), &delivery->receipt)) {
        pushed.what = PUSHED_MESSAGE;
        pushed.queue = word_of(data, &items[2]);
        delivery->attempt = (uint32_t)items[4].number;
        delivery->again = items[5].number != 0;
        delivery->number = (uint64_t)items[6].number;
        delivery->payload = word_of(data, &items[7]);
    } else if (has_types(items, count, ">$$") &&
               word_is(word_of(data, &items[1]), "dropped")) {
        pushed.what = PUSHED_DROPPED;
        pushed.queue = word_of(data, &items[2]);
    }
    return pushed;
}

#include "04-queues/server/pages.h"
#include "02-framing/resp_writer.h"
#include "common/world/env.h"
#include <inttypes.h>
#include <stdio.h>

/* A page is sent when it is so long, at the latest; receipts have two parts: the
 * broker's life, and the rest (inflight.h). */
enum { PAGE = 1 << 16, RECEIPT = 32, LIFE_SHIFT = 40 };

/* A consumer, and what it is about to be pushed. */
struct page {
    node_id client;
    struct wire_writer out;
};

struct pages {
    struct env *env;
    GHashTable *table; /* By client. */
    GPtrArray *full;   /* Borrowed: those with something to push, in order. */
    struct timer soon;
};

/* ---- Receipts. ---- */

bool get_receipt(struct word word, uint64_t *receipt)
{
    uint64_t parts[2] = {0, 0};
    unsigned part = 0, digits = 0;
    for (size_t i = 0; i < word.size; i++) {
        char c = word.data[i];
        if (c == '-' && part == 0 && digits > 0) {
            part = 1;
            digits = 0;
        } else if (c >= '0' && c <= '9' && digits < 13) {
            parts[part] = 10 * parts[part] + (uint64_t)(c - '0');
            digits++;
        } else {
            return false;
        }
    }
    *receipt = parts[0] << LIFE_SHIFT | parts[1];
    return part == 1 && digits > 0 && parts[0] >> (64 - LIFE_SHIFT) == 0 &&
           parts[1] >> LIFE_SHIFT == 0;
}

void put_receipt(struct wire_writer *out, uint64_t receipt)
{
    char text[RECEIPT];
    uint64_t rest = receipt & (((uint64_t)1 << LIFE_SHIFT) - 1);
    int size = snprintf(text, sizeof text, "%" PRIu64 "-%" PRIu64,
                        receipt >> LIFE_SHIFT, rest);
    resp_put_bulk(out, text, (size_t)size);
}

/* ---- Pages. ---- */

static void send_page(struct pages *pages, struct page *page)
{
    if (page->out.size == 0)
        return;
    g_autoptr(GBytes) message = g_bytes_new(page->out.data, page->out.size);
    page->out.size = 0;
    if (page->out.capacity > 4 * PAGE)
        wire_clear(&page->out);
    env_send(pages->env, page->client, message);
}

static void on_soon(void *self)
{
    struct pages *pages = self;
    for (unsigned i = 0; i < pages->full->len; i++)
        send_page(pages, pages->full->pdata[i]);
    g_ptr_array_set_size(pages->full, 0);
}

static void put_message(struct wire_writer *out,
                        const struct delivery *delivery)
{
    resp_put_push(out, RESP3, 7);
    resp_put_text(out, "message");
    resp_put_text(out, delivery->queue);
    put_receipt(out, delivery->receipt);
    resp_put_integer(out, delivery->attempt);
    resp_put_integer(out, delivery->again);
    resp_put_integer(out, (int64_t)delivery->number);
    resp_put_bulk(out, delivery->payload.data, delivery->payload.size);
}

/* Where to put a push, about so long, for this consumer. */
static struct wire_writer *turn_to(struct pages *pages, node_id consumer,
                                   size_t size)
{
    struct page *page = g_hash_table_lookup(pages->table, &consumer);
    if (page->out.size > 0 && page->out.size + size > PAGE)
        send_page(pages, page);
    if (page->out.size == 0)
        g_ptr_array_add(pages->full, page);
    env_arm(pages->env, &pages->soon, 0);
    return &page->out;
}

void pages_put(struct pages *pages, node_id consumer,
               const struct delivery *delivery)
{
    put_message(turn_to(pages, consumer, delivery->payload.size), delivery);
}

void pages_put_dropped(struct pages *pages, node_id consumer, const char *queue)
{
    struct wire_writer *out = turn_to(pages, consumer, 0);
    resp_put_push(out, RESP3, 2);
    resp_put_text(out, "dropped");
    resp_put_text(out, queue);
}

void pages_open(struct pages *pages, node_id client)
{
    if (g_hash_table_contains(pages->table, &client))
        return;
    struct page *page = g_new0(struct page, 1);
    page->client = client;
    page->out.most = pages->env->most;
    g_hash_table_insert(pages->table, &page->client, page);
}

void pages_close(struct pages *pages, node_id consumer)
{
    struct page *page = g_hash_table_lookup(pages->table, &consumer);
    while (page && g_ptr_array_remove(pages->full, page))
        continue;
    g_hash_table_remove(pages->table, &consumer);
}

/* ---- Life. ---- */

static void page_free(void *data)
{
    struct page *page = data;
    wire_clear(&page->out);
    g_free(page);
}

struct pages *pages_new(struct env *env)
{
    struct pages *pages = g_new0(struct pages, 1);
    pages->env = env;
    pages->table =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, page_free);
    pages->full = g_ptr_array_new();
    pages->soon = (struct timer){.fire = on_soon, .self = pages};
    return pages;
}

void pages_free(struct pages *pages)
{
    env_disarm(pages->env, &pages->soon);
    g_hash_table_unref(pages->table);
    g_ptr_array_unref(pages->full);
    g_free(pages);
}

/*
 *     pages_grant --> owed --> the queue: one more --> pages_put
 *                     ^  ^                                 |
 *                     |  +---------------------------------+
 *                     v
 *                  stopped, while much is unread
 *
 * A subscription that has credit left, of which its queue has none, is in one
 * of the two lists.
 */
#include "04-queues/server/pages.h"
#include "02-framing/resp_writer.h"
#include "common/world/env.h"
#include <inttypes.h>
#include <stdio.h>

/* A page is sent when it is so long, at the latest; receipts have two parts: the
 * broker's life, and the rest (inflight.h). */
enum { PAGE = 1 << 16, RECEIPT = 32, LIFE_SHIFT = 40 };

#define RETRY MSEC /* How often we look whether a consumer has read. */

/* A consumer, and what it is about to be pushed. */
struct page {
    node_id client;
    struct wire_writer out;
    GHashTable *subscriptions; /* By the queue's name. */
};

/* What a consumer wants of one queue. */
struct subscription {
    struct page *page;
    struct queue *queue;
    uint64_t total; /* So many it may be sent, says the consumer; */
    uint64_t given; /* so many of them the queue has heard of, */
    uint64_t sent;  /* and has delivered: all of these, or all but one. */
    GQueue *list;   /* Where it is, or NULL, */
    GList link;     /* by this. */
};

struct pages {
    struct env *env;
    struct office_settings settings;
    GHashTable *table;  /* By client. */
    GPtrArray *full;    /* Borrowed: those with something to push, in order. */
    GQueue owed;        /* Subscriptions whose credit is to be passed on, */
    GQueue stopped;     /* and those whose consumers must read first. */
    struct timer soon;  /* Armed: there is something to push, or owed. */
    struct timer later; /* Armed: somebody is stopped. */
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

/* ---- Credit. ---- */

static void owe(struct pages *pages, struct subscription *subscription)
{
    if (subscription->list || subscription->given > subscription->sent ||
        subscription->given == subscription->total)
        return;
    subscription->list = &pages->owed;
    g_queue_push_tail_link(&pages->owed, &subscription->link);
    env_arm(pages->env, &pages->soon, 0);
}

static void stop(struct pages *pages, struct subscription *subscription)
{
    if (g_queue_is_empty(&pages->stopped))
        env_arm(pages->env, &pages->later, RETRY);
    subscription->list = &pages->stopped;
    g_queue_push_tail_link(&pages->stopped, &subscription->link);
}

static bool has_room(const struct pages *pages, const struct page *page)
{
    const struct office_settings *settings = &pages->settings;
    size_t unread = page->out.size;
    if (settings->unread)
        unread += settings->unread(settings->self, page->client);
    return unread <= PAGES_UNREAD;
}

/* In turn: whoever is sent one comes back to the end of the list. */
static void pass_on(struct pages *pages)
{
    uint64_t sent;
    for (GList *link; (link = g_queue_pop_head_link(&pages->owed));) {
        struct subscription *subscription = link->data;
        struct page *page = subscription->page;
        subscription->list = NULL;
        if (has_room(pages, page))
            queue_consume(subscription->queue, page->client,
                          ++subscription->given, &sent);
        else
            stop(pages, subscription);
    }
}

static void on_soon(void *self)
{
    struct pages *pages = self;
    pass_on(pages);
    for (unsigned i = 0; i < pages->full->len; i++)
        send_page(pages, pages->full->pdata[i]);
    g_ptr_array_set_size(pages->full, 0);
    env_disarm(pages->env, &pages->soon);
}

static void on_later(void *self)
{
    struct pages *pages = self;
    for (GList *link; (link = g_queue_pop_head_link(&pages->stopped));) {
        struct subscription *subscription = link->data;
        subscription->list = NULL;
        owe(pages, subscription);
    }
}

static void subscription_free(void *data)
{
    struct subscription *subscription = data;
    if (subscription->list)
        g_queue_unlink(subscription->list, &subscription->link);
    g_free(subscription);
}

/* ---- Consumers. ---- */

static void page_free(void *data)
{
    struct page *page = data;
    g_hash_table_unref(page->subscriptions);
    wire_clear(&page->out);
    g_free(page);
}

static struct page *need_page(struct pages *pages, node_id client)
{
    struct page *page = g_hash_table_lookup(pages->table, &client);
    if (page)
        return page;
    page = g_new0(struct page, 1);
    page->client = client;
    page->out.most = pages->env->most;
    page->subscriptions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                                subscription_free);
    g_hash_table_insert(pages->table, &page->client, page);
    return page;
}

void pages_grant(struct pages *pages, node_id consumer, struct queue *queue,
                 uint64_t total)
{
    const char *name = queue_facts(queue).name;
    struct page *page = need_page(pages, consumer);
    struct subscription *subscription =
        g_hash_table_lookup(page->subscriptions, name);
    if (!subscription) {
        subscription = g_new0(struct subscription, 1);
        subscription->page = page;
        subscription->queue = queue;
        subscription->link.data = subscription;
        g_hash_table_insert(page->subscriptions, g_strdup(name), subscription);
    }
    subscription->total = MAX(subscription->total, total);
    owe(pages, subscription);
}

/* Where to put a push, about so long, for this consumer. */
static struct wire_writer *turn_to(struct pages *pages, struct page *page,
                                   size_t size)
{
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
    struct page *page = g_hash_table_lookup(pages->table, &consumer);
    struct subscription *subscription =
        g_hash_table_lookup(page->subscriptions, delivery->queue);
    put_message(turn_to(pages, page, delivery->payload.size), delivery);
    subscription->sent = delivery->number;
    owe(pages, subscription);
}

void pages_cancel(struct pages *pages, node_id consumer, const char *queue)
{
    struct page *page = g_hash_table_lookup(pages->table, &consumer);
    if (page)
        g_hash_table_remove(page->subscriptions, queue);
}

void pages_put_dropped(struct pages *pages, node_id consumer, const char *queue)
{
    struct page *page = g_hash_table_lookup(pages->table, &consumer);
    struct wire_writer *out = turn_to(pages, page, 0);
    resp_put_push(out, RESP3, 2);
    resp_put_text(out, "dropped");
    resp_put_text(out, queue);
    g_hash_table_remove(page->subscriptions, queue);
}

void pages_close(struct pages *pages, node_id consumer)
{
    struct page *page = g_hash_table_lookup(pages->table, &consumer);
    while (page && g_ptr_array_remove(pages->full, page))
        continue;
    g_hash_table_remove(pages->table, &consumer);
}

/* ---- Life. ---- */

struct pages *pages_new(struct env *env, struct office_settings settings)
{
    struct pages *pages = g_new0(struct pages, 1);
    pages->env = env;
    pages->settings = settings;
    pages->table =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, page_free);
    pages->full = g_ptr_array_new();
    pages->soon = (struct timer){.fire = on_soon, .self = pages};
    pages->later = (struct timer){.fire = on_later, .self = pages};
    return pages;
}

void pages_free(struct pages *pages)
{
    env_disarm(pages->env, &pages->soon);
    env_disarm(pages->env, &pages->later);
    g_hash_table_unref(pages->table);
    g_ptr_array_unref(pages->full);
    g_free(pages);
}

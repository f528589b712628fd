#include "01-sockets/host/guests.h"
#include <string.h>

enum { FIRST = 65536 };

struct guest {
    struct address address; /* First: the key of by_address. */
    node_id id;
    GList link; /* In the order in which they wrote last. */
    bool kept;  /* It is not among them any more. */
};

struct guests {
    unsigned most;
    node_id next;
    GHashTable *by_address; /* struct guest, which it owns. */
    GHashTable *by_id;
    GQueue order; /* The most silent first. */
};

static guint hash(gconstpointer key)
{
    const struct address *address = key;
    const uint8_t *bytes = (const uint8_t *)&address->storage;
    guint sum = 5381;
    for (socklen_t i = 0; i < address->size; i++)
        sum = sum * 33 + bytes[i];
    return sum;
}

/* Whom the kernel names twice it names by the same bytes. */
static gboolean equal(gconstpointer a, gconstpointer b)
{
    const struct address *one = a, *two = b;
    return one->size == two->size &&
           memcmp(&one->storage, &two->storage, one->size) == 0;
}

struct guests *guests_new(unsigned most)
{
    struct guests *guests = g_new0(struct guests, 1);
    g_assert(most >= 1);
    guests->most = most;
    guests->next = FIRST;
    guests->by_address = g_hash_table_new_full(hash, equal, NULL, g_free);
    guests->by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
    return guests;
}

static void forget_one(struct guests *guests)
{
    struct guest *guest = g_queue_peek_head(&guests->order);
    g_queue_unlink(&guests->order, &guest->link);
    g_hash_table_remove(guests->by_id, &guest->id);
    g_hash_table_remove(guests->by_address, &guest->address);
}

static struct guest *add(struct guests *guests, const struct address *address)
{
    if (guests->order.length == guests->most)
        forget_one(guests);
    struct guest *guest = g_new0(struct guest, 1);
    guest->address = *address;
    guest->id = guests->next++;
    guest->link.data = guest;
    g_hash_table_insert(guests->by_address, &guest->address, guest);
    g_hash_table_insert(guests->by_id, &guest->id, guest);
    g_queue_push_tail_link(&guests->order, &guest->link);
    return guest;
}

node_id guests_id(struct guests *guests, const struct address *address)
{
    struct guest *guest = g_hash_table_lookup(guests->by_address, address);
    if (!guest)
        return add(guests, address)->id;
    if (!guest->kept) {
        g_queue_unlink(&guests->order, &guest->link);
        g_queue_push_tail_link(&guests->order, &guest->link);
    }
    return guest->id;
}

const struct address *guests_address(const struct guests *guests, node_id id)
{
    const struct guest *guest = g_hash_table_lookup(guests->by_id, &id);
    return guest ? &guest->address : NULL;
}

void guests_keep(struct guests *guests, node_id id)
{
    struct guest *guest = g_hash_table_lookup(guests->by_id, &id);
    if (!guest || guest->kept)
        return;
    g_queue_unlink(&guests->order, &guest->link);
    guest->kept = true;
}

void guests_free(struct guests *guests)
{
    if (!guests)
        return;
    g_hash_table_unref(guests->by_id);
    g_hash_table_unref(guests->by_address);
    g_free(guests);
}

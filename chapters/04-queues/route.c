/* A pattern and a topic are read word by word, side by side. A "#" is first
 * taken to be no words at all; when what follows does not fit, it is taken to
 * be one more, and the rest is tried again from there. When there is a later
 * "#", the earlier ones are settled: if any choice for them leads to a match,
 * then the shortest does, since the later one can take up whatever is left. So
 * nothing is tried for all choices of several.
 *
 * A queue that has been told of a message bears the number of that match, so
 * that it is not told twice: no set is made for a message.
 */
#include "04-queues/route.h"
#include "02-framing/word.h"
#include <glib.h>
#include <stdint.h>

struct drain {
    char *queue;
    uint64_t told;     /* In this match. */
    unsigned bindings; /* That lead to it. */
};

struct binding {
    char *pattern;
    struct drain *drain;
};

struct route {
    GPtrArray *bindings; /* In the order of adding. */
    GHashTable *drains;  /* By queue. */
    uint64_t matches;
};

/* ---- Words. ---- */

/* Where the first word begins; NULL: there is none. */
static const char *first_of(const char *text)
{
    return *text ? text : NULL;
}

/* The word that begins at *at, which goes on to the next one. */
static struct word take_word(const char **at)
{
    const char *end = strchr(*at, '.');
    struct word word = {*at, end ? (size_t)(end - *at) : strlen(*at)};
    *at = end ? end + 1 : NULL;
    return word;
}

static bool is_one(struct word word, char sign)
{
    return word.size == 1 && word.data[0] == sign;
}

static bool word_fits(struct word wanted, struct word word)
{
    return is_one(wanted, '*') ||
           (wanted.size == word.size &&
            memcmp(wanted.data, word.data, word.size) == 0);
}

/* While both have words, and these fit: go on. Returns whether all of both was
 * read, or a "#" is next. */
static bool walk(const char **pattern, const char **topic)
{
    while (*pattern) {
        const char *next = *pattern, *rest = *topic;
        struct word wanted = take_word(&next);
        if (is_one(wanted, '#'))
            return true;
        if (!rest || !word_fits(wanted, take_word(&rest)))
            return false;
        *pattern = next;
        *topic = rest;
    }
    return !*topic;
}

bool route_fits(const char *pattern, const char *topic)
{
    const char *wanted = first_of(pattern), *rest = first_of(topic);
    if (!walk(&wanted, &rest))
        return false;
    while (wanted) {
        take_word(&wanted); /* "#": as few words as will do. */
        const char *behind = wanted, *from = rest;
        if (!behind)
            return true;
        while (!walk(&wanted, &rest)) {
            if (!from)
                return false;
            take_word(&from);
            wanted = behind;
            rest = from;
        }
    }
    return true;
}

/* ---- Bindings. ---- */

static void free_drain(void *data)
{
    struct drain *drain = data;
    g_free(drain->queue);
    g_free(drain);
}

static void free_binding(void *data)
{
    struct binding *binding = data;
    g_free(binding->pattern);
    g_free(binding);
}

/* Which is it? -1: none. */
static int find(const struct route *route, const char *pattern,
                const struct drain *drain)
{
    for (unsigned i = 0; drain && i < route->bindings->len; i++) {
        const struct binding *binding = route->bindings->pdata[i];
        if (binding->drain == drain && g_str_equal(binding->pattern, pattern))
            return (int)i;
    }
    return -1;
}

static struct drain *drain_new(struct route *route, const char *queue)
{
    struct drain *drain = g_new0(struct drain, 1);
    drain->queue = g_strdup(queue);
    g_hash_table_insert(route->drains, drain->queue, drain);
    return drain;
}

bool route_add(struct route *route, const char *pattern, const char *queue)
{
    struct drain *drain = g_hash_table_lookup(route->drains, queue);
    if (find(route, pattern, drain) >= 0)
        return true;
    if (strlen(pattern) > ROUTE_LONGEST || strlen(queue) > ROUTE_LONGEST ||
        route->bindings->len == ROUTE_MOST)
        return false;
    struct binding *binding = g_new0(struct binding, 1);
    binding->pattern = g_strdup(pattern);
    binding->drain = drain ? drain : drain_new(route, queue);
    binding->drain->bindings++;
    g_ptr_array_add(route->bindings, binding);
    return true;
}

static void remove_at(struct route *route, unsigned at)
{
    const struct binding *binding = route->bindings->pdata[at];
    struct drain *drain = binding->drain;
    g_ptr_array_remove_index(route->bindings, at);
    if (--drain->bindings == 0)
        g_hash_table_remove(route->drains, drain->queue);
}

bool route_remove(struct route *route, const char *pattern, const char *queue)
{
    int at = find(route, pattern, g_hash_table_lookup(route->drains, queue));
    if (at >= 0)
        remove_at(route, (unsigned)at);
    return at >= 0;
}

unsigned route_remove_queue(struct route *route, const char *queue)
{
    const struct drain *drain = g_hash_table_lookup(route->drains, queue);
    unsigned count = drain ? drain->bindings : 0, left = count;
    for (unsigned i = route->bindings->len; left > 0; i--) {
        const struct binding *binding = route->bindings->pdata[i - 1];
        if (binding->drain == drain) {
            remove_at(route, i - 1);
            left--;
        }
    }
    return count;
}

unsigned route_match(struct route *route, const char *topic,
                     route_visitor *visit, void *self)
{
    unsigned count = 0;
    route->matches++;
    for (unsigned i = 0; i < route->bindings->len; i++) {
        const struct binding *binding = route->bindings->pdata[i];
        struct drain *drain = binding->drain;
        if (drain->told == route->matches ||
            !route_fits(binding->pattern, topic))
            continue;
        drain->told = route->matches;
        visit(self, binding->pattern, drain->queue);
        count++;
    }
    return count;
}

unsigned route_each(const struct route *route, route_visitor *visit, void *self)
{
    for (unsigned i = 0; i < route->bindings->len; i++) {
        const struct binding *binding = route->bindings->pdata[i];
        visit(self, binding->pattern, binding->drain->queue);
    }
    return route->bindings->len;
}

/* ---- Its life. ---- */

struct route *route_new(void)
{
    struct route *route = g_new0(struct route, 1);
    route->bindings = g_ptr_array_new_with_free_func(free_binding);
    route->drains =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_drain);
    return route;
}

void route_free(struct route *route)
{
    g_ptr_array_unref(route->bindings);
    g_hash_table_unref(route->drains);
    g_free(route);
}

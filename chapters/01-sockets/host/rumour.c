#include "01-sockets/host/rumour.h"
#include <string.h>

enum kind { TELL, KNOW };
enum { HEAD = 5 }; /* Bytes of a word below. */

static const char *const words[] = {[TELL] = "tell ", [KNOW] = "know "};

struct rumour {
    struct env *env;
    unsigned nodes;
    nsec again;
    struct timer timer;
    GBytes *text; /* NULL: not heard yet. */
    bool *knows;  /* Of each node, by id: have we heard that it knows? */
    unsigned ignorant;
};

static void say(struct rumour *rumour, enum kind kind, node_id to)
{
    size_t size;
    const uint8_t *text = g_bytes_get_data(rumour->text, &size);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const uint8_t *)words[kind], HEAD);
    g_byte_array_append(bytes, text, (guint)size);
    g_autoptr(GBytes) message =
        g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
    env_send(rumour->env, to, message);
}

/* To all of whom we have not heard that they know. */
static void tell_all(void *self)
{
    struct rumour *rumour = self;
    if (rumour->ignorant == 0)
        return;
    for (node_id id = 1; id <= rumour->nodes; id++)
        if (!rumour->knows[id])
            say(rumour, TELL, id);
    env_arm(rumour->env, &rumour->timer, rumour->again);
}

static void mark(struct rumour *rumour, node_id id)
{
    rumour->ignorant -= !rumour->knows[id];
    rumour->knows[id] = true;
    if (rumour->ignorant == 0)
        env_disarm(rumour->env, &rumour->timer);
}

static void learn(struct rumour *rumour, GBytes *text)
{
    rumour->text = g_bytes_ref(text);
    mark(rumour, rumour->env->id);
    tell_all(rumour);
}

static bool is_ours(const struct rumour *rumour, GBytes *text)
{
    return rumour->text && g_bytes_equal(rumour->text, text);
}

/* The one who tells us knows; and hears from us that we do. */
static void on_tell(struct rumour *rumour, node_id from, GBytes *text)
{
    if (rumour->text && !is_ours(rumour, text))
        return; /* Another rumour: it knows nothing of ours. */
    mark(rumour, from);
    if (!rumour->text)
        learn(rumour, text);
    say(rumour, KNOW, from);
}

static bool begins_with(GBytes *message, enum kind kind)
{
    return g_bytes_get_size(message) > HEAD &&
           memcmp(g_bytes_get_data(message, NULL), words[kind], HEAD) == 0;
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct rumour *rumour = self;
    bool tells = begins_with(message, TELL);
    if (from == 0 || from > rumour->nodes ||
        (!tells && !begins_with(message, KNOW)))
        return; /* A farewell, a stranger, or nonsense. */
    size_t size = g_bytes_get_size(message) - HEAD;
    g_autoptr(GBytes) text = g_bytes_new_from_bytes(message, HEAD, size);
    if (tells)
        on_tell(rumour, from, text);
    else if (is_ours(rumour, text))
        mark(rumour, from);
}

struct rumour *rumour_new(struct env *env, unsigned nodes, nsec again)
{
    struct rumour *rumour = g_new0(struct rumour, 1);
    rumour->env = env;
    rumour->nodes = nodes;
    rumour->again = again;
    rumour->timer = (struct timer){.fire = tell_all, .self = rumour};
    rumour->knows = g_new0(bool, nodes + 1);
    rumour->ignorant = nodes;
    env_bind(env, on_message, rumour);
    return rumour;
}

void rumour_start(struct rumour *rumour, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    if (!rumour->text)
        learn(rumour, bytes);
}

GBytes *rumour_heard(const struct rumour *rumour)
{
    return rumour->text;
}

bool rumour_is_known_by_all(const struct rumour *rumour)
{
    return rumour->ignorant == 0;
}

void rumour_free(struct rumour *rumour)
{
    env_disarm(rumour->env, &rumour->timer);
    g_clear_pointer(&rumour->text, g_bytes_unref);
    g_free(rumour->knows);
    g_free(rumour);
}

/*
 * A message is a text, <BOOT.NUMBER> and some dots: the how-many-th of this
 * boot of its sender to this node. One that ends with a question mark is
 * answered by another message. Who hears one writes it, and its own boot, at
 * the end of in.SENDER. So the checker needs to know nothing of how a layer
 * does it: whether a message is the right one to come now is seen from what is
 * written down, and whether those before it may count as arrived, from what of
 * that is durable.
 */
#include "03-transport/storms/arq_scene.h"
#include "03-transport/reliable.h"
#include "common/storm/ordeal.h"
#include <stdio.h>
#include <string.h>

enum { NODES = 4, FLOOD = 300 };

/* ---- What the checker knows. ---- */

/* From one boot of a node to another node. */
struct mail_route {
    unsigned sent;  /* So many. */
    unsigned heard; /* The highest that was heard, and one. */
    unsigned since; /* So many new ones were heard since the last was sent. */
};

/* All boots of the one. */
struct mail_road {
    GArray *routes; /* struct mail_route, by boot. */
    unsigned boot;  /* The latest that was heard. */
};

struct mail_room {
    struct ordeal *ordeal;
    const struct reliable *kind;
    unsigned boots[NODES + 1];
    struct mail_road roads[NODES + 1][NODES + 1];
};

/* A node. */
struct mail_clerk {
    struct mail_room *room;
    struct env *env; /* What the layer offers. */
    void *layer;
};

/* A message, or a line that was written about one. */
struct mail_item {
    unsigned boot, number;
    unsigned reader; /* A line: the boot of who wrote it. */
};

static struct mail_route *route_of(struct mail_room *room, node_id from,
                                   node_id to, unsigned boot)
{
    GArray *routes = room->roads[from][to].routes;
    if (routes->len <= boot)
        g_array_set_size(routes, boot + 1);
    return &g_array_index(routes, struct mail_route, boot);
}

/* ---- Messages. ---- */

static GBytes *message_of(struct mail_item item, bool asks)
{
    char *text = g_strdup_printf("<%u.%u>%.*s%s", item.boot, item.number,
                                 (int)(item.number % 20),
                                 "....................", asks ? "?" : "");
    return g_bytes_new_take(text, strlen(text));
}

/* False: it was never sent like this. */
static bool read_message(GBytes *message, struct mail_item *item, bool *asks)
{
    size_t size;
    const char *data = g_bytes_get_data(message, &size);
    g_autofree char *text = g_strndup(data, size);
    *asks = size > 0 && data[size - 1] == '?';
    if (sscanf(text, "<%u.%u>", &item->boot, &item->number) != 2)
        return false;
    g_autoptr(GBytes) same = message_of(*item, *asks);
    return g_bytes_equal(same, message);
}

/* Whatever else is in it, the text is. */
static void describe(GString *text, GBytes *bytes)
{
    size_t size;
    const char *data = g_bytes_get_data(bytes, &size);
    const char *begin = memrchr(data, '<', size);
    const char *end =
        begin ? memchr(begin, '>', (size_t)(data + size - begin)) : NULL;
    if (end)
        g_string_append_len(text, begin, end + 1 - begin);
    else
        g_string_append_printf(text, "%u bytes", (unsigned)size);
}

static void post(struct mail_clerk *clerk, node_id to, bool asks)
{
    struct mail_room *room = clerk->room;
    node_id from = clerk->env->id;
    unsigned boot = room->boots[from];
    struct mail_route *route = route_of(room, from, to, boot);
    struct mail_item item = {.boot = boot, .number = route->sent++};
    route->since = 0;
    g_autoptr(GBytes) message = message_of(item, asks);
    env_send(clerk->env, to, message);
}

/* ---- What is written down. ---- */

static char *key_of(node_id from)
{
    return g_strdup_printf("in.%u", (unsigned)from);
}

/* Up to the end of the last whole line. */
static size_t whole_size(GBytes *bytes)
{
    size_t size = 0;
    const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    while (size > 0 && data[size - 1] != '\n')
        size--;
    return size;
}

/* The line that ends before @p size, and where it begins. */
static size_t line_before(GBytes *bytes, size_t size, struct mail_item *item)
{
    const char *data = g_bytes_get_data(bytes, NULL);
    const char *end = memrchr(data, '\n', size - 1);
    size_t begin = end ? (size_t)(end + 1 - data) : 0;
    g_autofree char *line = g_strndup(data + begin, size - begin);
    *item = (struct mail_item){0};
    sscanf(line, "%u %u %u", &item->boot, &item->number, &item->reader);
    return begin;
}

/* What node @p to has written about node @p from. NULL: nothing. Returns
 * new. */
static GBytes *written(const struct mail_room *room, node_id to, node_id from)
{
    g_autofree char *key = key_of(from);
    return env_recall(sim_env(ordeal_sim(room->ordeal), to), key);
}

static size_t stored_size(const struct mail_room *room, node_id to,
                          node_id from)
{
    g_autofree char *key = key_of(from);
    g_autoptr(GBytes) bytes = sim_stored(ordeal_sim(room->ordeal), to, key);
    return whole_size(bytes);
}

static void write_down(struct mail_clerk *clerk, node_id from,
                       struct mail_item item)
{
    g_autofree char *key = key_of(from);
    char *line = g_strdup_printf("%u %u %u\n", item.boot, item.number,
                                 clerk->room->boots[clerk->env->id]);
    g_autoptr(GBytes) bytes = g_bytes_new_take(line, strlen(line));
    env_append(clerk->env, key, bytes);
}

/* What a crash has torn is cut, for more will be appended. */
static void cut_torn_tails(struct env *env, unsigned nodes)
{
    for (node_id from = 1; from <= nodes; from++) {
        g_autofree char *key = key_of(from);
        g_autoptr(GBytes) bytes = env_recall(env, key);
        size_t size = whole_size(bytes);
        if (!bytes || size == g_bytes_get_size(bytes))
            continue;
        g_autoptr(GBytes) whole = g_bytes_new_from_bytes(bytes, 0, size);
        env_persist(env, key, whole);
    }
}

/* ---- What must be so. ---- */

#define WRONG(clerk, rule, ...) \
    ordeal_break((clerk)->room->ordeal, (clerk)->env->id, rule, __VA_ARGS__)

/* May all before this one, and behind the one that is written last, be missing?
 * Only if so many came after them that they were forgotten. */
static void check_gap(struct mail_clerk *clerk, node_id from,
                      struct mail_item item, unsigned next)
{
    struct mail_room *room = clerk->room;
    unsigned sent = route_of(room, from, clerk->env->id, item.boot)->sent;
    if (item.number <= next)
        return;
    if (item.number - 1 + room->kind->queue >= sent)
        WRONG(clerk, "A2", "message %u.%u of node %u came, and %u.%u did not",
              item.boot, item.number, (unsigned)from, item.boot, next);
    else
        ordeal_mark(room->ordeal, "the oldest were forgotten");
}

/* How many from this one on did one boot of the reader write down? */
static unsigned count_from(GBytes *lines, struct mail_item item)
{
    struct mail_item line = item;
    unsigned count = 0, most = 0, reader = 0;
    for (size_t at = whole_size(lines); at > 0 && line.boot == item.boot;) {
        at = line_before(lines, at, &line);
        count = line.reader == reader ? count : 0;
        count += line.boot == item.boot && line.number >= item.number;
        reader = line.reader;
        most = MAX(most, count);
    }
    return most;
}

/* It comes behind what is written down last; or was on its way when the reader
 * crashed, with no more of them than may be. */
static void check_order(struct mail_clerk *clerk, node_id from,
                        struct mail_item item, GBytes *lines)
{
    struct mail_item last;
    line_before(lines, whole_size(lines), &last);
    bool same = last.reader == clerk->room->boots[clerk->env->id];
    unsigned again = item.number > last.number ? 0 : count_from(lines, item);
    if (again > (same ? 0 : clerk->room->kind->window))
        WRONG(clerk, "A1", "message %u.%u of node %u came behind %u.%u",
              item.boot, item.number, (unsigned)from, last.boot, last.number);
    if (again > 0)
        ordeal_mark(clerk->room->ordeal, "one came to two incarnations");
    check_gap(clerk, from, item, last.number + 1);
}

/* Those before it, but for what may be on its way, have been acknowledged. */
static void check_durable(struct mail_clerk *clerk, node_id from,
                          struct mail_item item, GBytes *lines)
{
    unsigned loose = 0;
    struct mail_item line;
    size_t stored = stored_size(clerk->room, clerk->env->id, from);
    for (size_t at = whole_size(lines); at > stored;) {
        at = line_before(lines, at, &line);
        loose += line.boot == item.boot;
    }
    if (loose >= clerk->room->kind->window)
        WRONG(clerk, "A3",
              "message %u.%u of node %u comes, and of those before it %u "
              "are not durable",
              item.boot, item.number, (unsigned)from, loose);
}

/* What was heard since the last was sent was on its way then, or waited. */
static void check_bound(struct mail_clerk *clerk, node_id from,
                        struct mail_item item)
{
    const struct reliable *kind = clerk->room->kind;
    struct mail_route *route =
        route_of(clerk->room, from, clerk->env->id, item.boot);
    if (item.number < route->heard)
        return;
    route->heard = item.number + 1;
    if (++route->since > kind->queue + kind->window)
        WRONG(clerk, "A5", "%u messages of node %u came, and none was sent",
              route->since, (unsigned)from);
}

/* No later boot of its sender was heard. */
static void check_boot(struct mail_clerk *clerk, node_id from,
                       struct mail_item item)
{
    struct mail_road *road = &clerk->room->roads[from][clerk->env->id];
    if (item.boot < road->boot)
        WRONG(clerk, "A4",
              "message %u.%u of node %u came, and it is in boot %u", item.boot,
              item.number, (unsigned)from, road->boot);
    if (item.boot > road->boot && road->boot > 0)
        ordeal_mark(clerk->room->ordeal, "a later incarnation was heard");
    road->boot = item.boot;
}

static void check(struct mail_clerk *clerk, node_id from, struct mail_item item)
{
    struct mail_item last = {0};
    g_autoptr(GBytes) lines = written(clerk->room, clerk->env->id, from);
    size_t size = whole_size(lines);
    if (size > 0)
        line_before(lines, size, &last);
    check_boot(clerk, from, item);
    if (last.boot == item.boot)
        check_order(clerk, from, item, lines);
    else
        check_gap(clerk, from, item, 0);
    if (size > 0)
        check_durable(clerk, from, item, lines);
    check_bound(clerk, from, item);
}

static bool all_arrives(void *self, GString *why)
{
    struct mail_room *room = self;
    unsigned nodes = ordeal_storm(room->ordeal)->nodes;
    for (unsigned pair = 0; pair < nodes * nodes; pair++) {
        node_id from = pair / nodes + 1, to = pair % nodes + 1;
        unsigned boot = room->boots[from];
        unsigned sent = route_of(room, from, to, boot)->sent;
        if (sent == 0 || !ordeal_is_core(room->ordeal, from) ||
            !ordeal_is_core(room->ordeal, to))
            continue;
        g_autoptr(GBytes) lines = written(room, to, from);
        size_t size = whole_size(lines);
        struct mail_item last = {0};
        if (size > 0)
            line_before(lines, size, &last);
        if (last.boot == boot && last.number == sent - 1)
            continue;
        g_string_append_printf(why,
                               "node %u has sent %u.%u to node %u, where it "
                               "has not come",
                               (unsigned)from, boot, sent - 1, (unsigned)to);
        return false;
    }
    return true;
}

static const struct invariant rules[] = {
    {.id = "A1", .text = "Messages come as sent, in their order, each once."},
    {.id = "A2",
     .text = "None is missing, but for those too many that waited."},
    {.id = "A3", .text = "The next one is sent when the last is durable."},
    {.id = "A4",
     .text = "After a later incarnation, none comes of an earlier."},
    {.id = "A5", .text = "No more wait than the header says."},
    {.id = "A6",
     .text = "When all has healed, all arrives.",
     .comes = all_arrives},
    {0},
};

/* ---- Nodes. ---- */

static void on_message(void *self, node_id from, GBytes *message)
{
    struct mail_clerk *clerk = self;
    struct mail_room *room = clerk->room;
    struct mail_item item;
    bool asks;
    if (g_bytes_get_size(message) == 0)
        return; /* A farewell changes nothing. */
    if (!read_message(message, &item, &asks) || item.boot > room->boots[from] ||
        item.number >= route_of(room, from, clerk->env->id, item.boot)->sent) {
        WRONG(clerk, "A1", "what node %u never sent came from it",
              (unsigned)from);
        return;
    }
    check(clerk, from, item);
    if (asks)
        post(clerk, from, false);
    write_down(clerk, from, item);
}

static void *boot(struct env *env, void *checker)
{
    struct mail_room *room = checker;
    struct mail_clerk *clerk = g_new0(struct mail_clerk, 1);
    room->boots[env->id]++;
    cut_torn_tails(env, ordeal_storm(room->ordeal)->nodes);
    clerk->room = room;
    clerk->layer = room->kind->raise(env);
    clerk->env = room->kind->env(clerk->layer);
    env_bind(clerk->env, on_message, clerk);
    return clerk;
}

static void stop(void *self)
{
    struct mail_clerk *clerk = self;
    clerk->room->kind->lower(clerk->layer);
    g_free(clerk);
}

/* ---- Operations: "send 2 3", three messages to the second behind us. ---- */

static void draw(struct dice *dice, node_id node, GString *operation)
{
    unsigned places = (unsigned)dice_between(dice, 1, 3);
    unsigned count = (unsigned)dice_between(dice, 1, 6);
    (void)node;
    if (dice_between(dice, 0, 63) == 0)
        count = FLOOD;
    g_string_append_printf(operation, "%s %u %u",
                           dice_between(dice, 0, 2) == 0 ? "ask" : "send",
                           places, count);
}

static void ask(void *self, node_id node, const char *operation)
{
    struct mail_room *room = self;
    unsigned nodes = ordeal_storm(room->ordeal)->nodes;
    unsigned places = 1, count = 1;
    char word[STORM_TEXT] = "";
    sscanf(operation, "%63s %u %u", word, &places, &count);
    node_id to = (node + (places - 1) % (nodes - 1)) % nodes + 1;
    for (unsigned i = 0; i < MIN(count, 1000); i++)
        post(ordeal_node(room->ordeal, node), to, strcmp(word, "ask") == 0);
    ordeal_answer(room->ordeal, node, "posted");
}

/* ---- The subjects. ---- */

static void *open_room(struct ordeal *ordeal, const struct reliable *kind)
{
    struct mail_room *room = g_new0(struct mail_room, 1);
    room->ordeal = ordeal;
    room->kind = kind;
    for (unsigned i = 0; i <= NODES; i++)
        for (unsigned j = 0; j <= NODES; j++)
            room->roads[i][j].routes =
                g_array_new(FALSE, TRUE, sizeof(struct mail_route));
    return room;
}

static void *open_arq(struct ordeal *ordeal)
{
    return open_room(ordeal, &reliable_arq);
}

static void *open_gobackn(struct ordeal *ordeal)
{
    return open_room(ordeal, &reliable_gobackn);
}

static void *open_nak(struct ordeal *ordeal)
{
    return open_room(ordeal, &reliable_nak);
}

static void close_room(void *self)
{
    struct mail_room *room = self;
    for (unsigned i = 0; i <= NODES; i++)
        for (unsigned j = 0; j <= NODES; j++)
            g_array_unref(room->roads[i][j].routes);
    g_free(room);
}

static const char *const marks[] = {"a later incarnation was heard",
                                    "one came to two incarnations",
                                    "the oldest were forgotten", NULL};

#define MAIL                                                                 \
    .least = 2, .calm = 60 * SEC, .boot = boot, .stop = stop,                \
    .describe = describe, .close = close_room, .rules = rules, .draw = draw, \
    .ask = ask, .marks = marks

const struct subject arq_subject = {
    .name = "arq", .open = open_arq, .most = NODES, MAIL};
const struct subject gobackn_subject = {
    .name = "gobackn", .open = open_gobackn, .most = NODES, MAIL};
const struct subject nak_subject = {.name = "nak",
                                    .open = open_nak,
                                    .most = 2,
                                    .spared =
                                        1 << CLASS_CRASH | 1 << CLASS_POINT |
                                        1 << CLASS_TORN | 1 << CLASS_ALL_DOWN,
                                    MAIL};

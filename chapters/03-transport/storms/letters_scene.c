/*
 * A letter says which boot of its sender wrote it, its number in that boot, and
 * has a tail, by which it is longer than a segment now and then:
 *
 *     3.17.xxxxxxxxx
 *
 * Before it is sent, these two numbers are written down. So whoever sees a
 * letter leave can look whether its sender's disk has them.
 */
#include "03-transport/storms/letters_scene.h"
#include "03-transport/storms/tunnel_scene.h"
#include "common/storm/ordeal.h"
#include <stdio.h>
#include <string.h>

enum { MOST = 3, LONGEST = 1200, BURST = 30, BOOTS = 64 };
#define PAUSE (100 * MSEC)

/* When a letter was written: later ones are greater. */
static uint64_t date_of(unsigned boot, unsigned number)
{
    return (uint64_t)boot << 32 | number;
}

/* A node: it writes, and shows the judge what it gets. */
struct correspondent {
    struct letters *letters;
    struct tunnel *tunnel;
    struct env *env;
    struct timer timer;
    unsigned boot, number;
};

struct letters {
    struct ordeal *ordeal;
    unsigned boots[MOST + 1];
    unsigned last[MOST + 1][MOST + 1][BOOTS]; /* From, to: of each boot. */
    uint64_t latest[MOST + 1][MOST + 1];      /* The greatest date. */
    uint64_t fresh[MOST + 1]; /* Dates from here on are after the storm. */
};

static unsigned count_nodes(const struct letters *letters)
{
    return ordeal_storm(letters->ordeal)->nodes;
}

/* The date of a letter that has as many bytes as it says; else 0. */
static uint64_t read_letter(GBytes *message)
{
    size_t size;
    unsigned boot, number, length;
    const char *data = g_bytes_get_data(message, &size);
    g_autofree char *text = g_strndup(data, size);
    if (sscanf(text, "%u.%u.%u.", &boot, &number, &length) != 3 ||
        length != size || text[size - 1] != '!' || boot >= BOOTS)
        return 0;
    return date_of(boot, number);
}

/* ---- Nodes. ---- */

static void write_letter(struct correspondent *writer)
{
    g_autofree char *tail = g_strnfill(LONGEST, 'x');
    unsigned length = 40;
    while (length < LONGEST && env_random(writer->env) % 2)
        length *= 2;
    length = MIN(length, LONGEST);
    int head = g_snprintf(tail, LONGEST, "%u.%u.%u.", writer->boot,
                          ++writer->number, length);
    tail[head] = 'x';
    tail[length - 1] = '!';
    g_autoptr(GBytes) letter = g_bytes_new(tail, length);
    env_persist(writer->env, "letter", letter);
    for (node_id id = 1; id <= count_nodes(writer->letters); id++)
        env_send(writer->env, id, letter);
}

static void on_timer(void *self)
{
    struct correspondent *writer = self;
    write_letter(writer);
    env_arm(writer->env, &writer->timer, PAUSE);
}

static void take_letter(struct correspondent *writer, node_id from,
                        uint64_t date)
{
    struct letters *letters = writer->letters;
    node_id to = writer->env->id;
    unsigned boot = (unsigned)(date >> 32), number = (unsigned)date;
    unsigned *last = &letters->last[from][to][boot];
    uint64_t *latest = &letters->latest[from][to];
    if (number <= *last)
        ordeal_break(letters->ordeal, to, "T2",
                     "letter %u of boot %u of node %u came after letter %u",
                     number, boot, (unsigned)from, *last);
    *last = number;
    *latest = MAX(*latest, date);
}

static void on_letter(void *self, node_id from, GBytes *message)
{
    struct correspondent *writer = self;
    struct letters *letters = writer->letters;
    if (g_bytes_get_size(message) == 0)
        return;
    uint64_t date = read_letter(message);
    if (date > 0)
        take_letter(writer, from, date);
    else
        ordeal_break(letters->ordeal, writer->env->id, "T1",
                     "what came from %u was never written", (unsigned)from);
}

static void *boot(struct env *env, void *self)
{
    struct letters *letters = self;
    struct correspondent *writer = g_new0(struct correspondent, 1);
    writer->letters = letters;
    writer->tunnel = tunnel_raise(env, count_nodes(letters));
    writer->env = tunnel_env(writer->tunnel);
    writer->boot = ++letters->boots[env->id];
    g_assert(writer->boot < BOOTS);
    writer->timer = (struct timer){.fire = on_timer, .self = writer};
    env_bind(writer->env, on_letter, writer);
    env_arm(writer->env, &writer->timer, PAUSE);
    return writer;
}

static void stop(void *self)
{
    struct correspondent *writer = self;
    env_disarm(writer->env, &writer->timer);
    tunnel_free(writer->tunnel);
    g_free(writer);
}

/* ---- What must be so. ---- */

/* Letters that were written after the storm, each way. */
static bool fresh_ones_arrive(void *self, GString *why)
{
    struct letters *letters = self;
    for (node_id from = 1; from <= count_nodes(letters); from++) {
        const struct correspondent *writer = ordeal_node(letters->ordeal, from);
        if (!ordeal_is_core(letters->ordeal, from))
            continue;
        if (letters->fresh[from] == 0)
            letters->fresh[from] = date_of(writer->boot, writer->number + 1);
        for (node_id to = 1; to <= count_nodes(letters); to++)
            if (ordeal_is_core(letters->ordeal, to) &&
                letters->latest[from][to] < letters->fresh[from]) {
                g_string_append_printf(why, "nothing new of %u comes to %u",
                                       (unsigned)from, (unsigned)to);
                return false;
            }
    }
    return true;
}

static const struct invariant rules[] = {
    {.id = "T1", .text = "What arrives was written, and is whole."},
    {.id = "T2",
     .text = "Letters of one boot arrive in order, each at most once."},
    {.id = "T3", .text = "What leaves is on its sender's disk."},
    {.id = "T4",
     .text = "After the storm letters arrive, each way.",
     .comes = fresh_ones_arrive},
    {0},
};

/* ---- What leaves a node. ---- */

struct letters_view {
    struct letters *letters;
    node_id from;
};

static void look(void *self, GBytes *message)
{
    const struct letters_view *view = self;
    struct ordeal *ordeal = view->letters->ordeal;
    g_autoptr(GBytes) stored =
        sim_stored(ordeal_sim(ordeal), view->from, "letter");
    uint64_t date = read_letter(message);
    if (date == 0)
        return;
    ordeal_mark(ordeal, "a letter leaves");
    if (!stored || read_letter(stored) < date)
        ordeal_break(ordeal, view->from, "T3",
                     "letter %u leaves before it is written down",
                     (unsigned)date);
}

static void on_left(void *self, const struct sim_message *message)
{
    struct letters_view view = {self, message->from};
    tunnel_unpack(message->bytes, look, &view);
}

/* ---- Operations. ---- */

static void draw(struct dice *dice, node_id node, GString *operation)
{
    (void)dice;
    (void)node;
    g_string_append(operation, "burst");
}

static void ask(void *self, node_id node, const char *operation)
{
    struct letters *letters = self;
    struct correspondent *writer = ordeal_node(letters->ordeal, node);
    for (unsigned i = 0; i < BURST; i++)
        write_letter(writer);
    if (tunnel_dropped(writer->tunnel) > 0)
        ordeal_mark(letters->ordeal, "a letter is dropped");
    ordeal_answer(letters->ordeal, node, operation);
}

static void *open_letters(struct ordeal *ordeal)
{
    struct letters *letters = g_new0(struct letters, 1);
    letters->ordeal = ordeal;
    return letters;
}

static const char *const marks[] = {"a letter leaves", "a letter is dropped",
                                    NULL};

const struct subject letters_subject = {
    .name = "letters",
    .least = 2,
    .most = MOST,
    .quorum = MOST,
    .lasts = 5 * SEC,
    .calm = 60 * SEC,
    .questions = 8,
    .boot = boot,
    .stop = stop,
    .describe = tunnel_describe,
    .open = open_letters,
    .close = g_free,
    .left = on_left,
    .rules = rules,
    .draw = draw,
    .ask = ask,
    .marks = marks,
};

#include "common/toys/stopwait_scene.h"
#include "common/storm/ordeal.h"
#include "common/toys/stopwait.h"
#include <stdio.h>
#include <string.h>

struct checker {
    struct ordeal *ordeal;
    unsigned pushed; /* So many words, to tell them apart. */
};

/* ---- What must be so. ---- */

static struct env *env_of(const struct checker *checker, node_id id)
{
    return sim_env(ordeal_sim(checker->ordeal), id);
}

/* How many words of @p to are those of @p from, in their order? All: -1. */
static int first_difference(const struct checker *checker, node_id from,
                            node_id to, GString *why)
{
    g_auto(GStrv) out = stopwait_lines(env_of(checker, from), "out");
    g_auto(GStrv) in = stopwait_lines(env_of(checker, to), "in");
    unsigned i = 0;
    while (in[i] && out[i] && strcmp(in[i], out[i]) == 0)
        i++;
    if (!in[i])
        return -1;
    g_string_append_printf(why, "word %u at node %u is \"%s\", and not \"%s\"",
                           i, (unsigned)to, in[i], out[i] ? out[i] : "");
    return (int)i;
}

static bool arrives_once_and_in_order(void *self, GString *why)
{
    return first_difference(self, 1, 2, why) < 0 &&
           first_difference(self, 2, 1, why) < 0;
}

static bool all_arrives(void *self, GString *why)
{
    for (node_id id = 1; id <= 2; id++) {
        g_auto(GStrv) out = stopwait_lines(env_of(self, id), "out");
        g_auto(GStrv) in = stopwait_lines(env_of(self, 3 - id), "in");
        unsigned sent = g_strv_length(out), came = g_strv_length(in);
        if (came == sent)
            continue;
        g_string_append_printf(why, "of %u words to node %u, %u have come",
                               sent, (unsigned)(3 - id), came);
        return false;
    }
    return true;
}

static const struct invariant rules[] = {
    {.id = "S1",
     .text = "Every word arrives once, and in order.",
     .holds = arrives_once_and_in_order},
    {.id = "S2", .text = "What is acknowledged is on the receiver's disk."},
    {.id = "S3",
     .text = "When all has healed, every word arrives.",
     .comes = all_arrives},
    {0},
};

/* ---- What leaves a node. ---- */

static unsigned count_stored(const struct checker *checker, node_id id)
{
    g_autoptr(GBytes) in = sim_stored(ordeal_sim(checker->ordeal), id, "in");
    size_t size = 0;
    unsigned lines = 0;
    const char *data = in ? g_bytes_get_data(in, &size) : "";
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    return lines;
}

static void on_left(void *self, const struct sim_message *message)
{
    struct checker *checker = self;
    g_autofree char *text = g_strndup(g_bytes_get_data(message->bytes, NULL),
                                      g_bytes_get_size(message->bytes));
    unsigned number, stored = count_stored(checker, message->from);
    if (sscanf(text, "%*8x ack %u", &number) != 1)
        return;
    if (number + 1 < stored)
        ordeal_mark(checker->ordeal, "an old word is acknowledged again");
    if (number >= stored)
        ordeal_break(checker->ordeal, message->from, "S2",
                     "node %u acknowledges word %u, and of the words %u are on "
                     "its disk",
                     (unsigned)message->from, number, stored);
}

static void describe(GString *text, GBytes *message)
{
    size_t size;
    const char *data = g_bytes_get_data(message, &size);
    g_string_append_len(text, data + MIN(size, 9),
                        (gssize)(size - MIN(size, 9)));
}

/* ---- The subject. ---- */

static void *open_checker(struct ordeal *ordeal)
{
    struct checker *checker = g_new0(struct checker, 1);
    checker->ordeal = ordeal;
    return checker;
}

static void *boot(struct env *env, void *checker)
{
    (void)checker;
    return stopwait_new(env, 3 - env->id);
}

static void stop(void *stopwait)
{
    stopwait_free(stopwait);
}

static void draw(struct dice *dice, node_id node, GString *operation)
{
    (void)dice, (void)node;
    g_string_append(operation, "push");
}

static void ask(void *self, node_id node, const char *operation)
{
    static const char *const words[] = {"ant", "bee", "cat", "dog",  "eel",
                                        "fox", "gnu", "hen", "ibis", "jay"};
    struct checker *checker = self;
    unsigned number = checker->pushed++;
    g_autofree char *word =
        g_strdup_printf("%s%u", words[number % 10], number / 10);
    (void)operation;
    stopwait_push(ordeal_node(checker->ordeal, node), word);
    ordeal_answer(checker->ordeal, node, word);
}

static const char *const marks[] = {"an old word is acknowledged again", NULL};

const struct subject stopwait_subject = {
    .name = "stopwait",
    .least = 2,
    .most = 2,
    .quorum = 2,
    .boot = boot,
    .stop = stop,
    .describe = describe,
    .open = open_checker,
    .close = g_free,
    .left = on_left,
    .rules = rules,
    .draw = draw,
    .ask = ask,
    .marks = marks,
};

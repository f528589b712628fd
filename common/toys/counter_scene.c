#include "common/toys/counter_scene.h"
#include "common/history/linear.h"
#include "common/storm/ordeal.h"
#include "common/toys/counter.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 5, LEADER = 1 };

/* A node's client: who is told the answers. */
struct client {
    struct checker *checker;
    node_id node;
};

/* An operation, as the history knows it. */
struct question {
    size_t index;
    bool reads;
};

struct checker {
    struct ordeal *ordeal;
    struct history *history;
    GArray *questions; /* struct question, by number. */
    struct client clients[MOST + 1];
};

/* ---- Logs. ---- */

static unsigned count_nodes(const struct checker *checker)
{
    return ordeal_storm(checker->ordeal)->nodes;
}

/* The whole lines of a log, as a node has written it or as its disk holds it
 * for certain. Returns new. */
static char *log_of(const struct checker *checker, node_id id, bool stored)
{
    struct sim *sim = ordeal_sim(checker->ordeal);
    size_t size = 0;
    g_autoptr(GBytes) log = stored ? sim_stored(sim, id, "log")
                                   : env_recall(sim_env(sim, id), "log");
    const char *data = log ? g_bytes_get_data(log, &size) : NULL;
    while (size > 0 && data[size - 1] != '\n')
        size--;
    return size > 0 ? g_strndup(data, size) : g_strdup("");
}

static unsigned count_lines(const char *log)
{
    unsigned lines = 0;
    for (; *log; log++)
        lines += *log == '\n';
    return lines;
}

/* Does a log have this id? */
static bool has_line(const char *log, const char *id)
{
    size_t size = strlen(id);
    for (; *log; log = strchr(log, '\n') + 1)
        if (strncmp(log, id, size) == 0 && log[size] == '\n')
            return true;
    return false;
}

/* ---- What must be so. ---- */

static bool logs_agree(void *self, GString *why)
{
    g_autofree char *leader = log_of(self, LEADER, false);
    for (node_id id = 2; id <= count_nodes(self); id++) {
        g_autofree char *log = log_of(self, id, false);
        size_t size = MIN(strlen(log), strlen(leader));
        size_t same = 0;
        while (same < size && log[same] == leader[same])
            same++;
        if (same == size)
            continue;
        leader[same] = log[same] = '\0';
        g_string_append_printf(why,
                               "node %u has another entry %u than the "
                               "leader",
                               (unsigned)id, count_lines(log) + 1);
        return false;
    }
    return true;
}

static bool each_counts_once(void *self, GString *why)
{
    g_autofree char *leader = log_of(self, LEADER, false);
    g_auto(GStrv) ids = g_strsplit(leader, "\n", -1);
    for (unsigned i = 0; ids[i] && *ids[i]; i++)
        for (unsigned j = 0; j < i; j++)
            if (strcmp(ids[i], ids[j]) == 0) {
                g_string_append_printf(why, "%s is entry %u and entry %u",
                                       ids[i], j + 1, i + 1);
                return false;
            }
    return true;
}

static bool core_catches_up(void *self, GString *why)
{
    struct checker *checker = self;
    g_autofree char *leader = log_of(checker, LEADER, false);
    for (node_id id = 1; id <= count_nodes(checker); id++) {
        if (!ordeal_is_core(checker->ordeal, id))
            continue;
        g_autofree char *log = log_of(checker, id, false);
        const struct counter *counter = ordeal_node(checker->ordeal, id);
        if (strcmp(log, leader) == 0 && counter_waiting(counter) == 0)
            continue;
        g_string_append_printf(
            why, "node %u has %u of %u entries, and %u questions to ask",
            (unsigned)id, count_lines(log), count_lines(leader),
            counter_waiting(counter));
        return false;
    }
    return true;
}

static const struct invariant rules[] = {
    {.id = "C1",
     .text = "Every log is the beginning of the leader's.",
     .holds = logs_agree},
    {.id = "C2", .text = "What is answered is on the disks of a majority."},
    {.id = "C3",
     .text = "What is asked twice counts once.",
     .holds = each_counts_once},
    {.id = "C4", .text = "The history is linearizable."},
    {.id = "C5",
     .text = "When a majority has healed, it catches up, and all is answered.",
     .comes = core_catches_up},
    {0},
};

/* ---- What leaves a node. ---- */

static unsigned count_stored(const struct checker *checker, const char *id)
{
    unsigned copies = 0;
    for (node_id node = 1; node <= count_nodes(checker); node++) {
        g_autofree char *log = log_of(checker, node, true);
        copies += has_line(log, id);
    }
    return copies;
}

/* Not in the log: a read, or what was never asked before. */
static bool is_new(const struct checker *checker, const char *id)
{
    g_autofree char *log = log_of(checker, LEADER, false);
    return !has_line(log, id);
}

static void on_left(void *self, const struct sim_message *message)
{
    struct checker *checker = self;
    unsigned result;
    char id[STORM_TEXT];
    g_autofree char *text = g_strndup(g_bytes_get_data(message->bytes, NULL),
                                      g_bytes_get_size(message->bytes));
    if (sscanf(text, "add %63s", id) == 1 && !is_new(checker, id))
        ordeal_mark(checker->ordeal, "what is in the log is asked again");
    if (sscanf(text, "done %63s %u", id, &result) != 2 || is_new(checker, id))
        return;
    unsigned copies = count_stored(checker, id);
    if (copies < count_nodes(checker))
        ordeal_mark(checker->ordeal, "answered while a copy is missing");
    if (copies <= count_nodes(checker) / 2)
        ordeal_break(checker->ordeal, message->from, "C2",
                     "%s is answered, and on %u disks of %u", id, copies,
                     count_nodes(checker));
}

/* ---- Clients. ---- */

/* The model is a text: to add is to append a "+". */
static void on_answer(void *self, unsigned request, unsigned result)
{
    struct client *client = self;
    struct checker *checker = client->checker;
    const struct question *question =
        &g_array_index(checker->questions, struct question, request);
    g_autofree char *words = g_strdup_printf("%u", result);
    g_autofree char *text = g_strnfill(result, '+');
    const char *read = result > 0 ? text : "nil";
    if (!ordeal_answer(checker->ordeal, client->node, words))
        return;
    history_return(checker->history, sim_time(ordeal_sim(checker->ordeal)),
                   question->index, question->reads ? read : NULL);
}

static void ask(void *self, node_id node, const char *operation)
{
    struct checker *checker = self;
    struct counter *counter = ordeal_node(checker->ordeal, node);
    nsec now = sim_time(ordeal_sim(checker->ordeal));
    unsigned number = checker->questions->len;
    bool reads = strcmp(operation, "read") == 0;
    struct question question = {.reads = reads};
    question.index = reads ? history_call(checker->history, now, number + 1,
                                          "count", "get", NULL)
                           : history_call(checker->history, now, number + 1,
                                          "count", "append", "+", NULL);
    g_array_append_val(checker->questions, question);
    if (reads)
        counter_read(counter, number);
    else
        counter_add(counter, number);
}

static void draw(struct dice *dice, node_id node, GString *operation)
{
    (void)node;
    g_string_append(operation, dice_between(dice, 0, 2) > 0 ? "add" : "read");
}

static void on_end(void *self)
{
    struct checker *checker = self;
    struct linear *linear =
        linear_judge(checker->history, (struct linear_limits){0});
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (linear_answer(linear) == LINEAR_NO)
        linear_draw(linear, file);
    fclose(file);
    if (linear_answer(linear) != LINEAR_YES)
        ordeal_break(checker->ordeal, 0, "C4", "%s",
                     *text ? "no order of the operations explains the answers"
                           : "nobody could tell within the limits");
    ordeal_explain(checker->ordeal, text);
    linear_free(linear);
    free(text);
}

/* ---- The subject. ---- */

static void *open_checker(struct ordeal *ordeal)
{
    struct checker *checker = g_new0(struct checker, 1);
    checker->ordeal = ordeal;
    checker->history = history_new("kv");
    checker->questions = g_array_new(FALSE, FALSE, sizeof(struct question));
    for (node_id id = 1; id <= MOST; id++)
        checker->clients[id] = (struct client){checker, id};
    return checker;
}

static void close_checker(void *self)
{
    struct checker *checker = self;
    history_free(checker->history);
    g_array_unref(checker->questions);
    g_free(checker);
}

static void *boot(struct env *env, void *self)
{
    struct checker *checker = self;
    struct counter_answer answer = {on_answer, &checker->clients[env->id]};
    return counter_new(env, count_nodes(checker), answer);
}

static void stop(void *counter)
{
    counter_free(counter);
}

static node_id who(void *checker, const char *role)
{
    (void)checker;
    return strcmp(role, "leader") == 0 ? LEADER : 0;
}

static const char *const roles[] = {"leader", NULL};
static const char *const marks[] = {"answered while a copy is missing",
                                    "what is in the log is asked again", NULL};

const struct subject counter_subject = {
    .name = "counter",
    .least = 3,
    .most = MOST,
    .spared = 1 << CLASS_TURN, /* Its messages have no check sums. */
    .always = 1 << LEADER,
    .boot = boot,
    .stop = stop,
    .open = open_checker,
    .close = close_checker,
    .left = on_left,
    .end = on_end,
    .rules = rules,
    .draw = draw,
    .ask = ask,
    .who = who,
    .roles = roles,
    .marks = marks,
};

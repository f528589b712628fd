#include "common/storm/calling.h"
#include "common/judge/test.h"
#include "common/world/timers.h"
#include <stdio.h>
#include <string.h>

enum { TICK = 10 };

/* ---- The subject. ---- */

struct shouter {
    struct env *env;
    struct timer timer;
};

struct calling_view calling_view;

static unsigned now(void)
{
    return (unsigned)(sim_time(ordeal_sim(calling_view.ordeal)) / MSEC);
}

static void G_GNUC_PRINTF(1, 2) note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_string_append_printf(calling_view.log, "%u", now());
    g_string_append_vprintf(calling_view.log, format, arguments);
    va_end(arguments);
}

static void call(struct shouter *shouter, node_id to, const char *word)
{
    g_autoptr(GBytes) bytes = g_bytes_new(word, strlen(word));
    env_send(shouter->env, to, bytes);
}

static void on_tick(void *self)
{
    struct shouter *shouter = self;
    for (node_id id = 1; id <= ordeal_storm(calling_view.ordeal)->nodes; id++)
        if (id != shouter->env->id)
            call(shouter, id, "tick");
    env_arm(shouter->env, &shouter->timer, TICK * MSEC);
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct shouter *shouter = self;
    node_id id = shouter->env->id;
    nsec *last = &calling_view.last[from][id], time = now();
    if (g_bytes_get_size(message) == 0) {
        note("bye%u%u ", (unsigned)id, (unsigned)from);
        return;
    }
    if (time - *last > 2 * TICK)
        g_string_append_printf(calling_view.quiet, "%u%u:%u-%u ",
                               (unsigned)from, (unsigned)id, (unsigned)*last,
                               (unsigned)time);
    *last = time;
    calling_view.came += from == 1 && id == 2;
    if (calling_view.loops)
        call(shouter, from, "again");
}

static void *boot(struct env *env, void *context)
{
    struct shouter *shouter = g_new0(struct shouter, 1);
    (void)context;
    shouter->env = env;
    shouter->timer = (struct timer){.fire = on_tick, .self = shouter};
    env_bind(env, on_message, shouter);
    g_autoptr(GBytes) log = env_recall(env, "log");
    if (log)
        note("has%u ", (unsigned)g_bytes_get_size(log));
    env_arm(env, &shouter->timer, TICK * MSEC);
    return shouter;
}

static void stop(void *self)
{
    g_free(self);
}

/* ---- What is looked at. ---- */

static void *open_view(struct ordeal *ordeal)
{
    calling_view.ordeal = ordeal;
    g_string_truncate(calling_view.log, 0);
    g_string_truncate(calling_view.quiet, 0);
    memset(calling_view.last, 0, sizeof calling_view.last);
    for (node_id id = 1; id <= CALLING_NODES; id++)
        calling_view.up[id] = true;
    calling_view.looks = calling_view.came = calling_view.awaited = 0;
    calling_view.leader = 0;
    calling_view.broken = calling_view.loops = false;
    return &calling_view;
}

static bool watch_nodes(void *checker, GString *why)
{
    (void)checker, (void)why;
    calling_view.looks++;
    for (node_id id = 1; id <= ordeal_storm(calling_view.ordeal)->nodes; id++) {
        bool up = sim_is_up(ordeal_sim(calling_view.ordeal), id);
        if (up != calling_view.up[id])
            note("%c%u ", up ? '+' : '-', (unsigned)id);
        assert_int_equal(up, ordeal_node(calling_view.ordeal, id) != NULL);
        calling_view.up[id] = up;
    }
    return true;
}

static bool is_whole(void *checker, GString *why)
{
    (void)checker;
    g_string_append(why, "it is broken");
    return !calling_view.broken;
}

static bool has_come(void *checker, GString *why)
{
    (void)checker;
    g_string_append_printf(why, "%u of %u", calling_view.came,
                           calling_view.awaited);
    return calling_view.came >= calling_view.awaited;
}

static const struct invariant rules[] = {
    {.id = "W1", .text = "It is watched.", .holds = watch_nodes},
    {.id = "W2", .text = "It is whole.", .holds = is_whole},
    {.id = "W3", .text = "So many come.", .comes = has_come},
    {.id = "W4", .text = "Nobody says so."},
    {0},
};

static void write_five(node_id node)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static("12345", 5);
    env_append(sim_env(ordeal_sim(calling_view.ordeal), node), "log", bytes);
}

static void ask(void *checker, node_id node, const char *operation)
{
    unsigned number = 0;
    (void)checker;
    note("?%u%s ", (unsigned)node, operation);
    if (strcmp(operation, "break") == 0)
        calling_view.broken = true;
    else if (strcmp(operation, "write") == 0)
        write_five(node);
    else if (g_str_has_prefix(operation, "say "))
        ordeal_break(calling_view.ordeal, node, "W4", "node %u says so",
                     (int)node);
    else if (strcmp(operation, "answer") == 0)
        ordeal_answer(calling_view.ordeal, node, "yes");
    else if (strcmp(operation, "mark") == 0)
        ordeal_mark(calling_view.ordeal, "marked");
    else if (strcmp(operation, "loop") == 0)
        calling_view.loops = true;
    else if (sscanf(operation, "lead %u", &number) == 1)
        calling_view.leader = number;
    else if (sscanf(operation, "await %u", &number) == 1)
        calling_view.awaited = number;
    if (strcmp(operation, "say both") == 0)
        ordeal_break(calling_view.ordeal, 1, "W2", "it is broken as well");
}

static void on_end(void *checker)
{
    (void)checker;
    note("end ");
    ordeal_explain(calling_view.ordeal, "more\n");
}

static node_id who(void *checker, const char *role)
{
    (void)checker;
    return strcmp(role, "leader") == 0 ? calling_view.leader : 0;
}

static const char *const marks[] = {"never", "marked", NULL};

const struct subject calling_subject = {
    .name = "calling",
    .least = 1,
    .most = CALLING_NODES,
    .spared = 1 << CLASS_OVERTAKE,
    .calm = SEC,
    .boot = boot,
    .stop = stop,
    .open = open_view,
    .end = on_end,
    .rules = rules,
    .ask = ask,
    .who = who,
    .marks = marks,
};

/* ---- Running it. ---- */

void calling_open(void)
{
    calling_view.log = g_string_new(NULL);
    calling_view.quiet = g_string_new(NULL);
}

void calling_run(const char *text, struct ordeal_wish wish,
                 struct ordeal_report *report)
{
    g_autoptr(GError) error = NULL;
    struct storm *storm = storm_read(text, &error);
    if (!storm)
        fail_msg("%s", error->message);
    ordeal_run(&calling_subject, storm, wish, report);
    storm_free(storm);
}

char *calling_trace(const char *text, struct ordeal_report *report)
{
    char *trace = NULL;
    size_t size;
    FILE *file = open_memstream(&trace, &size);
    calling_run(text, (struct ordeal_wish){.trace = file}, report);
    fclose(file);
    return trace;
}

void calling_close(void)
{
    g_string_free(calling_view.log, TRUE);
    g_string_free(calling_view.quiet, TRUE);
}

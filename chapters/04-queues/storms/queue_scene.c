/*
 *     node 1   office, with small segments
 *     node 2   producer      node 3   consumer that is pushed messages
 *     node 5   producer      node 4   consumer that takes them
 *                            node 6   consumer that is pushed messages
 *
 * What must hold is looked at by the audit.
 */
#include "04-queues/storms/queue_scene.h"
#include "02-framing/door/command.h"
#include "04-queues/server/office.h"
#include "04-queues/storms/audit.h"
#include "04-queues/storms/staff.h"
#include "common/world/dice.h"
#include <stdio.h>
#include <string.h>

enum { LEAST = 3, MOST = 6, SEGMENT = 4096 };

/* A node: one of these. */
struct room {
    struct audit *audit;
    struct lobby *lobby;
    struct office *office;
    struct publisher *producer;
    struct consumer *consumer;
};

struct queue_scene {
    struct ordeal *ordeal;
    struct audit *audit;
};

/* ---- A node. ---- */

static void open_office(struct room *room, struct env *env)
{
    g_autoptr(GError) error = NULL;
    struct office_settings settings = {.segment = SEGMENT};
    audit_boot(room->audit, env);
    room->lobby = lobby_new(env, audit_watch(room->audit));
    audit_enter(room->audit, room->lobby);
    room->office = office_open(lobby_env(room->lobby), settings, &error);
}

static void *boot(struct env *env, void *self)
{
    struct queue_scene *scene = self;
    struct room *room = g_new0(struct room, 1);
    bool synced = ordeal_storm(scene->ordeal)->seed % 3 > 0;
    room->audit = scene->audit;
    if (env->id == OFFICE)
        open_office(room, env);
    else if (env->id == 2 || env->id == 5)
        room->producer = publisher_new(env, synced ? "synced" : "written");
    else
        room->consumer = consumer_new(env, env->id != 4);
    return room;
}

static void stop(void *self)
{
    struct room *room = self;
    g_clear_pointer(&room->office, office_free);
    if (room->lobby)
        audit_crash(room->audit);
    g_clear_pointer(&room->lobby, lobby_free);
    g_clear_pointer(&room->producer, publisher_free);
    g_clear_pointer(&room->consumer, consumer_free);
    g_free(room);
}

static void on_left(void *self, const struct sim_message *message)
{
    struct queue_scene *scene = self;
    if (message->from == OFFICE && message->to != OFFICE)
        audit_left(scene->audit, message->to);
}

/* ---- What must be so. ---- */

static bool is_within_bounds(void *self, GString *why)
{
    struct queue_scene *scene = self;
    struct room *room = ordeal_node(scene->ordeal, OFFICE);
    if (!room || !room->office)
        return true;
    struct queue *jobs =
        broker_find(office_broker(room->office), (struct word){"jobs", 4});
    struct queue_facts facts = {0};
    if (jobs)
        facts = queue_facts(jobs);
    unsigned depth = facts.ready + facts.taken + facts.delayed;
    g_string_append_printf(why, "there are %u messages", depth);
    return depth <= JOBS_MOST;
}

static bool all_is_done(void *self, GString *why)
{
    struct queue_scene *scene = self;
    for (node_id id = 2; id <= ordeal_storm(scene->ordeal)->nodes; id++) {
        struct room *room = ordeal_node(scene->ordeal, id);
        if (room && room->producer && !publisher_is_done(room->producer)) {
            g_string_append_printf(why, "node %u is not done", (unsigned)id);
            return false;
        }
    }
    return audit_is_settled(scene->audit, why);
}

static const struct invariant rules[] = {
    {.id = "Q1", .text = "What was confirmed is not lost."},
    {.id = "Q2",
     .text = "What is delivered was published, and cannot be lost any more."},
    {.id = "Q3", .text = "What is done with is not delivered any more."},
    {.id = "Q4", .text = "What was published first is delivered first."},
    {.id = "Q5", .text = "Nobody gets a message while another has a lease."},
    {.id = "Q6", .text = "A receipt is for one delivery, while it lasts."},
    {.id = "Q7",
     .text = "There are no more messages than the queue's limit.",
     .holds = is_within_bounds},
    {.id = "Q9", .text = "What survives is all up to a moment."},
    {.id = "Q-ONCE", .text = "A request has one effect, and one answer."},
    {.id = "Q-ATTEMPT", .text = "Attempts are counted, and never forgotten."},
    {.id = "Q-DEAD", .text = "What has failed too often is dead, and only it."},
    {.id = "QL",
     .text = "When all has healed, each message is confirmed and done with.",
     .comes = all_is_done},
    {0},
};

/* ---- Operations. ---- */

static void draw(struct dice *dice, node_id node, GString *operation)
{
    if (node == 2 || node == 5)
        g_string_append_printf(operation, "publish %u",
                               (unsigned)dice_between(dice, 1, 12));
    else if (node != OFFICE)
        g_string_append_printf(operation, "rest %u",
                               (unsigned)dice_between(dice, 1, 3000));
}

static void ask(void *self, node_id node, const char *operation)
{
    struct queue_scene *scene = self;
    struct room *room = ordeal_node(scene->ordeal, node);
    unsigned number = 0;
    if (sscanf(operation, "publish %u", &number) == 1 && room->producer)
        publisher_publish(room->producer, number);
    if (sscanf(operation, "rest %u", &number) == 1 && room->consumer)
        consumer_rest(room->consumer, number * MSEC);
    ordeal_answer(scene->ordeal, node, operation);
}

static node_id who(void *scene, const char *role)
{
    (void)scene;
    return strcmp(role, "office") == 0 ? OFFICE : 0;
}

/* The first words of a message; nobody answers with more than a few. */
static void describe(GString *text, GBytes *message)
{
    size_t size;
    const char *data = g_bytes_get_data(message, &size);
    for (size_t i = 0; i < MIN(size, 120); i++)
        if (g_ascii_isprint(data[i]))
            g_string_append_c(text, data[i]);
        else if (data[i] == '\n')
            g_string_append_c(text, ' ');
}

/* ---- A run. ---- */

static void *open_scene(struct ordeal *ordeal)
{
    struct queue_scene *scene = g_new0(struct queue_scene, 1);
    scene->ordeal = ordeal;
    scene->audit = audit_new(ordeal);
    return scene;
}

static void close_scene(void *self)
{
    struct queue_scene *scene = self;
    audit_free(scene->audit);
    g_free(scene);
}

static const char *const roles[] = {"office", NULL};
static const char *const marks[] = {"a receipt came too late",
                                    "a lease ran out",
                                    "a message came once more",
                                    "a confirmed request was repeated",
                                    "the queue was full",
                                    "a farewell ended a lease",
                                    "an ack was lost in a crash",
                                    "a publish was lost in a crash",
                                    "a failure was remembered over a crash",
                                    "a dead message came through a crash",
                                    "a torn end was cut",
                                    "a crash fell into a truncation",
                                    NULL};

const struct subject queue_subject = {
    .name = "queue",
    .least = LEAST,
    .most = MOST,
    .spared = 1 << CLASS_TURN, /* RESP has no check sums. */
    .quorum = STORM_NODES,
    .calm = 60 * SEC,
    .questions = 48,
    .boot = boot,
    .stop = stop,
    .describe = describe,
    .open = open_scene,
    .close = close_scene,
    .left = on_left,
    .rules = rules,
    .draw = draw,
    .ask = ask,
    .who = who,
    .roles = roles,
    .marks = marks,
};

/*
 * What a crash has left. A broker is opened over a mirror of the disk, and asked
 * what any client may ask: all messages are taken, and each request is repeated.
 *
 * The only messages of jobs are those of QONCE. So the requests that it knows
 * must have the ids 1, 2, 3 and so on, without a hole.
 */
#include "04-queues/broker.h"
#include "04-queues/storms/audit_parts.h"
#include "04-queues/storms/mirror.h"

enum { MANY = 1000 };

struct survey {
    struct audit *audit;
    struct queue *queues[PLACES];
    GHashTable *there[PLACES]; /* struct thing: those that have survived. */
    GHashTable *ids;           /* Of requests that are known. */
    uint64_t most;             /* The greatest of them. */
};

static void mark(const struct survey *survey, const char *words)
{
    ordeal_mark(survey->audit->ordeal, words);
}

/* ---- Which messages are there? ---- */

static void on_survivor(struct survey *survey, enum berth place,
                        const struct delivery *delivery)
{
    struct audit *audit = survey->audit;
    g_autofree char *payload =
        g_strndup(delivery->payload.data, delivery->payload.size);
    struct thing *thing = g_hash_table_lookup(audit->things, payload);
    if (!thing) {
        BREAK(audit, "Q2", "%.10s was never published", payload);
        return;
    }
    struct stay *stay = &thing->stays[place];
    if (!g_hash_table_add(survey->there[place], thing))
        BREAK(audit, "Q-ONCE", "%.10s is there twice", payload);
    if (stay->settled || (place == JOBS && thing->stays[GRAVE].left))
        BREAK(audit, "Q3", "%.10s was done with, and is back", payload);
    if (delivery->attempt < stay->told)
        BREAK(audit, "Q-ATTEMPT", "%.10s was at attempt %u, and is at %u",
              payload, stay->told, delivery->attempt);
    if (stay->acked)
        mark(survey, "an ack was lost in a crash");
    if (delivery->attempt > 1)
        mark(survey, "a failure was remembered over a crash");
    if (place == GRAVE)
        mark(survey, "a dead message came through a crash");
    stay->acked = false;
}

static void take_all(struct survey *survey, enum berth place)
{
    static struct delivery deliveries[MANY];
    struct queue *queue = survey->queues[place];
    unsigned count = queue ? queue_take(queue, deliveries, MANY) : 0;
    for (unsigned i = 0; i < count; i++)
        on_survivor(survey, place, &deliveries[i]);
}

/* ---- Which requests are known? ---- */

/* Its id; 0: it is not known. */
static uint64_t ask(struct queue *jobs, const struct thing *thing)
{
    struct origin origin = {thing->producer, thing->request};
    struct word payload = {thing->payload, strlen(thing->payload)};
    uint64_t before = queue_facts(jobs).repeated, id = 0;
    queue_publish(jobs, origin, payload, &id);
    return queue_facts(jobs).repeated > before ? id : 0;
}

static void on_known(struct survey *survey, struct thing *thing, uint64_t id)
{
    struct audit *audit = survey->audit;
    bool jobs = g_hash_table_contains(survey->there[JOBS], thing);
    bool grave = g_hash_table_contains(survey->there[GRAVE], thing);
    bool acked = thing->stays[JOBS].acked || thing->stays[GRAVE].acked;
    if (jobs && grave)
        BREAK(audit, "Q-DEAD", "%.10s is dead, and is not", thing->payload);
    if (!jobs && !grave && !acked)
        BREAK(audit, "Q1", "%.10s was not done with, and is gone",
              thing->payload);
    if (thing->confirmed && id != thing->id)
        BREAK(audit, "Q-ONCE", "%.10s was message %u, and is message %u",
              thing->payload, (unsigned)thing->id, (unsigned)id);
    if (!g_hash_table_add(survey->ids, GUINT_TO_POINTER((unsigned)id)))
        BREAK(audit, "Q-ONCE", "%.10s has the id of another", thing->payload);
    survey->most = MAX(survey->most, id);
    thing->id = id;
    for (enum berth place = 0; place < PLACES; place++)
        thing->stays[place].attempt = 0;
}

/* It was not durable: so nobody may have heard of it. */
static void on_lost(struct survey *survey, struct thing *thing)
{
    struct audit *audit = survey->audit;
    if (thing->confirmed)
        BREAK(audit, "Q1", "%.10s was confirmed, and is lost", thing->payload);
    if (thing->stays[JOBS].left || thing->stays[GRAVE].left)
        BREAK(audit, "Q2", "%.10s was delivered, and is lost", thing->payload);
    if (thing->id != 0)
        mark(survey, "a publish was lost in a crash");
    thing->id = 0;
    memset(thing->stays, 0, sizeof thing->stays);
}

static void ask_all(struct survey *survey)
{
    struct audit *audit = survey->audit;
    struct queue *jobs = survey->queues[JOBS];
    if (!jobs && audit->declared)
        BREAK(audit, "Q1", "a queue was confirmed, and is lost");
    for (unsigned i = 0; i < audit->row->len; i++) {
        struct thing *thing = audit->row->pdata[i];
        uint64_t id = jobs ? ask(jobs, thing) : 0;
        if (id != 0)
            on_known(survey, thing, id);
        else
            on_lost(survey, thing);
    }
    if (survey->most != g_hash_table_size(survey->ids))
        BREAK(audit, "Q9", "message %u is there, and of those up to it %u are",
              (unsigned)survey->most, g_hash_table_size(survey->ids));
    audit->highest = survey->most;
    memset(audit->first, 0, sizeof audit->first);
}

/* ---- A boot. ---- */

static void look(struct survey *survey, struct broker *broker)
{
    static const struct word names[PLACES] = {{"jobs", 4}, {"grave", 5}};
    survey->ids = g_hash_table_new(NULL, NULL);
    for (enum berth place = 0; place < PLACES; place++) {
        survey->queues[place] = broker_find(broker, names[place]);
        survey->there[place] = g_hash_table_new(NULL, NULL);
        take_all(survey, place);
    }
    ask_all(survey);
    g_hash_table_unref(survey->ids);
    for (enum berth place = 0; place < PLACES; place++)
        g_hash_table_unref(survey->there[place]);
}

static void mark_log(const struct survey *survey, const struct mirror *mirror)
{
    if (mirror_has_cut(mirror))
        mark(survey, "a torn end was cut");
    if (mirror_has_removed(mirror))
        mark(survey, "a crash fell into a truncation");
}

void audit_boot(struct audit *audit, struct env *env)
{
    struct survey survey = {.audit = audit};
    struct mirror *mirror = mirror_new(env);
    g_autoptr(GError) error = NULL;
    audit->env = env;
    struct broker *broker = broker_open(
        mirror_env(mirror), (struct broker_settings){.segment = 4096}, &error);
    if (!broker) {
        BREAK(audit, "Q9", "what a crash has left is refused: %s",
              error->message);
    } else {
        mark_log(&survey, mirror);
        look(&survey, broker);
        broker_free(broker);
    }
    mirror_free(mirror);
}

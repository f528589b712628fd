#include "04-queues/storms/audit_parts.h"
#include <stdlib.h>

static const char *const names[PLACES] = {"jobs", "grave"};

static void mark(const struct audit *audit, const char *words)
{
    ordeal_mark(audit->ordeal, words);
}

static enum berth place_of(const char *queue)
{
    return strcmp(queue, names[GRAVE]) == 0 ? GRAVE : JOBS;
}

static void note(struct audit *audit, enum fact_kind kind, struct thing *thing,
                 enum berth place)
{
    struct fact fact = {.kind = kind, .thing = thing, .place = place};
    if (kind == FACT_DELIVERED)
        fact.attempt = thing->stays[place].attempt;
    g_array_append_val(audit->facts, fact);
}

/* ---- Leases. ---- */

static bool is_held(const struct audit *audit, const struct tenure *lease)
{
    return lease->state == LEASE_FAILING ||
           (lease->state == LEASE_HELD && env_now(audit->env) < lease->until);
}

static struct stay *stay_of(const struct tenure *lease)
{
    return &lease->thing->stays[lease->place];
}

static void fail(struct tenure *lease, enum lease_state state)
{
    stay_of(lease)->failed += lease->state == LEASE_HELD;
    lease->state = state;
}

/* The lease of that receipt, if it can be of use. */
static struct tenure *lease_of(struct audit *audit, const char *text,
                               const char *queue)
{
    uint64_t receipt;
    struct word word = {text, strlen(text)};
    if (!get_receipt(word, &receipt))
        return NULL;
    GHashTable *leases = audit->leases[place_of(queue)];
    struct tenure *lease = g_hash_table_lookup(leases, &receipt);
    bool known = lease && is_held(audit, lease);
    if (lease && !known && !stay_of(lease)->acked)
        mark(audit, "a receipt came too late");
    return known ? lease : NULL;
}

/* A nack that has come may be done before it is answered. */
static void on_awaited(void *self, char **words)
{
    struct tenure *lease = self;
    uint64_t receipt;
    if (strcmp(words[0], "QNACK") == 0 &&
        get_receipt((struct word){words[2], strlen(words[2])}, &receipt) &&
        receipt == lease->receipt && place_of(words[1]) == lease->place)
        fail(lease, LEASE_FAILING);
}

/* It is about to be delivered once more: so its last lease has ended. */
static void end_lease(struct audit *audit, struct thing *thing,
                      enum berth place)
{
    struct tenure *lease = thing->stays[place].lease;
    if (!lease || lease->state != LEASE_HELD)
        return;
    if (!is_held(audit, lease)) {
        mark(audit, "a lease ran out");
        fail(lease, LEASE_OVER);
        return;
    }
    for (node_id id = 2; id <= ordeal_storm(audit->ordeal)->nodes; id++)
        lobby_awaited(audit->lobby, id, on_awaited, lease);
    if (lease->state == LEASE_HELD)
        BREAK(audit, "Q5", "%.10s is delivered, and a lease on it goes on",
              thing->payload);
}

static void begin_lease(struct audit *audit, struct thing *thing, node_id to,
                        const struct delivery *delivery)
{
    struct tenure *lease = g_new(struct tenure, 1);
    *lease = (struct tenure){
        .receipt = delivery->receipt,
        .thing = thing,
        .place = place_of(delivery->queue),
        .holder = delivery->number > 0 ? to : 0,
        .until = env_now(audit->env) + LEASE_MS * MSEC,
    };
    GHashTable *leases = audit->leases[lease->place];
    stay_of(lease)->lease = lease;
    if (!g_hash_table_replace(leases, &lease->receipt, lease))
        BREAK(audit, "Q6", "a receipt is used twice");
}

/* ---- Deliveries. ---- */

static void check_attempt(struct audit *audit, const struct thing *thing,
                          const struct delivery *delivery)
{
    enum berth place = place_of(delivery->queue);
    const struct stay *stay = &thing->stays[place];
    unsigned attempt = delivery->attempt;
    if (attempt == 0 || (place == JOBS && attempt > JOB_ATTEMPTS) ||
        attempt <= stay->attempt || attempt < stay->told)
        BREAK(audit, "Q-ATTEMPT", "%.10s: attempt %u after %u and %u",
              thing->payload, attempt, stay->attempt, stay->told);
    if (!delivery->again && (stay->left || attempt > 1))
        BREAK(audit, "Q-ATTEMPT", "%.10s does not say that it comes again",
              thing->payload);
    if (attempt > 1)
        mark(audit, "a message came once more");
}

/* What is pushed and what is taken leaves one after the other; so for one client
 * alone there is an order. */
static void check_order(struct audit *audit, const struct thing *thing,
                        node_id client, const struct delivery *delivery)
{
    uint64_t *first = &audit->first[client];
    if (place_of(delivery->queue) != JOBS || delivery->again || thing->id == 0)
        return;
    if (thing->id <= *first)
        BREAK(audit, "Q4", "message %u is delivered behind message %u",
              (unsigned)thing->id, (unsigned)*first);
    *first = thing->id;
}

/* It comes from the grave: so it is dead. (What was about to be pushed to one
 * who has just gone has failed as well, and nobody saw it.) */
static void check_death(struct audit *audit, struct thing *thing)
{
    end_lease(audit, thing, JOBS);
    if (thing->stays[JOBS].failed + audit->farewells < JOB_ATTEMPTS)
        BREAK(audit, "Q-DEAD", "%.10s is dead after %u failures",
              thing->payload, thing->stays[JOBS].failed);
}

static void on_delivered(void *self, node_id client,
                         const struct delivery *delivery)
{
    struct audit *audit = self;
    enum berth place = place_of(delivery->queue);
    g_autofree char *payload =
        g_strndup(delivery->payload.data, delivery->payload.size);
    struct thing *thing = g_hash_table_lookup(audit->things, payload);
    if (!thing) {
        BREAK(audit, "Q2", "%.10s was never published", payload);
        return;
    }
    struct stay *stay = &thing->stays[place];
    if (stay->acked || (place == GRAVE && thing->stays[JOBS].acked) ||
        (place == JOBS && thing->stays[GRAVE].left))
        BREAK(audit, "Q3", "%.10s is delivered, and was done with",
              thing->payload);
    if (place == GRAVE)
        check_death(audit, thing);
    end_lease(audit, thing, place);
    check_attempt(audit, thing, delivery);
    check_order(audit, thing, client, delivery);
    stay->attempt = delivery->attempt;
    begin_lease(audit, thing, client, delivery);
    note(audit, FACT_DELIVERED, thing, place);
}

/* ---- What is asked. ---- */

static void on_asked(void *self, node_id client, char **words)
{
    struct audit *audit = self;
    (void)client;
    if (strcmp(words[0], "QONCE") != 0 ||
        g_hash_table_contains(audit->things, words[4]))
        return;
    struct thing *thing = g_new0(struct thing, 1);
    thing->payload = g_strdup(words[4]);
    thing->producer = strtoul(words[2], NULL, 10);
    thing->request = strtoul(words[3], NULL, 10);
    g_hash_table_insert(audit->things, thing->payload, thing);
    g_ptr_array_add(audit->row, thing);
}

/* ---- What is answered. ---- */

static void on_accepted(struct audit *audit, struct thing *thing, uint64_t id)
{
    if (thing->id == 0 && id <= audit->highest)
        BREAK(audit, "Q-ONCE", "%.10s is message %u, and that is another",
              thing->payload, (unsigned)id);
    if (thing->id != 0 && id != thing->id)
        BREAK(audit, "Q-ONCE", "%.10s was message %u, and is message %u",
              thing->payload, (unsigned)thing->id, (unsigned)id);
    if (thing->confirmed)
        mark(audit, "a confirmed request was repeated");
    thing->id = id;
    audit->highest = MAX(audit->highest, id);
    note(audit, FACT_CONFIRMED, thing, JOBS);
}

static void on_once(struct audit *audit, char **words, struct talk_value value)
{
    struct thing *thing = g_hash_table_lookup(audit->things, words[4]);
    g_autofree char *text = talk_text(value, 0);
    if (value.items[0].type == RESP_INTEGER)
        on_accepted(audit, thing, (uint64_t)value.items[0].number);
    else if (thing->id != 0 || !g_str_has_prefix(text, "FULL"))
        BREAK(audit, "Q-ONCE", "%.10s is message %u, and is refused: %s",
              thing->payload, (unsigned)thing->id, text);
    else
        mark(audit, "the queue was full");
}

static void on_ack(struct audit *audit, char **words, struct talk_value value)
{
    unsigned known = 0;
    for (unsigned i = 2; words[i]; i++) {
        struct tenure *lease = lease_of(audit, words[i], words[1]);
        if (!lease)
            continue;
        known++;
        lease->state = LEASE_OVER;
        stay_of(lease)->acked = true;
        note(audit, FACT_SETTLED, lease->thing, lease->place);
    }
    if (value.items[0].number > known)
        BREAK(audit, "Q6", "a lease is over, and its receipt is taken");
    if (value.items[0].number < known)
        BREAK(audit, "Q5", "a lease goes on, and its receipt is refused");
}

static void on_nack(struct audit *audit, char **words, struct talk_value value)
{
    struct tenure *lease = lease_of(audit, words[2], words[1]);
    if (!lease != !value.items[0].number)
        BREAK(audit, lease ? "Q5" : "Q6", "%s of %s is answered %u", words[0],
              words[2], (unsigned)value.items[0].number);
    if (lease && strcmp(words[0], "QTOUCH") == 0)
        lease->until = env_now(audit->env) + LEASE_MS * MSEC;
    else if (lease)
        fail(lease, LEASE_OVER);
}

static void on_last(struct audit *audit, char **words, struct talk_value value)
{
    uint64_t producer = strtoul(words[2], NULL, 10), last = 0;
    for (unsigned i = 0; i < audit->row->len; i++) {
        const struct thing *thing = audit->row->pdata[i];
        if (thing->producer == producer && thing->id != 0)
            last = MAX(last, thing->request);
    }
    if (value.items[0].number != (int64_t)last)
        BREAK(audit, "Q-ONCE", "the newest of %u is %u, says QLAST: %u",
              (unsigned)producer, (unsigned)last,
              (unsigned)value.items[0].number);
}

static void on_answered(void *self, node_id client, char **words,
                        struct talk_value value)
{
    struct audit *audit = self;
    const char *name = words[0];
    bool error = value.items[0].type == RESP_ERROR;
    (void)client;
    if (strcmp(name, "QDECLARE") == 0 && !error)
        note(audit, FACT_DECLARED, NULL, place_of(words[1]));
    else if (strcmp(name, "QONCE") == 0)
        on_once(audit, words, value);
    else if (error) {
        g_autofree char *text = talk_text(value, 0);
        if (audit->declared || !g_str_has_prefix(text, "NOQUEUE"))
            BREAK(audit, "Q1", "%s: %s", name, text);
    } else if (strcmp(name, "QACK") == 0)
        on_ack(audit, words, value);
    else if (strcmp(name, "QNACK") == 0 || strcmp(name, "QTOUCH") == 0)
        on_nack(audit, words, value);
    else if (strcmp(name, "QLAST") == 0)
        on_last(audit, words, value);
}

/* ---- Who has gone. ---- */

static void for_each_lease(struct audit *audit,
                           void (*look)(struct audit *audit,
                                        struct tenure *lease, node_id client),
                           node_id client)
{
    GHashTableIter iterator;
    void *lease;
    for (enum berth place = 0; place < PLACES; place++) {
        g_hash_table_iter_init(&iterator, audit->leases[place]);
        while (g_hash_table_iter_next(&iterator, NULL, &lease))
            look(audit, lease, client);
    }
}

static void give_back(struct audit *audit, struct tenure *lease, node_id client)
{
    if (lease->holder != client || lease->state == LEASE_OVER)
        return;
    mark(audit, "a farewell ended a lease");
    fail(lease, LEASE_OVER);
}

static void on_parted(void *self, node_id client)
{
    struct audit *audit = self;
    audit->farewells++;
    for_each_lease(self, give_back, client);
}

/* One that ran out has failed, whether somebody heard of it or not. */
static void end_with_life(struct audit *audit, struct tenure *lease,
                          node_id client)
{
    (void)client;
    if (!is_held(audit, lease))
        fail(lease, LEASE_OVER);
    lease->state = LEASE_OVER;
}

/* What has come and was not answered may be done, or not: the disk will say. */
static void on_unanswered(void *self, char **words)
{
    struct audit *audit = self;
    bool acks = strcmp(words[0], "QACK") == 0;
    for (unsigned i = 2; words[i] && (acks || strcmp(words[0], "QNACK") == 0);
         i++) {
        struct tenure *lease = lease_of(audit, words[i], words[1]);
        if (lease && acks)
            stay_of(lease)->acked = true;
        else if (lease)
            fail(lease, LEASE_OVER);
    }
}

void audit_crash(struct audit *audit)
{
    for (node_id id = 2; id <= ordeal_storm(audit->ordeal)->nodes; id++)
        lobby_awaited(audit->lobby, id, on_unanswered, audit);
    for_each_lease(audit, end_with_life, 0);
    g_hash_table_remove_all(audit->unsent);
    g_array_set_size(audit->facts, 0);
    audit->env = NULL;
    audit->lobby = NULL;
}

/* ---- What has left. ---- */

static void on_sent(void *self, node_id client)
{
    struct audit *audit = self;
    GQueue *queue = g_hash_table_lookup(audit->unsent, &client);
    if (!queue) {
        queue = g_queue_new();
        g_hash_table_insert(audit->unsent, g_memdup2(&client, sizeof client),
                            queue);
    }
    g_queue_push_tail(queue, audit->facts);
    audit->facts = g_array_new(FALSE, FALSE, sizeof(struct fact));
}

static void believe(struct audit *audit, const struct fact *fact)
{
    struct stay *stay = fact->thing ? &fact->thing->stays[fact->place] : NULL;
    switch (fact->kind) {
    case FACT_CONFIRMED:
        fact->thing->confirmed = true;
        break;
    case FACT_SETTLED:
        stay->settled = true;
        break;
    case FACT_DELIVERED:
        stay->left = true;
        stay->told = MAX(stay->told, fact->attempt);
        break;
    case FACT_DECLARED:
        audit->declared |= fact->place == JOBS;
        break;
    }
}

void audit_left(struct audit *audit, node_id to)
{
    GQueue *queue = g_hash_table_lookup(audit->unsent, &to);
    g_autoptr(GArray) facts = queue ? g_queue_pop_head(queue) : NULL;
    for (unsigned i = 0; facts && i < facts->len; i++)
        believe(audit, &g_array_index(facts, struct fact, i));
}

/* ---- The end. ---- */

bool audit_is_settled(const struct audit *audit, GString *why)
{
    for (unsigned i = 0; i < audit->row->len; i++) {
        const struct thing *thing = audit->row->pdata[i];
        bool done = thing->stays[JOBS].acked || thing->stays[GRAVE].acked;
        if (thing->confirmed && done)
            continue;
        g_string_append_printf(why, "%.10s, message %u, is %s", thing->payload,
                               (unsigned)thing->id,
                               thing->confirmed ? "not done with"
                                                : "not confirmed");
        return false;
    }
    return true;
}

/* ---- Life. ---- */

static bool lives(void *self)
{
    struct audit *audit = self;
    return sim_is_up(ordeal_sim(audit->ordeal), OFFICE);
}

struct lobby_watch audit_watch(struct audit *audit)
{
    return (struct lobby_watch){lives,     on_asked, on_answered, on_delivered,
                                on_parted, on_sent,  audit};
}

static void thing_free(void *data)
{
    struct thing *thing = data;
    g_free(thing->payload);
    g_free(thing);
}

static void queue_drop(void *data)
{
    g_queue_free_full(data, (GDestroyNotify)g_array_unref);
}

struct audit *audit_new(struct ordeal *ordeal)
{
    struct audit *audit = g_new0(struct audit, 1);
    audit->ordeal = ordeal;
    audit->things = g_hash_table_new(g_str_hash, g_str_equal);
    audit->row = g_ptr_array_new_with_free_func(thing_free);
    for (enum berth place = 0; place < PLACES; place++)
        audit->leases[place] =
            g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    audit->facts = g_array_new(FALSE, FALSE, sizeof(struct fact));
    audit->unsent =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, queue_drop);
    return audit;
}

void audit_enter(struct audit *audit, struct lobby *lobby)
{
    audit->lobby = lobby;
}

void audit_free(struct audit *audit)
{
    g_hash_table_unref(audit->things);
    g_ptr_array_unref(audit->row);
    for (enum berth place = 0; place < PLACES; place++)
        g_hash_table_unref(audit->leases[place]);
    g_array_unref(audit->facts);
    g_hash_table_unref(audit->unsent);
    g_free(audit);
}

/*
 * Remote calls: each rule on a stage of its own, and all of them in storms.
 *
 * In a storm node 1 serves, and the others call. An operation says how patient
 * a call is and what the server does about it:
 *
 *     call, key, wait 800 ms, work 120 ms
 *     call, wait 800 ms, refused once
 *
 * The checker gives each call a number, which is its body, and writes down what
 * was served and what the callers were told. A server that crashes forgets, and
 * may serve a key again; a caller that crashes is told nothing more.
 */
#include "02-framing/test_rpc_client.h"
#include "02-framing/test_rpc_server.h"
#include "common/course/graded_storm.h"
#include "common/storm/ordeal.h"

enum { HOST = 1, NODES = 3, CALLS = 64 };

#define ENOUGH (900 * SEC) /* Patience, for a call that must be done. */

/* A call, and what became of it. */
struct rpc_errand {
    struct rpc_city *city;
    unsigned number;  /* What is to be done. */
    uint64_t key;     /* Among those of its caller: others have the same. */
    node_id from;     /* Who calls ... */
    unsigned boot;    /* ... in which life. */
    nsec span, work;  /* Its patience; how long it takes to be done. */
    bool refused;     /* It will be, once. */
    unsigned effects; /* How often it was done ... */
    unsigned done_in; /* ... at last in this life of the server. */
    bool over;        /* It has an outcome. */
};

/* What the checker knows. */
struct rpc_city {
    struct ordeal *ordeal;
    unsigned boots[NODES + 1], keys[NODES + 1];
    struct rpc_errand errands[CALLS + 1]; /* From 1 on. */
    unsigned count;
};

/* A node, and what it has yet to answer. */
struct rpc_citizen {
    struct rpc_city *city;
    struct env *env;
    struct rpc *rpc;
    GPtrArray *promises;
};

struct rpc_promise {
    struct rpc_citizen *citizen;
    struct rpc_request request;
    unsigned number;
    struct timer timer;
};

/* ---- Words: "do 3", "did 3". ---- */

static GBytes *words(const char *text, unsigned number)
{
    char *line = g_strdup_printf("%s %u", text, number);
    return g_bytes_new_take(line, strlen(line));
}

/* The number of a body that is a word and a number; 0: it is not. */
static unsigned number_in(const char *word, GBytes *body)
{
    size_t size = 0;
    const char *data = body ? g_bytes_get_data(body, &size) : NULL;
    g_autofree char *line = g_strndup(data ? data : "", size);
    if (!g_str_has_prefix(line, word))
        return 0;
    return (unsigned)g_ascii_strtoull(line + strlen(word), NULL, 10);
}

/* ---- What must be so. ---- */

static bool is_awaited(const struct rpc_city *city,
                       const struct rpc_errand *errand)
{
    return !errand->over && errand->boot == city->boots[errand->from] &&
           ordeal_node(city->ordeal, errand->from);
}

static bool every_call_ends(void *self, GString *why)
{
    const struct rpc_city *city = self;
    for (unsigned i = 1; i <= city->count; i++)
        if (is_awaited(city, &city->errands[i])) {
            g_string_append_printf(why, "call %u has no outcome", i);
            return false;
        }
    for (node_id id = 1; id <= ordeal_storm(city->ordeal)->nodes; id++) {
        const struct rpc_citizen *citizen = ordeal_node(city->ordeal, id);
        if (citizen && rpc_pending(citizen->rpc) > 0) {
            g_string_append_printf(why, "rpc_pending() of node %u stays %u",
                                   (unsigned)id, rpc_pending(citizen->rpc));
            return false;
        }
    }
    return true;
}

static const struct invariant rules[] = {
    {.id = "F1", .text = "In one life of the server a key takes effect once."},
    {.id = "F2",
     .text = "A call that is done took effect, and the reply is "
             "the one to its request."},
    {.id = "F3",
     .text = "A call has one outcome, and none when its caller "
             "has crashed."},
    {.id = "F4",
     .text = "What is served was asked: that body, by that node, with that "
             "key."},
    {.id = "F5", .text = "Every call ends.", .comes = every_call_ends},
    {.id = "F6",
     .text = "While some messages come through, a call with "
             "enough time is done."},
    {0},
};

/* ---- The server. ---- */

static void keep_promise(void *self)
{
    struct rpc_promise *promise = self;
    g_autoptr(GBytes) reply = words("did", promise->number);
    rpc_reply(promise->citizen->rpc, &promise->request, reply);
}

static void take_effect(struct rpc_citizen *citizen, struct rpc_errand *errand)
{
    struct ordeal *ordeal = citizen->city->ordeal;
    unsigned life = citizen->city->boots[HOST];
    g_autofree char *text = g_strdup_printf("serves %u", errand->number);
    sim_remark(ordeal_sim(ordeal), HOST, "note", text);
    if (errand->key && errand->done_in == life)
        ordeal_break(ordeal, HOST, "F1",
                     "call %u has a key, and is served for the second time",
                     errand->number);
    errand->effects++;
    errand->done_in = life;
}

static void promise(struct rpc_citizen *citizen,
                    const struct rpc_request *request,
                    const struct rpc_errand *errand)
{
    struct rpc_promise *made = g_new0(struct rpc_promise, 1);
    *made = (struct rpc_promise){citizen,
                                 *request,
                                 errand->number,
                                 {.fire = keep_promise, .self = made}};
    g_ptr_array_add(citizen->promises, made);
    if (errand->work == 0)
        keep_promise(made);
    else
        env_arm(citizen->env, &made->timer, errand->work);
}

static void on_errand(void *self, const struct rpc_request *request,
                      GBytes *body)
{
    struct rpc_citizen *citizen = self;
    struct rpc_city *city = citizen->city;
    unsigned number = number_in("do ", body);
    struct rpc_errand *errand = &city->errands[MIN(number, CALLS)];
    if (errand->number == 0 || errand->from != request->from ||
        errand->key != request->key) {
        ordeal_break(city->ordeal, HOST, "F4",
                     "served as key %u of node %u: %s", (unsigned)request->key,
                     (unsigned)request->from,
                     number > 0 ? "another call" : "nothing that was asked");
    } else if (errand->refused) {
        errand->refused = false;
        g_autofree char *why = g_strdup_printf("refused %u", number);
        rpc_refuse(citizen->rpc, request, why);
    } else {
        take_effect(citizen, errand);
        promise(citizen, request, errand);
    }
}

/* ---- Its callers. ---- */

static void expect_done(const struct rpc_errand *errand, GBytes *body)
{
    struct ordeal *ordeal = errand->city->ordeal;
    if (number_in("did ", body) != errand->number)
        ordeal_break(ordeal, errand->from, "F2",
                     "call %u ends with another reply", errand->number);
    else if (errand->effects == 0)
        ordeal_break(ordeal, errand->from, "F2",
                     "call %u is done, and was not served", errand->number);
}

static void on_over(void *self, enum rpc_outcome outcome, GBytes *body)
{
    static const char *const names[] = {"done", "refused", "timed out"};
    struct rpc_errand *errand = self;
    struct rpc_city *city = errand->city;
    g_autofree char *text = g_strdup_printf("call %u %s", errand->number,
                                            names[MIN(outcome, RPC_TIMED_OUT)]);
    ordeal_answer(city->ordeal, errand->from, text);
    if (errand->over || errand->boot != city->boots[errand->from])
        ordeal_break(city->ordeal, errand->from, "F3", "%s: %s", text,
                     errand->over ? "a second outcome"
                                  : "it was made in an earlier life");
    errand->over = true;
    if (outcome == RPC_DONE)
        expect_done(errand, body);
    else if (errand->span >= ENOUGH)
        ordeal_break(city->ordeal, errand->from, "F6",
                     "%s, after a part of its %u s", text,
                     (unsigned)(errand->span / SEC));
}

static void draw_call(struct dice *dice, node_id node, GString *operation)
{
    bool keyed = dice_roll(dice) % 4 > 0, quick = dice_roll(dice) % 2;
    unsigned wait = (unsigned)dice_between(dice, 1, 50) * 100;
    unsigned work = (unsigned)dice_between(dice, 1, 50) * 10;
    bool refused = dice_roll(dice) % 16 == 0;
    if (node == HOST)
        return;
    g_string_append_printf(operation, "call%s, wait %u ms",
                           keyed ? ", key" : "", wait);
    if (refused)
        g_string_append(operation, ", refused once");
    else if (!quick)
        g_string_append_printf(operation, ", work %u ms", work);
}

/* The time behind a word of an operation; 0: there is none. */
static nsec time_behind(const char *operation, const char *word)
{
    const char *found = strstr(operation, word);
    return found ? strtoul(found + strlen(word), NULL, 10) * MSEC : 0;
}

static void ask_call(void *self, node_id node, const char *operation)
{
    struct rpc_city *city = self;
    struct rpc_citizen *citizen = ordeal_node(city->ordeal, node);
    if (node == HOST || city->count == CALLS)
        return; /* The server calls nobody. */
    struct rpc_errand *errand = &city->errands[++city->count];
    *errand = (struct rpc_errand){.city = city,
                                  .number = city->count,
                                  .from = node,
                                  .boot = city->boots[node],
                                  .span = time_behind(operation, "wait "),
                                  .work = time_behind(operation, "work ")};
    errand->key = strstr(operation, "key") ? ++city->keys[node] : 0;
    errand->refused = strstr(operation, "refused") != NULL;
    g_autoptr(GBytes) body = words("do", errand->number);
    struct rpc_patience patience = {.span = errand->span, .key = errand->key};
    rpc_call(citizen->rpc, HOST, body, patience, on_over, errand);
}

/* ---- A node. ---- */

static void *boot_citizen(struct env *env, void *context)
{
    struct rpc_citizen *citizen = g_new0(struct rpc_citizen, 1);
    citizen->city = context;
    citizen->city->boots[env->id]++;
    citizen->env = env;
    citizen->promises = g_ptr_array_new_with_free_func(g_free);
    citizen->rpc = rpc_new(env, (struct rpc_settings){.memory = 9999 * SEC});
    if (env->id == HOST)
        rpc_serve(citizen->rpc, on_errand, citizen);
    return citizen;
}

static void stop_citizen(void *self)
{
    struct rpc_citizen *citizen = self;
    rpc_free(citizen->rpc);
    g_ptr_array_unref(citizen->promises);
    g_free(citizen);
}

static void *open_city(struct ordeal *ordeal)
{
    struct rpc_city *city = g_new0(struct rpc_city, 1);
    city->ordeal = ordeal;
    return city;
}

/* "do 3 key 2 #9f": the end of its id tells the tries of a call from others. */
static void describe(GString *text, GBytes *message)
{
    struct frame frame;
    if (!frame_of(message, &frame)) {
        g_string_append(text, "damaged");
        return;
    }
    struct wire_reader in = wire_read(frame.payload, frame.size);
    uint64_t key = frame.flags == 0 ? wire_get_u64(&in) : 0;
    g_string_append_len(text, (const char *)in.next, (gssize)in.left);
    if (key > 0)
        g_string_append_printf(text, " key %u", (unsigned)key);
    g_string_append_printf(text, " #%02x", (unsigned)frame.id & 0xff);
}

static const struct subject calls = {
    .name = "rpc",
    .least = 2,
    .most = NODES,
    .spared = 1 << CLASS_TORN | 1 << CLASS_SLOW, /* It has no disk. */
    .always = 1 << HOST,
    .questions = CALLS,
    .boot = boot_citizen,
    .stop = stop_citizen,
    .describe = describe,
    .open = open_city,
    .close = g_free,
    .rules = rules,
    .draw = draw_call,
    .ask = ask_call,
};

/* ---- Storms. ---- */

static void through_any_storm_a_key_takes_effect_once(void)
{
    graded_storm(&calls, 50);
}

/* Nothing but lost and late messages, for longer than anyone waits. */
static struct storm *long_storm(uint64_t seed)
{
    struct storm *storm = storm_new();
    struct dice dice = dice_at(seed, 1, 1);
    g_strlcpy(storm->subject, calls.name, sizeof storm->subject);
    storm->seed = seed;
    storm->nodes = NODES;
    storm->core = ((uint64_t)2 << NODES) - 2;
    storm->until = ENOUGH + SEC;
    storm->weather = (struct storm_weather){.loss = 2,
                                            .repeat = 10,
                                            .overtaking = true,
                                            .least = MSEC,
                                            .spread = STORM_EVEN,
                                            .more = SEC};
    for (unsigned i = 0; i < 40; i++) {
        struct storm_event event = {.kind = STORM_ASK, .node = 2 + i % 2};
        g_snprintf(event.asked, sizeof event.asked,
                   "call, key, wait %u ms, work %u ms",
                   (unsigned)(ENOUGH / MSEC),
                   (unsigned)dice_between(&dice, 0, 50) * 10);
        g_array_append_val(storm->events, event);
    }
    return storm;
}

static void with_patience_every_call_is_done(void)
{
    struct subject patient = calls;
    patient.calm = ENOUGH + SEC;
    for_each_seed (seed, 10) {
        struct storm *storm = long_storm(seed);
        graded_storm_of(&patient, storm);
        storm_free(storm);
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(a_request_is_one_frame_with_key_body_and_time),
        GRADED(each_reply_ends_its_own_call),
        GRADED(only_the_asked_node_answers),
        GRADED(what_comes_late_or_twice_answers_nothing),
        GRADED(done_may_call_and_cancel),
        GRADED(done_never_comes_from_within_rpc_call),
        GRADED(no_id_is_used_twice),
        GRADED(a_try_is_the_same_request_again),
        GRADED(the_wait_doubles_up_to_the_longest),
        GRADED(waits_of_different_luck_are_different),
        GRADED(a_call_ends_at_its_deadline),
        GRADED(a_cancelled_call_is_silent),
        GRADED(what_has_ended_leaves_nothing_behind),
        GRADED(without_a_key_each_request_is_served),
        GRADED(what_is_no_request_is_dropped),
        GRADED(a_key_is_served_once),
        GRADED(keys_belong_to_the_node_that_asks),
        GRADED(a_repeated_request_waits_for_the_reply),
        GRADED(a_refusal_is_not_remembered),
        GRADED(one_key_too_many_is_refused),
        GRADED(a_key_is_remembered_for_its_time),
        GRADED(behind_the_deadline_a_reply_is_only_kept),
        GRADED(through_any_storm_a_key_takes_effect_once),
        GRADED(with_patience_every_call_is_done),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

#include "04-queues/credit.h"
#include "04-queues/storms/staff.h"
#include "04-queues/storms/talk.h"
#include <stdlib.h>

enum { WINDOW = 6, TAKE = 3, QUIET = 6 };

/* A message at work. */
struct labour {
    char *receipt;
    const char *queue;
    bool poison;
    bool touched;
    nsec due;
};

struct consumer {
    struct env *env;
    bool pushed;
    struct intake intake;
    uint64_t life;  /* Of the broker whose deliveries are counted. */
    unsigned quiet; /* Ticks since it has granted. */
    GQueue work;    /* struct labour, in the order in which they came. */
    nsec rest;      /* Until then it does nothing. */
    struct timer tick;
};

static void labour_free(void *data)
{
    struct labour *labour = data;
    g_free(labour->receipt);
    g_free(labour);
}

/* ---- What it does with a message. ---- */

/* What is poison fails, or is never done; others are, now and then, not either.
 * From the grave all are taken. */
static void say_result(struct consumer *consumer, const struct labour *labour,
                       struct wire_writer *out)
{
    uint64_t chance = env_random(consumer->env) % 16;
    bool poison = labour->poison && strcmp(labour->queue, "jobs") == 0;
    if (poison && chance < 12)
        talk_say(out, "QNACK jobs %s DELAY %u", labour->receipt,
                 (unsigned)chance * 20);
    else if (!poison && chance == 1)
        talk_say(out, "QNACK %s %s", labour->queue, labour->receipt);
    else if (!poison && chance > 1)
        talk_say(out, "QACK %s %s %s", labour->queue, labour->receipt,
                 labour->receipt);
}

static void say_results(struct consumer *consumer, struct wire_writer *out)
{
    nsec now = env_now(consumer->env);
    GList *next;
    for (GList *at = consumer->work.head; at; at = next) {
        struct labour *labour = at->data;
        next = at->next;
        if (labour->due > now)
            continue;
        if (!labour->touched && env_random(consumer->env) % 8 == 0) {
            talk_say(out, "QTOUCH %s %s", labour->queue, labour->receipt);
            labour->touched = true;
            labour->due = now + 100 * MSEC;
            continue;
        }
        say_result(consumer, labour, out);
        intake_completed(&consumer->intake);
        g_queue_delete_link(&consumer->work, at);
        labour_free(labour);
    }
}

static void say_credit(struct consumer *consumer, struct wire_writer *out)
{
    if (!intake_owes(&consumer->intake) && ++consumer->quiet < QUIET)
        return;
    consumer->quiet = 0;
    talk_say(out, "ECHO credit");
    talk_say(out, "QCREDIT jobs %" G_GUINT64_FORMAT,
             intake_total(&consumer->intake));
}

static void on_tick(void *self)
{
    struct consumer *consumer = self;
    struct wire_writer out = {.most = consumer->env->most};
    nsec wait = 20 * MSEC + env_random(consumer->env) % (80 * MSEC);
    env_arm(consumer->env, &consumer->tick, wait);
    if (env_now(consumer->env) < consumer->rest)
        return;
    talk_say(&out, "HELLO 3");
    say_results(consumer, &out);
    talk_say(&out, "ECHO grave");
    talk_say(&out, "QTAKE grave COUNT %d", TAKE);
    talk_say(&out, "ECHO jobs");
    if (consumer->pushed)
        say_credit(consumer, &out);
    else if (consumer->work.length < WINDOW)
        talk_say(&out, "QTAKE jobs COUNT %d WAIT 150", TAKE);
    talk_send(&out, consumer->env, OFFICE);
}

/* ---- What it hears. ---- */

struct consumer_letter {
    struct consumer *consumer;
    bool credit; /* The next number is how many were sent. */
    bool grave;  /* What is taken is from there. */
};

/* A message to work on, whose receipt is item @p i. */
static void begin(struct consumer *consumer, const char *queue,
                  struct talk_value value, size_t i)
{
    struct labour *labour = g_new0(struct labour, 1);
    g_autofree char *payload =
        talk_text(value, value.items[0].type == RESP_PUSH ? i + 4 : i + 3);
    labour->receipt = talk_text(value, i);
    labour->queue = queue;
    labour->poison = cargo_is_poison(payload);
    labour->due =
        env_now(consumer->env) + env_random(consumer->env) % (300 * MSEC);
    g_queue_push_tail(&consumer->work, labour);
}

/* With a new life of the broker the count begins anew; what is of an old one
 * comes too late. */
static void on_push(struct consumer *consumer, struct talk_value value)
{
    g_autofree char *receipt = talk_text(value, 3);
    uint64_t life = strtoul(receipt, NULL, 10);
    if (life < consumer->life)
        return;
    if (life > consumer->life) {
        intake_init(&consumer->intake, WINDOW);
        g_queue_clear_full(&consumer->work, labour_free);
        consumer->life = life;
    }
    intake_received(&consumer->intake, (uint64_t)value.items[6].number);
    begin(consumer, "jobs", value, 3);
}

static void on_taken(struct consumer *consumer, const char *queue,
                     struct talk_value value)
{
    for (size_t i = 1; i + 4 < value.count; i += 5) {
        intake_received(&consumer->intake, 0);
        begin(consumer, queue, value, i + 1);
    }
}

static void on_value(void *self, struct talk_value value)
{
    struct consumer_letter *letter = self;
    struct consumer *consumer = letter->consumer;
    enum resp_type type = value.items[0].type;
    if (type == RESP_PUSH) {
        on_push(consumer, value);
    } else if (type == RESP_BULK) {
        g_autofree char *text = talk_text(value, 0);
        letter->credit = strcmp(text, "credit") == 0;
        letter->grave = strcmp(text, "grave") == 0;
    } else if (type == RESP_INTEGER && letter->credit) {
        intake_heard(&consumer->intake, (uint64_t)value.items[0].number);
    } else if (type == RESP_ARRAY) {
        on_taken(consumer, letter->grave ? "grave" : "jobs", value);
    }
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct consumer_letter letter = {.consumer = self};
    (void)from;
    talk_hear(message, on_value, &letter);
}

/* ---- Life. ---- */

struct consumer *consumer_new(struct env *env, bool pushed)
{
    struct consumer *consumer = g_new0(struct consumer, 1);
    consumer->env = env;
    consumer->pushed = pushed;
    intake_init(&consumer->intake, WINDOW);
    consumer->tick = (struct timer){.fire = on_tick, .self = consumer};
    env_bind(env, on_message, consumer);
    on_tick(consumer);
    return consumer;
}

void consumer_rest(struct consumer *consumer, nsec span)
{
    consumer->rest = env_now(consumer->env) + span;
}

void consumer_free(struct consumer *consumer)
{
    env_disarm(consumer->env, &consumer->tick);
    g_queue_clear_full(&consumer->work, labour_free);
    g_free(consumer);
}

#include "04-queues/storms/staff.h"
#include "04-queues/storms/talk.h"
#include <stdlib.h>

enum { RUN = 6, DECLARES = 2, POISON = 5 };

struct publisher {
    struct env *env;
    const char *durability;
    uint64_t asked;        /* Requests 1 to here. */
    uint64_t done;         /* Confirmed are all up to here ... */
    GByteArray *confirmed; /* ... and of those behind it these, by number. */
    struct timer tick;
};

/* ---- What it sends. ---- */

char *cargo_of(uint64_t producer, uint64_t request)
{
    g_autofree char *rest = g_strnfill(request * 97 % 900, 'x');
    return g_strdup_printf("%u-%u-%s", (unsigned)producer, (unsigned)request,
                           rest);
}

bool cargo_is_poison(const char *payload)
{
    const char *request = strchr(payload, '-');
    return request && strtoul(request + 1, NULL, 10) % POISON == 0;
}

/* ---- What it remembers over a crash. ---- */

static uint64_t recall(struct env *env, const char *key)
{
    g_autoptr(GBytes) value = env_recall(env, key);
    struct wire_reader in = {0};
    if (value)
        in = wire_read_bytes(value);
    return value ? wire_get_u64(&in) : 0;
}

static void persist(struct env *env, const char *key, uint64_t number)
{
    struct wire_writer out = {.most = sizeof number};
    wire_put_u64(&out, number);
    g_autoptr(GBytes) value = wire_finish(&out);
    env_persist(env, key, value);
}

static void make_room(struct publisher *producer)
{
    guint old = producer->confirmed->len;
    g_byte_array_set_size(producer->confirmed, (guint)producer->asked + 1);
    memset(producer->confirmed->data + old, 0, producer->confirmed->len - old);
}

/* ---- To publish. ---- */

static bool is_confirmed(const struct publisher *producer, uint64_t request)
{
    return request <= producer->done || producer->confirmed->data[request];
}

/* "3,5,6": the next that are not confirmed. Returns new; NULL: all are. */
static char *next_requests(const struct publisher *producer)
{
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned count = 0;
    for (uint64_t n = producer->done + 1; n <= producer->asked && count < RUN;
         n++) {
        if (is_confirmed(producer, n))
            continue;
        g_string_append_printf(text, "%s%u", count > 0 ? "," : "", (unsigned)n);
        count++;
    }
    return count > 0 ? g_strdup(text->str) : NULL;
}

static void say_declares(const struct publisher *producer,
                         struct wire_writer *out)
{
    talk_say(out, "QDECLARE grave DURABILITY %s VISIBILITY %d",
             producer->durability, LEASE_MS);
    talk_say(out,
             "QDECLARE jobs DURABILITY %s MESSAGES %d VISIBILITY %d "
             "ATTEMPTS %d DEAD grave",
             producer->durability, JOBS_MOST, LEASE_MS, JOB_ATTEMPTS);
}

static void on_tick(void *self)
{
    struct publisher *producer = self;
    struct wire_writer out = {.most = producer->env->most};
    g_autofree char *requests = next_requests(producer);
    nsec wait = 20 * MSEC + env_random(producer->env) % (80 * MSEC);
    env_arm(producer->env, &producer->tick, wait);
    if (!requests)
        return;
    g_auto(GStrv) numbers = g_strsplit(requests, ",", -1);
    talk_say(&out, "ECHO %s", requests);
    say_declares(producer, &out);
    for (unsigned i = 0; numbers[i]; i++) {
        uint64_t request = strtoul(numbers[i], NULL, 10);
        g_autofree char *payload = cargo_of(producer->env->id, request);
        talk_say(&out, "QONCE jobs %u %s %s", (unsigned)producer->env->id,
                 numbers[i], payload);
    }
    talk_say(&out, "QLAST jobs %u", (unsigned)producer->env->id);
    talk_send(&out, producer->env, OFFICE);
}

/* ---- What it hears. ---- */

struct publisher_letter {
    struct publisher *producer;
    char **requests;
    unsigned place;
};

static void confirm(struct publisher *producer, uint64_t request)
{
    uint64_t done = producer->done;
    producer->confirmed->data[request] = 1;
    while (producer->done < producer->asked &&
           is_confirmed(producer, producer->done + 1))
        producer->done++;
    if (producer->done > done)
        persist(producer->env, "producer.done", producer->done);
}

static void on_value(void *self, struct talk_value value)
{
    struct publisher_letter *letter = self;
    unsigned place = letter->place++;
    if (place == 0) {
        g_autofree char *text = talk_text(value, 0);
        letter->requests = g_strsplit(text, ",", -1);
        return;
    }
    place -= 1 + DECLARES;
    if (place < g_strv_length(letter->requests) &&
        value.items[0].type == RESP_INTEGER)
        confirm(letter->producer, strtoul(letter->requests[place], NULL, 10));
}

static void on_message(void *self, node_id from, GBytes *message)
{
    struct publisher_letter letter = {.producer = self};
    (void)from;
    talk_hear(message, on_value, &letter);
    g_strfreev(letter.requests);
}

/* ---- Life. ---- */

struct publisher *publisher_new(struct env *env, const char *durability)
{
    struct publisher *producer = g_new0(struct publisher, 1);
    producer->env = env;
    producer->durability = durability;
    producer->done = recall(env, "producer.done");
    producer->asked = MAX(producer->done, recall(env, "producer.asked"));
    producer->confirmed = g_byte_array_new();
    make_room(producer);
    producer->tick = (struct timer){.fire = on_tick, .self = producer};
    env_bind(env, on_message, producer);
    on_tick(producer);
    return producer;
}

void publisher_publish(struct publisher *producer, unsigned count)
{
    producer->asked += count;
    make_room(producer);
    persist(producer->env, "producer.asked", producer->asked);
}

uint64_t publisher_asked(const struct publisher *producer)
{
    return producer->asked;
}

bool publisher_is_done(const struct publisher *producer)
{
    return producer->done == producer->asked;
}

void publisher_free(struct publisher *producer)
{
    env_disarm(producer->env, &producer->tick);
    g_byte_array_unref(producer->confirmed);
    g_free(producer);
}

#include "04-queues/server/office_queues.h"

/* ---- Settings. ---- */

static const char *const durabilities[] = {"none", "written", "synced"};

static bool get_durability(struct word word, enum durability *durability)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(durabilities); i++)
        if (word_is(word, durabilities[i])) {
            *durability = (enum durability)i;
            return true;
        }
    return false;
}

/* The option at word @p i and the one behind it. False: an error was put. */
static bool get_setting(struct errand *errand, size_t i,
                        struct queue_settings *settings)
{
    struct word name = word_at(errand, i);
    uint64_t number = 0;
    bool good = i + 1 < errand->command->count;
    if (good && word_is(name, "DURABILITY"))
        good = get_durability(word_at(errand, i + 1), &settings->durability);
    else if (good && word_is(name, "DEAD"))
        settings->dead = word_at(errand, i + 1);
    else if (word_is(name, "MESSAGES"))
        return get_number(errand, i + 1, INT64_MAX, &settings->messages);
    else if (word_is(name, "BYTES"))
        return get_number(errand, i + 1, INT64_MAX, &settings->bytes);
    else if (word_is(name, "VISIBILITY"))
        return get_span(errand, i + 1, &settings->visibility);
    else if (word_is(name, "ATTEMPTS") &&
             get_number(errand, i + 1, UINT32_MAX, &number))
        settings->attempts = (uint32_t)number;
    else if (word_is(name, "ATTEMPTS"))
        return false;
    else
        good = false;
    if (!good)
        put_syntax(errand);
    return good;
}

/* ---- Queues come and go. ---- */

void office_declare(struct errand *errand)
{
    struct queue_settings settings = {.durability = DURABILITY_SYNCED};
    if (errand->office->settings.transient)
        settings.durability = DURABILITY_NONE;
    for (size_t i = 2; i < errand->command->count; i += 2)
        if (!get_setting(errand, i, &settings))
            return;
    put_outcome(errand, broker_declare(errand->office->broker,
                                       word_at(errand, 1), &settings));
}

void office_drop(struct errand *errand)
{
    put_outcome(errand,
                broker_drop(errand->office->broker, word_at(errand, 1)));
}

void office_purge(struct errand *errand)
{
    resp_put_integer(errand->out, queue_purge(errand->queue));
}

/* ---- Looking. ---- */

void office_length(struct errand *errand)
{
    resp_put_integer(errand->out, queue_facts(errand->queue).ready);
}

void office_list(struct errand *errand)
{
    struct broker *broker = errand->office->broker;
    struct queue *queue;
    size_t count = 0;
    while (broker_queue(broker, (unsigned)count))
        count++;
    resp_put_array(errand->out, count);
    for (unsigned i = 0; (queue = broker_queue(broker, i)); i++)
        resp_put_text(errand->out, queue_facts(queue).name);
}

static void put_fact(const struct errand *errand, const char *name,
                     uint64_t value)
{
    resp_put_text(errand->out, name);
    resp_put_integer(errand->out, (int64_t)value);
}

void office_about(struct errand *errand)
{
    struct queue_facts facts = queue_facts(errand->queue);
    const struct queue_settings *settings = &facts.settings;
    resp_put_map(errand->out, errand->command->version, 17);
    resp_put_text(errand->out, "durability");
    resp_put_text(errand->out, durabilities[settings->durability]);
    resp_put_text(errand->out, "dead-queue");
    resp_put_bulk(errand->out, settings->dead.data, settings->dead.size);
    put_fact(errand, "messages-limit", settings->messages);
    put_fact(errand, "bytes-limit", settings->bytes);
    put_fact(errand, "visibility-ms", settings->visibility / MSEC);
    put_fact(errand, "attempts-limit", settings->attempts);
    put_fact(errand, "ready", facts.ready);
    put_fact(errand, "taken", facts.taken);
    put_fact(errand, "delayed", facts.delayed);
    put_fact(errand, "bytes", facts.bytes);
    put_fact(errand, "consumers", facts.consumers);
    put_fact(errand, "published", facts.published);
    put_fact(errand, "repeated", facts.repeated);
    put_fact(errand, "delivered", facts.delivered);
    put_fact(errand, "redelivered", facts.redelivered);
    put_fact(errand, "acked", facts.acked);
    put_fact(errand, "dead", facts.dead);
}

/*
 * Any commands, from several clients of an office on a tape. A byte of the input
 * stands for a client and a command, or for a farewell, time that passes, or a
 * reboot; the next ones for its words. What must hold:
 *
 *   What a queue holds, and what
 *   the broker counts, is what was published less what is done with, and what
 *   logs retain; it is never more than the limits. After a boot it is the same
 *   again.
 */
#include "02-framing/resp_writer.h"
#include "04-queues/broker_parts.h"
#include "04-queues/server/office.h"
#include "04-queues/server/pages.h"
#include "common/judge/fuzz.h"
#include "common/world/tape.h"
#include <string.h>

enum { OFFICE_CLIENTS = 3, FIRST = 70001, SEGMENT = 4096, LIMIT = 4000 };

static const char *const templates[] = {
    "QDECLARE @ DURABILITY % MESSAGES # ATTEMPTS # DEAD @",
    "QDECLARE @ DURABILITY %",
    "QDECLARE @ VISIBILITY #",
    "QPUSH @ #",
    "QPUSH @ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "QONCE @ # # #",
    "QLAST @ #",
    "QTAKE @ COUNT #",
    "QTAKE @ WAIT #",
    "QACK @ 1-# 1-# 2-#",
    "QACK @ 1-1 1-2 1-3 1-4 1-5 1-6 1-7 1-8 1-9",
    "QNACK @ 1-# DELAY #",
    "QNACK @ 1-#",
    "QTOUCH @ 1-#",
    "QCONSUME @ #",
    "QCREDIT @ #",
    "QCANCEL @",
    "QLEN @",
    "QINFO @",
    "QLIST",
    "QPURGE @",
    "QDROP @",
    "LOGCREATE @ MESSAGES # BYTES #",
    "LOGCREATE @",
    "LOGADD @ #",
    "LOGADD @ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "LOGREAD @ FROM # COUNT # WAIT #",
    "LOGREAD @ GROUP @ COUNT #",
    "LOGCOMMIT @ @ #",
    "LOGINFO @",
    "LOGLIST",
    "LOGDROP @",
    "HELLO 3",
    "RESET",
    "MULTI",
    "EXEC",
    "DISCARD",
    "PING #",
};

static const char *const durabilities[] = {"none", "written", "synced"};
static const char *const numbers[] = {
    "0", "1", "2", "3", "5", "7", "9", "", "1000", "-1", "99999999999999999999",
    "x"};

struct fuzz_input {
    const uint8_t *data;
    size_t size;
};

static uint8_t next(struct fuzz_input *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->data++;
}

/* ---- Commands. ---- */

static char *fill(const char *word, struct fuzz_input *input)
{
    static const char *const queues[] = {"a", "b", "c", "no such"};
    g_autoptr(GString) text = g_string_new(NULL);
    for (; *word; word++)
        if (*word == '@')
            g_string_append(text, queues[next(input) % G_N_ELEMENTS(queues)]);
        else if (*word == '%')
            g_string_append(
                text, durabilities[next(input) % G_N_ELEMENTS(durabilities)]);
        else if (*word == '#')
            g_string_append(text, numbers[next(input) % G_N_ELEMENTS(numbers)]);
        else
            g_string_append_c(text, *word);
    return g_strdup(text->str);
}

static void say(struct tape *tape, node_id client, struct fuzz_input *input)
{
    const char *line = templates[next(input) % G_N_ELEMENTS(templates)];
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    struct wire_writer out = {.most = SIZE_MAX};
    for (unsigned i = 0; words[i]; i++) {
        char *word = fill(words[i], input);
        g_free(words[i]);
        words[i] = word;
    }
    resp_put_command(&out, g_strv_length(words), (const char *const *)words);
    tape_play(tape, client, out.data, out.size);
    wire_clear(&out);
}

/* Whoever it is: every other time it has not read. */
static size_t count_unread(void *self, node_id client)
{
    unsigned *asked = self;
    (void)client;
    return ++*asked % 2 * PAGES_UNREAD * 2;
}

/* ---- What must hold. ---- */

static unsigned depth_of(const struct queue_facts *facts)
{
    return facts->ready + facts->taken + facts->delayed;
}

static void check(struct office *office)
{
    struct broker *broker = office_broker(office);
    struct queue *queue;
    size_t size = 0;
    for (unsigned i = 0; (queue = broker_queue(broker, i)); i++) {
        struct queue_facts facts = queue_facts(queue);
        struct word name = {facts.name, strlen(facts.name)};
        g_assert(broker_find(broker, name) == queue);
        size += facts.bytes + (size_t)depth_of(&facts) * MESSAGE_COST;
    }
    g_assert(size + broker->others == broker_size(broker));
    g_assert(broker_size(broker) <= LIMIT);
}

/* The durable ones are the same, and all they hold is ready. */
static struct office *reboot(struct tape *tape, struct office *office,
                             struct office_settings settings)
{
    struct broker *broker = office_broker(office);
    g_autoptr(GString) before = g_string_new(NULL);
    g_autoptr(GString) after = g_string_new(NULL);
    struct queue *queue;
    for (unsigned i = 0; (queue = broker_queue(broker, i)); i++) {
        struct queue_facts facts = queue_facts(queue);
        if (facts.settings.durability != DURABILITY_NONE)
            g_string_append_printf(before, "%s:%u ", facts.name,
                                   depth_of(&facts));
    }
    size_t retained = broker->others;
    office_free(office);
    tape_crash(tape);
    office = office_open(tape_env(tape), settings, NULL);
    g_assert(office);
    broker = office_broker(office);
    for (unsigned i = 0; (queue = broker_queue(broker, i)); i++) {
        struct queue_facts facts = queue_facts(queue);
        g_string_append_printf(after, "%s:%u ", facts.name, facts.ready);
    }
    g_assert_cmpstr(before->str, ==, after->str);
    g_assert(broker->others == retained);
    return office;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    unsigned asked = 0;
    struct office_settings settings = {.most = LIMIT,
                                       .segment = SEGMENT,
                                       .unread = count_unread,
                                       .self = &asked};
    struct tape *tape = tape_new(1);
    struct office *office = office_open(tape_env(tape), settings, NULL);
    while (input.size > 0) {
        uint8_t what = next(&input);
        node_id client = FIRST + what % OFFICE_CLIENTS;
        if (what < 224)
            say(tape, client, &input);
        else if (what < 232)
            tape_play(tape, client, NULL, 0);
        else if (what < 252)
            tape_pass(tape, (nsec)next(&input) * 100 * MSEC);
        else
            office = reboot(tape, office, settings);
        check(office);
        g_free(tape_take(tape));
    }
    office_free(office);
    tape_free(tape);
    return 0;
}

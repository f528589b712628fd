/**
 * @file test_ledger.h
 * For tests of dedupe.h: payments to a bank, in the simulator. Effect and
 * answer are one record, and the log begins anew every few records: so the
 * bank's sum is right when its table is.
 *
 *     struct ledger ledger = {.requests = 40, .pipeline = 4};
 *     ledger_run(&ledger, seed);    // Expects that the sum is right.
 */
#ifndef QUEUES_TEST_LEDGER_H
#define QUEUES_TEST_LEDGER_H
#include "02-framing/wire.h"
#include "04-queues/dedupe.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include "common/world/sim.h"
#include <string.h>

/** Node 1 is the bank, the others are its clients. */
enum { BANK = 1, LEDGER_NODES = 4, LEDGER_MOST = 100 };

/** What is known of a request, by who looks on. */
struct payment {
    unsigned done;   /**< How often. */
    bool answered;   /**< Its client has ... */
    uint64_t answer; /**< ... this answer. */
};

/** A world. */
struct ledger {
    unsigned requests; /**< Of each client, at most LEDGER_MOST. */
    unsigned pipeline; /**< So many of them under way. */
    struct payment payments[LEDGER_NODES + 1][LEDGER_MOST + 1]; /**< By seq. */
};

/** Two numbers, as a message. Returns new. */
static inline GBytes *two_numbers(uint64_t one, uint64_t other)
{
    struct wire_writer out = {.most = SIZE_MAX};
    wire_put_u64(&out, one);
    wire_put_u64(&out, other);
    return wire_finish(&out);
}

/* ---- The bank. ---- */

/** The bank, in one life. */
struct bank {
    struct ledger *ledger; /**< Its world. */
    struct env *env;       /**< Its env. */
    struct dedupe *dedupe; /**< What is tested. */
    uint64_t sum;          /**< Paid in, in all. */
    unsigned records;      /**< Since the log began anew. */
};

/** The log begins anew: with the sum, and the table. */
static inline void bank_begin(struct bank *bank)
{
    struct wire_writer out = {.most = SIZE_MAX};
    g_autoptr(GBytes) table = dedupe_write(bank->dedupe);
    size_t size;
    const void *data = g_bytes_get_data(table, &size);
    wire_put_u64(&out, bank->sum);
    wire_put_string(&out, data, size);
    g_autoptr(GBytes) state = wire_finish(&out);
    env_persist(bank->env, "bank", state);
    bank->records = 0;
}

/** One record: who, which, how much, and what was said. */
static inline void bank_log(struct bank *bank, const uint64_t numbers[4])
{
    struct wire_writer out = {.most = SIZE_MAX};
    for (unsigned i = 0; i < 4; i++)
        wire_put_u64(&out, numbers[i]);
    g_autoptr(GBytes) record = wire_finish(&out);
    env_append(bank->env, "bank", record);
    if (++bank->records == 7)
        bank_begin(bank);
}

/** A payment: how much depends on its number. */
static inline void on_payment(void *self, node_id from, GBytes *message)
{
    struct bank *bank = self;
    struct wire_reader in = wire_read_bytes(message);
    uint64_t seq = wire_get_u64(&in), amount = wire_get_u64(&in), answer = 0;
    switch (dedupe_ask(bank->dedupe, from, seq, &answer)) {
    case DEDUPE_NEW:
        bank->sum += amount;
        answer = bank->sum;
        bank->ledger->payments[from][seq].done++;
        dedupe_done(bank->dedupe, from, seq, answer);
        bank_log(bank, (uint64_t[]){from, seq, amount, answer});
        break;
    case DEDUPE_REPEATED:
        break;
    case DEDUPE_FORGOTTEN:
        return; /* A late copy: its client has the answer. */
    case DEDUPE_FULL:
        graded_wrong("room for three clients", "dedupe_ask() says FULL");
    }
    g_autoptr(GBytes) reply = two_numbers(seq, answer);
    env_send(bank->env, from, reply);
}

/** What survived: a sum, a table, and records; the last of them may be torn. */
static inline void bank_recall(struct bank *bank)
{
    g_autoptr(GBytes) state = env_recall(bank->env, "bank");
    if (!state)
        return;
    struct wire_reader in = wire_read_bytes(state);
    bank->sum = wire_get_u64(&in);
    size_t size;
    const uint8_t *data = wire_get_string(&in, &size);
    g_autoptr(GBytes) table = g_bytes_new(data, size);
    expect_that(dedupe_read(bank->dedupe, table),
                "dedupe_read() of what was written: true", "false");
    while (in.left >= 32) {
        uint64_t from = wire_get_u64(&in), seq = wire_get_u64(&in);
        bank->sum += wire_get_u64(&in);
        dedupe_done(bank->dedupe, from, seq, wire_get_u64(&in));
    }
}

/** A life of the bank begins. */
static inline void *bank_boot(struct env *env, void *context)
{
    struct bank *bank = g_new0(struct bank, 1);
    *bank = (struct bank){.ledger = context, .env = env};
    bank->dedupe = dedupe_new(
        env, (struct dedupe_settings){.producers = LEDGER_NODES - 1,
                                      .window = bank->ledger->pipeline,
                                      .keep = 100 * SEC});
    env_bind(env, on_payment, bank);
    bank_recall(bank);
    bank_begin(bank);
    return bank;
}

/** It ends. */
static inline void bank_stop(void *self)
{
    struct bank *bank = self;
    dedupe_free(bank->dedupe);
    g_free(bank);
}

/* ---- Its clients. ---- */

/** A client. It knows what was answered, whatever happens. */
struct payer {
    struct payment *payments; /**< Its own, by seq. */
    struct ledger *ledger;    /**< Its world. */
    struct env *env;          /**< Its env. */
    struct timer retry;       /**< To ask again. */
};

/** Ask for all that may be under way and is not answered. */
static inline void pay(void *self)
{
    struct payer *payer = self;
    uint64_t oldest = 1, most = payer->ledger->requests;
    while (oldest <= most && payer->payments[oldest].answered)
        oldest++;
    most = MIN(most, oldest + payer->ledger->pipeline - 1);
    for (uint64_t seq = oldest; seq <= most; seq++) {
        if (payer->payments[seq].answered)
            continue;
        g_autoptr(GBytes) message = two_numbers(seq, payer->env->id * seq);
        env_send(payer->env, BANK, message);
    }
    if (oldest <= most)
        env_arm(payer->env, &payer->retry, 50 * MSEC);
}

/** An answer: each that comes must be the first one. */
static inline void on_paid(void *self, node_id from, GBytes *message)
{
    struct payer *payer = self;
    struct wire_reader in = wire_read_bytes(message);
    uint64_t seq = wire_get_u64(&in), answer = wire_get_u64(&in);
    (void)from;
    struct payment *payment = &payer->payments[seq];
    if (payment->answered)
        expect_equal("a second answer to one request is", answer,
                     payment->answer);
    bool first = !payment->answered;
    payment->answered = true;
    payment->answer = answer;
    if (first)
        pay(payer);
}

/** A life of a client begins: what it knows is in the ledger. */
static inline void *payer_boot(struct env *env, void *context)
{
    struct payer *payer = g_new0(struct payer, 1);
    struct ledger *ledger = context;
    *payer = (struct payer){.payments = ledger->payments[env->id],
                            .ledger = ledger,
                            .env = env,
                            .retry = {.fire = pay, .self = payer}};
    env_bind(env, on_paid, payer);
    pay(payer);
    return payer;
}

/* ---- The world. ---- */

/** All have all answers, and the sum is right. */
static inline void expect_settled(struct ledger *ledger, struct sim *sim)
{
    uint64_t wanted = 0;
    for (node_id id = 2; id <= LEDGER_NODES; id++)
        for (uint64_t seq = 1; seq <= ledger->requests; seq++) {
            expect_that(ledger->payments[id][seq].answered,
                        "every request to be answered in the end",
                        "request %u of %u is not", (unsigned)seq, (unsigned)id);
            wanted += id * seq;
        }
    expect_equal("the sum of all accounts is",
                 ((struct bank *)sim_protocol(sim, BANK))->sum, wanted);
}

/** Run it, with crashes of the bank, to its end. */
static inline void ledger_run(struct ledger *ledger, uint64_t seed)
{
    struct sim_weather weather = {.loss = 150,
                                  .repeat = 150,
                                  .delay_min = MSEC,
                                  .delay_max = 30 * MSEC,
                                  .sync_min = MSEC,
                                  .sync_max = 9 * MSEC};
    struct dice dice = dice_at(seed, 44, 1);
    struct sim *sim = sim_new(LEDGER_NODES, seed, weather);
    struct sim_program bank = {bank_boot, bank_stop, ledger};
    struct sim_program payer = {payer_boot, g_free, ledger};
    sim_install(sim, BANK, bank);
    for (node_id id = 2; id <= LEDGER_NODES; id++)
        sim_install(sim, id, payer);
    for (nsec time = 0; time < 5 * SEC;) {
        node_id id = dice_roll(&dice) % 4 ? BANK : 2 + dice_roll(&dice) % 3;
        sim_run(sim, time += dice_between(&dice, 10, 400) * MSEC);
        sim_crash(sim, id);
        sim_run(sim, time += dice_between(&dice, 1, 50) * MSEC);
        sim_boot(sim, id);
    }
    sim_run(sim, 60 * SEC);
    expect_settled(ledger, sim);
    sim_free(sim);
}

#endif

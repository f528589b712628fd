#include "03-transport/generals/explorer.h"
#include <glib.h>
#include <string.h>

/* ---- One run. ---- */

/* Messengers are numbered through all rounds: general 1's of round 1 is 0. */
static unsigned slot(unsigned round, unsigned i)
{
    return 2 * (round - 1) + i;
}

static struct generals_run begin(const struct generals_protocol *protocol,
                                 bool ordered)
{
    struct generals_run run = {0};
    for (unsigned i = 0; i < 2; i++)
        run.general[i] = (struct general){.id = i + 1,
                                          .ordered = ordered && i == 0,
                                          .rounds = protocol->rounds,
                                          .round = 1};
    return run;
}

static bool is_dawn(const struct generals_run *run)
{
    return run->general[0].round > run->general[0].rounds;
}

/* Each decides before anything of this round has come. */
static void send_out(const struct generals_protocol *protocol,
                     struct generals_run *run)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct general *self = &run->general[i];
        unsigned number = protocol->send(self);
        run->round[self->round].sent[i] = number;
        run->sent += number > 0;
    }
}

/* Those who are in the set @p spared arrive, if they were sent. */
static void arrive(struct generals_run *run, uint64_t spared)
{
    unsigned round = run->general[0].round;
    struct generals_round *now = &run->round[round];
    for (unsigned i = 0; i < 2; i++) {
        struct general *other = &run->general[1 - i];
        now->came[i] = now->sent[i] > 0 && (spared >> slot(round, i) & 1);
        run->caught += now->sent[i] > 0 && !now->came[i];
        other->heard[round] = now->came[i] ? now->sent[i] : 0;
        other->round++;
    }
}

static void dawn(const struct generals_protocol *protocol,
                 struct generals_run *run)
{
    for (unsigned i = 0; i < 2; i++)
        run->attacks[i] = protocol->attacks(&run->general[i]);
}

static struct generals_run play(const struct generals_protocol *protocol,
                                bool ordered, uint64_t spared)
{
    struct generals_run run = begin(protocol, ordered);
    while (!is_dawn(&run)) {
        send_out(protocol, &run);
        arrive(&run, spared);
    }
    dawn(protocol, &run);
    return run;
}

enum generals_end generals_end_of(const struct generals_run *run)
{
    bool ordered = run->general[0].ordered;
    if (run->attacks[0] != run->attacks[1])
        return GENERALS_ALONE;
    if (ordered && run->caught == 0 && !run->attacks[0])
        return GENERALS_WAITED;
    if (!ordered && run->attacks[0])
        return GENERALS_UNASKED;
    return GENERALS_WELL;
}

/* ---- All of them. ---- */

static void count(struct generals_report *report,
                  const struct generals_run *run)
{
    report->runs++;
    if (generals_end_of(run) == GENERALS_WELL)
        return;
    if (report->lost++ == 0 || run->caught < report->worst.caught)
        report->worst = *run;
    if (run->general[0].ordered)
        report->odds += (uint64_t)GENERALS_ODDS >> run->sent;
}

/* From here on, whoever is sent may come or be caught. */
static void walk(const struct generals_protocol *protocol,
                 struct generals_run run, struct generals_report *report)
{
    unsigned round = run.general[0].round;
    if (is_dawn(&run)) {
        dawn(protocol, &run);
        count(report, &run);
        return;
    }
    send_out(protocol, &run);
    for (uint64_t come = 0; come < 4; come++) {
        struct generals_run next = run;
        bool first = come & 1, second = come & 2;
        if ((first && !run.round[round].sent[0]) ||
            (second && !run.round[round].sent[1]))
            continue;
        arrive(&next, come << slot(round, 0));
        walk(protocol, next, report);
    }
}

struct generals_report
generals_explore(const struct generals_protocol *protocol)
{
    struct generals_report report = {0};
    g_assert(protocol->rounds > 0 && protocol->rounds <= GENERALS_ROUNDS);
    walk(protocol, begin(protocol, true), &report);
    walk(protocol, begin(protocol, false), &report);
    return report;
}

/* ---- The chain. ---- */

/* Who arrived, as a set. */
static uint64_t arrivals(const struct generals_run *run)
{
    uint64_t set = 0;
    for (unsigned round = 1; round <= run->general[0].rounds; round++)
        for (unsigned i = 0; i < 2; i++)
            set |= (uint64_t)run->round[round].came[i] << slot(round, i);
    return set;
}

unsigned generals_chain(const struct generals_protocol *protocol,
                        struct generals_run chain[GENERALS_CHAIN],
                        unsigned same[GENERALS_CHAIN])
{
    unsigned length = 1;
    chain[0] = play(protocol, true, UINT64_MAX);
    for (uint64_t set = arrivals(&chain[0]); set; length++) {
        unsigned last = 63 - (unsigned)__builtin_clzll(set);
        set &= ~((uint64_t)1 << last);
        same[length - 1] = last % 2 + 1; /* Who sent it. */
        chain[length] = play(protocol, true, set);
    }
    same[length - 1] = 2; /* Who has heard nothing. */
    chain[length++] = play(protocol, false, 0);
    return length;
}

bool generals_look_alike(const struct generals_run *one,
                         const struct generals_run *other, unsigned id)
{
    const struct general *here = &one->general[id - 1];
    const struct general *there = &other->general[id - 1];
    return here->ordered == there->ordered &&
           memcmp(here->heard, there->heard, sizeof here->heard) == 0;
}

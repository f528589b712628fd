/**
 * @file trial.h
 * A world on trial, for conform.c: what its node 1 is made to do, and what is
 * seen there and at node 2, as text.
 *
 *     trial_send(trial, 1, "home;");
 *     EXPECT(trial_await(trial, trial->seen, "home;"), "it never came");
 *
 * The first expectation that fails is written down, and ends its function.
 */
#ifndef JUDGE_TRIAL_H
#define JUDGE_TRIAL_H
#include "common/judge/conform.h"

enum { TRIAL_ALARMS = 4 };

/** A timer that says a word when it fires. */
struct alarm {
    struct timer timer;
    struct trial *trial;
    const char *word; /**< NULL: not in use. */
};

/** One sentence, tried in one world. */
struct trial {
    const struct conform_world *kind;
    void *world;
    struct env *env; /**< Of node 1. */
    GString *seen;   /**< What came to node 1. */
    GString *there;  /**< What came to node 2. */
    struct alarm alarms[TRIAL_ALARMS];
    struct timer *zero; /**< To be armed, with no delay, by the next message. */
    nsec last;          /**< When an alarm fired last. */
    unsigned early;     /**< How many fired too early. */
    int syncs;          /**< Of a stalled disk, so far. */
    GString *failure;   /**< What was broken; empty: nothing yet. */
};

/** Go on if @p condition holds; else write down why not, and return. */
#define EXPECT(condition, ...)                                   \
    do {                                                         \
        if (!(condition)) {                                      \
            g_string_append_printf(trial->failure, __VA_ARGS__); \
            return;                                              \
        }                                                        \
    } while (0)

/** Go on if the value under @p key reads as @p word. */
#define EXPECT_RECALL(key, word)              \
    do {                                      \
        if (!trial_recalls(trial, key, word)) \
            return;                           \
    } while (0)

/** What to do for each of conform_sentences, in their order. */
extern void (*const trial_sentences[])(struct trial *trial);
/** How many there are. */
extern const size_t trial_sentence_count;

/** Open the world of @p seed; nothing was seen yet. */
void trial_open(struct trial *trial, uint64_t seed);
/** Let node 1's messages come to this trial. */
void trial_bind(struct trial *trial);
/** Let node 2 send back what it gets. True when it does, and all is quiet. */
bool trial_connect(struct trial *trial);
/** Crash node 1, and boot it. */
void trial_crash(struct trial *trial);

/** A timer that says @p word in what is seen. */
struct timer *trial_alarm(struct trial *trial, const char *word);
/** Send @p word from node 1. */
void trial_send(struct trial *trial, node_id to, const char *word);
/** Persist @p word under @p key at node 1; NULL removes. */
void trial_persist(struct trial *trial, const char *key, const char *word);
/** Append @p word under @p key at node 1. */
void trial_append(struct trial *trial, const char *key, const char *word);
/** The value under @p key as a string, "(none)" when none. Returns new. */
char *trial_recall(struct trial *trial, const char *key);
/** Is it @p word? If not, that is the failure. */
bool trial_recalls(struct trial *trial, const char *key, const char *word);

/** Let @p time pass. */
void trial_pass(struct trial *trial, nsec time);
/** Let time pass until @p log holds @p word; false when it never does. */
bool trial_await(struct trial *trial, const GString *log, const char *word);
/** Let time pass until a message to oneself says that all is durable; then
 * forget what was seen. False when it never comes. */
bool trial_await_durable(struct trial *trial);

#endif

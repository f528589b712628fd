#include "common/judge/conform.h"
#include "common/judge/test.h"
#include "common/judge/trial.h"
#include <stdio.h>
#include <string.h>

/* ---- Judging by one sentence. ---- */

static void try_once(struct trial *trial, unsigned which, uint64_t seed)
{
    trial_open(trial, seed);
    trial_sentences[which](trial);
    trial->kind->close(trial->world);
}

static unsigned which_is(const char *sentence)
{
    unsigned which = 0;
    while (which < trial_sentence_count &&
           strcmp(conform_sentences[which], sentence) != 0)
        which++;
    g_assert(which < trial_sentence_count);
    return which;
}

char *conform_judge(const struct conform_world *world, const char *sentence)
{
    struct trial *trial = g_new0(struct trial, 1);
    uint64_t seed = 0;
    trial->kind = world;
    trial->seen = g_string_new(NULL);
    trial->there = g_string_new(NULL);
    trial->failure = g_string_new(NULL);
    while (trial->failure->len == 0 && seed < MAX(world->rounds, 1))
        try_once(trial, which_is(sentence), ++seed);
    bool failed = trial->failure->len > 0;
    g_string_append_printf(trial->failure, " (%s, seed %u)", world->name,
                           (unsigned)seed);
    g_string_free(trial->seen, TRUE);
    g_string_free(trial->there, TRUE);
    char *failure = g_string_free(trial->failure, !failed);
    g_free(trial);
    return failure;
}

/* ---- As a program. ---- */

static const struct conform_world *on_trial;

static void judge_one(void **state)
{
    g_autofree char *failure = conform_judge(on_trial, *state);
    if (failure)
        fail_msg("%s: %s", (const char *)*state, failure);
}

int conform_run(int argc, char **argv, const struct conform_world *worlds,
                size_t count)
{
    int status = 0;
    for (on_trial = worlds; on_trial < worlds + count; on_trial++) {
        g_autofree struct CMUnitTest *tests =
            g_new0(struct CMUnitTest, trial_sentence_count);
        for (size_t i = 0; i < trial_sentence_count; i++)
            tests[i] = (struct CMUnitTest){.name = conform_sentences[i],
                                           .test_func = judge_one,
                                           .initial_state =
                                               (void *)conform_sentences[i]};
        printf("On trial: %s\n", on_trial->name);
        status |= test_run_array(argc, argv, tests, trial_sentence_count);
    }
    return status;
}

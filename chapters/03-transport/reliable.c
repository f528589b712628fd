#include "03-transport/reliable.h"
#include "03-transport/arq.h"
#include "03-transport/gobackn.h"
#include "03-transport/nak.h"

enum { WINDOW = 8 };

#define TIMEOUT (50 * MSEC)

static void *raise_arq(struct env *env)
{
    return arq_new(env, TIMEOUT);
}

static struct env *env_of_arq(void *layer)
{
    return arq_env(layer);
}

static uint64_t repeats_of_arq(const void *layer)
{
    return arq_repeats(layer);
}

static void lower_arq(void *layer)
{
    arq_free(layer);
}

const struct reliable reliable_arq = {.name = "arq",
                                      .window = 1,
                                      .queue = ARQ_QUEUE,
                                      .header = ARQ_HEADER,
                                      .timeout = TIMEOUT,
                                      .raise = raise_arq,
                                      .env = env_of_arq,
                                      .repeats = repeats_of_arq,
                                      .lower = lower_arq};

static void *raise_gobackn(struct env *env)
{
    return gobackn_new(env, WINDOW, TIMEOUT);
}

static struct env *env_of_gobackn(void *layer)
{
    return gobackn_env(layer);
}

static uint64_t repeats_of_gobackn(const void *layer)
{
    return gobackn_repeats(layer);
}

static void lower_gobackn(void *layer)
{
    gobackn_free(layer);
}

const struct reliable reliable_gobackn = {.name = "gobackn",
                                          .window = WINDOW,
                                          .queue = GOBACKN_QUEUE,
                                          .header = GOBACKN_HEADER,
                                          .timeout = TIMEOUT,
                                          .raise = raise_gobackn,
                                          .env = env_of_gobackn,
                                          .repeats = repeats_of_gobackn,
                                          .lower = lower_gobackn};

static void *raise_nak(struct env *env)
{
    return nak_new(env, 3 - env->id);
}

static struct env *env_of_nak(void *layer)
{
    return nak_env(layer);
}

static uint64_t repeats_of_nak(const void *layer)
{
    return nak_repeats(layer);
}

static void lower_nak(void *layer)
{
    nak_free(layer);
}

const struct reliable reliable_nak = {.name = "nak",
                                      .window = 1,
                                      .queue = 1000000,
                                      .header = NAK_HEADER,
                                      .timeout = MSEC,
                                      .raise = raise_nak,
                                      .env = env_of_nak,
                                      .repeats = repeats_of_nak,
                                      .lower = lower_nak};

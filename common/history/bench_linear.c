/*
 * How fast is the judge? Operations a second, on one core, of histories of
 * 10,000 operations by ten clients on five keys, one in ten lost: as they
 * were, and with one answer, near the end, that another operation had before.
 */
#include "common/history/invented.h"
#include "common/history/linear.h"
#include "common/history/model.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { OPERATIONS = 10000, CLIENTS = 10, KEYS = 5, LOST = 100, SEEDS = 5 };

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Of this key, does it return a word? */
static bool reads(const struct operation *op, const char *key)
{
    return op->key == key && !operation_is_open(op) && op->op == 1;
}

/* Give the last read the answer of one long before. */
static void falsify(struct history *history)
{
    size_t count;
    struct operation *ops =
        (struct operation *)history_operations(history, &count);
    struct operation *last = &ops[count - 1];
    while (operation_is_open(last) || last->op != 1)
        last--;
    struct operation *other = last - count / 4;
    while (!reads(other, last->key) || strcmp(other->value, last->value) == 0)
        other--;
    last->value = other->value;
}

static void measure(const char *model, bool falsified)
{
    static const char *const words[] = {"yes", "no", "unknown"};
    double spent = 0;
    size_t most = 0, shown = 0;
    enum linear_answer answer = LINEAR_YES;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct history *history =
            invented_new((struct invented){.model = model,
                                           .seed = seed,
                                           .operations = OPERATIONS,
                                           .clients = CLIENTS,
                                           .keys = KEYS,
                                           .lost = LOST});
        if (falsified)
            falsify(history);
        double start = processor_seconds();
        struct linear *linear =
            linear_judge(history, (struct linear_limits){0});
        spent += processor_seconds() - start;
        answer = MAX(answer, linear_answer(linear));
        most = MAX(most, linear_bytes(linear));
        if (linear_answer(linear) == LINEAR_NO)
            linear_window(linear, &shown);
        linear_free(linear);
        history_free(history);
    }
    printf("  %-8s  %-7s  %9.0f operations a second, %5.1f MB at the most",
           model, words[answer], SEEDS * OPERATIONS / spent,
           (double)most / (1 << 20));
    printf(shown ? ", %zu shown\n" : "\n", shown);
}

int main(void)
{
    static const char *const models[] = {"register", "cas", "kv", "queue",
                                         "lock"};
    printf("The judge, on one core (aim: 10000 operations a second, 64 MB)\n");
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        measure(models[i], false);
        measure(models[i], true);
    }
    return 0;
}

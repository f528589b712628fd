#include "common/history/states.h"
#include "common/world/dice.h"
#include <string.h>

enum { FIRST_SLOTS = 16, MALLOC = 16 }; /* What malloc takes for itself. */

/* A state, and the hash of it. */
struct kept_state {
    char *data;
    size_t size;
    uint64_t hash;
};

struct states {
    const struct model *model;
    GArray *kept;    /* Of struct kept_state, by their numbers. */
    uint32_t *slots; /* Numbers plus 1, at their hashes or behind; 0: free. */
    size_t slots_count, bytes;
    GString *next;      /* Where a model writes. */
    GPtrArray *answers; /* All that are wanted, sorted. */
};

static uint64_t hash_of(const char *data, size_t size)
{
    uint64_t hash = size, chunk;
    for (; size >= sizeof chunk; size -= sizeof chunk, data += sizeof chunk) {
        memcpy(&chunk, data, sizeof chunk);
        hash = dice_mix(hash + chunk) + 1;
    }
    chunk = 0;
    memcpy(&chunk, data, size);
    return dice_mix(hash + chunk);
}

static const struct kept_state *state_at(const struct states *states,
                                         uint32_t number)
{
    return &g_array_index(states->kept, struct kept_state, number);
}

static uint32_t *free_slot(const struct states *states, uint64_t hash)
{
    size_t at = hash & (states->slots_count - 1);
    while (states->slots[at] != 0)
        at = (at + 1) & (states->slots_count - 1);
    return &states->slots[at];
}

static void grow(struct states *states)
{
    g_free(states->slots);
    states->slots_count *= 2;
    states->slots = g_new0(uint32_t, states->slots_count);
    for (uint32_t i = 0; i < states->kept->len; i++)
        *free_slot(states, state_at(states, i)->hash) = i + 1;
}

static uint32_t add_state(struct states *states, uint64_t hash)
{
    const GString *next = states->next;
    struct kept_state state = {g_memdup2(next->str, next->len + 1), next->len,
                               hash};
    g_array_append_val(states->kept, state);
    states->bytes += next->len + 1 + MALLOC;
    if (2 * states->kept->len > states->slots_count)
        grow(states);
    else
        *free_slot(states, hash) = states->kept->len;
    return states->kept->len - 1;
}

/* The number of the state that was written to next. */
static uint32_t number_of_next(struct states *states)
{
    const GString *next = states->next;
    uint64_t hash = hash_of(next->str, next->len);
    size_t mask = states->slots_count - 1;
    for (size_t at = hash & mask; states->slots[at] != 0;
         at = (at + 1) & mask) {
        const struct kept_state *state =
            state_at(states, states->slots[at] - 1);
        if (state->hash == hash && state->size == next->len &&
            memcmp(state->data, next->str, next->len) == 0)
            return states->slots[at] - 1;
    }
    return add_state(states, hash);
}

static int compare_answers(const void *left, const void *right)
{
    const char *const *a = left, *const *b = right;
    return strcmp(*a, *b);
}

static GPtrArray *sort_answers(const GArray *ops)
{
    GPtrArray *answers = g_ptr_array_new();
    for (guint i = 0; i < ops->len; i++) {
        const char *value = g_array_index(ops, struct operation, i).value;
        if (value)
            g_ptr_array_add(answers, (void *)value);
    }
    g_ptr_array_sort(answers, compare_answers);
    return answers;
}

struct states *states_new(const struct model *model, const GArray *ops)
{
    struct states *states = g_new0(struct states, 1);
    states->model = model;
    states->kept = g_array_new(FALSE, FALSE, sizeof(struct kept_state));
    states->slots_count = FIRST_SLOTS;
    states->slots = g_new0(uint32_t, FIRST_SLOTS);
    states->next = g_string_new(NULL);
    states->answers = sort_answers(ops);
    number_of_next(states);
    return states;
}

static enum model_step take_step(struct states *states, uint32_t state,
                                 const struct operation *op)
{
    const struct kept_state *kept = state_at(states, state);
    GString now = {kept->data, kept->size, kept->size + 1};
    g_string_truncate(states->next, 0);
    return states->model->step(op, &now, states->next);
}

static void forget_if_lost(struct states *states)
{
    const struct model *model = states->model;
    if (model->matters && !model->matters(states->next, states->answers))
        g_string_assign(states->next, MODEL_LOST);
}

uint32_t states_step(struct states *states, uint32_t state,
                     const struct operation *op)
{
    switch (take_step(states, state, op)) {
    case MODEL_REFUSES:
        return STATES_NONE;
    case MODEL_STAYS:
        return state;
    case MODEL_MOVES:
        forget_if_lost(states);
        return number_of_next(states);
    }
    g_assert_not_reached();
}

bool states_stays(struct states *states, uint32_t state,
                  const struct operation *op)
{
    return take_step(states, state, op) == MODEL_STAYS;
}

size_t states_bytes(const struct states *states)
{
    return sizeof *states + states->bytes +
           states->answers->len * sizeof(char *) +
           2 * states->kept->len * sizeof(struct kept_state) +
           states->slots_count * sizeof *states->slots;
}

void states_free(struct states *states)
{
    for (uint32_t i = 0; i < states->kept->len; i++)
        g_free(state_at(states, i)->data);
    g_array_unref(states->kept);
    g_ptr_array_unref(states->answers);
    g_free(states->slots);
    g_string_free(states->next, TRUE);
    g_free(states);
}

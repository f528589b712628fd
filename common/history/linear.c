/*
 * The operations of a history are sorted by their keys, and each key has a
 * search of its own (search.c). All take turns, and each round a turn is twice
 * as long as before: a key that could be searched for ever keeps nobody from
 * an answer, and a search that needs n steps is over when each has had a few
 * times n. One no ends everything.
 *
 * A search lives from its first turn to its answer. When one needs more memory
 * than there is, the one that has the most is given up: its key is unknown, and
 * its memory is for the others.
 */
#include "common/history/linear.h"
#include "common/history/model.h"
#include "common/history/search.h"
#include "common/history/window.h"
#include <string.h>

enum { FIRST_TURN = 1000 };

/* A key, and how it stands. */
struct linear_place {
    const char *key;
    guint first, count; /* Its operations, in the order of linear->sorted. */
    struct search *search;
    bool over, unknown;
};

struct linear {
    const struct model *model;
    const struct operation *ops;
    struct linear_limits limits;
    guint *sorted;  /* Indices of operations, those of a key together. */
    GArray *places; /* Of struct linear_place. */
    enum linear_answer answer;
    const char *key;
    GArray *window;
    uint64_t steps;
    size_t bytes, most; /* All searches': now, and at the most. */
};

static struct linear_place *place_at(const struct linear *linear, guint index)
{
    return &g_array_index(linear->places, struct linear_place, index);
}

/* ---- Keys. ---- */

/* Find each operation's key, and count. Returns the places' numbers, new. */
static guint *count_keys(struct linear *linear, size_t count)
{
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
    guint *numbers = g_new0(guint, count);
    for (size_t i = 0; i < count; i++) {
        const char *key = linear->ops[i].key;
        guint number = GPOINTER_TO_UINT(g_hash_table_lookup(known, key));
        if (linear->ops[i].how == HISTORY_FAILED)
            continue;
        if (number == 0) {
            struct linear_place place = {.key = key};
            g_array_append_val(linear->places, place);
            number = linear->places->len;
            g_hash_table_insert(known, (void *)key, GUINT_TO_POINTER(number));
        }
        place_at(linear, number - 1)->count++;
        numbers[i] = number;
    }
    return numbers;
}

static void sort_by_key(struct linear *linear, size_t count)
{
    g_autofree guint *numbers = count_keys(linear, count);
    guint *next = g_new0(guint, (gsize)linear->places->len + 1);
    for (guint i = 0; i < linear->places->len; i++) {
        place_at(linear, i)->first = next[i];
        next[i + 1] = next[i] + place_at(linear, i)->count;
    }
    linear->sorted = g_new0(guint, count);
    for (guint i = 0; i < count; i++)
        if (numbers[i] > 0)
            linear->sorted[next[numbers[i] - 1]++] = i;
    g_free(next);
}

static GArray *ops_of(const struct linear *linear,
                      const struct linear_place *place)
{
    GArray *ops =
        g_array_sized_new(FALSE, FALSE, sizeof(struct operation), place->count);
    for (guint i = 0; i < place->count; i++)
        g_array_append_val(ops, linear->ops[linear->sorted[place->first + i]]);
    return ops;
}

/* ---- Turns. ---- */

static size_t bytes_of(const struct linear_place *place)
{
    return place->search ? search_bytes(place->search) : 0;
}

static void finish(struct linear *linear, struct linear_place *place)
{
    linear->bytes -= bytes_of(place);
    g_clear_pointer(&place->search, search_free);
    place->over = true;
}

static void give_up(struct linear *linear, struct linear_place *place)
{
    finish(linear, place);
    place->unknown = true;
    linear->answer = LINEAR_UNKNOWN;
    linear->key = place->key;
}

static struct linear_place *greediest(const struct linear *linear)
{
    struct linear_place *most = place_at(linear, 0);
    for (guint i = 1; i < linear->places->len; i++)
        if (bytes_of(place_at(linear, i)) > bytes_of(most))
            most = place_at(linear, i);
    return most;
}

/* No: this key ends it all. */
static void refuse(struct linear *linear, struct linear_place *place)
{
    struct window_limits limits = {linear->limits.steps, linear->limits.bytes};
    uint32_t reached = search_reached(place->search);
    linear->answer = LINEAR_NO;
    linear->key = place->key;
    for (guint i = 0; i < linear->places->len; i++)
        finish(linear, place_at(linear, i));
    linear->window =
        window_find(linear->model, ops_of(linear, place), reached, limits);
}

static void begin(struct linear *linear, struct linear_place *place)
{
    place->search = search_new(linear->model, ops_of(linear, place));
    linear->bytes += bytes_of(place);
}

static enum search_answer run(struct linear *linear, struct linear_place *place,
                              uint64_t turn)
{
    size_t before = bytes_of(place), others = linear->bytes - before;
    uint64_t steps = search_steps(place->search);
    size_t room = linear->limits.bytes - MIN(others, linear->limits.bytes);
    uint64_t left =
        linear->limits.steps - MIN(linear->steps, linear->limits.steps);
    enum search_answer answer =
        search_run(place->search, MIN(turn, left), room);
    linear->steps += search_steps(place->search) - steps;
    linear->bytes = others + bytes_of(place);
    linear->most = MAX(linear->most, linear->bytes);
    return answer;
}

static void take_turn(struct linear *linear, struct linear_place *place,
                      uint64_t turn)
{
    if (!place->search)
        begin(linear, place);
    switch (run(linear, place, turn)) {
    case SEARCH_YES:
        finish(linear, place);
        break;
    case SEARCH_NO:
        refuse(linear, place);
        break;
    case SEARCH_STARVES:
        give_up(linear, greediest(linear));
        break;
    case SEARCH_GOES_ON:
        break;
    }
}

/* Returns whether somebody is still searching. */
static bool take_turns(struct linear *linear, uint64_t turn)
{
    bool more = false;
    for (guint i = 0; i < linear->places->len; i++) {
        struct linear_place *place = place_at(linear, i);
        if (!place->over && linear->steps < linear->limits.steps)
            take_turn(linear, place, turn);
        more |= !place->over;
    }
    return more;
}

static void judge(struct linear *linear)
{
    uint64_t turn = FIRST_TURN;
    while (take_turns(linear, turn) && linear->steps < linear->limits.steps)
        turn *= 2;
    for (guint i = 0; i < linear->places->len; i++)
        if (!place_at(linear, i)->over)
            give_up(linear, place_at(linear, i));
}

/* ---- From outside. ---- */

struct linear *linear_judge(const struct history *history,
                            struct linear_limits limits)
{
    struct linear *linear = g_new0(struct linear, 1);
    size_t count;
    linear->model = history_model(history);
    linear->ops = history_operations(history, &count);
    linear->limits.steps = limits.steps ? limits.steps : LINEAR_STEPS;
    linear->limits.bytes = limits.bytes ? limits.bytes : LINEAR_BYTES;
    linear->places = g_array_new(FALSE, FALSE, sizeof(struct linear_place));
    linear->answer = LINEAR_YES;
    sort_by_key(linear, count);
    judge(linear);
    return linear;
}

enum linear_answer linear_answer(const struct linear *linear)
{
    return linear->answer;
}

const char *linear_key(const struct linear *linear)
{
    return linear->key;
}

size_t linear_keys(const struct linear *linear)
{
    return linear->places->len;
}

uint64_t linear_steps(const struct linear *linear)
{
    return linear->steps;
}

size_t linear_bytes(const struct linear *linear)
{
    return linear->most;
}

const struct operation *linear_window(const struct linear *linear,
                                      size_t *count)
{
    g_assert(linear->window);
    *count = linear->window->len;
    return (const struct operation *)(const void *)linear->window->data;
}

void linear_draw(const struct linear *linear, FILE *file)
{
    size_t count;
    const struct operation *window = linear_window(linear, &count);
    if (count == 1)
        fprintf(file, "No order explains this operation.\n");
    else
        fprintf(file, "No order explains these %zu operations.\n", count);
    window_draw(linear->model, window, count, file);
}

void linear_free(struct linear *linear)
{
    if (!linear)
        return;
    for (guint i = 0; i < linear->places->len; i++)
        g_clear_pointer(&place_at(linear, i)->search, search_free);
    g_array_unref(linear->places);
    g_free(linear->sorted);
    g_clear_pointer(&linear->window, g_array_unref);
    g_free(linear);
}

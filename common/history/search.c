/*
 * The search of Wing and Gong (1993), with the memory of Lowe (2017).
 *
 * The calls and returns of completed operations are in a list, by time. What is
 * called before the first return of the list may come next: it is a candidate.
 * To place it is to lift both its events out of the list; to take it back is to
 * put them in again. When the first return is reached with no candidate left,
 * the last one placed was wrong. When the list is empty, an order is found.
 *
 * Open operations are beside the list, each with an end (lost.h), and are
 * candidates after the others. A pair of what is placed and the state that
 * came of it is visited once. What is never tried, and why nothing is missed:
 *
 *   still     A completed candidate that is legal and never changes a state,
 *             such as a read, is placed at once, and nothing else: in any
 *             order that goes on from here it can be moved to the front.
 *   idle      An open one that leaves the state as it is: it can be left out.
 *   unseen    An open one after its end: it can be left out, too.
 *   twin      An open one before its twin, called earlier: they can be swapped.
 *   covered   p after an open o, if p leads to the same state without o.
 *
 * A lost one that surely happened, as a model may know (due), is as good as one
 * that returned.
 *
 * Suppose there is an order, but the search says no. From some visited pairs an
 * order goes on to the end; take the one from which it is shortest, and of
 * those the one with the fewest placed. Its next operation was tried, and led
 * to a pair from which the rest is shorter; or a rule forbade it. Then idle
 * and unseen give a shorter rest; still and twin an equal one, whose first is
 * tried; and covered a visited pair, before o, with an equal rest and fewer
 * placed. No such pair can be the one we took. So it does not matter by which
 * way a pair is first visited.
 */
#include "common/history/search.h"
#include "common/history/lost.h"
#include "common/history/states.h"
#include "common/history/visited.h"

/* Places are numbers: 0 is the list's head; then come its events; then open
 * ones.
 */
enum { HEAD };
#define SEARCH_END UINT32_MAX /* No place: all was tried. */

enum { KIND_OP = 1, KIND_STATE = 2 }; /* Of fingerprints. */

/* An event of the list. */
struct search_event {
    uint32_t previous, next;
    uint32_t op;    /* Which operation. */
    uint32_t match; /* Of a call: its return. Of a return: HEAD. */
};

/* An operation that is placed. */
struct search_frame {
    uint32_t place;
    uint32_t resume; /* Behind what to go on if it is taken back. */
    uint32_t before; /* The state. */
};

struct search {
    GArray *ops;
    struct search_event *events;
    uint32_t first_open; /* The place of the first open one. */
    GArray *lost;        /* Of struct lost. */
    uint8_t *ever;       /* Was it placed? */
    struct states *states;
    struct visited *visited;
    struct search_frame *stack;
    size_t depth, left; /* Of the stack; completed ones in the list. */
    uint32_t state, at; /* Now; and the last place that was tried here. */
    struct fingerprint set;
    uint32_t reached;
    uint64_t steps;
    size_t fixed; /* Bytes of what never grows. */
    enum search_answer answer;
};

/* ---- Places. ---- */

static const struct operation *op_at(const struct search *search,
                                     uint32_t index)
{
    return &g_array_index(search->ops, struct operation, index);
}

static bool is_open_place(const struct search *search, uint32_t place)
{
    return place >= search->first_open;
}

static struct lost *lost_at(const struct search *search, uint32_t place)
{
    return &g_array_index(search->lost, struct lost,
                          place - search->first_open);
}

static uint32_t index_of(const struct search *search, uint32_t place)
{
    return is_open_place(search, place) ? lost_at(search, place)->op
                                        : search->events[place].op;
}

static bool is_call(const struct search *search, uint32_t place)
{
    return search->events[place].match != HEAD;
}

/* The number of the first return in the list. */
static uint32_t first_return(const struct search *search)
{
    uint32_t place = search->events[HEAD].next;
    while (is_call(search, place))
        place = search->events[place].next;
    return op_at(search, search->events[place].op)->end;
}

/* ---- Placing. ---- */

static void unlink_event(struct search *search, uint32_t place)
{
    const struct search_event *event = &search->events[place];
    search->events[event->previous].next = event->next;
    search->events[event->next].previous = event->previous;
}

static void relink_event(struct search *search, uint32_t place)
{
    const struct search_event *event = &search->events[place];
    search->events[event->previous].next = place;
    search->events[event->next].previous = place;
}

static void lift(struct search *search, uint32_t place)
{
    if (is_open_place(search, place)) {
        lost_at(search, place)->placed = true;
        return;
    }
    unlink_event(search, place);
    unlink_event(search, search->events[place].match);
    search->left--;
}

static void unlift(struct search *search, uint32_t place)
{
    if (is_open_place(search, place)) {
        lost_at(search, place)->placed = false;
        return;
    }
    relink_event(search, search->events[place].match);
    relink_event(search, place);
    search->left++;
}

/* The set with the operation at @p place taken in or out. */
static struct fingerprint toggle(const struct search *search, uint32_t place)
{
    return fingerprint_join(search->set,
                            fingerprint_of(KIND_OP, index_of(search, place)));
}

/* Place it, unless the pair that comes of it was visited. Returns whether. */
static bool push(struct search *search, struct search_frame frame,
                 uint32_t state)
{
    struct fingerprint set = toggle(search, frame.place);
    struct fingerprint pair =
        fingerprint_join(set, fingerprint_of(KIND_STATE, state));
    search->at = frame.resume;
    if (!visited_add(search->visited, pair))
        return false;
    search->ever[index_of(search, frame.place)] = true;
    search->stack[search->depth++] = frame;
    lift(search, frame.place);
    search->set = set;
    search->state = state;
    search->at = HEAD;
    if (search->left == 0)
        search->answer = SEARCH_YES;
    else
        search->reached = MAX(search->reached, first_return(search));
    return true;
}

/* Nothing is left to be tried here. */
static void retreat(struct search *search)
{
    if (search->depth == 0) {
        search->answer = SEARCH_NO;
        return;
    }
    struct search_frame frame = search->stack[--search->depth];
    unlift(search, frame.place);
    search->set = toggle(search, frame.place);
    search->state = frame.before;
    search->at = frame.resume;
}

/* ---- Candidates. ---- */

static uint32_t step(struct search *search, uint32_t state, uint32_t place)
{
    search->steps++;
    return states_step(search->states, state,
                       op_at(search, index_of(search, place)));
}

/* Place a completed candidate that never changes a state. Returns whether
 * there was one. */
static bool place_still(struct search *search)
{
    uint32_t place = search->events[HEAD].next;
    for (; is_call(search, place); place = search->events[place].next)
        if (states_stays(search->states, search->state,
                         op_at(search, search->events[place].op))) {
            search->steps++;
            push(search,
                 (struct search_frame){place, SEARCH_END, search->state},
                 search->state);
            return true;
        }
    return false;
}

/* The first open candidate at @p place or behind, or SEARCH_END. */
static uint32_t open_candidate(const struct search *search, uint32_t place)
{
    uint32_t now = first_return(search);
    for (; place - search->first_open < search->lost->len; place++) {
        const struct lost *lost = lost_at(search, place);
        if (lost->call > now)
            break;
        bool waits =
            lost->twin >= 0 &&
            !g_array_index(search->lost, struct lost, lost->twin).placed;
        if (!lost->placed && lost->until >= now && !waits)
            return place;
    }
    return SEARCH_END;
}

/* The candidate behind the last one that was tried here, or SEARCH_END. */
static uint32_t next_candidate(const struct search *search)
{
    if (search->at == SEARCH_END)
        return SEARCH_END;
    if (is_open_place(search, search->at))
        return open_candidate(search, search->at + 1);
    uint32_t next = search->events[search->at].next;
    return is_call(search, next) ? next
                                 : open_candidate(search, search->first_open);
}

/* Was an open one placed last, and does @p place lead to @p state without
 * it? */
static bool is_covered(struct search *search, uint32_t place, uint32_t state)
{
    if (search->depth == 0)
        return false;
    const struct search_frame *last = &search->stack[search->depth - 1];
    return is_open_place(search, last->place) &&
           step(search, last->before, place) == state;
}

static void try_candidate(struct search *search, uint32_t place)
{
    uint32_t state = step(search, search->state, place);
    bool idle = is_open_place(search, place) && state == search->state;
    if (state == STATES_NONE || idle || is_covered(search, place, state))
        search->at = place;
    else
        push(search, (struct search_frame){place, place, search->state}, state);
}

static void advance(struct search *search)
{
    if (search->at == HEAD && place_still(search))
        return;
    uint32_t place = next_candidate(search);
    if (place == SEARCH_END)
        retreat(search);
    else
        try_candidate(search, place);
}

/* ---- Its life. ---- */

/* An event, to be sorted. */
struct numbered {
    uint32_t number, op;
};

static int compare_numbers(const void *left, const void *right)
{
    const struct numbered *a = left, *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

/* The events of the completed ones, in their order. Returns new. */
static GArray *sort_events(const struct search *search)
{
    GArray *sorted = g_array_new(FALSE, FALSE, sizeof(struct numbered));
    for (uint32_t i = 0; i < search->ops->len; i++) {
        const struct operation *op = op_at(search, i);
        struct numbered both[] = {{op->call, i}, {op->end, i}};
        if (!operation_is_open(op))
            g_array_append_vals(sorted, both, 2);
    }
    g_array_sort(sorted, compare_numbers);
    return sorted;
}

static void fill_list(struct search *search)
{
    g_autoptr(GArray) sorted = sort_events(search);
    g_autofree uint32_t *calls = g_new0(uint32_t, search->ops->len + 1);
    uint32_t count = sorted->len;
    struct search_event *events = g_new0(struct search_event, count + 1);
    events[HEAD] = (struct search_event){count, count > 0, 0, HEAD};
    for (uint32_t i = 1; i <= count; i++) {
        uint32_t op = g_array_index(sorted, struct numbered, i - 1).op;
        events[i] =
            (struct search_event){i - 1, (i + 1) % (count + 1), op, HEAD};
        if (calls[op] == HEAD)
            calls[op] = i;
        else
            events[calls[op]].match = i;
    }
    search->events = events;
    search->first_open = count + 1;
    search->left = count / 2;
}

static size_t bytes_of(const struct search *search)
{
    size_t each =
        sizeof(struct operation) + sizeof *search->stack + sizeof *search->ever;
    return sizeof *search + search->first_open * sizeof *search->events +
           search->ops->len * each + search->lost->len * sizeof(struct lost);
}

/* What surely happened is as good as completed. */
static void complete_due(GArray *ops)
{
    for (guint i = 0; i < ops->len; i++) {
        struct operation *op = &g_array_index(ops, struct operation, i);
        if (!operation_is_open(op) || op->due == 0)
            continue;
        op->how = HISTORY_RETURNED;
        op->value = "ok";
        op->end = MAX(op->due, op->call);
    }
}

struct search *search_new(const struct model *model, GArray *ops)
{
    struct search *search = g_new0(struct search, 1);
    search->ops = ops;
    model_pair(model, ops);
    complete_due(ops);
    fill_list(search);
    search->lost = lost_find(model, ops);
    search->ever = g_new0(uint8_t, ops->len + 1);
    search->stack = g_new0(struct search_frame, ops->len + 1);
    search->states = states_new(model, ops);
    search->visited = visited_new();
    search->fixed = bytes_of(search);
    if (search->left > 0)
        search->reached = first_return(search);
    else
        search->answer = SEARCH_YES;
    return search;
}

size_t search_bytes(const struct search *search)
{
    return search->fixed + states_bytes(search->states) +
           visited_bytes(search->visited);
}

enum search_answer search_run(struct search *search, uint64_t steps,
                              size_t bytes)
{
    uint64_t end = search->steps + steps;
    while (search->answer == SEARCH_GOES_ON && search->steps < end) {
        if (search_bytes(search) + visited_growth(search->visited) > bytes)
            return SEARCH_STARVES;
        advance(search);
    }
    return search->answer;
}

uint64_t search_steps(const struct search *search)
{
    return search->steps;
}

uint32_t search_reached(const struct search *search)
{
    return search->reached;
}

bool search_placed(const struct search *search, size_t index)
{
    return search->ever[index];
}

void search_free(struct search *search)
{
    if (!search)
        return;
    g_array_unref(search->ops);
    g_free(search->events);
    g_array_unref(search->lost);
    g_free(search->ever);
    g_free(search->stack);
    states_free(search->states);
    visited_free(search->visited);
    g_free(search);
}

#include "common/history/visited.h"
#include "common/world/dice.h"
#include <glib.h>

enum { FIRST_SLOTS = 64 };

/* Open addressing: a print lies in the slot that its bits name, or in the first
 * free one behind it. A free slot is zero, which no print is. */
struct visited {
    struct fingerprint *slots;
    size_t size, count; /* Slots, a power of two; and how many are taken. */
};

struct fingerprint fingerprint_of(uint64_t kind, uint64_t number)
{
    struct dice dice = dice_at(0, kind, number);
    uint64_t low = dice_roll(&dice);
    return (struct fingerprint){low, dice_roll(&dice)};
}

struct fingerprint fingerprint_join(struct fingerprint one,
                                    struct fingerprint other)
{
    return (struct fingerprint){one.low ^ other.low, one.high ^ other.high};
}

struct visited *visited_new(void)
{
    struct visited *visited = g_new0(struct visited, 1);
    visited->size = FIRST_SLOTS;
    visited->slots = g_new0(struct fingerprint, FIRST_SLOTS);
    return visited;
}

/* Where it is, or where it would be. */
static struct fingerprint *find_slot(const struct visited *visited,
                                     struct fingerprint print)
{
    size_t mask = visited->size - 1, at = print.low & mask;
    const struct fingerprint *slots = visited->slots;
    while ((slots[at].low | slots[at].high) != 0 &&
           (slots[at].low != print.low || slots[at].high != print.high))
        at = (at + 1) & mask;
    return &visited->slots[at];
}

static bool is_full(const struct visited *visited)
{
    return 4 * (visited->count + 1) > 3 * visited->size;
}

static void grow(struct visited *visited)
{
    struct visited old = *visited;
    visited->size *= 2;
    visited->slots = g_new0(struct fingerprint, visited->size);
    for (size_t i = 0; i < old.size; i++)
        if ((old.slots[i].low | old.slots[i].high) != 0)
            *find_slot(visited, old.slots[i]) = old.slots[i];
    g_free(old.slots);
}

bool visited_add(struct visited *visited, struct fingerprint print)
{
    if (is_full(visited))
        grow(visited);
    print.low |= print.high == 0; /* Zero is kept for what is free. */
    struct fingerprint *slot = find_slot(visited, print);
    if ((slot->low | slot->high) != 0)
        return false;
    *slot = print;
    visited->count++;
    return true;
}

size_t visited_bytes(const struct visited *visited)
{
    return sizeof *visited + visited->size * sizeof *visited->slots;
}

size_t visited_growth(const struct visited *visited)
{
    return is_full(visited) ? 2 * visited->size * sizeof *visited->slots : 0;
}

void visited_free(struct visited *visited)
{
    g_free(visited->slots);
    g_free(visited);
}

/*
 * A queue between two threads, with room for 1, 4 and 64 items. First who takes
 * pauses now and then; later it is too slow all the time. Three pairs of
 * threads at once, on the loom (common/course/loom.h), so that time is virtual:
 * a thread that sleeps waits for a semaphore, which the clock posts when all
 * others wait.
 */
#include "04-queues/ring.h"
#include "common/course/loom.h"
#include "common/world/complain.h"
#include <glib.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

/* Times in milliseconds. */
enum {
    MAKE = 2,       /* To make an item. */
    USE = 1,        /* To use one; */
    USE_SLOWLY = 3, /* later. */
    EVERY = 100,    /* So often there is a pause, */
    PAUSE = 40,     /* so long. */
    OVERLOAD = 300, /* From then on it is slow. */
    END = 600,
    ROW = 20,   /* A line shows so much, */
    SLOWER = 3, /* on a terminal so many times as slowly. */
    PAIRS = 3
};

/* A thread that may sleep. */
struct sleeper {
    sem_t alarm;
    unsigned until; /* 0: it is awake, or waits at the ring. */
};

/* What happened in one half of the time, the first or the second. */
struct spell {
    unsigned used; /* Items. */
    unsigned held; /* The producer was held up so long. */
    unsigned late; /* From made to used: the sum over all items, */
    unsigned most; /* and the longest. */
};

struct ring_pair {
    struct ring *ring;
    size_t capacity;
    struct sleeper producer, consumer;
    struct spell spells[2];
};

static unsigned now;

static struct spell *spell_of(struct ring_pair *pair)
{
    return &pair->spells[now >= OVERLOAD];
}

/* ---- The two threads. ---- */

static void sleep_for(struct sleeper *sleeper, unsigned time)
{
    sleeper->until = now + time;
    while (sem_wait(&sleeper->alarm) != 0)
        ;
}

/* An item is the time at which it was made. */
static void produce(void *self)
{
    struct ring_pair *pair = self;
    bool open = true;
    while (open) {
        sleep_for(&pair->producer, MAKE);
        unsigned made = now;
        open = ring_put(pair->ring, GUINT_TO_POINTER(made));
        spell_of(pair)->held += now - made;
    }
}

static unsigned time_to_use(void)
{
    if (now >= OVERLOAD)
        return USE_SLOWLY;
    return now % EVERY >= EVERY - PAUSE ? EVERY - now % EVERY : USE;
}

static void consume(void *self)
{
    struct ring_pair *pair = self;
    void *item;
    while (ring_take(pair->ring, &item)) {
        struct spell *spell = spell_of(pair);
        unsigned late = now - GPOINTER_TO_UINT(item);
        if (now > END)
            continue; /* It is closed: what is left. */
        spell->used++;
        spell->late += late;
        spell->most = MAX(spell->most, late);
        sleep_for(&pair->consumer, time_to_use());
    }
}

/* ---- Time. ---- */

static void wake(struct sleeper *sleeper)
{
    if (sleeper->until == now)
        sem_post(&sleeper->alarm);
}

/* A millisecond more: who wakes runs until all wait again. */
static void tick(struct ring_pair *pairs)
{
    now++;
    for (int i = 0; i < PAIRS; i++) {
        wake(&pairs[i].producer);
        wake(&pairs[i].consumer);
    }
    loom_settle();
}

/* ---- What is seen. ---- */

static void print_bar(const struct ring_pair *pair, size_t scale)
{
    size_t depth = ring_depth(pair->ring);
    printf("  |");
    for (size_t i = 0; i < pair->capacity; i += scale)
        putchar(i < depth ? '#' : ' ');
    printf("|%3zu", depth);
}

static void print_row(const struct ring_pair *pairs)
{
    bool pause = now <= OVERLOAD && (now - 1) % EVERY >= EVERY - PAUSE;
    printf("%5u ms", now);
    for (int i = 0; i < PAIRS; i++)
        print_bar(&pairs[i], pairs[i].capacity > 32 ? 2 : 1);
    printf("%s\n", now > OVERLOAD ? "  too slow" : pause ? "  pause" : "");
    fflush(stdout);
    if (isatty(STDOUT_FILENO))
        g_usleep(ROW * 1000 * SLOWER);
}

static void print_spell(const struct ring_pair *pairs, int which)
{
    for (int i = 0; i < PAIRS; i++) {
        const struct spell *spell = &pairs[i].spells[which];
        printf("  %8zu %11u %13u ms %14.1f ms %11u ms\n", pairs[i].capacity,
               spell->used, spell->held, (double)spell->late / spell->used,
               spell->most);
    }
}

static void print_sums(const struct ring_pair *pairs)
{
    printf("\nThe consumer pauses now and then, 0 to %d ms:\n\n", OVERLOAD);
    printf("  capacity  items used  producer held  from made to used     the "
           "longest\n");
    print_spell(pairs, 0);
    printf("\nIt is too slow all the time, %d to %d ms:\n\n", OVERLOAD, END);
    print_spell(pairs, 1);
}

/* ---- Beginning and end. ---- */

static void begin(struct ring_pair *pair, size_t capacity)
{
    *pair =
        (struct ring_pair){.ring = ring_new(capacity), .capacity = capacity};
    sem_init(&pair->producer.alarm, 0, 0);
    sem_init(&pair->consumer.alarm, 0, 0);
    loom_start("producer", produce, pair);
    loom_start("consumer", consume, pair);
}

static void end(struct ring_pair *pair)
{
    ring_close(pair->ring);
    sem_post(&pair->producer.alarm);
    sem_post(&pair->consumer.alarm);
}

int main(int argc, char **argv)
{
    static const size_t capacities[PAIRS] = {1, 4, 64};
    struct ring_pair pairs[PAIRS];
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    printf("A producer makes an item in %d ms and puts it into a queue; a "
           "consumer takes it\nout, and uses it in %d ms. But in each %d ms it "
           "pauses for %d, and from %d ms\non it needs %d ms for an item. How "
           "many items are in the queue?\n\n",
           MAKE, USE, EVERY, PAUSE, OVERLOAD, USE_SLOWLY);
    printf("%8s  %-8s%-11s%s\n", "room for", "1", "4", "64");
    loom_begin(1);
    for (int i = 0; i < PAIRS; i++)
        begin(&pairs[i], capacities[i]);
    loom_settle();
    while (now < END) {
        tick(pairs);
        if (now % ROW == 0)
            print_row(pairs);
    }
    now++;
    for (int i = 0; i < PAIRS; i++)
        end(&pairs[i]);
    loom_finish("all threads end when their rings are closed");
    print_sums(pairs);
    printf("\nA queue buys time for what passes: with room for a whole pause "
           "nobody is held\nup, and more is done. For what does not pass it "
           "buys nothing: each queue is full\nin the end, 64 places let no "
           "more through than one, and each item waits longer,\n%d ms for each "
           "one before it.\n",
           USE_SLOWLY);
    for (int i = 0; i < PAIRS; i++)
        ring_free(pairs[i].ring);
    return 0;
}

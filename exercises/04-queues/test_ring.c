/* The bounded queue between threads, on a loom: a seed picks who runs. */
#include "04-queues/test_work.h"
#include "common/course/loom.h"
#include "common/world/dice.h"

enum { MOST = 6, TRIES = 30, EACH = 5 };
/* In the place of an item that was not taken. */
#define NOTHING 999

/* ---- Calls of a thread of its own. ---- */

struct ring_call {
    struct ring *ring;
    unsigned item;
    bool returned, result;
};

static bool put(struct ring *ring, unsigned item)
{
    loom_say("ring_put(%u)", item);
    bool result = ring_put(ring, GUINT_TO_POINTER(item));
    loom_say("ring_put(%u) = %s", item, result ? "true" : "false");
    return result;
}

static bool take(struct ring *ring, unsigned *item)
{
    void *taken = GUINT_TO_POINTER(NOTHING);
    loom_say("ring_take()");
    bool result = ring_take(ring, &taken);
    *item = GPOINTER_TO_UINT(taken);
    if (result)
        loom_say("ring_take() = true, %u", *item);
    else
        loom_say("ring_take() = false");
    return result;
}

static void close_it(struct ring *ring)
{
    loom_say("ring_close()");
    ring_close(ring);
}

static void put_one(void *self)
{
    struct ring_call *call = self;
    call->result = put(call->ring, call->item);
    call->returned = true;
}

static void take_one(void *self)
{
    struct ring_call *call = self;
    call->result = take(call->ring, &call->item);
    call->returned = true;
}

/* Number @p i of them, in a thread of its own. */
static void start_call(struct ring_call *calls, unsigned i, struct ring *ring,
                       void (*run)(void *))
{
    char name[16];
    g_snprintf(name, sizeof name, "%s %u",
               run == put_one ? "producer" : "consumer", i + 1);
    calls[i] = (struct ring_call){.ring = ring, .item = i};
    loom_start(name, run, &calls[i]);
}

static void start_calls(struct ring_call *calls, unsigned count,
                        struct ring *ring, void (*run)(void *))
{
    for (unsigned i = 0; i < count; i++)
        start_call(calls, i, ring, run);
}

static unsigned returned(const struct ring_call *calls, unsigned count)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += calls[i].returned;
    return sum;
}

static unsigned succeeded(const struct ring_call *calls, unsigned count)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += calls[i].returned && calls[i].result;
    return sum;
}

/* A ring with 0, 1 .. in it, and the threads of this @p seed. */
static struct ring *begin(uint64_t seed, size_t capacity, unsigned items)
{
    loom_begin(seed);
    struct ring *ring = ring_new(capacity);
    for (unsigned i = 0; i < items; i++)
        expect_equal("ring_put, where there is room, returns", put(ring, i),
                     true);
    return ring;
}

static void end(struct ring *ring)
{
    close_it(ring);
    loom_finish("nobody waits at a closed ring");
    ring_free(ring);
}

static void expect_taken(struct ring *ring, unsigned wanted)
{
    unsigned item;
    expect_equal("ring_take, where there is an item, returns",
                 take(ring, &item), true);
    expect_equal("the item that is taken:", item, wanted);
}

static void expect_depth(struct ring *ring, size_t wanted)
{
    expect_equal("the depth of the ring:", ring_depth(ring), wanted);
}

/* Others run for as long as this looks @p often. */
static void look(struct ring *ring, unsigned often)
{
    for (unsigned i = 0; i < often; i++)
        ring_depth(ring);
}

/* ---- One thread. ---- */

static void first_in_first_out(void)
{
    for (unsigned capacity = 1; capacity <= MOST; capacity++) {
        struct ring *ring = begin(0, capacity, 0), *other = ring_new(1);
        unsigned next = 0, first = 0;
        expect_depth(ring, 0);
        for (unsigned count = 0; count < 3 * MOST; count++) {
            while (next - first < 1 + count % capacity)
                put(ring, next++);
            put(other, count);
            expect_depth(ring, next - first);
            expect_taken(ring, first++);
            expect_taken(other, count);
        }
        while (first < next)
            expect_taken(ring, first++);
        expect_depth(ring, 0);
        ring_free(other);
        end(ring);
    }
}

/* ---- Waiting. ---- */

static void a_put_waits_while_it_is_full(void)
{
    struct ring_call calls[MOST];
    for (unsigned capacity = 1; capacity < MOST; capacity++) {
        unsigned item, seen = 0;
        struct ring *ring = begin(capacity, capacity, 0);
        start_calls(calls, MOST, ring, put_one);
        expect_equal("six producers, and a bound below: how many wait?",
                     loom_settle(), MOST - capacity);
        expect_depth(ring, capacity);
        for (unsigned i = 0; i < MOST; i++) {
            expect_equal("ring_take, of a full ring, returns",
                         take(ring, &item), true);
            expect_that(item < MOST && !(seen & 1u << item),
                        "each item is taken once", "%u is taken", item);
            seen |= 1u << item;
            loom_settle();
            expect_equal("puts that have returned, after a take more:",
                         returned(calls, MOST), MIN(capacity + i + 1, MOST));
        }
        expect_equal("puts that returned true:", succeeded(calls, MOST), MOST);
        end(ring);
    }
}

static void a_take_waits_while_it_is_empty(void)
{
    struct ring_call calls[MOST];
    for (unsigned capacity = 1; capacity < MOST; capacity++) {
        unsigned sum = 0;
        struct ring *ring = begin(capacity, capacity, 0);
        start_calls(calls, MOST, ring, take_one);
        expect_equal("six consumers at an empty ring: how many wait?",
                     loom_settle(), MOST);
        for (unsigned i = 0; i < MOST; i++) {
            expect_equal("ring_put, where there is room, returns",
                         put(ring, 1u << i), true);
            loom_settle();
            expect_equal("takes that have returned, after a put more:",
                         returned(calls, MOST), i + 1);
            expect_depth(ring, 0);
        }
        for (unsigned i = 0; i < MOST; i++)
            sum |= calls[i].result ? calls[i].item : 0;
        expect_equal("items taken, a bit for each:", sum, (1 << MOST) - 1);
        end(ring);
    }
}

/* Several changes, before anybody who waits could run, or while they do. */
static void each_change_wakes_one_who_waits(void)
{
    struct ring_call calls[3];
    unsigned item;
    for (uint64_t seed = 1; seed <= TRIES; seed++) {
        struct ring *ring = begin(seed, 3, 0);
        start_calls(calls, 3, ring, take_one);
        loom_settle();
        for (unsigned i = 0; i < 3; i++)
            put(ring, i);
        loom_settle();
        expect_equal("three wait to take, three items are put; consumers "
                     "that have one:",
                     succeeded(calls, 3), 3);
        end(ring);

        ring = begin(seed, 3, 3);
        start_calls(calls, 3, ring, put_one);
        loom_settle();
        for (unsigned i = 0; i < 3; i++)
            take(ring, &item);
        loom_settle();
        expect_equal("three wait to put, three items are taken; producers "
                     "that have put:",
                     succeeded(calls, 3), 3);
        end(ring);
    }
}

/* It looks whether it must wait, and in just that moment it need not. */
static void expect_no_change_is_missed(void)
{
    struct ring_call call;
    for (uint64_t seed = 1; seed <= 3 * TRIES; seed++) {
        struct ring *ring = begin(seed, 1, seed % 2);
        start_call(&call, 0, ring, seed % 2 ? put_one : take_one);
        look(ring, seed % 4 < 2 ? 0 : 1);
        if (seed % 2)
            expect_taken(ring, 0);
        else
            put(ring, 0);
        expect_equal("a put and a take at a time: how many wait?",
                     loom_settle(), 0);
        end(ring);
    }
}

/* The same, and in that moment it is closed. */
static void expect_no_closing_is_missed(void)
{
    struct ring_call calls[2];
    for (uint64_t seed = 1; seed <= 3 * TRIES; seed++) {
        struct ring *ring = begin(seed, 2, seed % 2 ? 0 : 2);
        start_calls(calls, 2, ring, seed % 2 ? take_one : put_one);
        look(ring, seed % 4 < 2 ? 1 : 2);
        close_it(ring);
        expect_equal("threads that wait at a closed ring:", loom_settle(), 0);
        end(ring);
    }
}

static void a_change_before_the_wait_is_seen(void)
{
    expect_no_change_is_missed();
    expect_no_closing_is_missed();
}

static void look_often(void *self)
{
    look(self, 20);
}

/* Who is woken without a cause waits on. */
static void expect_a_look_without_a_cause(void)
{
    struct ring_call calls[2];
    for (uint64_t seed = 1; seed <= TRIES; seed++) {
        struct ring *ring = begin(seed, 2, 0);
        loom_trouble();
        start_calls(calls, 2, ring, take_one);
        loom_start("looker", look_often, ring);
        loom_settle();
        expect_equal(
            "takes that returned, and nothing was put:", returned(calls, 2), 0);
        end(ring);

        ring = begin(seed, 2, 2);
        loom_trouble();
        start_calls(calls, 2, ring, put_one);
        loom_start("looker", look_often, ring);
        loom_settle();
        expect_equal("puts that returned, and nothing was taken:",
                     returned(calls, 2), 0);
        expect_depth(ring, 2);
        expect_taken(ring, 0);
        end(ring);
    }
}

/* One waits, and is woken; but another comes, and may be there first. */
static void expect_a_look_for_another(void)
{
    struct ring_call calls[2];
    for (uint64_t seed = 1; seed <= 2 * TRIES; seed++) {
        struct ring *ring = begin(seed, 1, 0);
        start_call(calls, 0, ring, take_one);
        loom_settle();
        put(ring, 5);
        start_call(calls, 1, ring, take_one);
        loom_settle();
        expect_equal("two takes, and one item: how many have returned?",
                     returned(calls, 2), 1);
        put(ring, 6);
        loom_settle();
        expect_equal("two takes, and two items: how many returned true?",
                     succeeded(calls, 2), 2);
        end(ring);

        ring = begin(seed, 1, 1);
        start_call(calls, 0, ring, put_one);
        loom_settle();
        expect_taken(ring, 0);
        start_call(calls, 1, ring, put_one);
        loom_settle();
        expect_equal("two puts, and one place: how many have returned?",
                     returned(calls, 2), 1);
        expect_depth(ring, 1);
        end(ring);
    }
}

static void who_is_woken_looks_again(void)
{
    expect_a_look_without_a_cause();
    expect_a_look_for_another();
}

/* ---- Closing. ---- */

static void closing_wakes_all_who_wait(void)
{
    struct ring_call calls[3];
    for (uint64_t seed = 1; seed <= TRIES / 3; seed++) {
        struct ring *ring = begin(seed, 2, 0);
        start_calls(calls, 3, ring, take_one);
        loom_settle();
        close_it(ring);
        expect_equal("consumers that wait at a closed ring:", loom_settle(), 0);
        expect_equal("takes that returned true:", succeeded(calls, 3), 0);
        end(ring);

        ring = begin(seed, 2, 2);
        start_calls(calls, 3, ring, put_one);
        loom_settle();
        close_it(ring);
        expect_equal("producers that wait at a closed ring:", loom_settle(), 0);
        expect_equal(
            "puts that waited, and returned true:", succeeded(calls, 3), 0);
        expect_depth(ring, 2);
        end(ring);
    }
}

static void expect_all_to_be_taken(void)
{
    unsigned item;
    for (unsigned capacity = 1; capacity <= MOST; capacity++) {
        struct ring *ring = begin(capacity, capacity, capacity);
        close_it(ring);
        expect_depth(ring, capacity);
        for (unsigned i = 0; i < capacity; i++) {
            expect_equal("ring_take, closed but not empty, returns",
                         take(ring, &item), true);
            expect_equal("the item that is taken:", item, i);
        }
        for (unsigned i = 0; i < 3; i++) {
            expect_equal("ring_take, closed and empty, returns",
                         take(ring, &item), false);
            expect_equal("where the item would be, there is still", item,
                         NOTHING);
        }
        end(ring);
    }
}

static void expect_nothing_to_be_put(void)
{
    unsigned item;
    for (unsigned full = 0; full < 3; full++) {
        struct ring *ring = begin(full, 2, full);
        close_it(ring);
        close_it(ring);
        for (unsigned i = 0; i < 3; i++) {
            expect_equal("ring_put, closed, returns", put(ring, 7), false);
            expect_depth(ring, full);
        }
        for (unsigned i = 0; i < full; i++)
            expect_taken(ring, i);
        expect_equal("ring_take, closed and empty, returns", take(ring, &item),
                     false);
        expect_equal("ring_put, closed and empty, returns", put(ring, 7),
                     false);
        end(ring);
    }
}

static void a_closed_ring_gives_all_and_takes_nothing(void)
{
    expect_all_to_be_taken();
    expect_nothing_to_be_put();
}

/* ---- All of it at a time. ---- */

static void start_workers(struct ring_worker *workers, unsigned producers,
                          unsigned consumers)
{
    char name[16];
    for (unsigned i = 0; i < producers; i++) {
        g_snprintf(name, sizeof name, "producer %u", i + 1);
        loom_start(name, produce, &workers[i]);
    }
    for (unsigned i = 0; i < consumers; i++) {
        g_snprintf(name, sizeof name, "consumer %u", i + 1);
        loom_start(name, consume, &workers[producers + i]);
    }
}

static void close_later(void *self)
{
    look(self, 4);
    close_it(self);
}

static void who_waits_on_the_other_side_is_woken(void)
{
    for (uint64_t seed = 1; seed <= 3 * TRIES; seed++) {
        unsigned capacity = 1 + seed % 2;
        struct ring *ring = begin(seed, capacity, 0);
        struct ring_work work = {ring, capacity, EACH, put, take, 0, 0};
        struct ring_worker *workers = work_begin(&work, 5);
        start_workers(workers, 3, 2);
        expect_equal(
            "three producers end, two consumers do not: how many wait?",
            loom_settle(), 2);
        close_it(ring);
        loom_finish("all come to their end");
        work_judge(&work, workers, 5);
        ring_free(ring);
    }
}

static void closed_amid_the_work_each_item_comes_once(void)
{
    for_each_seed (seed, 200) {
        struct dice dice = dice_at(seed, 4, 1);
        unsigned capacity = (unsigned)dice_between(&dice, 1, 4);
        unsigned producers = (unsigned)dice_between(&dice, 1, 3);
        unsigned consumers = (unsigned)dice_between(&dice, 1, 3);
        struct ring *ring = begin(seed, capacity, 0);
        struct ring_work work = {ring, capacity, EACH, put, take, 0, 0};
        struct ring_worker *workers = work_begin(&work, producers + consumers);
        if (seed % 2)
            loom_trouble();
        start_workers(workers, producers, consumers);
        loom_start("closer", close_later, ring);
        loom_finish("all come to their end once it is closed");
        work_judge(&work, workers, producers + consumers);
        ring_free(ring);
    }
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(first_in_first_out),
        GRADED(a_put_waits_while_it_is_full),
        GRADED(a_take_waits_while_it_is_empty),
        GRADED(each_change_wakes_one_who_waits),
        GRADED(a_change_before_the_wait_is_seen),
        GRADED(who_is_woken_looks_again),
        GRADED(closing_wakes_all_who_wait),
        GRADED(a_closed_ring_gives_all_and_takes_nothing),
        GRADED(who_waits_on_the_other_side_is_woken),
        GRADED(closed_amid_the_work_each_item_comes_once),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

/** @file test_dedupe_bytes.h The rules of dedupe_write() and dedupe_read(). */
#ifndef QUEUES_TEST_DEDUPE_BYTES_H
#define QUEUES_TEST_DEDUPE_BYTES_H
#include "02-framing/crc32c.h"
#include "02-framing/wire.h"
#include "04-queues/test_till.h"
#include "common/course/allocated.h"

/* ---- Bytes. ---- */

/* Some producers with gaps, and requests that were only asked. */
static void fill(struct till *till)
{
    for (uint64_t seq = 1; seq < 30; seq++) {
        serve(till, 1, seq);
        serve(till, 1ull << 40, seq * seq);
        if (seq % 3)
            serve(till, 77, seq + 1000);
        ask(till, 1000, seq);
    }
    done(till, 500, 1);
    ask(till, 1, 7);
}

static void expect_boots(void)
{
    struct till *till = till_new((struct dedupe_settings){8, 6, SEC});
    reboot(till);
    checkpoint(till);
    reboot(till); /* Nobody is known yet. */
    fill(till);
    reboot(till); /* From records alone, all of them. */
    ask_all(till, 1, 32);
    checkpoint(till);
    for (unsigned life = 0; life < 3; life++) {
        reboot(till); /* From bytes alone; then again. */
        ask_all(till, 1, 32);
        ask(till, 1ull << 40, 28 * 28);
        ask(till, 77, 1027);
    }
    for (uint64_t seq = 29; seq < 60; seq += 2) {
        serve(till, 1, seq);
        serve(till, 2, seq / 2);
        if (seq % 7 == 0)
            checkpoint(till);
        if (seq % 5 == 0)
            reboot(till);
    }
    reboot(till);
    ask_all(till, 20, 64);
    till_free(till);
}

static void expect_no_trace_of_before(void)
{
    struct till *till = till_new((struct dedupe_settings){8, 6, SEC});
    struct tape *tape = tape_new(2);
    struct dedupe *other =
        dedupe_new(tape_env(tape), (struct dedupe_settings){8, 6, SEC});
    fill(till);
    for (uint64_t producer = 0; producer < 8; producer++)
        for (uint64_t seq = 2000; seq < 2003; seq++)
            dedupe_done(other, producer, seq, 5);
    g_autoptr(GBytes) bytes = dedupe_write(other);
    dedupe_free(other);
    expect_that(dedupe_read(till->dedupe, bytes),
                "dedupe_read() of another table's: true", "false");
    till->model.count = 0;
    for (uint64_t producer = 0; producer < 8; producer++)
        for (uint64_t seq = 2000; seq < 2003; seq++)
            till_done(&till->model, till_now(till),
                      (struct deed){producer, seq, 5});
    ask_all(till, 1994, 2005);
    expect_known(till, 77);
    tape_free(tape);
    till_free(till);
}

static void after_a_boot_answers_are_the_same(void)
{
    expect_boots();
    expect_no_trace_of_before();
}

/* All count as just heard; and those who had been forgotten are back. */
static void after_a_boot_nobody_is_forgotten_at_once(void)
{
    struct till *till = till_new((struct dedupe_settings){2, 4, 100});
    serve(till, 1, 1);
    serve(till, 2, 1);
    checkpoint(till);
    pass(till, 500);
    serve(till, 3, 1); /* In the place of the first. */
    serve(till, 4, 1);
    ask(till, 5, 1);
    reboot(till); /* Four. */
    ask_all(till, 1, 5);
    ask(till, 5, 1);
    pass(till, 60);
    ask(till, 3, 1);
    checkpoint(till);
    reboot(till);
    pass(till, 100);
    ask(till, 5, 1);
    ask(till, 2, 1);
    pass(till, 1);
    ask(till, 5, 1); /* All but the second make room. */
    ask(till, 6, 1);
    expect_known(till, 3);
    till_free(till);
}

/* More or fewer of everything, as somebody has changed the settings. */
static void what_was_forgotten_stays_so(void)
{
    for (unsigned window = 1; window < 20; window++) {
        struct till *till = till_new((struct dedupe_settings){8, 6, 100});
        fill(till);
        checkpoint(till);
        reboot_with(till, (struct dedupe_settings){2, window, 200});
        ask_all(till, 1, 35);
        ask(till, 123, 1);
        for (uint64_t seq = 24; seq < 50; seq += 1 + seq % 3) {
            serve(till, 1, seq);
            ask(till, 1, seq - 3);
            ask(till, 1, seq - 12);
            ask(till, 1, 23);
        }
        pass(till, 201);
        ask(till, 123, 1);
        till_free(till);
    }
}

/* ---- Bytes made by hand. ---- */

/** A producer as it stands in them. The answer to all of its requests is 7. */
struct made_up {
    const char *what;  /**< What is wrong with it. */
    uint64_t producer; /**< As in dedupe.h. */
    uint64_t newest;   /**< The same. */
    uint64_t span;     /**< newest - floor. */
    uint64_t answers;  /**< So many, they say. */
    unsigned count;    /**< So many of these: */
    uint64_t below[3]; /**< newest - seq. */
    unsigned more;     /**< Bytes behind it. */
};

static const struct made_up one_sound = {"", 1, 3, 3, 2, 2, {2, 0}, 0};
static const struct made_up other_sound = {"", 2, 9, 6, 2, 2, {4, 0}, 0};

static void put_made_up(struct wire_writer *out, const struct made_up *made_up)
{
    wire_put_u64(out, made_up->producer);
    wire_put_u64(out, made_up->newest);
    wire_put_varint(out, made_up->span);
    wire_put_varint(out, made_up->answers);
    for (unsigned i = 0; i < made_up->count; i++) {
        wire_put_varint(out, made_up->below[i]);
        wire_put_u64(out, 7);
    }
    for (unsigned i = 0; i < made_up->more; i++)
        wire_put_u8(out, 0);
}

/* The first producer, and another one behind it. Returns new. */
static GBytes *make_up(const struct made_up *second)
{
    struct wire_writer out = {.most = SIZE_MAX};
    wire_put_varint(&out, 2);
    put_made_up(&out, &one_sound);
    put_made_up(&out, second);
    wire_put_u32(&out, crc32c(0, out.data, out.size));
    return wire_finish(&out);
}

static void expect_the_form(void)
{
    struct till *till = till_new((struct dedupe_settings){8, 6, SEC});
    ask(till, 3, 1); /* Nothing of it was done. */
    log_done(till, (struct deed){1, 1, 7});
    log_done(till, (struct deed){2, 9, 7});
    log_done(till, (struct deed){1, 3, 7});
    log_done(till, (struct deed){2, 5, 7});
    checkpoint(till);
    size_t size, wanted;
    g_autoptr(GBytes) bytes = make_up(&other_sound);
    const void *got = g_bytes_get_data(till->written, &size);
    const void *data = g_bytes_get_data(bytes, &wanted);
    expect_equal("the bytes of dedupe_write() are", size, wanted);
    expect_bytes("the bytes of dedupe_write()", got, data, size);
    till_free(till);
}

/* On another machine too, which has other random numbers: replicas agree. */
static void the_same_calls_give_the_same_bytes(void)
{
    expect_the_form();
    for (uint64_t first = 1; first < 6; first++) {
        struct dedupe_settings settings = {8, 6, SEC};
        struct till *one = till_new(settings), *other = till_new(settings);
        dedupe_free(other->dedupe);
        for (uint64_t i = 0; i < 2 * first; i++)
            env_random(tape_env(other->tape));
        other->dedupe = dedupe_new(tape_env(other->tape), settings);
        for (uint64_t i = 0; i < 40; i++) {
            uint64_t producer = i * first % 7 << 40;
            serve(one, producer, 1 + i / 3);
            serve(other, producer, 1 + i / 3);
        }
        checkpoint(one);
        checkpoint(other);
        expect_that(g_bytes_equal(one->written, other->written),
                    "the same bytes from tables that were asked the same",
                    "other bytes");
        till_free(one);
        till_free(other);
    }
}

/* A table is given @p size bytes, which are not right: as @p what says. */
static void refuse(struct till *till, const char *what, const uint8_t *data,
                   size_t size)
{
    char wanted[SHEET_LINE];
    g_snprintf(wanted, sizeof wanted, "dedupe_read() of %s: false", what);
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    expect_that(!dedupe_read(till->dedupe, bytes), wanted, "true");
    expect_equal("then dedupe_producers() is", dedupe_producers(till->dedupe),
                 0);
    expect_equal("and dedupe_newest()", dedupe_newest(till->dedupe, 1), 0);
}

static void expect_damage_refused(void)
{
    struct till *till = till_new((struct dedupe_settings){8, 6, SEC});
    for (unsigned turn = 0; turn < 2; turn++) {
        checkpoint(till); /* Of nobody; then of some. */
        size_t size;
        const uint8_t *data = g_bytes_get_data(till->written, &size);
        g_autofree uint8_t *bad = g_malloc0(size + 9);
        memcpy(bad, data, size);
        say("%zu bytes, each cut, each bit", size);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
            refuse(till, "bytes with one bit turned", bad, size);
            bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t cut = 0; cut < size; cut++)
            refuse(till, "bytes that are cut", data, cut);
        for (size_t more = 1; more < 9; more++)
            refuse(till, "bytes with zeros behind", bad, size + more);
        refuse(till, "all but the first byte", data + 1, size - 1);
        reboot(till);
        ask_all(till, 1, 31);
        fill(till);
    }
    till_free(till);
}

/* A page of anything: it ends, and reserves nothing. */
static void expect_noise_refused(void)
{
    struct till *till = till_new((struct dedupe_settings){8, 6, SEC});
    for_each_seed (seed, 2000) {
        uint8_t noise[256];
        struct dice dice = dice_at(seed, 44, 3);
        uint64_t kind = dice_roll(&dice) % 4;
        for (unsigned i = 0; i < sizeof noise; i++)
            noise[i] = kind == 0   ? 0
                       : kind == 1 ? 0xff
                                   : (uint8_t)dice_roll(&dice);
        size_t before = allocated_bytes();
        refuse(till, "noise", noise, dice_between(&dice, 16, sizeof noise));
        expect_that(allocated_bytes() < before + 4096,
                    "no memory for what is refused", "%zu bytes",
                    allocated_bytes() - before);
    }
    till_free(till);
}

/* The check is right, and no table is like that. */
static void expect_lies_refused(void)
{
    static const struct made_up lies[] = {
        {"a producer twice", 1, 9, 6, 2, 2, {4, 0}, 0},
        {"newest 0", 2, 0, 0, 0, 0, {0}, 0},
        {"a newest without an answer", 2, 9, 6, 1, 1, {4}, 0},
        {"answers in another order", 2, 9, 6, 3, 3, {1, 4, 0}, 0},
        {"an answer twice", 2, 9, 6, 3, 3, {4, 4, 0}, 0},
        {"an answer at the floor", 2, 9, 6, 2, 2, {6, 0}, 0},
        {"a floor below 0", 2, 9, 10, 2, 2, {4, 0}, 0},
        {"fewer answers than it says", 2, 9, 6, 3, 2, {4, 0}, 0},
        {"a byte behind the last producer", 2, 9, 6, 2, 2, {4, 0}, 1},
        {"a producer more than it says", 2, 9, 6, 2, 2, {4, 0}, 27},
    };
    struct till *till = till_new((struct dedupe_settings){8, 6, SEC});
    g_autoptr(GBytes) right = make_up(&other_sound);
    for (unsigned i = 0; i < G_N_ELEMENTS(lies); i++) {
        expect_that(dedupe_read(till->dedupe, right),
                    "dedupe_read() of bytes as in dedupe.h: true", "false");
        expect_equal("dedupe_producers() is", dedupe_producers(till->dedupe),
                     2);
        say("two producers with a right check; in the second %s", lies[i].what);
        size_t size;
        g_autoptr(GBytes) bytes = make_up(&lies[i]);
        const uint8_t *data = g_bytes_get_data(bytes, &size);
        refuse(till, lies[i].what, data, size);
    }
    till_free(till);
}

static void damaged_bytes_are_refused(void)
{
    expect_damage_refused();
    expect_lies_refused();
    expect_noise_refused();
}

#endif

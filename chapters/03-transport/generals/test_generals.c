#include "03-transport/generals/story.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <string.h>

/* The seed of the protocol that is drawn: env.h has no place here. */
static uint64_t drawn;

/* ---- Protocols. ---- */

static unsigned always(const struct general *self)
{
    return self->round;
}

static unsigned nobody(const struct general *self)
{
    (void)self;
    return 0;
}

static bool both(const struct general *self)
{
    (void)self;
    return true;
}

static bool ordered(const struct general *self)
{
    return self->ordered;
}

/* Anything, as long as it looks at nothing but what a general knows. */
static uint64_t draw(const struct general *self, uint64_t what)
{
    uint64_t view = dice_mix(drawn ^ self->id << 8 ^ self->ordered);
    for (unsigned round = 1; round < self->round; round++)
        view = dice_mix(view ^ self->heard[round]) + round;
    return dice_mix(view + what);
}

static unsigned any_number(const struct general *self)
{
    return (unsigned)(draw(self, 1) % 4);
}

/* It attacks more often with an order, and when something has come. */
static bool perhaps(const struct general *self)
{
    uint64_t hurdle = self->ordered ? 1 : 9;
    for (unsigned round = 1; round <= self->rounds; round++)
        if (self->heard[round] > 0)
            hurdle = hurdle / 3;
    return draw(self, 2) % 10 >= hurdle;
}

static struct generals_protocol draw_protocol(uint64_t seed)
{
    drawn = seed;
    return (struct generals_protocol){.name = "drawn",
                                      .rounds = 1 + (unsigned)(seed % 5),
                                      .send = any_number,
                                      .attacks = perhaps};
}

/* ---- The explorer. ---- */

static void every_way_to_be_caught_is_tried(void **state)
{
    struct generals_protocol protocol = {.send = always, .attacks = both};
    (void)state;
    for (unsigned runs = 4; protocol.rounds < 6; runs *= 4) {
        protocol.rounds++;
        struct generals_report report = generals_explore(&protocol);
        assert_int_equal(report.runs, 2 * runs); /* With and without order. */
        assert_int_equal(report.lost, runs);
        assert_int_equal(report.odds, 0);
        assert_int_equal(generals_end_of(&report.worst), GENERALS_UNASKED);
    }
}

static void who_is_not_sent_is_not_caught(void **state)
{
    struct generals_protocol protocol = {
        .rounds = 8, .send = nobody, .attacks = ordered};
    struct generals_report report = generals_explore(&protocol);
    (void)state;
    assert_int_equal(report.runs, 2);
    assert_int_equal(report.lost, 1);
    assert_int_equal(report.odds, GENERALS_ODDS);
    assert_int_equal(report.worst.sent, 0);
    assert_int_equal(generals_end_of(&report.worst), GENERALS_ALONE);
}

static void each_protocol_of_the_book_is_lost_as_it_should(void **state)
{
    static const struct {
        unsigned runs, lost, caught, odds; /* One of so many. */
        enum generals_end end;
    } expected[] = {{3, 1, 1, 2, GENERALS_ALONE},
                    {4, 1, 1, 4, GENERALS_ALONE},
                    {6, 1, 1, 16, GENERALS_ALONE},
                    {1367, 63, 5, 0, GENERALS_ALONE},
                    {4, 1, 0, 4, GENERALS_WAITED}};
    (void)state;
    for (unsigned i = 0; generals_protocols[i]; i++) {
        struct generals_report report = generals_explore(generals_protocols[i]);
        assert_int_equal(report.runs, expected[i].runs);
        assert_int_equal(report.lost, expected[i].lost);
        assert_int_equal(report.worst.caught, expected[i].caught);
        assert_int_equal(generals_end_of(&report.worst), expected[i].end);
        if (expected[i].odds > 0)
            assert_int_equal(report.odds * expected[i].odds, GENERALS_ODDS);
    }
}

/* It is lost if all answers are caught: R / 2^R. */
static void again_and_again_makes_it_rare(void **state)
{
    struct generals_protocol again = *generals_protocols[3];
    (void)state;
    for (again.rounds = 1; again.rounds <= GENERALS_ROUNDS; again.rounds++)
        assert_int_equal(generals_explore(&again).odds,
                         again.rounds * GENERALS_ODDS >> again.rounds);
}

/* ---- The chain. ---- */

static unsigned count_arrived(const struct generals_run *run)
{
    return run->sent - run->caught;
}

/* Each differs from the next in one who arrives, the last one in the order; and
 * one of the two sees no difference, and does the same. */
static void check_chain(const struct generals_protocol *protocol)
{
    struct generals_run chain[GENERALS_CHAIN];
    unsigned same[GENERALS_CHAIN], lost = 0;
    unsigned length = generals_chain(protocol, chain, same);
    assert_int_equal(chain[0].caught, 0);
    for (unsigned i = 0; i < length; i++) {
        lost += generals_end_of(&chain[i]) != GENERALS_WELL;
        assert_int_equal(chain[i].general[0].ordered, i + 1 < length);
        assert_int_equal(count_arrived(&chain[i]),
                         i + 1 < length ? length - 2 - i : 0);
    }
    for (unsigned i = 0; i + 1 < length; i++) {
        assert_true(generals_look_alike(&chain[i], &chain[i + 1], same[i]));
        assert_false(
            generals_look_alike(&chain[i], &chain[i + 1], 3 - same[i]));
        assert_int_equal(chain[i].attacks[same[i] - 1],
                         chain[i + 1].attacks[same[i] - 1]);
    }
    assert_true(lost > 0);
}

static void in_each_chain_a_run_is_lost(void **state)
{
    (void)state;
    for (unsigned i = 0; generals_protocols[i]; i++)
        check_chain(generals_protocols[i]);
    for_each_seed (seed, 2000) {
        struct generals_protocol protocol = draw_protocol(seed);
        check_chain(&protocol);
    }
}

/* The explorer has seen all that is in the chain. */
static void whatever_the_protocol_a_run_is_lost(void **state)
{
    unsigned ends[GENERALS_UNASKED + 1] = {0};
    (void)state;
    for_each_seed (seed, 2000) {
        struct generals_protocol protocol = draw_protocol(seed);
        struct generals_report report = generals_explore(&protocol);
        assert_true(report.lost > 0 && report.lost <= report.runs);
        assert_true(report.odds <= GENERALS_ODDS);
        ends[generals_end_of(&report.worst)]++;
    }
    assert_int_equal(ends[GENERALS_WELL], 0);
    if (!g_getenv("SEED"))
        assert_true(ends[GENERALS_ALONE] > 0 && ends[GENERALS_WAITED] > 0 &&
                    ends[GENERALS_UNASKED] > 0);
}

/* ---- Pictures. ---- */

/* What is told of a protocol. Returns new. */
static char *tell(void (*telling)(FILE *, const struct generals_protocol *),
                  const struct generals_protocol *protocol)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    telling(out, protocol);
    fclose(out);
    return text;
}

static void a_run_is_drawn(void **state)
{
    char *text = tell(story_tell, generals_protocols[1]);
    (void)state;
    assert_string_equal(text, "one acknowledgement: lost in 1 of 4 runs; "
                              "with half caught, in 25.0 %\n"
                              "  round  general 1             general 2\n"
                              "         ● has an order        │\n"
                              "      1  ├─────── 1 ──────────▶│\n"
                              "      2  │   ✗───── 2 ─────────┤\n"
                              "   dawn  ● waits               ● attacks\n"
                              "         one attacks alone\n");
    free(text);
}

static void a_chain_is_drawn(void **state)
{
    char *text = tell(story_chain, generals_protocols[0]);
    (void)state;
    assert_string_equal(text, "         who came  general 1  general 2\n"
                              "  order  ▶·        attacks    attacks\n"
                              "                      ║\n"
                              "  order  ✗·        attacks    waits      "
                              "one attacks alone\n"
                              "                                 ║\n"
                              "  none   ··        waits      waits\n");
    free(text);
}

static void expect_narrow(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++)
        assert_true(g_utf8_strlen(lines[i], -1) <= 80);
}

static void everything_fits_into_80_columns(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        struct generals_protocol protocol = draw_protocol(seed);
        protocol.name = "three acknowledgements";
        protocol.rounds = GENERALS_ROUNDS;
        char *story = tell(story_tell, &protocol);
        char *chain = tell(story_chain, &protocol);
        expect_narrow(story);
        expect_narrow(chain);
        free(story);
        free(chain);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_be_caught_is_tried),
        cmocka_unit_test(who_is_not_sent_is_not_caught),
        cmocka_unit_test(each_protocol_of_the_book_is_lost_as_it_should),
        cmocka_unit_test(again_and_again_makes_it_rare),
        cmocka_unit_test(in_each_chain_a_run_is_lost),
        cmocka_unit_test(whatever_the_protocol_a_run_is_lost),
        cmocka_unit_test(a_run_is_drawn),
        cmocka_unit_test(a_chain_is_drawn),
        cmocka_unit_test(everything_fits_into_80_columns),
    };
    return test_run(argc, argv, tests);
}

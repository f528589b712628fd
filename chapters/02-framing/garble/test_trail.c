/* Trails: what becomes of each byte when frames are whole, damaged, cut. */
#include "02-framing/frame.h"
#include "02-framing/garble/trail.h"
#include "common/judge/test.h"
#include <string.h>

enum { TEXT = 2, SIZE = FRAME_HEADER + TEXT, COUNT = 3, ALL = COUNT * SIZE };

/* Three frames, one behind the other. */
struct frames {
    uint8_t row[ALL];
};

static struct frames three_frames(void)
{
    struct frames frames;
    for (unsigned i = 0; i < COUNT; i++) {
        struct frame frame = {
            .id = i, .payload = (const uint8_t *)"hi", .size = TEXT};
        g_autoptr(GBytes) message = frame_bytes(&frame);
        memcpy(frames.row + i * SIZE, g_bytes_get_data(message, NULL), SIZE);
    }
    return frames;
}

/* Each frame has the mark that stands for it in @p marks. */
static void expect_trail(const struct frames *frames, const char *marks)
{
    g_autofree char *trail = trail_of(frames->row, ALL, TEXT);
    assert_int_equal(strlen(trail), ALL);
    for (unsigned i = 0; i < ALL; i++)
        assert_int_equal(trail[i], marks[i / SIZE]);
}

static void whole_frames_are_given(void **state)
{
    (void)state;
    struct frames frames = three_frames();
    expect_trail(&frames, "===");
}

static void without_a_header_bytes_are_skipped_alone(void **state)
{
    (void)state;
    for (unsigned at = 0; at < FRAME_HEADER; at++) {
        struct frames frames = three_frames();
        frames.row[SIZE + at] ^= 1;
        expect_trail(&frames, "=.=");
    }
}

static void a_damaged_payload_takes_its_frame_along(void **state)
{
    (void)state;
    struct frames frames = three_frames();
    frames.row[SIZE - 1] ^= 1;
    expect_trail(&frames, "-==");
    frames.row[2 * SIZE - 1] ^= 1;
    expect_trail(&frames, "--=");
}

static void a_frame_that_is_cut_waits(void **state)
{
    (void)state;
    struct frames frames = three_frames();
    for (unsigned cut = 1; cut < SIZE; cut++) {
        g_autofree char *trail = trail_of(frames.row, ALL - cut, TEXT);
        assert_int_equal(strspn(trail, "="), ALL - SIZE);
        assert_int_equal(strspn(trail + ALL - SIZE, "?"), SIZE - cut);
    }
}

static void a_frame_beyond_the_cap_is_none(void **state)
{
    (void)state;
    struct frames frames = three_frames();
    g_autofree char *trail = trail_of(frames.row, ALL, TEXT - 1);
    assert_int_equal(strspn(trail, "."), ALL - FRAME_HEADER + 1);
    assert_int_equal(strspn(trail + ALL - FRAME_HEADER + 1, "?"),
                     FRAME_HEADER - 1);
}

static void of_nothing_there_is_no_trail(void **state)
{
    (void)state;
    g_autofree char *trail = trail_of(NULL, 0, TEXT);
    assert_string_equal(trail, "");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_frames_are_given),
        cmocka_unit_test(without_a_header_bytes_are_skipped_alone),
        cmocka_unit_test(a_damaged_payload_takes_its_frame_along),
        cmocka_unit_test(a_frame_that_is_cut_waits),
        cmocka_unit_test(a_frame_beyond_the_cap_is_none),
        cmocka_unit_test(of_nothing_there_is_no_trail),
    };
    return test_run(argc, argv, tests);
}

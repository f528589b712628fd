#include "03-transport/bottleneck/pipeline_scene.h"
#include "common/judge/test.h"

enum { TRIP = 21 }; /* Frames in a round trip. */

static struct pipeline *line_of(unsigned loss)
{
    return pipeline_new(
        (struct pipeline_line){.frame = MSEC, .way = 10 * MSEC, .loss = loss},
        7);
}

/* Frames in the time of @p frames of them, when it has begun; frees it. */
static uint64_t use(struct pipeline *scene, unsigned frames)
{
    pipeline_run(scene, SEC);
    uint64_t before = pipeline_arrived(scene);
    pipeline_run(scene, frames * MSEC);
    uint64_t arrived = pipeline_arrived(scene) - before;
    pipeline_free(scene);
    return arrived;
}

static void stop_and_wait_sends_a_frame_each_round_trip(void **state)
{
    (void)state;
    struct pipeline *scene = line_of(0);
    pipeline_arq(scene, SEC);
    assert_int_equal(use(scene, 100 * TRIP), 100);
}

static void go_back_n_sends_its_window_each_round_trip(void **state)
{
    (void)state;
    for (unsigned window = 1; window <= TRIP; window++) {
        struct pipeline *scene = line_of(0);
        pipeline_gobackn(scene, window, SEC);
        assert_int_equal(use(scene, 100 * TRIP), 100 * window);
    }
}

static void a_flow_fills_the_line_and_no_more(void **state)
{
    (void)state;
    struct pipeline *scene = line_of(0);
    pipeline_flow(scene, 2 * TRIP, 4 * TRIP);
    assert_in_range(use(scene, 2100), 2098, 2102);
}

static void a_window_or_what_may_fly_holds_a_flow_back(void **state)
{
    (void)state;
    struct pipeline *scene = line_of(0);
    pipeline_flow(scene, 10, 4 * TRIP);
    assert_in_range(use(scene, 100 * TRIP), 800, 1000);
    scene = line_of(0);
    pipeline_flow(scene, 2 * TRIP, 10);
    assert_in_range(use(scene, 100 * TRIP), 800, 1000);
}

static void a_share_of_the_frames_is_lost(void **state)
{
    (void)state;
    struct pipeline *scene = line_of(100000);
    pipeline_flow(scene, 2 * TRIP, 40 * TRIP);
    assert_in_range(use(scene, 20000), 17700, 18300);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_and_wait_sends_a_frame_each_round_trip),
        cmocka_unit_test(go_back_n_sends_its_window_each_round_trip),
        cmocka_unit_test(a_flow_fills_the_line_and_no_more),
        cmocka_unit_test(a_window_or_what_may_fly_holds_a_flow_back),
        cmocka_unit_test(a_share_of_the_frames_is_lost),
    };
    return test_run(argc, argv, tests);
}

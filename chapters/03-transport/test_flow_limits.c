/* Who holds a flow back: its owner, the other's window, or the network. Only
 * what the network held back says that it can carry more (RFC 5681, 3.1; RFC
 * 9002, 7.8). */
#include "03-transport/test_flow.h"

static size_t window(struct flow_stage *stage)
{
    return controller_window(flow_controller(stage->side[A].flow));
}

static void an_owner_with_little_to_say_learns_nothing(void **state)
{
    struct flow_stage *stage = flow_stage_open();
    size_t before = window(stage);
    (void)state;
    for (int i = 0; i < 200; i++) {
        push(stage, A, 2 * FULL);
        run(stage, 100 * MSEC);
    }
    assert_int_equal(stage->side[B].taken, 200 * 2 * FULL);
    assert_int_equal(window(stage), before);
    flow_stage_free(stage);
}

static void nor_does_one_whose_reader_is_slow(void **state)
{
    struct flow_stage *stage = flow_stage_open();
    (void)state;
    stage->side[B].lazy = true;
    push_all(stage, A, 1000000);
    for (int i = 0; i < 400; i++) {
        run(stage, 25 * MSEC);
        take(stage, B, FULL);
    }
    assert_true(stage->side[B].taken > 300000);
    assert_true(window(stage) <= 2 * WINDOW);
    flow_stage_free(stage);
}

static void one_that_the_network_holds_back_asks_for_more(void **state)
{
    struct flow_stage *stage = flow_stage_open();
    size_t before = window(stage);
    (void)state;
    push_all(stage, A, 200000);
    run(stage, 50 * MSEC);
    assert_true(window(stage) > before);
    flow_stage_free(stage);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_owner_with_little_to_say_learns_nothing),
        cmocka_unit_test(nor_does_one_whose_reader_is_slow),
        cmocka_unit_test(one_that_the_network_holds_back_asks_for_more),
    };
    return test_run(argc, argv, tests);
}

/* The generator against real servers: ours, and one that has no queues. */
#include "04-queues/peers/contest.h"
#include "04-queues/peers/drive.h"
#include "04-queues/peers/idletime.h"
#include "04-queues/peers/synctime.h"
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <string.h>

#define PATIENCE (60 * SEC)

static struct address start_server(struct stage *stage, const char *program)
{
    struct address address = {0};
    struct actor *actor =
        stage_start(stage, program, "--listen=127.0.0.1:0", NULL);
    g_autofree char *ready = actor_await(actor, "ready ", PATIENCE);
    assert_non_null(ready);
    assert_true(address_parse(&address, ready + strlen("ready "), NULL));
    return address;
}

static const struct drive_plan small = {.dialect = &dialect_ours,
                                        .mode = "none",
                                        .pairs = 2,
                                        .size = 10,
                                        .warmup = MSEC,
                                        .duration = 10 * MSEC};

static void count_mark(void *self)
{
    ++*(unsigned *)self;
}

static void messages_go_all_the_way_through_our_queue(void **state)
{
    struct stage *stage = stage_new();
    struct address address = start_server(stage, "queue");
    struct drive_plan plan = small;
    struct drive_result result = {0};
    g_autoptr(GError) error = NULL;
    unsigned marks = 0;
    (void)state;
    plan.address = &address;
    plan.mark = count_mark;
    plan.self = &marks;
    drive_run(&plan, &result, &error);
    assert_string_equal(error ? error->message : "", "");
    assert_int_equal(marks, 2);
    assert_true(result.settled > 0);
    assert_true(result.counted >= plan.duration);
    assert_true(result.p50 > 0 && result.p50 <= result.p99);
    stage_free(stage);
}

/* Its consumers only say that they are there. */
static unsigned greet_idly(struct speaker *speaker)
{
    speaker->role.consumes = false;
    return dialect_ours.greet(speaker);
}

static uint64_t published[2];

static void note_published(struct speaker *speaker)
{
    if (speaker->role.number < 2)
        published[speaker->role.number] = speaker->published;
}

static void run_in_vain(const struct drive_plan *plan, const char *reason)
{
    struct drive_result result;
    g_autoptr(GError) error = NULL;
    assert_false(drive_run(plan, &result, &error));
    if (!strstr(error->message, reason))
        assert_string_equal(error->message, reason);
}

/* It has no queues. */
static void a_server_of_another_kind_is_found_out(void **state)
{
    static const struct dialect *const dialects[] = {
        &dialect_lists, &dialect_streams, &dialect_ours, &dialect_beanstalk,
        &dialect_jetstream};
    struct stage *stage = stage_new();
    struct address address = start_server(stage, "kv");
    struct drive_plan plan = small;
    (void)state;
    plan.address = &address;
    for (size_t i = 0; i < G_N_ELEMENTS(dialects); i++) {
        plan.dialect = dialects[i];
        run_in_vain(&plan, "the server: it");
    }
    stage_free(stage);
}

static void producers_stop_when_the_queue_is_long_enough(void **state)
{
    struct dialect idle = dialect_ours;
    struct stage *stage = stage_new();
    struct address address = start_server(stage, "queue");
    struct drive_plan plan = small;
    (void)state;
    idle.greet = greet_idly;
    idle.pause = note_published;
    plan.address = &address;
    plan.dialect = &idle;
    plan.patience = 300 * MSEC;
    run_in_vain(&plan, "nothing moves");
    assert_true(published[0] > 0 && published[1] > 0);
    assert_true(published[0] + published[1] <= 2 * DRIVE_LONGEST);
    stage_free(stage);
}

static void nobody_listens_and_that_is_said(void **state)
{
    struct stage *stage = stage_new();
    g_autofree char *text = g_strdup_printf("127.0.0.1:%u", stage_port(stage));
    struct address address;
    struct drive_plan plan = small;
    (void)state;
    assert_true(address_parse(&address, text, NULL));
    plan.address = &address;
    run_in_vain(&plan, "no connection");
    stage_free(stage);
}

static void what_a_queue_refuses_ends_the_run(void **state)
{
    struct stage *stage = stage_new();
    struct address address = start_server(stage, "queue");
    struct drive_plan plan = small;
    (void)state;
    plan.address = &address;
    plan.mode = "eternal";
    run_in_vain(&plan, "it answers");
    stage_free(stage);
}

static void of_each_guarantee_ours_is_the_first(void **state)
{
    int last = -1;
    (void)state;
    for (unsigned i = 0; i < rivals_count; i++) {
        assert_true((int)rivals[i].guarantee >= last);
        assert_int_equal(rivals[i].bar == 0, (int)rivals[i].guarantee > last);
        assert_int_equal(rivals[i].bar == 0,
                         rivals[i].dialect == &dialect_ours);
        last = (int)rivals[i].guarantee;
    }
    assert_int_equal(last, GUARANTEES - 1);
}

static void a_server_of_ours_is_started_and_its_time_is_counted(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    assert_true(rival_is_here(&rivals[0]));
    struct rival_server *server = rival_start(&rivals[0], &error);
    assert_non_null(server);
    assert_true(rival_spent(server) > 0);
    rival_stop(server);
}

static void a_sync_takes_time_and_leaves_no_file(void **state)
{
    char *dir = test_dir_make();
    (void)state;
    assert_true(synctime_measure(dir) > 0);
    assert_int_equal(synctime_measure("/nowhere"), 0);
    GDir *files = g_dir_open(dir, 0, NULL);
    assert_null(g_dir_read_name(files));
    g_dir_close(files);
    test_dir_remove(dir);
}

static void a_share_of_all_processors_is_between_none_and_all(void **state)
{
    double idle = idletime_seconds();
    (void)state;
    assert_true(idle > 0);
    assert_true(idletime_seconds() >= idle);
    assert_true(idletime_is_short(idletime_share(0, 1)));
    assert_false(idletime_is_short(idletime_share(1000, 1)));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_go_all_the_way_through_our_queue),
        cmocka_unit_test(a_server_of_another_kind_is_found_out),
        cmocka_unit_test(producers_stop_when_the_queue_is_long_enough),
        cmocka_unit_test(nobody_listens_and_that_is_said),
        cmocka_unit_test(what_a_queue_refuses_ends_the_run),
        cmocka_unit_test(of_each_guarantee_ours_is_the_first),
        cmocka_unit_test(a_server_of_ours_is_started_and_its_time_is_counted),
        cmocka_unit_test(a_sync_takes_time_and_leaves_no_file),
        cmocka_unit_test(a_share_of_all_processors_is_between_none_and_all),
    };
    return test_run(argc, argv, tests);
}

/* Storms as text: what is written is read, what is wrong is one sentence. */
#include "common/judge/test.h"
#include "common/storm/draw.h"
#include "common/storm/ordeal.h"
#include "common/toys/counter_scene.h"
#include "common/toys/stopwait_scene.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Reading and writing. ---- */

/* Returns new: free(). */
static char *text_of(const struct storm *storm)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    storm_write(storm, file);
    fclose(file);
    return text;
}

static struct storm *read_well(const char *text)
{
    g_autoptr(GError) error = NULL;
    struct storm *storm = storm_read(text, &error);
    if (!storm)
        fail_msg("%s", error->message);
    return storm;
}

/* Member by member: between them are holes. What is not said of a lost message
 * is not kept. */
static void assert_same_event(const struct storm_event *a,
                              const struct storm_event *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->at, b->at);
    assert_int_equal(a->lasts, b->lasts);
    assert_int_equal(a->node, b->node);
    if (a->node == 0)
        assert_string_equal(a->role, b->role);
    assert_int_equal(a->peer, b->peer);
    assert_int_equal(a->side, b->side);
    assert_int_equal(a->ppm, b->ppm);
    assert_int_equal(a->longer, b->longer);
    assert_int_equal(a->effects, b->effects);
    if (a->kind == STORM_CRASH)
        assert_int_equal(a->loss, b->loss);
    assert_string_equal(a->asked, b->asked);
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->fate.lost, b->fate.lost);
    assert_int_equal(a->fate.repeated, b->fate.repeated);
    assert_int_equal(a->fate.turned, b->fate.turned);
    if (!a->fate.lost)
        assert_int_equal(a->fate.delay, b->fate.delay);
    if (a->fate.repeated)
        assert_int_equal(a->fate.later, b->fate.later);
}

static void assert_same(const struct storm *a, const struct storm *b)
{
    const struct storm_weather *left = &a->weather, *right = &b->weather;
    assert_string_equal(a->subject, b->subject);
    assert_int_equal(a->seed, b->seed);
    assert_int_equal(a->nodes, b->nodes);
    assert_int_equal(a->until, b->until);
    assert_int_equal(a->core, b->core);
    assert_int_equal(left->loss, right->loss);
    assert_int_equal(left->repeat, right->repeat);
    assert_int_equal(left->turn, right->turn);
    assert_int_equal(left->overtaking, right->overtaking);
    assert_int_equal(left->least, right->least);
    assert_int_equal(left->spread, right->spread);
    if (left->spread != STORM_NONE)
        assert_int_equal(left->more, right->more);
    assert_int_equal(left->sync_least, right->sync_least);
    assert_int_equal(left->sync_most, right->sync_most);
    assert_int_equal(a->events->len, b->events->len);
    for (unsigned i = 0; i < a->events->len; i++)
        assert_same_event(storm_event(a, i), storm_event(b, i));
}

static void assert_comes_back(const struct storm *storm)
{
    char *text = text_of(storm);
    struct storm *again = read_well(text);
    char *twice = text_of(again);
    assert_string_equal(text, twice);
    assert_same(storm, again);
    storm_free(again);
    free(text);
    free(twice);
}

static void a_drawn_storm_is_read_as_it_was_written(void **state)
{
    (void)state;
    for_each_seed (seed, 500) {
        struct storm *storm =
            storm_draw(seed % 2 ? &counter_subject : &stopwait_subject, seed);
        assert_comes_back(storm);
        storm_free(storm);
    }
}

static void a_storm_with_all_its_fates_is_read_as_it_was_written(void **state)
{
    (void)state;
    for_each_seed (seed, 20) {
        struct ordeal_report report;
        struct storm *storm = storm_draw(&stopwait_subject, seed);
        ordeal_run(&stopwait_subject, storm,
                   (struct ordeal_wish){.write_fates = true}, &report);
        assert_true(report.storm->events->len > storm->events->len);
        assert_comes_back(report.storm);
        ordeal_report_clear(&report);
        storm_free(storm);
    }
}

static const char *const forms[] = {
    "at 1s crash 2",
    "at 1s crash 2 for 3ms",
    "at 1s crash 2 tearing",
    "at 1s crash 2 losing after 7",
    "at 1s crash leader for 3ms tearing after 1000000",
    "at 0s pause 3 for 1ns",
    "at 1.5ms pause follower for 1.25s",
    "at 2us cut 1 3",
    "at 2us cut leader 3 for 4s",
    "at 1s split 2",
    "at 1s split 1 3 for 999.999ms",
    "at 1s farewell 1 2",
    "at 1s farewell leader 2",
    "at 1s drift 1 -500000",
    "at 1s drift leader 500000 for 2s",
    "at 1s slow 2 256ms",
    "at 1s slow leader 1ns for 2s",
    "at 1s ask 3 put key value",
    "at 1s ask leader read",
    "message 1 2 0 lost",
    "message 3 1 18446744073709551615 after 1us",
    "message 2 3 17 after 5ms again 3ms turned 4294967295",
    "message 2 3 17 lost again 3ms turned 0",
};

static void every_form_of_a_line_is_read_and_written_back(void **state)
{
    static const char head[] = "storm mine\nseed 1\nnodes 3\nuntil 9s\n"
                               "core 1 2 3\ndelay 1ms\n";
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *text = g_strdup_printf("%s%s\n", head, forms[i]);
        struct storm *storm = read_well(text);
        char *again = text_of(storm);
        assert_string_equal(text, again);
        assert_int_equal(storm->events->len, 1);
        assert_comes_back(storm);
        storm_free(storm);
        free(again);
    }
}

static void the_weather_is_read_and_written_back(void **state)
{
    static const char text[] =
        "storm a-name\nseed 18446744073709551615\nnodes 32\nuntil 1000000s\n"
        "core 1 2 32\ndelay 0s tail 8ms\novertaking\nloss 1/1\n"
        "repeat 1/1000000\nturn 1/9\nsync 1ms 1ms\n";
    (void)state;
    struct storm *storm = read_well(text);
    char *again = text_of(storm);
    assert_string_equal(text, again);
    assert_int_equal(storm->core, 0x100000006);
    storm_free(storm);
    free(again);
}

static void a_line_says_what_it_says(void **state)
{
    (void)state;
    struct storm *storm =
        read_well("nodes 4 # so many\r\n\r\n  delay 2ms\teven 3ms\n"
                  "at 1.5s crash 2 for 3ms losing after 4\n"
                  "at 2s split 1 4\nat 2s drift 3 -7\n"
                  "message 1 2 3 turned 0\nmessage 1 2 4 again 5us");
    const struct storm_event *crash = storm_event(storm, 0);
    assert_int_equal(storm->events->len, 5);
    assert_int_equal(storm->weather.spread, STORM_EVEN);
    assert_int_equal(storm->weather.more, 3 * MSEC);
    assert_int_equal(crash->at, 1500 * MSEC);
    assert_int_equal(crash->lasts, 3 * MSEC);
    assert_int_equal(crash->loss, DISK_LOSES);
    assert_int_equal(crash->effects, 4);
    assert_int_equal(storm_event(storm, 1)->side, 1 << 1 | 1 << 4);
    assert_int_equal(storm_event(storm, 2)->ppm, -7);
    assert_int_equal(storm_event(storm, 3)->fate.turned, 1);
    assert_int_equal(storm_event(storm, 3)->fate.delay, 2 * MSEC);
    assert_true(storm_event(storm, 4)->fate.repeated);
    assert_int_equal(storm_event(storm, 4)->fate.later, 5 * USEC);
    storm_free(storm);
}

/* ---- Times. ---- */

static void a_time_is_said_as_short_as_it_can_be(void **state)
{
    static const struct {
        nsec time;
        const char *text;
    } times[] = {
        {0, "0s"},
        {1, "1ns"},
        {999, "999ns"},
        {USEC, "1us"},
        {USEC + 1, "1.001us"},
        {MSEC - 1, "999.999us"},
        {MSEC, "1ms"},
        {1500 * USEC, "1.5ms"},
        {10 * MSEC, "10ms"},
        {SEC - 1, "999.999999ms"},
        {SEC, "1s"},
        {SEC + 1, "1.000000001s"},
        {1250 * MSEC, "1.25s"},
        {1000 * SEC, "1000s"},
        {1000000 * SEC, "1000000s"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *text = storm_time(times[i].time);
        g_autofree char *line = g_strdup_printf("until %s", times[i].text);
        struct storm *storm = read_well(line);
        assert_string_equal(text, times[i].text);
        assert_int_equal(storm->until, times[i].time);
        storm_free(storm);
    }
}

static void every_time_comes_back(void **state)
{
    (void)state;
    for_each_seed (seed, 2000) {
        struct dice dice = dice_at(seed, 0, 0);
        nsec time = dice_roll(&dice) >> dice_between(&dice, 15, 63);
        for (uint64_t zeros = dice_between(&dice, 0, 9); zeros > 0; zeros--)
            time = time / 10 * 10;
        time = MIN(time, 1000000 * SEC);
        g_autofree char *text = storm_time(time);
        g_autofree char *line = g_strdup_printf("until %s", text);
        struct storm *storm = read_well(line);
        assert_int_equal(storm->until, time);
        storm_free(storm);
    }
}

/* ---- What is wrong. ---- */

/* One sentence, without its full stop, that begins with the line. */
static void assert_refused(const char *text, unsigned line, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *begin = g_strdup_printf("line %u: expected ", line);
    struct storm *storm = storm_read(text, &error);
    if (storm)
        fail_msg("this was read: %.200s", text);
    const char *message = error->message;
    if (!g_str_has_prefix(message, begin) || !strstr(message, says))
        fail_msg("of \"%.200s\" it says: %s", text, message);
    assert_null(strchr(message, '\n'));
    assert_true(strlen(message) < 250);
    assert_true(g_utf8_validate(message, -1, NULL));
}

static const struct {
    const char *line, *says;
} wrongs[] = {
    {"hail 3", "the first word of a line of a storm, not \"hail\""},
    {"Seed 3", "the first word"},
    {"\a\x1b[31mred", "\\033[31mred"},
    {"storm", "the name of a subject, not the end of the line"},
    {"storm two words", "the end of the line, not \"words\""},
    {"seed", "a number, not the end of the line"},
    {"seed -1", "a number, not \"-1\""},
    {"seed +1", "a number"},
    {"seed 0x1", "a number"},
    {"seed 1e3", "a number"},
    {"seed NaN", "a number"},
    {"seed 18446744073709551616", "a number"},
    {"nodes 0", "from 1 to 32, not \"0\""},
    {"nodes 33", "from 1 to 32"},
    {"nodes 3.5", "from 1 to 32"},
    {"until", "a time such as"},
    {"until 5", "a time such as"},
    {"until s", "a time such as"},
    {"until -5s", "a time such as"},
    {"until NaN", "a time such as"},
    {"until infs", "a time such as"},
    {"until .5s", "a time such as"},
    {"until 1.2.3s", "a time such as"},
    {"until 1m", "a time such as"},
    {"until 1 s", "a time such as"},
    {"until 1e3s", "a time such as"},
    {"until 1000001s", "a time such as"},
    {"until 1000000.000000001s", "a time such as"},
    {"until 1.5ns", "a time such as"},
    {"until 1.0000000001s", "a time such as"},
    {"until 1.s", "a time such as"},
    {"until 999999999999s", "a time such as"},
    {"until 99999999999999999999999999s", "a time such as"},
    {"core", "a node of this storm"},
    {"core 6", "a node of this storm"},
    {"core 1 0", "a node of this storm"},
    {"core 1 x", "the end of the line"},
    {"delay", "a time such as"},
    {"delay 1ms tail", "a time such as"},
    {"delay 1ms gauss 3ms", "the end of the line, not \"gauss\""},
    {"overtaking never", "the end of the line"},
    {"loss", "a chance such as 1/8, not the end of the line"},
    {"loss 0.5", "a chance such as 1/8, not \"0.5\""},
    {"loss 1/0", "a chance such as 1/8"},
    {"loss 1/-2", "a chance such as 1/8"},
    {"loss 2/3", "a chance such as 1/8"},
    {"repeat 1/1000001", "a chance such as 1/8"},
    {"turn 1/", "a chance such as 1/8"},
    {"sync 2ms", "a time such as"},
    {"sync 2ms 1ms", "the shorter time first"},
    {"at", "a time such as"},
    {"at noon crash 1", "a time such as 1.5s, 20ms, 7us or 3ns, not \"noon"},
    {"at 1s", "crash, pause, cut"},
    {"at 1s burn 1", "slow or ask, not \"burn\""},
    {"at 1s crash", "a node of this storm"},
    {"at 1s crash 6", "a node of this storm"},
    {"at 1s crash 0", "a node of this storm"},
    {"at 1s crash -1", "a node of this storm"},
    {"at 1s crash 1 for", "a time such as"},
    {"at 1s crash 1 after", "how many effects"},
    {"at 1s crash 1 after 0", "how many effects"},
    {"at 1s crash 1 after 1000001", "how many effects"},
    {"at 1s crash 1 melting", "the end of the line"},
    {"at 1s crash 1 tearing losing", "the end of the line"},
    {"at 1s pause 1", "for how long: for 20ms"},
    {"at 1s pause 1 for 0s", "for how long: for 20ms"},
    {"at 1s cut 1", "a node of this storm"},
    {"at 1s cut 1 leader", "a node of this storm"},
    {"at 1s split", "a node of this storm"},
    {"at 1s split 1 6", "a node of this storm"},
    {"at 1s farewell 1 2 for 1s", "the end of the line"},
    {"at 1s drift 1", "a drift"},
    {"at 1s drift 1 500001", "a drift from -500000 to 500000"},
    {"at 1s drift 1 fast", "a drift from -500000 to 500000"},
    {"at 1s slow 1", "a time such as"},
    {"at 1s ask 1", "an operation of at most 63 characters"},
    {"at 1000001s ask 1 add", "a time such as"},
    {"message 1 2", "which message"},
    {"message 1 2 -3", "which message"},
    {"message leader 2 3 lost", "a node of this storm"},
    {"message 1 9 3 lost", "a node of this storm"},
    {"message 1 2 3 after", "a time such as"},
    {"message 1 2 3 turned 4294967296", "which bit"},
    {"message 1 2 3 lost lost", "the end of the line"},
    {"\xff\xfe seed", "a text"},
    {"storm \xc3", "a text"},
};

static void a_wrong_line_is_named_in_one_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrongs); i++) {
        g_autofree char *text =
            g_strdup_printf("storm mine\r\n\nnodes 5\n%s\nmore", //
                            wrongs[i].line);
        assert_refused(text, 4, wrongs[i].says);
    }
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    g_autofree char *word = g_strnfill(64, 'x');
    g_autofree char *line = g_strnfill(1001, '#');
    g_autofree char *ask = g_strdup_printf("at 1s ask 1 %s", word);
    g_autofree char *role = g_strdup_printf("at 1s crash %s", word);
    g_autofree char *name = g_strdup_printf("storm %s", word);
    assert_refused(line, 1, "a shorter line");
    assert_refused(ask, 1, "an operation of at most 63 characters");
    assert_refused(role, 1, "a shorter role");
    assert_refused(name, 1, "a shorter name");
    line[1000] = role[strlen(role) - 1] = ask[strlen(ask) - 1] = '\0';
    struct storm *storm = read_well(line);
    storm_free(storm);
    storm = read_well(role);
    storm_free(storm);
    storm = read_well(ask);
    assert_comes_back(storm);
    storm_free(storm);
}

static void nodes_stand_above_all_that_happens(void **state)
{
    (void)state;
    assert_refused("nodes 3\nat 1s crash 3\nnodes 2\n", 3,
                   "\"nodes\" above all that happens");
    assert_refused("message 1 1 0 lost\nnodes 2\n", 2,
                   "\"nodes\" above all that happens");
    struct storm *storm = read_well("nodes 9\ncore 1 9\nnodes 2\n");
    assert_int_equal(storm->core, 1 << 1);
    assert_comes_back(storm);
    storm_free(storm);
}

static char *many(const char *line, unsigned count)
{
    GString *text = g_string_new("nodes 2\n");
    for (unsigned i = 0; i < count; i++)
        g_string_append(text, line);
    return g_string_free(text, FALSE);
}

static void a_million_lines_are_read_or_refused(void **state)
{
    (void)state;
    g_autofree char *blank = many(" \n", 1000000);
    g_autofree char *fates = many("message 1 2 3 lost\n", STORM_EVENTS);
    g_autofree char *more = many("message 1 2 3 lost\n", STORM_EVENTS + 1);
    struct storm *storm = read_well(blank);
    assert_int_equal(storm->events->len, 0);
    storm_free(storm);
    storm = read_well(fates);
    assert_int_equal(storm->events->len, STORM_EVENTS);
    storm_free(storm);
    assert_refused(more, STORM_EVENTS + 2, "fewer events");
}

static void what_is_longer_than_64_mebibytes_is_no_storm(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill((64 << 20) + 1, '\n');
    assert_null(storm_read(text, &error));
    assert_string_equal(error->message, "no storm is longer than 64 MiB");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drawn_storm_is_read_as_it_was_written),
        cmocka_unit_test(a_storm_with_all_its_fates_is_read_as_it_was_written),
        cmocka_unit_test(every_form_of_a_line_is_read_and_written_back),
        cmocka_unit_test(the_weather_is_read_and_written_back),
        cmocka_unit_test(a_line_says_what_it_says),
        cmocka_unit_test(a_time_is_said_as_short_as_it_can_be),
        cmocka_unit_test(every_time_comes_back),
        cmocka_unit_test(a_wrong_line_is_named_in_one_sentence),
        cmocka_unit_test(what_is_too_long_is_refused),
        cmocka_unit_test(nodes_stand_above_all_that_happens),
        cmocka_unit_test(a_million_lines_are_read_or_refused),
        cmocka_unit_test(what_is_longer_than_64_mebibytes_is_no_storm),
    };
    return test_run(argc, argv, tests);
}

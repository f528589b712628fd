/*
 * What the programs that measure real sockets print, in a hurry (--quick): not
 * whether it is true, which a test cannot know, but whether it is a table that
 * a figure can be drawn from.
 */
#include "common/judge/test.h"
#include "common/world/stage.h"
#include <math.h>
#include <string.h>

static const nsec PATIENCE = 60 * SEC;

static const char *const programs[] = {"measure_roundtrip", "measure_idle",
                                       "measure_connections"};

enum { PROGRAMS = G_N_ELEMENTS(programs) };

static struct stage *stage;
static GPtrArray *printed[PROGRAMS]; /* Lines, once somebody asks. */

static int open_stage(void **state)
{
    (void)state;
    stage = stage_new();
    return 0;
}

static int close_stage(void **state)
{
    (void)state;
    stage_free(stage);
    return 0;
}

static GPtrArray *lines_of(unsigned program)
{
    if (printed[program])
        return printed[program];
    struct actor *actor =
        stage_start(stage, programs[program], "--quick", NULL);
    printed[program] = g_ptr_array_new();
    for (char *line; (line = actor_await(actor, "", PATIENCE));)
        g_ptr_array_add(printed[program], line);
    assert_int_equal(actor_wait(actor, PATIENCE), 0);
    return printed[program];
}

static bool is_heading(const char *line)
{
    return *line == '#' && strchr(line, '\t');
}

/* ---- Cells. ---- */

static int column_of(char **names, const char *name)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* The cell of @p name with @p ending, such as low. */
static double cell_of(char **names, char **cells, const char *name,
                      const char *ending)
{
    g_autofree char *whole = g_strconcat(name, ending, NULL);
    int column = column_of(names, whole);
    return column < 0 ? NAN : g_ascii_strtod(cells[column], NULL);
}

/* Names, such as "apart", stand in the first column of their row. */
static void expect_numbers(char **cells)
{
    for (int i = g_ascii_isalpha(*cells[0]) ? 1 : 0; cells[i]; i++) {
        char *end;
        double value = g_ascii_strtod(cells[i], &end);
        if (strcmp(cells[i], "-") != 0)
            assert_true(*end == '\0' && end != cells[i] && isfinite(value));
    }
}

/* Where there is x_low and x_high, x lies between. */
static void expect_order(char **names, char **cells)
{
    for (int i = 0; names[i]; i++) {
        double low = cell_of(names, cells, names[i], "_low");
        double high = cell_of(names, cells, names[i], "_high");
        double value = cell_of(names, cells, names[i], "");
        assert_false(low > value || value > high);
    }
}

/* Returns how many rows there are. */
static int expect_table(const GPtrArray *lines)
{
    g_auto(GStrv) names = NULL;
    int rows = 0;
    for (unsigned i = 0; i < lines->len; i++) {
        const char *line = lines->pdata[i];
        if (is_heading(line)) {
            g_strfreev(names);
            names = g_strsplit(line + strlen("# "), "\t", -1);
        }
        if (*line == '#' || *line == '\0')
            continue;
        g_auto(GStrv) cells = g_strsplit(line, "\t", -1);
        assert_non_null(names);
        assert_int_equal(g_strv_length(cells), g_strv_length(names));
        expect_numbers(cells);
        expect_order(names, cells);
        rows++;
    }
    return rows;
}

/* ---- Tests. ---- */

static void each_prints_a_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PROGRAMS; i++) {
        assert_in_range(expect_table(lines_of(i)), 5, 1000);
    }
}

static void each_says_where_it_measured(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PROGRAMS; i++) {
        assert_true(
            g_str_has_prefix(lines_of(i)->pdata[0], "# real time, on Linux "));
    }
}

static void each_refuses_what_it_does_not_know(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PROGRAMS; i++) {
        struct actor *actor = stage_start(stage, programs[i], "--slow", NULL);
        assert_int_equal(actor_wait(actor, PATIENCE), 2);
        g_autofree char *errors = actor_errors(actor);
        g_autofree char *sentence =
            g_strdup_printf("%s: the only option is --quick.\n", programs[i]);
        assert_string_equal(errors, sentence);
    }
}

#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, open_stage, close_stage)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(each_prints_a_table),
        CASE(each_says_where_it_measured),
        CASE(each_refuses_what_it_does_not_know),
    };
    return test_run(argc, argv, tests);
}

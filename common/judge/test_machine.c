#include "common/judge/machine.h"
#include "common/judge/test.h"
#include <sched.h>
#include <string.h>

static cpu_set_t at_first; /* The CPUs this test began with. */

static cpu_set_t cpus_of_this_thread(void)
{
    cpu_set_t cpus;
    assert_int_equal(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    return cpus;
}

/* Where the thread of that number is bound, and where it says it is. */
static void *pin(void *number)
{
    int cpu = machine_pin(GPOINTER_TO_UINT(number));
    cpu_set_t cpus = cpus_of_this_thread();
    assert_true(cpu >= 0);
    assert_int_equal(CPU_COUNT(&cpus), 1);
    assert_true(CPU_ISSET((size_t)cpu, &cpus));
    return GINT_TO_POINTER(cpu);
}

static int cpu_of(unsigned number)
{
    GThread *thread = g_thread_new("pinned", pin, GUINT_TO_POINTER(number));
    return GPOINTER_TO_INT(g_thread_join(thread));
}

static void each_number_is_a_cpu_until_they_begin_again(void **state)
{
    cpu_set_t seen;
    unsigned count = (unsigned)CPU_COUNT(&at_first);
    (void)state;
    CPU_ZERO(&seen);
    for (unsigned i = 0; i < count; i++)
        CPU_SET((size_t)cpu_of(i), &seen);
    assert_true(CPU_EQUAL(&seen, &at_first));
    assert_int_equal(cpu_of(count), cpu_of(0));
}

static void *note_cpus(void *cpus)
{
    *(cpu_set_t *)cpus = cpus_of_this_thread();
    return NULL;
}

/* Binds itself, and then starts two: one binds itself to another CPU. */
static void *start_others(void *inherited)
{
    machine_pin(0);
    g_thread_join(g_thread_new("heir", note_cpus, inherited));
    return GINT_TO_POINTER(cpu_of(1));
}

static void a_bound_thread_starts_bound_ones_that_may_move(void **state)
{
    cpu_set_t inherited;
    (void)state;
    if (CPU_COUNT(&at_first) < 2)
        skip();
    GThread *parent = g_thread_new("parent", start_others, &inherited);
    int other = GPOINTER_TO_INT(g_thread_join(parent));
    assert_int_equal(CPU_COUNT(&inherited), 1);
    assert_false(CPU_ISSET((size_t)other, &inherited));
}

static char *cpus_text(void)
{
    int count = CPU_COUNT(&at_first);
    return count == 1 ? g_strdup("1 CPU") : g_strdup_printf("%d CPUs", count);
}

static void the_text_names_kernel_and_cpus(void **state)
{
    g_autofree char *text = machine_text(), *cpus = cpus_text();
    g_auto(GStrv) parts = g_strsplit(text, ", ", 3);
    (void)state;
    assert_true(g_regex_match_simple("^Linux [0-9.+]+$", parts[0], 0, 0));
    assert_string_equal(parts[1], cpus);
    assert_true(strlen(parts[2]) > 0);
}

/* A tab would make a heading of the comment it stands in (claim.h). */
static void the_text_is_a_part_of_a_line(void **state)
{
    g_autofree char *text = machine_text();
    (void)state;
    assert_null(strpbrk(text, "\t\n"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_is_a_cpu_until_they_begin_again),
        cmocka_unit_test(a_bound_thread_starts_bound_ones_that_may_move),
        cmocka_unit_test(the_text_names_kernel_and_cpus),
        cmocka_unit_test(the_text_is_a_part_of_a_line),
    };
    at_first = cpus_of_this_thread();
    return test_run(argc, argv, tests);
}

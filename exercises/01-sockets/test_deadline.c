/* The warm-up: how long until a deadline? */
#include "01-sockets/deadline.h"
#include "common/course/graded.h"

/* Nanoseconds have no sign: print them as they are. */
static void expect_left(const char *where, nsec left, nsec wanted)
{
    char text[80];
    g_snprintf(text, sizeof text, "%s, deadline_left is %" G_GUINT64_FORMAT,
               where, wanted);
    expect_that(left == wanted, text,
                "%" G_GUINT64_FORMAT ", which is %.0f years", left,
                (double)left / (365.25 * 86400e9));
}

static void ahead_of_a_deadline_there_is_time(void)
{
    expect_left("5 s ahead of it", deadline_left(12 * SEC, 7 * SEC), 5 * SEC);
    expect_left("1 ns ahead of it", deadline_left(8, 7), 1);
    expect_that(deadline_left(NEVER, 7 * SEC) >= NEVER / 2,
                "to have nearly for ever until NEVER", "less than 292 years");
}

static void behind_a_deadline_there_is_none(void)
{
    expect_left("at the deadline", deadline_left(7, 7), 0);
    expect_left("1 ns behind it", deadline_left(6, 7), 0);
    expect_left("an hour behind it", deadline_left(SEC, 3601 * SEC), 0);
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(ahead_of_a_deadline_there_is_time),
        GRADED(behind_a_deadline_there_is_none),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

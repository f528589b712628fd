#include "common/storm/main.h"
#include "common/storm/draw.h"
#include "common/storm/failure.h"
#include "common/storm/fitness.h"
#include "common/storm/hunt.h"
#include "common/storm/obituary.h"
#include "common/world/complain.h"
#include "common/world/dice.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 40, LONG_HUNT = 10000, LEAST_ANSWERED = 30, MOST_ASKED = 250 };

static gint64 seeds = 1000, budget = SHRINK_EVENTS;
static char *seed, *directory;
static gboolean hash, trace, whole;

static const GOptionEntry options[] = {
    {"seeds", 0, 0, G_OPTION_ARG_INT64, &seeds, "How many storms (1000)", "N"},
    {"seed", 0, 0, G_OPTION_ARG_STRING, &seed, "The storm of one seed", "S"},
    {"out", 0, 0, G_OPTION_ARG_STRING, &directory,
     "Where to write what was found (build/storm)", "DIR"},
    {"budget", 0, 0, G_OPTION_ARG_INT64, &budget,
     "Events of the simulator to spend on shrinking (5000000)", "N"},
    {"hash", 0, 0, G_OPTION_ARG_NONE, &hash, "One number for all traces", NULL},
    {"trace", 0, 0, G_OPTION_ARG_NONE, &trace, "The trace instead", NULL},
    {"whole", 0, 0, G_OPTION_ARG_NONE, &whole, "Do not shrink", NULL},
    {0},
};

/* ---- One storm. ---- */

/* Where a failure is kept: PROGRAM-RULE-SEED.suffix. */
static char *write_file(const struct failure *failure, const char *program,
                        const char *suffix, const char *content, size_t size)
{
    const char *dir = directory ? directory : "build/storm";
    g_autofree char *base = g_path_get_basename(program);
    g_autofree char *name = g_strdup_printf(
        "%s-%s-%" PRIu64 ".%s", base, failure->rule->id, failure->seed, suffix);
    char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GError) error = NULL;
    g_mkdir_with_parents(dir, 0777);
    if (g_file_set_contents(path, content, (gssize)size, &error))
        return path;
    complain(FAILED, "%s", error->message);
    g_free(path);
    return NULL;
}

static char *text_of(const struct storm *storm, size_t *size)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, size);
    storm_write(storm, file);
    fclose(file);
    return text;
}

static void keep(const struct failure *failure, const char *program)
{
    size_t size;
    char *text = text_of(failure->small.storm, &size);
    g_autofree char *path = write_file(failure, program, "storm", text, size);
    g_autofree char *lines = write_file(failure, program, "trace",
                                        failure->trace, strlen(failure->trace));
    printf("\nThe storm:\n\n%s", text);
    if (path && lines)
        printf("\nIts trace, and a picture of it for a page:\n    %s\n"
               "    build/bin/spacetime --svg=%s.svg %s\n"
               "See it again:\n    %s %s\n",
               lines, failure->rule->id, lines, program, path);
    free(text);
}

static int show(struct failure *failure, const char *program, bool found)
{
    if (found && failure->small.runs > 0)
        printf("Of %u lines %u are left, after %u runs.\n",
               failure->small.before, failure->small.after,
               failure->small.runs);
    if (found)
        putchar('\n');
    if (found)
        failure_write(failure, stdout, ROWS);
    if (found && failure->small.runs > 0)
        keep(failure, program);
    failure_clear(failure);
    return found ? FAILED : 0;
}

static int show_trace(const struct subject *subject, const struct storm *storm)
{
    struct ordeal_report report;
    char *text = failure_trace(subject, storm, &report);
    int status = report.id ? FAILED : 0;
    fputs(text, stdout);
    ordeal_report_clear(&report);
    free(text);
    return status;
}

/* A run that is given up shows nothing. */
static int give_up(const struct storm *storm, nsec time)
{
    g_autofree char *reached = storm_time(time);
    g_autofree char *until = storm_time(storm->until);
    return complain(USAGE,
                    "this storm takes more than %d events: it was given up at "
                    "%s, its storm lasts until %s",
                    ORDEAL_EVENTS, reached, until);
}

/* Nothing broke: did anything happen? */
static void show_passage(const struct subject *subject,
                         const struct storm *storm,
                         const struct ordeal_report *report)
{
    unsigned timed = 0, happened = 0;
    for (unsigned i = 0; i < storm->events->len; i++)
        timed += storm_event(storm, i)->kind != STORM_MESSAGE;
    for (unsigned i = 0; i < STORM_KINDS; i++)
        happened += report->happened[i];
    printf(
        "%s comes through. Of %u events with a time %u took place, and %" PRIu64
        " messages arrived.\n",
        subject->name, timed, happened, report->delivered);
}

static int try_storm(const struct subject *subject, const struct storm *storm,
                     const char *program)
{
    struct failure failure;
    if (trace)
        return show_trace(subject, storm);
    bool found = failure_of(&failure, subject, storm);
    if (failure.report.endless) {
        int status = give_up(storm, failure.report.time);
        failure_clear(&failure);
        return status;
    }
    if (!found)
        show_passage(subject, storm, &failure.report);
    return show(&failure, program, found);
}

static int try_seed(const struct subject *subject, uint64_t number,
                    const char *program)
{
    struct failure failure;
    if (!trace && !whole &&
        failure_find(&failure, subject, number, (uint64_t)budget))
        return show(&failure, program, true);
    struct storm *storm = storm_draw(subject, number);
    int status = try_storm(subject, storm, program);
    storm_free(storm);
    return status;
}

/* Is it a storm that may be run? What is drawn from a seed always is. */
static int judge_file(const struct subject *subject, const struct storm *storm,
                      const char *path)
{
    unsigned asked = 0;
    for (unsigned i = 0; i < storm->events->len; i++)
        asked += storm_event(storm, i)->kind == STORM_ASK;
    if (!storm->subject[0])
        return complain(USAGE, "%s does not say whom it is for: storm %s", path,
                        subject->name);
    if (strcmp(storm->subject, subject->name) != 0)
        return complain(USAGE, "%s is a storm for %s, and this is %s", path,
                        storm->subject, subject->name);
    if (storm->nodes < subject->least || storm->nodes > subject->most)
        return complain(USAGE, "%s has %u nodes: %s has from %u to %u", path,
                        storm->nodes, subject->name, subject->least,
                        subject->most);
    if (asked > MOST_ASKED)
        return complain(USAGE, "%s asks %u times: at most %d are judged", path,
                        asked, MOST_ASKED);
    return 0;
}

static int replay(const struct subject *subject, const char *path,
                  const char *program)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    size_t size;
    if (g_file_test(path, G_FILE_TEST_EXISTS) &&
        !g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return complain(USAGE, "%s is no file", path);
    if (!g_file_get_contents(path, &text, &size, &error))
        return complain(USAGE, "%s", error->message);
    if (strlen(text) != size)
        return complain(USAGE, "%s is not a text", path);
    struct storm *storm = storm_read(text, &error);
    if (!storm)
        return complain(USAGE, "%s, %s", path, error->message);
    int status = judge_file(subject, storm, path);
    if (status == 0)
        status = try_storm(subject, storm, program);
    storm_free(storm);
    return status;
}

/* ---- Many. ---- */

static void show_progress(const struct hunt *hunt)
{
    if (hunt->storms % 64 == 0 && isatty(STDERR_FILENO))
        fprintf(stderr, "\r  %" PRIu64 " of %" PRIu64 " storms ", hunt->storms,
                hunt->count);
}

static void end_progress(void)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%40s\r", "");
}

/* A long hunt in which too little happened has shown nothing. */
static int judge_health(const struct hunt *hunt)
{
    const char *unreached = hunt_unreached(hunt);
    if (hunt->storms < LONG_HUNT)
        return 0;
    if (unreached)
        return complain(FAILED, "it never came to this: %s", unreached);
    if (hunt->answered * 100 < hunt->asked * LEAST_ANSWERED)
        return complain(FAILED,
                        "fewer than %d %% of the operations were "
                        "answered: the storms are too hard to show anything",
                        LEAST_ANSWERED);
    return 0;
}

/* What broke before does not break now: so it is no matter of the storm. */
static int doubt(const struct hunt *hunt)
{
    return complain(FAILED,
                    "seed %" PRIu64 " gives another run each time: does the "
                    "protocol use a static variable, a clock, or other "
                    "random numbers than env_random()?",
                    hunt->seed);
}

static int report_found(struct hunt *hunt, const char *program)
{
    printf("Storm %" PRIu64 " of %" PRIu64 ", seed %" PRIu64 ", %s%s.\n",
           hunt->storms, hunt->count, hunt->seed,
           hunt->report.id ? "breaks " : "has no end",
           hunt->report.id ? hunt->report.id : "");
    fflush(stdout);
    int status = try_seed(hunt->subject, hunt->seed, program);
    return status == 0 && !trace ? doubt(hunt) : status;
}

/* Is the first storm the same when it comes again? */
static bool is_repeated(struct hunt *hunt)
{
    uint64_t events[2], ends[2];
    for (unsigned i = 0; i < 2; i++) {
        struct ordeal_report report;
        struct storm *storm = storm_draw(hunt->subject, hunt->first);
        ordeal_run(hunt->subject, storm, (struct ordeal_wish){0}, &report);
        events[i] = report.events;
        ends[i] = report.time;
        ordeal_report_clear(&report);
        storm_free(storm);
    }
    hunt->seed = hunt->first;
    return events[0] == events[1] && ends[0] == ends[1];
}

static int go_hunting(const struct subject *subject, const char *program)
{
    struct hunt hunt = {.subject = subject,
                        .first = 1,
                        .count = (uint64_t)seeds,
                        .progress = show_progress};
    if (!is_repeated(&hunt))
        return doubt(&hunt);
    bool found = hunt_run(&hunt);
    int status = 0;
    end_progress();
    if (found) {
        status = report_found(&hunt, program);
    } else {
        printf("%s: %" PRIu64 " storms, and nothing broke.\n", subject->name,
               hunt.storms);
        hunt_write_health(&hunt, stdout);
        status = judge_health(&hunt);
    }
    hunt_clear(&hunt);
    return status;
}

/* ---- What identifies the runs. ---- */

uint64_t storm_hash(const struct subject *subject, uint64_t count)
{
    uint64_t sum = 0;
    for (uint64_t number = 1; number <= count; number++) {
        struct ordeal_report report;
        struct storm *storm = storm_draw(subject, number);
        char *text = failure_trace(subject, storm, &report);
        sum = dice_mix(sum ^ dice_number(text));
        ordeal_report_clear(&report);
        storm_free(storm);
        free(text);
    }
    return sum;
}

/* ---- The program. ---- */

static int one_seed(const struct subject *subject, const char *program)
{
    char *end;
    errno = 0;
    uint64_t number = g_ascii_strtoull(seed, &end, 0);
    if (*end || !g_ascii_isdigit(*seed) || errno)
        return complain(USAGE, "\"%s\" is not a seed", seed);
    return try_seed(subject, number, program);
}

int storm_main(int argc, char **argv, const struct subject *subject)
{
    g_autoptr(GOptionContext) context = g_option_context_new("[FILE]");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return complain(USAGE, "%s", error->message);
    if (argc > 2)
        return complain(USAGE, "one storm at a time");
    if (seeds < 1)
        return complain(USAGE, "there are no fewer than one storm");
    if (budget < 1)
        return complain(USAGE, "a budget is one event, or more");
    const char *lack = fitness_lacks(subject);
    if (lack)
        return complain(USAGE, "this subject cannot be judged: %s", lack);
    if (trace && !seed && argc < 2)
        return complain(USAGE, "the trace of which storm? --seed=N, or a file");
    obituary_prepare(argv[0]);
    if (argc == 2)
        return replay(subject, argv[1], argv[0]);
    if (seed)
        return one_seed(subject, argv[0]);
    if (!hash)
        return go_hunting(subject, argv[0]);
    printf("%s %" G_GINT64_FORMAT " storms 0x%016" PRIx64 "\n", subject->name,
           seeds, storm_hash(subject, (uint64_t)seeds));
    return 0;
}

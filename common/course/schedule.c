#include "common/course/schedule.h"
#include "common/course/attempt.h"
#include "common/course/entries.h"
#include "common/course/graded.h"
#include <string.h>

/* What a failure says of a schedule that cannot be played. */
static const char *const playable = "a schedule that can be played";

/* ---- Reading. ---- */

enum {
    EVENTS_MOST = 1000,
    SCHEDULE_LACKS = 1 /* The code of an error: nothing is written yet. */
};

/* A file of which the events below one name are asked. */
struct schedule_reading {
    const char *name;
    GPtrArray *events;
    unsigned heads;  /* Names of programs so far. */
    unsigned called; /* Those among them that are ours. */
    bool ours;       /* The last one is. */
};

static const char *take_head(struct schedule_reading *reading, char *name)
{
    reading->heads++;
    reading->ours = g_str_equal(g_strstrip(name), reading->name);
    reading->called += reading->ours;
    return reading->called > 1 ? "this program has been named before" : NULL;
}

/* Returns what is wrong with the line; NULL: nothing, or it is not ours. */
static const char *take_line(struct schedule_reading *reading, char *line)
{
    line[strcspn(line, "#")] = '\0'; /* A comment. */
    g_strchomp(line);
    if (g_str_has_prefix(line, "Break:"))
        return take_head(reading, line + strlen("Break:"));
    if (!*line || (reading->heads > 0 && !reading->ours))
        return NULL;
    if (strchr(line, '\t'))
        return "there is a tab; indent with spaces";
    if (line[0] != ' ')
        return "an event is indented by four spaces; only \"Break: NAME\" is "
               "not";
    if (reading->heads == 0)
        return "an event stands below \"Break: NAME\"";
    if (reading->events->len == EVENTS_MOST)
        return "there are too many events";
    g_ptr_array_add(reading->events, g_strdup(g_strchug(line)));
    return NULL;
}

static bool take_text(struct schedule_reading *reading, const char *text,
                      GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (int i = 0; lines[i]; i++) {
        const char *why = take_line(reading, lines[i]);
        if (why) {
            g_set_error(error, ENTRIES_ERROR, 0, "line %d: %s", i + 1, why);
            return false;
        }
    }
    if (reading->called == 0)
        g_set_error(error, ENTRIES_ERROR, SCHEDULE_LACKS,
                    "there is no line \"Break: %s\"", reading->name);
    return reading->called > 0;
}

char **schedule_read(const char *path, const char *name, GError **error)
{
    size_t size;
    g_autofree char *text = entries_raw(path, &size, error);
    if (!text)
        return NULL;
    if (memchr(text, '\0', size)) {
        g_set_error(error, ENTRIES_ERROR, 0, "%s is no text", path);
        return NULL;
    }
    GPtrArray *events = g_ptr_array_new();
    struct schedule_reading reading = {.name = name, .events = events};
    bool taken = take_text(&reading, text, error);
    g_ptr_array_add(events, NULL);
    g_auto(GStrv) lines = (char **)g_ptr_array_free(events, FALSE);
    return taken ? g_steal_pointer(&lines) : NULL;
}

char **schedule_lines(const char *name)
{
    const char *path = g_getenv("SCHEDULE");
    g_autoptr(GError) error = NULL;
    if (!path || !*path)
        return g_new0(char *, 1);
    char **lines = schedule_read(path, name, &error);
    if (!lines)
        graded_wrong(playable, "%s", error->message);
    return lines;
}

void schedule_refuse(const char *line, const char *events)
{
    graded_wrong(playable, "\"%s\", which is no event; there are: %s", line,
                 events);
}

void schedule_reject(const char *line, const char *why)
{
    graded_wrong(playable, "\"%s\": %s", line, why);
}

/* ---- Judging. ---- */

/* All points for twice our length; beyond it they fall. */
static unsigned points_for(const struct rule *rule, unsigned length)
{
    unsigned most = 2 * rule->ours;
    return length <= most ? rule->points : MAX(rule->points * most / length, 1);
}

static void say(struct verdict *verdict, enum verdict_word word, char *expected,
                char *got)
{
    g_free(verdict->expected);
    g_free(verdict->got);
    verdict->word = word;
    verdict->expected = expected;
    verdict->got = got;
    verdict->earned = 0;
}

static struct verdict *todo(const struct rule *rule, char *got)
{
    struct verdict *verdict = g_new0(struct verdict, 1);
    verdict->rule = rule;
    say(verdict, TODO, g_strdup("an event or more"), got);
    return verdict;
}

/* It cannot be read, or does not know this program. */
static struct verdict *unread(const struct rule *rule, const GError *error)
{
    struct verdict *verdict = todo(rule, g_strdup(error->message));
    if (!g_error_matches(error, ENTRIES_ERROR, SCHEDULE_LACKS))
        say(verdict, WRONG, g_strdup(playable), g_strdup(error->message));
    return verdict;
}

/* The right program failed. */
static void blame_schedule(struct verdict *verdict)
{
    if (g_strcmp0(verdict->expected, playable) == 0)
        return;
    char *got = g_strdup_printf("it fails, too: expected %s, got %s",
                                verdict->expected, verdict->got);
    say(verdict, WRONG, g_strdup("the right program to come through"), got);
}

/* The wrong one has been run: this is what came of it. */
static void judge(struct verdict *verdict, unsigned length)
{
    const struct rule *rule = verdict->rule;
    bool failed = verdict->word == WRONG || verdict->word == HANG;
    bool so = failed && g_strcmp0(verdict->expected, rule->expects) == 0;
    char *expected = g_strdup_printf(
        "the wrong program to be caught at this: \"%s\"", rule->expects);
    if (!so) {
        char *got =
            verdict->word == PASS
                ? g_strdup("it comes through")
                : g_strdup_printf("it fails in another way: expected %s, got "
                                  "%s",
                                  verdict->expected, verdict->got);
        say(verdict, WRONG, expected, got);
        return;
    }
    char *got =
        g_strdup_printf("broken by %u events; %u or fewer earn everything",
                        length, 2 * rule->ours);
    say(verdict, PASS, expected, got);
    verdict->earned = points_for(rule, length);
}

struct verdict *schedule_judge(const struct task *task, const struct rule *rule,
                               const struct schedule_plan *plan)
{
    g_autoptr(GError) error = NULL;
    if (!g_file_test(plan->path, G_FILE_TEST_EXISTS))
        return todo(rule, g_strdup_printf("there is no file; make reset EX=%s "
                                          "lays one out",
                                          task->module));
    g_auto(GStrv) events = schedule_read(plan->path, rule->test, &error);
    if (!events)
        return unread(rule, error);
    if (!events[0])
        return todo(rule,
                    g_strdup_printf("nothing below \"Break: %s\"", rule->test));
    struct attempt attempt = {.program = plan->right, .schedule = plan->path};
    struct verdict *verdict = attempt_run(&attempt, task, rule);
    if (verdict->word != PASS) {
        blame_schedule(verdict);
        return verdict;
    }
    verdict_free(verdict);
    attempt.program = plan->wrong;
    verdict = attempt_run(&attempt, task, rule);
    judge(verdict, g_strv_length(events));
    return verdict;
}

#include "common/course/schedule.h"
#include "common/course/attempt.h"
#include "common/course/entries.h"
#include "common/course/graded.h"
#include <string.h>

/* What a failure says of a schedule that cannot be played. */
static const char *const playable = "a schedule that can be played";

/* ---- Reading. ---- */

enum { EVENTS_MOST = 1000 };

/* The first line is the name, the others are events. */
static char **events_of(const struct entry_of_file *entry)
{
    g_auto(GStrv) lines = g_strsplit(entry->text, "\n", -1);
    GPtrArray *events = g_ptr_array_new();
    for (int i = 1; lines[0] && lines[i]; i++) {
        lines[i][strcspn(lines[i], "#")] = '\0'; /* A comment. */
        if (*g_strstrip(lines[i]))
            g_ptr_array_add(events, g_strdup(lines[i]));
    }
    g_ptr_array_add(events, NULL);
    return (char **)g_ptr_array_free(events, FALSE);
}

static bool is_named(const struct entry_of_file *entry, const char *name)
{
    size_t size = strcspn(entry->text, "\n");
    return g_str_equal(entry->key, "Break") && size == strlen(name) &&
           memcmp(entry->text, name, size) == 0;
}

char **schedule_read(const char *path, const char *name, GError **error)
{
    g_autoptr(GPtrArray) entries = entries_read(path, error);
    const struct entry_of_file *found = NULL;
    for (guint i = 0; entries && i < entries->len; i++) {
        if (!is_named(entries->pdata[i], name))
            continue;
        if (found) {
            g_set_error(error, ENTRIES_ERROR, 0,
                        "there are two lines \"Break: %s\"", name);
            return NULL;
        }
        found = entries->pdata[i];
    }
    if (entries && !found)
        g_set_error(error, ENTRIES_ERROR, 0, "there is no line \"Break: %s\"",
                    name);
    char **events = found ? events_of(found) : NULL;
    if (!events || g_strv_length(events) <= EVENTS_MOST)
        return events;
    g_set_error(error, ENTRIES_ERROR, 0, "%s has more than %d events", name,
                EVENTS_MOST);
    g_strfreev(events);
    return NULL;
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
        return todo(rule, g_strdup(error->message));
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

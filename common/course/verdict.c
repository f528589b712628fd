#include "common/course/verdict.h"
#include <glib.h>
#include <signal.h>
#include <string.h>

enum { LATE = 124, SHOWN = 12, WISHES = 5, WIDTH = 74, LONGEST = 400 };
/* How a process ends in which a sanitizer has found something. */
enum { SANITIZER = 99, THREADS = 66 };

const char *verdict_name(enum verdict_word word)
{
    static const char *const names[] = {"PASS", "WRONG", "CRASH",
                                        "HANG", "FLOOD", "LEAK",
                                        "RACE", "TODO",  "BUILD"};
    return names[word];
}

/* ---- What the output tells. ---- */

/* The first place in the reader's file. Returns new, or NULL. */
static char *find_place(const char *output, const struct task *task)
{
    g_autofree char *pattern = g_strdup_printf(
        "(?:exercises|solutions)/%s/%s\\.c:\\d+", task->chapter, task->module);
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    return g_regex_match(regex, output, 0, &match)
               ? g_match_info_fetch(match, 0)
               : NULL;
}

/* The rest of the line behind @p mark, up to @p end. Returns new, or NULL. */
static char *rest_of_line(const char *output, const char *mark, const char *end)
{
    const char *found = strstr(output, mark);
    if (!found)
        return NULL;
    found += strlen(mark);
    size_t size = MIN(strcspn(found, "\n"), LONGEST);
    g_autofree char *line = g_strndup(found, size);
    const char *stop = strstr(line, end);
    return g_strstrip(g_strndup(line, stop ? (size_t)(stop - line) : size));
}

/* What a sanitizer, GLib or the system says of a crash. Returns new. */
static char *explain_crash(const struct cell_result *cell)
{
    static const struct {
        const char *mark, *end;
    } marks[] = {
        {"ERROR **: ", "\n"},      {"\nERROR:", "\n"},
        {"Assertion", "\n"},       {"AddressSanitizer: ", " on "},
        {"runtime error: ", "\n"}, {"Test failed with exception: ", "\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        char *found = rest_of_line(cell->output, marks[i].mark, marks[i].end);
        if (found && g_str_equal(found, "ABRT")) {
            g_free(found);
            return g_strdup("abort() was called");
        }
        if (found)
            return found;
    }
    if (cell->status > 128)
        return g_strdup_printf("%s (SIG%s)", g_strsignal(cell->status - 128),
                               sigabbrev_np(cell->status - 128));
    return g_strdup_printf("the program ended itself, with exit status %d",
                           cell->status);
}

static char *explain_leak(const char *output)
{
    char *found = rest_of_line(output, "SUMMARY: AddressSanitizer: ", "\n");
    return found ? found : g_strdup("some was not");
}

/* ---- What the sheet tells. ---- */

/* A text of the sheet, which may end anywhere. Returns new. */
static char *text_of(const char *text, size_t most)
{
    g_autofree char *copy = g_strndup(text, most);
    return g_utf8_make_valid(copy, -1);
}

static void append_line(GString *text, const struct sheet *sheet, uint32_t i)
{
    g_autofree char *line = text_of(sheet->line[i % SHEET_LINES], WIDTH);
    if (text->len > 0)
        g_string_append_c(text, '\n');
    g_string_append_printf(text, "%s%s", i + 1 == sheet->lines ? "->" : "  ",
                           line);
}

/* Does it say what was asked of the module (kernel_say)? */
static bool is_wish(const struct sheet *sheet, uint32_t i)
{
    const char *line = sheet->line[i % SHEET_LINES];
    return strncmp(line + strcspn(line, ">"), ">  ", 3) == 0 &&
           strspn(line, " .0123456789") == strcspn(line, ">");
}

/* The last lines; and before them what was asked for last, so that they can be
 * understood. */
static char *trace_of(const struct sheet *sheet)
{
    uint32_t first = sheet->lines > SHOWN ? sheet->lines - SHOWN : 0;
    uint32_t oldest =
        sheet->lines > SHEET_LINES ? sheet->lines - SHEET_LINES : 0;
    uint32_t to = first;
    GString *text = g_string_new(NULL);
    while (to > oldest && !is_wish(sheet, to - 1))
        to--;
    uint32_t from = to;
    while (from > oldest && to - from < WISHES && is_wish(sheet, from - 1))
        from--;
    for (uint32_t i = from; first > 0 && i < to; i++)
        append_line(text, sheet, i);
    if (first > 0 && to < first)
        g_string_append_printf(text, "%s   (some calls are left out)",
                               text->len > 0 ? "\n" : "");
    for (uint32_t i = first; i < sheet->lines; i++)
        append_line(text, sheet, i);
    return g_string_free(text, sheet->lines == 0);
}

/* ---- The verdict. ---- */

static void say(struct verdict *verdict, enum verdict_word word,
                const char *expected, char *got)
{
    verdict->word = word;
    verdict->expected = g_strdup(expected);
    verdict->got = got;
}

static void say_what_the_sheet_does(struct verdict *verdict,
                                    enum verdict_word word,
                                    const struct sheet *sheet)
{
    verdict->word = word;
    verdict->expected = text_of(sheet->expected, SHEET_TEXT - 1);
    verdict->got = text_of(sheet->got, SHEET_TEXT - 1);
}

static bool is_flood(struct verdict *verdict, enum cell_end end)
{
    if (end == CELL_FAT)
        say(verdict, FLOOD, "a test takes little memory",
            g_strdup_printf("more than %d MiB", CELL_MIB));
    else if (end == CELL_LOUD)
        say(verdict, FLOOD, "a test writes little",
            g_strdup_printf("more than %d bytes of output", CELL_OUTPUT));
    else if (end == CELL_MANY)
        say(verdict, FLOOD, "a test has one process",
            g_strdup_printf("more than %d", CELL_PROCESSES));
    return verdict->word == FLOOD;
}

static bool is_late(const struct cell_result *cell)
{
    return cell->end == CELL_LATE || cell->status == LATE ||
           cell->status == 128 + SIGXCPU || cell->status == 128 + SIGKILL;
}

static void judge(struct verdict *verdict, const struct cell_result *cell,
                  const struct sheet *sheet)
{
    bool ended = sheet->state == SHEET_ENDED &&
                 sheet->answer == sheet_answer(sheet->nonce);
    bool leaks = cell->status == SANITIZER &&
                 strstr(cell->output, "LeakSanitizer: detected");
    verdict->word = CRASH;
    if (is_flood(verdict, cell->end))
        return;
    if (sheet->todo[0])
        say(verdict, TODO, "every hole on the way is filled",
            text_of(sheet->todo, SHEET_TEXT - 1));
    else if (sheet->state == SHEET_HANG)
        say_what_the_sheet_does(verdict, HANG, sheet);
    else if (is_late(cell))
        say(verdict, HANG, "to come to an end",
            g_strdup("still running, and its time is up"));
    else if (cell->status == THREADS &&
             strstr(cell->output, "ThreadSanitizer: data race"))
        say(verdict, RACE, "threads that take turns", g_strdup("a data race"));
    else if (ended && leaks)
        say(verdict, LEAK, "all memory is freed", explain_leak(cell->output));
    else if (sheet->state == SHEET_WRONG && cell->status == 1)
        say_what_the_sheet_does(verdict, WRONG, sheet);
    else if (ended && cell->status == 0)
        verdict->word = PASS;
    else
        say(verdict, CRASH, "to come to the end of the test",
            explain_crash(cell));
}

struct verdict *verdict_new(const struct task *task, const struct rule *rule,
                            const struct cell_result *cell,
                            const struct sheet *sheet)
{
    struct verdict *verdict = g_new0(struct verdict, 1);
    verdict->rule = rule;
    judge(verdict, cell, sheet);
    bool repeats = verdict->word == PASS || verdict->word == WRONG ||
                   sheet->state == SHEET_HANG;
    verdict->digest = repeats ? sheet->trace : 0;
    verdict->earned = verdict->word == PASS ? rule->points : 0;
    verdict->drawn = sheet->picture[0] != '\0';
    if (verdict->word != PASS || task->breaks) /* To break is to fail. */
        verdict->trace = verdict->drawn
                             ? text_of(sheet->picture, SHEET_PICTURE - 1)
                             : trace_of(sheet);
    if (!verdict->drawn && sheet->head[0])
        verdict->head = text_of(sheet->head, WIDTH);
    if (verdict->word == PASS)
        return verdict;
    verdict->place =
        verdict->word == TODO ? NULL : find_place(cell->output, task);
    verdict->seeded = sheet->seeded;
    verdict->seed = sheet->seed;
    return verdict;
}

struct verdict *verdict_of_build(const struct rule *rule, const char *reason)
{
    struct verdict *verdict = g_new0(struct verdict, 1);
    verdict->rule = rule;
    say(verdict, BUILD, "a module that can be linked", g_strdup(reason));
    return verdict;
}

void verdict_free(void *self)
{
    struct verdict *verdict = self;
    g_free(verdict->expected);
    g_free(verdict->got);
    g_free(verdict->place);
    g_free(verdict->trace);
    g_free(verdict->head);
    g_free(verdict);
}

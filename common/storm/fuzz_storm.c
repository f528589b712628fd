/*
 * Any bytes, as a storm. The first byte chooses: the rest is the text; or each
 * byte chooses a line, and the next ones what stands in it, so that most lines
 * are good. What must hold, whatever they are:
 *
 *   It is read or refused, with the line. What was read is written, and read
 *   again, the same. And the counter, a right program, comes through: no
 *   invariant breaks but one that nobody could keep, C5, when too few recover
 *   or they are too far away.
 *
 * What asks for much is not run, and no run is longer than ORDEAL_EVENTS.
 */
#include "common/judge/fuzz.h"
#include "common/storm/ordeal.h"
#include "common/toys/counter_scene.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 40 };

/* ---- From bytes to lines. ---- */

struct bytes {
    const uint8_t *data;
    size_t size;
    unsigned nodes; /* Of the storm. */
};

static unsigned take(struct bytes *bytes)
{
    if (bytes->size == 0)
        return 0;
    bytes->size--;
    return *bytes->data++;
}

/* %n a node, %t a time, %u a number, %e what a crash adds, %f a fate. */
static const char *const lines[] = {
    "seed %u",
    "core %n %n %n",
    "delay %t",
    "delay %t even %t",
    "delay %t exponential %t",
    "delay %t tail %t",
    "overtaking",
    "loss 1/%u",
    "repeat 1/%u",
    "sync 0s %t",
    "at %t crash %n for %t%e",
    "at %t crash leader%e",
    "at %t pause %n for %t",
    "at %t cut %n %n for %t",
    "at %t cut %n %n",
    "at %t split %n %n for %t",
    "at %t farewell %n %n",
    "at %t drift %n -%u for %t",
    "at %t slow %n %t for %t",
    "at %t ask %n add",
    "at %t ask %n read",
    "at %t ask leader add",
    "message %n %n %u%f",
    "turn 1/%u",
    "storm counter # again",
};

static const char *const ends[] = {
    " tearing", " losing", " after 1",        " tearing after 3",
    " after 2", "",        " losing after 2",
};

static const char *const fates[] = {
    " lost", " after 30ms", " again 1us", " after 3s again 1ms", " turned 9",
};

static void put_field(GString *text, char field, struct bytes *bytes)
{
    static const char *const units[] = {"us", "ms", "0ms", ".5s"};
    unsigned byte = take(bytes);
    if (field == 'n')
        g_string_append_printf(text, "%u", byte % bytes->nodes + 1);
    else if (field == 't')
        g_string_append_printf(
            text, "%u%s", byte / 4 % 64 / (byte & 2 ? 32 : 1), units[byte % 4]);
    else if (field == 'u')
        g_string_append_printf(text, "%u", byte + 1);
    else if (field == 'e')
        g_string_append(text, ends[byte % G_N_ELEMENTS(ends)]);
    else
        g_string_append(text, fates[byte % G_N_ELEMENTS(fates)]);
}

static char *text_of_lines(struct bytes *bytes)
{
    GString *text = g_string_new("storm counter\n");
    bytes->nodes = 3 + take(bytes) % 3;
    g_string_append_printf(text, "nodes %u\nuntil 1.5s\n", bytes->nodes);
    while (bytes->size > 0) {
        const char *line = lines[take(bytes) % G_N_ELEMENTS(lines)];
        for (; *line; line++)
            if (*line == '%')
                put_field(text, *++line, bytes);
            else
                g_string_append_c(text, *line);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

/* ---- What must hold. ---- */

static char *write_storm(const struct storm *storm)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    storm_write(storm, file);
    fclose(file);
    return text;
}

static void check_again(const struct storm *storm)
{
    char *text = write_storm(storm);
    struct storm *again = storm_read(text, NULL);
    g_assert(again);
    char *twice = write_storm(again);
    g_assert(strcmp(text, twice) == 0);
    storm_free(again);
    free(text);
    free(twice);
}

/* Take away what the counter does not claim to survive. */
static void turn_no_bits(struct storm *storm)
{
    storm->weather.turn = 0;
    for (unsigned i = 0; i < storm->events->len; i++)
        storm_event(storm, i)->fate.turned = 0;
}

/* Is it small, and the counter's? */
static bool may_run(const struct storm *storm)
{
    unsigned asked = 0;
    for (unsigned i = 0; i < storm->events->len; i++)
        asked += storm_event(storm, i)->kind == STORM_ASK;
    return asked <= FEW && storm->until <= 2 * SEC &&
           strcmp(storm->subject, "counter") == 0 &&
           storm->nodes >= counter_subject.least &&
           storm->nodes <= counter_subject.most;
}

static void run(const struct storm *storm)
{
    struct ordeal_report report;
    bool can = storm->weather.least <= 20 * MSEC && storm->core >> 1 & 1 &&
               (unsigned)__builtin_popcountll(storm->core) > storm->nodes / 2;
    ordeal_run(&counter_subject, storm, (struct ordeal_wish){0}, &report);
    if (report.id && (can || strcmp(report.id, "C5") != 0)) {
        storm_write(storm, stderr);
        g_error("%s: %s", report.id, report.why);
    }
    ordeal_report_clear(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {size > 0 ? data : (const uint8_t *)"", size, 0};
    g_autoptr(GError) error = NULL;
    unsigned how = take(&bytes);
    g_autofree char *text =
        how % 4 == 0 ? g_strndup((const char *)bytes.data, bytes.size)
                     : text_of_lines(&bytes);
    struct storm *storm = storm_read(text, &error);
    g_assert(!storm == !!error);
    if (!storm) {
        g_assert(g_str_has_prefix(error->message, "line "));
        g_assert(g_utf8_validate(error->message, -1, NULL));
        return 0;
    }
    check_again(storm);
    turn_no_bits(storm);
    if (may_run(storm))
        run(storm);
    storm_free(storm);
    return 0;
}

/*
 * Reading a storm. Each line is cut into words, and a table says who reads the
 * words after the first. A reader takes one word after another: take_time(),
 * take_node() .. each says what it expected, and so every complaint has the same
 * form: "line 7: expected a time such as 1.5s, not "soon"".
 */
#include "common/storm/storm.h"
#include <errno.h>
#include <string.h>

enum { LINE_MOST = 1000, TEXT_MOST = 64 << 20 };
static const nsec time_most = 1000000 * SEC;

struct reader {
    struct storm *storm;
    char **words;         /* What is left of the line. */
    const char *expected; /* What was not there; NULL: all is well. */
    const char *wrong;    /* What was; NULL: nothing. */
};

/* ---- Words. ---- */

static bool expect(struct reader *reader, bool met, const char *expected)
{
    if (!met && !reader->expected) {
        reader->expected = expected;
        reader->wrong = reader->words ? *reader->words : NULL;
    }
    return met;
}

static const char *take_word(struct reader *reader, const char *expected)
{
    if (!expect(reader, *reader->words != NULL, expected))
        return "";
    return *reader->words++;
}

/* The next word, if it is this one. */
static bool take_this(struct reader *reader, const char *word)
{
    if (!*reader->words || strcmp(*reader->words, word) != 0)
        return false;
    reader->words++;
    return true;
}

static uint64_t take_number(struct reader *reader, uint64_t least,
                            uint64_t most, const char *expected)
{
    guint64 number = 0;
    if (!expect(reader, *reader->words != NULL, expected) ||
        !expect(reader,
                g_ascii_string_to_unsigned(*reader->words, 10, least, most,
                                           &number, NULL),
                expected))
        return 0;
    reader->words++;
    return number;
}

/* The digits after the point, or from none of them on: all must count. */
static bool parse_part(const char *digits, nsec unit, nsec *time)
{
    for (; g_ascii_isdigit(*digits) && unit >= 10; digits++)
        *time += (nsec)(*digits - '0') * (unit /= 10);
    return !g_ascii_isdigit(*digits) && *time <= time_most;
}

/* Digits, perhaps a point and more digits, and a unit. */
static bool parse_time(const char *word, nsec *time)
{
    static const struct {
        const char *name;
        nsec unit;
    } units[] = {{"s", SEC}, {"ms", MSEC}, {"us", USEC}, {"ns", 1}};
    size_t whole = strspn(word, "0123456789"), part = 0;
    if (whole == 0 || whole > 12)
        return false;
    if (word[whole] == '.')
        part = 1 + strspn(word + whole + 1, "0123456789");
    if (part == 1)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (strcmp(word + whole + part, units[i].name) != 0)
            continue;
        nsec unit = units[i].unit;
        *time = g_ascii_strtoull(word, NULL, 10);
        if (*time > time_most / unit)
            return false;
        *time *= unit;
        return parse_part(word + whole + (part > 0), unit, time);
    }
    return false;
}

static nsec take_time(struct reader *reader)
{
    static const char expected[] = "a time such as 1.5s, 20ms, 7us or 3ns";
    nsec time = 0;
    if (!expect(reader, *reader->words && parse_time(*reader->words, &time),
                expected))
        return 0;
    reader->words++;
    return time;
}

static node_id take_node(struct reader *reader)
{
    return take_number(reader, 1, reader->storm->nodes,
                       "a node of this storm, a number from 1 (\"nodes\" "
                       "stands above)");
}

/* A node, or the name of a role. */
static void take_who(struct reader *reader, struct storm_event *event)
{
    const char *word = *reader->words;
    if (!word || !g_ascii_isalpha(word[0])) {
        event->node = take_node(reader);
        return;
    }
    expect(reader, strlen(word) < sizeof event->role, "a shorter role");
    g_strlcpy(event->role, word, sizeof event->role);
    reader->words++;
}

static uint64_t take_nodes(struct reader *reader)
{
    uint64_t nodes = (uint64_t)1 << take_node(reader);
    while (*reader->words && g_ascii_isdigit(**reader->words) &&
           !reader->expected)
        nodes |= (uint64_t)1 << take_node(reader);
    return nodes;
}

/* ---- What happens. ---- */

static void read_crash(struct reader *reader, struct storm_event *event)
{
    take_who(reader, event);
    if (take_this(reader, "for"))
        event->lasts = take_time(reader);
    event->loss = take_this(reader, "tearing")  ? DISK_TEARS
                  : take_this(reader, "losing") ? DISK_LOSES
                                                : DISK_KEEPS;
    if (take_this(reader, "after"))
        event->effects = (unsigned)take_number(
            reader, 1, 1000000, "how many effects, a number from 1");
}

static void read_operation(struct reader *reader, struct storm_event *event)
{
    take_who(reader, event);
    g_autofree char *asked = g_strjoinv(" ", reader->words);
    expect(reader, *asked && strlen(asked) < sizeof event->asked,
           "an operation of at most 63 characters");
    g_strlcpy(event->asked, asked, sizeof event->asked);
    reader->words += g_strv_length(reader->words);
}

static void read_drift(struct reader *reader, struct storm_event *event)
{
    static const char expected[] = "a drift from -500000 to 500000 millionths";
    gint64 ppm = 0;
    take_who(reader, event);
    const char *word = *reader->words ? *reader->words : "";
    if (expect(reader,
               g_ascii_string_to_signed(word, 10, -500000, 500000, &ppm, NULL),
               expected))
        reader->words++;
    event->ppm = (int)ppm;
}

static bool read_kind(struct reader *reader, const char *kind,
                      struct storm_event *event)
{
    if (!strcmp(kind, "crash")) {
        event->kind = STORM_CRASH;
        read_crash(reader, event);
    } else if (!strcmp(kind, "pause")) {
        event->kind = STORM_PAUSE;
        take_who(reader, event);
    } else if (!strcmp(kind, "cut") || !strcmp(kind, "farewell")) {
        event->kind = *kind == 'c' ? STORM_CUT : STORM_FAREWELL;
        take_who(reader, event);
        event->peer = take_node(reader);
    } else if (!strcmp(kind, "split")) {
        event->kind = STORM_SPLIT;
        event->side = take_nodes(reader);
    } else if (!strcmp(kind, "drift")) {
        event->kind = STORM_DRIFT;
        read_drift(reader, event);
    } else if (!strcmp(kind, "slow")) {
        event->kind = STORM_SLOW;
        take_who(reader, event);
        event->longer = take_time(reader);
    } else if (!strcmp(kind, "ask")) {
        event->kind = STORM_ASK;
        read_operation(reader, event);
    } else {
        return false;
    }
    return true;
}

static void read_at(struct reader *reader)
{
    static const char expected[] =
        "crash, pause, cut, split, farewell, drift, slow or ask";
    struct storm_event event = {.at = take_time(reader)};
    const char *kind = take_word(reader, expected);
    if (!read_kind(reader, kind, &event)) {
        reader->words -= *kind ? 1 : 0;
        expect(reader, false, expected);
    }
    if (event.kind != STORM_CRASH && event.kind != STORM_FAREWELL &&
        take_this(reader, "for"))
        event.lasts = take_time(reader);
    expect(reader, event.kind != STORM_PAUSE || event.lasts > 0,
           "for how long: for 20ms");
    g_array_append_val(reader->storm->events, event);
}

static void read_message(struct reader *reader)
{
    struct storm_event event = {.kind = STORM_MESSAGE};
    struct sim_fate *fate = &event.fate;
    event.node = take_node(reader);
    event.peer = take_node(reader);
    event.number = take_number(reader, 0, UINT64_MAX,
                               "which message of that link, from 0");
    fate->delay = reader->storm->weather.least;
    fate->lost = take_this(reader, "lost");
    if (take_this(reader, "after"))
        fate->delay = take_time(reader);
    fate->repeated = take_this(reader, "again");
    if (fate->repeated)
        fate->later = take_time(reader);
    if (take_this(reader, "turned"))
        fate->turned =
            1 + take_number(reader, 0, UINT32_MAX, "which bit, from 0");
    g_array_append_val(reader->storm->events, event);
}

/* ---- How it is. ---- */

static void read_subject(struct reader *reader)
{
    const char *name = take_word(reader, "the name of a subject");
    expect(reader, strlen(name) < sizeof reader->storm->subject,
           "a shorter name");
    g_strlcpy(reader->storm->subject, name, sizeof reader->storm->subject);
}

static void read_seed(struct reader *reader)
{
    reader->storm->seed = take_number(reader, 0, UINT64_MAX, "a number");
}

static void read_node_count(struct reader *reader)
{
    expect(reader, reader->storm->events->len == 0,
           "\"nodes\" above all that happens");
    reader->storm->nodes = (unsigned)take_number(
        reader, 1, STORM_NODES, "a number of nodes from 1 to 32");
}

static void read_until(struct reader *reader)
{
    reader->storm->until = take_time(reader);
}

static void read_core(struct reader *reader)
{
    reader->storm->core = take_nodes(reader);
}

static void read_delay(struct reader *reader)
{
    struct storm_weather *weather = &reader->storm->weather;
    weather->least = take_time(reader);
    weather->spread = take_this(reader, "even")          ? STORM_EVEN
                      : take_this(reader, "exponential") ? STORM_EXPONENTIAL
                      : take_this(reader, "tail")        ? STORM_TAIL
                                                         : STORM_NONE;
    if (weather->spread != STORM_NONE)
        weather->more = take_time(reader);
}

static void read_overtaking(struct reader *reader)
{
    reader->storm->weather.overtaking = true;
}

static unsigned take_chance(struct reader *reader)
{
    guint64 chance = 0;
    const char *word = *reader->words ? *reader->words : "";
    bool good =
        g_str_has_prefix(word, "1/") &&
        g_ascii_string_to_unsigned(word + 2, 10, 1, 1000000, &chance, NULL);
    if (expect(reader, good, "a chance such as 1/8"))
        reader->words++;
    return (unsigned)chance;
}

static void read_loss(struct reader *reader)
{
    reader->storm->weather.loss = take_chance(reader);
}

static void read_repeat(struct reader *reader)
{
    reader->storm->weather.repeat = take_chance(reader);
}

static void read_turn(struct reader *reader)
{
    reader->storm->weather.turn = take_chance(reader);
}

static void read_sync(struct reader *reader)
{
    struct storm_weather *weather = &reader->storm->weather;
    weather->sync_least = take_time(reader);
    weather->sync_most = take_time(reader);
    expect(reader, weather->sync_least <= weather->sync_most,
           "the shorter time first");
}

/* ---- Lines. ---- */

static const struct {
    const char *word;
    void (*read)(struct reader *reader);
} lines[] = {
    {"storm", read_subject},
    {"seed", read_seed},
    {"nodes", read_node_count},
    {"until", read_until},
    {"core", read_core},
    {"delay", read_delay},
    {"overtaking", read_overtaking},
    {"loss", read_loss},
    {"repeat", read_repeat},
    {"turn", read_turn},
    {"sync", read_sync},
    {"at", read_at},
    {"message", read_message},
};

static void read_words(struct reader *reader)
{
    const char *first = take_word(reader, "a word");
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        if (strcmp(first, lines[i].word) == 0) {
            lines[i].read(reader);
            expect(reader, *reader->words == NULL, "the end of the line");
            return;
        }
    reader->words--;
    expect(reader, false, "the first word of a line of a storm");
}

/* Words without the blanks between them, and without a comment. */
static char **words_of(char *line)
{
    line[strcspn(line, "#")] = '\0';
    char **words = g_strsplit_set(line, " \t\r", -1);
    unsigned kept = 0;
    for (unsigned i = 0; words[i]; i++)
        if (*words[i])
            words[kept++] = words[i];
        else
            g_free(words[i]);
    words[kept] = NULL;
    return words;
}

static bool read_line(struct storm *storm, char *line, unsigned number,
                      GError **error)
{
    struct reader reader = {.storm = storm};
    expect(&reader, strlen(line) <= LINE_MOST, "a shorter line");
    expect(&reader, storm->events->len < STORM_EVENTS, "fewer events");
    expect(&reader, g_utf8_validate(line, -1, NULL), "a text");
    if (reader.expected) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "line %u: expected %s", number, reader.expected);
        return false;
    }
    g_auto(GStrv) words = words_of(line);
    reader.words = words;
    if (*words)
        read_words(&reader);
    if (!reader.expected)
        return true;
    g_autofree char *seen =
        reader.wrong ? g_strescape(reader.wrong, NULL) : NULL;
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                "line %u: expected %s, not %s%.60s%s", number, reader.expected,
                seen ? "\"" : "", seen ? seen : "the end of the line",
                seen ? "\"" : "");
    return false;
}

static bool read_lines(struct storm *storm, const char *text, GError **error)
{
    for (unsigned number = 1; *text; number++) {
        size_t size = strcspn(text, "\n");
        g_autofree char *line = g_strndup(text, size);
        if (!read_line(storm, line, number, error))
            return false;
        text += size + (text[size] == '\n');
    }
    return true;
}

struct storm *storm_read(const char *text, GError **error)
{
    if (strlen(text) > TEXT_MOST) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "no storm is longer than 64 MiB");
        return NULL;
    }
    struct storm *storm = storm_new();
    if (!read_lines(storm, text, error)) {
        storm_free(storm);
        return NULL;
    }
    uint64_t all = ((uint64_t)2 << storm->nodes) - 2;
    storm->core = storm->core & all ? storm->core & all : all;
    return storm;
}

#include "common/course/report.h"
#include <json-glib/json-glib.h>

/* ---- JSON. ---- */

static void put_text(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, text ? text : "");
}

static void put_number(JsonBuilder *builder, const char *name, int64_t number)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, number);
}

static char *explain(const struct grade *grade, const struct verdict *verdict)
{
    if (verdict->word == PASS)
        return g_strdup("");
    if (verdict->word == BUILD)
        return g_strdup_printf("BUILD\n%s\n%s", verdict->got,
                               grade->log ? grade->log : "");
    bool telling = g_strcmp0(verdict->rule->test, grade->telling) == 0;
    return g_strdup_printf(
        "%s\nrule: %s\nexpected: %s\ngot: %s\n%s%s%s%s%s%s",
        verdict_name(verdict->word), verdict->rule->text, verdict->expected,
        verdict->got, verdict->place ? "at: " : "",
        verdict->place ? verdict->place : "", verdict->place ? "\n" : "",
        verdict->trace ? verdict->trace : "",
        telling ? "\nthis looks like: " : "", telling ? grade->looks_like : "");
}

static void put_verdict(JsonBuilder *builder, const struct grade *grade,
                        const struct verdict *verdict)
{
    g_autofree char *name =
        g_strdup_printf("%s %s", grade->task->number, verdict->rule->test);
    g_autofree char *output = explain(grade, verdict);
    g_autofree char *seed =
        verdict->seeded
            ? g_strdup_printf("0x%" G_GINT64_MODIFIER "x", verdict->seed)
            : NULL;
    json_builder_begin_object(builder);
    put_text(builder, "name", name);
    put_text(builder, "exercise", grade->task->module);
    put_text(builder, "status", verdict->word == PASS ? "passed" : "failed");
    put_text(builder, "verdict", verdict_name(verdict->word));
    put_number(builder, "score", verdict->earned);
    put_number(builder, "max_score", verdict->rule->points);
    put_text(builder, "seed", seed);
    put_text(builder, "output", output);
    json_builder_end_object(builder);
}

static void put_receipts(JsonBuilder *builder, const GPtrArray *grades)
{
    json_builder_set_member_name(builder, "receipts");
    json_builder_begin_object(builder);
    for (guint i = 0; i < grades->len; i++) {
        const struct grade *grade = grades->pdata[i];
        put_text(builder, grade->task->module, grade->receipt);
    }
    json_builder_end_object(builder);
}

static void put_grades(JsonBuilder *builder, const GPtrArray *grades)
{
    unsigned earned = 0, most = 0;
    for (guint i = 0; i < grades->len; i++) {
        const struct grade *grade = grades->pdata[i];
        earned += grade->earned;
        most += grade->most;
    }
    put_number(builder, "score", earned);
    put_number(builder, "max_score", most);
    put_receipts(builder, grades);
    json_builder_set_member_name(builder, "tests");
    json_builder_begin_array(builder);
    for (guint i = 0; i < grades->len; i++) {
        const struct grade *grade = grades->pdata[i];
        for (guint j = 0; j < grade->verdicts->len; j++)
            put_verdict(builder, grade, grade->verdicts->pdata[j]);
    }
    json_builder_end_array(builder);
}

char *report_json(const GPtrArray *grades)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    put_grades(builder, grades);
    json_builder_end_object(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    return json_to_string(root, TRUE);
}

/* ---- JUnit. ---- */

/* XML has no place for most control characters, escaped or not. */
static char *markup(const char *text)
{
    g_autofree char *copy = g_strdup(text);
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c < ' ' && *c != '\n')
            *c = '?';
    return g_markup_escape_text(copy, -1);
}

static void append_case(GString *xml, const struct grade *grade,
                        const struct verdict *verdict)
{
    g_autofree char *plain = explain(grade, verdict);
    g_autofree char *output = markup(plain);
    g_string_append_printf(xml, "    <testcase classname=\"%s\" name=\"%s\"",
                           grade->task->module, verdict->rule->test);
    if (verdict->word == PASS)
        g_string_append(xml, "/>\n");
    else
        g_string_append_printf(
            xml,
            ">\n      <failure type=\"%s\">%s</failure>\n    </testcase>\n",
            verdict_name(verdict->word), output);
}

char *report_junit(const GPtrArray *grades)
{
    GString *xml = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                "<testsuites>\n");
    for (guint i = 0; i < grades->len; i++) {
        const struct grade *grade = grades->pdata[i];
        unsigned failures = 0;
        for (guint j = 0; j < grade->verdicts->len; j++)
            failures +=
                ((struct verdict *)grade->verdicts->pdata[j])->word != PASS;
        g_string_append_printf(
            xml, "  <testsuite name=\"%s %s\" tests=\"%u\" failures=\"%u\">\n",
            grade->task->number, grade->task->module, grade->verdicts->len,
            failures);
        for (guint j = 0; j < grade->verdicts->len; j++)
            append_case(xml, grade, grade->verdicts->pdata[j]);
        g_string_append(xml, "  </testsuite>\n");
    }
    g_string_append(xml, "</testsuites>\n");
    return g_string_free(xml, FALSE);
}

#include "common/course/matrix.h"
#include <string.h>

enum { NAMES = 42 };

static char *id_of(const struct sign *sign)
{
    return sign->shape ? g_strconcat(sign->name, ".", sign->shape, NULL)
                       : g_strdup(sign->name);
}

/* ---- Rates. ---- */

static bool has_twin(const GPtrArray *signs, const struct sign *sign)
{
    for (guint i = 0; i < signs->len; i++) {
        const struct sign *other = signs->pdata[i];
        if (other != sign && g_str_equal(other->name, sign->name))
            return true;
    }
    return false;
}

void matrix_count(const GPtrArray *signs, struct rates *sum)
{
    for (guint i = 0; i < signs->len; i++) {
        const struct sign *sign = signs->pdata[i];
        struct sign copy = *sign; /* That of a reader who made just this. */
        const struct sign *by_all = signs_recognise(signs, &copy);
        const struct sign *by_others = signs_recognise(signs, sign);
        sum->mistakes++;
        sum->caught += sign_symptom(sign, sign->caught) != NULL;
        sum->recognised += by_all != NULL;
        if (!has_twin(signs, sign))
            continue;
        sum->again++;
        sum->again_recognised +=
            by_others && g_str_equal(by_others->name, sign->name);
        sum->wrong += by_others && !g_str_equal(by_others->name, sign->name);
    }
}

void matrix_print_doubles(FILE *file, const GPtrArray *signs)
{
    for (guint i = 0; i < signs->len; i++) {
        const struct sign *sign = signs->pdata[i];
        const struct sign *other = signs_recognise(signs, sign);
        g_autofree char *id = id_of(sign);
        if (other && !g_str_equal(other->name, sign->name))
            fprintf(file, "  %s looks like %s.\n", id, other->name);
    }
}

bool matrix_is_good(const struct rates *rates)
{
    return rates->caught == rates->mistakes && rates->wrong == 0 &&
           10 * rates->recognised >= 9 * rates->mistakes;
}

void matrix_print_rates(FILE *file, const struct rates *rates)
{
    fprintf(
        file,
        "  %u known mistakes, %u of them caught by the test they name.\n"
        "  %u recognised by their signs; of %u in a second shape %u, and %u "
        "taken\n  for another mistake.\n",
        rates->mistakes, rates->caught, rates->recognised, rates->again,
        rates->again_recognised, rates->wrong);
}

/* ---- For a terminal. ---- */

static char letter(guint column)
{
    return (char)('a' + column % 26);
}

/* Three columns, and a fourth that parts them. */
static void print_cell(FILE *file, const struct sign *sign, const char *test)
{
    const struct symptom *symptom = sign_symptom(sign, test);
    bool named = g_str_equal(sign->caught, test);
    char word = symptom ? verdict_name(symptom->word)[0] : named ? '!' : ' ';
    fprintf(file, named ? "[%c]" : " %c ", word);
}

void matrix_print(FILE *file, const struct task *task, const GPtrArray *signs)
{
    fprintf(file, "\n  %-*s", NAMES, task->module);
    for (guint i = 0; i < task->rules->len; i++)
        fprintf(file, " %c ", letter(i));
    fprintf(file, "\n");
    for (guint i = 0; i < signs->len; i++) {
        g_autofree char *id = id_of(signs->pdata[i]);
        fprintf(file, "  %-*s", NAMES, id);
        for (guint j = 0; j < task->rules->len; j++)
            print_cell(file, signs->pdata[i],
                       ((struct rule *)task->rules->pdata[j])->test);
        fprintf(file, "\n");
    }
    fprintf(file, "\n");
    for (guint i = 0; i < task->rules->len; i++)
        fprintf(file, "  %c  %s\n", letter(i),
                ((struct rule *)task->rules->pdata[i])->test);
}

/* ---- For the site. ---- */

void matrix_begin_page(FILE *file)
{
    fprintf(file,
            "# Which test catches which mistake\n\n"
            "The kill matrix: each row is a known wrong answer, each column a "
            "test, and a letter is the verdict: WRONG, CRASH, HANG, FLOOD, "
            "LEAK, RACE. In bold stands the test that must catch it. A column "
            "without a letter in bold would be a test that nobody needs; a row "
            "without one, a mistake that nobody sees. `make matrix` tries them "
            "all again.\n\n"
            "Whoever fails in exactly the way of one row is told what it looks "
            "like by `make grade`.\n");
}

static void page_head(FILE *file, const struct task *task)
{
    fprintf(file, "\n## %s %s (`%s`)\n\n| mistake |", task->number, task->title,
            task->module);
    for (guint i = 0; i < task->rules->len; i++)
        fprintf(file, " %c |", letter(i));
    fprintf(file, "\n|---|");
    for (guint i = 0; i < task->rules->len; i++)
        fprintf(file, ":-:|");
    fprintf(file, "\n");
}

static void page_cell(FILE *file, const struct sign *sign, const char *test)
{
    const struct symptom *symptom = sign_symptom(sign, test);
    const char *mark = g_str_equal(sign->caught, test) ? "**" : "";
    if (symptom)
        fprintf(file, " %s%c%s |", mark, verdict_name(symptom->word)[0], mark);
    else
        fprintf(file, " |");
}

static void page_row(FILE *file, const struct task *task,
                     const struct sign *sign)
{
    g_auto(GStrv) words = g_strsplit(sign->because, "|", -1);
    g_autofree char *because = g_strjoinv("/", words);
    fprintf(file, "| %s |", because);
    for (guint i = 0; i < task->rules->len; i++)
        page_cell(file, sign, ((struct rule *)task->rules->pdata[i])->test);
    fprintf(file, "\n");
}

void matrix_page(FILE *file, const struct task *task, const GPtrArray *signs)
{
    page_head(file, task);
    for (guint i = 0; i < signs->len; i++) {
        const struct sign *sign = signs->pdata[i];
        if (!sign->shape) /* One row for each mistake is enough. */
            page_row(file, task, sign);
    }
    fprintf(file, "\n");
    for (guint i = 0; i < task->rules->len; i++)
        fprintf(file, "- %c: `%s`\n", letter(i),
                ((struct rule *)task->rules->pdata[i])->test);
}

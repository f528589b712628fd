#include "common/course/signs.h"
#include "common/course/entries.h"
#include <string.h>

static void symptom_free(void *self)
{
    struct symptom *symptom = self;
    g_free(symptom->test);
    g_free(symptom->values);
    g_free(symptom);
}

void sign_free(void *self)
{
    struct sign *sign = self;
    g_free(sign->name);
    g_free(sign->shape);
    g_free(sign->because);
    g_free(sign->caught);
    g_ptr_array_unref(sign->symptoms);
    g_free(sign);
}

/* ---- From verdicts. ---- */

/* Where luck or the machine decides, nothing is said of values. */
static char *values_of(const struct verdict *verdict)
{
    bool told = verdict->word == WRONG || verdict->word == HANG;
    if (!told || verdict->seeded)
        return NULL;
    return g_strdup_printf("%s: %s", verdict->expected, verdict->got);
}

static struct sign *begin(const char *name, const char *shape)
{
    struct sign *sign = g_new0(struct sign, 1);
    sign->name = g_strdup(name);
    sign->shape = g_strdup(shape);
    sign->symptoms = g_ptr_array_new_with_free_func(symptom_free);
    return sign;
}

struct sign *sign_new(const struct mistake *mistake, const GPtrArray *verdicts)
{
    struct sign *sign =
        begin(mistake ? mistake->name : NULL, mistake ? mistake->shape : NULL);
    sign->because = g_strdup(mistake ? mistake->because : NULL);
    sign->caught = g_strdup(mistake ? mistake->test : NULL);
    for (guint i = 0; i < verdicts->len; i++) {
        const struct verdict *verdict = verdicts->pdata[i];
        if (verdict->word == PASS)
            continue;
        struct symptom *symptom = g_new0(struct symptom, 1);
        symptom->test = g_strdup(verdict->rule->test);
        symptom->word = verdict->word;
        symptom->values = values_of(verdict);
        g_ptr_array_add(sign->symptoms, symptom);
    }
    return sign;
}

/* ---- Files. ---- */

void sign_write(const struct sign *sign, GString *text)
{
    g_string_append_printf(text, "\nMistake: %s\n", sign->name);
    if (sign->shape)
        g_string_append_printf(text, "Shape: %s\n", sign->shape);
    g_string_append_printf(text, "Because: %s\nCaught: %s\n", sign->because,
                           sign->caught);
    for (guint i = 0; i < sign->symptoms->len; i++) {
        const struct symptom *symptom = sign->symptoms->pdata[i];
        g_string_append_printf(text, "Fails: %s %s\n", symptom->test,
                               verdict_name(symptom->word));
        if (symptom->values)
            g_string_append_printf(text, "    %s\n", symptom->values);
    }
}

/* The verdict of that name, from WRONG on. Returns whether there is one. */
static bool find_word(const char *name, enum verdict_word *word)
{
    for (int i = WRONG; i <= BUILD; i++) {
        *word = (enum verdict_word)i;
        if (g_str_equal(verdict_name(*word), name))
            return true;
    }
    return false;
}

/* "test WORD" and perhaps a second line. Returns new; NULL: it is not so. */
static struct symptom *parse_symptom(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", 2);
    g_auto(GStrv) words = g_strsplit(lines[0], " ", -1);
    enum verdict_word word;
    if (g_strv_length(words) != 2 || !find_word(words[1], &word))
        return NULL;
    struct symptom *symptom = g_new0(struct symptom, 1);
    symptom->test = g_strdup(words[0]);
    symptom->word = word;
    symptom->values = g_strdup(lines[1]);
    return symptom;
}

static void replace(char **text, const char *by)
{
    g_free(*text);
    *text = g_strdup(by);
}

/* Returns whether the entry is one of a sign's, in its place. */
static bool take(GPtrArray *signs, const char *key, const char *text)
{
    struct sign *last = signs->len > 0 ? signs->pdata[signs->len - 1] : NULL;
    if (g_str_equal(key, "Mistake"))
        g_ptr_array_add(signs, begin(text, NULL));
    else if (!last)
        return false;
    else if (g_str_equal(key, "Shape"))
        replace(&last->shape, text);
    else if (g_str_equal(key, "Because"))
        replace(&last->because, text);
    else if (g_str_equal(key, "Caught"))
        replace(&last->caught, text);
    else if (g_str_equal(key, "Fails")) {
        struct symptom *symptom = parse_symptom(text);
        if (symptom)
            g_ptr_array_add(last->symptoms, symptom);
        return symptom != NULL;
    } else
        return false;
    return true;
}

GPtrArray *signs_read(const char *path, GError **error)
{
    g_autoptr(GPtrArray) entries = entries_read(path, error);
    g_autoptr(GPtrArray) signs = g_ptr_array_new_with_free_func(sign_free);
    for (guint i = 0; entries && i < entries->len; i++) {
        const struct entry_of_file *entry = entries->pdata[i];
        if (take(signs, entry->key, entry->text))
            continue;
        g_set_error(error, ENTRIES_ERROR, 0,
                    "%s:%d: no sign of a mistake is written so", path,
                    entry->line);
        return NULL;
    }
    return entries ? g_steal_pointer(&signs) : NULL;
}

/* ---- Recognition. ---- */

const struct symptom *sign_symptom(const struct sign *sign, const char *test)
{
    for (guint i = 0; i < sign->symptoms->len; i++) {
        const struct symptom *symptom = sign->symptoms->pdata[i];
        if (g_str_equal(symptom->test, test))
            return symptom;
    }
    return NULL;
}

static bool is_alike(const struct symptom *one, const struct symptom *other)
{
    return g_str_equal(one->test, other->test) && one->word == other->word &&
           g_strcmp0(one->values, other->values) == 0;
}

/* Without a single value it would be a guess: many mistakes crash, or fail in a
 * storm. */
static bool look_alike(const struct sign *one, const struct sign *other)
{
    const GPtrArray *left = one->symptoms, *right = other->symptoms;
    bool told = false;
    if (left->len != right->len)
        return false;
    for (guint i = 0; i < left->len; i++) {
        if (!is_alike(left->pdata[i], right->pdata[i]))
            return false;
        told |= ((struct symptom *)left->pdata[i])->values != NULL;
    }
    return told;
}

const struct sign *signs_recognise(const GPtrArray *signs,
                                   const struct sign *seen)
{
    const struct sign *found = NULL;
    for (guint i = 0; i < signs->len; i++) {
        const struct sign *sign = signs->pdata[i];
        if (sign == seen || !look_alike(sign, seen))
            continue;
        if (found && !g_str_equal(found->name, sign->name))
            return NULL;
        found = sign;
    }
    return found;
}

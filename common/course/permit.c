#include "common/course/permit.h"
#include <string.h>

/* ---- What an object says of itself: nm and readelf. ---- */

static char *ask(const char *const *argv)
{
    char *output = NULL;
    int status = 1;
    bool ran = g_spawn_sync(NULL, (char **)argv, NULL,
                            G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                            NULL, NULL, &output, NULL, &status, NULL);
    if (!ran || status != 0)
        g_clear_pointer(&output, g_free);
    return output;
}

struct symbol {
    char *name, *place; /* "exercises/01-sockets/io.c:12", or NULL. */
    bool defined;
};

static void symbol_free(void *self)
{
    struct symbol *symbol = self;
    g_free(symbol->name);
    g_free(symbol->place);
    g_free(symbol);
}

/* "name T 0 5	/path/io.c:12", or "name U". */
static struct symbol *read_symbol(const char *line)
{
    const char *tab = strchr(line, '\t');
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    if (!words[0] || !words[1])
        return NULL;
    struct symbol *symbol = g_new0(struct symbol, 1);
    const char *place = tab ? strstr(tab, "exercises/") : NULL;
    symbol->name = g_strdup(words[0]);
    symbol->place = g_strdup(place);
    symbol->defined = words[1][0] != 'U' && words[1][0] != 'w';
    if (words[1][0] == 'i') { /* Chosen by a function that runs before main. */
        g_free(symbol->name);
        symbol->name = g_strconcat(words[0], " (an ifunc)", NULL);
    }
    return symbol;
}

/* The global symbols of @p object. Returns new; NULL: it cannot be read. */
static GPtrArray *symbols_of(const char *object)
{
    const char *const argv[] = {"nm", "-P", "-g", "-l", object, NULL};
    g_autofree char *output = ask(argv);
    if (!output)
        return NULL;
    GPtrArray *symbols = g_ptr_array_new_with_free_func(symbol_free);
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    for (int i = 0; lines[i]; i++) {
        struct symbol *symbol = read_symbol(lines[i]);
        if (symbol)
            g_ptr_array_add(symbols, symbol);
    }
    return symbols;
}

static bool has(const GPtrArray *symbols, const char *name, bool defined)
{
    for (guint i = 0; i < symbols->len; i++) {
        const struct symbol *symbol = symbols->pdata[i];
        if (symbol->defined == defined && g_str_equal(symbol->name, name))
            return true;
    }
    return false;
}

/* ---- The rules. ---- */

static bool matches(char *const *patterns, const char *name)
{
    for (int i = 0; patterns && patterns[i]; i++)
        if (g_pattern_match_simple(patterns[i], name))
            return true;
    return false;
}

static char **read_allowed(const char *path)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        g_error("%s cannot be read", path);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GPtrArray *words = g_ptr_array_new();
    for (int i = 0; lines[i]; i++) {
        g_auto(GStrv) all = g_strsplit(lines[i], " ", -1);
        for (int j = 0; lines[i][0] != '#' && all[j]; j++)
            if (*all[j])
                g_ptr_array_add(words, g_strdup(all[j]));
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

static char *refuse(const struct symbol *symbol, const char *why)
{
    return g_strdup_printf("%s%s%s %s", symbol->place ? symbol->place : "",
                           symbol->place ? ": " : "", symbol->name, why);
}

/* Behind the first that is refused, the names of the others. */
static void add_name(char **reason, const char *name)
{
    char *longer = g_strdup_printf("%s; so is %s", *reason, name);
    g_free(*reason);
    *reason = longer;
}

/* What sanitizers add: __asan_report_load4, __ubsan_handle_add_overflow .. */
static bool is_a_sanitizers(const struct symbol *symbol)
{
    static const char *const called[] = {
        "__asan_report_*",     "__asan_stack_*",      "__asan_init",
        "__asan_option_*",     "__asan_*_globals",    "__asan_version_*",
        "__asan_handle_no_*",  "__asan_*_memory",     "__asan_alloca_*",
        "__asan_allocas_*",    "__ubsan_handle_*",    "__asan_shadow_*",
        "__asan_set_shadow_*", "__asan_unregister_*", "__asan_mem*"};
    if (symbol->defined)
        return g_str_has_prefix(symbol->name, "__odr_asan");
    for (size_t i = 0; i < G_N_ELEMENTS(called); i++)
        if (g_pattern_match_simple(called[i], symbol->name))
            return true;
    return false;
}

static char *check_symbols(const GPtrArray *theirs, const GPtrArray *ours,
                           const struct task *task, char *const *allowed)
{
    char *reason = NULL;
    for (guint i = 0; i < ours->len; i++) {
        const struct symbol *symbol = ours->pdata[i];
        if (symbol->defined && !has(theirs, symbol->name, true))
            return refuse(symbol, "is named in the header and not defined");
    }
    for (guint i = 0; i < theirs->len; i++) {
        const struct symbol *symbol = theirs->pdata[i];
        if (is_a_sanitizers(symbol))
            continue;
        if (symbol->defined && !has(ours, symbol->name, true))
            return refuse(symbol, "is defined, but the header does not name "
                                  "it: say static, or leave it out");
        bool may = symbol->defined || matches(allowed, symbol->name) ||
                   matches(task->calls, symbol->name) ||
                   has(ours, symbol->name, false);
        if (!may && reason)
            add_name(&reason, symbol->name);
        else if (!may)
            reason = refuse(symbol, "is called, and this exercise does not "
                                    "allow it (see its statement)");
    }
    return reason;
}

/* Does the line of a section hold the one function that a sanitizer has there,
 * with a number of its own (gcc's is 99, clang's 1), and no other? Eight bytes of
 * addresses. */
static bool is_a_sanitizers_section(const char *line)
{
    bool numbered = strstr(line, "_array.00099") || strstr(line, "_array.1 ");
    return numbered && (strstr(line, ".rela") || strstr(line, " 000008 0"));
}

/* Sections of functions that run before main, or after it. */
static char *check_sections(const char *object, bool checked)
{
    const char *const argv[] = {"readelf", "-SW", object, NULL};
    g_autofree char *output = ask(argv);
    if (!output)
        return g_strdup("the object cannot be read");
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    for (int i = 0; lines[i]; i++)
        if ((strstr(lines[i], "_array") || strstr(lines[i], ".ctors") ||
             strstr(lines[i], ".dtors") || strstr(lines[i], " .init ") ||
             strstr(lines[i], " .fini ")) &&
            !(checked && is_a_sanitizers_section(lines[i])))
            return g_strdup(
                "there is a constructor or a destructor, which runs "
                "outside of any test");
    return NULL;
}

/* A system call in assembler passes by all names. */
static char *check_code(const char *object)
{
    static const char *const words[] = {"\tsyscall", "\tsysenter", "\tint ",
                                        "\tsvc"};
    const char *const argv[] = {"objdump", "-d", "--no-show-raw-insn", object,
                                NULL};
    g_autofree char *output = ask(argv);
    for (size_t i = 0; output && i < G_N_ELEMENTS(words); i++)
        if (strstr(output, words[i]))
            return g_strdup("there is a system call in assembler");
    return NULL;
}

static char *check_object(const char *object, bool checked,
                          const GPtrArray *ours, const struct task *task,
                          char *const *allowed)
{
    g_autoptr(GPtrArray) theirs = symbols_of(object);
    if (!theirs)
        return g_strdup("there is no object to look at");
    char *reason = check_symbols(theirs, ours, task, allowed);
    if (!reason)
        reason = check_sections(object, checked);
    return reason ? reason : check_code(object);
}

bool permit_check(const struct permit *permit, const struct task *task,
                  char **reason)
{
    g_autoptr(GPtrArray) ours = symbols_of(permit->ours);
    g_auto(GStrv) allowed = read_allowed(permit->allowed);
    if (!ours)
        *reason = g_strdup("there is no answer to compare it with");
    else
        *reason = check_object(permit->theirs, false, ours, task, allowed);
    if (!*reason && permit->checked)
        *reason = check_object(permit->checked, true, ours, task, allowed);
    return !*reason;
}

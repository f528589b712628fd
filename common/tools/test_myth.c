/*
 * myth.sh, as `make myth` runs it, with files and programs of the test's own;
 * and the myths of the book.
 */
#include "common/judge/test.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *root; /* Of the repository. */
static char *bin;  /* The programs of this build. */
static char *dir;  /* Of this test: its myths and its programs. */

/* A myth, and where its lines are. */
static const char gold[] = "# Not of this book.\n"
                           "Myth: gold\n"
                           "Claim: all that glitters is gold.\n"
                           "Question: What does this\n"
                           "    ring weigh?\n"
                           "a: Too little.\n"
                           "b: As much as gold.\n"
                           "c: Nothing.\n"
                           "Answer: a\n"
                           "Program: weigh\n"
                           "Truth: Brass glitters\n"
                           "    too.\n"
                           "Section: 1.2\n";

/* ---- A place for myths. ---- */

static void write_file(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_int_equal(chmod(path, 0700), 0);
}

/* The myth of gold, with something else instead. Returns new. */
static char *gold_but(const char *instead_of, const char *is)
{
    GString *text = g_string_new(gold);
    g_string_replace(text, instead_of, is, 1);
    return g_string_free(text, FALSE);
}

static int set_up(void **state)
{
    (void)state;
    dir = test_dir_make();
    write_file("README.md", "# 1\n\n## 1.1 First\n\n## 1.2 Of rings\n");
    write_file("weigh", "#!/bin/sh\necho It weighs too little.\n");
    write_file("myths.txt", gold);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_dir_remove(dir);
    return 0;
}

/* ---- Running it. ---- */

/* What it left behind. */
struct outcome {
    int status;
    char *output, *errors;
};
typedef struct outcome outcome;

static void outcome_clear(struct outcome *seen)
{
    g_free(seen->output);
    g_free(seen->errors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(outcome, outcome_clear)

/* The last line of what is run. $D is the test's directory. */
static struct outcome run_shell(const char *line)
{
    struct outcome seen;
    g_auto(GStrv) environment = g_get_environ();
    const char *forget[] = {"M", "PREDICT"};
    for (unsigned i = 0; i < G_N_ELEMENTS(forget); i++)
        environment = g_environ_unsetenv(environment, forget[i]);
    environment = g_environ_setenv(environment, "BIN", dir, TRUE);
    environment = g_environ_setenv(environment, "D", dir, TRUE);
    char *argv[] = {"/bin/sh", "-c", (char *)line, NULL};
    int status;
    assert_true(g_spawn_sync(root, argv, environment, 0, NULL, NULL,
                             &seen.output, &seen.errors, &status, NULL));
    seen.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return seen;
}

/* With settings as in "M=gold PREDICT=a", of @p files in the directory. */
static struct outcome run_of(const char *settings, const char *files)
{
    g_autofree char *line =
        g_strdup_printf("cd \"$D\" && %s sh '%s/common/tools/myth.sh' %s",
                        settings, root, files);
    return run_shell(line);
}

static struct outcome run(const char *settings)
{
    return run_of(settings, "myths.txt");
}

static void expect_in(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is missing in:\n%s", part, text);
}

static void expect_told(const char *settings, const char *part)
{
    g_auto(outcome) seen = run(settings);
    assert_string_equal(seen.errors, "");
    assert_int_equal(seen.status, 0);
    expect_in(seen.output, part);
}

/* Takes @p seen. */
static void expect_refusal(struct outcome seen, int status, const char *why)
{
    g_autofree char *sentence = g_strdup_printf("%s.\n", why);
    assert_string_equal(seen.errors, sentence);
    assert_int_equal(seen.status, status);
    outcome_clear(&seen);
}

/* ---- The list, and names. ---- */

static void without_a_name_it_lists_all_claims(void **state)
{
    g_auto(outcome) seen = run("");
    (void)state;
    assert_string_equal(seen.output,
                        "  gold       \"all that glitters is gold.\"\n\n"
                        "  make myth M=NAME puts one of them to the test.\n");
    assert_string_equal(seen.errors, "");
    assert_int_equal(seen.status, 0);
}

static void an_unknown_name_is_refused_with_the_list(void **state)
{
    g_autofree char *tin = gold_but("Myth: gold", "Myth: tin");
    (void)state;
    write_file("more.txt", tin);
    expect_refusal(run_of("M=silver", "myths.txt more.txt"), 2,
                   "myth: there is no myth \"silver\"; there are gold, tin");
    expect_refusal(run("M='*'"), 2,
                   "myth: there is no myth \"*\"; there are gold");
}

static void a_part_without_myths_says_so(void **state)
{
    (void)state;
    expect_refusal(run_of("", ""), 2,
                   "myth: this part of the book has no myths");
}

/* ---- Putting one to the test. ---- */

static void a_myth_is_told_tried_and_resolved(void **state)
{
    g_auto(outcome) seen = run("M=gold");
    g_autofree char *told =
        g_strdup_printf("\n\"all that glitters is gold.\"\n\n"
                        "What does this ring weigh?\n\n"
                        "  a  Too little.\n"
                        "  b  As much as gold.\n"
                        "  c  Nothing.\n\n"
                        "$ %s/weigh\n\n"
                        "It weighs too little.\n\n"
                        "It is a. Too little.\n\n"
                        "Brass glitters too.\n\n"
                        "Read on: README.md, 1.2 Of rings.\n",
                        dir);
    (void)state;
    assert_string_equal(seen.output, told);
    assert_string_equal(seen.errors, "");
    assert_int_equal(seen.status, 0);
}

static void long_texts_are_folded_at_80_columns(void **state)
{
    g_autofree char *words = g_strnfill(300, 'w');
    (void)state;
    for (int i = 7; i < 300; i += i < 79 ? 8 : 9)
        words[i] = ' ';
    g_autofree char *text = gold_but("Brass glitters", words);
    write_file("myths.txt", text);
    g_auto(outcome) seen = run("M=gold");
    g_auto(GStrv) lines = g_strsplit(strstr(seen.output, "www"), "\n", -1);
    assert_int_equal(strlen(lines[0]), 79);
    assert_int_equal(strlen(lines[1]), 71);
}

static void a_text_is_shown_as_it_is_written(void **state)
{
    static const char odd[] = "50 %d of $HOME, `a\\n` \"b\" *";
    g_autofree char *text = gold_but("Brass glitters", odd);
    (void)state;
    write_file("myths.txt", text);
    expect_told("M=gold", odd);
}

static void a_prediction_is_compared_with_what_was_seen(void **state)
{
    (void)state;
    expect_told("M=gold PREDICT=a", "\nAs you predicted: a. Too little.\n");
    expect_told("M=gold PREDICT=c",
                "\nYou predicted c. It is a. Too little.\n");
    expect_told("M=gold PREDICT=", "\nIt is a. Too little.\n");
}

static void a_prediction_that_is_none_is_refused(void **state)
{
    (void)state;
    expect_refusal(run("M=gold PREDICT=d"), 2,
                   "myth: PREDICT is a, b or c, and not \"d\"");
    expect_refusal(run("M=gold PREDICT=ab"), 2,
                   "myth: PREDICT is a, b or c, and not \"ab\"");
}

/* ---- At a terminal. ---- */

/* Who types @p keys at a terminal, with these settings, is told @p part. */
static void expect_told_to_typist(const char *settings, const char *keys,
                                  const char *part)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0)
        skip(); /* This machine has no terminals to give. */
    const char *name = ptsname(terminal);
    int held = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_autofree char *files = g_strdup_printf("myths.txt < %s", name);
    assert_int_equal(write(terminal, keys, strlen(keys)), strlen(keys));
    g_auto(outcome) seen = run_of(settings, files);
    close(held);
    close(terminal);
    assert_int_equal(seen.status, 0);
    expect_in(seen.output, part);
}

static void at_a_terminal_it_asks(void **state)
{
    (void)state;
    expect_told_to_typist("M=gold", "a\n", "\nAs you predicted: a.");
    expect_told_to_typist("M=gold", "b\n", "\nYou predicted b. It is a.");
    expect_told_to_typist("M=gold", "b\n",
                          "\n\nYour prediction, a, b or c? \n$ ");
}

static void what_is_no_prediction_is_asked_again(void **state)
{
    (void)state;
    expect_told_to_typist("M=gold", "d\nyes\nb\n",
                          "\nYou predicted b. It is a.");
}

static void whoever_types_nothing_predicts_nothing(void **state)
{
    (void)state;
    expect_told_to_typist("M=gold", "\n", "\nIt is a.");
    expect_told_to_typist("M=gold", "\004", "\nIt is a.");
    expect_told_to_typist("M=gold", "d\n\004", "\nIt is a.");
}

static void who_has_predicted_or_has_no_terminal_is_not_asked(void **state)
{
    (void)state;
    expect_told_to_typist("M=gold PREDICT=b", "a\n", "Nothing.\n\n$ ");
    expect_told("M=gold", "Nothing.\n\n$ ");
}

/* ---- The program that decides. ---- */

static void measure(const char *program)
{
    g_autofree char *text = gold_but("Answer: a", "Answer: measured");
    write_file("myths.txt", text);
    write_file("weigh", program);
}

static void the_answer_may_be_what_the_program_measured(void **state)
{
    (void)state;
    measure("#!/bin/sh\necho Measured: a\necho Measured: b, as gold\n");
    expect_told("M=gold PREDICT=b", "\nAs you predicted: b. As much as gold.");
    expect_told("M=gold PREDICT=a", "\nYou predicted a. It is b. As much as");
    measure("#!/bin/sh\necho Measured: c\n");
    expect_told("M=gold PREDICT=c", "\nAs you predicted: c. Nothing.");
}

static void a_program_does_not_hear_what_is_typed(void **state)
{
    (void)state;
    write_file("weigh",
               "#!/bin/sh\nread -r word\necho \"It heard <$word>.\"\n");
    expect_told_to_typist("M=gold", "a\nword\n", "\nIt heard <>.\n");
}

static void a_program_that_measured_nothing_is_an_error(void **state)
{
    (void)state;
    measure("#!/bin/sh\necho Measured: b\necho but then\n");
    expect_refusal(run("M=gold"), 1,
                   "myth: weigh did not say what it measured");
    measure("#!/bin/sh\necho Measured: d\n");
    expect_refusal(run("M=gold"), 1,
                   "myth: weigh did not say what it measured");
}

static void a_program_that_fails_decides_nothing(void **state)
{
    (void)state;
    write_file("weigh", "#!/bin/sh\necho No scales. >&2\nexit 3\n");
    g_auto(outcome) seen = run("M=gold");
    expect_in(seen.output, "\nNo scales.\n");
    assert_null(strstr(seen.output, "It is a"));
    expect_refusal(run("M=gold"), 1,
                   "myth: weigh failed (status 3), and so decided nothing");
}

/* The clock is a stand-in: fifteen seconds are over at once. */
static void a_program_has_fifteen_seconds(void **state)
{
    (void)state;
    write_file("timeout", "#!/bin/sh\necho \"$1 $2 ${3##*/}\"\nexit 124\n");
    g_auto(outcome) seen = run("PATH=\"$D:$PATH\" M=gold");
    expect_in(seen.output, "\n--foreground 15 weigh\n");
    expect_refusal(run("PATH=\"$D:$PATH\" M=gold"), 1,
                   "myth: weigh did not decide in 15 seconds");
}

static void it_leaves_nothing_behind(void **state)
{
    (void)state;
    write_file("mktemp",
               "#!/bin/sh\nmkdir \"$D/scratch\" && echo \"$D/scratch\"\n");
    g_auto(outcome) seen = run("PATH=\"$D:$PATH\" M=gold");
    g_autofree char *scratch = g_build_filename(dir, "scratch", NULL);
    assert_int_equal(seen.status, 0);
    assert_false(g_file_test(scratch, G_FILE_TEST_EXISTS));
}

/* ---- Files that make no sense. ---- */

static void a_malformed_file_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *instead_of, *is, *why;
    } cases[] = {
        {"Claim: all", "Claims: all", "3: here should stand Claim: and a text"},
        {"Claim: all that glitters is gold.",
         "Claim:", "3: here should stand Claim: and a text"},
        {"Question: What does this\n    ring weigh?\n", "",
         "4: here should stand Question: and a text"},
        {"b: As much as gold.\nc: Nothing.\n", "c: Nothing.\nb: Lead.\n",
         "7: here should stand b: and a text"},
        {"Section: 1.2\n", "", "12: after this, Section: is missing"},
        {"Program: weigh\n", "\nProgram: weigh\n",
         "9: after this, Program: is missing"},
        {"Section: 1.2\n", "Section: 1.2\nMyth: x\n",
         "14: an empty line should stand before this"},
        {"    ring", "\tring", "5: there is a tab here; indent with spaces"},
        {"Myth: gold", "    Myth: gold", "2: this goes on with nothing"},
        {"Myth: gold", "Myth: Gold", "2: a name is of letters a to z"},
        {"Answer: a", "Answer: d", "9: the answer is a, b, c or measured"},
        {"Program: weigh", "Program: rm -r",
         "10: this is no name of a program"},
        {"Section: 1.2", "Section: 1.3", "13: README.md has no section 1.3"},
        {"Section: 1.2", "Section: 1", "13: README.md has no section 1"},
        {"Section: 1.2\n", "Section: 1.2\n\nMyth: gold\n",
         "15: after this, Claim: is missing"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = gold_but(cases[i].instead_of, cases[i].is);
        write_file("myths.txt", text);
        g_autofree char *why = g_strdup_printf("myths.txt:%s", cases[i].why);
        expect_refusal(run(""), 1, why);
        expect_refusal(run("M=gold"), 1, why);
    }
}

static void names_are_unique_in_all_files(void **state)
{
    g_autofree char *twice = g_strconcat(gold, "\n", gold, NULL);
    (void)state;
    write_file("more.txt", gold);
    expect_refusal(run_of("", "myths.txt more.txt"), 1,
                   "more.txt:2: there is one of this name already");
    write_file("myths.txt", twice);
    expect_refusal(run(""), 1,
                   "myths.txt:16: there is one of this name already");
}

static void a_line_of_spaces_is_empty(void **state)
{
    g_autofree char *tin = gold_but("Myth: gold", "Myth: tin");
    g_autofree char *both = g_strconcat(gold, "   \n", tin, NULL);
    (void)state;
    write_file("myths.txt", both);
    expect_told("M=gold", "Brass glitters too.\n");
    expect_told("M=tin", "Brass glitters too.\n");
}

static void a_file_ends_with_its_myth(void **state)
{
    g_autofree char *cut = gold_but("Section: 1.2\n", "");
    (void)state;
    write_file("cut.txt", cut);
    expect_refusal(run_of("", "cut.txt myths.txt"), 1,
                   "cut.txt:12: after this, Section: is missing");
}

/* ---- The myths of the book. ---- */

static void the_myths_of_the_book_are_well_formed(void **state)
{
    g_auto(outcome) seen =
        run_shell("sh common/tools/myth.sh chapters/*/myths.txt");
    (void)state;
    assert_string_equal(seen.errors, "");
    assert_int_equal(seen.status, 0);
}

static void every_myth_of_the_book_names_a_program_there_is(void **state)
{
    g_autofree char *line = g_strdup_printf(
        "sed -n 's/^Program: //p' chapters/*/myths.txt | while read -r name; "
        "do "
        "test -x '%s'/$name && echo there || echo no $name; done | sort -u",
        bin);
    g_auto(outcome) seen = run_shell(line);
    (void)state;
    assert_string_equal(seen.output, "there\n");
}

/* We are in build/test/common/tools/; the root may be some floors above. */
static void find_places(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *here = g_path_get_dirname(self);
    bin = g_build_filename(here, "../../../bin", NULL);
    root = g_strdup(here);
    for (;;) {
        g_autofree char *script =
            g_build_filename(root, "common/tools/myth.sh", NULL);
        if (g_file_test(script, G_FILE_TEST_EXISTS))
            return;
        g_autofree char *below = root;
        root = g_path_get_dirname(below);
        g_assert(strcmp(root, below) != 0);
    }
}

#define CASE(sentence) \
    cmocka_unit_test_setup_teardown(sentence, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE(without_a_name_it_lists_all_claims),
        CASE(an_unknown_name_is_refused_with_the_list),
        CASE(a_part_without_myths_says_so),
        CASE(a_myth_is_told_tried_and_resolved),
        CASE(long_texts_are_folded_at_80_columns),
        CASE(a_text_is_shown_as_it_is_written),
        CASE(a_prediction_is_compared_with_what_was_seen),
        CASE(a_prediction_that_is_none_is_refused),
        CASE(at_a_terminal_it_asks),
        CASE(what_is_no_prediction_is_asked_again),
        CASE(whoever_types_nothing_predicts_nothing),
        CASE(who_has_predicted_or_has_no_terminal_is_not_asked),
        CASE(the_answer_may_be_what_the_program_measured),
        CASE(a_program_does_not_hear_what_is_typed),
        CASE(a_program_that_measured_nothing_is_an_error),
        CASE(a_program_that_fails_decides_nothing),
        CASE(a_program_has_fifteen_seconds),
        CASE(it_leaves_nothing_behind),
        CASE(a_malformed_file_is_refused_with_its_line),
        CASE(names_are_unique_in_all_files),
        CASE(a_line_of_spaces_is_empty),
        CASE(a_file_ends_with_its_myth),
        CASE(the_myths_of_the_book_are_well_formed),
        CASE(every_myth_of_the_book_names_a_program_there_is),
    };
    find_places();
    return test_run(argc, argv, tests);
}

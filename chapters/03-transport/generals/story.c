#include "03-transport/generals/story.h"
#include "common/world/complain.h"
#include <glib.h>

/* Columns between the hills; and from where one is caught to the hill. */
enum { WAY = 21, GAP = 4 };

const char *story_of_end(enum generals_end end)
{
    switch (end) {
    case GENERALS_WELL:
        return "well";
    case GENERALS_ALONE:
        return "one attacks alone";
    case GENERALS_WAITED:
        return "nobody attacks";
    case GENERALS_UNASKED:
        return "both, without an order";
    }
    return "";
}

/* ---- A run. ---- */

static void put_many(FILE *out, const char *piece, int count)
{
    for (int i = 0; i < count; i++)
        fputs(piece, out);
}

/* From the left to the right; caught, it ends before it is there. */
static void draw_first(FILE *out, unsigned number, bool came)
{
    int before = WAY / 2 - 3, left = WAY - before;
    fputs("├", out);
    put_many(out, "─", before);
    left -= fprintf(out, " %u ", number);
    put_many(out, "─", left - (came ? 1 : GAP));
    fputs(came ? "▶│\n" : "✗   │\n", out);
}

static void draw_second(FILE *out, unsigned number, bool came)
{
    int before = WAY / 2 - 1, left = WAY - before;
    fputs(came ? "│◀" : "│   ✗", out);
    put_many(out, "─", before - (came ? 1 : GAP));
    left -= fprintf(out, " %u ", number);
    put_many(out, "─", left);
    fputs("┤\n", out);
}

/* A line for each messenger; one without, if there was none. */
static void draw_round(FILE *out, const struct generals_run *run,
                       unsigned number)
{
    const struct generals_round *round = &run->round[number];
    fprintf(out, "  %5u  ", number);
    if (round->sent[0] > 0)
        draw_first(out, round->sent[0], round->came[0]);
    if (round->sent[0] > 0 && round->sent[1] > 0)
        fputs("         ", out);
    if (round->sent[1] > 0)
        draw_second(out, round->sent[1], round->came[1]);
    if (round->sent[0] == 0 && round->sent[1] == 0)
        fprintf(out, "│%*s│\n", WAY, "");
}

void story_draw(FILE *out, const struct generals_run *run)
{
    fprintf(out, "  round  %-*s general 2\n", WAY, "general 1");
    fprintf(out, "         ● %-*s│\n", WAY - 1,
            run->general[0].ordered ? "has an order" : "has no order");
    for (unsigned round = 1; round <= run->general[0].rounds; round++)
        draw_round(out, run, round);
    fprintf(out, "   dawn  ● %-*s● %s\n", WAY - 1,
            run->attacks[0] ? "attacks" : "waits",
            run->attacks[1] ? "attacks" : "waits");
}

/* ---- All of them. ---- */

void story_tell(FILE *out, const struct generals_protocol *protocol)
{
    struct generals_report report = generals_explore(protocol);
    fprintf(out, "%s: lost in %u of %u runs; with half caught, in %.1f %%\n",
            protocol->name, report.lost, report.runs,
            100.0 * (double)report.odds / GENERALS_ODDS);
    if (report.lost == 0)
        return;
    story_draw(out, &report.worst);
    fprintf(out, "         %s\n", story_of_end(generals_end_of(&report.worst)));
}

static const char *sign_of(const struct generals_round *round, unsigned i)
{
    if (round->sent[i] == 0)
        return "·";
    if (!round->came[i])
        return "✗";
    return i == 0 ? "▶" : "◀";
}

/* The columns that tell who came. */
static int width_of(const struct generals_protocol *protocol)
{
    return MAX(10, (int)(3 * protocol->rounds + 1));
}

static void chain_line(FILE *out, const struct generals_run *run, int width)
{
    enum generals_end end = generals_end_of(run);
    unsigned rounds = run->general[0].rounds;
    fprintf(out, "  %-5s  ", run->general[0].ordered ? "order" : "none");
    for (unsigned round = 1; round <= rounds; round++)
        fprintf(out, "%s%s ", sign_of(&run->round[round], 0),
                sign_of(&run->round[round], 1));
    put_many(out, " ", width - (int)(3 * rounds));
    fprintf(out, "%-9s  ", run->attacks[0] ? "attacks" : "waits");
    if (end == GENERALS_WELL)
        fprintf(out, "%s\n", run->attacks[1] ? "attacks" : "waits");
    else
        fprintf(out, "%-9s  %s\n", run->attacks[1] ? "attacks" : "waits",
                story_of_end(end));
}

void story_chain(FILE *out, const struct generals_protocol *protocol)
{
    struct generals_run chain[GENERALS_CHAIN];
    unsigned same[GENERALS_CHAIN];
    unsigned length = generals_chain(protocol, chain, same);
    int width = width_of(protocol);
    fprintf(out, "         %-*sgeneral 1  general 2\n", width, "who came");
    for (unsigned i = 0; i < length; i++) {
        chain_line(out, &chain[i], width);
        if (i + 1 < length)
            fprintf(out, "         %*s║\n", width + (same[i] == 1 ? 3 : 14),
                    "");
    }
}

int story_main(const struct generals_protocol *protocol)
{
    if (protocol->rounds < 1 || protocol->rounds > GENERALS_ROUNDS)
        return complain(USAGE, "a protocol has 1 to %d rounds, and not %u",
                        GENERALS_ROUNDS, protocol->rounds);
    story_tell(stdout, protocol);
    printf("\nOne messenger fewer in each line; and ║ where one cannot tell, "
           "and does the same:\n\n");
    story_chain(stdout, protocol);
    return 0;
}

/*
 * Some ways for two generals to agree, and what becomes of each when any of
 * their messengers may be caught; and why it cannot be otherwise.
 */
#include "03-transport/generals/story.h"
#include "common/world/complain.h"

static void say_odds(struct generals_protocol protocol)
{
    printf("%s, with half caught:\n  ", protocol.name);
    for (protocol.rounds = 2; protocol.rounds <= GENERALS_ROUNDS;
         protocol.rounds += 2) {
        struct generals_report report = generals_explore(&protocol);
        printf("%s %u rounds %.1f %%", protocol.rounds == 2 ? "in" : ",",
               protocol.rounds, 100.0 * (double)report.odds / GENERALS_ODDS);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    const struct generals_protocol *const *protocol = generals_protocols;
    (void)argv;
    if (argc > 1)
        return complain(USAGE, "there are no arguments");
    printf("Two generals win if both attack, and lose if one attacks alone. "
           "General 1 has\nan order, general 2 must hear of it; and any "
           "messenger may be caught (✗). Of\neach protocol all runs are tried, "
           "and one that is lost is shown.\n\n");
    for (; *protocol; protocol++) {
        story_tell(stdout, *protocol);
        printf("\n");
    }
    printf("No other would do. Take the run in which nobody is caught: both "
           "must attack. Let\none messenger fewer arrive, the last, and so on. "
           "Who sent him sees no difference\n(║), and does as before; so the "
           "other must, too. In the last line nobody may\nattack. Somewhere in "
           "between one attacks alone:\n\n");
    story_chain(stdout, generals_protocols[2]);
    printf("\nSo no protocol makes two sides sure of each other over a lossy "
           "network. One can\nmake it rare, at a price:\n\n");
    say_odds(*generals_protocols[3]);
    return 0;
}

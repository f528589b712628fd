#include "common/storm/fitness.h"
#include <string.h>

enum { RULES_MOST = 1000 };

static bool is_word(const char *text)
{
    size_t size = text ? strlen(text) : 0;
    return size > 0 && size < STORM_TEXT && !strpbrk(text, " \t\n/#");
}

static const char *rules_lack(const struct invariant *rule)
{
    for (unsigned i = 0; rule && rule[i].id; i++) {
        if (i >= RULES_MOST)
            return "its rules do not end: the last of them is {0}";
        if (!is_word(rule[i].id))
            return "the id of a rule is one word";
        if (!rule[i].text)
            return "each rule has a text";
    }
    return NULL;
}

const char *fitness_lacks(const struct subject *subject)
{
    if (!is_word(subject->name))
        return "it needs a .name, which is one word";
    if (subject->least < 1 || subject->least > subject->most ||
        subject->most > STORM_NODES)
        return "it needs .least and .most nodes, from 1 to 32";
    if (!subject->boot || !subject->stop)
        return "it needs .boot and .stop";
    if (subject->draw && !subject->ask)
        return "it can .draw operations, and nobody can .ask them";
    if (subject->roles && !subject->who)
        return "it has .roles, and does not say .who has them";
    return rules_lack(subject->rules);
}

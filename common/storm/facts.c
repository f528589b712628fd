#include "common/storm/facts.h"
#include <string.h>

const struct invariant *facts_rule(const struct subject *subject,
                                   const char *id)
{
    const struct invariant *rule = subject->rules;
    while (rule && rule->id && strcmp(rule->id, id) != 0)
        rule++;
    if (!rule || !rule->id)
        g_error("\"%s\" is the id of no rule of the subject %s", id,
                subject->name);
    return rule;
}

unsigned facts_quorum(const struct subject *subject, unsigned nodes)
{
    return subject->quorum > 0 ? MIN(subject->quorum, nodes) : nodes / 2 + 1;
}

unsigned facts_marks(const struct subject *subject)
{
    unsigned count = 0;
    while (subject->marks && subject->marks[count])
        count++;
    return count;
}

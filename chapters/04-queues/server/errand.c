#include "04-queues/server/errand.h"

struct word word_at(const struct errand *errand, size_t i)
{
    return errand->command->words[i];
}

bool get_number(const struct errand *errand, size_t i, uint64_t most,
                uint64_t *number)
{
    int64_t value;
    bool good = i < errand->command->count &&
                word_number(word_at(errand, i), &value) && value >= 0 &&
                (uint64_t)value <= most;
    if (good)
        *number = (uint64_t)value;
    else
        resp_put_error(errand->out, "ERR a number is missing, or out of range");
    return good;
}

bool get_span(const struct errand *errand, size_t i, nsec *span)
{
    uint64_t number;
    if (!get_number(errand, i, (uint64_t)366 * 86400 * 1000, &number))
        return false;
    *span = number * MSEC;
    return true;
}

void put_outcome(const struct errand *errand, enum broker_outcome outcome)
{
    struct wire_writer *out = errand->out;
    switch (outcome) {
    case BROKER_DONE:
        resp_put_simple(out, "OK");
        break;
    case BROKER_UNKNOWN:
        resp_put_error(out, "NOQUEUE there is no queue of that name");
        break;
    case BROKER_INVALID:
        resp_put_error(out,
                       "ERR that cannot be: a name has 1 to 64 of "
                       "A-Z, a-z, 0-9, '.', '_' and '-'; ATTEMPTS and DEAD "
                       "go together, and DEAD is a queue of the same "
                       "durability; without --dir there is only none");
        break;
    case BROKER_CONFLICT:
        resp_put_error(out,
                       "CONFLICT the queue is there with other settings, or "
                       "in use");
        break;
    case BROKER_FULL:
        resp_put_error(out,
                       "FULL there is no room for it now: try again later");
        break;
    case BROKER_LONG:
        resp_put_error(out, "ERR the message is too long");
        break;
    case BROKER_FORGOTTEN:
        resp_put_error(out,
                       "FORGOTTEN that request is too old to say whether it "
                       "was done");
        break;
    }
}

void put_syntax(const struct errand *errand)
{
    resp_put_error(errand->out, "ERR syntax error");
}

/* Who speaks RESP2 from now on, where nothing tells a push from an answer. */
bool gives_up_pushes(const struct command *command)
{
    return word_is(command->words[0], "RESET") ||
           (word_is(command->words[0], "HELLO") && command->count > 1 &&
            word_is(command->words[1], "2"));
}

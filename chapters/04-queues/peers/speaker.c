#include "04-queues/peers/speaker.h"

struct speaker *speaker_new(struct speaker_role role)
{
    struct speaker *speaker = g_new0(struct speaker, 1);
    speaker->role = role;
    speaker->oldest = 1;
    g_queue_init(&speaker->asked);
    speaker->out.most = speaker->each.most = speaker->acks.most = SIZE_MAX;
    return speaker;
}

uint64_t speaker_unconfirmed(const struct speaker *speaker)
{
    return speaker->published - speaker->confirmed;
}

bool speaker_may_publish(const struct speaker *speaker, unsigned most)
{
    return speaker_unconfirmed(speaker) < most &&
           speaker->published + 1 < speaker->oldest + SPEAKER_TAGS;
}

static nsec *stamp_of(struct speaker *speaker, uint64_t tag)
{
    return &speaker->stamps[tag % SPEAKER_TAGS];
}

void speaker_published(struct speaker *speaker, nsec now)
{
    *stamp_of(speaker, ++speaker->published) = now;
}

static void confirm(struct speaker *speaker, uint64_t tag)
{
    nsec *stamp = stamp_of(speaker, tag);
    if (*stamp == 0)
        return;
    if (speaker->delays)
        histogram_add(speaker->delays, speaker->now - *stamp);
    *stamp = 0;
    speaker->confirmed++;
}

static void move_oldest(struct speaker *speaker)
{
    while (speaker->oldest <= speaker->published &&
           *stamp_of(speaker, speaker->oldest) == 0)
        speaker->oldest++;
}

bool speaker_confirmed(struct speaker *speaker)
{
    return speaker_confirmed_tag(speaker, speaker->oldest, false);
}

/* Servers confirm one by one or many together, and not always in order. */
bool speaker_confirmed_tag(struct speaker *speaker, uint64_t tag, bool all)
{
    if (tag < speaker->oldest || tag > speaker->published)
        return false;
    for (uint64_t i = all ? speaker->oldest : tag; i <= tag; i++)
        confirm(speaker, i);
    move_oldest(speaker);
    return true;
}

bool speaker_was_greeted(struct speaker *speaker)
{
    if (speaker->lacks == 0)
        return false;
    speaker->lacks--;
    return true;
}

ssize_t speaker_fail(struct speaker *speaker, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!speaker->trouble)
        speaker->trouble = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return -1;
}

void speaker_free(struct speaker *speaker)
{
    wire_clear(&speaker->out);
    wire_clear(&speaker->each);
    wire_clear(&speaker->acks);
    g_queue_clear(&speaker->asked);
    g_clear_pointer(&speaker->resp, resp_free);
    g_free((char *)speaker->trouble);
    g_free(speaker);
}

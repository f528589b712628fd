/*
 * Fuzzing what servers of other kinds say: the first byte of the input chooses
 * the dialect, and whether a producer or a consumer hears the rest. No byte
 * beyond it is touched (a sanitizer looks), none is used twice, and more is
 * never confirmed than was published.
 */
#include "04-queues/peers/dialect.h"
#include "common/judge/fuzz.h"
#include <stdlib.h>

enum { SIZE = 3, PUBLISHED = 20 };

static const struct dialect *const dialects[] = {
    &dialect_lists, &dialect_streams,   &dialect_ours,
    &dialect_amqp,  &dialect_beanstalk, &dialect_jetstream};

/* Not an assertion of GLib's, which would print before it stops. */
static void expect(bool condition)
{
    if (!condition)
        abort();
}

static void hear_all(struct speaker *speaker, const struct dialect *dialect,
                     const uint8_t *data, size_t size)
{
    ssize_t used = 1;
    while (size > 0 && used > 0) {
        used = dialect->hear(speaker, data, size);
        expect(used <= (ssize_t)size &&
               (used < 0) == (speaker->trouble != NULL));
        data += used > 0 ? used : 0;
        size -= used > 0 ? (size_t)used : 0;
    }
    if (dialect->pause)
        dialect->pause(speaker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct dialect *dialect =
        dialects[*data / 2 % G_N_ELEMENTS(dialects)];
    struct speaker *speaker =
        speaker_new((struct speaker_role){.mode = "durable",
                                          .consumes = *data % 2,
                                          .number = *data % 2,
                                          .others = 1,
                                          .size = SIZE,
                                          .window = 4});
    speaker->lacks = dialect->greet(speaker);
    for (unsigned i = 0; i < PUBLISHED; i++)
        speaker_published(speaker, 1);
    hear_all(speaker, dialect, data + 1, size - 1);
    expect(speaker->confirmed <= PUBLISHED);
    expect(speaker->settled == 0 || speaker->role.consumes);
    speaker_free(speaker);
    return 0;
}

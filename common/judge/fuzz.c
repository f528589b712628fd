/*
 * The main of fuzzers, where libFuzzer does not bring its own. It lies in the
 * archive, and is linked by programs that have none.
 */
#include "common/judge/fuzz.h"
#include "common/judge/test.h"
#include "common/world/complain.h"
#include "common/world/dice.h"

#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { INPUTS = 2000, LONGEST_BITS = 11 };

/* Of any size, short ones as often as long ones; of all bytes, or of a few. */
static GByteArray *draw(uint64_t seed)
{
    struct dice dice = dice_at(seed, 0, 0);
    size_t size =
        dice_roll(&dice) % (1u << dice_between(&dice, 0, LONGEST_BITS));
    uint64_t kinds = 1u << dice_between(&dice, 1, 8);
    uint64_t shift = dice_roll(&dice);
    GByteArray *input = g_byte_array_new();
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)(dice_roll(&dice) % kinds + shift);
        g_byte_array_append(input, &byte, 1);
    }
    return input;
}

static void random_bytes_break_nothing(void **state)
{
    (void)state;
    for_each_seed (seed, INPUTS) {
        g_autoptr(GByteArray) input = draw(seed);
        LLVMFuzzerTestOneInput(input->data, input->len);
    }
}

static int take_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *data = NULL;
    gsize size;
    if (!g_file_get_contents(path, &data, &size, &error))
        return complain(FAILED, "%s", error->message);
    return LLVMFuzzerTestOneInput((const uint8_t *)data, size);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_bytes_break_nothing),
    };
    if (argc == 2 && g_file_test(argv[1], G_FILE_TEST_IS_REGULAR))
        return take_file(argv[1]);
    return test_run(argc, argv, tests);
}
#endif

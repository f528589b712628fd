/*
 * What checks notice, in four scenes: frames damaged on a wire, and where the
 * decoder is in step again; damage of five kinds, and what of it four checks
 * let pass; a liar, whom a CRC does not stop; and a seal, which does.
 *
 *     demo_garble [SEED]      // Other damage.
 *
 * All of it happens in memory, and every number is counted here.
 */
#include "01-sockets/checksum.h"
#include "02-framing/crc32c.h"
#include "02-framing/frame.h"
#include "02-framing/garble/mac.h"
#include "02-framing/garble/noise.h"
#include "02-framing/garble/shortcrc.h"
#include "02-framing/garble/trail.h"
#include "common/world/complain.h"
#include <stdio.h>
#include <string.h>

/* Where dice are thrown (dice.h). */
enum { PLACE_WIRE = 1, PLACE_DAMAGE = 2 };

enum { MOST = 64 }; /* Bytes of payload that a decoder here believes in. */

/* ---- A. Frames on a wire. ---- */

static const char *const said[] = {"wake up",         "it rains",
                                   "take a coat",     "mind the step",
                                   "the bus is late", "so run"};

enum { FRAMES = G_N_ELEMENTS(said), LENGTH_AT = 4, WIRE = 512 };

/* A row of frames, as it was sent and as it arrives. */
struct wired {
    uint8_t sent[WIRE], arrived[WIRE];
    size_t starts[FRAMES + 1]; /* Of each frame; and the end. */
    char *trail;
};

static void put_frames(struct wired *wire)
{
    struct wire_writer out = {.most = WIRE};
    for (unsigned i = 0; i < FRAMES; i++) {
        struct frame frame = {.id = i + 1,
                              .payload = (const uint8_t *)said[i],
                              .size = strlen(said[i])};
        wire->starts[i] = out.size;
        frame_put(&out, &frame);
    }
    wire->starts[FRAMES] = out.size;
    memcpy(wire->sent, out.data, out.size);
    memcpy(wire->arrived, out.data, out.size);
    wire_clear(&out);
}

/* The length of the second frame becomes a huge one; the fourth keeps its
 * header; what the fifth keeps is left to the dice. */
static void damage_frames(struct wired *wire, uint64_t seed)
{
    const size_t *starts = wire->starts;
    struct dice dice = dice_at(seed, PLACE_WIRE, 0);
    noise_flip(&dice, wire->arrived + starts[1] + LENGTH_AT, 1, 1);
    noise_flip(&dice, wire->arrived + starts[3] + FRAME_HEADER, strlen(said[3]),
               1);
    noise_burst(&dice, wire->arrived + starts[4], starts[5] - starts[4],
                (struct noise_burst){.bits = 40});
}

/* A letter for each byte of a header, the payload as it is, # for damage. */
static void print_frame(const struct wired *wire, unsigned i)
{
    const char *header = "MMVFLLLLIIIIIIIIDDDDPPPPHHHH";
    printf("  %u sent   ", i + 1);
    for (size_t at = wire->starts[i]; at < wire->starts[i + 1]; at++) {
        size_t place = at - wire->starts[i];
        char shown =
            place < FRAME_HEADER ? header[place] : (char)wire->sent[at];
        putchar(wire->sent[at] == wire->arrived[at] ? shown : '#');
    }
    printf("\n");
}

static const char *verdict(char mark, bool in_step)
{
    if (mark == TRAIL_GIVEN)
        return in_step ? "given" : "given: in step again";
    return mark == TRAIL_WHOLE ? "skipped, all at once" : "skipped, one by one";
}

static void print_trail(const struct wired *wire, unsigned i)
{
    size_t start = wire->starts[i], size = wire->starts[i + 1] - start;
    bool in_step = i == 0 || wire->trail[start - 1] != TRAIL_ALONE;
    printf("    read   %-*.*s  %s\n", FRAME_HEADER + 16, (int)size,
           wire->trail + start, verdict(wire->trail[start], in_step));
}

static unsigned count_marks(const struct wired *wire, enum trail_mark mark)
{
    unsigned count = 0;
    for (const char *at = wire->trail; *at; at++)
        count += *at == (char)mark;
    return count;
}

static unsigned count_damaged(const struct wired *wire)
{
    unsigned count = 0;
    for (size_t i = 0; i < wire->starts[FRAMES]; i++)
        count += wire->sent[i] != wire->arrived[i];
    return count;
}

static void tell_of_wire(const struct wired *wire)
{
    struct wire_reader length =
        wire_read(wire->arrived + wire->starts[1] + LENGTH_AT, 4);
    unsigned alone = count_marks(wire, TRAIL_ALONE);
    unsigned whole = count_marks(wire, TRAIL_WHOLE);
    printf("\nOf %zu bytes %u are given, and %u skipped. A damaged payload is "
           "skipped with\nits frame; where no header is right, the next one is "
           "looked for, byte by byte.\nThe length in frame 2 now says %u: "
           "nobody believes it, and nobody waits\nfor so many bytes.\n",
           wire->starts[FRAMES], count_marks(wire, TRAIL_GIVEN), alone + whole,
           wire_get_u32(&length));
}

static void show_wire(uint64_t seed)
{
    struct wired wire;
    put_frames(&wire);
    damage_frames(&wire, seed);
    wire.trail = trail_of(wire.arrived, wire.starts[FRAMES], MOST);
    printf("A. %d frames on a wire, a character for each byte; %u are damaged "
           "(#). In headers:\n   Magic, Version, Flags, Length, Id, Deadline, "
           "checks of Payload and Header.\n\n",
           (int)FRAMES, count_damaged(&wire));
    for (unsigned i = 0; i < FRAMES; i++) {
        print_frame(&wire, i);
        print_trail(&wire, i);
    }
    tell_of_wire(&wire);
    g_free(wire.trail);
}

/* ---- B. Damage of five kinds, and four checks. ---- */

enum { SIZE = 32, FEW = 1000, MANY = 300000, CHECKS = 4 };

struct checks {
    struct shortcrc crc8, crc16;
};

struct check_values {
    uint32_t of[CHECKS];
};

static uint16_t internet_checksum(const uint8_t *message)
{
    struct checksum sum = {0};
    checksum_add(&sum, message, SIZE);
    return checksum_finish(&sum);
}

static struct check_values compute(const struct checks *checks,
                                   const uint8_t *message)
{
    return (struct check_values){{
        internet_checksum(message),
        shortcrc_check(&checks->crc8, message, SIZE),
        shortcrc_check(&checks->crc16, message, SIZE),
        crc32c(0, message, SIZE),
    }};
}

static void flip_one(struct dice *dice, uint8_t *message)
{
    noise_flip(dice, message, SIZE, 1);
}

static void burst_short(struct dice *dice, uint8_t *message)
{
    noise_burst(dice, message, SIZE, (struct noise_burst){.bits = 8});
}

static void swap_words(struct dice *dice, uint8_t *message)
{
    noise_swap(dice, message, SIZE);
}

/* The polynomial itself, from any bit on: 33 bits, of which the first stands
 * for x^32. Bytes have their lowest bit first. */
static void add_polynomial(struct dice *dice, uint8_t *message)
{
    uint64_t pattern = (uint64_t)CRC32C_POLYNOMIAL << 1 | 1;
    size_t start = dice_between(dice, 0, 8 * SIZE - 33);
    for (size_t bit = 0; bit < 33; bit++)
        if (pattern >> bit & 1)
            message[(start + bit) / 8] ^= (uint8_t)(1 << (start + bit) % 8);
}

static void burst_long(struct dice *dice, uint8_t *message)
{
    noise_burst(dice, message, SIZE, (struct noise_burst){.bits = 64});
}

static const struct damage {
    const char *name;
    void (*do_to)(struct dice *dice, uint8_t *message);
    unsigned trials;
} damages[] = {
    {"one bit", flip_one, FEW},
    {"a burst of 8 bits", burst_short, FEW},
    {"two words swapped", swap_words, FEW},
    {"CRC-32C's polynomial", add_polynomial, FEW},
    {"a burst of 64 bits", burst_long, MANY},
};

/* In how many trials does each check stay what it was? */
static struct check_values count_passed(const struct damage *damage,
                                        const struct checks *checks,
                                        uint64_t seed)
{
    struct check_values passed = {0};
    for (unsigned trial = 0; trial < damage->trials; trial++) {
        struct dice dice = dice_at(seed, PLACE_DAMAGE, trial);
        uint8_t message[SIZE];
        noise_fill(&dice, message, SIZE);
        struct check_values before = compute(checks, message);
        damage->do_to(&dice, message);
        struct check_values after = compute(checks, message);
        for (int i = 0; i < CHECKS; i++)
            passed.of[i] += before.of[i] == after.of[i];
    }
    return passed;
}

static void print_passed(const struct damage *damage,
                         const struct checks *checks, uint64_t seed)
{
    struct check_values passed = count_passed(damage, checks, seed);
    printf("  %-21s%9u", damage->name, damage->trials);
    for (int i = 0; i < CHECKS; i++)
        printf("%12u", passed.of[i]);
    printf("\n");
}

static void show_damage(uint64_t seed)
{
    struct checks checks;
    shortcrc_init(&checks.crc8, shortcrc_named("CRC-8/SMBUS"));
    shortcrc_init(&checks.crc16, shortcrc_named("CRC-16/IBM-3740"));
    printf("\nB. Messages of %d random bytes, damaged. How many have the check "
           "that they had?\n\n"
           "                                  Internet\n"
           "  damage                messages    checksum       CRC-8      "
           "CRC-16     CRC-32C\n",
           SIZE);
    for (size_t i = 0; i < G_N_ELEMENTS(damages); i++)
        print_passed(&damages[i], &checks, seed);
    printf("  expected of the last%10d%12.1f%12.1f%12.1f%12.4f\n", MANY,
           MANY / 0x1p16, MANY / 0x1p8, MANY / 0x1p16, MANY / 0x1p32);
    printf(
        "\nA sum does not mind the order of words: every swap escapes it. Each "
        "CRC has its\nblind spot too: whatever its polynomial divides, itself "
        "first of all. But no\nwire makes that on purpose, and of damage as it "
        "comes k bits of check let one\nin 2^k pass.\n");
}

/* ---- C. A liar, and a CRC. ---- */

#define SENT    "pay 10 to the baker"
#define CHANGED "pay 90 to the baker"

enum { CHECK_AT = 20 }; /* In a header: the check of the payload. */

/* Returns new. */
static GBytes *frame_around(const void *payload, size_t size)
{
    struct frame frame = {.id = 1, .payload = payload, .size = size};
    return frame_bytes(&frame);
}

static void print_message(const char *what, const void *text, size_t size)
{
    printf("  %-23s%-21.*s", what, (int)size, (const char *)text);
}

static uint32_t payload_check(GBytes *message)
{
    const uint8_t *data = g_bytes_get_data(message, NULL);
    struct wire_reader in = wire_read(data + CHECK_AT, 4);
    return wire_get_u32(&in);
}

static void receive(const char *what, GBytes *message)
{
    struct frame frame;
    size_t size;
    const char *data = g_bytes_get_data(message, &size);
    print_message(what, data + FRAME_HEADER, size - FRAME_HEADER);
    printf("CRC %08x        %s\n", payload_check(message),
           frame_of(message, &frame) ? "accepted" : "refused");
}

/* The text is another, and the header is left as it is. Returns new. */
static GBytes *change_text(GBytes *message)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(message, &size);
    uint8_t *changed = g_memdup2(data, size);
    memcpy(changed + FRAME_HEADER, CHANGED, strlen(CHANGED));
    return g_bytes_new_take(changed, size);
}

static void show_liar(void)
{
    g_autoptr(GBytes) sent = frame_around(SENT, strlen(SENT));
    g_autoptr(GBytes) changed = change_text(sent);
    g_autoptr(GBytes) made_anew = frame_around(CHANGED, strlen(CHANGED));
    printf("\nC. An order in a frame; and on its way, a liar. What does the "
           "receiver say?\n\n");
    receive("as it was sent", sent);
    receive("changed", changed);
    receive("changed, and its CRC", made_anew);
    printf("\nA CRC says that there was no accident. It takes no secret to "
           "make, so it says\nnothing of who made it.\n");
}

/* ---- D. A liar, and a seal. ---- */

static void receive_sealed(const struct mac_key *key, const char *what,
                           GBytes *sealed)
{
    size_t size, whole;
    const uint8_t *data = g_bytes_get_data(sealed, &whole);
    g_autoptr(GBytes) message = frame_around(data, whole);
    struct frame frame;
    bool right = frame_of(message, &frame) && mac_open(key, sealed, &size);
    const uint8_t *seal = data + whole - MAC_SIZE;
    print_message(what, data, whole - MAC_SIZE);
    printf("seal %02x%02x%02x%02x ..   %s\n", seal[0], seal[1], seal[2],
           seal[3], right ? "accepted" : "refused");
}

/* Another text before the seal of @p sealed. Returns new. */
static GBytes *change_sealed(GBytes *sealed)
{
    size_t size;
    const uint8_t *data = g_bytes_get_data(sealed, &size);
    uint8_t *changed = g_memdup2(data, size);
    memcpy(changed, CHANGED, strlen(CHANGED));
    return g_bytes_new_take(changed, size);
}

static void show_seal(void)
{
    struct mac_key key = {"known to sender and receiver", 28};
    struct mac_key guess = {"a guess", 7};
    g_autoptr(GBytes) sent = mac_seal(&key, SENT, strlen(SENT));
    g_autoptr(GBytes) changed = change_sealed(sent);
    g_autoptr(GBytes) guessed = mac_seal(&guess, CHANGED, strlen(CHANGED));
    printf(
        "\nD. The same, sealed before it is framed: HMAC-SHA-256, with a key "
        "that the liar\n   does not know. Each CRC here is right.\n\n");
    receive_sealed(&key, "as it was sent", sent);
    receive_sealed(&key, "changed", changed);
    receive_sealed(&key, "sealed with a guess", guessed);
    receive_sealed(&key, "the first one, again", sent);
    printf("\nThe liar cannot change it, but can send it twice, and the baker "
           "is paid twice. A\nseal says that somebody with the key wrote this: "
           "not when, nor how often. That\ntakes a number in each message, "
           "under the seal, and a receiver who keeps count.\n");
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    if (argc == 2 &&
        !g_ascii_string_to_unsigned(argv[1], 10, 0, G_MAXUINT64, &seed, NULL))
        argc = 0;
    if (argc > 2 || argc == 0)
        return complain(USAGE, "the only argument is a seed, a number");
    show_wire(seed);
    show_damage(seed);
    show_liar();
    show_seal();
    return 0;
}

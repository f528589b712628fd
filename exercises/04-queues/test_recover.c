/* Segments after a crash: whole ones, torn ones, and rotten ones. */
#include "04-queues/test_segment.h"

enum { FOUR_KB = 24, PAYLOAD = 150, KIB = 1 << 10, MIB = 1 << 20 };

/* Records of many sizes. */
static struct segment_row all_sizes(uint64_t first)
{
    static const size_t sizes[] = {5, 0, 1, 16, 20, 0, 0, 300, 7, 65, 0};
    struct segment_row row = row_new(SALT, first);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        add_record(&row, first + i, sizes[i]);
    return row;
}

/* ---- No damage. ---- */

static void all_records_of_a_whole_segment_are_given(void)
{
    static const uint64_t firsts[] = {1,
                                      2,
                                      255,
                                      1 << 16,
                                      1u << 31,
                                      0xffffffff,
                                      1 + ((uint64_t)1 << 32),
                                      (uint64_t)1 << 63};
    for (size_t i = 0; i < G_N_ELEMENTS(firsts); i++) {
        play(all_sizes(firsts[i]));
        play(row_of(firsts[i], 300, i));
    }
    play(row_of(1, 1, 70000));
    play(row_of(1, 2, 2 * MIB));
}

static void a_segment_may_be_empty(void)
{
    for (uint64_t first = 1; first < 300; first++)
        play(row_new(SALT, first));
    play(row_new(0, 1));
    play(row_new(0xffffffff, UINT64_MAX - 1));
}

static void a_payload_may_hold_any_bytes(void)
{
    struct segment_row inner = all_sizes(3), other = row_new(SALT + 1, 1);
    struct segment_row row = row_new(SALT, 1);
    for (uint64_t seq = 1; seq < 20; seq++)
        add_record(&other, seq, seq);
    add_payload(&row, 1, inner.bytes->data, inner.bytes->len);
    add_payload(&row, 2, other.bytes->data, other.bytes->len);
    add_payload(&row, 3, other.bytes->data + SEGMENT_HEAD, 200);
    add_payload(&row, 4, inner.bytes->data + SEGMENT_HEAD, 200);
    tell(&row, "(1 and 4 hold records of this salt, 2 and 3 of another)");
    add_filling(&row, 0, 3);
    play(row);
    row_free(other);
    row_free(inner);
}

/* ---- The head. ---- */

static void without_a_right_head_nothing_is_good(void)
{
    struct segment_row row = all_sizes(1);
    row.first = 0;
    for (size_t bit = 0; bit < 8 * SEGMENT_HEAD; bit++) {
        turn(&row, bit);
        expect_found(&row, wanted_of(&row));
        turn(&row, bit);
    }
    for (guint byte = 0; byte < 4; byte++) { /* Another magic, rightly made. */
        turn(&row, 8 * byte);
        put_number(row.bytes->data + CHECKED,
                   crc32c(0, row.bytes->data, CHECKED), 4);
        expect_found(&row, wanted_of(&row));
        turn(&row, 8 * byte);
    }
    row_free(row);
    play(row_of(0, 3, 5));
    row = row_new(SALT, 1);
    cut_row(&row, 0);
    add_filling(&row, 0, 500);
    row.first = 0;
    play(row);
}

/* ---- Torn. ---- */

static void cut_anywhere_it_keeps_its_whole_records(void)
{
    struct segment_row row = all_sizes(7);
    for (size_t size = row.bytes->len; size > 0; size--) {
        cut_row(&row, size - 1);
        expect_found(&row, wanted_of(&row));
    }
    row_free(row);
    row = row_of(1, FOUR_KB, PAYLOAD);
    for (size_t size = row.bytes->len; size > 0; size--) {
        cut_row(&row, size - 1);
        expect_found(&row, wanted_of(&row));
    }
    row_free(row);
}

static void zeros_are_no_record(void)
{
    for (size_t zeros = 1; zeros < 100; zeros++) {
        struct segment_row row = all_sizes(1);
        add_filling(&row, 0, zeros);
        play(row);
        row = row_new(0, 1); /* A salt of 0. */
        add_filling(&row, 0, zeros);
        play(row);
        row = row_of(1, 3, 30);
        cut_row(&row, row.bytes->len - 25);
        add_filling(&row, 0, zeros);
        play(row);
    }
    struct segment_row row = row_of(1, 3, 30);
    add_filling(&row, 0, MIB);
    play(row);
}

static void add_noise(struct segment_row *row, struct dice *dice, size_t size)
{
    tell(row, "at %u: noise, %zu bytes", row->bytes->len, size);
    for (; size > 0; size--) {
        uint8_t byte = (uint8_t)dice_roll(dice);
        add_bytes(row, &byte, 1);
    }
}

/* In a few places of the noise stands the salt. */
static void noise_is_no_record(void)
{
    for_each_seed (seed, 300) {
        struct dice dice = dice_at(seed, 2, 1);
        struct segment_row row = row_of(1, dice_between(&dice, 0, 9), 30);
        size_t end = row.bytes->len - dice_between(&dice, 0, 1) * 3;
        cut_row(&row, MAX(end, SEGMENT_HEAD));
        add_noise(&row, &dice, dice_between(&dice, 1, 2000));
        for (unsigned i = 0; i < 4; i++) {
            tell(&row, "at %u: the salt", row.bytes->len);
            add_bytes(&row, "\x5a\x17\xab\x1e", 4);
            add_noise(&row, &dice, dice_between(&dice, 0, 40));
        }
        play(row);
    }
}

/* ---- Rot. ---- */

static void any_flipped_bit_is_noticed(void)
{
    struct segment_row row = row_of(1, 8, 61);
    for (size_t i = 0; i < 8; i++) {
        struct written *record = record_at(&row, i);
        record->lost = true;
        for (size_t bit = 8 * record->at; bit < 8 * end_of(record); bit++) {
            turn(&row, bit);
            expect_found(&row, wanted_of(&row));
            turn(&row, bit);
        }
        record->lost = false;
    }
    row_free(row);
}

/* Records @p from up to @p to are destroyed. */
static void destroy(struct segment_row *row, size_t from, size_t to, int byte)
{
    for (size_t i = from; i < to; i++) {
        struct written *record = record_at(row, i);
        memset(row->bytes->data + record->at, byte,
               end_of(record) - record->at);
        tell(row, "overwritten with %02x: the record at %zu", (uint8_t)byte,
             record->at);
        record->lost = true;
    }
}

static void damage_is_rot_when_a_record_follows(void)
{
    for (size_t from = 0; from < 11; from++)
        for (size_t to = from + 1; to <= 11; to++)
            for (int byte = 0; byte < 256; byte += 255) {
                struct segment_row row = all_sizes(5);
                destroy(&row, from, to, byte);
                play(row);
            }
    static const size_t sizes[] = {4 * KIB, 70000, MIB};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        struct segment_row row = row_of(1, 2, 30);
        add_record(&row, 3, sizes[i]);
        add_record(&row, 4, 0);
        destroy(&row, 2, 3, 0);
        play(row);
    }
}

/* Bytes are missing, or too many; what follows begins where none expects it. */
static void what_follows_may_begin_at_any_byte(void)
{
    for (size_t strange = 1; strange < 70; strange++)
        for (size_t after = 0; after < 3; after++) {
            struct segment_row row = row_of(9, 3, 10);
            add_filling(&row, (int)(strange * after), strange);
            add_record(&row, 12, 4 * after); /* The one that is next. */
            add_filling(&row, 0, after);
            play(row);
            row = row_of(9, 3, 10);
            add_filling(&row, 0x5a, strange); /* As the salt begins. */
            add_record(&row, 13, 0);
            play(row);
        }
}

static void play_size(uint32_t size, size_t follow)
{
    struct segment_row row = row_of(1, 3, 30);
    add_record(&row, 4, 50);
    for (size_t i = 0; i < follow; i++)
        add_record(&row, 5 + i, 5 * i);
    put_number(row.bytes->data + record_at(&row, 3)->at + 8, size, 4);
    tell(&row, "the size at %zu is now %u", record_at(&row, 3)->at + 8, size);
    record_at(&row, 3)->lost = true;
    play(row);
}

/* The fourth record claims sizes, and its check is wrong by that. */
static void a_damaged_size_is_not_believed(void)
{
    static const uint32_t sizes[] = {0xffffffff, 0xffffffec, 0x80000000,
                                     0x7fffffff, 0x04000000, 0x04000001};
    for (size_t follow = 0; follow < 4; follow++) {
        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
            play_size(sizes[i], follow);
        for (uint32_t size = 0; size < 200; size++)
            if (size != 50)
                play_size(size, follow);
    }
}

/* ---- Whole records in a wrong place. ---- */

/* The digits are seqs. */
static void play_order(const char *digits)
{
    struct segment_row row = row_new(SALT, 5);
    for (; *digits; digits++)
        add_record(&row, (uint64_t)(*digits - '0'), 11);
    play(row);
}

static void a_number_that_is_missing_is_rot(void)
{
    static const char *const orders[] = {"6",  "9",   "57",   "568",
                                         "65", "576", "5759", "5689"};
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++)
        play_order(orders[i]);
    struct segment_row row = row_of(1, 2, 30);
    add_record(&row, UINT64_MAX, 30);
    play(row);
    row = row_of(1, 2, 30);
    add_record(&row, 3 + ((uint64_t)1 << 32), 30);
    play(row);
}

static void an_older_record_is_none_of_the_end(void)
{
    static const char *const orders[] = {"4",  "1",    "55",    "565",
                                         "54", "5666", "56756", "554"};
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++)
        play_order(orders[i]);
    play_order("5567"); /* But this is rot. */
    play_order("45");
    struct segment_row row = row_new(SALT, 3 + ((uint64_t)1 << 32));
    add_record(&row, 3, 30); /* The lower half alone is right. */
    play(row);
}

/* @p row ends in the beginning of a record that holds all of @p payload. */
static void add_torn(struct segment_row *row, uint64_t seq,
                     const struct segment_row *payload)
{
    add_payload(row, seq, payload->bytes->data, payload->bytes->len);
    tell(row, "(it holds a segment, salt %08x, of %u records)", payload->salt,
         payload->records->len);
    add_filling(row, 0, 9);
    cut_row(row, row->bytes->len - 10);
}

static void a_record_of_another_segment_is_none(void)
{
    struct segment_row other = row_new(SALT ^ 1, 1);
    for (uint64_t seq = 1; seq < 20; seq++)
        add_record(&other, seq, seq);
    for (size_t count = 0; count < 19; count++) {
        const struct written *record = record_at(&other, count);
        struct segment_row row = row_of(1, count, 20);
        tell(&row, "at %u: %zu records with the salt %08x, seqs from %zu on",
             row.bytes->len, 19 - count, other.salt, count + 1);
        add_bytes(&row, other.bytes->data + record->at,
                  other.bytes->len - record->at);
        expect_found(&row, wanted_of(&row));
        add_record(&row, count + 2, 20); /* And now it is rot. */
        play(row);
        row = row_of(1, count, 20);
        add_torn(&row, count + 1, &other);
        play(row);
    }
    row_free(other);
}

/* What a payload holds of its own segment was written before: it is older. */
static void a_torn_copy_of_the_segment_is_torn(void)
{
    for (size_t count = 0; count < 20; count++) {
        struct segment_row row = row_of(1, count, 13),
                           copy = row_of(1, count, 13);
        add_torn(&row, count + 1, &copy);
        play(row);
        row_free(copy);
    }
}

/* ---- Everything at once. ---- */

static void add_anything(struct segment_row *row, struct dice *dice,
                         uint64_t *next)
{
    size_t size = dice_between(dice, 0, 60);
    switch (dice_between(dice, 0, 11)) {
    case 0:
        add_noise(row, dice, size);
        break;
    case 1:
        add_filling(row, 0, size);
        break;
    case 2:
        add_record(row, *next - MIN(*next, size % 4), size);
        break;
    case 3:
        *next += 1;
        break;
    case 4:
        add_record(row, *next, size);
        turn(row, 8 * row->bytes->len - 1 - dice_between(dice, 0, 159));
        record_at(row, row->records->len - 1)->lost = true;
        *next += 1;
        break;
    default:
        add_record(row, *next, size);
        *next += 1;
    }
}

static void of_any_mixture_the_right_thing_is_said(void)
{
    for_each_seed (seed, 2000) {
        struct dice dice = dice_at(seed, 2, 2);
        uint64_t next = dice_between(&dice, 1, 9);
        struct segment_row row = row_new((uint32_t)dice_roll(&dice), next);
        for (uint64_t n = dice_between(&dice, 1, 12); n > 0; n--)
            add_anything(&row, &dice, &next);
        if (dice_between(&dice, 0, 2) == 0)
            cut_row(&row, dice_between(&dice, 0, row.bytes->len));
        play(row);
    }
}

/* Every fourth byte could begin a record, of half a MiB: but for the salt. */
static void hostile_bytes_are_read_in_their_time(void)
{
    static const uint8_t claim[] = {0x00, 0x08, 0x00, 0x00};
    struct segment_row row = row_of(1, 3, 30);
    tell(&row, "at %u: a MiB of 00 08 00 00", row.bytes->len);
    for (size_t i = 0; i < MIB / sizeof claim; i++)
        add_bytes(&row, claim, sizeof claim);
    expect_found(&row, wanted_of(&row));
    add_record(&row, 9, 3);
    play(row);
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(all_records_of_a_whole_segment_are_given),
        GRADED(a_segment_may_be_empty),
        GRADED(a_payload_may_hold_any_bytes),
        GRADED(without_a_right_head_nothing_is_good),
        GRADED(cut_anywhere_it_keeps_its_whole_records),
        GRADED(zeros_are_no_record),
        GRADED(noise_is_no_record),
        GRADED(any_flipped_bit_is_noticed),
        GRADED(damage_is_rot_when_a_record_follows),
        GRADED(what_follows_may_begin_at_any_byte),
        GRADED(a_damaged_size_is_not_believed),
        GRADED(a_number_that_is_missing_is_rot),
        GRADED(an_older_record_is_none_of_the_end),
        GRADED(a_record_of_another_segment_is_none),
        GRADED(a_torn_copy_of_the_segment_is_torn),
        GRADED(of_any_mixture_the_right_thing_is_said),
        GRADED(hostile_bytes_are_read_in_their_time),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

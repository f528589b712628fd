/**
 * @file test_segment.h
 * For tests of recover.h: segments made by hand, of which it is known what is
 * whole in them; and the stage on which they are read. How one was made is
 * noted before it is read, for who looks at a failure.
 */
#ifndef QUEUES_TEST_SEGMENT_H
#define QUEUES_TEST_SEGMENT_H
#include "02-framing/crc32c.h"
#include "04-queues/recover.h"
#include "common/course/graded.h"
#include "common/world/dice.h"
#include <sys/mman.h>
#include <unistd.h>

/** The salt of most segments, and bytes of a head that its check is for. */
enum { SALT = 0x5a17ab1e, CHECKED = 16 };

/** A record of it. */
struct written {
    size_t at;    /**< Where it begins. */
    size_t size;  /**< Its payload's. */
    uint64_t seq; /**< Its own. */
    bool lost;    /**< It is damaged, or another's. */
};

/** A segment. */
struct segment_row {
    GByteArray *bytes; /**< All of it. */
    GArray *records;   /**< struct written. */
    uint32_t salt;     /**< Its head's. */
    uint64_t first;    /**< Its head's; 0: the head is damaged. */
    GPtrArray *story;  /**< How it was made: lines. */
    GString *damage;   /**< What was done to it then; "": nothing. */
};

/** Put @p number there, its high byte first. */
static inline void put_number(uint8_t *at, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(number >> 8 * (size - 1 - i));
}

/** The next line of its story. */
static inline G_GNUC_PRINTF(2, 3) void tell(const struct segment_row *row,
                                            const char *format, ...)
{
    va_list arguments;
    if (row->damage->len > 0)
        g_ptr_array_add(row->story, g_strdup(row->damage->str));
    g_string_truncate(row->damage, 0);
    va_start(arguments, format);
    g_ptr_array_add(row->story, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/** A segment that begins so. */
static inline struct segment_row row_new(uint32_t salt, uint64_t first)
{
    uint8_t head[SEGMENT_HEAD] = {'w', 'a', 'l', '1'};
    put_number(head + 4, salt, 4);
    put_number(head + 8, first, 8);
    put_number(head + CHECKED, crc32c(0, head, CHECKED), 4);
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, head, sizeof head);
    struct segment_row row = {
        bytes, g_array_new(FALSE, TRUE, sizeof(struct written)),
        salt,  first,
        NULL,  g_string_new(NULL)};
    row.story = g_ptr_array_new_with_free_func(g_free);
    tell(&row, "at 0: head, salt %08x, first %" G_GUINT64_FORMAT, salt, first);
    return row;
}

/** Free it. */
static inline void row_free(struct segment_row row)
{
    g_byte_array_unref(row.bytes);
    g_array_unref(row.records);
    g_ptr_array_unref(row.story);
    g_string_free(row.damage, TRUE);
}

/** Its i-th record. */
static inline struct written *record_at(const struct segment_row *row, size_t i)
{
    g_assert(i < row->records->len);
    return &g_array_index(row->records, struct written, i);
}

/** Any bytes, of which nothing is told. */
static inline void add_bytes(struct segment_row *row, const void *data,
                             size_t size)
{
    if (size > 0)
        g_byte_array_append(row->bytes, data, (guint)size);
}

/** So many of one byte. */
static inline void add_filling(struct segment_row *row, int byte, size_t size)
{
    g_autofree uint8_t *filling = g_malloc(size + 1);
    memset(filling, byte, size + 1);
    tell(row, "at %u: %zu bytes, each %02x", row->bytes->len, size,
         (uint8_t)byte);
    add_bytes(row, filling, size);
}

/** A record with this payload, in whatever order. */
static inline void add_payload(struct segment_row *row, uint64_t seq,
                               const void *data, size_t size)
{
    uint8_t head[RECORD_HEAD];
    struct written record = {.at = row->bytes->len, .size = size, .seq = seq};
    put_number(head + 4, row->salt, 4);
    put_number(head + 8, size, 4);
    put_number(head + 12, seq, 8);
    put_number(head, crc32c(crc32c(0, head + 4, RECORD_HEAD - 4), data, size),
               4);
    tell(row, "at %zu: record, seq %" G_GUINT64_FORMAT ", size %zu", record.at,
         seq, size);
    add_bytes(row, head, sizeof head);
    add_bytes(row, data, size);
    g_array_append_val(row->records, record);
}

/** One that holds @p size bytes, no two records the same. */
static inline void add_record(struct segment_row *row, uint64_t seq,
                              size_t size)
{
    g_autofree uint8_t *data = g_malloc(size + 1);
    struct dice dice = dice_at(seq, 1, size);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)dice_roll(&dice);
    add_payload(row, seq, data, size);
}

/** Behind the head @p count records, each of @p size bytes. */
static inline struct segment_row row_of(uint64_t first, size_t count,
                                        size_t size)
{
    struct segment_row row = row_new(SALT, first);
    for (size_t i = 0; i < count; i++)
        add_record(&row, first + i, size);
    return row;
}

/** Turn a bit, of a head or of a record, which is lost by that; or turn it
 * back. */
static inline void turn(const struct segment_row *row, size_t bit)
{
    uint8_t *at = &row->bytes->data[bit / 8];
    char line[SHEET_LINE];
    *at = (uint8_t)(*at ^ 1 << bit % 8);
    g_snprintf(line, sizeof line, "turned: bit %zu of byte %zu", bit % 8,
               bit / 8);
    g_string_assign(row->damage, strcmp(line, row->damage->str) ? line : "");
}

/** Where its end is. */
static inline size_t end_of(const struct written *record)
{
    return record->at + RECORD_HEAD + record->size;
}

/** Only its first @p size bytes are left. */
static inline void cut_row(const struct segment_row *row, size_t size)
{
    for (size_t i = 0; i < row->records->len; i++) {
        struct written *record = record_at(row, i);
        record->lost = record->lost || end_of(record) > size;
    }
    g_byte_array_set_size(row->bytes, (guint)size);
    g_string_printf(row->damage, "cut: %zu bytes are left", size);
}

/** What must be found in it. */
static inline struct recovery wanted_of(const struct segment_row *row)
{
    struct recovery wanted = {RECOVER_ROTTEN, 0, 0, 0};
    if (row->first == 0 || row->bytes->len < SEGMENT_HEAD)
        return wanted;
    wanted =
        (struct recovery){RECOVER_WHOLE, SEGMENT_HEAD, row->first, row->first};
    bool bad = false;
    for (size_t i = 0; i < row->records->len; i++) {
        const struct written *record = record_at(row, i);
        if (record->lost)
            continue;
        bad = bad || record->at != wanted.good || record->seq != wanted.next;
        if (bad && record->seq >= wanted.next)
            wanted.verdict = RECOVER_ROTTEN;
        if (bad)
            continue;
        wanted.good = end_of(record);
        wanted.next++;
    }
    if (wanted.verdict == RECOVER_WHOLE && wanted.good < row->bytes->len)
        wanted.verdict = RECOVER_TORN;
    return wanted;
}

/** Who is given the records. */
struct reader {
    const struct segment_row *row; /**< What is read. */
    const uint8_t *data;           /**< Where it stands. */
    size_t records;                /**< So many were given. */
    size_t good;                   /**< So many should be. */
};

/** As recover_visitor. */
static inline void read_record_down(void *self, uint64_t seq,
                                    struct word payload)
{
    struct reader *reader = self;
    expect_that(reader->records < reader->good,
                "no record to be given but the good ones",
                "one more: seq %" G_GUINT64_FORMAT, seq);
    const struct written *record = record_at(reader->row, reader->records++);
    expect_equal("the seq of a record is", seq, record->seq);
    expect_equal("the size of a payload is", payload.size, record->size);
    const uint8_t *at = reader->data + record->at + RECORD_HEAD;
    expect_that((const uint8_t *)payload.data == at || payload.size == 0,
                "a payload to stand in the segment", "another place");
    expect_bytes("a payload", payload.data, at, payload.size);
}

/** A word for a verdict. */
static inline const char *verdict_name(enum recover_verdict verdict)
{
    static const char *const names[] = {"WHOLE", "TORN", "ROTTEN"};
    return (unsigned)verdict < 3 ? names[verdict] : "none";
}

/** Note how it was made. */
static inline void note_story(const struct segment_row *row)
{
    sheet_begin();
    for (guint i = 0; i < row->story->len; i++)
        sheet_note(row->story->pdata[i]);
    if (row->damage->len > 0)
        sheet_note(row->damage->str);
    sheet_note("recover()");
}

/** Note what it said. */
static inline void note_answer(struct recovery found, size_t records)
{
    char line[SHEET_LINE];
    g_snprintf(line, sizeof line,
               "recover() = %s, good %zu, first %" G_GUINT64_FORMAT
               ", next %" G_GUINT64_FORMAT "; %zu given",
               verdict_name(found.verdict), found.good, found.first, found.next,
               records);
    sheet_amend(line);
}

/** The size of memory behind which there is none, and where it ends. */
static inline uint8_t *edge_of(size_t size)
{
    static uint8_t *edge;
    static size_t room;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (size <= room)
        return edge;
    room = (size + page) / page * page * 2;
    uint8_t *memory = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert(memory != MAP_FAILED);
    g_assert(mprotect(memory + room, page, PROT_NONE) == 0);
    edge = memory + room;
    return edge;
}

/** Expect that to be found, and the good records to be given. */
static inline void expect_found(const struct segment_row *row,
                                struct recovery wanted)
{
    size_t size = row->bytes->len;
    uint8_t *data = edge_of(size) - size;
    memcpy(data, row->bytes->data, size);
    g_autoptr(GBytes) segment = g_bytes_new_static(data, size);
    struct reader reader = {
        row, data, 0,
        (size_t)(wanted.good > 0 ? wanted.next - wanted.first : 0)};
    note_story(row);
    struct recovery found = recover(segment, read_record_down, &reader);
    note_answer(found, reader.records);
    expect_that(found.verdict == wanted.verdict, verdict_name(wanted.verdict),
                "%s", verdict_name(found.verdict));
    expect_equal("good is", found.good, wanted.good);
    expect_equal("first is", found.first, wanted.first);
    expect_equal("next is", found.next, wanted.next);
    expect_equal("records given:", reader.records, reader.good);
}

/** Expect to be found what is in it; and free it. */
static inline void play(struct segment_row row)
{
    expect_found(&row, wanted_of(&row));
    row_free(row);
}

#endif

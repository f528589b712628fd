/*
 * The stage of 2.B. What the reader's schedule sends is one row of bytes, cut
 * into pieces. Which frames stand in it, and where each ends, is found by
 * looking at the whole row, as frame.h says; a decoder that is fed the pieces
 * must give those, at once, and no other.
 */
#include "02-framing/test_session.h"
#include "common/course/graded.h"
#include "common/course/schedule.h"
#include <string.h>

enum { CAP = 1000, TAIL = 2 * CAP, ROW = 1 << 20, SHOWN = 12 };

static const char *const events = "frame 5 (bytes of payload, up to 1000), "
                                  "picture 40 (from 28), damage 4 ff, "
                                  "bytes c3 5a 01, feed 30 (bytes, from 1)";

/* What a line of the schedule has put into the row. */
struct event {
    size_t begin, end;
    unsigned frame; /* Its number; 0: these are other bytes. */
    const char *damage;
};

static struct {
    struct session session; /* Of that, the row; and in it the frames. */
    GArray *events;         /* struct event. */
    unsigned frames;        /* Of them. */
    const char *last;       /* The last line that damages. */
    GArray *pieces;         /* size_t: those that are asked for. */
    GByteArray *damage;     /* Of the next frame: two bytes where, one what. */
    guint next;             /* The next frame that is to be given. */
    char *lost, *late;      /* One that never came, or not at once. */
} world;

/* ---- The schedule. ---- */

/* A whole number from @p least to @p most. */
static bool parse(const char *text, guint base, uint64_t least, uint64_t most,
                  size_t *number)
{
    guint64 value;
    if (!g_ascii_string_to_unsigned(text, base, least, most, &value, NULL))
        return false;
    *number = value;
    return true;
}

/* The bytes from @p begin on are those of an event. */
static void end_event(size_t begin, unsigned frame, const char *damage)
{
    struct event event = {begin, world.session.row->len, frame, damage};
    g_array_append_val(world.events, event);
}

static const struct event *event_of(guint which)
{
    return &g_array_index(world.events, struct event, which);
}

/* Damage the frame that begins there. Returns what has happened to it. */
static const char *spoil(size_t begin)
{
    GByteArray *damage = world.damage, *row = world.session.row;
    const char *what = "";
    for (guint i = 0; i < damage->len; i += 3) {
        size_t at = (size_t)(damage->data[i] << 8 | damage->data[i + 1]);
        uint8_t byte = damage->data[i + 2];
        if (begin + at >= row->len)
            schedule_reject(world.last, "the frame below it has fewer bytes");
        if (row->data[begin + at] != byte && at < FRAME_HEADER)
            what = ", its header damaged";
        else if (row->data[begin + at] != byte && !*what)
            what = ", its payload damaged";
        row->data[begin + at] = byte;
    }
    g_byte_array_set_size(damage, 0);
    return what;
}

static void play_frame(size_t size, bool picture)
{
    size_t begin = world.session.row->len;
    unsigned id = ++world.frames;
    g_autofree uint8_t *payload = filling(id, size);
    if (picture) {
        struct session inside = session_new();
        send_frame(&inside, 0xbad, 0);
        memcpy(payload, inside.row->data, FRAME_HEADER);
        session_free(inside);
    }
    send_payload(&world.session, id, payload, size);
    end_event(begin, id, spoil(begin));
}

static bool play_damage(const char *where, const char *what)
{
    size_t at, byte;
    if (!parse(where, 10, 0, FRAME_HEADER + CAP - 1, &at) ||
        !parse(what, 16, 0, 255, &byte))
        return false;
    put(world.damage, at << 8 | byte, 3);
    return true;
}

static bool play_bytes(char **words)
{
    size_t begin = world.session.row->len;
    for (size_t byte; *words; words++) {
        if (!parse(*words, 16, 0, 255, &byte))
            return false;
        put(world.session.row, byte, 1);
    }
    end_event(begin, 0, "");
    return true;
}

static bool play_words(char **words, guint count)
{
    size_t size;
    if (count == 2 && g_str_equal(words[0], "frame") &&
        parse(words[1], 10, 0, CAP, &size)) {
        play_frame(size, false);
        return true;
    }
    if (count == 2 && g_str_equal(words[0], "picture") &&
        parse(words[1], 10, FRAME_HEADER, CAP, &size)) {
        play_frame(size, true);
        return true;
    }
    if (count == 2 && g_str_equal(words[0], "feed") &&
        parse(words[1], 10, 1, ROW, &size)) {
        g_array_append_val(world.pieces, size);
        return true;
    }
    if (count == 3 && g_str_equal(words[0], "damage"))
        return play_damage(words[1], words[2]);
    return count > 1 && g_str_equal(words[0], "bytes") && play_bytes(words + 1);
}

static void play(const char *line)
{
    g_auto(GStrv) all = g_strsplit_set(line, " ", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (int i = 0; all[i]; i++)
        if (*all[i])
            g_ptr_array_add(words, all[i]);
    guint count = words->len;
    g_ptr_array_add(words, NULL);
    if (count == 0 || !play_words((char **)words->pdata, count))
        schedule_refuse(line, events);
    if (world.session.row->len > ROW)
        schedule_reject(line, "up to there it is more than a MiB");
    if (g_str_equal(words->pdata[0], "damage"))
        world.last = line;
}

/* ---- What stands in the row. ---- */

/* How many bytes to the next place to look at; is it a frame? */
static size_t look(size_t at, struct frame *frame, bool *whole)
{
    const uint8_t *data = world.session.row->data + at;
    struct wire_reader in = wire_read(data, world.session.row->len - at);
    uint32_t start = wire_get_u16(&in);
    *whole = false;
    start = start << 8 | wire_get_u8(&in);
    frame->flags = wire_get_u8(&in);
    frame->size = wire_get_u32(&in);
    frame->id = wire_get_u64(&in);
    frame->deadline = wire_get_u32(&in);
    uint32_t check = wire_get_u32(&in);
    if (start != (FRAME_MAGIC << 8 | FRAME_VERSION) || frame->size > CAP ||
        wire_get_u32(&in) != crc32c(0, data, FRAME_HEADER - 4))
        return 1;
    frame->payload = wire_get_raw(&in, frame->size);
    *whole = !in.failed && crc32c(0, frame->payload, frame->size) == check;
    return in.failed ? 1 : FRAME_HEADER + frame->size;
}

static void find_frames(void)
{
    struct frame frame;
    bool whole;
    g_array_set_size(world.session.sent, 0);
    for (size_t at = 0, size; at + FRAME_HEADER <= world.session.row->len;
         at += size) {
        size = look(at, &frame, &whole);
        struct sent sent = {frame.id, at, frame.size, false};
        if (whole)
            g_array_append_val(world.session.sent, sent);
    }
}

/* ---- The decoder. ---- */

static G_GNUC_PRINTF(1, 2) void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    sheet_note(line);
}

/* What begins at this byte of the row? Returns new. */
static char *name_of(size_t at)
{
    for (guint i = 0; i < world.events->len; i++)
        if (event_of(i)->begin == at && event_of(i)->frame > 0)
            return g_strdup_printf("frame %u", event_of(i)->frame);
    return g_strdup_printf("the frame at byte %zu of all", at);
}

/* Say which piece is fed, and what is in it. */
static void say_piece(size_t begin, size_t size)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < MIN(size, SHOWN); i++)
        g_string_append_printf(text, " %02x",
                               world.session.row->data[begin + i]);
    say("> a piece of %zu:%s%s", size, text->str, size > SHOWN ? " .." : "");
    for (guint i = 0; i < world.events->len; i++) {
        const struct event *event = event_of(i);
        bool cut = event->begin < begin || event->end > begin + size;
        const char *part = cut ? "a part of " : "";
        if (event->begin >= begin + size || event->end <= begin)
            continue;
        if (event->frame > 0)
            say("    %sframe %u%s", part, event->frame, event->damage);
        else
            say("    %sother bytes", part);
    }
}

/* The frame of the row that this is: the next one, or one behind it. */
static const struct sent *find(const struct frame *frame, size_t fed)
{
    for (; world.next < world.session.sent->len; world.next++) {
        const struct sent *sent = sent_of(&world.session, world.next);
        if (end_of(sent) > fed)
            return NULL;
        if (sent->id == frame->id && sent->size == frame->size)
            return sent;
        if (!world.lost)
            world.lost = name_of(sent->at);
    }
    return NULL;
}

static void take(struct frame_decoder *decoder, size_t fed)
{
    struct frame frame;
    while (frame_next(decoder, &frame)) {
        const struct sent *sent = find(&frame, fed);
        g_autofree char *name = sent ? name_of(sent->at) : NULL;
        say("  it gives %s, %zu bytes of payload",
            name ? name : "a frame that nobody sent", frame.size);
        expect_that(sent, "no frame that was never sent",
                    "one with a payload of %zu bytes", frame.size);
        world.next++;
    }
    if (world.next == world.session.sent->len ||
        end_of(sent_of(&world.session, world.next)) > fed)
        return;
    g_autofree char *missed = name_of(sent_of(&world.session, world.next)->at);
    say("  it does not give %s, which is there", missed);
    if (!world.late)
        world.late = g_steal_pointer(&missed);
}

/* The size of the next piece. */
static size_t next_piece(guint number, size_t fed)
{
    size_t left = world.session.row->len - fed, piece = left;
    if (number < world.pieces->len)
        piece = g_array_index(world.pieces, size_t, number);
    else
        for (guint i = world.events->len; i-- > 0;)
            if (event_of(i)->end > fed)
                piece = event_of(i)->end - fed;
    return MIN(piece, left);
}

static void feed_pieces(void)
{
    struct frame_decoder *decoder = frame_decoder_new(CAP);
    size_t fed = 0, size;
    for (guint i = 0; fed < world.session.row->len; i++, fed += size) {
        size = next_piece(i, fed);
        say_piece(fed, size);
        frame_feed(decoder, world.session.row->data + fed, size);
        take(decoder, fed + size);
    }
    frame_decoder_free(decoder);
    if (!world.lost && world.next < world.session.sent->len)
        world.lost = name_of(sent_of(&world.session, world.next)->at);
    expect_that(!world.lost, "every frame that came whole, sooner or later",
                "%s never", world.lost);
    expect_that(!world.late, "each frame as soon as its last byte is there",
                "%s later", world.late);
    say("Each frame that came whole was given at once, and no other: %u of "
        "them",
        world.next);
}

static void play_and_feed(const char *name)
{
    static const uint8_t tail[TAIL];
    g_auto(GStrv) lines = schedule_lines(name);
    world.session = session_new();
    world.events = g_array_new(FALSE, FALSE, sizeof(struct event));
    world.pieces = g_array_new(FALSE, FALSE, sizeof(size_t));
    world.damage = g_byte_array_new();
    world.next = world.frames = 0;
    world.lost = world.late = NULL;
    for (int i = 0; lines[i]; i++)
        play(lines[i]);
    if (world.damage->len > 0)
        schedule_reject(world.last, "it needs a line below it, frame or "
                                    "picture, which it damages");
    size_t begin = world.session.row->len;
    send_garbage(&world.session, tail, TAIL);
    end_event(begin, 0, "");
    find_frames();
    feed_pieces();
    session_free(world.session);
    g_array_unref(world.events);
    g_array_unref(world.pieces);
    g_byte_array_unref(world.damage);
}

/* ---- Each of the programs. ---- */

static void length_before_the_check(void)
{
    play_and_feed("length_before_the_check");
}

static void skips_by_the_bad_length(void)
{
    play_and_feed("skips_by_the_bad_length");
}

static void looks_inside_a_damaged_payload(void)
{
    play_and_feed("looks_inside_a_damaged_payload");
}

int main(int argc, char **argv)
{
    static const struct graded tests[] = {
        GRADED(length_before_the_check),
        GRADED(skips_by_the_bad_length),
        GRADED(looks_inside_a_damaged_payload),
    };
    return graded_run(argc, argv, tests, G_N_ELEMENTS(tests));
}

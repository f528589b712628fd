#include "02-framing/resp_writer.h"
#include "common/judge/test.h"
#include "common/world/dice.h"
#include <string.h>

enum { ROOM = 1 << 16, DEPTH = 4, WIDTH = 4 };

/* ---- Bytes. ---- */

/* What was written is @p bytes; the writer may begin anew. */
static void expect_written(struct wire_writer *out, const char *bytes)
{
    g_autoptr(GBytes) message = wire_finish(out);
    assert_non_null(message);
    size_t size;
    const char *data = g_bytes_get_data(message, &size);
    g_autofree char *text = g_strndup(data, size);
    assert_string_equal(text, bytes);
    assert_int_equal(size, strlen(bytes));
}

static void a_value_has_its_bytes(void **state)
{
    (void)state;
    struct wire_writer out = {.most = ROOM};
    resp_put_simple(&out, "OK");
    expect_written(&out, "+OK\r\n");
    resp_put_simple(&out, "");
    expect_written(&out, "+\r\n");
    resp_put_text(&out, "SET");
    expect_written(&out, "$3\r\nSET\r\n");
    resp_put_bulk(&out, "a\r\nb", 4);
    expect_written(&out, "$4\r\na\r\nb\r\n");
    resp_put_bulk(&out, NULL, 0);
    expect_written(&out, "$0\r\n\r\n");
    resp_put_array(&out, 0);
    expect_written(&out, "*0\r\n");
    resp_put_array(&out, 1048576);
    expect_written(&out, "*1048576\r\n");
    resp_put_command(&out, 3, (const char *[]){"SET", "key", "5"});
    expect_written(&out, "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1\r\n5\r\n");
}

static void a_number_is_its_digits(void **state)
{
    (void)state;
    static const int64_t numbers[] = {0,  1,   -1,        9,
                                      10, -10, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        struct wire_writer out = {.most = ROOM};
        g_autofree char *line =
            g_strdup_printf(":%" G_GINT64_FORMAT "\r\n", numbers[i]);
        resp_put_integer(&out, numbers[i]);
        expect_written(&out, line);
    }
}

static void resp2_has_no_maps_pushes_and_nulls_of_its_own(void **state)
{
    (void)state;
    struct wire_writer out = {.most = ROOM};
    resp_put_null(&out, RESP2);
    resp_put_map(&out, RESP2, 2);
    resp_put_push(&out, RESP2, 3);
    expect_written(&out, "$-1\r\n*4\r\n*3\r\n");
    resp_put_null(&out, RESP3);
    resp_put_map(&out, RESP3, 2);
    resp_put_push(&out, RESP3, 3);
    expect_written(&out, "_\r\n%2\r\n>3\r\n");
}

static void an_error_is_one_line(void **state)
{
    (void)state;
    struct wire_writer out = {.most = ROOM};
    resp_put_error(&out, "ERR unknown command '%s', %d words", "a\r\nb\n", 2);
    expect_written(&out, "-ERR unknown command 'a  b ', 2 words\r\n");
}

static void hello_is_a_map_or_a_row(void **state)
{
    (void)state;
    struct wire_writer out = {.most = ROOM};
    resp_put_hello(&out, RESP2, "book", 7);
    expect_written(&out, "*14\r\n$6\r\nserver\r\n$4\r\nbook\r\n"
                         "$7\r\nversion\r\n$5\r\n7.0.0\r\n"
                         "$5\r\nproto\r\n:2\r\n$2\r\nid\r\n:7\r\n"
                         "$4\r\nmode\r\n$10\r\nstandalone\r\n"
                         "$4\r\nrole\r\n$6\r\nmaster\r\n"
                         "$7\r\nmodules\r\n*0\r\n");
    resp_put_hello(&out, RESP3, "book", 7);
    expect_written(&out, "%7\r\n$6\r\nserver\r\n$4\r\nbook\r\n"
                         "$7\r\nversion\r\n$5\r\n7.0.0\r\n"
                         "$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:7\r\n"
                         "$4\r\nmode\r\n$10\r\nstandalone\r\n"
                         "$4\r\nrole\r\n$6\r\nmaster\r\n"
                         "$7\r\nmodules\r\n*0\r\n");
}

static void what_has_no_room_is_not_written_in_part(void **state)
{
    (void)state;
    for (size_t most = 0; most < 40; most++) {
        struct wire_writer out = {.most = most};
        resp_put_text(&out, "a text of 20 letters");
        bool fits = most >= strlen("$20\r\n") + 20 + 2;
        assert_int_equal(out.failed, !fits);
        resp_put_integer(&out, 1);
        fits = fits && most >= strlen("$20\r\n:1\r\n") + 20 + 2;
        assert_int_equal(out.failed, !fits);
        resp_put_array(&out, 0);
        fits = fits && most >= strlen("$20\r\n:1\r\n*0\r\n") + 20 + 2;
        g_autoptr(GBytes) message = wire_finish(&out);
        assert_int_equal(message != NULL, fits);
        wire_clear(&out);
    }
}

/* ---- There and back. ---- */

/* A value at random, and what its items must be. */
struct random_value {
    struct dice dice;
    enum resp_version version;
    struct wire_writer out;
    GArray *types, *numbers; /* Of each item; of a text, its size. */
    GString *texts;          /* All of them, one behind the other. */
};

static void expect_item(struct random_value *value, enum resp_type type,
                        int64_t number)
{
    g_array_append_val(value->types, type);
    g_array_append_val(value->numbers, number);
}

/* Letters, or any bytes. Returns how many; they stand at the end of texts. */
static size_t add_text(struct random_value *value, bool letters)
{
    size_t size = dice_between(&value->dice, 0, 30);
    for (size_t i = 0; i < size; i++) {
        char byte = (char)dice_roll(&value->dice);
        g_string_append_c(value->texts,
                          letters ? (char)('a' + (byte & 15)) : byte);
    }
    return size;
}

static void put_text(struct random_value *value, enum resp_type type)
{
    size_t size = add_text(value, type != RESP_BULK);
    const char *text = value->texts->str + value->texts->len - size;
    if (type == RESP_BULK)
        resp_put_bulk(&value->out, text, size);
    else if (type == RESP_SIMPLE)
        resp_put_simple(&value->out, text);
    else
        resp_put_error(&value->out, "%s", text);
    expect_item(value, type, (int64_t)size);
}

static void put_number(struct random_value *value)
{
    unsigned bits = (unsigned)dice_between(&value->dice, 0, 63);
    int64_t number = (int64_t)dice_roll(&value->dice) >> bits;
    resp_put_integer(&value->out, number);
    expect_item(value, RESP_INTEGER, number);
}

static void put_null(struct random_value *value)
{
    resp_put_null(&value->out, value->version);
    expect_item(value, RESP_NULL, 0);
}

/* Returns how many values follow. */
static size_t put_aggregate(struct random_value *value)
{
    bool three = value->version == RESP3;
    size_t count = dice_between(&value->dice, 0, WIDTH);
    switch (dice_roll(&value->dice) % 3) {
    case 0:
        resp_put_map(&value->out, value->version, count);
        expect_item(value, three ? RESP_MAP : RESP_ARRAY, (int64_t)(2 * count));
        return 2 * count;
    case 1:
        resp_put_push(&value->out, value->version, count);
        expect_item(value, three ? RESP_PUSH : RESP_ARRAY, (int64_t)count);
        return count;
    default:
        resp_put_array(&value->out, count);
        expect_item(value, RESP_ARRAY, (int64_t)count);
        return count;
    }
}

static void put_value(struct random_value *value, unsigned depth)
{
    size_t count = 0;
    switch (dice_roll(&value->dice) % (depth > 0 ? 8 : 5)) {
    case 0:
        put_text(value, RESP_SIMPLE);
        break;
    case 1:
        put_text(value, RESP_ERROR);
        break;
    case 2:
        put_text(value, RESP_BULK);
        break;
    case 3:
        put_number(value);
        break;
    case 4:
        put_null(value);
        break;
    default:
        count = put_aggregate(value);
    }
    for (size_t i = 0; i < count; i++)
        put_value(value, depth - 1);
}

static bool is_text(enum resp_type type)
{
    return type == RESP_SIMPLE || type == RESP_ERROR || type == RESP_BULK;
}

static void expect_parsed(const struct random_value *value,
                          const struct resp *resp, const uint8_t *data)
{
    const char *text = value->texts->str;
    assert_int_equal(resp_count(resp), value->types->len);
    for (guint i = 0; i < value->types->len; i++) {
        const struct resp_item *item = &resp_items(resp)[i];
        int64_t number = g_array_index(value->numbers, int64_t, i);
        assert_int_equal(item->type,
                         g_array_index(value->types, enum resp_type, i));
        assert_int_equal(
            is_text(item->type) ? (int64_t)item->size : item->number, number);
        if (!is_text(item->type))
            continue;
        assert_memory_equal(data + item->at, text, item->size);
        text += item->size;
    }
}

static void write_and_read(uint64_t seed, struct resp *resp)
{
    struct random_value value = {
        .dice = dice_at(seed, 1, 1),
        .version = seed & 1 ? RESP3 : RESP2,
        .out = {.most = SIZE_MAX},
        .types = g_array_new(FALSE, FALSE, sizeof(enum resp_type)),
        .numbers = g_array_new(FALSE, FALSE, sizeof(int64_t)),
        .texts = g_string_new(NULL),
    };
    put_value(&value, DEPTH);
    g_autoptr(GBytes) message = wire_finish(&value.out);
    size_t size;
    const uint8_t *data = g_bytes_get_data(message, &size);
    assert_int_equal(resp_parse(resp, data, size), size);
    expect_parsed(&value, resp, data);
    g_array_unref(value.types);
    g_array_unref(value.numbers);
    g_string_free(value.texts, TRUE);
}

static void what_is_written_is_read_the_same(void **state)
{
    (void)state;
    struct resp *resp = resp_new((struct resp_limits){0});
    for_each_seed (seed, 500)
        write_and_read(seed, resp);
    resp_free(resp);
}

static void a_command_that_is_written_is_one(void **state)
{
    (void)state;
    struct resp *resp = resp_new((struct resp_limits){.commands = true});
    struct wire_writer out = {.most = ROOM};
    resp_put_command(&out, 2, (const char *[]){"ECHO", ""});
    g_autoptr(GBytes) message = wire_finish(&out);
    size_t size;
    const uint8_t *data = g_bytes_get_data(message, &size);
    assert_int_equal(resp_parse(resp, data, size), size);
    assert_int_equal(resp_count(resp), 3);
    assert_int_equal(resp_items(resp)[0].number, 2);
    assert_memory_equal(data + resp_items(resp)[1].at, "ECHO", 4);
    assert_int_equal(resp_items(resp)[2].size, 0);
    resp_free(resp);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_has_its_bytes),
        cmocka_unit_test(a_number_is_its_digits),
        cmocka_unit_test(resp2_has_no_maps_pushes_and_nulls_of_its_own),
        cmocka_unit_test(an_error_is_one_line),
        cmocka_unit_test(hello_is_a_map_or_a_row),
        cmocka_unit_test(what_has_no_room_is_not_written_in_part),
        cmocka_unit_test(what_is_written_is_read_the_same),
        cmocka_unit_test(a_command_that_is_written_is_one),
    };
    return test_run(argc, argv, tests);
}

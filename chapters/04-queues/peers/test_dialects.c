#include "04-queues/peers/dialect.h"
#include "common/judge/test.h"
#include <string.h>

enum { SIZE = 3 }; /* Of a message: "mmm". */

/* ---- What a server says to whom. ---- */

struct word_bytes {
    const char *data;
    size_t size;
};
#define BYTES(text)           \
    {                         \
        text, sizeof text - 1 \
    }

/* A method of AMQP on channel 1 with this payload; a message. */
#define AMQP_OK(name) "\1\0\1\0\0\0\4" name "\xce"
#define AMQP_ACK(tag, all) \
    "\1\0\1\0\0\0\x0d\0\x3c\0\x50\0\0\0\0\0\0\0" tag all "\xce"
#define AMQP_DELIVER(tag) \
    "\1\0\1\0\0\0\x12\0\x3c\0\x3c\1t\0\0\0\0\0\0\0" tag "\0\0\1q\xce"
#define AMQP_HEADER "\2\0\1\0\0\0\x0e\0\x3c\0\0\0\0\0\0\0\0\0\3\0\0\xce"
#define AMQP_BODY   "\3\0\1\0\0\0\3mmm\xce"
#define AMQP_GREETED        \
    AMQP_OK("\0\x0a\0\x0a") \
    AMQP_OK("\0\x0a\0\x1e") \
    AMQP_OK("\0\x0a\0\x29") AMQP_OK("\0\x14\0\x0b")

static const struct scene {
    const char *name;
    const struct dialect *dialect;
    const char *mode;
    bool consumes;
    struct word_bytes heard;
    unsigned published; /* Before that was heard. */
    unsigned confirmed, delivered, settled;
} scenes[] = {
    {"lists, producer", &dialect_lists, "", false,
     BYTES("+PONG\r\n:1\r\n:2\r\n"), 3, 2, 0, 0},
    {"lists, consumer", &dialect_lists, "", true,
     BYTES("+PONG\r\n$3\r\nmmm\r\n:1\r\n$3\r\nmmm\r\n"), 0, 0, 2, 1},
    {"streams, producer", &dialect_streams, "", false,
     BYTES("+OK\r\n$3\r\n1-0\r\n$3\r\n1-1\r\n"), 2, 2, 0, 0},
    {"streams, consumer", &dialect_streams, "", true,
     BYTES("+PONG\r\n*1\r\n*2\r\n$1\r\nq\r\n*2\r\n"
           "*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nm\r\n$3\r\nmmm\r\n"
           "*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nm\r\n$3\r\nmmm\r\n:2\r\n"),
     0, 0, 2, 2},
    {"ours, producer", &dialect_ours, "synced", false,
     BYTES("%1\r\n$5\r\nproto\r\n:3\r\n+OK\r\n:1\r\n:2\r\n"), 2, 2, 0, 0},
    {"amqp, producer", &dialect_amqp, "quorum", false,
     BYTES(AMQP_GREETED AMQP_OK("\0\x32\0\x0b") AMQP_OK("\0\x55\0\x0b")
               AMQP_ACK("\2", "\0") AMQP_ACK("\4", "\1")),
     5, 4, 0, 0},
    {"beanstalkd, producer", &dialect_beanstalk, "", false,
     BYTES("USING default\r\nINSERTED 1\r\nINSERTED 2\r\n"), 2, 2, 0, 0},
    {"beanstalkd, consumer", &dialect_beanstalk, "", true,
     BYTES("USING default\r\nRESERVED 1 3\r\nmmm\r\nDELETED\r\n"
           "RESERVED 2 3\r\nmmm\r\n"),
     0, 0, 2, 1},
    {"jetstream, producer", &dialect_jetstream, "file", false,
     BYTES("INFO {}\r\nPONG\r\nMSG answers 1 8\r\n{\"a\":1} \r\n"
           "MSG answers 1 2\r\n{}\r\nPING\r\n"
           "MSG confirms.0 2 23\r\n{\"stream\":\"Q\", \"seq\":1}\r\n"),
     2, 1, 0, 0},
    {"jetstream, consumer", &dialect_jetstream, "file", true,
     BYTES("INFO {}\r\nPONG\r\nMSG q 3 $JS.ACK.Q.C.1.1.1.1.0 3\r\nmmm\r\n"), 0,
     0, 1, 1},
};

static struct speaker *meet(const struct dialect *dialect, const char *mode,
                            bool consumes)
{
    struct speaker *speaker =
        speaker_new((struct speaker_role){.mode = mode,
                                          .consumes = consumes,
                                          .number = consumes ? 1 : 0,
                                          .others = 1,
                                          .size = SIZE,
                                          .window = 4});
    speaker->lacks = dialect->greet(speaker);
    speaker->out.size = 0;
    return speaker;
}

/* Hear the bytes, shown in pieces of @p piece and a last one. */
static void hear_in_pieces(struct speaker *speaker,
                           const struct dialect *dialect, struct word_bytes all,
                           size_t piece)
{
    const uint8_t *data = (const uint8_t *)all.data;
    size_t begin = 0;
    for (size_t end = MIN(piece, all.size); begin < all.size;
         end = MIN(end + piece, all.size)) {
        ssize_t used = 1;
        while (begin < end && used > 0) {
            /* As much as there is, in memory of just that size. */
            g_autofree uint8_t *copy = g_memdup2(data + begin, end - begin);
            used = dialect->hear(speaker, copy, end - begin);
            assert_null(speaker->trouble);
            assert_true(used >= 0 && (size_t)used <= end - begin);
            begin += (size_t)used;
        }
        if (dialect->pause)
            dialect->pause(speaker);
        if (end == all.size)
            break;
    }
    assert_int_equal(begin, all.size);
}

static void play(const struct scene *scene, size_t piece)
{
    struct speaker *speaker =
        meet(scene->dialect, scene->mode, scene->consumes);
    for (unsigned i = 0; i < scene->published; i++)
        speaker_published(speaker, 1);
    hear_in_pieces(speaker, scene->dialect, scene->heard, piece);
    assert_int_equal(speaker->lacks, 0);
    assert_int_equal(speaker->confirmed, scene->confirmed);
    assert_int_equal(speaker->delivered, scene->delivered);
    assert_int_equal(speaker->settled, scene->settled);
    speaker_free(speaker);
}

static void what_servers_say_is_counted_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(scenes); i++)
        for (size_t piece = 1; piece <= scenes[i].heard.size; piece++)
            play(&scenes[i], piece);
}

/* ---- What is answered. ---- */

static void answers(const struct dialect *dialect, struct word_bytes greeting,
                    struct word_bytes heard, struct word_bytes answer)
{
    struct speaker *speaker = meet(dialect, "durable", true);
    hear_in_pieces(speaker, dialect, greeting, greeting.size);
    assert_int_equal(speaker->lacks, 0);
    assert_int_equal(speaker->out.size, 0);
    hear_in_pieces(speaker, dialect, heard, heard.size);
    assert_int_equal(speaker->out.size, answer.size);
    assert_memory_equal(speaker->out.data, answer.data, answer.size);
    speaker_free(speaker);
}

static void beanstalkd_is_told_to_delete_and_asked_for_more(void **state)
{
    (void)state;
    answers(&dialect_beanstalk, (struct word_bytes)BYTES("USING default\r\n"),
            (struct word_bytes)BYTES("RESERVED 17 3\r\nmmm\r\n"),
            (struct word_bytes)BYTES("delete 17\r\nreserve\r\n"));
}

static void a_list_loses_the_message_and_is_asked_for_more(void **state)
{
    (void)state;
    answers(&dialect_lists, (struct word_bytes)BYTES("+PONG\r\n"),
            (struct word_bytes)BYTES("$3\r\nmmm\r\n"),
            (struct word_bytes)BYTES(
                "*4\r\n$4\r\nLREM\r\n$7\r\ntaken:1\r\n$1\r\n1\r\n$3\r\nmmm\r\n"
                "*6\r\n$6\r\nBLMOVE\r\n$1\r\nq\r\n$7\r\ntaken:1\r\n"
                "$4\r\nLEFT\r\n$5\r\nRIGHT\r\n$1\r\n0\r\n"));
}

static void jetstream_is_acked_where_it_says(void **state)
{
    (void)state;
    answers(&dialect_jetstream, (struct word_bytes)BYTES("INFO {}\r\nPONG\r\n"),
            (struct word_bytes)BYTES("MSG q 3 $JS.ACK.7 3\r\nmmm\r\n"),
            (struct word_bytes)BYTES("PUB $JS.ACK.7 4\r\n+ACK\r\n"));
}

#define AMQP_CONSUMING \
    AMQP_GREETED AMQP_OK("\0\x3c\0\x0b") AMQP_OK("\0\x3c\0\x15")

static void amqp_acks_all_that_came_together(void **state)
{
    (void)state;
    answers(&dialect_amqp, (struct word_bytes)BYTES(AMQP_CONSUMING),
            (struct word_bytes)BYTES(
                AMQP_DELIVER("\1") AMQP_HEADER AMQP_BODY AMQP_DELIVER("\2")
                    AMQP_HEADER AMQP_BODY),
            (struct word_bytes)BYTES(AMQP_ACK("\2", "\1")));
}

/* The method of the second is here, and nothing else of it. */
static void amqp_acks_no_message_whose_body_is_not_here(void **state)
{
    (void)state;
    answers(&dialect_amqp, (struct word_bytes)BYTES(AMQP_CONSUMING),
            (struct word_bytes)BYTES(
                AMQP_DELIVER("\1") AMQP_HEADER AMQP_BODY AMQP_DELIVER("\2")),
            (struct word_bytes)BYTES(AMQP_ACK("\1", "\1")));
}

#define OURS_GREETED "%1\r\n$5\r\nproto\r\n:3\r\n+OK\r\n"
#define OURS_PUSH(receipt)                             \
    ">7\r\n$7\r\nmessage\r\n$1\r\nq\r\n$3\r\n" receipt \
    "\r\n:1\r\n:0\r\n:1\r\n$3\r\nmmm\r\n"

/* Of a window of 4: after the second. */
static void ours_are_acked_together_and_grants_are_rare(void **state)
{
    (void)state;
    answers(&dialect_ours, (struct word_bytes)BYTES(OURS_GREETED),
            (struct word_bytes)BYTES(OURS_PUSH("1-1")),
            (struct word_bytes)BYTES(
                "*3\r\n$4\r\nQACK\r\n$1\r\nq\r\n$3\r\n1-1\r\n"));
    answers(&dialect_ours, (struct word_bytes)BYTES(OURS_GREETED),
            (struct word_bytes)BYTES(OURS_PUSH("1-1") OURS_PUSH("1-2")),
            (struct word_bytes)BYTES(
                "*4\r\n$4\r\nQACK\r\n$1\r\nq\r\n$3\r\n1-1\r\n$3\r\n1-2\r\n"
                "*3\r\n$7\r\nQCREDIT\r\n$1\r\nq\r\n$1\r\n6\r\n"));
}

/* Both are numbers. */
static void the_answer_to_a_grant_settles_nothing(void **state)
{
    (void)state;
    struct speaker *speaker = meet(&dialect_ours, "synced", true);
    hear_in_pieces(speaker, &dialect_ours,
                   (struct word_bytes)BYTES(OURS_GREETED OURS_PUSH("1-1")
                                                OURS_PUSH("1-2")),
                   1000);
    hear_in_pieces(speaker, &dialect_ours,
                   (struct word_bytes)BYTES(":2\r\n:7\r\n"), 1000);
    assert_int_equal(speaker->settled, 2);
    speaker_free(speaker);
}

/* ---- What is wrong. ---- */

static void what_is_wrong_is_trouble_with_a_reason(void **state)
{
    static const struct {
        const struct dialect *dialect;
        bool consumes;
        struct word_bytes heard;
        const char *reason;
    } wrongs[] = {
        {&dialect_lists, false, BYTES("-ERR no\r\n"), "ERR no"},
        {&dialect_lists, false, BYTES("+PONG\r\n:1\r\n"), "not expected"},
        {&dialect_lists, true, BYTES("+PONG\r\n$2\r\nmm\r\n"), "not expected"},
        {&dialect_streams, true, BYTES("+PONG\r\n*1\r\n:1\r\n"),
         "not expected"},
        {&dialect_ours, true, BYTES(OURS_GREETED ":1\r\n"), "not expected"},
        {&dialect_amqp, false,
         BYTES(AMQP_GREETED "\1\0\1\0\0\0\4\0\x0a\0\x0a/"), "not expected"},
        {&dialect_amqp, false, BYTES("\1\0\1\x7f\0\0\0"), "too long"},
        {&dialect_amqp, false,
         BYTES("\1\0\0\0\0\0\x0d\0\x0a\0\x32\1\x94\2no\0\0\0\0\xce"), "404 no"},
        {&dialect_beanstalk, false, BYTES("USING default\r\nBURIED 1\r\n"),
         "BURIED"},
        {&dialect_beanstalk, true, BYTES("USING default\r\nRESERVED 1 2\r\n"),
         "RESERVED"},
        {&dialect_beanstalk, true, BYTES("\n"), "it says"},
        {&dialect_jetstream, false, BYTES("-ERR 'no'\r\n"), "-ERR 'no'"},
        {&dialect_jetstream, true,
         BYTES("INFO {}\r\nPONG\r\nMSG q 3 r 99999999999999999999\r\n"),
         "it says"},
        {&dialect_jetstream, false,
         BYTES("INFO {}\r\nPONG\r\nMSG answers 1 11\r\n{\"error\":1}\r\n"),
         "error"},
    };
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrongs); i++) {
        struct speaker *speaker =
            meet(wrongs[i].dialect, "durable", wrongs[i].consumes);
        const uint8_t *data = (const uint8_t *)wrongs[i].heard.data;
        size_t left = wrongs[i].heard.size;
        ssize_t used = 1;
        while (used > 0) {
            used = wrongs[i].dialect->hear(speaker, data, left);
            data += used > 0 ? used : 0;
            left -= used > 0 ? (size_t)used : 0;
        }
        assert_int_equal(used, -1);
        assert_non_null(strstr(speaker->trouble, wrongs[i].reason));
        speaker_free(speaker);
    }
}

/* ---- Confirms. ---- */

static struct speaker *publish(unsigned count)
{
    struct speaker *speaker = meet(&dialect_amqp, "durable", false);
    for (unsigned i = 0; i < count; i++)
        speaker_published(speaker, 100);
    return speaker;
}

static void confirms_may_come_in_any_order_and_twice(void **state)
{
    (void)state;
    struct speaker *speaker = publish(5);
    assert_true(speaker_confirmed_tag(speaker, 4, false));
    assert_true(speaker_confirmed_tag(speaker, 4, false));
    assert_int_equal(speaker_unconfirmed(speaker), 4);
    assert_true(speaker_confirmed_tag(speaker, 2, true));
    assert_int_equal(speaker_unconfirmed(speaker), 2);
    assert_true(speaker_confirmed(speaker));
    assert_int_equal(speaker->oldest, 5);
    speaker_free(speaker);
}

static void a_confirm_of_what_is_not_under_way_is_refused(void **state)
{
    (void)state;
    struct speaker *speaker = publish(2);
    assert_false(speaker_confirmed_tag(speaker, 3, false));
    assert_false(speaker_confirmed_tag(speaker, 0, true));
    assert_true(speaker_confirmed_tag(speaker, 2, true));
    assert_false(speaker_confirmed(speaker));
    speaker_free(speaker);
}

static void nobody_publishes_beyond_the_tags_that_are_remembered(void **state)
{
    (void)state;
    struct speaker *speaker = publish(1);
    while (speaker_may_publish(speaker, 2)) {
        speaker_published(speaker, 100);
        speaker_confirmed_tag(speaker, speaker->published, false);
    }
    assert_int_equal(speaker->published, SPEAKER_TAGS);
    assert_true(speaker_confirmed(speaker));
    assert_int_equal(speaker_unconfirmed(speaker), 0);
    assert_true(speaker_may_publish(speaker, 2));
    speaker_free(speaker);
}

static void a_delay_is_from_publish_to_confirm(void **state)
{
    (void)state;
    struct speaker *speaker = publish(1);
    speaker->delays = histogram_new();
    speaker->now = 140;
    assert_true(speaker_confirmed(speaker));
    assert_int_equal(histogram_percentile(speaker->delays, 0.5), 40);
    histogram_free(speaker->delays);
    speaker_free(speaker);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_servers_say_is_counted_however_it_is_cut),
        cmocka_unit_test(beanstalkd_is_told_to_delete_and_asked_for_more),
        cmocka_unit_test(a_list_loses_the_message_and_is_asked_for_more),
        cmocka_unit_test(jetstream_is_acked_where_it_says),
        cmocka_unit_test(amqp_acks_all_that_came_together),
        cmocka_unit_test(amqp_acks_no_message_whose_body_is_not_here),
        cmocka_unit_test(ours_are_acked_together_and_grants_are_rare),
        cmocka_unit_test(the_answer_to_a_grant_settles_nothing),
        cmocka_unit_test(what_is_wrong_is_trouble_with_a_reason),
        cmocka_unit_test(confirms_may_come_in_any_order_and_twice),
        cmocka_unit_test(a_confirm_of_what_is_not_under_way_is_refused),
        cmocka_unit_test(nobody_publishes_beyond_the_tags_that_are_remembered),
        cmocka_unit_test(a_delay_is_from_publish_to_confirm),
    };
    return test_run(argc, argv, tests);
}

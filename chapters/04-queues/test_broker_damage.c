/* A broker whose logs are damaged says so, and where. */
#include "04-queues/test_broker.h"
#include "04-queues/wal.h"

enum { SEGMENT = 4096 };

static const struct queue_settings plain = {.durability = DURABILITY_SYNCED};

static void begin_small(void)
{
    begin_with((struct broker_settings){.segment = SEGMENT});
    declare("jobs", plain);
}

static const char *const logs[] = {"queue-synced", "queue-written"};

/* Open what is damaged: an error that names the key, or all is as if nothing had
 * been. */
static void look_at_damaged(const char *key, bool must)
{
    g_autoptr(GError) error = NULL;
    if (!open_broker(&error)) {
        assert_non_null(error);
        assert_non_null(strstr(error->message, key));
        return;
    }
    assert_false(must);
    broker_free(bench.broker);
    bench.broker = NULL;
}

static void a_damaged_log_is_refused_with_a_sentence(void **state)
{
    (void)state;
    begin_small();
    declare("w", (struct queue_settings){.durability = DURABILITY_WRITTEN});
    for (unsigned i = 0; i < 6; i++)
        publish("jobs", "some payload"), publish("w", "other payload");
    crash();
    for (unsigned log = 0; log < 2; log++) {
        g_autofree char *key = g_strdup_printf("%s.1", logs[log]);
        struct env *env = tape_env(bench.tape);
        g_autoptr(GBytes) whole = env_recall(env, key);
        size_t size = g_bytes_get_size(whole);
        for (size_t at = 0; at < size; at++) {
            g_autofree uint8_t *data =
                g_memdup2(g_bytes_get_data(whole, NULL), size);
            data[at] ^= (uint8_t)(1 << at % 8);
            g_autoptr(GBytes) turned = g_bytes_new(data, size);
            env_persist(env, key, turned);
            look_at_damaged(key, at + 50 < size);
            env_persist(env, key, whole);
            g_free(tape_take(bench.tape));
        }
    }
    assert_non_null(open_broker(NULL));
    expect_counts("jobs", 6, 0, 0);
    end();
}

static void ignore_record(void *self, uint64_t seq, struct word payload)
{
    (void)self, (void)seq, (void)payload;
}

/* A record that is whole, and none that a broker writes. */
static void a_record_of_another_kind_is_refused(void **state)
{
    static const char *const records[] = {"",
                                          "\x63\x01",
                                          "\x02",
                                          "\x02\x00",
                                          "\x01\x01\x05jo",
                                          "\x05\x01\x01\x07\x01",
                                          "\x06\x09",
                                          "\x02\x09\x01\x00\x00\x00x"};
    static const size_t sizes[] = {0, 2, 1, 2, 5, 5, 2, 7};
    (void)state;
    for (unsigned i = 0; i < G_N_ELEMENTS(records); i++) {
        g_autoptr(GError) error = NULL;
        begin_small();
        publish("jobs", "a");
        crash();
        struct word part = {records[i], sizes[i]};
        struct wal *wal =
            wal_open(tape_env(bench.tape),
                     (struct wal_settings){"queue-synced", SEGMENT},
                     ignore_record, NULL, NULL);
        wal_append(wal, &part, 1);
        wal_free(wal);
        assert_null(open_broker(&error));
        assert_non_null(strstr(error->message, "queue-synced"));
        end();
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_log_is_refused_with_a_sentence),
        cmocka_unit_test(a_record_of_another_kind_is_refused),
    };
    return test_run(argc, argv, tests);
}

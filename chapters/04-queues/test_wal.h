/**
 * @file test_wal.h
 * For tests of wal.h: a log on a tape, whose disk can be damaged by hand.
 */
#ifndef QUEUES_TEST_WAL_H
#define QUEUES_TEST_WAL_H
#include "04-queues/wal.h"
#include "common/judge/test.h"
#include "common/world/tape.h"

/** A log, and what was read when it was opened. */
struct bench {
    struct tape *tape; /**< What it stands on. */
    struct env *env;   /**< Of that. */
    struct wal *wal;   /**< NULL: it was refused. */
    GString *text;     /**< The records read, "3:cc 4:dddd ". */
    char *why;         /**< It was refused: why; else NULL. */
};

/** As recover_visitor: add the record to a GString. */
static inline void read_down(void *self, uint64_t seq, struct word payload)
{
    GString *text = self;
    g_string_append_printf(text, "%d:", (int)seq);
    g_string_append_len(text, payload.data, (gssize)payload.size);
    g_string_append_c(text, ' ');
}

/** As env_receiver: for a bench. */
static inline void on_letter(void *self, node_id from, GBytes *message)
{
    const struct bench *bench = self;
    assert_true(wal_on_message(bench->wal, from, message));
}

/** Open it, anew perhaps: a log "q" of segments of 200 bytes. */
static inline void bench_open(struct bench *bench)
{
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&bench->wal, wal_free);
    g_clear_pointer(&bench->why, g_free);
    g_string_set_size(bench->text, 0);
    tape_crash(bench->tape);
    g_free(tape_take(bench->tape));
    bench->wal =
        wal_open(bench->env, (struct wal_settings){.name = "q", .segment = 200},
                 read_down, bench->text, &error);
    if (error)
        bench->why = g_strdup(error->message);
    assert_true(!bench->wal == (bench->why != NULL));
    env_bind(bench->env, bench->wal ? on_letter : NULL, bench);
}

/** A log without records. */
static inline struct bench *bench_new(void)
{
    struct bench *bench = g_new0(struct bench, 1);
    bench->tape = tape_new(1);
    bench->env = tape_env(bench->tape);
    bench->text = g_string_new(NULL);
    bench_open(bench);
    return bench;
}

/** Append the text of record @p seq, which must be next: one to 24 letters. */
static inline void bench_append(struct bench *bench, uint64_t seq)
{
    char letters[24];
    memset(letters, 'a' + (int)(seq % 26), sizeof letters);
    struct word parts[] = {{letters, seq % 7}, {letters, seq % 18 + 1}};
    assert_int_equal(wal_append(bench->wal, parts, 2), seq);
}

/** What is read when records @p first to @p last are there. Returns new. */
static inline char *bench_text(uint64_t first, uint64_t last)
{
    GString *text = g_string_new(NULL);
    for (uint64_t seq = first; seq <= last; seq++) {
        g_autofree char *word =
            g_strnfill(seq % 7 + seq % 18 + 1, (char)('a' + seq % 26));
        g_string_append_printf(text, "%d:%s ", (int)seq, word);
    }
    return g_string_free(text, FALSE);
}

/** Append up to record @p last; letters come back as they go. */
static inline void bench_fill(struct bench *bench, uint64_t last)
{
    while (wal_next(bench->wal) <= last) {
        bench_append(bench, wal_next(bench->wal));
        if (wal_next(bench->wal) % 2 == 0)
            tape_pass(bench->tape, 1);
    }
    for (int i = 0; i < 9; i++)
        tape_pass(bench->tape, 1);
}

/** Free it. */
static inline void bench_free(struct bench *bench)
{
    g_clear_pointer(&bench->wal, wal_free);
    tape_free(bench->tape);
    g_string_free(bench->text, TRUE);
    g_free(bench->why);
    g_free(bench);
}

#endif

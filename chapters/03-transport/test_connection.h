/**
 * @file test_connection.h
 * For tests of connection.h and endpoint.h: a world in which 2 listens, 1 and 3
 * may, and the test decides what becomes of which segment.
 *
 *     struct switchboard board;
 *     board_open(&board, 1, (struct endpoint_settings){0});
 *     board.treat[COOKIE].lose = 2;            // the next two are lost
 *     struct speaker *talk = dial(&board, 1, 2);
 *     run(&board, 3 * SEC);
 *     assert_int_equal(talk->opened, 1);
 *     say(talk, "hello");
 *     board_close(&board);
 */
#ifndef TRANSPORT_TEST_CONNECTION_H
#define TRANSPORT_TEST_CONNECTION_H
#include "03-transport/endpoint.h"
#include "common/judge/test.h"
#include "common/world/sim_faults.h"
#include <string.h>

/** A segment takes so long. */
#define WAY (5 * MSEC)

enum { BOOTHS = 3, TALKS = 2000 };

/** What a segment is. */
enum kind { OPENING, ANSWER, COOKIE, REFUSAL, RESET, FIN, DATA, ACK, KINDS };

/** What becomes of the next segments of a kind. */
struct treatment {
    unsigned lose;   /**< So many are lost. */
    unsigned repeat; /**< So many come twice ... */
    nsec again;      /**< ... and again so much later. */
    unsigned delay;  /**< So many are late ... */
    nsec late;       /**< ... by so much. */
    node_id from;    /**< Of this node alone; 0: of all. */
};

/** A segment that has left its node. */
struct posting {
    node_id from;   /**< Who sent it. */
    node_id to;     /**< To whom. */
    enum kind kind; /**< What it is. */
    GBytes *bytes;  /**< A reference. */
};

struct switchboard;

/** A node. */
struct booth {
    struct switchboard *board; /**< Where. */
    struct env *env;           /**< Its own. */
    struct endpoint *endpoint; /**< NULL while it is down. */
    bool refuses;              /**< Who opens is not wanted. */
    bool lazy;                 /**< What it accepts takes nothing by itself. */
    unsigned accepted;         /**< So many, wanted or not. */
};

/** One side of a connection, and what its owner was told. */
struct speaker {
    struct switchboard *board;     /**< Where. */
    struct connection *connection; /**< NULL: freed. */
    node_id at;                    /**< Whose side this is. */
    unsigned opened;               /**< Calls of .opened ... */
    unsigned closed;               /**< ... and of .closed. */
    enum connection_end end;       /**< As the latter said; */
    nsec when;                     /**< and the world's time. */
    GByteArray *taken;             /**< All that came. */
    const char *first;             /**< To be said when it is open. */
    bool keeps;                    /**< It is not freed when it is over. */
    bool lazy;                     /**< Nothing is taken when it comes. */
    bool polite;                   /**< It ends when the other has. */
};

/** The world. */
struct switchboard {
    struct sim *sim;                   /**< Who moves it. */
    struct endpoint_settings settings; /**< Of all endpoints. */
    nsec way;                          /**< Every segment takes so long: WAY. */
    struct booth booths[BOOTHS + 1];   /**< By node. */
    struct speaker talks[TALKS];       /**< In the order in which they began. */
    unsigned count;                    /**< Of talks. */
    struct treatment treat[KINDS];     /**< To be changed by tests. */
    GArray *letters; /**< struct posting; NULL: they are not kept. */
    unsigned sent[BOOTHS + 1][KINDS]; /**< So many, by each node. */
};

/* ---- What its owner is told. ---- */

/** A side at this node, without a connection as yet. */
static inline struct speaker *new_talk(struct booth *booth)
{
    struct switchboard *board = booth->board;
    g_assert(board->count < TALKS);
    struct speaker *talk = &board->talks[board->count++];
    *talk = (struct speaker){.board = board,
                             .at = booth->env->id,
                             .lazy = booth->lazy,
                             .taken = g_byte_array_new()};
    return talk;
}

/** It says this; all of it must fit. */
static inline void say(struct speaker *talk, const char *text)
{
    size_t size = strlen(text);
    assert_int_equal(connection_push(talk->connection, text, size), size);
}

/** It takes all that has come. */
static inline void take(struct speaker *talk)
{
    uint8_t data[100];
    size_t size;
    while ((size = connection_take(talk->connection, data, sizeof data)) > 0)
        g_byte_array_append(talk->taken, data, (guint)size);
}

/** See struct connection_owner. */
static inline void on_opened(void *self)
{
    struct speaker *talk = self;
    talk->opened++;
    if (talk->first)
        say(talk, talk->first);
}

/** See struct connection_owner. */
static inline void on_readable(void *self)
{
    struct speaker *talk = self;
    if (!talk->lazy)
        take(talk);
    if (talk->polite && connection_is_over(talk->connection))
        connection_end(talk->connection);
}

/** Free its connection. */
static inline void hang_up(struct speaker *talk)
{
    connection_free(talk->connection);
    talk->connection = NULL;
}

/** See struct connection_owner. */
static inline void on_closed(void *self, enum connection_end end)
{
    struct speaker *talk = self;
    talk->closed++;
    talk->end = end;
    talk->when = sim_time(talk->board->sim);
    if (!talk->keeps)
        hang_up(talk);
}

/** The owner of its connection. */
static inline struct connection_owner owner_of(struct speaker *talk)
{
    return (struct connection_owner){.opened = on_opened,
                                     .readable = on_readable,
                                     .closed = on_closed,
                                     .self = talk};
}

/** See endpoint_listen(): of a booth. */
static inline bool on_accept(void *self, node_id peer,
                             struct connection *connection,
                             struct connection_owner *owner)
{
    struct booth *booth = self;
    booth->accepted++;
    assert_true(connection_peer(connection) == peer);
    if (booth->refuses)
        return false;
    struct speaker *talk = new_talk(booth);
    talk->connection = connection;
    *owner = owner_of(talk);
    return true;
}

/* ---- What becomes of a segment. ---- */

/** What is it that @p from sends? */
static inline enum kind kind_of(node_id from, GBytes *bytes)
{
    struct segment segment;
    bool intact = segment_of(bytes, &segment);
    g_assert(intact);
    if (segment.flags == SEGMENT_OPEN)
        return OPENING;
    if (segment.flags & SEGMENT_OPEN && segment.flags & SEGMENT_RESET)
        return REFUSAL;
    if (segment.flags & SEGMENT_OPEN)
        return from == 2 ? ANSWER : COOKIE; /* They look alike. */
    if (segment.flags & SEGMENT_RESET)
        return RESET;
    if (segment.flags & SEGMENT_FIN)
        return FIN;
    return segment.size > 0 ? DATA : ACK;
}

/** Is it one of so many? Then it is one less. */
static inline bool is_one(unsigned *count)
{
    bool one = *count > 0;
    *count -= one;
    return one;
}

/** See struct sim_watch. */
static inline struct sim_fate decide(void *self,
                                     const struct sim_message *message)
{
    struct switchboard *board = self;
    enum kind kind = kind_of(message->from, message->bytes);
    struct treatment *treat = &board->treat[kind];
    struct sim_fate fate = {.delay = board->way};
    if (treat->from > 0 && treat->from != message->from)
        return fate;
    fate.lost = is_one(&treat->lose);
    if (!fate.lost && is_one(&treat->delay))
        fate.delay += treat->late;
    fate.repeated = !fate.lost && is_one(&treat->repeat);
    fate.later = board->way + treat->again;
    return fate;
}

/** See struct sim_watch. */
static inline void on_left(void *self, const struct sim_message *message)
{
    struct switchboard *board = self;
    struct posting letter = {message->from, message->to,
                             kind_of(message->from, message->bytes),
                             message->bytes};
    board->sent[letter.from][letter.kind]++;
    if (!board->letters)
        return;
    g_bytes_ref(letter.bytes);
    g_array_append_val(board->letters, letter);
}

/** Free what is in a posting. */
static inline void clear_letter(void *letter)
{
    g_bytes_unref(((struct posting *)letter)->bytes);
}

/* ---- The world. ---- */

/** See struct sim_program. */
static inline void *boot_booth(struct env *env, void *context)
{
    struct switchboard *board = context;
    struct booth *booth = &board->booths[env->id];
    *booth = (struct booth){.board = board, .env = env};
    booth->endpoint = endpoint_new(env, board->settings);
    if (env->id == 2)
        endpoint_listen(booth->endpoint, on_accept, booth);
    return booth;
}

/** The same: what is not dead goes with its endpoint. */
static inline void stop_booth(void *protocol)
{
    struct booth *booth = protocol;
    struct switchboard *board = booth->board;
    for (unsigned i = 0; i < board->count; i++) {
        struct speaker *talk = &board->talks[i];
        if (talk->at != booth->env->id || !talk->connection)
            continue;
        if (talk->closed && talk->end != CONNECTION_DONE)
            hang_up(talk);
        talk->connection = NULL;
    }
    endpoint_free(booth->endpoint);
    booth->endpoint = NULL;
}

/** A world of three nodes. */
static inline void board_open(struct switchboard *board, uint64_t seed,
                              struct endpoint_settings settings)
{
    memset(board, 0, sizeof *board);
    board->settings = settings;
    board->way = WAY;
    board->sim = sim_new(BOOTHS, seed, (struct sim_weather){0});
    board->letters = g_array_new(FALSE, FALSE, sizeof(struct posting));
    g_array_set_clear_func(board->letters, clear_letter);
    sim_set_watch(
        board->sim,
        (struct sim_watch){.decide = decide, .left = on_left, .self = board});
    for (node_id id = 1; id <= BOOTHS; id++)
        sim_install(board->sim, id,
                    (struct sim_program){boot_booth, stop_booth, board});
}

/** Free it, with all that is in it. */
static inline void board_close(struct switchboard *board)
{
    sim_free(board->sim);
    for (unsigned i = 0; i < board->count; i++)
        g_byte_array_unref(board->talks[i].taken);
    if (board->letters)
        g_array_unref(board->letters);
}

/** Let so much time pass. */
static inline void run(struct switchboard *board, nsec duration)
{
    sim_run(board->sim, sim_time(board->sim) + duration);
}

/** @p from opens a connection. NULL: it must not. */
static inline struct speaker *dial(struct switchboard *board, node_id from,
                                   node_id to)
{
    struct booth *booth = &board->booths[from];
    struct speaker *talk = new_talk(booth);
    talk->connection = endpoint_connect(booth->endpoint, to, owner_of(talk));
    return talk->connection ? talk : NULL;
}

/** The last one; when it was accepted, it is the other side's. */
static inline struct speaker *last_talk(struct switchboard *board)
{
    return &board->talks[board->count - 1];
}

/** Open one from 1 to 2: @p talk[0], and [1] is the other side. */
static inline void open_talk(struct switchboard *board, struct speaker *talk[2])
{
    talk[0] = dial(board, 1, 2);
    run(board, 10 * WAY);
    talk[1] = last_talk(board);
    assert_true(talk[0]->opened == 1 && talk[1]->at == 2);
}

/** How many does it have? */
static inline unsigned connections(const struct switchboard *board, node_id id)
{
    return endpoint_connections(board->booths[id].endpoint);
}

/** How many segments of this kind have left it? */
static inline unsigned sent(const struct switchboard *board, node_id from,
                            enum kind kind)
{
    return board->sent[from][kind];
}

/** From now on nothing comes through between 1 and 2; or all does. */
static inline void cut(struct switchboard *board, bool is_cut)
{
    sim_cut(board->sim, 1, 2, is_cut);
    sim_cut(board->sim, 2, 1, is_cut);
}

/* ---- What is expected. ---- */

/** This, and no more, has come. */
#define assert_taken(talk, text)                                            \
    do {                                                                    \
        assert_int_equal((talk)->taken->len, strlen(text));                 \
        assert_memory_equal((talk)->taken->data, text, (talk)->taken->len); \
    } while (0)

/** It is over, and its owner was told how, once. */
#define assert_closed(talk, how)             \
    do {                                     \
        assert_int_equal((talk)->closed, 1); \
        assert_int_equal((talk)->end, how);  \
    } while (0)

/** It is not over. */
#define assert_open(talk)                    \
    do {                                     \
        assert_int_equal((talk)->closed, 0); \
        assert_non_null((talk)->connection); \
    } while (0)

/** Nobody remembers anything. */
static inline void assert_nothing_is_left(const struct switchboard *board)
{
    for (node_id id = 1; id <= BOOTHS; id++)
        assert_int_equal(connections(board, id), 0);
}

/** It works, both ways, and ends in order. */
static inline void assert_it_works(struct switchboard *board,
                                   struct speaker *talk[2])
{
    say(talk[0], "question");
    say(talk[1], "answer");
    connection_end(talk[0]->connection);
    connection_end(talk[1]->connection);
    run(board, 10 * SEC);
    assert_closed(talk[0], CONNECTION_DONE);
    assert_closed(talk[1], CONNECTION_DONE);
    assert_nothing_is_left(board);
}

#endif

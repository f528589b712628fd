/**
 * @file model.h
 * What an object would do if nobody else were there: sequential models.
 *
 *     register  put X V; get X -> V                  first it reads as nil
 *     cas       also: cas X OLD NEW -> ok | failed
 *     kv        put X V; append X V; get X -> V      a missing key reads as nil
 *     queue     enqueue Q V; dequeue Q -> V          an empty one gives empty
 *     lock      acquire L -> granted | refused; release L -> released | refused
 *
 * Each operation is about one key, and keys know nothing of each other. What
 * `put`, `append` and `enqueue` return is "ok", and need not be said. The
 * holder of a lock is a client.
 *
 * A state is a string of bytes, at first an empty one. A model is a table: its
 * step, and two relations that let the search and the window skip much.
 */
#ifndef HISTORY_MODEL_H
#define HISTORY_MODEL_H
#include "common/history/history.h"

/** What comes of an operation in a state. */
enum model_step {
    MODEL_REFUSES, /**< With this answer it cannot come now. */
    MODEL_STAYS,   /**< It can; with its answer it never changes anything. */
    MODEL_MOVES,   /**< It can, and the state may be another. */
};

/** The state from which no answer can come. */
#define MODEL_LOST "!"

/** An operation of a model. */
struct model_op {
    const char *name;       /**< What it is called. */
    unsigned arguments;     /**< Beside the key. */
    const char *answers[3]; /**< All there are, then NULL; none: any word. */
};

/** A model. */
struct model {
    const char *name;           /**< In the first line of a history. */
    const struct model_op *ops; /**< The last has no name. */
    const char *nothing;        /**< A word that is no value; or NULL. */
    /** May @p op come in @p state, with its answer (any, while it is open)?
     * Then @p next, empty before, is what follows if it moves. It may refuse,
     * too, what the others of its key could not be explained after. */
    enum model_step (*step)(const struct operation *op, const GString *state,
                            GString *next);
    /** Could @p seer show that @p actor took effect? Promised: in a legal run
     * in which nothing after an open actor shows it, the actor can be left out,
     * perhaps with other open ones after it. Seers may be open as well. */
    bool (*shows)(const struct operation *seer, const struct operation *actor);
    /** If @p gone is taken out of a history, must @p other go too? Promised: a
     * linearizable history less a set of operations that is closed in this way
     * is linearizable. */
    bool (*goes_with)(const struct operation *other,
                      const struct operation *gone);
    /** Tell operations, of one key and in the order of their calls, who their
     * partners are, and when they are due. NULL if there is no such thing. */
    void (*pair)(GArray *ops);
    /** Could one of the @p answers, which are sorted, still come of @p state,
     * by what it is or what it grows to? Else it is taken for MODEL_LOST, in
     * which no answer comes and nothing grows. NULL: always. */
    bool (*matters)(const GString *state, const GPtrArray *answers);
    bool by_client; /**< Does it matter who calls? */
};

/** The model of that name, or NULL. */
const struct model *model_find(const char *name);
/** The names of all models, with commas. Returns new. */
char *model_names(void);
/** Which op of that name has the @p model? -1: none. */
int model_op(const struct model *model, const char *name);
/** Can the @p op answer @p value? NULL stands for "ok". */
bool model_answers(const struct model_op *op, const char *value);
/** Has @p op no known answer? */
static inline bool operation_is_open(const struct operation *op)
{
    return op->how != HISTORY_RETURNED;
}
/** Tell @p ops, of one key and in the order of their calls, their partners and
 * when they are due. */
void model_pair(const struct model *model, GArray *ops);
/** Could @p later take effect after @p earlier did, by the clock? */
static inline bool operation_can_follow(const struct operation *later,
                                        const struct operation *earlier)
{
    return operation_is_open(later) || later->end > earlier->call;
}
/** "put x 7 -> ok", as in the format. */
void operation_print(const struct model *model, const struct operation *op,
                     GString *text);

#endif

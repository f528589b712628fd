/**
 * @file command.h
 * One command of a client, as those see it who serve it.
 *
 *     if (word_is(command->words[0], "GET") && command->count == 2)
 *         ...command->words[1].data, .size...
 */
#ifndef FRAMING_COMMAND_H
#define FRAMING_COMMAND_H
#include "02-framing/resp_writer.h"
#include "02-framing/word.h"
#include "common/world/env.h"

/** A command. */
struct command {
    node_id client;            /**< Who asks. */
    enum resp_version version; /**< What it speaks. */
    size_t count;              /**< Words; at least one, the name. */
    const struct word *words;  /**< Valid while it is served. */
};

/** Read the command that begins at @p data: "*2", and so many strings, each
 * behind its length (resp.h). Its @p words, a GArray of struct word, stand in
 * @p data. Returns its bytes; 0 when this is none, or not all there.
 *
 * Nearly all commands are of this form, and nearly all are there at once. So
 * this needs neither know other forms nor remember how far it came; resp.h does
 * both, for the others. */
size_t command_read(const char *data, size_t size, GArray *words);
/** The bytes of the reply that begins at @p data, if it is a line or a string,
 * as nearly all are; 0 when it is something else, or not all there. */
size_t reply_size(const char *data, size_t size);

/** Is it the decimal number of one form, within 64 bits, that resp.h speaks of?
 * Then it is @p number. */
bool word_number(struct word word, int64_t *number);
/** The error for a command that nobody knows. */
void put_unknown(struct wire_writer *out, const struct command *command);
/** The error for a command with too few words, or too many. */
void put_wrong_count(struct wire_writer *out, const struct command *command);

#endif

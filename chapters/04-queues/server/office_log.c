/*
 *     LOGADD ----> backlog ----> its offset
 *                     |
 *     LOGREAD <-------'  there is something, or WAIT is 0
 *        `---> readers: parked until LOGADD, LOGDROP or the time comes
 */
#include "04-queues/server/office_log.h"
#include "04-queues/shelf.h"
#include <inttypes.h>

/* A reply of a read is not much longer than PAGE, unless one message is; a pair
 * takes at most so many bytes besides its message. */
enum { READ_MOST = 1000, PAGE = 1 << 20, PAIR = 64 };

struct logs {
    struct office *office;
    struct shelf *shelf; /* NULL: there is no disk. */
    GPtrArray *readers;  /* struct log_reader: who waits, in order. */
};

/* A client whose LOGREAD is parked. */
struct log_reader {
    struct logs *logs;
    const struct shelf_log *log;
    node_id client;
    struct backlog_page page;
    struct timer timer;
};

/* ---- Which log? ---- */

static struct shelf *find_shelf(const struct errand *errand)
{
    struct shelf *shelf = errand->office->logs->shelf;
    if (!shelf)
        resp_put_error(errand->out, "ERR logs are kept on a disk: without "
                                    "--dir there are none");
    return shelf;
}

static void put_no_log(struct wire_writer *out)
{
    resp_put_error(out, "NOLOG there is no log of that name");
}

/* The log of the first word. NULL: an error was put. */
static const struct shelf_log *find_log(const struct errand *errand)
{
    const struct shelf *shelf = find_shelf(errand);
    const struct shelf_log *log =
        shelf ? shelf_find(shelf, word_at(errand, 1)) : NULL;
    if (shelf && !log)
        put_no_log(errand->out);
    return log;
}

static void put_bad_name(const struct errand *errand)
{
    resp_put_error(errand->out, "ERR that cannot be: a name has 1 to 64 of "
                                "A-Z, a-z, 0-9, '.', '_' and '-'");
}

static void charge(const struct logs *logs)
{
    broker_charge(logs->office->broker, shelf_bytes(logs->shelf));
}

/* ---- Reading. ---- */

static void pass_over(void *self, uint64_t offset, GBytes *message)
{
    (void)self;
    (void)offset;
    (void)message;
}

static void put_pair(void *self, uint64_t offset, GBytes *message)
{
    size_t size;
    const void *data = g_bytes_get_data(message, &size);
    resp_put_array(self, 2);
    resp_put_integer(self, (int64_t)offset);
    resp_put_bulk(self, data, size);
}

/* How many there are must be said before: so it is read twice. */
static void put_page(struct wire_writer *out, const struct backlog *backlog,
                     struct backlog_page page)
{
    struct backlog_page probe = page;
    if (backlog_read(backlog, &probe, pass_over, NULL)) {
        resp_put_array(out, (size_t)(probe.from - page.from));
        backlog_read(backlog, &page, put_pair, out);
    } else if (page.from < backlog_first(backlog)) {
        resp_put_error(out, "GONE the first offset is %" PRIu64,
                       backlog_first(backlog));
    } else {
        resp_put_error(out, "ERR the next offset is %" PRIu64,
                       backlog_next(backlog));
    }
}

/* Where a group reads on: at 1, until it has committed something. */
static bool get_group(const struct errand *errand, size_t i,
                      const struct backlog *backlog, uint64_t *from)
{
    struct word word = {"", 0};
    if (i < errand->command->count)
        word = word_at(errand, i);
    if (!queue_is_name(word)) {
        put_bad_name(errand);
        return false;
    }
    g_autofree char *group = g_strndup(word.data, word.size);
    *from = MAX(backlog_position(backlog, group), 1);
    return true;
}

static bool get_read(const struct errand *errand, const struct backlog *backlog,
                     struct backlog_page *page, nsec *wait)
{
    uint64_t count = 1;
    unsigned places = 0;
    for (size_t i = 2; i < errand->command->count; i += 2) {
        struct word option = word_at(errand, i);
        bool from = word_is(option, "FROM"), group = word_is(option, "GROUP");
        bool good = false;
        places += from || group;
        if (from)
            good = get_number(errand, i + 1, INT64_MAX, &page->from);
        else if (group)
            good = get_group(errand, i + 1, backlog, &page->from);
        else if (word_is(option, "COUNT"))
            good = get_number(errand, i + 1, READ_MOST, &count);
        else if (word_is(option, "WAIT"))
            good = get_span(errand, i + 1, wait);
        else
            put_syntax(errand);
        if (!good)
            return false;
    }
    page->messages = (unsigned)count;
    if (places != 1)
        put_syntax(errand);
    return places == 1;
}

/* ---- Those who wait. ---- */

static void forget(struct log_reader *reader)
{
    struct logs *logs = reader->logs;
    env_disarm(logs->office->env, &reader->timer);
    g_ptr_array_remove(logs->readers, reader);
    g_free(reader);
}

/* Its wait is over: it reads, perhaps nothing; or its log is dropped. */
static void answer(struct log_reader *reader, bool dropped)
{
    struct office *office = reader->logs->office;
    struct wire_writer out = {.most = office->env->most};
    if (dropped)
        put_no_log(&out);
    else
        put_page(&out, reader->log->backlog, reader->page);
    desk_answer(office->desk, reader->client, out.data, out.size);
    wire_clear(&out);
    forget(reader);
}

static void on_late(void *self)
{
    answer(self, false);
}

static void wake(struct logs *logs, const struct shelf_log *log, bool dropped)
{
    for (unsigned i = 0; i < logs->readers->len;) {
        struct log_reader *reader = logs->readers->pdata[i];
        if (reader->log == log)
            answer(reader, dropped);
        else
            i++;
    }
}

static struct log_reader *park(struct errand *errand,
                               const struct shelf_log *log,
                               struct backlog_page page)
{
    struct logs *logs = errand->office->logs;
    struct log_reader *reader = g_new0(struct log_reader, 1);
    *reader = (struct log_reader){.logs = logs,
                                  .log = log,
                                  .client = errand->command->client,
                                  .page = page,
                                  .timer = {.fire = on_late, .self = reader}};
    g_ptr_array_add(logs->readers, reader);
    errand->parked = true;
    return reader;
}

void log_read(struct errand *errand)
{
    const struct shelf_log *log = find_log(errand);
    struct backlog_page page = {0};
    size_t most = errand->office->env->most / 2;
    nsec wait = 0;
    if (!log || !get_read(errand, log->backlog, &page, &wait))
        return;
    page.bytes = MIN(PAGE, most);
    page.messages = (unsigned)MIN(page.messages, most / PAIR);
    bool waits = errand->parks && wait > 0 && page.messages > 0;
    if (waits && page.from == backlog_next(log->backlog))
        env_arm(errand->office->env, &park(errand, log, page)->timer, wait);
    else
        put_page(errand->out, log->backlog, page);
}

/* ---- Adding. ---- */

/* Would it fit? What the log must drop for it is room. */
static enum broker_outcome admit(const struct office *office,
                                 const struct shelf_log *log, size_t size)
{
    size_t longest = MIN(MESSAGE_MOST, office->env->most - MESSAGE_SPACE);
    size_t cost = size + BACKLOG_EACH;
    if (size > longest || cost > log->limits.bytes)
        return BROKER_LONG;
    size_t free = log->limits.bytes - backlog_bytes(log->backlog);
    return broker_has_room(office->broker, MIN(cost, free)) ? BROKER_DONE
                                                            : BROKER_FULL;
}

void log_add(struct errand *errand)
{
    const struct shelf_log *log = find_log(errand);
    struct word word = word_at(errand, 2);
    if (!log)
        return;
    enum broker_outcome outcome = admit(errand->office, log, word.size);
    if (outcome != BROKER_DONE) {
        put_outcome(errand, outcome);
        return;
    }
    g_autoptr(GBytes) message = g_bytes_new(word.data, word.size);
    uint64_t offset = backlog_add(log->backlog, message);
    g_assert(offset > 0);
    charge(errand->office->logs);
    resp_put_integer(errand->out, (int64_t)offset);
    wake(errand->office->logs, log, false);
}

/* ---- Places. ---- */

void log_commit(struct errand *errand)
{
    const struct shelf_log *log = find_log(errand);
    struct word name = word_at(errand, 2);
    uint64_t offset;
    if (!log || !get_number(errand, 3, INT64_MAX, &offset))
        return;
    if (!queue_is_name(name)) {
        put_bad_name(errand);
        return;
    }
    g_autofree char *group = g_strndup(name.data, name.size);
    if (offset > backlog_next(log->backlog))
        resp_put_error(errand->out, "ERR the next offset is %" PRIu64,
                       backlog_next(log->backlog));
    else if (!backlog_commit(log->backlog, group, offset))
        resp_put_error(errand->out, "FULL there are %d groups, and no more",
                       BACKLOG_GROUPS);
    else
        resp_put_simple(errand->out, "OK");
}

/* ---- Logs come and go. ---- */

static bool get_limits(const struct errand *errand, struct shelf_limits *limits)
{
    for (size_t i = 2; i < errand->command->count; i += 2) {
        struct word option = word_at(errand, i);
        uint64_t number = 0;
        bool good = false;
        if (word_is(option, "MESSAGES")) {
            good = get_number(errand, i + 1, UINT32_MAX, &number);
            limits->messages = (unsigned)number;
        } else if (word_is(option, "BYTES")) {
            good = get_number(errand, i + 1, SHELF_BYTES, &number);
            limits->bytes = number;
        } else {
            put_syntax(errand);
        }
        if (!good)
            return false;
    }
    return true;
}

void log_create(struct errand *errand)
{
    struct shelf *shelf = find_shelf(errand);
    struct shelf_limits limits = {0, 0};
    if (!shelf || !get_limits(errand, &limits))
        return;
    enum broker_outcome outcome =
        shelf_create(shelf, word_at(errand, 1), limits);
    if (outcome == BROKER_INVALID)
        put_bad_name(errand);
    else if (outcome == BROKER_CONFLICT)
        resp_put_error(errand->out,
                       "CONFLICT the log is there with other limits");
    else if (outcome == BROKER_FULL)
        resp_put_error(errand->out, "FULL there are %d logs, and no more",
                       SHELF_MOST);
    else
        put_outcome(errand, outcome);
}

void log_drop(struct errand *errand)
{
    const struct shelf_log *log = find_log(errand);
    struct logs *logs = errand->office->logs;
    if (!log)
        return;
    wake(logs, log, true);
    put_outcome(errand, shelf_drop(logs->shelf, word_at(errand, 1)));
    charge(logs);
}

/* ---- Looking. ---- */

void log_list(struct errand *errand)
{
    const struct shelf *shelf = find_shelf(errand);
    const struct shelf_log *log;
    size_t count = 0;
    if (!shelf)
        return;
    while (shelf_log(shelf, (unsigned)count))
        count++;
    resp_put_array(errand->out, count);
    for (unsigned i = 0; (log = shelf_log(shelf, i)); i++)
        resp_put_text(errand->out, log->name);
}

static void put_fact(const struct errand *errand, const char *name,
                     uint64_t value)
{
    resp_put_text(errand->out, name);
    resp_put_integer(errand->out, (int64_t)value);
}

static void count_group(void *self, const char *group, uint64_t offset)
{
    size_t *count = self;
    (void)group;
    (void)offset;
    ++*count;
}

static void put_group(void *self, const char *group, uint64_t offset)
{
    put_fact(self, group, offset);
}

void log_info(struct errand *errand)
{
    const struct shelf_log *log = find_log(errand);
    enum resp_version version = errand->command->version;
    size_t groups = 0;
    if (!log)
        return;
    const struct backlog *backlog = log->backlog;
    uint64_t first = backlog_first(backlog), next = backlog_next(backlog);
    resp_put_map(errand->out, version, 7);
    put_fact(errand, "messages-limit", log->limits.messages);
    put_fact(errand, "bytes-limit", log->limits.bytes);
    put_fact(errand, "first", first);
    put_fact(errand, "next", next);
    put_fact(errand, "messages", next - first);
    put_fact(errand, "bytes", backlog_bytes(backlog));
    resp_put_text(errand->out, "groups");
    backlog_groups(backlog, count_group, &groups);
    resp_put_map(errand->out, version, groups);
    backlog_groups(backlog, put_group, errand);
}

/* ---- Life. ---- */

struct logs *logs_open(struct office *office, GError **error)
{
    struct logs *logs = g_new0(struct logs, 1);
    logs->office = office;
    logs->readers = g_ptr_array_new();
    if (office->settings.transient)
        return logs;
    logs->shelf = shelf_open(office->env, office->settings.segment, error);
    if (!logs->shelf) {
        logs_free(logs);
        return NULL;
    }
    charge(logs);
    return logs;
}

bool logs_on_message(struct logs *logs, node_id from, GBytes *message)
{
    return logs->shelf && shelf_on_message(logs->shelf, from, message);
}

void logs_leave(struct logs *logs, node_id client)
{
    for (unsigned i = 0; i < logs->readers->len; i++) {
        struct log_reader *reader = logs->readers->pdata[i];
        if (reader->client == client) {
            forget(reader);
            return; /* A client waits for one thing at a time. */
        }
    }
}

void logs_free(struct logs *logs)
{
    while (logs->readers->len > 0)
        forget(logs->readers->pdata[0]);
    g_ptr_array_unref(logs->readers);
    g_clear_pointer(&logs->shelf, shelf_free);
    g_free(logs);
}

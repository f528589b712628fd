/*
 *     publish --> pending: [ sent | not sent ] -- pump --> out --> redial
 *     on_confirm <-- first of them                          |
 *                                                        asked: one question
 *     acks, credit, declarations -------------------------^  for each command
 *
 * Answers come in the order of the commands. So the answer to a publication is
 * always that of the oldest one. When the connection is lost, all that was asked
 * is forgotten, and of `pending` nothing is sent: what was, is sent again.
 */
#include "04-queues/server/queue_client.h"
#include "04-queues/credit.h"
#include "04-queues/server/pages.h"
#include "04-queues/server/redial.h"
#include "04-queues/server/request.h"
#include <sys/random.h>

enum { WINDOW = 500, WINDOW_MOST = 1000 };
#define PATIENCE (30 * SEC)

/* A queue that is used. */
struct use {
    char *name;
    GBytes *declaration;  /* The command; NULL: somebody else declares it. */
    unsigned window;      /* 0: nothing is consumed. */
    struct intake intake; /* Of this connection. */
};

/* A message that is not confirmed. */
struct publication {
    uint64_t request;
    struct use *use;
    GBytes *payload;
};

/* What an answer will be about. */
enum topic { A_MESSAGE, A_QUEUE, A_DELIVERY, NOTHING };
struct question {
    enum topic topic;
    struct use *use;
};

struct queue_client {
    struct queue_client_settings settings;
    struct queue_client_counts counts;
    struct redial *redial;
    GPtrArray *uses;
    GQueue pending;         /* struct publication, the oldest first. */
    unsigned sent;          /* So many of them, on this connection. */
    uint64_t highest;       /* The last request that was ever sent. */
    bool wanting;           /* publish() has refused. */
    GQueue asked;           /* struct question, the oldest first. */
    GHashTable *work;       /* Deliveries: receipt to struct use. */
    struct wire_writer out; /* Commands .. */
    size_t begun;           /* .. of which so many bytes are written. */
};

/* ---- Commands. ---- */

static void expect(struct queue_client *client, struct question question)
{
    g_queue_push_tail(&client->asked, g_memdup2(&question, sizeof question));
}

/* Begin a command of @p words, of which these are the first two. */
static void ask(struct queue_client *client, struct question question,
                size_t words, const char *command)
{
    expect(client, question);
    resp_put_array(&client->out, words);
    resp_put_text(&client->out, command);
    if (question.use)
        resp_put_text(&client->out, question.use->name);
}

static void ask_to_keep(struct queue_client *client,
                        const struct publication *publication)
{
    size_t size;
    const void *data = g_bytes_get_data(publication->payload, &size);
    struct question question = {A_MESSAGE, publication->use};
    ask(client, question, 5, "QONCE");
    put_number(&client->out, client->settings.producer);
    put_number(&client->out, publication->request);
    resp_put_bulk(&client->out, data, size);
    client->counts.repeated += publication->request <= client->highest;
    client->highest = MAX(client->highest, publication->request);
}

/* As much as leaves: what is in out, then messages, one by one. */
static void pump(struct queue_client *client)
{
    while (redial_is_up(client->redial)) {
        if (client->out.size == 0 && client->sent < client->pending.length)
            ask_to_keep(client,
                        g_queue_peek_nth(&client->pending, client->sent++));
        if (client->out.size == 0)
            return;
        client->begun +=
            redial_write(client->redial, client->out.data + client->begun,
                         client->out.size - client->begun);
        if (client->begun < client->out.size)
            return;
        client->begun = client->out.size = 0;
    }
}

/* ---- Queues. ---- */

static struct use *use_of(const struct queue_client *client, struct word name)
{
    for (unsigned i = 0; i < client->uses->len; i++) {
        struct use *use = client->uses->pdata[i];
        if (strlen(use->name) == name.size &&
            memcmp(use->name, name.data, name.size) == 0)
            return use;
    }
    return NULL;
}

static struct use *need_use(struct queue_client *client, const char *name)
{
    struct use *use = use_of(client, (struct word){name, strlen(name)});
    if (!use) {
        use = g_new0(struct use, 1);
        use->name = g_strdup(name);
        g_ptr_array_add(client->uses, use);
    }
    return use;
}

static void use_free(void *data)
{
    struct use *use = data;
    if (use->declaration)
        g_bytes_unref(use->declaration);
    g_free(use->name);
    g_free(use);
}

static void declare(struct queue_client *client, struct use *use)
{
    size_t size;
    const void *data = g_bytes_get_data(use->declaration, &size);
    expect(client, (struct question){A_QUEUE, use});
    wire_put_raw(&client->out, data, size);
}

static void consume(struct queue_client *client, struct use *use)
{
    intake_init(&use->intake, use->window);
    ask(client, (struct question){A_QUEUE, use}, 3, "QCONSUME");
    put_number(&client->out, intake_total(&use->intake));
}

/* The work on a delivery is completed: others may come. */
static void grant(struct queue_client *client, struct use *use)
{
    intake_completed(&use->intake);
    if (!intake_owes(&use->intake))
        return;
    ask(client, (struct question){A_QUEUE, use}, 3, "QCREDIT");
    put_number(&client->out, intake_total(&use->intake));
}

/* ---- Answers. ---- */

/* The answer to the oldest publication. */
static void confirm(struct queue_client *client, uint64_t id, const char *error)
{
    const struct queue_client_settings *owner = &client->settings;
    struct publication *oldest = g_queue_pop_head(&client->pending);
    uint64_t request = oldest->request;
    client->sent--;
    client->counts.confirmed += !error;
    client->counts.refused += error != NULL;
    g_bytes_unref(oldest->payload);
    g_free(oldest);
    if (owner->on_confirm)
        owner->on_confirm(owner->self, request, id, error);
    if (client->wanting && client->pending.length <= owner->window / 2) {
        client->wanting = false;
        if (owner->on_room)
            owner->on_room(owner->self);
    }
}

static bool is_error(const struct resp_item *item)
{
    return item->type == RESP_ERROR || item->type == RESP_BULK_ERROR;
}

static void refuse(struct queue_client *client, const struct use *use,
                   const char *error)
{
    const struct queue_client_settings *owner = &client->settings;
    if (owner->on_refusal)
        owner->on_refusal(owner->self, use->name, error);
}

static void on_answer(struct queue_client *client, const uint8_t *data,
                      const struct resp_item *item)
{
    g_autofree struct question *question = g_queue_pop_head(&client->asked);
    bool wrong = is_error(item), number = item->type == RESP_INTEGER;
    g_autofree char *error =
        wrong ? g_strndup((const char *)data + item->at, item->size) : NULL;
    if (!question || (question->topic == A_MESSAGE && !wrong && !number)) {
        redial_hang_up(client->redial);
        return;
    }
    switch (question->topic) {
    case A_MESSAGE:
        confirm(client, wrong ? 0 : (uint64_t)item->number, error);
        break;
    case A_QUEUE:
        if (wrong)
            refuse(client, question->use, error);
        break;
    case A_DELIVERY:
        client->counts.late += !number || item->number == 0;
        break;
    case NOTHING:
        break;
    }
}

/* ---- Deliveries. ---- */

static void on_delivery(struct queue_client *client, struct use *use,
                        struct delivery *delivery)
{
    const struct queue_client_settings *owner = &client->settings;
    delivery->queue = use->name;
    client->counts.delivered++;
    intake_received(&use->intake, delivery->number);
    g_hash_table_insert(client->work,
                        g_memdup2(&delivery->receipt, sizeof delivery->receipt),
                        use);
    if (owner->on_delivery)
        owner->on_delivery(owner->self, delivery);
}

static gboolean is_from(void *receipt, void *use, void *dropped)
{
    (void)receipt;
    return use == dropped;
}

/* Nothing more comes from there. */
static void on_dropped(struct queue_client *client, struct use *use)
{
    use->window = 0;
    g_hash_table_foreach_remove(client->work, is_from, use);
    refuse(client, use, "NOQUEUE it is dropped");
}

static void on_push(struct queue_client *client, struct pushed pushed)
{
    struct use *use = use_of(client, pushed.queue);
    if (!use || use->window == 0)
        return;
    switch (pushed.what) {
    case PUSHED_MESSAGE:
        on_delivery(client, use, &pushed.delivery);
        break;
    case PUSHED_DROPPED:
        on_dropped(client, use);
        break;
    case PUSHED_ELSE:
        break;
    }
}

static void on_value(void *self, const uint8_t *data,
                     const struct resp_item *items, size_t count)
{
    struct queue_client *client = self;
    if (items->type == RESP_PUSH)
        on_push(client, read_pushed(data, items, count));
    else
        on_answer(client, data, items);
    pump(client);
}

/* ---- Connections. ---- */

static void tell(struct queue_client *client, bool there)
{
    const struct queue_client_settings *owner = &client->settings;
    if (owner->on_connection)
        owner->on_connection(owner->self, there);
}

static void on_up(void *self)
{
    struct queue_client *client = self;
    client->counts.connections++;
    for (unsigned i = 0; i < client->uses->len; i++) {
        struct use *use = client->uses->pdata[i];
        if (use->declaration)
            declare(client, use);
    }
    for (unsigned i = 0; i < client->uses->len; i++) {
        struct use *use = client->uses->pdata[i];
        if (use->window > 0)
            consume(client, use);
    }
    pump(client);
    tell(client, true);
}

static void forget_connection(struct queue_client *client)
{
    while (!g_queue_is_empty(&client->asked))
        g_free(g_queue_pop_head(&client->asked));
    g_hash_table_remove_all(client->work);
    client->out.size = client->begun = 0;
    client->sent = 0;
}

static void on_down(void *self)
{
    struct queue_client *client = self;
    forget_connection(client);
    tell(client, false);
}

static void on_silence(void *self)
{
    struct queue_client *client = self;
    ask(client, (struct question){NOTHING, NULL}, 1, "PING");
    pump(client);
}

static void on_room(void *self)
{
    pump(self);
}

/* ---- What the owner calls. ---- */

void queue_client_declare(struct queue_client *client, const char *queue,
                          const struct queue_settings *settings)
{
    struct use *use = need_use(client, queue);
    g_assert(!use->declaration);
    use->declaration = write_declaration(queue, settings);
    if (!redial_is_up(client->redial))
        return;
    declare(client, use);
    pump(client);
}

uint64_t queue_client_publish(struct queue_client *client, const char *queue,
                              struct word payload)
{
    g_assert(payload.size <= MESSAGE_MOST);
    if (client->pending.length >= client->settings.window) {
        client->wanting = true;
        return 0;
    }
    struct publication *publication = g_new(struct publication, 1);
    publication->request = client->settings.request++;
    publication->use = need_use(client, queue);
    publication->payload = g_bytes_new(payload.data, payload.size);
    g_queue_push_tail(&client->pending, publication);
    pump(client);
    return publication->request;
}

void queue_client_consume(struct queue_client *client, const char *queue,
                          unsigned window)
{
    struct use *use = need_use(client, queue);
    g_assert(window > 0 && use->window == 0);
    use->window = window;
    if (redial_is_up(client->redial)) {
        consume(client, use);
        pump(client);
    }
}

/* Begin to say what became of a delivery. NULL: it is void. */
static struct use *settle(struct queue_client *client, uint64_t receipt,
                          size_t words, const char *command)
{
    struct use *use = g_hash_table_lookup(client->work, &receipt);
    if (!use)
        return NULL;
    g_hash_table_remove(client->work, &receipt);
    ask(client, (struct question){A_DELIVERY, use}, words, command);
    put_receipt(&client->out, receipt);
    return use;
}

bool queue_client_ack(struct queue_client *client, uint64_t receipt)
{
    struct use *use = settle(client, receipt, 3, "QACK");
    if (!use)
        return false;
    grant(client, use);
    pump(client);
    return true;
}

bool queue_client_nack(struct queue_client *client, uint64_t receipt,
                       nsec delay)
{
    struct use *use = settle(client, receipt, 5, "QNACK");
    if (!use)
        return false;
    put_setting(&client->out, "DELAY", delay / MSEC);
    grant(client, use);
    pump(client);
    return true;
}

unsigned queue_client_pending(const struct queue_client *client)
{
    unsigned unsent = client->pending.length - client->sent;
    return client->asked.length + unsent;
}

struct queue_client_counts
queue_client_counts(const struct queue_client *client)
{
    return client->counts;
}

/* ---- Life. ---- */

/* A number below 2^63, but not 0. */
static uint64_t draw_producer(void)
{
    uint64_t bits;
    if (getrandom(&bits, sizeof bits, 0) != sizeof bits)
        g_error("getrandom has failed");
    return bits >> 1 | 1;
}

struct queue_client *queue_client_new(struct loop *loop,
                                      const struct address *address,
                                      struct queue_client_settings settings)
{
    struct queue_client *client = g_new0(struct queue_client, 1);
    struct redial_owner owner = {on_up,
                                 on_value,
                                 on_room,
                                 on_silence,
                                 on_down,
                                 client,
                                 MESSAGE_MOST + (1 << 16)};
    nsec patience = settings.patience ? settings.patience : PATIENCE;
    client->settings = settings;
    if (settings.producer == 0)
        client->settings.producer = draw_producer();
    if (settings.request == 0)
        client->settings.request = 1;
    if (settings.window == 0)
        client->settings.window = WINDOW;
    g_assert(client->settings.window <= WINDOW_MOST);
    client->out.most = SIZE_MAX;
    client->uses = g_ptr_array_new_with_free_func(use_free);
    client->work =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    client->redial = redial_new(loop, address, patience, owner);
    return client;
}

void queue_client_move(struct queue_client *client,
                       const struct address *address)
{
    redial_move(client->redial, address);
}

void queue_client_free(struct queue_client *client)
{
    struct publication *publication;
    redial_free(client->redial);
    forget_connection(client);
    while ((publication = g_queue_pop_head(&client->pending))) {
        g_bytes_unref(publication->payload);
        g_free(publication);
    }
    wire_clear(&client->out);
    g_hash_table_unref(client->work);
    g_ptr_array_unref(client->uses);
    g_free(client);
}

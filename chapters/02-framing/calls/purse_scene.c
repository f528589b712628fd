#include "02-framing/calls/purse_scene.h"
#include "02-framing/rpc.h"
#include "common/world/sim.h"
#include <stdlib.h>
#include <string.h>

#define WAY (5 * MSEC) /* Of a message, one way. */

struct purse {
    struct env *env;
    struct rpc *rpc;
    int left;
    bool paid; /* The client's: it has its answer. */
};

/* ---- Both nodes. ---- */

static void pay(void *self, const struct rpc_request *request, GBytes *body)
{
    struct purse *purse = self;
    (void)body;
    purse->left -= PURSE_PRICE;
    env_note(purse->env, "pays: %d are left", purse->left);
    g_autoptr(GBytes) answer = g_bytes_new_static("paid", 4);
    rpc_reply(purse->rpc, request, answer);
}

static void on_done(void *self, enum rpc_outcome outcome, GBytes *body)
{
    struct purse *purse = self;
    (void)body;
    purse->paid = true;
    env_note(purse->env,
             outcome == RPC_DONE ? "is told: paid" : "knows nothing");
}

static void *boot(struct env *env, void *context)
{
    (void)context;
    struct purse *purse = g_new0(struct purse, 1);
    purse->env = env;
    purse->rpc = rpc_new(env, (struct rpc_settings){.wait = 50 * MSEC});
    purse->left = PURSE_BEGIN;
    rpc_serve(purse->rpc, pay, purse);
    return purse;
}

static void stop(void *protocol)
{
    struct purse *purse = protocol;
    rpc_free(purse->rpc);
    g_free(purse);
}

/* ---- What happens. ---- */

/* The bytes of a frame tell a reader little: a request is "pay 10". */
static void tell(GString *out, char **fields)
{
    static const char *const moves[] = {"send", "receive", "lose", NULL};
    bool moves_on = g_strv_contains(moves, fields[2]);
    const char *from = fields[g_str_equal(fields[2], "receive") ? 3 : 1];
    if (moves_on)
        g_string_append_printf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", fields[0],
                               fields[1], fields[2], fields[3], fields[4],
                               g_str_equal(from, "1") ? "pay 10" : "paid");
    else if (g_str_equal(fields[2], "note")) {
        g_autofree char *line = g_strjoinv("\t", fields);
        g_string_append_printf(out, "%s\n", line);
    }
}

static char *told(const char *trace)
{
    g_auto(GStrv) lines = g_strsplit(trace, "\n", -1);
    GString *out = g_string_new(NULL);
    for (int i = 0; lines[i]; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], "\t", 6);
        if (g_strv_length(fields) == 6 && *lines[i] != '#')
            tell(out, fields);
    }
    return g_string_free(out, FALSE);
}

static void ask(struct purse *client, bool key)
{
    g_autoptr(GBytes) body = g_bytes_new_static("pay", 3);
    rpc_call(client->rpc, 2, body,
             (struct rpc_patience){.span = SEC,
                                   .key = key ? rpc_key(client->rpc) : 0},
             on_done, client);
}

/* The way back is cut until the purse has been opened and the answer is gone. */
char *purse_run(bool key, int *left)
{
    char *trace = NULL;
    size_t size;
    FILE *file = open_memstream(&trace, &size);
    struct sim *sim =
        sim_new(2, 1, (struct sim_weather){.delay_min = WAY, .delay_max = WAY});
    for (node_id id = 1; id <= 2; id++)
        sim_install(sim, id, (struct sim_program){boot, stop, NULL});
    struct purse *client = sim_protocol(sim, 1), *server = sim_protocol(sim, 2);
    sim_trace(sim, file);
    ask(client, key);
    sim_cut(sim, 2, 1, true);
    while (server->left == PURSE_BEGIN && sim_step(sim))
        continue;
    sim_run(sim, sim_time(sim) + 2 * WAY);
    sim_cut(sim, 2, 1, false);
    while (!client->paid && sim_step(sim))
        continue;
    *left = server->left;
    sim_trace(sim, NULL);
    sim_free(sim);
    fclose(file);
    char *text = told(trace);
    free(trace);
    return text;
}

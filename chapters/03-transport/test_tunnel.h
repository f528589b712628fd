/**
 * @file test_tunnel.h
 * Two nodes with tunnels in the simulator, and what each of them hears.
 */
#ifndef TEST_TUNNEL_H
#define TEST_TUNNEL_H
#include "03-transport/tunnel.h"
#include "common/judge/test.h"
#include "common/world/sim_faults.h"
#include <string.h>

enum { NODES = 2 };

static const struct sim_weather fair = {.delay_min = MSEC,
                                        .delay_max = MSEC,
                                        .sync_min = 2 * MSEC,
                                        .sync_max = 9 * MSEC};
static const struct sim_weather foul = {
    .loss = 200, .repeat = 300, .delay_max = 9 * MSEC, .sync_max = 9 * MSEC};

/* ---- Nodes with tunnels. ---- */

/* What one hears; it stays while the node crashes. */
struct tunnel_ear {
    struct sim *sim;
    node_id id;
    unsigned count, farewells;
    uint64_t bytes;
    unsigned first, last;
    bool in_order;
};

static struct tunnel_settings settings;
static struct tunnel_ear ears[NODES + 1];

static inline unsigned number_of(GBytes *message)
{
    unsigned number;
    g_assert_cmpuint(g_bytes_get_size(message), >=, sizeof number);
    memcpy(&number, g_bytes_get_data(message, NULL), sizeof number);
    return number;
}

static inline void hear(void *self, node_id from, GBytes *message)
{
    struct tunnel_ear *ear = self;
    assert_true(from >= 1 && from <= NODES);
    if (g_bytes_get_size(message) == 0) {
        ear->farewells++;
        return;
    }
    unsigned number = number_of(message);
    if (ear->count == 0)
        ear->first = number;
    else
        ear->in_order &= number == ear->last + 1;
    ear->last = number;
    ear->count++;
    ear->bytes += g_bytes_get_size(message);
}

static inline void *raise_tunnel(struct env *env, void *context)
{
    struct tunnel *tunnel = tunnel_new(env, settings);
    (void)context;
    tunnel_meet(tunnel, 3 - env->id);
    env_bind(tunnel_env(tunnel), hear, &ears[env->id]);
    return tunnel;
}

static inline void lower_tunnel(void *tunnel)
{
    tunnel_free(tunnel);
}

static inline struct sim *open_sim(uint64_t seed, struct sim_weather weather)
{
    struct sim *sim = sim_new(NODES, seed, weather);
    memset(ears, 0, sizeof ears);
    for (node_id id = 1; id <= NODES; id++) {
        ears[id] = (struct tunnel_ear){.sim = sim, .id = id, .in_order = true};
        sim_install(sim, id,
                    (struct sim_program){raise_tunnel, lower_tunnel, NULL});
    }
    return sim;
}

/* In fair weather, with the settings that are usual. */
static inline struct sim *open_plain(void)
{
    settings = (struct tunnel_settings){0};
    return open_sim(1, fair);
}

static inline struct tunnel *tunnel_at(struct sim *sim, node_id id)
{
    return sim_protocol(sim, id);
}

static inline bool connected(struct sim *sim)
{
    return tunnel_is_open(tunnel_at(sim, 1), 2) &&
           tunnel_is_open(tunnel_at(sim, 2), 1);
}

static inline void go_on(struct sim *sim, nsec time)
{
    sim_run(sim, sim_time(sim) + time);
}

/* Let things happen until @p condition holds. */
#define AWAIT(sim, condition)                              \
    do {                                                   \
        for (int i_ = 0; i_ < 60000 && !(condition); i_++) \
            go_on(sim, 10 * MSEC);                         \
        assert_true(condition);                            \
    } while (0)

/* Messages number first up to, and without, end; all their bytes differ. */
static inline void send_numbered(struct sim *sim, node_id from, node_id to,
                                 size_t size, unsigned first, unsigned end)
{
    g_autofree uint8_t *data = g_malloc(size);
    for (unsigned i = first; i < end; i++) {
        memset(data, (int)i + 1, size);
        memcpy(data, &i, sizeof i);
        g_autoptr(GBytes) message = g_bytes_new(data, size);
        env_send(tunnel_env(tunnel_at(sim, from)), to, message);
    }
}

#endif

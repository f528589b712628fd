/*
 * kv: a key-value server in memory, for every client that speaks the protocol
 * of Redis.
 *
 *     kv --listen=127.0.0.1:6379
 *     redis-cli set greeting hello
 *
 *     loop ── door: a client is a node ── kv: a desk, and a table
 *
 * Nothing is kept on a disk: what it holds is gone with it.
 */
#include "01-sockets/net.h"
#include "01-sockets/signals.h"
#include "02-framing/door/doorway.h"
#include "02-framing/kv/kv.h"
#include "common/world/complain.h"

static const struct doorway doorway = {
    .program = "kv",
    .summary = "Keep values under keys, for clients of Redis.",
    .where = "127.0.0.1:6379"};

static void tell_counts(void *self, GString *text)
{
    doorway_info(*(struct door **)self, text);
}

static int serve(int listener)
{
    struct door_settings asked = doorway_settings();
    struct host *host = host_new((struct host_settings){.id = 1});
    struct loop *loop = host_loop(host);
    struct signals *signals = signals_that_stop(loop);
    int status = net_announce(listener) < 0 ? FAILED : 0;
    struct door *door = door_new(host, host_env(host), listener, asked);
    struct kv *kv =
        kv_new(door_env(door), (struct kv_settings){.most = asked.memory,
                                                    .info = tell_counts,
                                                    .self = &door});
    if (status == 0)
        loop_run(loop);
    kv_free(kv);
    door_free(door);
    signals_free(signals);
    host_free(host);
    return status;
}

int main(int argc, char **argv)
{
    int status;
    if (!standard_is_open())
        return FAILED;
    int listener = doorway_open(&doorway, argc, argv, &status);
    return listener < 0 ? status : serve(listener);
}

#include "04-queues/peers/rival_scene.h"
#include "01-sockets/dial.h"
#include "common/world/stage.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE (60 * SEC)
#define RETRY    (10 * MSEC)

/* ---- Who they are. ---- */

#define OURS "exec \"$1\" --listen=127.0.0.1:$2 --dir=$3"
#define REDIS \
    "exec \"$1\" --port $2 --bind 127.0.0.1 --dir $3 --save '' --appendonly "
#define BEANSTALKD "exec \"$1\" -l 127.0.0.1 -p $2 "
#define NATS       "exec \"$1\" -a 127.0.0.1 -p $2 -js -sd $3"
/* A node of its own: no file outside of its directory, and three ports, one for
 * clients, one for nodes, one for epmd, which knows the nodes. */
#define RABBITMQ                                                         \
    "export HOME=$3 RABBITMQ_NODENAME=book@localhost "                   \
    "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=$2 "          \
    "RABBITMQ_DIST_PORT=$4 ERL_EPMD_PORT=$5 ERL_EPMD_ADDRESS=127.0.0.1 " \
    "RABBITMQ_MNESIA_BASE=$3 RABBITMQ_LOG_BASE=$3 "                      \
    "RABBITMQ_ENABLED_PLUGINS_FILE=$3/plugins "                          \
    "RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILE=$3/config "   \
    "RABBITMQ_ADVANCED_CONFIG_FILE=$3/advanced "                         \
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="                               \
    "'-kernel inet_dist_use_interface {127,0,0,1}'; exec \"$1\""

const struct rival rivals[] = {
    {"ours, synced", SURVIVES_POWER_LOSS, 0, "queue", &dialect_ours, "synced",
     OURS, false},
    {"Redis lists, always", SURVIVES_POWER_LOSS, 3, "redis-server",
     &dialect_lists, "", REDIS "yes --appendfsync always", false},
    {"Redis streams, always", SURVIVES_POWER_LOSS, 3, "redis-server",
     &dialect_streams, "", REDIS "yes --appendfsync always", false},
    {"RabbitMQ durable", SURVIVES_POWER_LOSS, 10, "rabbitmq-server",
     &dialect_amqp, "durable", RABBITMQ, true},
    {"RabbitMQ quorum", SURVIVES_POWER_LOSS, 8, "rabbitmq-server",
     &dialect_amqp, "quorum", RABBITMQ, true},
    {"beanstalkd -f 0", SURVIVES_POWER_LOSS, 50, "beanstalkd",
     &dialect_beanstalk, "", BEANSTALKD "-b $3 -f 0", false},
    {"ours, written", SURVIVES_CRASH, 0, "queue", &dialect_ours, "written",
     OURS, false},
    {"JetStream, file", SURVIVES_CRASH, 5, "nats-server", &dialect_jetstream,
     "file", NATS, false},
    {"ours, in memory", SURVIVES_NOTHING, 0, "queue", &dialect_ours, "none",
     OURS, false},
    {"Redis lists", SURVIVES_NOTHING, 2, "redis-server", &dialect_lists, "",
     REDIS "no", false},
    {"RabbitMQ transient", SURVIVES_NOTHING, 15, "rabbitmq-server",
     &dialect_amqp, "transient", RABBITMQ, true},
    {"beanstalkd", SURVIVES_NOTHING, 12, "beanstalkd", &dialect_beanstalk, "",
     BEANSTALKD, false},
};
const unsigned rivals_count = G_N_ELEMENTS(rivals);

const char *guarantee_text(enum guarantee guarantee)
{
    static const char *const texts[GUARANTEES] = {"synced before the confirm",
                                                  "written before the confirm",
                                                  "in memory alone"};
    return texts[guarantee];
}

/* ---- Where they are. ---- */

/* Returns new; NULL: nowhere. Servers are not on everybody's PATH. */
static char *find_program(const struct rival *rival)
{
    static const char *const places[] = {"/usr/lib/rabbitmq/bin", "/usr/bin",
                                         "/usr/sbin", "/usr/local/bin",
                                         "/usr/local/sbin"};
    if (rival->bar == 0)
        return stage_program(rival->program);
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        char *path = g_build_filename(places[i], rival->program, NULL);
        if (access(path, X_OK) == 0)
            return path;
        g_free(path);
    }
    return NULL;
}

bool rival_is_here(const struct rival *rival)
{
    g_autofree char *path = find_program(rival);
    return path && access(path, X_OK) == 0;
}

/* ---- A server. ---- */

struct rival_server {
    struct stage *stage;
    struct actor *actor;
    struct address address;
    GArray *clocks; /* clockid_t, one for each of its processes. */
};

/* The process group of process @p id; 0 when it is gone. */
static int group_of(const char *id)
{
    int group = 0;
    g_autofree char *path = g_strdup_printf("/proc/%s/stat", id);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    const char *behind = strrchr(text, ')'); /* Its name may have any byte. */
    return behind && sscanf(behind, ") %*c %*d %d", &group) == 1 ? group : 0;
}

/* All processes of its group. */
static void find_clocks(struct rival_server *server, int group)
{
    const char *id;
    clockid_t clock;
    GDir *proc = g_dir_open("/proc", 0, NULL);
    while (proc && (id = g_dir_read_name(proc)))
        if (g_ascii_isdigit(*id) && group_of(id) == group &&
            clock_getcpuclockid(atoi(id), &clock) == 0)
            g_array_append_val(server->clocks, clock);
    g_clear_pointer(&proc, g_dir_close);
}

nsec rival_spent(const struct rival_server *server)
{
    nsec sum = 0;
    for (unsigned i = 0; i < server->clocks->len; i++) {
        struct timespec time = {0};
        clock_gettime(g_array_index(server->clocks, clockid_t, i), &time);
        sum += (nsec)time.tv_sec * SEC + (nsec)time.tv_nsec;
    }
    return sum;
}

/* Until somebody listens there. */
static bool await_listener(struct rival_server *server)
{
    nsec deadline = clock_monotonic() + PATIENCE;
    g_autoptr(GArray) to = g_array_new(FALSE, FALSE, sizeof(struct address));
    g_array_append_val(to, server->address);
    while (clock_monotonic() < deadline) {
        int fd = dial(to, deadline);
        if (fd >= 0) {
            close(fd);
            return true;
        }
        g_usleep(RETRY / USEC);
    }
    return false;
}

static char *free_port(struct rival_server *server)
{
    return g_strdup_printf("%u", stage_port(server->stage));
}

/* A shell tells its number, which is that of the group, and becomes it. */
static int start_script(struct rival_server *server, const struct rival *rival,
                        const char *port)
{
    g_autofree char *path = find_program(rival);
    g_autofree char *dir =
        g_build_filename(stage_dir(server->stage), "data", NULL);
    g_autofree char *more = free_port(server), *third = free_port(server);
    g_autofree char *script = g_strdup_printf(
        "echo pid $$; mkdir $3; %s > $3.log 2>&1", rival->script);
    server->actor = stage_start(server->stage, "/bin/sh", "-c", script, "sh",
                                path, port, dir, more, third, NULL);
    g_autofree char *id = actor_await(server->actor, "pid ", PATIENCE);
    return id ? atoi(id + strlen("pid ")) : 0;
}

struct rival_server *rival_start(const struct rival *rival, GError **error)
{
    struct rival_server *server = g_new0(struct rival_server, 1);
    server->stage = stage_new();
    server->clocks = g_array_new(FALSE, FALSE, sizeof(clockid_t));
    g_autofree char *port = free_port(server);
    g_autofree char *text = g_strdup_printf("127.0.0.1:%s", port);
    address_parse(&server->address, text, NULL);
    int group = start_script(server, rival, port);
    if (await_listener(server)) {
        find_clocks(server, group);
        return server;
    }
    g_set_error(error, g_quark_from_static_string("rival"), 0,
                "%s did not start", rival->program);
    rival_stop(server);
    return NULL;
}

const struct address *rival_address(const struct rival_server *server)
{
    return &server->address;
}

void rival_stop(struct rival_server *server)
{
    stage_free(server->stage);
    g_array_unref(server->clocks);
    g_free(server);
}

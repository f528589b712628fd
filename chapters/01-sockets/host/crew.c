#include "01-sockets/host/crew.h"
#include "01-sockets/wakeup.h"
#include "common/world/complain.h"
#include <errno.h>
#include <stdlib.h>

struct member {
    struct host *host;
    struct wakeup *stop;
    GThread *thread;
};

struct crew {
    unsigned nodes;
    struct member *members; /* members[id - 1] */
};

static void on_stop(void *self)
{
    const struct member *member = self;
    loop_stop(host_loop(member->host));
}

static void *run(void *self)
{
    const struct member *member = self;
    loop_run(host_loop(member->host));
    return NULL;
}

void crew_start(struct crew *crew)
{
    for (unsigned i = 0; i < crew->nodes; i++)
        crew->members[i].thread = g_thread_new("host", run, &crew->members[i]);
}

void crew_stop(struct crew *crew)
{
    for (unsigned i = 0; i < crew->nodes; i++)
        if (crew->members[i].thread)
            wakeup_ring(crew->members[i].stop);
    for (unsigned i = 0; i < crew->nodes; i++)
        g_clear_pointer(&crew->members[i].thread, g_thread_join);
}

void crew_turn(struct crew *crew)
{
    for (unsigned i = 0; i < crew->nodes; i++)
        loop_turn(host_loop(crew->members[i].host), 0);
}

struct host *crew_host(struct crew *crew, node_id id)
{
    g_assert(id >= 1 && id <= crew->nodes);
    return crew->members[id - 1].host;
}

static void bind_or_stop(struct host *host)
{
    struct address any;
    if (address_parse(&any, "127.0.0.1:0", NULL) && host_bind(host, &any) == 0)
        return;
    exit(complain(FAILED, "no UDP on 127.0.0.1: %s", g_strerror(errno)));
}

static void introduce(struct crew *crew, node_id id)
{
    struct address address = host_address(crew_host(crew, id));
    for (node_id other = 1; other <= crew->nodes; other++)
        if (other != id)
            host_meet(crew_host(crew, other), id, &address);
}

struct crew *crew_new(unsigned nodes, const char *dir, FILE *trace)
{
    struct crew *crew = g_new0(struct crew, 1);
    crew->nodes = nodes;
    crew->members = g_new0(struct member, nodes);
    for (node_id id = 1; id <= nodes; id++) {
        g_autofree char *own =
            dir ? g_strdup_printf("%s/%d", dir, (int)id) : NULL;
        struct host_settings settings = {
            .id = id, .store = {.dir = own}, .trace = trace};
        struct member *member = &crew->members[id - 1];
        member->host = host_new(settings);
        member->stop = wakeup_new(host_loop(member->host), on_stop, member);
        bind_or_stop(member->host);
    }
    for (node_id id = 1; id <= nodes; id++)
        introduce(crew, id);
    return crew;
}

void crew_free(struct crew *crew)
{
    for (unsigned i = 0; i < crew->nodes; i++) {
        wakeup_free(crew->members[i].stop);
        host_free(crew->members[i].host);
    }
    g_free(crew->members);
    g_free(crew);
}

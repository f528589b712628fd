#include "03-transport/transfer/way.h"

struct way *way_open(const struct way_ops *ops, struct env *env, node_id to,
                     struct way_settings settings, struct way_owner owner)
{
    return ops->open(ops, env, to, settings, owner);
}

size_t way_room(const struct way *way)
{
    return way->ops->room(way);
}

void way_push(struct way *way, const void *data, size_t size)
{
    way->ops->push(way, data, size);
}

void way_end(struct way *way)
{
    way->ops->end(way);
}

size_t way_take(struct way *way, void *buffer, size_t size)
{
    return way->ops->take(way, buffer, size);
}

bool way_is_over(const struct way *way)
{
    return way->ops->is_over(way);
}

bool way_is_idle(const struct way *way)
{
    return way->ops->is_idle(way);
}

void way_count(const struct way *way, GString *text)
{
    way->ops->count(way, text);
}

void way_free(struct way *way)
{
    way->ops->free(way);
}

#include "common/history/model_parts.h"

static const struct model *const models[] = {
    &model_register, &model_cas, &model_kv, &model_queue, &model_lock};

const struct model *model_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        if (model_same(models[i]->name, name))
            return models[i];
    return NULL;
}

char *model_names(void)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               models[i]->name);
    return g_string_free(names, FALSE);
}

int model_op(const struct model *model, const char *name)
{
    for (int i = 0; model->ops[i].name; i++)
        if (model_same(model->ops[i].name, name))
            return i;
    return -1;
}

bool model_answers(const struct model_op *op, const char *value)
{
    if (!op->answers[0])
        return value != NULL;
    if (!value)
        return model_same(op->answers[0], "ok") && !op->answers[1];
    return g_strv_contains(op->answers, value);
}

void model_pair(const struct model *model, GArray *ops)
{
    for (guint i = 0; i < ops->len; i++) {
        g_array_index(ops, struct operation, i).partner = NULL;
        g_array_index(ops, struct operation, i).due = 0;
    }
    if (model->pair)
        model->pair(ops);
}

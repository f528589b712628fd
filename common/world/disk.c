/*
 * Each key has a stable value, which a crash cannot touch, and the changes made
 * since, oldest first. A sync covers the changes that were there when it
 * started; when it is done they are applied to the stable value.
 *
 *     stable "ab"   changes: append "cd" | persist "xy" | append "z"
 *                            covered ----'
 */
#include "common/world/disk.h"

enum kind { PERSIST, REMOVE, APPEND };

struct change {
    enum kind kind;
    GBytes *bytes; /* NULL when the kind is REMOVE. */
};

struct file {
    char *key;
    bool exists; /* As the stable value stands. */
    GByteArray *stable;
    GArray *changes;  /* struct change, oldest first: not durable yet. */
    unsigned covered; /* So many of them by the sync under way. */
};

struct disk {
    GHashTable *files; /* By key. */
    GPtrArray *dirty;  /* Borrowed: files with changes. */
};

/* ---- Files. ---- */

static void change_clear(void *data)
{
    struct change *change = data;
    g_clear_pointer(&change->bytes, g_bytes_unref);
}

static struct file *file_new(const char *key)
{
    struct file *file = g_new0(struct file, 1);
    file->key = g_strdup(key);
    file->stable = g_byte_array_new();
    file->changes = g_array_new(FALSE, FALSE, sizeof(struct change));
    g_array_set_clear_func(file->changes, change_clear);
    return file;
}

static void file_free(void *data)
{
    struct file *file = data;
    g_array_unref(file->changes);
    g_byte_array_unref(file->stable);
    g_free(file->key);
    g_free(file);
}

static struct file *file_of(struct disk *disk, const char *key)
{
    struct file *file = g_hash_table_lookup(disk->files, key);
    if (file)
        return file;
    file = file_new(key);
    g_hash_table_insert(disk->files, file->key, file);
    return file;
}

static const struct change *change_at(const struct file *file, unsigned i)
{
    return &g_array_index(file->changes, struct change, i);
}

/* Apply a change, or the first @p limit bytes of it. Is there a value now? */
static bool apply(GByteArray *value, const struct change *change, size_t limit)
{
    if (change->kind != APPEND)
        g_byte_array_set_size(value, 0);
    if (change->kind == REMOVE)
        return false;
    size_t size;
    const void *data = g_bytes_get_data(change->bytes, &size);
    if (size > 0)
        g_byte_array_append(value, data, (guint)MIN(size, limit));
    return true;
}

/* The first @p count changes become stable. */
static void settle(struct file *file, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        file->exists = apply(file->stable, change_at(file, i), SIZE_MAX);
    if (count > 0)
        g_array_remove_range(file->changes, 0, count);
    file->covered = 0;
}

/* ---- Writing and reading. ---- */

static void add_change(struct disk *disk, const char *key, struct change change)
{
    struct file *file = file_of(disk, key);
    if (file->changes->len == 0)
        g_ptr_array_add(disk->dirty, file);
    g_array_append_val(file->changes, change);
}

void disk_persist(struct disk *disk, const char *key, GBytes *value)
{
    struct change change = {REMOVE, NULL};
    if (value)
        change = (struct change){PERSIST, g_bytes_ref(value)};
    add_change(disk, key, change);
}

void disk_append(struct disk *disk, const char *key, GBytes *bytes)
{
    add_change(disk, key, (struct change){APPEND, g_bytes_ref(bytes)});
}

GBytes *disk_recall(struct disk *disk, const char *key)
{
    struct file *file = g_hash_table_lookup(disk->files, key);
    if (!file)
        return NULL;
    GByteArray *value = g_byte_array_sized_new(file->stable->len);
    if (file->stable->len > 0)
        g_byte_array_append(value, file->stable->data, file->stable->len);
    bool exists = file->exists;
    for (unsigned i = 0; i < file->changes->len; i++)
        exists = apply(value, change_at(file, i), SIZE_MAX);
    g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(value);
    return exists ? g_steal_pointer(&bytes) : NULL;
}

GBytes *disk_stored(struct disk *disk, const char *key)
{
    const struct file *file = g_hash_table_lookup(disk->files, key);
    if (!file || !file->exists)
        return NULL;
    return g_bytes_new(file->stable->data, file->stable->len);
}

/* ---- Syncs. ---- */

void disk_sync_start(struct disk *disk)
{
    for (unsigned i = 0; i < disk->dirty->len; i++) {
        struct file *file = disk->dirty->pdata[i];
        file->covered = file->changes->len;
    }
}

void disk_sync_finish(struct disk *disk)
{
    unsigned left = 0;
    for (unsigned i = 0; i < disk->dirty->len; i++) {
        struct file *file = disk->dirty->pdata[i];
        settle(file, file->covered);
        if (file->changes->len > 0)
            disk->dirty->pdata[left++] = file;
    }
    g_ptr_array_set_size(disk->dirty, (int)left);
}

/* ---- A crash. ---- */

/* Returns how many writes are not kept whole. */
static unsigned lose(struct file *file, enum disk_loss loss)
{
    unsigned lost = loss == DISK_LOSES ? file->changes->len : 0;
    settle(file, file->changes->len - lost);
    g_array_set_size(file->changes, 0);
    return lost;
}

static unsigned tear(struct file *file, struct dice dice)
{
    settle(file, (unsigned)dice_between(&dice, 0, file->changes->len));
    unsigned lost = file->changes->len;
    const struct change *next = lost > 0 ? change_at(file, 0) : NULL;
    if (next && next->kind == APPEND) {
        size_t kept = dice_between(&dice, 0, g_bytes_get_size(next->bytes));
        apply(file->stable, next, kept);
        file->exists = file->exists || kept > 0;
        lost -= kept > 0 && kept == g_bytes_get_size(next->bytes);
    }
    g_array_set_size(file->changes, 0);
    return lost;
}

unsigned disk_crash(struct disk *disk, struct dice dice, enum disk_loss loss)
{
    unsigned lost = 0;
    for (unsigned i = 0; i < disk->dirty->len; i++) {
        struct file *file = disk->dirty->pdata[i];
        struct dice own = dice_at(dice.state, 0, dice_number(file->key));
        lost += loss == DISK_TEARS ? tear(file, own) : lose(file, loss);
    }
    g_ptr_array_set_size(disk->dirty, 0);
    return lost;
}

/* ---- Life. ---- */

struct disk *disk_new(void)
{
    struct disk *disk = g_new0(struct disk, 1);
    disk->files =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, file_free);
    disk->dirty = g_ptr_array_new();
    return disk;
}

void disk_free(struct disk *disk)
{
    g_ptr_array_unref(disk->dirty);
    g_hash_table_unref(disk->files);
    g_free(disk);
}

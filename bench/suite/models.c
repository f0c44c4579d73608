/* The designs that part_models.c holds against each other: sharelog itself in this process, a blob
   a share, a file an event. Each makes its store in the scratch folder and removes it when it is
   destroyed. */

#include "bench/suite/models.h"

#include "bench/suite/group.h"
#include "core/base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NO_SECRET "00000000-0000-4000-8000-000000000000"

/* ---- items ---- */

static struct sl_span field(struct sl_span data, const char *name)
{
    struct sl_span value, raw;
    return json_get(data, name, &value) && json_string_raw(value, &raw) ? raw : SL_SPAN("");
}

bool model_items_add(struct model_items *items, struct sl_span body)
{
    struct sl_span rest, element, data;
    if (!json_get(body, "data", &rest)) return bench_fail("a body without data");
    while (json_next(&rest, &element)) {
        if (items->count == items->cap) {
            items->cap = items->cap ? 2 * items->cap : 64;
            items->items = realloc(items->items, items->cap * sizeof(*items->items));
            if (!items->items) abort();
        }
        struct model_item *item = &items->items[items->count];
        if (!json_get(element, "data", &data)) return bench_fail("an item without data");
        struct sl_span type = field(element, "type"), id = field(data, "id"),
                       message = field(data, "messageID");
        snprintf(item->key, sizeof(item->key), "%.*s/%.*s%s%.*s", (int)type.len, type.ptr,
            (int)message.len, message.ptr, message.len ? "/" : "", (int)id.len, id.ptr);
        item->item = element;
        item->order = items->count++;
    }
    return true;
}

static int by_key(const void *a, const void *b)
{
    const struct model_item *x = a, *y = b;
    int d = strcmp(x->key, y->key);
    return d ? d : (x->order > y->order) - (x->order < y->order);
}

void model_items_fold(struct model_items *items)
{
    size_t kept = 0;
    if (items->count == 0) return;
    qsort(items->items, items->count, sizeof(*items->items), by_key);
    for (size_t i = 0; i < items->count; i++)
        if (i + 1 == items->count || strcmp(items->items[i].key, items->items[i + 1].key) != 0)
            items->items[kept++] = items->items[i];
    items->count = kept;
}

void model_items_fini(struct model_items *items)
{
    free(items->items);
    *items = (struct model_items){0};
}

static const char *no_secret(void *ctx)
{
    (void)ctx;
    return NO_SECRET;
}

static bool nothing(void *ctx)
{
    (void)ctx;
    return true;
}

/* ---- one blob: [key length u32, item length u32, key, item] …, by key ---- */

struct blob {
    char path[SCRATCH_PATH_BYTES];
    struct group *group;
};

static void *blob_create(struct bench *bench)
{
    struct blob *blob = calloc(1, sizeof(*blob));
    if (!blob) abort();
    scratch_path(bench, "model-blob", blob->path);
    blob->group = group_create(blob->path, GROUP_OWN);
    if (blob->group) return blob;
    free(blob);
    return NULL;
}

static void put_entry(struct buf *out, struct sl_span key, struct sl_span item)
{
    char lengths[8];
    be_put(lengths, key.len, 4);
    be_put(lengths + 4, item.len, 4);
    buf_add(out, lengths, sizeof(lengths));
    buf_add_span(out, key);
    buf_add_span(out, item);
}

static bool next_entry(struct sl_span *rest, struct sl_span *key, struct sl_span *item)
{
    if (rest->len < 8) return false;
    *key = (struct sl_span){rest->ptr + 8, (size_t)be_get(rest->ptr, 4)};
    *item = (struct sl_span){key->ptr + key->len, (size_t)be_get(rest->ptr + 4, 4)};
    size_t taken = 8 + key->len + item->len;
    *rest = (struct sl_span){rest->ptr + taken, rest->len - taken};
    return true;
}

/* Both are sorted by key; of one key the batch's is newer. */
static void merge(struct sl_span old, const struct model_items *batch, struct buf *out)
{
    struct sl_span key, item;
    size_t i = 0;
    bool more = next_entry(&old, &key, &item);
    while (more || i < batch->count) {
        const struct model_item *newer = i < batch->count ? &batch->items[i] : NULL;
        int d = !more ? 1 : !newer ? -1 : sl_span_cmp(key, sl_span_of(newer->key));
        if (d < 0) {
            put_entry(out, key, item);
        } else {
            put_entry(out, sl_span_of(newer->key), newer->item);
            i++;
        }
        if (d <= 0) more = next_entry(&old, &key, &item);
    }
}

static bool blob_sync(void *ctx, uint64_t n, struct sl_span body, bool durable)
{
    struct blob *blob = ctx;
    struct model_items items = {0};
    struct buf whole = {0};
    size_t len = 0;
    (void)n;
    bool good = model_items_add(&items, body);
    model_items_fold(&items);
    char *old = group_get(blob->group, SL_SPAN("share"), &len);
    buf_reserve(&whole, len + 2 * body.len);
    merge((struct sl_span){old, old ? len : 0}, &items, &whole);
    good = good && !whole.failed &&
           group_write(blob->group, SL_SPAN("share"), buf_span(&whole), durable);
    group_free(old);
    buf_fini(&whole);
    model_items_fini(&items);
    return good;
}

static bool blob_read(void *ctx, struct buf *out)
{
    struct blob *blob = ctx;
    size_t len = 0;
    char *value = group_get(blob->group, SL_SPAN("share"), &len);
    struct sl_span rest = {value, value ? len : 0}, key, item;
    buf_add(out, "[", 1);
    while (next_entry(&rest, &key, &item)) {
        if (out->len > 1) buf_add(out, ",", 1);
        buf_add_span(out, item);
    }
    buf_add(out, "]", 1);
    group_free(value);
    return value && !out->failed;
}

static bool blob_destroy(void *ctx, bool check)
{
    struct blob *blob = ctx;
    (void)check;
    group_destroy(blob->group);
    scratch_remove(blob->path);
    free(blob);
    return true;
}

const struct model model_blob = {
    "blob", blob_create, no_secret, blob_sync, nothing, blob_read, blob_destroy};

/* ---- a file each ---- */

struct files {
    char path[SCRATCH_PATH_BYTES];
    int folder;
    uint64_t count;
};

static void *files_create(struct bench *bench)
{
    struct files *files = calloc(1, sizeof(*files));
    if (!files) abort();
    scratch_path(bench, "model-files", files->path);
    if (mkdir(files->path, 0700) == 0)
        files->folder = open(files->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->folder > 0) return files;
    bench_fail("%s: %s", files->path, strerror(errno));
    free(files);
    return NULL;
}

static bool files_sync(void *ctx, uint64_t n, struct sl_span body, bool durable)
{
    struct files *files = ctx;
    char name[32];
    snprintf(name, sizeof(name), "%08llu.json", (unsigned long long)n);
    int fd = openat(files->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return bench_fail("%s: %s", name, strerror(errno));
    bool good = write(fd, body.ptr, body.len) == (ssize_t)body.len;
    if (durable) good = good && fsync(fd) == 0 && fsync(files->folder) == 0;
    close(fd);
    files->count = n + 1;
    return good || bench_fail("%s: can't be written", name);
}

static bool files_read(void *ctx, struct buf *out)
{
    struct files *files = ctx;
    struct model_items items = {0};
    char **texts = calloc(files->count, sizeof(*texts));
    if (!texts) abort();
    bool good = true;
    for (uint64_t n = 0; n < files->count && good; n++) {
        char name[32];
        struct stat stat;
        snprintf(name, sizeof(name), "%08llu.json", (unsigned long long)n);
        int fd = openat(files->folder, name, O_RDONLY | O_CLOEXEC);
        good = fd >= 0 && fstat(fd, &stat) == 0 && (texts[n] = malloc((size_t)stat.st_size)) &&
               read(fd, texts[n], (size_t)stat.st_size) == stat.st_size &&
               model_items_add(&items, (struct sl_span){texts[n], (size_t)stat.st_size});
        if (fd >= 0) close(fd);
    }
    model_items_fold(&items);
    buf_add(out, "[", 1);
    for (size_t i = 0; i < items.count; i++) {
        if (i) buf_add(out, ",", 1);
        buf_add_span(out, items.items[i].item);
    }
    buf_add(out, "]", 1);
    for (uint64_t n = 0; n < files->count; n++)
        free(texts[n]);
    free(texts);
    model_items_fini(&items);
    return good || bench_fail("an event's file can't be read");
}

static bool files_destroy(void *ctx, bool check)
{
    struct files *files = ctx;
    (void)check;
    close(files->folder);
    scratch_remove(files->path);
    free(files);
    return true;
}

const struct model model_files = {
    "files", files_create, no_secret, files_sync, nothing, files_read, files_destroy};

/* ---- sharelog ---- */

struct self {
    char path[SCRATCH_PATH_BYTES];
    struct sl_store *store;
    struct sl_credentials share;
    uint64_t syncs;
};

static void *self_create(struct bench *bench)
{
    struct self *self = calloc(1, sizeof(*self));
    if (!self) abort();
    scratch_path(bench, "model-sharelog", self->path);
    if (scratch_open(self->path, SL_DURABLE_FSYNC, &self->store)) {
        if (scratch_share(self->store, 0, &self->share)) return self;
        sl_store_close(self->store);
    }
    free(self);
    return NULL;
}

static const char *self_secret(void *ctx)
{
    return ((struct self *)ctx)->share.secret;
}

static bool self_sync(void *ctx, uint64_t n, struct sl_span body, bool durable)
{
    struct self *self = ctx;
    struct sl_err err = {0};
    struct sl_synced synced;
    (void)durable; /* it always is */
    self->syncs = n + 1;
    return scratch_ok(
        sl_share_sync(self->store, sl_span_of(self->share.id), body, n + 1, &synced, &err), &err,
        "sync");
}

static bool self_settle(void *ctx)
{
    struct self *self = ctx;
    struct sl_err err = {0};
    return scratch_ok(sl_store_settle(self->store, &err), &err, "settle");
}

static bool self_read(void *ctx, struct buf *out)
{
    struct self *self = ctx;
    struct sl_view *view;
    struct sl_err err = {0};
    struct sl_span id = sl_span_of(self->share.id);
    enum sl_result result =
        sl_view_open(self->store, id, (struct sl_moment){SL_NOW, 0}, &view, &err);
    if (result == SL_OK) {
        result = sl_view_data(view, buf_sink(out), &err);
        sl_view_close(view);
    }
    return scratch_ok(result, &err, "read") && !out->failed;
}

static bool self_destroy(void *ctx, bool check)
{
    struct self *self = ctx;
    bool good = !check || scratch_verified(self->store, 1 + self->syncs);
    sl_store_close(self->store);
    scratch_remove(self->path);
    free(self);
    return good;
}

const struct model model_sharelog = {
    "sharelog", self_create, self_secret, self_sync, self_settle, self_read, self_destroy};

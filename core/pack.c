#include "pack.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wundef"
#include <msgpack.h>
#pragma GCC diagnostic pop

static int add(void *buf, const char *bytes, size_t len)
{
    buf_add(buf, bytes, len);
    return 0;
}

static msgpack_packer packer(struct buf *out)
{
    return (msgpack_packer){.data = out, .callback = add};
}

/* What takes one byte, which is most, is put without asking the library. */
static bool add_byte(struct buf *out, unsigned first, uint64_t value, uint64_t limit)
{
    if (value >= limit || !buf_reserve(out, 1)) return false;
    out->ptr[out->len++] = (char)(first | value);
    return true;
}

void pack_array(struct buf *out, size_t count)
{
    if (add_byte(out, 0x90, count, 16)) return;
    msgpack_packer pk = packer(out);
    msgpack_pack_array(&pk, count);
}

void pack_u64(struct buf *out, uint64_t value)
{
    if (add_byte(out, 0, value, 128)) return;
    msgpack_packer pk = packer(out);
    msgpack_pack_uint64(&pk, value);
}

void pack_u64_fixed(struct buf *out, uint64_t value)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_fix_uint64(&pk, value);
}

void pack_str(struct buf *out, struct sl_span text)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_str(&pk, text.len);
    if (text.len) msgpack_pack_str_body(&pk, text.ptr, text.len);
}

void pack_bin(struct buf *out, struct sl_span bytes)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_bin(&pk, bytes.len);
    if (bytes.len) msgpack_pack_bin_body(&pk, bytes.ptr, bytes.len);
}

void pack_bin_begin(struct buf *out, size_t len)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_bin(&pk, len);
}

void pack_nil(struct buf *out)
{
    msgpack_packer pk = packer(out);
    msgpack_pack_nil(&pk);
}

bool unpack_begin(struct unpack *in, struct sl_span bytes)
{
    *in = (struct unpack){0};
    msgpack_unpacked *tree = malloc(sizeof(*tree));
    if (!tree) {
        in->bad = true;
        return false;
    }
    msgpack_unpacked_init(tree);
    in->tree = tree;
    size_t end = 0;
    in->bad = msgpack_unpack_next(tree, bytes.ptr, bytes.len, &end) != MSGPACK_UNPACK_SUCCESS ||
              end != bytes.len;
    in->level[0].at = &tree->data;
    in->level[0].left = in->bad ? 0 : 1;
    return !in->bad;
}

/* The next part, stepped over, or NULL. */
static const msgpack_object *next(struct unpack *in)
{
    if (in->bad || in->level[in->depth].left == 0) {
        in->bad = true;
        return NULL;
    }
    const msgpack_object *object = in->level[in->depth].at;
    in->level[in->depth].at = object + 1;
    in->level[in->depth].left--;
    return object;
}

size_t unpack_array(struct unpack *in)
{
    const msgpack_object *object = next(in);
    if (!object || object->type != MSGPACK_OBJECT_ARRAY || in->depth + 1 == UNPACK_DEPTH) {
        in->bad = true;
        return 0;
    }
    in->depth++;
    in->level[in->depth].at = object->via.array.ptr;
    in->level[in->depth].left = object->via.array.size;
    return object->via.array.size;
}

void unpack_leave(struct unpack *in)
{
    if (in->depth > 0)
        in->depth--;
    else
        in->bad = true;
}

size_t unpack_left(const struct unpack *in)
{
    return in->bad ? 0 : in->level[in->depth].left;
}

uint64_t unpack_u64(struct unpack *in)
{
    const msgpack_object *object = next(in);
    if (object && object->type == MSGPACK_OBJECT_POSITIVE_INTEGER) return object->via.u64;
    in->bad = true;
    return 0;
}

struct sl_span unpack_str(struct unpack *in)
{
    const msgpack_object *object = next(in);
    if (object && object->type == MSGPACK_OBJECT_STR)
        return (struct sl_span){object->via.str.ptr, object->via.str.size};
    in->bad = true;
    return (struct sl_span){0};
}

struct sl_span unpack_bin(struct unpack *in)
{
    const msgpack_object *object = next(in);
    if (object && object->type == MSGPACK_OBJECT_BIN)
        return (struct sl_span){object->via.bin.ptr, object->via.bin.size};
    in->bad = true;
    return (struct sl_span){0};
}

void unpack_bin_into(struct unpack *in, void *out, size_t len)
{
    struct sl_span bytes = unpack_bin(in);
    if (bytes.len != len)
        in->bad = true;
    else if (len)
        memcpy(out, bytes.ptr, len);
}

bool unpack_end(struct unpack *in)
{
    if (in->tree) {
        msgpack_unpacked_destroy(in->tree);
        free(in->tree);
        in->tree = NULL;
    }
    return !in->bad;
}

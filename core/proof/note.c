/* Signed notes and checkpoints: text is parsed strictly into spans of itself, and written into a
   buffer. Whoever made the text is a stranger: what is malformed is no note. A signature that can't
   be checked, even for want of memory, doesn't hold. */

#include "core/proof/note.h"

#include "core/base/decimal.h"
#include "core/base/json_bytes.h"
#include "core/proof/line.h"

#include <assert.h>
#include <stdio.h>

#define DASH "\xe2\x80\x94 " /* an em dash and a space begin a signature line */
#define SIGNATURE_BYTES 64
#define TIME_BYTES 8 /* before a cosignature */
#define PAYLOAD_BYTES (4 + TIME_BYTES + SIGNATURE_BYTES)
#define PUBLIC_KEY_BYTES 4096 /* the longest, of any type */

static_assert(NOTE_NAME_BYTES + 1 + 8 + 1 + 44 < NOTE_VKEY_BYTES, "a verifier key fits");

/* ---- characters ---- */

/* The character at `at`, and how many bytes it takes: 0 when it isn't well-formed UTF-8. */
static uint32_t character(const char *at, const char *end, unsigned *bytes)
{
    unsigned char lead = (unsigned char)*at;
    *bytes = lead < 0x80 ? 1 : json_utf8_bytes(at, end);
    if (*bytes < 2) return lead;
    uint32_t value = lead & (0x7fu >> *bytes);
    for (unsigned i = 1; i < *bytes; i++)
        value = value << 6 | ((unsigned char)at[i] & 0x3f);
    return value;
}

/* Unicode's White_Space. */
static bool white(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

/* What signed-note asks of a whole note; DEL and the C1 controls are no concern of its. */
static bool text_valid(struct sl_span text)
{
    unsigned bytes;
    for (size_t i = 0; i < text.len; i += bytes) {
        uint32_t c = character(text.ptr + i, text.ptr + text.len, &bytes);
        if (bytes == 0 || (c < ' ' && c != '\n')) return false;
    }
    return true;
}

/* The rule for names in signature lines: anybody's, so it is the specification's and no stricter,
   or one strange witness would make the note unreadable. */
static bool name_allowed(struct sl_span name)
{
    unsigned bytes;
    for (size_t i = 0; i < name.len; i += bytes) {
        uint32_t c = character(name.ptr + i, name.ptr + name.len, &bytes);
        if (bytes == 0 || c < ' ' || c == '+' || white(c)) return false;
    }
    return name.len > 0;
}

bool note_name_valid(struct sl_span name)
{
    unsigned bytes;
    if (name.len > NOTE_NAME_BYTES || !name_allowed(name)) return false;
    for (size_t i = 0; i < name.len; i += bytes) {
        uint32_t c = character(name.ptr + i, name.ptr + name.len, &bytes);
        if (c >= 0x7f && c < 0xa0) return false;
    }
    return true;
}

bool note_origin_valid(struct sl_span origin)
{
    return origin.len <= NOTE_ORIGIN_BYTES && note_name_valid(origin);
}

/* ---- keys ---- */

void note_key_make(
    struct note_key *key, enum note_kind kind, struct sl_span name, const uint8_t public_key[32])
{
    uint8_t hash[32];
    char mark[2] = {'\n', (char)kind};
    assert(kind == NOTE_ED25519 || kind == NOTE_COSIGNATURE);
    assert(note_name_valid(name));
    const struct sl_span pieces[] = {name, {mark, sizeof(mark)}, {(const char *)public_key, 32}};
    crypto_sha256_of(pieces, 3, hash);
    memset(key, 0, sizeof(*key));
    key->kind = kind;
    memcpy(key->name, name.ptr, name.len);
    memcpy(key->id, hash, sizeof(key->id));
    memcpy(key->public_key, public_key, sizeof(key->public_key));
}

/* A verifier key of any type: name, id, and `bytes`, its type and public key. */
static bool vkey_split(struct sl_span text, struct sl_span *name, struct sl_span *id,
    uint8_t bytes[1 + PUBLIC_KEY_BYTES], size_t *len)
{
    struct sl_span rest;
    if (!line_split(text, '+', name, &rest) || !line_split(rest, '+', id, &rest)) return false;
    return note_name_valid(*name) && crypto_base64_parse(rest, bytes, 1 + PUBLIC_KEY_BYTES, len) &&
           *len > 1;
}

static bool id_parse(struct sl_span text, uint8_t id[4])
{
    static const char digits[] = "0123456789abcdef";
    if (text.len != 8) return false;
    memset(id, 0, 4);
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = memchr(digits, text.ptr[i], 16);
        if (!digit) return false;
        id[i / 2] = (uint8_t)(id[i / 2] << 4 | (digit - digits));
    }
    return true;
}

/* Bytes that are no public key, little-endian and without the bit of the sign: a y of the field's
   prime or more, which is another way to write a smaller one; and the points of small order, by
   which anything is signed. */
static bool is_weak(const uint8_t public_key[32])
{
    static const uint8_t eighth[2][32] = {
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
            0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92,
            0xac, 0x03, 0x7a},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
            0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d,
            0x53, 0xfc, 0x05}};
    uint8_t y[32], middle[30];
    memcpy(y, public_key, sizeof(y));
    y[31] &= 0x7f;
    memset(middle, 0xff, sizeof(middle));
    bool high = y[31] == 0x7f && memcmp(y + 1, middle, sizeof(middle)) == 0;
    if (high && y[0] >= 0xec) return true; /* the prime less 1 is of order 2 */
    memset(middle, 0, sizeof(middle));
    bool low = y[31] == 0 && memcmp(y + 1, middle, sizeof(middle)) == 0;
    if (low && y[0] <= 1) return true;
    return memcmp(y, eighth[0], sizeof(y)) == 0 || memcmp(y, eighth[1], sizeof(y)) == 0;
}

bool note_key_parse_any(struct sl_span text, struct note_key *key)
{
    struct sl_span name, id_text;
    uint8_t bytes[1 + PUBLIC_KEY_BYTES], id[4];
    struct note_key made;
    size_t len;
    if (!vkey_split(text, &name, &id_text, bytes, &len) || !id_parse(id_text, id)) return false;
    if (bytes[0] == NOTE_ED25519 || bytes[0] == NOTE_COSIGNATURE) {
        if (len != 1 + sizeof(made.public_key) || is_weak(bytes + 1)) return false;
        note_key_make(&made, (enum note_kind)bytes[0], name, bytes + 1);
        if (memcmp(made.id, id, sizeof(id)) != 0) return false;
    } else {
        made = (struct note_key){.kind = NOTE_UNKNOWN};
        memcpy(made.name, name.ptr, name.len);
        memcpy(made.id, id, sizeof(id));
        crypto_sha256(bytes + 1, len - 1, made.public_key);
    }
    *key = made;
    return true;
}

bool note_key_parse(struct sl_span text, struct note_key *key)
{
    struct note_key made;
    if (!note_key_parse_any(text, &made) || made.kind == NOTE_UNKNOWN) return false;
    *key = made;
    return true;
}

void note_key_text(const struct note_key *key, char text[NOTE_VKEY_BYTES])
{
    uint8_t bytes[1 + 32];
    char id[9], base64[45];
    assert(key->kind != NOTE_UNKNOWN);
    bytes[0] = (uint8_t)key->kind;
    memcpy(bytes + 1, key->public_key, 32);
    crypto_hex(key->id, sizeof(key->id), id);
    crypto_base64(bytes, sizeof(bytes), base64);
    snprintf(text, NOTE_VKEY_BYTES, "%s+%s+%s", key->name, id, base64);
}

/* ---- notes ---- */

/* One signature line's name and base64, of a line that was found valid before. */
static bool signature_split(struct sl_span line, struct sl_span *name, struct sl_span *base64)
{
    if (!line_starts(line, SL_SPAN(DASH))) return false;
    line.ptr += sizeof(DASH) - 1;
    line.len -= sizeof(DASH) - 1;
    return line_split(line, ' ', name, base64);
}

static bool signature_valid(struct sl_span line)
{
    struct sl_span name, base64;
    return signature_split(line, &name, &base64) && name_allowed(name) && line_base64(base64, 5);
}

bool note_parse(struct sl_span bytes, struct note *note)
{
    size_t text = bytes.len, lines = 0;
    if (text < 2 || text > NOTE_BYTES || !text_valid(bytes)) return false;
    while (text >= 2 && !(bytes.ptr[text - 1] == '\n' && bytes.ptr[text - 2] == '\n'))
        text--;
    if (text < 2) return false;
    struct sl_span signatures = {bytes.ptr + text, bytes.len - text};
    struct sl_span rest = signatures, line;
    for (; line_take(&rest, &line); lines++)
        if (lines == NOTE_SIGNATURES || !signature_valid(line)) return false;
    if (lines == 0 || rest.len) return false;
    note->text = (struct sl_span){bytes.ptr, text - 1};
    note->signatures = signatures;
    return true;
}

/* What a cosignature signs: these two lines, then the checkpoint's text. False: out of memory. */
static bool cosigned(struct sl_span text, uint64_t time_s, struct buf *out)
{
    char head[64];
    int len =
        snprintf(head, sizeof(head), "cosignature/v1\ntime %llu\n", (unsigned long long)time_s);
    buf_add(out, head, (size_t)len);
    buf_add_span(out, text);
    return !out->failed;
}

static bool payload_holds(struct sl_span text, const struct note_key *key,
    const uint8_t payload[PAYLOAD_BYTES], size_t len, uint64_t *time_s)
{
    struct buf message = {0};
    *time_s = 0;
    if (key->kind == NOTE_ED25519)
        return len == 4 + SIGNATURE_BYTES && crypto_sign_verify(key->public_key, text, payload + 4);
    if (len != PAYLOAD_BYTES) return false;
    *time_s = be_get(payload + 4, TIME_BYTES);
    bool holds = *time_s <= INT64_MAX && cosigned(text, *time_s, &message) &&
                 crypto_sign_verify(key->public_key, buf_span(&message), payload + 4 + TIME_BYTES);
    buf_fini(&message);
    return holds;
}

/* Is it a line of this key's name and id? Eight characters hold the id, whatever follows; at least
   five bytes do. */
static bool line_of(struct sl_span line, const struct note_key *key, struct sl_span *base64)
{
    struct sl_span name;
    uint8_t id[6];
    size_t len;
    if (!signature_split(line, &name, base64) || !sl_span_eq(name, sl_span_of(key->name)))
        return false;
    struct sl_span first = {base64->ptr, 8};
    return base64->len >= 8 && crypto_base64_parse(first, id, sizeof(id), &len) &&
           memcmp(id, key->id, sizeof(key->id)) == 0;
}

/* A line that bears the key's name and id but doesn't hold spoils the note, as signed-note advises:
   somebody has touched it. The same signature twice does no harm; of two cosignatures the later
   counts. */
enum note_signed note_look(const struct note *note, const struct note_key *key, uint64_t *time_s)
{
    struct sl_span rest = note->signatures, line, base64;
    uint64_t newest = 0, at;
    enum note_signed found = NOTE_UNSIGNED;
    if (key->kind == NOTE_UNKNOWN) return NOTE_UNSIGNED;
    while (line_take(&rest, &line)) {
        uint8_t payload[PAYLOAD_BYTES];
        size_t len;
        if (!line_of(line, key, &base64)) continue;
        if (!crypto_base64_parse(base64, payload, sizeof(payload), &len)) return NOTE_SPOILED;
        if (!payload_holds(note->text, key, payload, len, &at)) return NOTE_SPOILED;
        if (at > newest) newest = at;
        found = NOTE_HOLDS;
    }
    if (found == NOTE_HOLDS && time_s) *time_s = newest;
    return found;
}

bool note_signed_by(const struct note *note, const struct note_key *key, uint64_t *time_s)
{
    return note_look(note, key, time_s) == NOTE_HOLDS;
}

static void add_line(
    const struct note_key *key, const uint8_t *payload, size_t len, struct buf *out)
{
    char base64[4 * ((PAYLOAD_BYTES + 2) / 3) + 1];
    size_t base64_len = crypto_base64(payload, len, base64);
    buf_add(out, DASH, sizeof(DASH) - 1);
    buf_add_span(out, sl_span_of(key->name));
    buf_add(out, " ", 1);
    buf_add(out, base64, base64_len);
    buf_add(out, "\n", 1);
}

void note_sign(
    struct sl_span text, const struct note_key *key, const uint8_t seed[32], struct buf *out)
{
    uint8_t payload[4 + SIGNATURE_BYTES];
    assert(key->kind == NOTE_ED25519);
    assert(text.len && text.ptr[text.len - 1] == '\n' && text_valid(text));
    memcpy(payload, key->id, 4);
    if (crypto_sign(seed, text, payload + 4))
        add_line(key, payload, sizeof(payload), out);
    else
        out->failed = true;
}

void note_cosign(struct sl_span text, const struct note_key *key, const uint8_t seed[32],
    uint64_t time_s, struct buf *out)
{
    uint8_t payload[PAYLOAD_BYTES];
    struct buf message = {0};
    assert(key->kind == NOTE_COSIGNATURE && time_s <= INT64_MAX);
    memcpy(payload, key->id, 4);
    be_put(payload + 4, time_s, TIME_BYTES);
    if (cosigned(text, time_s, &message) &&
        crypto_sign(seed, buf_span(&message), payload + 4 + TIME_BYTES))
        add_line(key, payload, sizeof(payload), out);
    else
        out->failed = true;
    buf_fini(&message);
}

/* ---- checkpoints ---- */

bool checkpoint_parse(struct sl_span text, struct checkpoint_text *checkpoint)
{
    struct checkpoint_text got;
    struct sl_span rest = text, size, root, extension;
    size_t len;
    if (!text_valid(text)) return false;
    if (!line_take(&rest, &got.origin) || got.origin.len == 0) return false;
    if (!line_take(&rest, &size) || !sl_decimal_exact(size, UINT64_MAX, &got.size)) return false;
    if (!line_take(&rest, &root)) return false;
    if (!crypto_base64_parse(root, got.root, sizeof(got.root), &len) || len != sizeof(got.root))
        return false;
    while (line_take(&rest, &extension))
        if (extension.len == 0) return false;
    if (rest.len) return false;
    *checkpoint = got;
    return true;
}

void checkpoint_write(const struct checkpoint_text *checkpoint, struct buf *out)
{
    char size[24], root[45];
    int size_len = snprintf(size, sizeof(size), "\n%llu\n", (unsigned long long)checkpoint->size);
    assert(checkpoint->origin.len && !memchr(checkpoint->origin.ptr, '\n', checkpoint->origin.len));
    crypto_base64(checkpoint->root, sizeof(checkpoint->root), root);
    buf_add_span(out, checkpoint->origin);
    buf_add(out, size, (size_t)size_len);
    buf_add(out, root, 44);
    buf_add(out, "\n", 1);
}

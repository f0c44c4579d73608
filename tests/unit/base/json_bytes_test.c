/* Runs of plain bytes and UTF-8 sequences, held against the slow and obvious way. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/json_bytes.h"

/* One byte of every value at every place, within and behind what is taken sixteen at a time. */
static void plain_runs(void **state)
{
    (void)state;
    char text[48];
    for (size_t at = 0; at < 40; at++)
        for (unsigned value = 0; value < 256; value++) {
            memset(text, 'a', sizeof(text));
            text[at] = (char)value;
            bool plain = value >= ' ' && value < 0x80 && value != '"' && value != '\\';
            const char *end = text + 40;
            assert_ptr_equal(json_plain_run(text, end), plain ? end : text + at);
            assert_ptr_equal(json_plain_run(text, text + at), text + at);
        }
}

/* RFC 3629: each code point has one encoding, and surrogates have none. */
static unsigned encode(uint32_t point, char out[4])
{
    unsigned bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (unsigned i = bytes; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(leads[bytes] | point);
    return bytes;
}

static void every_code_point(void **state)
{
    (void)state;
    for (uint32_t point = 0x80; point < 0x112000; point++) {
        char bytes[4];
        unsigned len = encode(point, bytes);
        bool valid = point < 0xd800 || (point > 0xdfff && point <= 0x10ffff);
        if (json_utf8_bytes(bytes, bytes + len) != (valid ? len : 0)) fail_msg("U+%04X", point);
        if (json_utf8_bytes(bytes, bytes + len - 1) != 0) fail_msg("U+%04X, cut", point);
    }
}

static void malformed(void **state)
{
    (void)state;
    static const char *const all[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2\x7f",
        "\xe0\x9f\xbf", "\xe1\x80\x7f", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff"};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        assert_int_equal(json_utf8_bytes(all[i], all[i] + strlen(all[i])), 0);
}

static void digits(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        int value = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        assert_int_equal(json_hex((char)c), value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_runs),
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(malformed),
        cmocka_unit_test(digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

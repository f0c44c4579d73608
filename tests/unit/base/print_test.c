/* core/base/print.h: the same bytes have the same print however they come, and any changed bit
 * another.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/print.h"

static char text[5000];
static struct print_key key;

static uint64_t in_pieces(size_t len, size_t piece)
{
    struct print print;
    print_begin(&print, &key);
    for (size_t at = 0; at < len; at += piece)
        print_add(&print, text + at, len - at < piece ? len - at : piece);
    return print_end(&print);
}

static void pieces_make_the_whole(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(text); len += len < 40 ? 1 : 61)
        for (size_t piece = 1; piece < 3000; piece = piece * 3 + 1)
            assert_int_equal(in_pieces(len, piece), print_of(&key, (struct sl_span){text, len}));
}

static void a_changed_bit_shows(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 15, 16, 17, 31, 1023, 1024, 1025, 2048, 3001};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct sl_span all = {text, lengths[i]};
        uint64_t before = print_of(&key, all);
        for (size_t bit = 0; bit < 8 * all.len; bit++) {
            text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
            assert_int_not_equal(print_of(&key, all), before);
            text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        }
    }
}

int main(void)
{
    print_key_init(&key);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 31 + i / 7);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_make_the_whole),
        cmocka_unit_test(a_changed_bit_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

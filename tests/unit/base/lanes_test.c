/* Hashing side by side gives what OpenSSL gives of each alone, at every length around a block's end
   and in every company. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/crypto.h"

static uint8_t bytes[1024];

static int fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 131 + i / 7);
    return 0;
}

static struct sl_span text(size_t from, size_t len)
{
    return (struct sl_span){(const char *)bytes + from, len};
}

static void lengths(void **state)
{
    (void)state;
    if (!lanes_there()) skip();
    for (size_t head = 0; head <= LANES_BLOCK; head += head == 16 ? 1 : 16)
        for (size_t len = 0; len < 4 * LANES_BLOCK; len++) {
            uint8_t hashes[4][32], alone[32];
            struct lanes_text texts[4];
            for (size_t i = 0; i < 4; i++)
                texts[i] = (struct lanes_text){
                    bytes + i, head, text(64 + i, (len * (i + 1)) % 300), hashes[i]};
            for (size_t count = 0; count <= 4; count++) {
                memset(hashes, 0, sizeof(hashes));
                lanes_sha256(texts, count);
                for (size_t i = 0; i < count; i++) {
                    crypto_sha256_of((struct sl_span[]){text(i, head), texts[i].bytes}, 2, alone);
                    assert_memory_equal(hashes[i], alone, 32);
                }
                for (size_t i = count; i < 4; i++)
                    assert_memory_equal(hashes[i], (uint8_t[32]){0}, 32);
            }
        }
}

/* Lanes of unequal lengths: each takes as many blocks as the shortest has. */
static void blocks(void **state)
{
    (void)state;
    if (!lanes_there()) skip();
    struct lane lanes[LANES], *all[LANES];
    for (size_t i = 0; i < LANES; i++) {
        lane_begin(&lanes[i], (uint32_t[8]){1, 2, 3, 4, 5, 6, 7, 8});
        lanes[i].at = bytes;
        lanes[i].blocks = i + 2;
        all[i] = &lanes[i];
    }
    lanes_run(all, LANES);
    uint8_t first[32], other[32];
    lane_end(&lanes[0], first);
    for (size_t i = 0; i < LANES; i++) {
        assert_int_equal(lanes[i].blocks, i);
        assert_ptr_equal(lanes[i].at, bytes + 2 * LANES_BLOCK);
        lane_end(&lanes[i], other);
        assert_memory_equal(first, other, 32);
    }
    lanes_run(&all[LANES - 1], 1);
    lane_end(&lanes[LANES - 1], other);
    assert_memory_not_equal(first, other, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lengths), cmocka_unit_test(blocks)};
    return cmocka_run_group_tests(tests, fill, NULL);
}

/* Many writers at once. */

#include "tests/support/net_load.h"

#include "core/base/json.h"
#include "tests/support/net_server.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

/* ---- a batch ---- */

static uint64_t state_of(const struct net_load *load, unsigned writer, unsigned number)
{
    return load->seed + ((uint64_t)writer << 40) + number;
}

/* The array that is sent as `data`. */
static void make_batch(
    const struct net_load *load, unsigned writer, unsigned number, struct buf *out)
{
    uint64_t state = state_of(load, writer, number);
    unsigned items = 1 + (unsigned)(net_random(&state) % 3);
    buf_clear(out);
    buf_add(out, "[", 1);
    for (unsigned i = 0; i < items; i++) {
        size_t len = net_random(&state) % 2000;
        if (net_random(&state) % 40 == 0) len = net_random(&state) % (load->large_bytes + 1);
        const char *head = net_text(
            "%s{\"type\":\"part\",\"data\":{\"id\":\"p%llu\",\"messageID\":\"w%u\",\"number\":%u,"
            "\"text\":\"",
            i ? "," : "", (unsigned long long)(net_random(&state) % 50), writer, number);
        buf_add(out, head, strlen(head));
        while (len > 0) {
            char text[17];
            snprintf(text, sizeof(text), "%016llx", (unsigned long long)net_random(&state));
            size_t n = len < 16 ? len : 16;
            buf_add(out, text, n);
            len -= n;
        }
        buf_add(out, "\"}}", 3);
    }
    buf_add(out, "]", 1);
    if (out->failed) abort();
}

/* ---- a writer ---- */

static void acknowledge(struct net_writer *writer, struct net_ack ack)
{
    if (writer->acks_count == writer->acks_cap) {
        writer->acks_cap = writer->acks_cap ? writer->acks_cap * 2 : 256;
        writer->acks = realloc(writer->acks, writer->acks_cap * sizeof(*writer->acks));
        if (!writer->acks) abort();
    }
    writer->acks[writer->acks_count] = ack;
    __atomic_add_fetch(&writer->acks_count, 1, __ATOMIC_RELEASE);
}

static void *write_batches(void *ctx)
{
    struct net_writer *writer = ctx;
    struct net_load *load = writer->load;
    struct net_client *client = net_client_create(load->url);
    struct buf data = {0};
    for (unsigned n = 0; !load->batches || n < load->batches; n++) {
        if (__atomic_load_n(&load->stop, __ATOMIC_RELAXED)) break;
        uint64_t state = state_of(load, writer->index, n) ^ 0x5bd1e995;
        unsigned share = (unsigned)(net_random(&state) % load->shares_count);
        make_batch(load, writer->index, n, &data);
        writer->sent++;
        int status = net_sync_span(
            client, &load->shares[share], (struct sl_span){data.ptr + 1, data.len - 2});
        if (status == 0) break; /* the server is gone: this batch's fate is unknown */
        if (status == 200) {
            acknowledge(writer, (struct net_ack){share, n, net_field_u64(client, "seq")});
        } else {
            writer->refused++;
            writer->refused_status = status;
            break;
        }
    }
    buf_fini(&data);
    net_client_destroy(client);
    return NULL;
}

void net_load_start(struct net_load *load)
{
    load->stop = false;
    assert_true(load->writers <= NET_WRITERS);
    for (unsigned i = 0; i < load->writers; i++) {
        load->writer[i] = (struct net_writer){.load = load, .index = i};
        assert_int_equal(
            pthread_create(&load->writer[i].thread, NULL, write_batches, &load->writer[i]), 0);
    }
}

void net_load_join(struct net_load *load)
{
    for (unsigned i = 0; i < load->writers; i++)
        pthread_join(load->writer[i].thread, NULL);
}

void net_load_stop(struct net_load *load)
{
    __atomic_store_n(&load->stop, true, __ATOMIC_RELAXED);
    net_load_join(load);
}

void net_load_fini(struct net_load *load)
{
    for (unsigned i = 0; i < load->writers; i++) {
        free(load->writer[i].acks);
        load->writer[i].acks = NULL;
        load->writer[i].acks_count = 0;
    }
}

size_t net_load_acked(const struct net_load *load)
{
    size_t count = 0;
    for (unsigned i = 0; i < load->writers; i++)
        count += __atomic_load_n(&load->writer[i].acks_count, __ATOMIC_ACQUIRE);
    return count;
}

/* ---- checking ---- */

static int by_sequence(const void *a, const void *b)
{
    const struct net_ack *x = a, *y = b;
    if (x->share != y->share) return x->share < y->share ? -1 : 1;
    return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

static void check_unique(const struct net_load *load)
{
    size_t count = 0, all = net_load_acked(load);
    struct net_ack *acks = calloc(all + 1, sizeof(*acks));
    assert_non_null(acks);
    for (unsigned i = 0; i < load->writers; i++)
        for (size_t k = 0; k < load->writer[i].acks_count; k++)
            acks[count++] = load->writer[i].acks[k];
    qsort(acks, all, sizeof(*acks), by_sequence);
    for (size_t i = 1; i < all; i++)
        if (by_sequence(&acks[i - 1], &acks[i]) == 0)
            fail_msg("sequence %llu of share %s was acknowledged twice",
                (unsigned long long)acks[i].sequence, load->shares[acks[i].share].id);
    free(acks);
}

static void check_ack(const struct net_load *load, const struct net_writer *writer,
    const struct net_ack *ack, struct net_client *client, struct buf *want)
{
    const struct net_share *share = &load->shares[ack->share];
    struct sl_span data;
    net_get(client, net_path(share, net_text("/events/%llu", (unsigned long long)ack->sequence)));
    make_batch(load, writer->index, ack->number, want);
    if (net_answer(client)->status != 200 || !json_get(net_body_span(client), "data", &data) ||
        !sl_span_eq(data, buf_span(want)))
        fail_msg("share %s: sequence %llu, acknowledged to writer %u, doesn't hold its batch %u: "
                 "%d %.300s",
            share->id, (unsigned long long)ack->sequence, writer->index, ack->number,
            net_answer(client)->status, net_answer(client)->body);
}

void net_load_check(const struct net_load *load, struct net_client *client)
{
    struct buf want = {0};
    check_unique(load);
    for (unsigned i = 0; i < load->writers; i++) {
        const struct net_writer *writer = &load->writer[i];
        if (writer->refused)
            fail_msg("writer %u: a sync was answered with %d", i, writer->refused_status);
        for (size_t k = 0; k < writer->acks_count; k++)
            check_ack(load, writer, &writer->acks[k], client, &want);
    }
    buf_fini(&want);
}

uint64_t net_history_check(struct net_client *client, const struct net_share *share)
{
    uint64_t next = 1, last = 0, time = 0;
    do {
        struct sl_span list, event, field;
        uint64_t value = 0;
        net_get(client, net_path(share, net_text("/events?from=%llu", (unsigned long long)next)));
        net_expect_status(client, 200);
        assert_true(json_get(net_body_span(client), "events", &list));
        while (json_next(&list, &event)) {
            assert_true(json_get(event, "seq", &field) && json_u64(field, &value));
            assert_int_equal(value, last + 1);
            last = value;
            assert_true(json_get(event, "time", &field) && json_u64(field, &value));
            assert_true(value >= time);
            time = value;
        }
        next = net_field_u64(client, "next");
    } while (next);
    return last;
}

/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "common/hashtab.h"

static struct endpoint
key(uint32_t address, uint16_t port)
{
	struct endpoint e = { { .family = ADDR_INET4 }, port };

	put32(e.addr.bytes, address);
	return e;
}

START_TEST(an_empty_table_finds_nothing)
{
	struct endpoint k = key(1, 1);
	struct hashtab t;

	hashtab_init(&t, (struct siphash_key){ { 1, 2 } });
	ck_assert_ptr_null(hashtab_find(&t, &k));
	ck_assert_ptr_null(hashtab_take(&t, &k));
	ck_assert_ptr_null(hashtab_next(&t, NULL));
	hashtab_fini(&t);
}
END_TEST

START_TEST(every_part_of_the_key_counts)
{
	struct hashtab_node n[5] = { { key(1, 1), 0 }, { key(1, 2), 0 },
		{ key(2, 1), 0 }, { key(1, 1), 0 }, { key(1, 1), 0 } };
	struct hashtab t;

	n[3].key.addr.family = ADDR_INET6;
	n[4].key.addr.scope = 1;
	hashtab_init(&t, (struct siphash_key){ { 1, 2 } });
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(hashtab_put(&t, &n[i]), 0);
	for (int i = 0; i < 5; i++)
		ck_assert_ptr_eq(hashtab_find(&t, &n[i].key), &n[i]);
	hashtab_fini(&t);
}
END_TEST

START_TEST(a_key_is_in_once)
{
	struct hashtab_node a = { key(1, 1), 0 }, b = { key(1, 1), 0 };
	struct hashtab t;

	hashtab_init(&t, (struct siphash_key){ { 1, 2 } });
	ck_assert_int_eq(hashtab_put(&t, &a), 0);
	ck_assert_int_eq(hashtab_put(&t, &b), -EEXIST);
	ck_assert_ptr_eq(hashtab_take(&t, &b.key), &a);
	ck_assert_int_eq(hashtab_put(&t, &b), 0);
	ck_assert_uint_eq(t.count, 1);
	hashtab_fini(&t);
}
END_TEST

START_TEST(the_padding_of_an_endpoint_does_not_count)
{
	struct hashtab_node a = { key(1, 1), 0 };
	struct endpoint k;
	struct hashtab t;

	memset(&k, 0xff, sizeof k);
	k.addr = a.key.addr;
	k.port = a.key.port;
	hashtab_init(&t, (struct siphash_key){ { 1, 2 } });
	hashtab_put(&t, &a);
	ck_assert_ptr_eq(hashtab_find(&t, &k), &a);
	hashtab_fini(&t);
}
END_TEST

#define N 500

START_TEST(the_table_agrees_with_a_plain_array)
{
	static struct hashtab_node n[N];
	static bool is_in[N];
	unsigned seed = 3;
	size_t count = 0;
	struct hashtab t;

	printf("seed %u\n", seed);
	hashtab_init(&t, (struct siphash_key){ { 3, 4 } });
	for (unsigned i = 0; i < N; i++)
		n[i].key = key(i / 2, (uint16_t)(i % 2));
	for (int turn = 0; turn < 50000; turn++) {
		int i = rand_r(&seed) % N;

		ck_assert_ptr_eq(hashtab_find(&t, &n[i].key),
		    is_in[i] ? &n[i] : NULL);
		if (is_in[i])
			ck_assert_ptr_eq(hashtab_take(&t, &n[i].key), &n[i]);
		else
			ck_assert_int_eq(hashtab_put(&t, &n[i]), 0);
		is_in[i] = !is_in[i];
		count = is_in[i] ? count + 1 : count - 1;
		ck_assert_uint_eq(t.count, count);
	}
	/* iteration meets each one that is in, once */
	for (struct hashtab_node *p = hashtab_next(&t, NULL); p != NULL;
	    p = hashtab_next(&t, p)) {
		ck_assert(is_in[p - n]);
		is_in[p - n] = false;
		count--;
	}
	ck_assert_uint_eq(count, 0);
	hashtab_fini(&t);
}
END_TEST

UNIT_MAIN("hashtab", an_empty_table_finds_nothing,
    every_part_of_the_key_counts, a_key_is_in_once,
    the_padding_of_an_endpoint_does_not_count,
    the_table_agrees_with_a_plain_array)

/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include "common/heap.h"

START_TEST(an_empty_heap_has_no_first)
{
	struct heap h;
	struct heap_node n = { 0 };

	heap_init(&h);
	ck_assert_ptr_null(heap_first(&h));
	heap_remove(&h, &n); /* in no heap: nothing happens */
	ck_assert_uint_eq(h.count, 0);
	heap_fini(&h);
}
END_TEST

START_TEST(ties_come_out_in_the_order_of_putting)
{
	struct heap h;
	struct heap_node n[50] = { 0 };

	heap_init(&h);
	for (int i = 0; i < 50; i++)
		ck_assert_int_eq(heap_put(&h, &n[i], i % 2), 0);
	for (int i = 0; i < 50; i++) {
		struct heap_node *first = heap_first(&h);
		ck_assert_ptr_eq(first, &n[i < 25 ? 2 * i : 2 * i - 49]);
		heap_remove(&h, first);
	}
	heap_fini(&h);
}
END_TEST

START_TEST(putting_again_moves)
{
	struct heap h;
	struct heap_node a = { 0 }, b = { 0 };

	heap_init(&h);
	heap_put(&h, &a, 1);
	heap_put(&h, &b, 2);
	heap_put(&h, &a, INT64_MAX);
	ck_assert_uint_eq(h.count, 2);
	ck_assert_ptr_eq(heap_first(&h), &b);
	heap_put(&h, &a, INT64_MIN);
	ck_assert_ptr_eq(heap_first(&h), &a);
	heap_put(&h, &a, 2); /* behind b now, which was there first */
	ck_assert_ptr_eq(heap_first(&h), &b);
	heap_remove(&h, &b);
	heap_remove(&h, &a);
	ck_assert_uint_eq(a.slot, 0);
	ck_assert_ptr_null(heap_first(&h));
	heap_fini(&h);
}
END_TEST

static const struct heap_node *
naive_first(const struct heap_node *n, int count)
{
	const struct heap_node *best = NULL;

	for (int i = 0; i < count; i++)
		if (n[i].slot != 0 && (best == NULL || n[i].key < best->key ||
		    (n[i].key == best->key && n[i].order < best->order)))
			best = &n[i];
	return best;
}

START_TEST(the_first_is_always_the_smallest)
{
	struct heap_node n[100] = { 0 };
	struct heap h;
	unsigned seed = 11;

	printf("seed %u\n", seed);
	heap_init(&h);
	for (int i = 0; i < 50000; i++) {
		struct heap_node *node = &n[rand_r(&seed) % 100];

		if (rand_r(&seed) % 3 == 0)
			heap_remove(&h, node);
		else
			heap_put(&h, node, rand_r(&seed) % 40);
		ck_assert_ptr_eq(heap_first(&h), naive_first(n, 100));
	}
	heap_fini(&h);
}
END_TEST

UNIT_MAIN("heap", an_empty_heap_has_no_first,
    ties_come_out_in_the_order_of_putting, putting_again_moves,
    the_first_is_always_the_smallest)

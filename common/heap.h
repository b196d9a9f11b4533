/* SPDX-License-Identifier: ISC
 *
 * An intrusive binary heap, smallest first: the timers' order.  Nodes sit in
 * the caller's objects, and the heap holds pointers to them; ties come out in
 * the order in which they were put in, so that a simulated run repeats. */
#ifndef COMMON_HEAP_H
#define COMMON_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
	int64_t key;
	uint64_t order; /* set by heap_put */
	size_t slot;    /* 1-based; 0 = in no heap */
};

struct heap {
	struct heap_node **nodes;
	size_t count, room;
	uint64_t order;
};

void heap_init(struct heap *);
void heap_fini(struct heap *); /* nodes are left as they are */

/* Puts node in with its key (moves it, if it was in already).  Returns 0 or
 * -ENOMEM. */
int heap_put(struct heap *, struct heap_node *node, int64_t key);

/* Takes node out; no effect when it is in no heap. */
void heap_remove(struct heap *, struct heap_node *node);

/* The smallest, or NULL. */
struct heap_node *heap_first(const struct heap *);

#endif

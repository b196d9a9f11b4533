/* SPDX-License-Identifier: ISC
 *
 * The tree lies in an array from slot 1: the children of slot n are 2n and
 * 2n + 1.  Each node knows its slot, so that one in the middle can be taken out
 * or moved without a search. */
#include "common/heap.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM 16

static bool
before(const struct heap_node *a, const struct heap_node *b)
{
	return a->key != b->key ? a->key < b->key : a->order < b->order;
}

static void
place(struct heap *h, struct heap_node *node, size_t slot)
{
	h->nodes[slot - 1] = node;
	node->slot = slot;
}

/* Finds the place of node, whose slot is free or its own: up, then down. */
static void
settle(struct heap *h, struct heap_node *node, size_t slot)
{
	while (slot > 1 && before(node, h->nodes[slot / 2 - 1])) {
		place(h, h->nodes[slot / 2 - 1], slot);
		slot /= 2;
	}
	for (;;) {
		size_t child = 2 * slot;

		if (child > h->count)
			break;
		if (child < h->count &&
		    before(h->nodes[child], h->nodes[child - 1]))
			child++;
		if (!before(h->nodes[child - 1], node))
			break;
		place(h, h->nodes[child - 1], slot);
		slot = child;
	}
	place(h, node, slot);
}

void
heap_init(struct heap *h)
{
	*h = (struct heap){ 0 };
}

void
heap_fini(struct heap *h)
{
	free(h->nodes);
	heap_init(h);
}

int
heap_put(struct heap *h, struct heap_node *node, int64_t key)
{
	if (node->slot == 0 && h->count == h->room) {
		size_t room = h->room != 0 ? 2 * h->room : FIRST_ROOM;
		void *nodes = reallocarray(h->nodes, room, sizeof *h->nodes);

		if (nodes == NULL)
			return -ENOMEM;
		h->nodes = nodes;
		h->room = room;
	}
	node->key = key;
	node->order = h->order++;
	settle(h, node, node->slot != 0 ? node->slot : ++h->count);
	return 0;
}

void
heap_remove(struct heap *h, struct heap_node *node)
{
	size_t slot = node->slot;

	if (slot == 0)
		return;
	node->slot = 0;

	struct heap_node *last = h->nodes[--h->count];

	if (last != node)
		settle(h, last, slot);
}

struct heap_node *
heap_first(const struct heap *h)
{
	return h->count != 0 ? h->nodes[0] : NULL;
}

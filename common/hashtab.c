/* SPDX-License-Identifier: ISC
 *
 * Buckets double when there are as many nodes; they never shrink. */
#include "common/hashtab.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"

#define FIRST_BUCKETS 16

/* What counts of an endpoint, without the padding of its struct. */
static size_t
bucket_of(const struct hashtab *t, const struct endpoint *key)
{
	unsigned char bytes[24];

	put16(bytes, key->addr.family);
	put16(bytes + 2, key->port);
	put32(bytes + 4, key->addr.scope);
	memcpy(bytes + 8, key->addr.bytes, 16);
	return siphash(&t->hash_key, bytes, sizeof bytes) & (t->n_buckets - 1);
}

static bool
same(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

/* The pointer that leads to key's node, or the end of its bucket. */
static struct hashtab_node **
locate(const struct hashtab *t, const struct endpoint *key)
{
	struct hashtab_node **p = &t->buckets[bucket_of(t, key)];

	while (*p != NULL && !same(&(*p)->key, key))
		p = &(*p)->next;
	return p;
}

static int
grow(struct hashtab *t)
{
	struct hashtab bigger = *t;

	bigger.n_buckets = t->n_buckets != 0 ? 2 * t->n_buckets : FIRST_BUCKETS;
	bigger.buckets = calloc(bigger.n_buckets, sizeof *bigger.buckets);
	if (bigger.buckets == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_buckets; i++)
		for (struct hashtab_node *n = t->buckets[i], *next; n != NULL;
		    n = next) {
			struct hashtab_node **to =
			    &bigger.buckets[bucket_of(&bigger, &n->key)];

			next = n->next;
			n->next = *to;
			*to = n;
		}
	free(t->buckets);
	*t = bigger;
	return 0;
}

void
hashtab_init(struct hashtab *t, struct siphash_key hash_key)
{
	*t = (struct hashtab){ .hash_key = hash_key };
}

void
hashtab_fini(struct hashtab *t)
{
	free(t->buckets);
	hashtab_init(t, t->hash_key);
}

struct hashtab_node *
hashtab_find(const struct hashtab *t, const struct endpoint *key)
{
	return t->count != 0 ? *locate(t, key) : NULL;
}

int
hashtab_put(struct hashtab *t, struct hashtab_node *node)
{
	if (hashtab_find(t, &node->key) != NULL)
		return -EEXIST;
	if (t->count == t->n_buckets && grow(t) < 0)
		return -ENOMEM;

	struct hashtab_node **end = locate(t, &node->key);

	node->next = NULL;
	*end = node;
	t->count++;
	return 0;
}

struct hashtab_node *
hashtab_take(struct hashtab *t, const struct endpoint *key)
{
	if (t->count == 0)
		return NULL;

	struct hashtab_node **p = locate(t, key), *node = *p;

	if (node == NULL)
		return NULL;
	*p = node->next;
	node->next = NULL;
	t->count--;
	return node;
}

struct hashtab_node *
hashtab_next(const struct hashtab *t, const struct hashtab_node *n)
{
	size_t i = 0;

	if (n != NULL && n->next != NULL)
		return n->next;
	if (n != NULL)
		i = bucket_of(t, &n->key) + 1;
	for (; i < t->n_buckets; i++)
		if (t->buckets[i] != NULL)
			return t->buckets[i];
	return NULL;
}

/* SPDX-License-Identifier: ISC
 *
 * An intrusive hash table for what is found by an address or an endpoint.
 * Nodes sit in the caller's objects; entries of one bucket hang in a list.
 * The hash is keyed, since the addresses come from the network: whoever does
 * not know the key cannot choose addresses that fall into one bucket.
 *
 * Order of iteration follows from the key: nothing that must repeat may depend
 * on it. */
#ifndef COMMON_HASHTAB_H
#define COMMON_HASHTAB_H

#include <stddef.h>

#include "common/addr.h"
#include "common/siphash.h"

struct hashtab_node {
	struct endpoint key; /* port 0 where the address alone is the key */
	struct hashtab_node *next;
};

struct hashtab {
	struct siphash_key hash_key;
	struct hashtab_node **buckets; /* 2^n of them, or NULL while empty */
	size_t n_buckets, count;
};

/* hash_key: 16 random bytes.  Cannot fail. */
void hashtab_init(struct hashtab *, struct siphash_key hash_key);
void hashtab_fini(struct hashtab *); /* nodes are left as they are */

/* The node with this key, or NULL. */
struct hashtab_node *hashtab_find(const struct hashtab *,
    const struct endpoint *key);

/* Puts node in under its key, which must not change while it is in.  Returns
 * 0, -EEXIST when there is one with that key, or -ENOMEM. */
int hashtab_put(struct hashtab *, struct hashtab_node *node);

/* Takes out the node with this key and returns it, or NULL. */
struct hashtab_node *hashtab_take(struct hashtab *, const struct endpoint *key);

/* Every node once, in no order: NULL gives the first, a node its successor,
 * NULL again after the last.  The table must not be changed meanwhile. */
struct hashtab_node *hashtab_next(const struct hashtab *,
    const struct hashtab_node *);

#endif

/* SPDX-License-Identifier: ISC */
#include "daemon/engine/pairing.h"

#include <stddef.h>
#include <string.h>

void
pairing_init(struct pairing *p, uint64_t hash_key)
{
	memset(p, 0, sizeof *p);
	p->hash_key = hash_key | 1;
}

/* Multiplicative: the timestamps are ours, and differ in their low bits. */
static struct pairing_pair *
set_of(const struct pairing *p, uint64_t receive)
{
	size_t i = receive * p->hash_key >> 32 & (PAIRING_SETS - 1);

	return (struct pairing_pair *)p->pairs[i];
}

static struct pairing_pair *
find(const struct pairing *p, uint64_t receive)
{
	struct pairing_pair *set = set_of(p, receive);

	for (unsigned i = 0; i < PAIRING_WAYS; i++)
		if (set[i].receive == receive && set[i].transmit != 0)
			return &set[i];
	return NULL;
}

bool
pairing_find(const struct pairing *p, uint64_t receive, uint64_t *transmit)
{
	const struct pairing_pair *pair = find(p, receive);

	if (pair != NULL)
		*transmit = pair->transmit;
	return pair != NULL;
}

void
pairing_correct(struct pairing *p, uint64_t receive, uint64_t transmit)
{
	struct pairing_pair *pair = find(p, receive);

	if (pair != NULL)
		pair->transmit = transmit;
}

/* The one to lose: a free one, or the first by receive timestamp. */
static struct pairing_pair *
oldest(struct pairing_pair *set)
{
	struct pairing_pair *found = set;

	for (unsigned i = 0; i < PAIRING_WAYS && found->transmit != 0; i++)
		if (set[i].transmit == 0 ||
		    (int64_t)(set[i].receive - found->receive) < 0)
			found = &set[i];
	return found;
}

void
pairing_put(struct pairing *p, uint64_t receive, uint64_t transmit)
{
	struct pairing_pair *set = set_of(p, receive);
	struct pairing_pair *to = find(p, receive);

	if (to == NULL)
		to = oldest(set);
	to->receive = receive;
	to->transmit = transmit;
}

void
pairing_count(const struct pairing *p, uint64_t *n, uint64_t *span_s)
{
	uint64_t first = 0, last = 0;

	*n = 0;
	for (size_t i = 0; i < (size_t)PAIRING_SETS * PAIRING_WAYS; i++) {
		uint64_t receive =
		    p->pairs[i / PAIRING_WAYS][i % PAIRING_WAYS].receive;

		if (receive == 0)
			continue;
		/* Eras: what is less than 68 years before is before. */
		if (*n == 0 || (int64_t)(receive - first) < 0)
			first = receive;
		if (*n == 0 || (int64_t)(receive - last) > 0)
			last = receive;
		++*n;
	}
	*span_s = (last - first) >> 32;
}

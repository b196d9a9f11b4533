/* SPDX-License-Identifier: ISC */
#include "conf/access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "conf/list.h"

static struct access_rule
rule_of(const struct addr *a, int bits)
{
	return (struct access_rule){ .high = get64(a->bytes),
		.low = get64(a->bytes + 8), .bits = (uint8_t)bits };
}

/* < 0: a comes before b. */
static int
compare(const struct access_rule *a, const struct access_rule *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return (int)a->bits - (int)b->bits;
}

/* Whether what begins at (high, low) is in the rule's subnet. */
static bool
has(const struct access_rule *r, uint64_t high, uint64_t low)
{
	if (r->bits <= 64)
		return r->bits == 0 ||
		    (high ^ r->high) >> (64 - r->bits) == 0;
	return high == r->high &&
	    (low ^ r->low) >> (128 - r->bits) == 0;
}

/* How many rules come before r, which need not be one of them. */
static size_t
position(const struct access_family *f, const struct access_rule *r)
{
	size_t from = 0, to = f->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (compare(&f->rules[mid], r) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* Finds out again what is around the rules from i on: rule i - 1, or something
 * around that. */
static void
connect(struct access_family *f, size_t i)
{
	for (; i < f->n; i++) {
		struct access_rule *r = &f->rules[i];
		size_t around = i;

		while (around > 0 &&
		    !has(&f->rules[around - 1], r->high, r->low))
			around = f->rules[around - 1].around;
		r->around = (uint32_t)around;
	}
}

static int
set(struct access_family *f, const struct addr *addr, int bits, bool may,
    bool is_whole)
{
	struct access_rule new = rule_of(addr, bits);
	size_t at = position(f, &new), end = at;

	new.may = may;
	if (is_whole)
		while (end < f->n &&
		    has(&new, f->rules[end].high, f->rules[end].low))
			end++;
	else if (at < f->n && compare(&f->rules[at], &new) == 0)
		end++;
	if (end == at) {
		struct access_rule *grown =
		    list_grow(f->rules, f->n, sizeof *grown);

		if (grown == NULL)
			return -ENOMEM;
		f->rules = grown;
		memmove(&f->rules[at + 1], &f->rules[at],
		    (f->n - at) * sizeof *f->rules);
		f->n++;
	} else {
		memmove(&f->rules[at + 1], &f->rules[end],
		    (f->n - end) * sizeof *f->rules);
		f->n -= end - at - 1;
	}
	f->rules[at] = new;
	connect(f, at);
	return 0;
}

int
access_set(struct access *a, const struct subnet *s, bool may, bool is_whole)
{
	int r = 0;

	if (s->addr.family != ADDR_INET6)
		r = set(&a->v4, &s->addr, s->bits, may, is_whole);
	if (s->addr.family != ADDR_INET4 && r == 0)
		r = set(&a->v6, &s->addr, s->bits, may, is_whole);
	return r;
}

bool
access_may(const struct access *a, const struct addr *addr)
{
	const struct access_family *f =
	    addr->family == ADDR_INET6 ? &a->v6 : &a->v4;
	struct access_rule r = rule_of(addr, UINT8_MAX);

	if (addr->family != ADDR_INET4 && addr->family != ADDR_INET6)
		return false;
	for (size_t i = position(f, &r); i > 0; i = f->rules[i - 1].around)
		if (has(&f->rules[i - 1], r.high, r.low))
			return f->rules[i - 1].may;
	return false;
}

void
access_fini(struct access *a)
{
	free(a->v4.rules);
	free(a->v6.rules);
	memset(a, 0, sizeof *a);
}

/* SPDX-License-Identifier: ISC
 *
 * Who may, and who may not: rules on subnets, of which the longest that has an
 * address decides.  Without any that has it, it may not.
 *
 * The rules of a family are an array, ordered by where their subnets begin and
 * then from wide to narrow.  Two subnets never overlap by halves, so the last
 * rule that begins at or before an address either has it or lies inside all
 * those that do: each rule knows the next wider one around it, and the way up
 * from there ends at the longest match.  A look-up is a binary search and a few
 * steps, and touches no memory but the array. */
#ifndef CONF_ACCESS_H
#define CONF_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/subnet.h"

struct access_rule {
	uint64_t high, low; /* where the subnet begins; IPv4 on top */
	uint32_t around;    /* index of the next wider rule + 1; 0 = none */
	uint8_t bits;
	bool may;
};

/* All zeros = nobody may. */
struct access {
	struct access_family {
		struct access_rule *rules;
		size_t n;
	} v4, v6;
};

void access_fini(struct access *);

/* Allows or denies a subnet.  is_whole ("all") drops the rules on narrower ones
 * inside it first; otherwise those go on to decide.  Returns 0, or -ENOMEM with
 * the table still good, perhaps changed for IPv4 alone. */
int access_set(struct access *, const struct subnet *, bool may, bool is_whole);

/* False for what is no IP address. */
bool access_may(const struct access *, const struct addr *);

#endif

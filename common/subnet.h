/* SPDX-License-Identifier: ISC
 *
 * A subnet: an address of which the first bits count.  Those behind are zero,
 * so that equal subnets are equal memory. */
#ifndef COMMON_SUBNET_H
#define COMMON_SUBNET_H

#include <stdbool.h>

#include "common/addr.h"

struct subnet {
	struct addr addr; /* ADDR_NONE = every address of both families */
	int bits;         /* 0..32, 0..128; 0 for ADDR_NONE */
};

/* 32 or 128, 0 for an address that is neither IPv4 nor IPv6. */
int subnet_bits(const struct addr *);

/* The subnet of a's first bits.  Returns 0, -EINVAL for an address that is
 * neither IPv4 nor IPv6, or -ERANGE for bits it does not have. */
int subnet_make(struct subnet *, const struct addr *a, int bits);

/* Parses 1.2.3.4, 1.2.3.4/24, 2001:db8::/32, ::1, and 1.2.3, 1.2 or 1, which
 * are 24, 16 and 8 bits unless /BITS says otherwise.  Returns 0, -ERANGE for
 * bits that the address does not have, or -EINVAL for all else (a host's name,
 * perhaps), with *s untouched. */
int subnet_parse(struct subnet *s, const char *text);

bool subnet_has(const struct subnet *, const struct addr *);

/* ADDRESS/BITS, or "all".  Writes at most size bytes with NUL, returns buf. */
#define SUBNET_STRLEN (ADDR_STRLEN + 4)
const char *subnet_print(const struct subnet *, char *buf, size_t size);

#endif

/* SPDX-License-Identifier: ISC
 *
 * Which source somebody means: an address, an ID#, a name of the configuration
 * (tockctl) or of DNS, or a range of addresses. */
#ifndef CTL_WHERE_H
#define CTL_WHERE_H

#include <stddef.h>

#include "ctl/ctl.h"

/* The words from args->word[from] on with single blanks between, as chronyc
 * sees the rest of its line.  Returns buf; "" when there are none. */
const char *where_rest(const struct args *, int from, char buf[CTL_LINE]);

/* An address, an ID#, or a name that the system knows.  Returns 0 or
 * -EINVAL. */
int where_lookup(const struct ctl *, const char *text, struct addr *);

/* The same, but tockctl takes the first source of that configured name, if
 * there is one. */
int where_address(struct ctl *, const char *text, struct addr *);

/* The same, and tells the user when it is none. */
int where_source(struct ctl *, const char *text, struct addr *);

/* Reads ADDRESS, NETWORK/BITS, MASK/NETWORK; "" means all.  Returns 0, or < 0
 * after telling the user. */
int where_range(struct ctl *, const char *text, struct cmdmon_range *);

#endif

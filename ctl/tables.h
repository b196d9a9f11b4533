/* SPDX-License-Identifier: ISC
 *
 * tockctl's reports on stdout, in the format that ctl->format names.  Text has
 * human units, one for a column; CSV has a header and SI units; JSON see
 * json.h. */
#ifndef CTL_TABLES_H
#define CTL_TABLES_H

#include <stddef.h>

#include "ctl/ctl.h"

void table_tracking(struct ctl *, const struct cmdmon_tracking *,
    const char *name);
void table_sources(struct ctl *, const struct args *,
    const struct cmdmon_source *list, size_t n);
void table_sourcestats(struct ctl *, const struct args *,
    const struct cmdmon_sourcestats *list, size_t n);
void table_activity(struct ctl *, const struct cmdmon_activity *);

/* The unit in which n spans, stride bytes apart, are best read: that of the
 * median of those that are not 0. */
struct table_unit {
	const char *name;
	double size; /* s */
	int decimals;
};
struct table_unit table_unit(const double *first, size_t n, size_t stride);

/* "selected", "falseticker", ... */
const char *table_state(unsigned state);

#endif

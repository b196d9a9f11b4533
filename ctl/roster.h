/* SPDX-License-Identifier: ISC
 *
 * Who is called how: all sources' addresses and configured names, fetched once
 * for a command.  The members of a pool share a name, which then tells nobody
 * which of them is meant. */
#ifndef CTL_ROSTER_H
#define CTL_ROSTER_H

#include <stddef.h>

#include "common/addr.h"
#include "ctl/ctl.h"

#define ROSTER_NAME 256

struct roster_row {
	struct addr addr;
	char name[ROSTER_NAME];
};

struct roster {
	size_t n;
	struct roster_row rows[];
};

/* The roster, fetched when it was not yet; NULL when it cannot be had. */
const struct roster *roster_get(struct ctl *);
void roster_forget(struct ctl *); /* when the command is done */

/* How many sources have that name. */
size_t roster_count(struct ctl *, const char *name);

#endif

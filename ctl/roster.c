/* SPDX-License-Identifier: ISC */
#include "ctl/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 65536 /* whoever says more is no daemon of ours */

static bool
fetch_row(struct ctl *ctl, uint32_t i, struct roster_row *row)
{
	struct cmdmon_request q = { .command = CMD_SOURCE_DATA, .u.index = i };
	struct cmdmon_reply r;

	if (ctl_try(ctl, &q, &r) != 0)
		return false;
	row->addr = r.u.source.addr;
	if (r.u.source.mode == MODE_REFCLOCK)
		return true;
	q = (struct cmdmon_request){ .command = CMD_SOURCE_NAME,
		.u.addr = row->addr };
	if (ctl_try(ctl, &q, &r) == 0)
		snprintf(row->name, sizeof row->name, "%s", r.u.name);
	return true;
}

const struct roster *
roster_get(struct ctl *ctl)
{
	struct cmdmon_request q = { .command = CMD_N_SOURCES };
	struct cmdmon_reply r;
	struct roster *all;

	if (ctl->roster != NULL)
		return ctl->roster;
	if (ctl_try(ctl, &q, &r) != 0 || r.u.n_sources > MOST)
		return NULL;
	all = calloc(1, sizeof *all + r.u.n_sources * sizeof all->rows[0]);
	if (all == NULL)
		return NULL;
	for (uint32_t i = 0, n = r.u.n_sources; i < n; i++)
		if (fetch_row(ctl, i, &all->rows[all->n]))
			all->n++;
	return ctl->roster = all;
}

void
roster_forget(struct ctl *ctl)
{
	free(ctl->roster);
	ctl->roster = NULL;
}

size_t
roster_count(struct ctl *ctl, const char *name)
{
	const struct roster *all = roster_get(ctl);
	size_t n = 0;

	for (size_t i = 0; all != NULL && i < all->n; i++)
		n += strcmp(all->rows[i].name, name) == 0;
	return n;
}

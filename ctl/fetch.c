/* SPDX-License-Identifier: ISC */
#include "ctl/fetch.h"

#include <errno.h>
#include <stdlib.h>

#define SOURCES_MOST 65536 /* whoever says more is no daemon of ours */

int
fetch_tracking(struct ctl *ctl, struct cmdmon_tracking *t)
{
	struct cmdmon_request q = { .command = CMD_TRACKING };
	struct cmdmon_reply r;
	int rc = ctl_ask(ctl, &q, &r);

	if (rc == 0)
		*t = r.u.tracking;
	return rc;
}

int
fetch_source(struct ctl *ctl, uint32_t index, struct cmdmon_source *s)
{
	struct cmdmon_request q = { .command = CMD_SOURCE_DATA,
		.u.index = index };
	struct cmdmon_reply r;
	int rc = ctl_ask(ctl, &q, &r);

	if (rc == 0)
		*s = r.u.source;
	return rc;
}

int
fetch_sourcestats(struct ctl *ctl, uint32_t index,
    struct cmdmon_sourcestats *s)
{
	struct cmdmon_request q = { .command = CMD_SOURCESTATS,
		.u.index = index };
	struct cmdmon_reply r;
	int rc = ctl_ask(ctl, &q, &r);

	if (rc == 0)
		*s = r.u.sourcestats;
	return rc;
}

int
fetch_count(struct ctl *ctl, uint32_t *n)
{
	struct cmdmon_request q = { .command = CMD_N_SOURCES };
	struct cmdmon_reply r;
	int rc = ctl_ask(ctl, &q, &r);

	if (rc == 0)
		*n = r.u.n_sources < SOURCES_MOST ? r.u.n_sources
						  : SOURCES_MOST;
	return rc;
}

int
fetch_sources(struct ctl *ctl, struct cmdmon_source **list, size_t *n)
{
	uint32_t count;
	int rc = fetch_count(ctl, &count);

	*list = NULL;
	if (rc != 0)
		return rc;
	*list = calloc(count + 1, sizeof **list);
	if (!*list)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && rc == 0; i++)
		rc = fetch_source(ctl, i, &(*list)[i]);
	*n = count;
	if (rc != 0) {
		free(*list);
		*list = NULL;
	}
	return rc;
}

int
fetch_all_sourcestats(struct ctl *ctl, struct cmdmon_sourcestats **list,
    size_t *n)
{
	uint32_t count;
	int rc = fetch_count(ctl, &count);

	*list = NULL;
	if (rc != 0)
		return rc;
	*list = calloc(count + 1, sizeof **list);
	if (!*list)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && rc == 0; i++)
		rc = fetch_sourcestats(ctl, i, &(*list)[i]);
	*n = count;
	if (rc != 0) {
		free(*list);
		*list = NULL;
	}
	return rc;
}

/* SPDX-License-Identifier: ISC
 *
 * Whole lists from the daemon: first how many, then one by one. */
#ifndef CTL_FETCH_H
#define CTL_FETCH_H

#include <stddef.h>

#include "ctl/ctl.h"

/* Each asks for one thing, tells the user what goes wrong (see ctl_ask) and
 * returns 0 or < 0. */
int fetch_tracking(struct ctl *, struct cmdmon_tracking *);
int fetch_source(struct ctl *, uint32_t index, struct cmdmon_source *);
int fetch_sourcestats(struct ctl *, uint32_t index,
    struct cmdmon_sourcestats *);
int fetch_count(struct ctl *, uint32_t *n);

/* All sources; the caller frees *list. */
int fetch_sources(struct ctl *, struct cmdmon_source **list, size_t *n);

/* All sources' statistics; the caller frees *list. */
int fetch_all_sourcestats(struct ctl *, struct cmdmon_sourcestats **list,
    size_t *n);

#endif

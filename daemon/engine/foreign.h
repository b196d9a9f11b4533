/* SPDX-License-Identifier: ISC
 *
 * Somebody else sets the clock: a person, another program, the hypervisor, the
 * kernel that wakes from sleep.  The estimate lives on CLOCK_MONOTONIC_RAW, which
 * nobody can set, so after a mere step it is as good as before.  Where RAW may
 * have stood still it may be wrong by hours, and only a server can tell.  Where the
 * clock role says that it has, all offsets are forgotten and the frequency is
 * kept; a majority is needed as after a start, and its first answers count. */
#ifndef DAEMON_ENGINE_FOREIGN_H
#define DAEMON_ENGINE_FOREIGN_H

#include <stdbool.h>

#include "daemon/os/os.h"

struct engine;

struct foreign {
	enum {
		FOREIGN_NOTHING,
		FOREIGN_STEP,
		FOREIGN_SLEEP,
	} what;             /* until an update finds the clock right again; after
	                       sleep, a step once a server has spoken */
	struct timer timer; /* a step is put back then */
};

void foreign_init(struct foreign *, struct engine *);

/* Somebody else has set the clock; has_slept: RAW stood still meanwhile. */
void foreign_was_set(struct engine *, bool has_slept);

/* A new estimate finds the clock off by err, s. */
void foreign_updated(struct foreign *, double err);

#endif

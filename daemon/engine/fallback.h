/* SPDX-License-Identifier: ISC
 *
 * fallbackdrift MIN MAX: averages of the frequency over 2^MIN .. 2^MAX s.  When
 * the clock was not updated for 2^i s, the average over as long takes the place
 * of the last frequency, which may have been that of a hot afternoon. */
#ifndef DAEMON_ENGINE_FALLBACK_H
#define DAEMON_ENGINE_FALLBACK_H

#include "daemon/os/os.h"

struct engine;

#define FALLBACK_MAX 30 /* log2 s, the parser's bound */

struct fallback {
	struct {
		double freq;    /* s/s */
		double seconds; /* that are in it, 2^i at most */
	} averages[FALLBACK_MAX + 1];
	struct timer timer; /* the next one's turn */
	int next;           /* whose that is */
};

void fallback_init(struct fallback *, struct engine *);

/* The reference was updated. */
void fallback_update(struct engine *);

#endif

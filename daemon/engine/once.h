/* SPDX-License-Identifier: ISC
 *
 * One quick measurement: a burst to every source, and when all that answer have
 * said enough, or after ONCE_TIMEOUT, one correction.  -q and -Q end there;
 * initstepslew goes on with the sources of the configuration. */
#ifndef DAEMON_ENGINE_ONCE_H
#define DAEMON_ENGINE_ONCE_H

#include <stdbool.h>

#include "daemon/estimate/estimate.h"
#include "daemon/os/os.h"

struct engine;

#define ONCE_TIMEOUT 20.0 /* s: by then the last burst is over */

struct once {
	bool is_first;      /* initstepslew is not done yet */
	struct timer timer; /* of that */
};

/* Begins initstepslew, if there is one, and makes the sources of its hosts.
 * Returns 0 or -ENOMEM. */
int once_init(struct once *, struct engine *);

/* Whether the configuration's sources wait until initstepslew's hosts are
 * done. */
bool once_has_hosts(const struct engine *);

/* An update while only a quick measurement is wanted: fused, as of now. */
void once_update(struct engine *, const struct estimate *fused,
    struct pair now);

#endif

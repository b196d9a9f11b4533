/* SPDX-License-Identifier: ISC
 *
 * What is asked of an update before the clock follows it: how well it knows the
 * frequency (maxupdateskew) and how far it would displace the clock (maxchange,
 * logchange).  What an earlier update still has under way is no change. */
#ifndef DAEMON_ENGINE_CHANGE_H
#define DAEMON_ENGINE_CHANGE_H

#include <stdbool.h>

#include "daemon/estimate/estimate.h"
#include "daemon/os/os.h"

struct engine;

/* Whether fused, which the sources say at now, is to be followed; its frequency
 * may be exchanged for the one in use.  One update too many above maxchange
 * ends the daemon with status 1. */
bool change_is_wanted(struct engine *, struct estimate *fused,
    struct pair now);

#endif

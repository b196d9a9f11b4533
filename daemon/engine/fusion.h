/* SPDX-License-Identifier: ISC
 *
 * What the sources that are used say together (estimate/fuse.h), and what is
 * still to be learned from sources of which none can be believed. */
#ifndef DAEMON_ENGINE_FUSION_H
#define DAEMON_ENGINE_FUSION_H

#include <stdbool.h>

#include "daemon/engine/source.h"
#include "daemon/estimate/estimate.h"
#include "daemon/os/os.h"

struct engine;

/* After a selection: the estimate to follow. */
struct estimate fusion_follow(struct engine *, struct raw now);

/* After a selection without a result: sources that contradict each other about
 * the time may agree about the frequency.  Returns true with the estimate to
 * follow: the frequency, once it is known better than the clock's own or well,
 * while the offset stays where it was. */
bool fusion_hold(struct engine *, struct source *updated, struct pair now,
    struct estimate *held);

#endif

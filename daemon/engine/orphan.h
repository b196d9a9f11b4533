/* SPDX-License-Identifier: ISC
 *
 * `local orphan`: servers that all have this line and are each other's sources.
 * When none of them has a source with real time any more, one leads: it serves
 * its clock at the local stratum, and the others follow it, below that.
 *
 * So who says the local stratum, or more, has no real time, and has no claim
 * while somebody has.  Otherwise one of these mates is followed, the nearest to
 * the leader, among equals the one with the smallest reference ID, if
 *   its ID is smaller than our own, which is that of the address by which it
 *   knows us; so two leaders that meet become one; or
 *   we do not lead, and it does: who comes back takes the time that is there.
 * IDs fall on the way to the leader but for the last step, which ends at
 * somebody who follows nobody: hence no circles. */
#ifndef DAEMON_ENGINE_ORPHAN_H
#define DAEMON_ENGINE_ORPHAN_H

#include <stdbool.h>

#include "daemon/os/os.h"

struct engine;
struct source;

/* Of the sources with a claim, takes it from those whom orphan mode says are
 * not to be heard, and gives them a verdict.  Nothing without orphan mode. */
void orphan_review(struct engine *, struct raw now);

/* Whether this source, in orphan mode, is one without real time.  If it has a
 * claim, nobody else has. */
bool orphan_is_mate(const struct source *);

/* Whether one of them is followed, and answers. */
bool orphan_is_led(const struct engine *);

#endif

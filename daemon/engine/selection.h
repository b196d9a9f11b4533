/* SPDX-License-Identifier: ISC
 *
 * Which of the sources are believed now, and what they say together. */
#ifndef DAEMON_ENGINE_SELECTION_H
#define DAEMON_ENGINE_SELECTION_H

#include <stdbool.h>

#include "daemon/estimate/estimate.h"
#include "daemon/os/os.h"

struct engine;
struct source;

/* s from the start in which a source without an answer counts against a
 * majority; then those that have answered are all there are. */
#define SELECTION_PATIENCE 3.0

/* Gives every source its verdict.  Returns the best source, with *fused the
 * combined estimate at now, or NULL when there is no majority. */
struct source *selection_run(struct engine *, struct raw now,
    struct estimate *fused);

/* Takes part in the clock's correction. */
bool selection_uses(const struct source *);

#endif

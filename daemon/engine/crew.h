/* SPDX-License-Identifier: ISC
 *
 * The workers, seen from the engine: processes that answer clients in its place
 * (`serverworkers`).  They know what they have been told: rules, keys, and what
 * to say of us.  A worker that does not answer the engine is gone for good, and
 * the engine answers at its sockets itself. */
#ifndef DAEMON_ENGINE_CREW_H
#define DAEMON_ENGINE_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/config.h"
#include "daemon/os/os.h"
#include "privsep/wire_worker.h"

struct engine;
struct subnet;

struct crew {
	/* The backend's.  ask() sends worker i < n a request, which has another
	 * seq than the last one, and answer() waits for what it says to that;
	 * WRK_BYE has no answer.  When there is none, or not in time, they return
	 * -errno, is_gone is set, and what comes to the worker's sockets comes to
	 * the engine.  The latter two may happen at any time. */
	int (*ask)(struct crew *, unsigned i, const struct wrk_req *);
	int (*answer)(struct crew *, unsigned i, const struct wrk_req *,
	    struct wrk_rep *);
	void (*publish)(struct crew *, const struct wrk_reference *);
	/* Whether something waits at the sockets of worker i. */
	bool (*is_behind)(struct crew *, unsigned i);
	unsigned n;
	bool is_gone[WRK_MAX];
	/* Ours. */
	uint32_t seq;
	uint32_t log_size[WRK_MAX]; /* as it was told at first */
	struct wrk_counts counts[WRK_MAX]; /* as last told */
	struct timer timer;
};

/* Tells all of them what the configuration says, in set-up, and what they are
 * to become.  Returns 0, or -errno as call() or -ENOMEM. */
int crew_set_up(struct crew *, const struct config *, uint32_t uid,
    uint32_t gid);

/* Hands over the engine's rules; from then on they answer.  Does nothing
 * without workers, as all that follows.  Workers that fail are gone. */
void crew_start(struct engine *);

/* Good-bye. */
void crew_stop(struct engine *);

/* One more rule for clients.  Returns 0 or -ENOMEM. */
int crew_access(struct engine *, const struct subnet *, bool may,
    bool is_whole);

/* The engine's keys are new.  Returns 0 or -ENOMEM. */
int crew_keys(struct engine *);

/* What is told of us has changed; without it they learn within a second. */
void crew_publish(struct engine *);

/* Adds what all workers have counted, those that are gone, too. */
void crew_counts(struct engine *, struct wrk_counts *);

/* Places in all their logs; and from place first on, at most most clients with
 * least_hits or more.  *next is where to go on. */
size_t crew_log_size(const struct crew *);
unsigned crew_clients(struct crew *, const struct wrk_want *,
    struct wrk_client *, uint32_t *next);

#endif

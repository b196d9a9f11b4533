/* SPDX-License-Identifier: ISC
 *
 * A name and the sources that got their addresses from it: one for a `server`
 * line, up to maxsources for a `pool` line.  All of them exist from the start;
 * one without an address has an ADDR_ID and is given one by the next answer
 * that has one to spare.
 *
 * The name is looked up again
 *   until every source has an address, less and less often;
 *   when a source is bad, to give it another address; for one that once gave a
 *   sample half an hour after the last look-up at the earliest;
 *   when an address was not seen in an answer for `refresh` seconds: then one
 *   source, that which was not seen for longest, takes another. */
#ifndef DAEMON_ENGINE_POOL_H
#define DAEMON_ENGINE_POOL_H

#include <stdbool.h>
#include <sys/queue.h>

#include "conf/config.h"
#include "daemon/os/os.h"

struct engine;
struct source;

struct pool {
	TAILQ_ENTRY(pool) link;
	struct engine *engine;
	struct config_source conf;
	unsigned n_sources;
	struct lookup lookup;
	struct timer timer;     /* the next look-up */
	struct mono looked_up;  /* the last answer, whatever it was */
	unsigned failed;        /* answers in a row that left one without */
	bool refresh_all;       /* an operator wants the next answer to count
	                           for all */
};

/* Makes the sources of a line and starts looking for them; an address needs no
 * pool.  Returns 0 or -ENOMEM. */
int pool_add(struct engine *, const struct config_source *);

/* Called by source.c: it is freed, and the pool with the last one. */
void pool_leave(struct pool *);

/* Called by source.c: another address would be better.  Asks for one when that
 * may be. */
void pool_replace(struct source *);

/* Looks all names up now. */
void pool_refresh(struct engine *);

/* The network may be another one: looks up now what an address is missing for,
 * and if that fails as often as at the start. */
void pool_hurry(struct engine *);

/* Has no address, and the name has no more of them: nobody waits for it. */
bool pool_is_spare(const struct source *);

#endif

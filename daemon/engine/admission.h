/* SPDX-License-Identifier: ISC
 *
 * Who is served, and whose commands over UDP are heard: the tables of `allow`
 * and `cmdallow`.  A host's name is looked up at the start, by the resolver as
 * all names are, and counts for every address that it has; until one has
 * come that has any it is as if its line were not there, and it is asked for
 * again and again. */
#ifndef DAEMON_ENGINE_ADMISSION_H
#define DAEMON_ENGINE_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/access.h"
#include "conf/config.h"
#include "daemon/os/os.h"

struct admission_name;
struct engine;

struct admission {
	struct access clients;  /* allow, deny */
	struct access commands; /* cmdallow, cmddeny; loopback apart */
	struct admission_name *names; /* those of the configuration */
	size_t n_names;
	struct timer again; /* looks up what has no address yet ... */
	double wait;        /* ... after so many s */
};

/* The configuration's rules, and an empty log of clients; starts the look-ups.
 * Returns 0 or -ENOMEM. */
int admission_init(struct engine *);
void admission_fini(struct engine *);

/* One more rule, in a table of the engine's; what is for clients is told to the
 * workers, too.  Returns 0 or -ENOMEM. */
int admission_set(struct engine *, struct access *table, const struct subnet *,
    bool may, bool is_whole);

#endif

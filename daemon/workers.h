/* SPDX-License-Identifier: ISC
 *
 * The workers' processes, for the engine: started in set-up, since nothing is
 * forked later, watched, and replaced by the engine itself. */
#ifndef DAEMON_WORKERS_H
#define DAEMON_WORKERS_H

#include "common/options.h"
#include "conf/config.h"
#include "daemon/engine/crew.h"
#include "daemon/engine/server.h"
#include "daemon/os/os_poll.h"
#include "privsep/refpage.h"

struct workers {
	struct crew crew; /* n 0: there are none */
	struct os_linux *os;
	struct server *server;
	struct refpage *page;
	int wait_ms; /* for an answer */
	struct workers_one {
		struct watch watch;
		struct workers *all;
		int fd; /* of the channel; -1 = gone */
		struct mono asked; /* when it was asked last ... */
		int wait_ms;       /* ... and how long it may take */
		double late_ms; /* that it has kept us waiting of late */
	} each[WRK_MAX];
};

/* Opens the sockets of c->serverworkers workers behind those of s, which is
 * open, and says who gets what of the clients.  Returns 0, or -errno after
 * logging it. */
int workers_open(struct workers *, struct os_linux *, struct server *s,
    const struct config *c);

/* Starts them, while we are root, to become the user with these ids; the
 * programs are found beside our own.  Returns 0, or -errno after logging it. */
int workers_start(struct workers *, const struct config *,
    const struct options *, unsigned uid, unsigned gid);

/* Waits for their end, after crew_stop(), not for long. */
void workers_end(struct workers *);

#endif

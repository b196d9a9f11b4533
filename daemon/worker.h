/* SPDX-License-Identifier: ISC
 *
 * A worker: answers the clients that come to its own sockets, as the engine
 * would.  What it tells of itself it reads from the engine's page; whom it
 * answers, how often, and with which keys, it has been told by message.  It
 * holds nothing else. */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include <stdbool.h>

#include "conf/access.h"
#include "daemon/engine/answerer.h"
#include "daemon/engine/clientlog.h"
#include "daemon/os/os.h"
#include "daemon/wire/keys.h"
#include "privsep/refpage.h"
#include "privsep/wire_worker.h"

struct worker {
	struct os *os;
	const struct refpage *page;
	struct wrk_reference told; /* what was read from it last */
	struct answerer answerer;
	struct access access;
	struct clientlog log;
	struct keys keys;
	struct keys next_keys; /* while they come in */
	bool is_set_up, is_started, is_taking_keys;
};

/* os and page are kept. */
void worker_init(struct worker *, struct os *, const struct refpage *page);
void worker_fini(struct worker *);

/* What is received through a socket whose owner is the worker, once it has been
 * started; and what was sent through it. */
void worker_receive(struct sock *, struct dgram *, int n);
void worker_sent(struct sock *, const unsigned char *data, size_t len,
    const struct stamp *);

/* Does what the engine wants and fills the answer.  Returns 0; 1 when that was
 * WRK_BYE, which has no answer; or -EPROTO for what no engine sends. */
int worker_request(struct worker *, const struct wrk_req *, struct wrk_rep *);

#endif

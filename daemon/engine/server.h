/* SPDX-License-Identifier: ISC
 *
 * Serves time: the sockets, and what is told of ourselves, which is worked out
 * once for each batch of requests.
 *
 * The time served is the clock's as it is, in mid-slew, too; what the clock is
 * believed to be off by counts as root dispersion. */
#ifndef DAEMON_ENGINE_SERVER_H
#define DAEMON_ENGINE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/config.h"
#include "daemon/engine/answerer.h"
#include "daemon/os/os.h"
#include "privsep/wire_worker.h"

struct engine;

struct server {
	struct engine *engine; /* whose time it is; NULL: nobody's yet */
	struct sock v4, v6;
	struct sock *more; /* the workers': two each, IPv4 and IPv6; or NULL */
	unsigned n_more;
	bool is_open;
	int8_t precision;      /* log2 s */
	uint64_t told_lost;    /* requests, in the log */
	struct answerer answerer;
};

/* Whether the configuration is one of a server: it has a port, and a line that
 * allows somebody or is about broadcasts, or a peer. */
bool server_is_wanted(const struct config *);

/* Opens the sockets, in set-up, since the port takes root; family: of the
 * sockets, ADDR_NONE = both.  Without server_is_wanted() it opens none.  Returns
 * 0, or -errno when there is none at all (a machine may have one family only).
 * config is kept until server_start(). */
int server_open(struct server *, struct os *, const struct config *,
    enum addr_family family);

/* Opens sockets for n workers at the same address, after server_open() and in
 * this order.  They are the server's like its own: whoever does not want it to
 * answer there keeps them from it.  Returns 0 or -errno, none being open. */
int server_open_more(struct server *, struct os *, const struct config *,
    unsigned n);

/* From now on requests are answered with e's time.  Returns 0 or -ENOMEM. */
int server_start(struct server *, struct engine *e);

/* What we say of ourselves: a packet but for version, mode, poll, and the last
 * three timestamps. */
void server_describe(const struct server *, struct pair now,
    struct ntp_packet *);

/* Tells the log of requests that were lost since the last time. */
void server_tell_lost(struct server *);

/* The same, as it is handed on to others. */
void server_tell(const struct server *, struct pair now,
    struct wrk_reference *);

/* The engine is gone. */
void server_stop(struct server *);
void server_close(struct server *, struct os *);

#endif

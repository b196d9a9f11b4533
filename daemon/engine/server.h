/* SPDX-License-Identifier: ISC
 *
 * Serves time: datagrams come in batches and answers leave in batches.  What is
 * told of ourselves is worked out once for each batch.
 *
 * The time served is the clock's as it is, in mid-slew, too; what the clock is
 * believed to be off by counts as root dispersion. */
#ifndef DAEMON_ENGINE_SERVER_H
#define DAEMON_ENGINE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/config.h"
#include "daemon/engine/respond.h"
#include "daemon/os/os.h"

struct engine;

#define SERVER_BATCH 16 /* answers on their way at a time */

struct server_counts { /* since start, or since the report was reset */
	uint64_t received;  /* datagrams */
	uint64_t refused;   /* from who is not allowed */
	uint64_t ignored;   /* requests that are none, or forged */
	uint64_t answered;
	uint64_t with_mac, interleaved; /* of these */
	uint64_t prepared;       /* requests to be answered */
	uint64_t kernel_receive; /* of these: stamped by the kernel */
	uint64_t kernel_sent;    /* answers likewise */
};

struct server {
	struct engine *engine; /* whose time it is; NULL: nobody's yet */
	struct sock v4, v6;
	bool is_open;
	double send_time;      /* s that one answer of a batch takes, of late */
	int8_t precision;      /* log2 s */
	struct respond_common common;
	struct server_counts counts;
	struct answer answers[SERVER_BATCH];
};

/* Whether the configuration is one of a server: it has a port, and a line that
 * allows somebody. */
bool server_is_wanted(const struct config *);

/* Opens the sockets, in set-up, since the port takes root; family: of the
 * sockets, ADDR_NONE = both.  Without server_is_wanted() it opens none.  Returns
 * 0, or -errno when there is none at all (a machine may have one family only).
 * config is kept until server_start(). */
int server_open(struct server *, struct os *, const struct config *,
    enum addr_family family);

/* From now on requests are answered with e's time.  Returns 0 or -ENOMEM. */
int server_start(struct server *, struct engine *e);

/* The engine is gone. */
void server_stop(struct server *);
void server_close(struct server *, struct os *);

/* How many answers are remembered for interleaved clients, and the s between
 * the first and the last of them. */
void server_pairs(const struct server *, uint64_t *n, uint64_t *span_s);

#endif

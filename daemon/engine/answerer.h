/* SPDX-License-Identifier: ISC
 *
 * Requests of NTP clients in, answers out, a batch at a time: who may ask, how
 * often, what is answered.  It knows no engine: what is told of ourselves is
 * put into common.header before each batch, by whoever knows it. */
#ifndef DAEMON_ENGINE_ANSWERER_H
#define DAEMON_ENGINE_ANSWERER_H

#include <stdint.h>

#include "daemon/engine/respond.h"
#include "daemon/os/os.h"

struct access;
struct clientlog;

#define ANSWERER_BATCH 16 /* answers on their way at a time */

struct answerer_counts { /* since start, or since the report was reset */
	uint64_t received;  /* datagrams, but for those to all */
	uint64_t lost;      /* others, that found the receive queue full */
	uint64_t refused;   /* from who is not allowed */
	uint64_t ignored;   /* requests that are none, or forged */
	uint64_t answered;
	uint64_t with_mac, interleaved; /* of these */
	uint64_t prepared;       /* requests to be answered */
	uint64_t kernel_receive; /* of these: stamped by the kernel */
	uint64_t kernel_sent;    /* answers likewise */
};

struct answerer {
	struct os *os;
	const struct access *access;
	struct clientlog *log;
	double send_time; /* s that one answer of a batch takes, of late */
	struct respond_common common;
	struct answerer_counts counts;
	struct answer answers[ANSWERER_BATCH];
};

/* The pointers are kept; has_pairs: there are interleaved answers.  Returns 0
 * or -ENOMEM. */
int answerer_init(struct answerer *, struct os *, const struct access *,
    struct clientlog *, const struct keys *, bool has_pairs);
void answerer_fini(struct answerer *);

/* Answers requests that came through a socket, n >= 1, all by the header that
 * common has. */
void answerer_serve(struct answerer *, struct sock *, const struct dgram *,
    int n);

/* Likewise one, of a peer of ours, whoever may ask. */
void answerer_serve_peer(struct answerer *, struct sock *,
    const struct dgram *);

/* An answer left at stamp; data as in sock->sent. */
void answerer_sent(struct answerer *, const unsigned char *data, size_t len,
    const struct stamp *);

/* How many answers are remembered for interleaved clients, and the s between
 * the first and the last of them. */
void answerer_pairs(const struct answerer *, uint64_t *n, uint64_t *span_s);

#endif

/* SPDX-License-Identifier: ISC
 *
 * The client's half of an association: when to ask, asking, and which answers
 * count (RFC 5905 sections 8, 9 and 13; what an off-path spoofer may not do).
 *
 * A request goes out through a fresh connected socket on a random port, with 64
 * random bits where the protocol has the transmit timestamp; the true time of
 * sending stays here.  Only an answer that brings these bits back can end the
 * wait; anything else is as if it never came. */
#ifndef DAEMON_ENGINE_CLIENT_H
#define DAEMON_ENGINE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/estimate/estimator.h"
#include "daemon/os/os.h"
#include "daemon/wire/packet.h"

struct source;

/* What an answer said, beside its sample. */
struct client_reply {
	struct ntp_packet packet;
	struct tspec server_rx, server_tx; /* T2, T3 */
	struct endpoint local;
	enum stamp_src tx_src, rx_src;
};

struct client {
	struct source *source;
	struct timer timer;      /* the next poll, or the end of the wait */
	struct sock sock;        /* open only while an answer is awaited */
	bool is_waiting;
	bool is_denied;          /* kiss code DENY or RSTR: never ask again */
	unsigned burst;          /* quick requests still to be sent */
	int poll, minpoll;       /* log2 s; RATE kisses raise both */
	unsigned good_in_row;    /* for the poll control */
	unsigned unanswered;     /* requests in a row */
	uint8_t reach;           /* newest poll in the lowest bit */
	struct mono asked;       /* last request */
	struct mono next_poll;   /* when the timer will ask again */
	struct mono answered;    /* last good answer */

	uint64_t cookie;         /* the transmit field that was sent */
	uint64_t last_xmt;       /* of the last answer: a copy is a duplicate */
	struct stamp sent;       /* when it left, the best stamp so far */
	uint32_t total_tx, total_rx, total_valid, total_good;
};

void client_init(struct client *, struct source *);
void client_start(struct client *);
void client_stop(struct client *); /* no timer, no socket; may start again */

/* Seconds from one request to the next, as things stand. */
double client_interval(const struct client *);

/* The poll control: what became of the newest sample. */
void client_judge(struct client *, enum estimator_result);

#endif

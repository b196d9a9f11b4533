/* SPDX-License-Identifier: ISC
 *
 * The client's half of an association: when to ask, and when to stop (RFC 5905
 * section 13).  How a request is made and which answer is its own is in
 * exchange.h, what the answer is worth in reply.h, what it travels through in
 * acquire.h.
 *
 * A poll is one request, or a burst of them 2 s apart that ends as soon as
 * enough were good, or one that requests sent only to wake up what lies on the
 * path go ahead of (`presend`).  A source's options are in its conf, which the
 * run-time changes below change. */
#ifndef DAEMON_ENGINE_CLIENT_H
#define DAEMON_ENGINE_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/engine/exchange.h"
#include "daemon/engine/reply.h"
#include "daemon/estimate/estimator.h"
#include "daemon/estimate/medfilt.h"
#include "daemon/estimate/pollctl.h"
#include "daemon/estimate/quantile.h"
#include "daemon/os/os.h"

struct source;

struct client {
	struct source *source;
	struct timer timer;      /* the next poll, or the end of the wait */
	struct sock sock;        /* open only while an answer is awaited, unless
	                            all sources share one (acquire.h) */
	struct exchange exchange;
	bool is_waiting;
	bool is_ahead;           /* for a request of `presend` */
	bool is_denied;          /* kiss code DENY or RSTR: never ask again */
	unsigned ahead;          /* requests ahead of this poll, made so far */
	unsigned burst;          /* quick requests that may still be sent ... */
	unsigned burst_good;     /* ... until so many more were good */
	unsigned rest;           /* requests that iburst may still cost: sent at
	                            growing gaps, so that the frequency is known
	                            before the polls are far apart */
	unsigned unsent;         /* of a burst, in a row: could not be sent */
	struct pollctl pollctl;  /* the interval */
	int poll, minpoll;       /* log2 s, poll rounded; RATE kisses raise
	                            both */
	struct mono jumped;      /* the last time, or the first answer */
	double calm;             /* s, before that; 0: it never jumped */
	unsigned unanswered;     /* polls in a row */
	uint8_t reach;           /* newest poll in the lowest bit */
	struct mono asked;       /* last request */
	struct mono next_extra;  /* not before this is one asked for at once */
	struct mono next_poll;   /* when the timer will ask again */
	struct mono answered;    /* last good answer */

	struct quantile delays;  /* for maxdelayquant */
	struct medfilt filter;   /* for filter */
	unsigned filter_polls;   /* since it gave a sample */

	struct client_reply last;
	uint32_t total_tx, total_rx, total_valid, total_good;
	uint32_t kernel_tx, kernel_rx, nic_tx, nic_rx; /* stamps of these */
};

void client_init(struct client *, struct source *);
void client_start(struct client *); /* unless its source is offline */
void client_stop(struct client *); /* no timer, no socket; may start again */

/* Seconds from one request to the next, as things stand. */
double client_interval(const struct client *);

/* The poll control: what became of the newest sample. */
void client_judge(struct client *, enum estimator_result);

/* Up to total requests until good ones were good, also while offline.  Returns
 * false where nobody can be asked, or a peer. */
bool client_burst(struct client *, unsigned good, unsigned total);

/* RAW stood still: nothing that began before is measured across that. */
void client_slept(struct client *);

/* Asks now, not at the next poll; but not twice within minpoll. */
void client_ask_now(struct client *);

/* minpoll or maxpoll in the source's conf has changed; minpoll <= maxpoll. */
void client_bounds_changed(struct client *);

/* Whether an answer is likely to come soon: the last one came, and the next was
 * asked for less than s seconds ago, or is asked for in this turn. */
bool client_answers_soon(const struct client *, double s);

/* Called by acquire.c and peer.c: a datagram from the server's address came in;
 * returns whether it was the server's.  And one that was sent left at stamp. */
bool client_receive(struct client *, const struct dgram *);
void client_sent(struct client *, const unsigned char *data, size_t len,
    const struct stamp *);

#endif

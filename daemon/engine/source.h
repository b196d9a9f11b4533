/* SPDX-License-Identifier: ISC
 *
 * One configured source: its name, the address it has now, how to reach it
 * (client), and what its samples say (estimator). */
#ifndef DAEMON_ENGINE_SOURCE_H
#define DAEMON_ENGINE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "conf/config.h"
#include "daemon/engine/client.h"
#include "daemon/estimate/estimator.h"
#include "daemon/estimate/fuse.h"
#include "daemon/estimate/stats.h"
#include "daemon/os/os.h"

#define SOURCE_LOST_POLLS 8 /* unanswered ones: it is unreachable */
#define CLAIM_SIGMAS 3.3 /* 99.9 % of a normal distribution */

struct engine;
struct heard;
struct pool;
struct symmetric;

enum source_verdict { /* why it is used or not, chronyc's letters */
	SOURCE_SELECTED = '*',
	SOURCE_COMBINED = '+',
	/* It could be used, but */
	SOURCE_SELECTABLE = 'D',  /* is too far away to be combined */
	SOURCE_UNPREFERRED = 'P', /* others have the option prefer */
	SOURCE_WAITING = 'W',     /* fewer than minsources agree, or none that
	                             is required */
	/* It cannot be used, it */
	SOURCE_FALSETICKER = 'x', /* disagrees with the majority */
	SOURCE_UNTRUSTED = 'T',   /* does not agree fully with the trusted */
	SOURCE_AWAITING = 'w',    /* agrees, but those that did not answer yet
	                             may be more */
	SOURCE_NOSELECT = 'N',    /* is only watched */
	SOURCE_MISSING = 'M',     /* has no samples yet */
	SOURCE_UNSYNCED = 's',    /* says so */
	SOURCE_STRATUM = 'r',     /* is below minstratum or above maxstratum */
	SOURCE_DISTANT = 'd',     /* has a distance above maxdistance */
	SOURCE_JITTERY = '~',     /* scatters by more than maxjitter */
	SOURCE_ORPHAN = 'O',      /* has no real time either, and is no orphan
	                             that we follow */
	SOURCE_STALE = 'S',       /* is unreachable, while others are not or
	                             for longer than maxunreach */
};

struct source {
	TAILQ_ENTRY(source) link;
	struct engine *engine;
	struct config_source conf; /* as operators changed it */
	struct endpoint remote;   /* addr is an ADDR_ID while unresolved */
	struct pool *pool;        /* NULL: an address was configured */
	struct heard *heard;      /* it broadcasts (listen.h), else NULL */
	struct mono named;        /* when the name last had this address */
	unsigned replaced;        /* look-ups since an address gave a sample */
	unsigned bad;             /* samples in a row */
	bool is_known_liar;       /* the log has it */
	bool is_unwanted;         /* the next answer is for another address */

	struct client client;     /* has reach, poll and the last packet */
	struct symmetric *symmetric; /* of a peer; NULL: a server */
	struct estimator estimator;
	struct fuse_member member;
	struct stats stats;

	bool is_restored;         /* estimator and stats are a dump's, and no
	                             sample of this run has confirmed them */
	bool has_sample;
	struct sample last;       /* the newest good one */
	double last_error;        /* its offset against the clock then, s, > 0:
	                             the clock was behind */
	double root_delay, root_dispersion; /* s, the server's, at last.at */
	int leap;                 /* of the server, 0..2; 3 unsynchronised */
	unsigned stratum;         /* of the server */
	bool has_no_time;         /* its newest answer says that it follows us, or
	                             that it is beyond any root distance */
	uint32_t refid;           /* of the server, at last.at */
	unsigned options;         /* that hold now, enum config_select */
	bool has_claim;           /* is heard at all, at the last selection */
	bool is_news;             /* the next selection counts what it said */
	double score;             /* against the selected one, >= 1 */
	bool is_forged;           /* the newest answer had no right MAC */
	enum source_verdict verdict;
};

/* Makes a source without an address.  Returns NULL without memory. */
struct source *source_new(struct engine *, const struct config_source *,
    struct pool *);
void source_free(struct source *);

/* Starts anew with this address: what was learned belonged to the old one.  Frees
 * one that was heard there, since anybody can have an address heard. */
void source_use(struct source *, const struct addr *);

/* Called by client.c: a packet passed every test. */
void source_sample(struct source *, const struct sample *,
    const struct client_reply *);

/* Learns the samples of an earlier run, before there is one of this; the first
 * of this run that contradicts them makes them forgotten. */
void source_restore(struct source *, const struct stats *);

/* Called by client.c: the server said something of itself, or source_sample():
 * select again, and see whether the source is worth keeping. */
void source_update(struct source *);

/* Called by client.c: polls go unanswered; look the name up again. */
void source_unreachable(struct source *);

/* Polls or does not poll; offline it has no vote. */
void source_set_online(struct source *, bool is_online);

/* total requests in quick succession, or fewer when good answers came; offline
 * again afterwards if it was.  As client_burst(). */
bool source_burst(struct source *, unsigned good, unsigned total);

/* RAW stood still for a while: it has no sample of now any more. */
void source_slept(struct source *);

/* Forgets what was measured, and starts anew. */
void source_reset(struct source *);

bool source_is_resolved(const struct source *);

/* What it says cannot have been said by anybody else. */
bool source_is_authenticated(const struct source *);

/* The server's, raised by the option minstratum; up to 16. */
unsigned source_stratum(const struct source *);

/* The interval in which true time lies by this source, as an offset x at an
 * instant; false without samples.  half is the error bound, s. */
bool source_claim(const struct source *, struct raw at, struct estimate *e,
    double *half);

/* Root distance at an instant (RFC 5905 appendix A.5.5.2), s. */
double source_distance(const struct source *, struct raw at);

/* The standard deviation of its samples' offsets, s; 0 while there are fewer
 * than three. */
double source_jitter(const struct source *);

/* Printed address, or the name while unresolved; valid until the next call
 * with the same buf. */
const char *source_label(const struct source *, char *buf, size_t size);

#endif

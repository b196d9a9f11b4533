/* SPDX-License-Identifier: ISC
 *
 * Who asks, how often, and whether that is too often.  The memory is fixed: an
 * address has a few places that a keyed hash finds, and takes over the one that
 * was not used for longest.  They are in two sets that have nothing to do with
 * each other, and a new address goes where more room is left: when three quarters
 * of all places are used, less than one address in a hundred has found none.  A limit is a bucket of tokens: each address has
 * `burst` answers, and gets one back each `interval`; of what is above that one
 * request in 2^leak is answered all the same, so that whoever forges an address
 * cannot cut its owner off. */
#ifndef DAEMON_ENGINE_CLIENTLOG_H
#define DAEMON_ENGINE_CLIENTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/prng.h"
#include "common/siphash.h"
#include "common/tspec.h"
#include "conf/config.h"

#define CLIENTLOG_WAYS 8 /* places of an address */

enum clientlog_service { CLIENTLOG_NTP, CLIENTLOG_COMMAND };

enum clientlog_verdict {
	CLIENTLOG_PASS, /* answer */
	CLIENTLOG_DROP, /* do not */
	CLIENTLOG_KISS, /* tell it to ask less often */
};

struct clientlog_record;

struct clientlog {
	struct clientlog_record *records; /* n_sets x WAYS; NULL: no log */
	void *memory; /* that they are in */
	uint32_t n_sets; /* of each kind */
	struct siphash_key key;
	struct prng prng;
	struct mono started;
	struct config_ratelimit limits[2]; /* of the services */
	uint64_t hits[2], drops[2]; /* of all; counted without a log, too */
	uint64_t lost;              /* records that others took over */
};

/* What a record says. */
struct clientlog_report {
	struct addr addr;
	uint32_t hits[2], drops[2]; /* drops: of the hits, unanswered; a
	                               large number may be off by 2 % */
	int interval[2]; /* log2 s between hits; CLIENTLOG_UNKNOWN */
	double ago[2];   /* s since the last; < 0 = never */
};
#define CLIENTLOG_UNKNOWN 127

/* bytes of memory, 0 = no log, and then no limits.  Returns 0 or
 * -ENOMEM. */
int clientlog_init(struct clientlog *, size_t bytes,
    const unsigned char random[24], struct mono now);
void clientlog_fini(struct clientlog *);

/* The sets that have an address's places. */
struct clientlog_places {
	uint32_t at[2];
};

/* For a hit soon: they are fetched from memory meanwhile, which takes longer
 * than all the rest. */
struct clientlog_places clientlog_locate(const struct clientlog *, const struct addr *);

/* A request has come, for the places of clientlog_locate().  is_exempt:
 * counted only. */
enum clientlog_verdict clientlog_hit_at(struct clientlog *,
    enum clientlog_service, const struct clientlog_places *,
    const struct addr *, struct mono now, bool is_exempt);

/* The same at once. */
enum clientlog_verdict clientlog_hit(struct clientlog *, enum clientlog_service,
    const struct addr *, struct mono now, bool is_exempt);

/* How many places there are, used or not. */
size_t clientlog_size(const struct clientlog *);

/* Place i < size; false: there is nothing, or what is told with another one. */
bool clientlog_get(const struct clientlog *, size_t i, struct mono now,
    struct clientlog_report *);

/* Sets the counts that clientlog_get() tells of place i to zero. */
void clientlog_reset(struct clientlog *, size_t i);

#endif

/* SPDX-License-Identifier: ISC
 *
 * What we are as a time source ourselves: synchronised or not, to whom, how
 * well.  The reports and (later) the server read it. */
#ifndef DAEMON_ENGINE_REFERENCE_H
#define DAEMON_ENGINE_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/tspec.h"
#include "daemon/estimate/estimate.h"
#include "daemon/os/os.h"
#include "daemon/wire/packet.h"

struct engine;
struct source;

struct reference {
	bool is_synced;
	struct mono synced_since; /* valid when is_synced */
	struct addr addr;     /* whom we follow, ADDR_NONE when unsynchronised */
	uint32_t refid;
	unsigned stratum;     /* 1..15, 0 when unsynchronised */
	int leap;             /* enum packet_leap */
	bool was_updated;     /* ever; the fields below hold then */
	bool was_led;         /* the last time by an orphan */
	struct mono updated;
	struct raw updated_raw;
	struct tspec ref_time; /* our clock at the last update */
	double root_delay;    /* s */
	double root_dispersion; /* s, at the last update */
	double last_offset;   /* s, > 0: the clock was behind; before correction */
	double rms_offset;    /* s, long-term */
	double freq;          /* s/s, the correction in use */
	double resid_freq;    /* s/s, what the last update changed */
	struct estimate fused; /* at the last update */
	double wander;        /* of our oscillator, (s/s)/sqrt(s) */
	double update_interval; /* s, between the last two */
	unsigned updates;     /* of the clock since start */
	bool is_known_local;  /* the log has it */
	double least_distance; /* s, root distance right after any update */
};

void reference_init(struct reference *);

/* The clock was just corrected by fused, of which best is the best source: err,
 * s, is what was wrong.  Does not set leap: leap_plan() does. */
void reference_follow(struct engine *, const struct source *best,
    const struct estimate *fused, struct pair now, double err);

/* Nobody can be followed any more. */
void reference_lose(struct reference *);

/* Whether time may be served as `local` has it, since sources have said too
 * little for too long. */
bool reference_is_ready(const struct engine *, struct raw now);

/* Whether it is served so: the clock as it is, for right, whatever sources said.
 * No orphan does that who follows another. */
bool reference_is_local(const struct engine *, struct pair now);

/* Tells the log when that has changed. */
void reference_tell_local(struct engine *);

/* What is known of x by now, without an update. */
struct estimate reference_forecast(const struct reference *, struct raw now);

/* Root dispersion now: that of the last update and what the clock may have
 * wandered since, as far as it is known, and by maxclockerror (wander, s/s). */
double reference_dispersion(const struct reference *, struct raw now,
    double wander);

/* By how much it grows in the next time, at most, s/s. */
double reference_growth(const struct reference *, struct raw now,
    double wander);

#endif

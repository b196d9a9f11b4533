/* SPDX-License-Identifier: ISC
 *
 * Steers the clock towards an estimate: frequency and one timed slew, or a step
 * where makestep allows it.  The clock's own error is never remembered, but
 * read each time: estimate - c, so that what the clock helper really did, and
 * what anybody else did, is always in the account. */
#ifndef DAEMON_ENGINE_DISCIPLINE_H
#define DAEMON_ENGINE_DISCIPLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/estimate/estimate.h"
#include "daemon/os/os.h"

struct engine;

struct discipline {
	bool has_target;
	struct estimate target; /* where the clock should be */
	double within;          /* s in which to get there */
	struct mono updated;    /* when the target was set ... */
	double updated_error;   /* ... and the clock's error then, s */
	bool is_controlled;     /* false: -x, or the clock said EPERM */
	int64_t base_ppt;       /* as last taken by the clock, or found */
	double slew_rate;       /* s/s on top of it until slew_end, ... */
	struct raw slew_end;
	double rest;            /* ... and s that it cannot remove */
	int64_t freq_ppt;       /* what the kernel runs at, from the last answer */
	int steps_left;         /* makestep's updates; < 0 no limit */
	double threshold;       /* makestep's, s */
	struct mono sent;       /* last CLK_ADJUST or CLK_STEP */
	struct mono said;       /* last CLK_STATUS */
	struct mono told;       /* likewise, or last status in a CLK_ADJUST, ... */
	struct clk_status status; /* ... and what it said */
	struct mono step_refused; /* no other is tried for a while */
	bool is_beyond;         /* the frequency limit cuts the estimate */
	struct timer later;     /* for what may not be sent yet, to look at what
	                           a large slew has left, ... */
	bool is_trifle;         /* ... or for what was not worth it, if no news
	                           come */
	struct timer complain;  /* hourly word about a short budget */
	double short_of;        /* s that wait for budget, 0 = none */
	struct mono answered;   /* when the clock gave the next three: */
	int64_t budget_ns;
	unsigned steps_guard;   /* steps the guard allows, 65535 = no limit */
	unsigned window_s;      /* of the guard's start window left */
	uint32_t refused_range, refused_budget, refused_rate, refused_other;
};

void discipline_init(struct discipline *, struct engine *);

/* The estimate is new: go there, in about `within` s, unless that is a trifle and
 * there is another one in `next` s.  Counts as one of makestep's updates.
 * Returns the clock's error before (s, > 0 behind). */
double discipline_update(struct engine *, const struct estimate *,
    double within, double next);

/* The clock's error now, s, > 0: behind; 0 while there is no target. */
double discipline_error(const struct engine *, struct pair now);

/* Whether that error is what became of the one at the last update.  If not,
 * somebody set the clock, or the machine slept and RAW stood still; then the
 * estimate may be wrong by hours, and only the next sample can tell. */
bool discipline_is_explained(const struct engine *);

/* The clock's error, or the target, was changed on purpose: go there now. */
void discipline_correct(struct engine *);

/* Somebody else set the clock, and the estimate is still true: go there within
 * about `within` s, by a step where makestep allows one. */
void discipline_repair(struct engine *, double within);

/* From now on the clock is to run at y, s/s, from where it is to be now. */
void discipline_set_frequency(struct engine *, double y);

/* By how much the estimate moves the clock, s, > 0 forward, apart from what is
 * under way already. */
double discipline_change(const struct engine *, const struct estimate *,
    struct pair now);

/* makestep by an operator: the whole remaining error at once.  Returns 0,
 * -EPERM (no control), -ENOSPC (refused by the guard), -EAGAIN (no target). */
int discipline_makestep(struct engine *);

/* makestep's new parameters at run time; limit < 0 = no limit. */
void discipline_modify_makestep(struct engine *, int limit, double threshold);

/* Tells the kernel and the guard how things stand (CLK_STATUS), where that is
 * news: adjustments have it with them.  Once a second at most: what comes too
 * early is left to e->status.  must: also where we may not set the clock, for a
 * service manager hears by it that we live. */
void discipline_status(struct engine *, bool must);

#endif

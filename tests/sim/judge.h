/* SPDX-License-Identifier: ISC
 *
 * How well one clock does: the true error, which the engine cannot know, and
 * what the engine claims.  Error and frequency are straight lines between two
 * samples.  Errors: s, > 0: the clock is behind. */
#ifndef TESTS_SIM_JUDGE_H
#define TESTS_SIM_JUDGE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JUDGE_BINS 4000  /* of 1 % each, from 1e-13 s on */
#define JUDGE_COLUMNS 1000
#define JUDGE_WINDOWS 16

struct judge_sample {
	double at;      /* s since the start */
	double error;
	double claim;   /* s >= 0: the engine's bound of |error|; INFINITY while
	                   it claims nothing */
	double freq;    /* s/s: what the clock's base frequency is off by, > 0:
	                   too fast */
	bool is_synced; /* so the engine says */
	double raw;     /* s: what RAW reads, for the trace */
};

enum window_kind { WINDOW_SYNCED, WINDOW_UNSYNCED, WINDOW_WITHIN };

/* What must hold from .. to. */
struct judge_window {
	enum window_kind kind;
	double from, to, most; /* s */
	unsigned broken;       /* samples for which it did not */
	double worst, first_broken;
};

struct judge_column { /* of a plot */
	bool is_set;
	double low, high, claim, freq_low, freq_high;
};

struct judge {
	/* Set before the first sample: */
	double settle;    /* s: from then on it counts */
	double end;       /* s, for the columns */
	double near;      /* s: what counts as synchronised to the eye, 1e-3 */
	FILE *trace;      /* NULL: none */
	const char *name; /* in the trace */
	struct judge_window windows[JUDGE_WINDOWS];
	unsigned n_windows;

	bool has_last;
	struct judge_sample last;
	double seconds, sum2, freq2, max; /* since settle */
	double claimed, honest; /* s with a claim, and those in which it held */
	double ratio;           /* max of |error| / claim, since settle */
	double synced;          /* s, since settle */
	double near_from;       /* s: since when, and until settle, the error
	                           was near; 0 = from the start */
	bool was_near;          /* at the last look before settle */
	double bins[JUDGE_BINS];
	struct judge_column columns[JUDGE_COLUMNS];
	uint64_t hash;          /* of all samples, bit by bit */
	uint64_t samples;
};

void judge_init(struct judge *);

/* A sample later than or at the instant of the last. */
void judge_sample(struct judge *, const struct judge_sample *);

/* The clock was set: what is between this and the last sample is no line. */
void judge_jump(struct judge *, const struct judge_sample *);

double judge_rms(const struct judge *);       /* s */
double judge_freq_rms(const struct judge *);  /* s/s */
double judge_quantile(const struct judge *, double share); /* of |error|, s */
double judge_honesty(const struct judge *);   /* 0..1; 1 without a claim */
double judge_time_to_near(const struct judge *); /* s; INFINITY: never */

#endif

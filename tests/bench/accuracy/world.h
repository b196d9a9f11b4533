/* SPDX-License-Identifier: ISC
 *
 * A clock and networks, as far as an estimator sees them: an oscillator whose
 * time is off by x, and samples of servers over paths with random delays.  Open
 * loop: nobody corrects x, which is what estimators work on (estimate.h). */
#ifndef TESTS_BENCH_ACCURACY_WORLD_H
#define TESTS_BENCH_ACCURACY_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/estimate/estimate.h"

#define WORLD_SERVERS 6
#define WORLD_FLICKER 9

enum law { /* of a wait; a, b and c below */
	LAW_NONE,
	LAW_EXP,      /* mean a */
	LAW_PARETO,   /* scale a, exponent b, at most c */
	LAW_NORMAL,   /* deviation a (around the base) */
	LAW_UNIFORM,  /* 0..a */
	LAW_GAMMA,    /* scale a, shape b */
	LAW_LOGNORMAL, /* median a, sigma b */
	LAW_WEIBULL,  /* scale a, shape b */
};

struct wait {
	enum law law;
	double a, b, c;
	/* a second part: with probability p2, law2 with a2 is added */
	double p2;
	enum law law2;
	double a2, b2, c2;
};

enum event { /* what else happens on a path */
	EVENT_NONE,
	EVENT_ROUTE,    /* + size both ways in the second half of each period */
	EVENT_ASYM,     /* + size upstream in the second half */
	EVENT_BUSY,     /* + exp size downstream in the last third */
	EVENT_BURST,    /* + exp size both ways in the first 25/120 */
	EVENT_DIURNAL,  /* + size (1 + sin) both ways */
	EVENT_HOPS,     /* + up to size both ways, another about each period */
	EVENT_QUEUE,    /* + a queue of mean size that changes within period */
	EVENT_BUSYBOTH, /* + exp size both ways in the last third */
	EVENT_SAW,      /* + up to size upstream in the last third, growing over
	                   half an hour, then empty */
	EVENT_LIE,      /* the server is off by size in the last tenth */
	EVENT_DRIFT,    /* the server's clock gains size, s/s */
	EVENT_ASYMDRIFT, /* + size (1 + sin)/2 upstream only */
};

struct path {
	double base; /* s, one way */
	struct wait up, down;
	double offset; /* s, what the server is wrong by */
	double loss;   /* 0..1 */
	double on, cycle; /* reachable for on of each cycle s; 0: always */
	enum event event;
	double size, period;
	double grain; /* s, of its time stamps */
	bool lies;    /* not to be measured against */
};

struct scenario {
	const char *name, *group;
	double chrony, bound; /* us, 0: unknown */
	double poll;          /* s, 0: 64 */
	double days;          /* 0: 2 */
	double walk;          /* (s/s)/sqrt(s) of frequency, random */
	double freq, start;   /* s/s, s at first; 0: 10 ppm, 10 ms */
	double sine, sine_period; /* frequency */
	double triangle, triangle_period;
	double flicker, white;    /* s/s of each part; (s/s) sqrt(s) */
	double jump, jump_every;  /* s/s at random times */
	double pause, pause_every; /* s that the oscillator stops */
	double aging;             /* s/s per s */
	int servers;
	struct path path[WORLD_SERVERS];
};

extern const struct scenario scenarios[];
extern const int scenarios_count;

struct world {
	const struct scenario *s;
	uint64_t seed, random[2]; /* oscillator's and network's */
	double t, x, y;           /* s since the start; offset, random part of y */
	double ou[WORLD_FLICKER];
	double next_jump, next_pause;
	struct {
		double hop, until, queue[2], queued;
	} state[WORLD_SERVERS];
};

void world_init(struct world *, const struct scenario *, int seed);

/* Moves on to a later instant. */
void world_run(struct world *, double t);

/* Asks a server now; false when no answer came. */
bool world_ask(struct world *, int server, struct sample *);


#endif

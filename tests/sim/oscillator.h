/* SPDX-License-Identifier: ISC
 *
 * A quartz: how far it runs while true time goes on by dt.  Its fractional
 * frequency error y (s/s, > 0: it runs fast) is a sum of
 *
 *	offset     fixed; jumps change it
 *	wander     random walk of frequency, q s/s per square root of a second
 *	white      white frequency noise: y averaged over 1 s has this deviation
 *	flicker    nine Ornstein-Uhlenbeck parts of this deviation each, with
 *	           time constants of 4^0 .. 4^8 s: 1/f in between
 *	waves      sines and triangles: the temperature
 *
 * The noise is drawn for each second of true time, phase and frequency jointly
 * and exactly; within a second the frequency is a parabola.  So it does not
 * matter when and how often anybody looks: two engines get the same quartz. */
#ifndef TESTS_SIM_OSCILLATOR_H
#define TESTS_SIM_OSCILLATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/prng.h"

#define OSC_FLICKERS 9
#define OSC_WAVES 4

struct osc_wave {
	double amplitude; /* s/s */
	double period;    /* s */
	double phase;     /* of the period, 0..1 */
	bool is_triangle;
};

struct oscillator {
	double offset, wander, white, flicker;
	struct osc_wave waves[OSC_WAVES];
	unsigned n_waves;

	bool is_running;              /* the rest is set */
	double second;                /* that was drawn, s since the start */
	double walk;                  /* what wander has made by its end, s/s */
	double parts[OSC_FLICKERS];   /* at its end, s/s */
	double y0, y1;                /* their sum at its start and end */
	double x;                     /* what the noise has made in it, s */
	struct prng prng;
};

void oscillator_init(struct oscillator *, uint64_t seed);

/* True time goes on from `from` s after the start by dt >= 0 s; returns by how
 * much more than dt the oscillator has counted, s. */
double oscillator_run(struct oscillator *, double from, double dt);

/* y at `at` s after the start, without the white noise, s/s. */
double oscillator_freq(const struct oscillator *, double at);

#endif

/* SPDX-License-Identifier: ISC
 *
 * The reference's time scale, and the tests' idea of truth.  It is a straight
 * line over CLOCK_MONOTONIC_RAW, fixed at one instant (the anchor): nothing
 * that anybody does to the system clock moves it, so it can judge a daemon
 * that steers that clock.  A program that knows the anchor computes the same
 * scale: the server writes it to a file, the observer reads it.
 *
 * Nothing here uses the daemon's own arithmetic, so that an error there
 * cannot cancel. */
#ifndef TESTS_REFERENCE_REFSCALE_H
#define TESTS_REFERENCE_REFSCALE_H

#include <stdint.h>

struct refscale {
	int64_t raw0_ns; /* CLOCK_MONOTONIC_RAW at the anchor */
	int64_t ref0_ns; /* the scale there, ns since 1970 */
	double ppm;      /* > 0: gains on CLOCK_MONOTONIC_RAW */
};

struct refpair {
	int64_t real_ns, raw_ns; /* read at the same instant */
	int64_t width_ns;        /* within which both were read */
};

/* The two clocks at one instant: the best of a few readings.  Cannot fail. */
struct refpair refpair_read(void);

/* A scale that now is offset seconds ahead of CLOCK_REALTIME. */
struct refscale refscale_start(double offset, double ppm);

/* The scale at that CLOCK_MONOTONIC_RAW, ns since 1970. */
int64_t refscale_at(const struct refscale *, int64_t raw_ns);

/* The scale at an instant shortly before p that CLOCK_REALTIME stamped, as
 * the kernel stamps packets.  A stamp that is not in the last 100 ms was made
 * before a step of the clock: p itself is taken then. */
int64_t refscale_of_real(const struct refscale *, int64_t real_ns,
    const struct refpair *p);

/* The anchor as one line of text, written whole or not at all; 0 or -errno
 * (-EINVAL: the file does not hold an anchor). */
int refscale_save(const struct refscale *, const char *path);
int refscale_load(struct refscale *, const char *path);

/* Prints one line of JSON: t, CLOCK_MONOTONIC_RAW in seconds; error of
 * CLOCK_REALTIME against the scale (s, > 0: the clock is ahead); width of that
 * reading (s); ppm, the kernel's frequency with tick's share (> 0: fast);
 * tick, status and maxerror (us) as adjtimex(2) has them.  Changes nothing. */
void refscale_report(const struct refscale *);

#endif

/* SPDX-License-Identifier: ISC
 *
 * Engine <-> worker: what a process that answers for the engine has to know. */
#ifndef PRIVSEP_WIRE_WORKER_H
#define PRIVSEP_WIRE_WORKER_H

#include <stdint.h>

enum wrk_reference_flags {
	WRK_IS_TOLD = 1,    /* else nothing of the rest is true */
	WRK_HAS_TARGET = 2, /* target_ns and target_ppt hold */
	WRK_IS_LOCAL = 4,   /* the clock as it is, for right */
};

/* What is told of ourselves, at one instant and for a while after it. */
struct wrk_reference {
	int64_t at_ns;      /* that instant, CLOCK_MONOTONIC_RAW */
	int64_t target_ns;  /* REALTIME - RAW as the clock should have it then, */
	int64_t target_ppt; /* and how that goes on, 1e-12 s/s */
	int64_t delay_ns;   /* root delay */
	int64_t dispersion_ns; /* root dispersion then, but for what the clock
	                          is off by, */
	int64_t growth_ppt;    /* and how that goes on */
	uint64_t ref;       /* ntp64 of the last update, 0 = none */
	uint32_t refid;
	uint8_t leap, stratum;
	int8_t precision;   /* log2 s */
	uint8_t flags;
};

_Static_assert(sizeof(struct wrk_reference) == 64, "nothing unnamed in it");

#endif

/* SPDX-License-Identifier: ISC
 *
 * Leap seconds.  At the end of 30 June or 31 December UTC goes back by a second
 * (23:59:60 is a second 23:59:59 for a clock that counts) or leaves one out.
 * True time is then another line over RAW, a second off; so at that instant the
 * engine's epoch moves (timescale.h) and with it everything that any estimator
 * believes: nobody notices a jump.  The clock follows by leapsecmode:
 *
 *   system  the kernel does it, told a day before (CLK_STATUS)
 *   step    we step it
 *   slew    its error of 1 s is slewed from then on
 *   ignore  no leap second is known here: the servers jump
 *
 * For LEAP_HOLD around that instant no sample is believed and nobody touches
 * the clock; for LEAP_LATE around it a server that is early or late by the
 * second is taken to say what it will say when it has done its own.
 *
 * Who says that there is one: a table (leapseclist, leapsectz) as long as it is
 * good, else the majority of the sources that are used. */
#ifndef DAEMON_ENGINE_LEAP_H
#define DAEMON_ENGINE_LEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/os/os.h"
#include "daemon/wire/leapfile.h"
#include "daemon/wire/packet.h"

struct engine;

#define LEAP_HOLD 4.0    /* s, longer than an answer takes */
#define LEAP_LATE 1200.0 /* s */

struct leap {
	const struct leap_table *table; /* NULL = none */
	struct leap_table again; /* as it was read later */
	struct mono read_at;
	int vote;           /* of the sources when some were last used */
	int due;            /* LEAP_NONE, or what is at midnight_s */
	int64_t midnight_s; /* UTC, s since 1970 */
	int64_t done_s;     /* the midnight whose leap second is over */
	struct raw at;      /* when it is, or was */
	bool was_near;      /* at holds */
	bool is_held;
	bool is_over;       /* held, and the second has been */
	bool has_complained; /* of the expiry */
	struct timer timer;
};

void leap_init(struct leap *, struct engine *);

/* Reads the table's file again, which leap_plan() does once a day; what is no
 * table changes nothing. */
void leap_reload(struct engine *);

/* Looks ahead, whenever the clock or what the sources say is new, and at least
 * every few minutes. */
void leap_plan(struct engine *);

/* What CLK_STATUS says: enum packet_leap without LEAP_UNSYNC, and TAI - UTC
 * (0 = not known, leave it). */
int leap_for_clock(const struct engine *);
int leap_tai(const struct engine *, struct tspec now);

/* A sample's offset z where x is what the source's estimator expects, s. */
double leap_nearest(const struct engine *, struct raw now, double z, double x);

#endif

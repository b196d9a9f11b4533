/* SPDX-License-Identifier: ISC
 *
 * The table of leap seconds: leapseclist's file, or leapsectz's time zone. */
#ifndef DAEMON_SETUP_LEAP_H
#define DAEMON_SETUP_LEAP_H

#include <stdbool.h>

#include "conf/config.h"
#include "daemon/wire/leapfile.h"

struct setup_leap {
	int list, zone; /* open files, -1 = none */
	const struct config *config; /* for what is said */
	/* Where the one that counts lies, or may come to lie, to be read later: */
	char dir[CONFIG_PATH_MAX]; /* "" = there is none */
	char slot[CONFIG_PATH_MAX]; /* its name, with "leap/" before it */
	bool is_zone;
};

/* Opens what the configuration names, which must be plain files; what cannot be
 * opened is left out with a warning. */
void setup_open_leap(struct setup_leap *, const struct config *);

/* Reads the list, or if that is no list the zone, and closes both; called after
 * the drop.  Returns false, after a warning if there was something to read,
 * when there is no table. */
bool setup_read_leap(struct setup_leap *, struct leap_table *);

#endif

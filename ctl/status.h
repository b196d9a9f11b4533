/* SPDX-License-Identifier: ISC
 *
 * Whether the clock is right, put together from several replies. */
#ifndef CTL_STATUS_H
#define CTL_STATUS_H

#include <stdbool.h>

#include "common/cmdmon_native.h"
#include "common/cmdmon_report.h"
#include "ctl/names.h"

/* As exit codes; monitoring programs know them. */
enum health { HEALTH_OK = 0, HEALTH_WARN = 1, HEALTH_CRIT = 2,
	HEALTH_UNKNOWN = 3 };

struct status {
	enum health health;
	struct cmdmon_tracking tracking;
	/* A daemon that has no native reply (chronyd, or over UDP) is asked
	 * for its sources; then the times are not known. */
	struct cmdmon_native_status native;
	bool has_times;
	bool is_silent;        /* no source answered its last 8 polls */
	bool is_all_offline;   /* nobody is asked, by order */
	char via[NAME_SIZE];   /* the selected source, or "" */
	char liar[NAME_SIZE];  /* the worst falseticker, or "" */
	double liar_offset;    /* s, > 0: the local clock is ahead of it */
};

/* What it means.  Looks at tracking, native, is_silent, is_all_offline. */
enum health status_judge(const struct status *);

/* "OK", "WARN", "CRIT", "UNKNOWN". */
const char *status_health_name(enum health);

#endif

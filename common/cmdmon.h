/* SPDX-License-Identifier: ISC
 *
 * The control protocol: chrony's cmdmon version 6, plus requests of our own
 * from 0x8000 that only the native sockets take.  Structs here are in host
 * order with spans in seconds; common/cmdmon_codec.h turns them into bytes.
 *
 * Signs are those of the wire, which differ from the engine's (offset > 0: our
 * clock is behind): see each field.  The engine's numbers are converted once,
 * in daemon/control/report.c. */
#ifndef COMMON_CMDMON_H
#define COMMON_CMDMON_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/tspec.h"

#define CMDMON_VERSION 6
#define CMDMON_PORT 323
#define CMDMON_REQUEST_MAX 860
#define CMDMON_REPLY_MAX 520
#define CMDMON_NEVER UINT32_MAX /* "ago" fields: it never happened */

enum cmdmon_command {
	CMD_SETTIME = 11,
	CMD_N_SOURCES = 14,
	CMD_SOURCE_DATA = 15,
	CMD_TRACKING = 33,
	CMD_SOURCESTATS = 34,
	CMD_MAKESTEP = 43,
	CMD_ACTIVITY = 44,
	CMD_MODIFY_MAKESTEP = 50,
	CMD_SOURCE_NAME = 65,
	/* Ours: */
	CMD_STATUS = 0x8001,
	CMD_GUARD = 0x8002,
};

enum cmdmon_status {
	STT_SUCCESS = 0,
	STT_FAILED = 1,
	STT_UNAUTH = 2,
	STT_INVALID = 3,
	STT_NOSUCHSOURCE = 4,
	STT_NOTENABLED = 6,
	STT_ACCESSALLOWED = 8, /* these two are no errors */
	STT_ACCESSDENIED = 9,
	STT_BADVERSION = 18,
	STT_BADLENGTH = 19,
};

enum cmdmon_source_state {
	SRC_SELECTED = 0,
	SRC_UNUSABLE = 1,
	SRC_FALSETICKER = 2,
	SRC_JITTERY = 3,
	SRC_COMBINED = 4,
	SRC_SELECTABLE = 5,
};

enum cmdmon_source_mode { MODE_CLIENT = 0, MODE_PEER = 1, MODE_REFCLOCK = 2 };

struct cmdmon_source {
	struct addr addr; /* ADDR_ID while unresolved */
	int poll;         /* log2 s */
	unsigned stratum;
	enum cmdmon_source_state state;
	enum cmdmon_source_mode mode;
	unsigned reach;   /* 8 bits, newest lowest */
	uint32_t ago_s;   /* since the last sample, or CMDMON_NEVER */
	double measured;  /* s, > 0: local clock fast of the source */
	double adjusted;  /* the same, corrections since then applied */
	double margin;    /* s, >= 0 */
};

struct cmdmon_tracking {
	uint32_t refid;
	struct addr addr; /* ADDR_NONE when unsynchronised */
	unsigned stratum; /* 0 when unsynchronised */
	unsigned leap;    /* 0 normal, 1 insert, 2 delete, 3 unsynchronised */
	struct tspec ref_time;
	double correction; /* s still to be slewed, > 0: clock slow */
	double last_offset, rms_offset; /* s; last > 0: clock was fast */
	double freq_ppm;   /* > 0: the oscillator is fast */
	double resid_ppm, skew_ppm;
	double root_delay, root_dispersion, update_interval; /* s */
};

struct cmdmon_sourcestats {
	uint32_t refid;
	struct addr addr;
	uint32_t samples, runs, span_s;
	double std_dev;              /* s */
	double resid_ppm, skew_ppm;
	double offset, offset_error; /* s, offset > 0: clock fast */
};

struct cmdmon_activity {
	int32_t online, offline, burst_online, burst_offline, unresolved;
};

/* CMD_STATUS: what the four lines of `tockctl status` need beyond tracking and
 * sources. */
struct cmdmon_native_status {
	uint32_t synced_for_s;   /* since synchronised without a break */
	uint32_t updated_ago_s;  /* CMDMON_NEVER: no update yet */
	uint32_t next_poll_s;    /* CMDMON_NEVER: none planned */
	uint32_t sources, usable, combined, falsetickers, unresolved;
	uint32_t flags;          /* enum cmdmon_status_flags */
	double max_error;        /* s: |offset| + root dispersion + delay/2 */
	double skew_ppm;
};
enum cmdmon_status_flags {
	STATUS_NO_CLOCK = 1,     /* measures only: -x, or no privilege */
	STATUS_GUARD_SHORT = 2,  /* the guard's budget holds a correction back */
};

/* CMD_GUARD. */
struct cmdmon_guard {
	uint32_t flags;          /* enum cmdmon_guard_flags */
	uint32_t window_s;       /* configured */
	uint32_t window_left_s;
	int32_t steps;           /* makestep N as configured, -1 no limit */
	uint32_t steps_left;     /* 65535 = no limit */
	uint32_t operator_steps;
	uint32_t refused_range, refused_budget, refused_rate, refused_other;
	int64_t notbefore_s, notafter_s; /* 0 = built-in bounds */
	double bucket, budget;   /* s */
	double refill_ppm, max_base_ppm;
	double wanted;           /* s of correction that waits for budget */
};
enum cmdmon_guard_flags {
	GUARD_OFF = 1,
	GUARD_NO_CLOCK = 2,
};

#endif

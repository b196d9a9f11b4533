/* SPDX-License-Identifier: ISC
 *
 * What chrony's reports say.  Signs are those of the wire, which differ from
 * the engine's (offset > 0: our clock is behind): see each field.  The engine's
 * numbers are converted once, in daemon/control. */
#ifndef COMMON_CMDMON_REPORT_H
#define COMMON_CMDMON_REPORT_H

#include <stdint.h>

#include "common/addr.h"
#include "common/tspec.h"

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
	uint32_t online, offline, burst_online, burst_offline, unresolved;
};

/* Options of a source, as `selectopts` and selectdata number them. */
enum cmdmon_option {
	OPTION_NOSELECT = 1,
	OPTION_PREFER = 2,
	OPTION_TRUST = 4,
	OPTION_REQUIRE = 8,
};

struct cmdmon_selectdata {
	uint32_t refid;
	struct addr addr;
	char state;              /* chronyc's letter: enum source_verdict */
	unsigned authenticated;  /* 0, 1 */
	unsigned leap;           /* as in tracking */
	unsigned options, effective; /* enum cmdmon_option, bits */
	uint32_t ago_s;          /* since the last sample */
	double score;            /* against the selected source */
	double low, high;        /* s, of the clock's offset; > 0: clock fast */
};

enum cmdmon_auth { CMDMON_NONE = 0, CMDMON_SYMMETRIC = 1, CMDMON_NTS = 2 };

struct cmdmon_authdata {
	unsigned mode;           /* enum cmdmon_auth */
	unsigned type;           /* of the key, chrony's numbers */
	uint32_t key;
	unsigned key_bits;
	unsigned attempts;       /* of key establishment since it worked */
	uint32_t ago_s;          /* since the last establishment */
	unsigned cookies, cookie_len, nak;
};

/* All of the last valid packet; zero before there was one. */
struct cmdmon_ntpdata {
	struct addr remote, local;
	unsigned port;
	unsigned leap, version, mode, stratum;
	int poll, precision;     /* log2 s */
	double root_delay, root_dispersion; /* s */
	uint32_t refid;
	struct tspec ref_time;
	double offset;           /* s, > 0: local clock SLOW of the server */
	double delay, dispersion; /* s, of the path; of the sample */
	double response;         /* s that the server took */
	double asymmetry;        /* of the jitter, -0.5..0.5 */
	unsigned flags;          /* enum cmdmon_ntp_flags and the tests */
	char tx_stamp, rx_stamp; /* D daemon, K kernel, H hardware, 0 none */
	uint32_t total_tx, total_rx, total_valid, total_good;
	uint32_t kernel_tx, kernel_rx, hw_tx, hw_rx;
};
#define NTP_TESTS 0x3ff /* bit 9 first: 1-3, 5-7, maxdelay, ratios, loop */
enum cmdmon_ntp_flags { NTP_INTERLEAVED = 0x4000, NTP_AUTHENTICATED = 0x8000 };

#endif

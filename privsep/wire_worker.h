/* SPDX-License-Identifier: ISC
 *
 * Engine <-> worker: what a process that answers for the engine has to know,
 * and what it has counted.  One struct per SEQPACKET message.  The worker
 * answers each request once, with its seq, before it hears the next; the engine
 * waits for that, but not for long: a worker that does not answer is gone for
 * it.  What no engine sends ends the worker; what no worker sends ends the
 * channel.  The reference itself is no message: privsep/refpage.h. */
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

#define WRK_MAX 64      /* workers */
#define WRK_RULES 64    /* in a message */
#define WRK_CLIENTS 8   /* likewise */
#define WRK_SECRET 2048 /* bytes of a key, which the key file's lines limit */

enum wrk_type { /* requests even, answers odd */
	WRK_SETUP = 2,   /* once, before it confines itself */
	WRK_ACCESS = 4,  /* rules, in this order on top of those there are */
	WRK_KEYS = 6,    /* a new table begins, nothing in it; ... */
	WRK_KEY = 8,     /* ... one key, IDs ascending; ... */
	WRK_KEYS_DONE = 10, /* ... now it holds */
	WRK_START = 12,  /* answer clients from now on */
	WRK_COUNTS = 14,
	WRK_CLIENTLOG = 16,
	WRK_BYE = 18,    /* end; not answered */
	WRK_DONE = 3,    /* the answer to all of them */
};

struct wrk_limit { /* conf/config_rules.h */
	int32_t is_on, interval, burst, leak, kod;
	uint32_t zero;
};

struct wrk_setup {
	uint32_t uid, gid;
	uint32_t log_bytes; /* memory for the log of clients; 0 = none */
	uint32_t has_pairs; /* 0 or 1: interleaved answers */
	struct wrk_limit limit;
};

struct wrk_rule {
	uint8_t bytes[16];
	uint8_t family; /* ADDR_NONE: both, and then bits is 0 */
	uint8_t bits, may, is_whole;
};

struct wrk_access {
	uint32_t n, zero; /* 1..WRK_RULES */
	struct wrk_rule rules[WRK_RULES];
};

struct wrk_keys {
	uint32_t n, size; /* how many, and bytes of all their secrets */
};

struct wrk_key {
	uint32_t id, type; /* enum mac_type */
	uint32_t len, zero;
	uint8_t secret[WRK_SECRET];
};

struct wrk_want {
	uint32_t first, most; /* places of the log; most <= WRK_CLIENTS */
	uint32_t least_hits;
	uint32_t reset; /* 0 or 1: their counts are 0 afterwards */
};

struct wrk_req {
	uint32_t type, seq;
	union {
		struct wrk_setup setup;
		struct wrk_access access;
		struct wrk_keys keys;
		struct wrk_key key;
		struct wrk_want want;
		uint8_t size[2064];
	} u;
};

struct wrk_counts {
	uint64_t hits, drops, lost; /* of the log of clients */
	uint64_t with_mac, interleaved, prepared, kernel_receive;
	uint64_t answered, kernel_sent;
	uint64_t pairs, pairs_span_s;
	uint64_t overflows; /* what found the receive queues full */
};

struct wrk_client {
	uint8_t bytes[16];
	uint32_t family; /* ADDR_INET4 or ADDR_INET6 */
	uint32_t hits, drops;
	int32_t interval; /* log2 s */
	int64_t ago_ns;   /* since the last hit; < 0 = never */
};

struct wrk_clients {
	uint32_t n;    /* 0..WRK_CLIENTS */
	uint32_t next; /* place behind the last one that was looked at */
	struct wrk_client list[WRK_CLIENTS];
};

struct wrk_rep {
	uint32_t type, seq;
	int32_t error; /* 0, or ENOMEM: not done */
	uint32_t log_size; /* places in the log of clients */
	union {
		struct wrk_counts counts;
		struct wrk_clients clients;
	} u;
};

_Static_assert(sizeof(struct wrk_reference) == 64, "nothing unnamed in it");
_Static_assert(sizeof(struct wrk_req) == 2072, "wrk_req is wire format");
_Static_assert(sizeof(struct wrk_rep) == 344, "wrk_rep is wire format");

#endif

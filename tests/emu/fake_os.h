/* SPDX-License-Identifier: ISC
 *
 * A world in a struct: a backend of daemon/os/os.h for unit tests and fuzzing.
 * Time stands still until fake_advance(); what the engine sends is kept for
 * the test to look at; what it receives, the test hands in.  The clock obeys at
 * once and exactly: after a CLK_ADJUST it gains base + slew on the oscillator
 * until the slew ends (and says so), a CLK_STEP moves it, and at midnight it
 * makes the leap second that the last CLK_STATUS asked for.  All of it is the
 * caller's to read and to change between calls. */
#ifndef TESTS_EMU_FAKE_OS_H
#define TESTS_EMU_FAKE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/heap.h"
#include "daemon/os/os.h"

#define FAKE_SOCKS 32
#define FAKE_SENT 64
#define FAKE_REQUESTS 256
#define FAKE_LOOKUPS 16
#define FAKE_PATH 128
#define FAKE_FILES 8
#define FAKE_FILE 16384

struct fake_sock {
	struct sock *sock; /* NULL: free */
	struct sock_want want;
	char path[FAKE_PATH]; /* want.path points here */
};

struct fake_sent {
	struct sock *sock;
	struct dgram dgram; /* data and path point into this struct */
	char path[FAKE_PATH];
	unsigned char data[DGRAM_MAX];
};

struct fake_file {
	char slot[FAKE_PATH];
	size_t size; /* 0: free */
	char data[FAKE_FILE];
};

struct fake_os {
	struct os os; /* first: what the engine is given */
	struct pair now;
	struct mono mono;
	struct heap timers;

	struct fake_sock socks[FAKE_SOCKS];
	int (*open_error)(const struct sock_want *); /* 0 or -errno; NULL: 0 */
	int send_error;  /* what every send returns; 0 or -errno */
	unsigned n_sent; /* all; the last FAKE_SENT of them are in sent[] */
	struct fake_sent sent[FAKE_SENT];

	unsigned n_requests; /* as n_sent */
	struct clk_req requests[FAKE_REQUESTS];
	struct clk_rep answer; /* error, steps, window_s, budget_ns of every
	                          answer; an error means: nothing was done */
	int leap;        /* the last CLK_STATUS's: done at midnight, once */
	bool leap_is_step; /* no, only the guard is told */
	int64_t leap_done; /* that midnight, s since 1970 */
	int64_t base_ppt, slew_ppt;
	struct mono slew_end;

	struct lookup *lookups[FAKE_LOOKUPS]; /* under way; NULL: free */
	uint32_t last_id;
	uint64_t random; /* seed */
	int save_error;  /* what save() returns; 0 or -errno */
	struct fake_file files[FAKE_FILES];
	bool is_stopped;
	int exit_code;
};

/* The world at real (wall clock) and a second after boot; the rest is zero and
 * the guard has no limits. */
void fake_init(struct fake_os *, struct tspec real);
void fake_fini(struct fake_os *);

/* Lets s seconds of the oscillator pass; timers fire and slews end in order. */
void fake_advance(struct fake_os *, double s);

/* The nth last datagram sent, 0 the newest; NULL when there were not as many,
 * or more than are kept. */
const struct fake_sent *fake_sent(const struct fake_os *, unsigned n);

/* The open socket for this path, or NULL. */
struct sock *fake_path_sock(struct fake_os *, const char *path);

/* The open UDP socket bound to this address and port, or NULL. */
struct sock *fake_udp_sock(struct fake_os *, const struct endpoint *local);

/* Hands one datagram to sock: d's addresses with len bytes of data, which are
 * copied; the stamp is now's. */
void fake_receive(struct fake_os *, struct sock *, const struct dgram *d,
    const void *data, size_t len);

/* Answers the look-up of name, if it is under way; returns whether it was. */
bool fake_resolve(struct fake_os *, const char *name, const struct addr *,
    int n);

#endif

/* SPDX-License-Identifier: ISC
 *
 * The real backend of os.h: one poll() loop, timers in a heap, sockets of the
 * kernel.  Set up once in the engine's set-up phase, possibly as root; sockets
 * opened then and later are alike. */
#ifndef DAEMON_OS_OS_POLL_H
#define DAEMON_OS_OS_POLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/heap.h"
#include "daemon/os/given_linux.h"
#include "daemon/os/names.h"
#include "daemon/os/os.h"
#include "daemon/os/statefile.h"
#include "daemon/os/watch.h"
#include "privsep/clock_rpc.h"

struct net_batch;

/* A clock in this very process, where there is no helper to ask. */
struct os_clock {
	/* Does one request and fills the answer. */
	void (*call)(struct os_clock *, struct clk_req *, struct clk_rep *);
	/* Between two turns: the next event; false: there is none. */
	bool (*event)(struct os_clock *, struct clk_rep *);
	/* ms until there may be one, -1: none to wait for. */
	int (*wait_ms)(struct os_clock *);
	/* CLOCK_MONOTONIC_RAW, ns. */
	int64_t (*raw)(struct os_clock *);
};

/* Borrowed descriptors, non-blocking or not; -1 = there is none: then the
 * clock answers EPERM, and names are not resolved ("ask again").  What follows
 * is for a process that does these things itself, and may be left 0. */
struct os_linux_fds {
	int clock;
	int resolver;
	struct os_clock *own_clock; /* instead of a helper */
	/* Instead of a resolver: waits for the answer.  Fills at most max
	 * addresses and returns as lookup->done has it. */
	int (*resolve)(const struct lookup *, struct addr *, int max);
	unsigned max_socks; /* that the engine can have open at a time; 0 = no
	                       limit, one more is -EMFILE */
};

struct os_linux {
	struct os os; /* engine and the callbacks: set after os_linux_init */
	struct heap timers;
	struct watch_set watches;
	struct clock_rpc clock; /* set-up sends CLK_SETUP with its descriptor
	                           straight through here */
	struct watch clock_watch;
	struct os_clock *own_clock; /* or NULL */
	struct names names;
	struct statefiles files; /* directories are added in set-up */
	struct given given; /* set-up says which there are */
	int64_t pair_width; /* ns between the RAWs around a good REAL */
	struct net_batch *batch; /* buffers of the datagrams under way */
	int stamp_fd; /* keeps the kernel stamping, see tstamp_linux.h */
	struct mono asked; /* when a request was last made ready */
	uint32_t last_conn;
	unsigned n_socks, max_socks;
	bool has_clock, is_stopped;
	int exit_code;
};

/* Returns 0 or -errno with nothing left open. */
int os_linux_init(struct os_linux *, const struct os_linux_fds *);

/* Runs until os->stop; returns its exit code.  Ends the process with status
 * 75, logged, when the clock is gone. */
int os_linux_run(struct os_linux *);

/* Every socket must have been closed. */
void os_linux_fini(struct os_linux *);

/* Logs and ends the process with status 75 ("try again": the service manager
 * starts all anew). */
_Noreturn void os_linux_die(const char *what, int error);

#endif

/* SPDX-License-Identifier: ISC
 *
 * Which descriptor a role is born with.  The launcher moves them there before
 * it execs the role and closes everything else; nothing is passed later.  A
 * number may be closed where it is not needed (no service manager: 4). */
#ifndef PRIVSEP_FDS_H
#define PRIVSEP_FDS_H

/* A file in CLOCK_FD_STATE: int64_t, ns since 1970, a time that has been. */
#define CLOCK_FILE_TIME "time"

enum fd_clock {
	CLOCK_FD_ENGINE = 3,  /* SEQPACKET, struct clk_req in, clk_rep out */
	CLOCK_FD_NOTIFY = 4,  /* connected datagram socket of NOTIFY_SOCKET */
	CLOCK_FD_RUN = 5,     /* directory /run/tock/clock: the guard's record */
	CLOCK_FD_STATE = 6,   /* directory /var/lib/tock/clock: floor, drift */
	CLOCK_FD_LOG = 7,
	CLOCK_FD_PID = 8,     /* holds the lock of the pid file, never used */
	CLOCK_FD_SIGNALS = 9, /* signalfd of what is blocked: all that is heard */
	CLOCK_FD_WAS_SET = 10, /* timerfd, TFD_TIMER_CANCEL_ON_SET */
	CLOCK_FD_FILTER = 11, /* the filter to put on, privsep/confine.h */
	CLOCK_FD_REC = 12,    /* the guard's record of this boot, to be read */
	CLOCK_FD_DRIFT = 13,  /* directory of the drift file, from the engine */
};

enum fd_engine {
	ENGINE_FD_CLOCK = 3,
	ENGINE_FD_RESOLVER = 4,
	ENGINE_FD_NTSKE = 5,
	ENGINE_FD_LOG = 7,
	ENGINE_FD_LISTEN = 10, /* LISTEN_FDS' sockets from here on */
};

enum fd_worker {
	WORKER_FD_ENGINE = 3, /* SEQPACKET, struct wrk_req in, wrk_rep out */
	WORKER_FD_V4 = 4,     /* its sockets, of which the engine has copies */
	WORKER_FD_V6 = 5,
	WORKER_FD_PAGE = 6,   /* privsep/refpage.h, closed once it is mapped */
	WORKER_FD_LOG = 7,
};

enum fd_resolver {
	RESOLVER_FD_ENGINE = 3,
	RESOLVER_FD_LOG = 7,
};

#endif

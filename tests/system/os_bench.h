/* SPDX-License-Identifier: ISC
 *
 * What the tests of the real backend share: a loop that ends by itself, and a
 * socket that notes what it was told. */
#ifndef TESTS_SYSTEM_OS_BENCH_H
#define TESTS_SYSTEM_OS_BENCH_H

#include <check.h>
#include <string.h>

#include "daemon/os/os_poll.h"

struct bench {
	struct os_linux o;
	struct os *os;
	struct timer end;
	/* Noted by tests of the peers: */
	int resolver_gone;   /* calls */
	uint32_t last_event; /* enum clk_type, 0 = none */
};

/* Without a clock and resolver unless descriptors are given. */
void bench_init(struct bench *, int clock_fd, int resolver_fd);
void bench_fini(struct bench *);

/* Turns the loop until a callback calls bench_done or ms have passed.
 * Returns true when bench_done was called. */
bool bench_run(struct bench *, int ms);
void bench_done(struct bench *);

struct note { /* of one socket */
	struct sock sock;
	struct bench *bench;
	int received, sent, failed;  /* callbacks; failed: the last errno */
	int expect, expect_sent;     /* datagrams after which the loop ends */
	struct dgram last;           /* data and path point into the note */
	unsigned char data[DGRAM_MAX];
	char path[128];
	struct stamp sent_stamp;
	unsigned char sent_data[DGRAM_MAX];
	size_t sent_len;
	bool echo;                   /* answer each datagram with itself */
};

/* Opens note's socket; its callbacks only note (and echo).  0 or -errno. */
int note_open(struct note *, struct bench *, const struct sock_want *);
void note_close(struct note *);

/* Where a bound UDP socket can be reached. */
struct endpoint note_endpoint(const struct note *);
struct endpoint at(const char *address, uint16_t port);

/* Sends text through a connected socket. */
int note_send(struct note *, const char *text);

#endif

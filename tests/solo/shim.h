/* SPDX-License-Identifier: ISC
 *
 * The world of one preloaded program: true time, an emulated kernel clock that
 * it moves, NTP servers, and packets under way.  shim_world.c knows no call of
 * the C library, shim_calls.c puts them on top of it. */
#ifndef TESTS_SOLO_SHIM_H
#define TESTS_SOLO_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/emu/kernel_emu.h"

#define SHIM_SERVERS 25 /* 192.168.123.1 .. 25 */
#define SHIM_SERVER_PORT 123
#define SHIM_NET UINT32_C(0xc0a87b00)
#define SHIM_DATA 512
#define SHIM_ASKER (SHIM_NET + 100) /* asks the program something */
#define SHIM_ASKER_PORT 40000
#define SHIM_ASKER_PATH "/shim/unix/2:7" /* with a Unix socket */

struct shim_packet {
	bool used;
	int64_t at;      /* true time of its arrival, ns */
	int slot;        /* of the socket */
	unsigned epoch;  /* of the socket: it may be another one by then */
	uint32_t from;   /* address, host order */
	size_t len;
	unsigned char data[SHIM_DATA];
};

#define SHIM_PACKETS 64

struct shim_world {
	struct kernel_emu emu;
	int64_t true_ns; /* since the start */
	int64_t end_ns;  /* SHIM_SECONDS */
	int64_t freq_ppb; /* SHIM_PPB: what the oscillator is fast by */
	uint64_t dice;
	struct shim_packet packets[SHIM_PACKETS];
	int ask_port;    /* what the asker asks at; 0 = a Unix socket, -1 = it
	                    does not */
	size_t ask_len;
	unsigned char ask[SHIM_DATA];
	/* For the report. */
	int64_t window_ns, worst_ns;
	unsigned long waits;
	unsigned socks, most_socks;
};

/* From the environment: SHIM_SECONDS, SHIM_PPB, SHIM_OFFSET_US (> 0: the clock
 * is ahead), SHIM_SEED, SHIM_ASK_PORT and SHIM_ASK (in hexadecimal). */
void shim_world_init(struct shim_world *);

/* REALTIME minus true time, ns. */
int64_t shim_world_error(const struct shim_world *);

/* Moves true time on to at and notes the clock's error. */
void shim_world_run(struct shim_world *, int64_t at);

/* A request of the program's to a server, by the socket that sent it.  Lost
 * when it is none. */
void shim_world_send(struct shim_world *, int slot, unsigned epoch, uint32_t to,
    const void *data, size_t len);

/* The asker's request to a socket of the program's, ten minutes from now. */
void shim_world_ask(struct shim_world *, int slot, unsigned epoch);

/* The packet that arrives first, NULL = none. */
struct shim_packet *shim_world_first(struct shim_world *);

uint32_t shim_world_dice(struct shim_world *);

/* The instant in true time when CLOCK_MONOTONIC will have gone on by ns. */
int64_t shim_world_after(const struct shim_world *, int64_t ns);

#endif

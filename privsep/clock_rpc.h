/* SPDX-License-Identifier: ISC
 *
 * The engine's end of the edge to the clock: synchronous requests, and events
 * that may arrive ahead of an answer. */
#ifndef PRIVSEP_CLOCK_RPC_H
#define PRIVSEP_CLOCK_RPC_H

#include <stdbool.h>

#include "privsep/wire_clock.h"

#define CLOCK_RPC_EVENTS 5 /* types, queued while an answer is awaited */
#define CLOCK_RPC_WAIT_MS 10000

struct clock_rpc {
	int fd; /* borrowed */
	uint32_t seq;
	unsigned n_events;
	struct clk_rep events[CLOCK_RPC_EVENTS];
};

void clock_rpc_init(struct clock_rpc *, int fd);

/* Sends req (its seq is filled in; pass_fd goes along unless -1) and waits for
 * the answer.  Returns 0 with *rep filled (rep->error says what the clock
 * thinks), -ETIMEDOUT after 10 s, -EPIPE when the clock is gone, -EPROTO for
 * an answer that no clock sends; after any of these the engine must exit. */
int clock_rpc_call(struct clock_rpc *, struct clk_req *req, int pass_fd,
    struct clk_rep *rep);

/* The next event: one queued during a call, else one read from the socket
 * without waiting.  Returns 1 with *ev filled, 0 when there is none, or a
 * negative errno as clock_rpc_call. */
int clock_rpc_event(struct clock_rpc *, struct clk_rep *ev);

/* CLK_BYE: sent, not answered. */
void clock_rpc_bye(struct clock_rpc *, int exit_code);

#endif

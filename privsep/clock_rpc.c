/* SPDX-License-Identifier: ISC
 *
 * One request is under way at a time, so the answer to wait for is the one with
 * our seq; events that come ahead of it are kept for later.  Anything else can
 * only come from a clock that is not ours: -EPROTO, and the engine ends. */
#include "privsep/clock_rpc.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "privsep/chan.h"

void
clock_rpc_init(struct clock_rpc *rpc, int fd)
{
	memset(rpc, 0, sizeof *rpc);
	rpc->fd = fd;
}

static int64_t
now_ms(void)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
is_event(const struct clk_rep *rep)
{
	return rep->seq == 0 && (rep->type == CLK_TERM ||
	    rep->type == CLK_RELOAD || rep->type == CLK_WAS_SET ||
	    rep->type == CLK_WOKE);
}

/* One message, if there is one: 1, 0 or an error as clock_rpc_call. */
static int
receive(struct clock_rpc *rpc, struct clk_rep *rep)
{
	long n = chan_recv(rpc->fd, rep, sizeof *rep, NULL);

	if (n == (long)sizeof *rep)
		return 1;
	if (n == -EAGAIN)
		return 0;
	return n == 0 ? -EPIPE : -EPROTO;
}

/* Waits for one message until the deadline. */
static int
await(struct clock_rpc *rpc, int64_t deadline_ms, struct clk_rep *rep)
{
	for (;;) {
		int r = receive(rpc, rep);
		if (r != 0)
			return r;

		int64_t left = deadline_ms - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;

		struct pollfd pfd = { .fd = rpc->fd, .events = POLLIN };
		if (poll(&pfd, 1, (int)left) < 0 && errno != EINTR)
			return -EPIPE;
	}
}

/* Keeps an event for later; of each type one is enough.  False: no room. */
static bool
keep(struct clock_rpc *rpc, const struct clk_rep *ev)
{
	for (unsigned i = 0; i < rpc->n_events; i++)
		if (rpc->events[i].type == ev->type)
			return true;
	if (rpc->n_events == CLOCK_RPC_EVENTS)
		return false;
	rpc->events[rpc->n_events++] = *ev;
	return true;
}

int
clock_rpc_call(struct clock_rpc *rpc, struct clk_req *req, int pass_fd,
    struct clk_rep *rep)
{
	int64_t deadline_ms = now_ms() + CLOCK_RPC_WAIT_MS;

	req->seq = ++rpc->seq;
	if (chan_send(rpc->fd, req, sizeof *req, pass_fd, 1) < 0)
		return -EPIPE;
	for (;;) {
		int r = await(rpc, deadline_ms, rep);
		if (r < 0)
			return r;
		if (rep->type == CLK_DONE)
			return rep->seq == req->seq ? 0 : -EPROTO;
		if (!is_event(rep) || !keep(rpc, rep))
			return -EPROTO;
	}
}

int
clock_rpc_event(struct clock_rpc *rpc, struct clk_rep *ev)
{
	if (rpc->n_events > 0) {
		*ev = rpc->events[0];
		rpc->n_events--;
		memmove(rpc->events, rpc->events + 1,
		    rpc->n_events * sizeof *ev);
		return 1;
	}

	int r = receive(rpc, ev);
	if (r == 1 && !is_event(ev))
		return -EPROTO;
	return r;
}

void
clock_rpc_bye(struct clock_rpc *rpc, int exit_code)
{
	struct clk_req req;

	memset(&req, 0, sizeof req);
	req.type = CLK_BYE;
	req.seq = ++rpc->seq;
	req.u.exit_code = exit_code;
	/* A clock that is gone needs no good-bye. */
	(void)chan_send(rpc->fd, &req, sizeof req, -1, 0);
}

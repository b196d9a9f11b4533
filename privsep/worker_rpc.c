/* SPDX-License-Identifier: ISC */
#include "privsep/worker_rpc.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <time.h>

#include "common/addr.h"
#include "privsep/chan.h"

static int64_t
now_ms(void)
{
	struct timespec ts = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool
is_good_client(const struct wrk_client *c)
{
	return (c->family == ADDR_INET4 || c->family == ADDR_INET6) &&
	    c->interval >= -127 && c->interval <= 127;
}

/* Whether it can be the answer to req. */
static bool
is_good(const struct wrk_rep *rep, const struct wrk_req *req)
{
	if (rep->type != WRK_DONE || rep->seq != req->seq || rep->error < 0)
		return false;
	if (req->type != WRK_CLIENTLOG)
		return true;
	if (rep->u.clients.n > WRK_CLIENTS ||
	    rep->u.clients.n > req->u.want.most ||
	    rep->u.clients.next <= req->u.want.first)
		return false;
	for (uint32_t i = 0; i < rep->u.clients.n; i++)
		if (!is_good_client(&rep->u.clients.list[i]))
			return false;
	return true;
}

int
worker_rpc_ask(int fd, const struct wrk_req *req)
{
	/* There is room: the worker has taken the last request. */
	return chan_send(fd, req, sizeof *req, -1, 0) < 0 ? -EPIPE : 0;
}

int
worker_rpc_answer(int fd, const struct wrk_req *req, struct wrk_rep *rep,
    int wait_ms)
{
	int64_t deadline = now_ms() + wait_ms;

	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - now_ms();
		long n = chan_recv(fd, rep, sizeof *rep, NULL);

		if (n == (long)sizeof *rep)
			return is_good(rep, req) ? 0 : -EPROTO;
		if (n != -EAGAIN)
			return n == 0 ? -EPIPE : -EPROTO;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&pfd, 1, (int)left) < 0 && errno != EINTR)
			return -EPIPE;
	}
}

void
worker_rpc_await_end(int fd, int wait_ms)
{
	int64_t deadline = now_ms() + wait_ms;

	for (int64_t left = wait_ms; left > 0; left = deadline - now_ms()) {
		struct pollfd pfd = { .fd = fd }; /* POLLHUP comes unasked */

		if (poll(&pfd, 1, (int)left) > 0 || errno != EINTR)
			return;
	}
}

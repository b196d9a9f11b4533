/* SPDX-License-Identifier: ISC
 *
 * A worker is trusted with nothing: what it answers is looked at, and it is not
 * waited for. */
#include "unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/addr.h"
#include "privsep/chan.h"
#include "privsep/worker_rpc.h"

static int ends[2];

static int
call(const struct wrk_req *req, struct wrk_rep *rep, int wait_ms)
{
	int r = worker_rpc_ask(ends[0], req);

	return r < 0 ? r : worker_rpc_answer(ends[0], req, rep, wait_ms);
}

/* What is made of len bytes of rep as the answer to req. */
static int
answered(const struct wrk_req *req, const struct wrk_rep *rep, size_t len)
{
	struct wrk_rep got;

	ck_assert_int_eq(chan_pair(ends), 0);
	ck_assert_int_eq(chan_send(ends[1], rep, len, -1, 0), 0);
	int r = call(req, &got, 1000);

	if (r == 0)
		ck_assert_mem_eq(&got, rep, sizeof got);
	close(ends[0]);
	close(ends[1]);
	return r;
}

START_TEST(an_answer_is_taken)
{
	struct wrk_req req = { .type = WRK_COUNTS, .seq = 5 };
	struct wrk_rep rep = { .type = WRK_DONE, .seq = 5,
		.u.counts.hits = 77 };

	ck_assert_int_eq(answered(&req, &rep, sizeof rep), 0);
}
END_TEST

START_TEST(what_no_worker_answers_is_not_taken)
{
	struct wrk_req req = { .type = WRK_COUNTS, .seq = 5 };
	struct wrk_rep good = { .type = WRK_DONE, .seq = 5 }, rep = good;

	ck_assert_int_eq(answered(&req, &rep, sizeof rep - 8), -EPROTO);
	rep.type = WRK_COUNTS;
	ck_assert_int_eq(answered(&req, &rep, sizeof rep), -EPROTO);
	rep = good;
	rep.seq = 6;
	ck_assert_int_eq(answered(&req, &rep, sizeof rep), -EPROTO);
	rep = good;
	rep.error = -1;
	ck_assert_int_eq(answered(&req, &rep, sizeof rep), -EPROTO);

	unsigned char long_one[sizeof rep + 8] = { WRK_DONE, 0, 0, 0, 5 };

	ck_assert_int_eq(answered(&req, (const void *)long_one,
	    sizeof long_one), -EPROTO);
}
END_TEST

START_TEST(clients_that_cannot_be_are_not_taken)
{
	struct wrk_req req = { .type = WRK_CLIENTLOG, .seq = 5,
		.u.want = { .first = 10, .most = 4 } };
	struct wrk_rep good = { .type = WRK_DONE, .seq = 5, .u.clients = {
	    .n = 2, .next = 12, .list = { { .family = ADDR_INET4 },
		{ .family = ADDR_INET6, .interval = -3 } } } }, rep = good;

	ck_assert_int_eq(answered(&req, &rep, sizeof rep), 0);
	rep.u.clients.n = 5;
	ck_assert_int_eq(answered(&req, &rep, sizeof rep), -EPROTO);
	rep.u.clients.n = UINT32_MAX;
	ck_assert_int_eq(answered(&req, &rep, sizeof rep), -EPROTO);
	rep = good;
	rep.u.clients.next = 9;
	ck_assert_int_eq(answered(&req, &rep, sizeof rep), -EPROTO);
	rep.u.clients.next = 10; /* who lists them would never be done */
	ck_assert_int_eq(answered(&req, &rep, sizeof rep), -EPROTO);
	rep = good;
	rep.u.clients.list[1].family = ADDR_ID;
	ck_assert_int_eq(answered(&req, &rep, sizeof rep), -EPROTO);
	rep = good;
	rep.u.clients.list[1].interval = 128;
	ck_assert_int_eq(answered(&req, &rep, sizeof rep), -EPROTO);
}
END_TEST

START_TEST(who_is_silent_or_gone_is_not_waited_for)
{
	struct wrk_req req = { .type = WRK_COUNTS, .seq = 5 };
	struct wrk_rep rep;

	ck_assert_int_eq(chan_pair(ends), 0);
	ck_assert_int_eq(call(&req, &rep, 1), -ETIMEDOUT);
	ck_assert_int_eq(call(&req, &rep, -5), -ETIMEDOUT);
	/* One that takes nothing either. */
	for (int i = 0; i < 10000; i++)
		if (chan_send(ends[0], &req, sizeof req, -1, 0) < 0)
			break;
	ck_assert_int_eq(call(&req, &rep, 1), -EPIPE);
	close(ends[1]);
	ck_assert_int_eq(call(&req, &rep, 1), -EPIPE);
	worker_rpc_await_end(ends[0], 1000); /* at once */
	close(ends[0]);
}
END_TEST

UNIT_MAIN("worker_rpc", an_answer_is_taken, what_no_worker_answers_is_not_taken,
    clients_that_cannot_be_are_not_taken,
    who_is_silent_or_gone_is_not_waited_for)

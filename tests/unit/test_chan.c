/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "privsep/chan.h"
#include "privsep/clock_rpc.h"

static int pair[2];

static void
fresh_pair(void)
{
	ck_assert_int_eq(chan_pair(pair), 0);
}

static bool
same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 &&
	    x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

START_TEST(a_message_keeps_its_boundaries)
{
	char buf[8];

	fresh_pair();
	ck_assert_int_eq(chan_send(pair[0], "one", 3, -1, 0), 0);
	ck_assert_int_eq(chan_send(pair[0], "three", 5, -1, 0), 0);
	ck_assert_int_eq(chan_recv(pair[1], buf, sizeof buf, NULL), 3);
	ck_assert_int_eq(memcmp(buf, "one", 3), 0);
	ck_assert_int_eq(chan_recv(pair[1], buf, sizeof buf, NULL), 5);
	ck_assert_int_eq(chan_recv(pair[1], buf, sizeof buf, NULL), -EAGAIN);
}
END_TEST

START_TEST(a_longer_message_is_refused_not_cut)
{
	char buf[4];
	int fd;

	fresh_pair();
	ck_assert_int_eq(chan_send(pair[0], "12345", 5, pair[0], 0), 0);
	ck_assert_int_eq(chan_recv(pair[1], buf, sizeof buf, &fd), -EMSGSIZE);
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(a_peer_that_is_gone_reads_as_0_and_writes_as_epipe)
{
	char buf[4];

	signal(SIGPIPE, SIG_DFL); /* it must not kill */
	fresh_pair();
	close(pair[0]);
	ck_assert_int_eq(chan_recv(pair[1], buf, sizeof buf, NULL), 0);
	ck_assert_int_eq(chan_send(pair[1], "x", 1, -1, 0), -EPIPE);
}
END_TEST

START_TEST(a_descriptor_travels_and_closes_on_exec)
{
	char c;
	int got, null = open("/dev/null", O_RDONLY);

	fresh_pair();
	ck_assert_int_eq(chan_send(pair[0], "x", 1, null, 0), 0);
	ck_assert_int_eq(chan_recv(pair[1], &c, 1, &got), 1);
	ck_assert_int_ge(got, 0);
	ck_assert(same_file(got, null));
	ck_assert_int_eq(fcntl(got, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(chan_send(pair[0], "x", 1, -1, 0), 0);
	ck_assert_int_eq(chan_recv(pair[1], &c, 1, &got), 1);
	ck_assert_int_eq(got, -1);
}
END_TEST

static void
send_fds(int fd, const int *fds, size_t n)
{
	union { struct cmsghdr align; char b[CMSG_SPACE(8 * sizeof(int))]; } u;
	struct iovec iov = { (char[]){ 'x' }, 1 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &u, .msg_controllen = CMSG_SPACE(n * sizeof *fds) };
	struct cmsghdr *cmsg;

	memset(&u, 0, sizeof u);
	cmsg = CMSG_FIRSTHDR(&mh);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(n * sizeof *fds);
	memcpy(CMSG_DATA(cmsg), fds, n * sizeof *fds);
	ck_assert_int_eq(sendmsg(fd, &mh, 0), 1);
}

/* The lowest free descriptor tells whether any was left open. */
static int
lowest_free(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

START_TEST(descriptors_too_many_or_unasked_are_not_kept)
{
	const int three[] = { 0, 0, 0 };
	char c;
	int got, before;

	fresh_pair();
	before = lowest_free();
	send_fds(pair[0], three, 3);
	ck_assert_int_eq(chan_recv(pair[1], &c, 1, NULL), 1);
	ck_assert_int_eq(lowest_free(), before);
	send_fds(pair[0], three, 3);
	ck_assert_int_eq(chan_recv(pair[1], &c, 1, &got), 1);
	ck_assert_int_ge(got, 0);
	close(got);
	ck_assert_int_eq(lowest_free(), before);
}
END_TEST

/* The engine has pair[0], the clock that the test plays has pair[1]. */
static struct clock_rpc rpc;

static void
reply(uint32_t type, uint32_t seq, int32_t error)
{
	struct clk_rep rep = { .type = type, .seq = seq, .error = error };

	ck_assert_int_eq(chan_send(pair[1], &rep, sizeof rep, -1, 0), 0);
}

static void
start_rpc(void)
{
	fresh_pair();
	clock_rpc_init(&rpc, pair[0]);
}

START_TEST(a_look_ahead_leaves_the_message)
{
	char c;
	int got, fds[2] = { open("/dev/null", O_RDONLY), 0 };

	fresh_pair();
	ck_assert_int_eq(chan_peek_fd(pair[1], 0), -ETIMEDOUT);
	send_fds(pair[0], fds, 2);
	int before = lowest_free();
	int seen = chan_peek_fd(pair[1], 0); /* the first, and no other */
	ck_assert(same_file(seen, fds[0]));
	ck_assert_int_eq(fcntl(seen, F_GETFD), FD_CLOEXEC);
	close(seen);
	ck_assert_int_eq(lowest_free(), before);
	ck_assert_int_eq(chan_recv(pair[1], &c, 1, &got), 1);
	ck_assert(same_file(got, fds[0]));
	ck_assert_int_eq(chan_send(pair[0], "x", 1, -1, 0), 0);
	ck_assert_int_eq(chan_peek_fd(pair[1], 0), -1);
	close(pair[0]);
	ck_assert_int_eq(chan_recv(pair[1], &c, 1, NULL), 1);
	ck_assert_int_eq(chan_peek_fd(pair[1], 0), -EPIPE);
}
END_TEST

START_TEST(an_answer_ends_the_call_and_events_wait)
{
	struct clk_req req = { .type = CLK_ADJUST }, sent;
	struct clk_rep rep, ev;

	start_rpc();
	/* They are in the socket before the call, which finds them there. */
	reply(CLK_WAS_SET, 0, 0);
	reply(CLK_TERM, 0, 0);
	reply(CLK_DONE, 1, ERANGE);
	ck_assert_int_eq(clock_rpc_call(&rpc, &req, -1, &rep), 0);
	ck_assert_int_eq(rep.error, ERANGE);
	ck_assert_int_eq(chan_recv(pair[1], &sent, sizeof sent, NULL),
	    sizeof sent);
	ck_assert_uint_eq(sent.seq, 1);
	ck_assert_int_eq(clock_rpc_event(&rpc, &ev), 1);
	ck_assert_uint_eq(ev.type, CLK_WAS_SET);
	ck_assert_int_eq(clock_rpc_event(&rpc, &ev), 1);
	ck_assert_uint_eq(ev.type, CLK_TERM);
	ck_assert_int_eq(clock_rpc_event(&rpc, &ev), 0);
}
END_TEST

START_TEST(an_event_that_waits_already_is_not_queued_again)
{
	struct clk_req req = { .type = CLK_ADJUST };
	struct clk_rep rep, ev;

	start_rpc();
	for (int i = 0; i < 50; i++) { /* root is fond of SIGHUP */
		reply(CLK_RELOAD, 0, 0);
		reply(CLK_WAS_SET, 0, 0);
	}
	reply(CLK_DONE, 1, 0);
	ck_assert_int_eq(clock_rpc_call(&rpc, &req, -1, &rep), 0);
	ck_assert_int_eq(clock_rpc_event(&rpc, &ev), 1);
	ck_assert_uint_eq(ev.type, CLK_RELOAD);
	ck_assert_int_eq(clock_rpc_event(&rpc, &ev), 1);
	ck_assert_uint_eq(ev.type, CLK_WAS_SET);
	ck_assert_int_eq(clock_rpc_event(&rpc, &ev), 0);
}
END_TEST

START_TEST(there_is_room_for_an_event_of_each_kind)
{
	const uint32_t types[] = { CLK_WAS_SET, CLK_WOKE, CLK_TERM, CLK_RELOAD };
	struct clk_req req = { .type = CLK_ADJUST };
	struct clk_rep rep, ev;

	start_rpc();
	for (int i = 0; i < 4; i++)
		reply(types[i], 0, 0);
	reply(CLK_DONE, 1, 0);
	ck_assert_int_eq(clock_rpc_call(&rpc, &req, -1, &rep), 0);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(clock_rpc_event(&rpc, &ev), 1);
		ck_assert_uint_eq(ev.type, types[i]);
	}
	ck_assert_int_eq(clock_rpc_event(&rpc, &ev), 0);
}
END_TEST

START_TEST(a_clock_that_answers_wrongly_is_a_stranger)
{
	struct clk_req req = { .type = CLK_ADJUST };
	struct clk_rep rep;

	start_rpc();
	reply(CLK_DONE, 2, 0);
	ck_assert_int_eq(clock_rpc_call(&rpc, &req, -1, &rep), -EPROTO);

	start_rpc();
	reply(CLK_ADJUST, 0, 0);
	ck_assert_int_eq(clock_rpc_call(&rpc, &req, -1, &rep), -EPROTO);

	start_rpc();
	ck_assert_int_eq(chan_send(pair[1], "short", 5, -1, 0), 0);
	ck_assert_int_eq(clock_rpc_call(&rpc, &req, -1, &rep), -EPROTO);

	start_rpc();
	reply(CLK_DONE, 1, 0); /* nobody asked */
	ck_assert_int_eq(clock_rpc_event(&rpc, &rep), -EPROTO);
}
END_TEST

START_TEST(a_clock_that_is_gone_is_seen)
{
	struct clk_req req = { .type = CLK_ADJUST };
	struct clk_rep rep;

	start_rpc();
	close(pair[1]);
	ck_assert_int_eq(clock_rpc_call(&rpc, &req, -1, &rep), -EPIPE);
	ck_assert_int_eq(clock_rpc_event(&rpc, &rep), -EPIPE);
	clock_rpc_bye(&rpc, 0); /* harmless */
}
END_TEST

START_TEST(bye_carries_the_exit_code)
{
	struct clk_req req;

	start_rpc();
	clock_rpc_bye(&rpc, 75);
	ck_assert_int_eq(chan_recv(pair[1], &req, sizeof req, NULL),
	    sizeof req);
	ck_assert_uint_eq(req.type, CLK_BYE);
	ck_assert_uint_eq(req.seq, 1);
	ck_assert_int_eq(req.u.exit_code, 75);
}
END_TEST

UNIT_MAIN("chan",
    there_is_room_for_an_event_of_each_kind, a_message_keeps_its_boundaries,
    a_longer_message_is_refused_not_cut,
    a_peer_that_is_gone_reads_as_0_and_writes_as_epipe,
    a_descriptor_travels_and_closes_on_exec,
    descriptors_too_many_or_unasked_are_not_kept,
    a_look_ahead_leaves_the_message, an_answer_ends_the_call_and_events_wait,
    an_event_that_waits_already_is_not_queued_again,
    a_clock_that_answers_wrongly_is_a_stranger, a_clock_that_is_gone_is_seen,
    bye_carries_the_exit_code)

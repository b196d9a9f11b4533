/* SPDX-License-Identifier: ISC
 *
 * A server's socket that is busy, and the others beside it.  Linked with --wrap,
 * so that calls can be seen. */
#include "tests/unit/unit.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/system/os_bench.h"

#define AT_ONCE 30

static struct {
	struct bench bench;
	struct note server, other;
	int feeder;
	int gathered; /* how often what comes was let gather ... */
	int waits;    /* ... or waited for in the call that receives it */
} w;

int __real_ppoll(struct pollfd *polled, nfds_t n, const struct timespec *most,
    const sigset_t *mask);
int __wrap_ppoll(struct pollfd *polled, nfds_t n, const struct timespec *most,
    const sigset_t *mask);

int
__wrap_ppoll(struct pollfd *polled, nfds_t n, const struct timespec *most,
    const sigset_t *mask)
{
	w.gathered += n == 0;
	return __real_ppoll(polled, n, most, mask);
}

int __real_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
    struct timespec *most);
int __wrap_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
    struct timespec *most);

int
__wrap_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
    struct timespec *most)
{
	w.waits += (flags & MSG_DONTWAIT) == 0;
	return __real_recvmmsg(fd, msgs, n, flags, most);
}

ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);

ssize_t
__wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ck_assert_int_ne(flags & MSG_DONTWAIT, 0);
	return __real_sendmsg(fd, msg, flags);
}

static void
send_to(struct note *n, int count)
{
	struct sockaddr_storage to;
	struct endpoint there = note_endpoint(n);
	socklen_t len = addr_to_sockaddr(&there, &to);

	for (int i = 0; i < count; i++)
		ck_assert_int_eq(sendto(w.feeder, "x", 1, 0,
		    (struct sockaddr *)&to, len), 1);
}

/* The first has the options of a server's, and calls receive. */
static void
start(void (*receive)(struct sock *, struct dgram *, int n))
{
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at("127.0.0.1", 0), .want_stamps = true };

	bench_init(&w.bench, -1, -1);
	ck_assert_int_eq(note_open(&w.other, &w.bench, &want), 0);
	want.stamps_on_demand = want.want_local = true;
	want.buffer = 1 << 20;
	ck_assert_int_eq(note_open(&w.server, &w.bench, &want), 0);
	w.server.sock.receive = receive;
	w.feeder = socket(AF_INET, SOCK_DGRAM, 0);
	w.gathered = w.waits = 0;
}

static void
end(void)
{
	close(w.feeder);
	note_close(&w.server);
	note_close(&w.other);
	bench_fini(&w.bench);
}

/* More comes until the other one has been heard. */
static void
refuse(struct sock *s, struct dgram *d, int n)
{
	(void)d;
	w.server.received += n;
	s->in_vain += (unsigned)n;
	send_to(&w.server, AT_ONCE);
	if (w.gathered == 1)
		send_to(&w.other, 1);
}

START_TEST(what_is_in_vain_gathers_and_others_have_their_turn)
{
	start(refuse);
	w.other.expect = 1;
	send_to(&w.server, AT_ONCE);
	ck_assert(bench_run(&w.bench, 30000));
	ck_assert_int_ge(w.gathered, 1);
	ck_assert_int_eq(w.other.received, 1);
	end();
}
END_TEST

static void
answer(struct sock *s, struct dgram *d, int n)
{
	(void)d;
	(void)s;
	w.server.received += n;
	if (w.server.received >= 1000)
		bench_done(&w.bench);
	else
		send_to(&w.server, AT_ONCE);
}

START_TEST(what_is_answered_does_not)
{
	start(answer);
	send_to(&w.server, AT_ONCE);
	ck_assert(bench_run(&w.bench, 30000));
	ck_assert_int_eq(w.gathered, 0);
	end();
}
END_TEST

/* Each brings the next, until one was waited for; then come n more. */
static int n_more;

static void
answer_lone(struct sock *s, struct dgram *d, int n)
{
	ck_assert_int_eq(w.bench.os->ops->send(w.bench.os, s, d), 0);
	w.server.received += n;
	if (w.waits == 1)
		send_to(&w.other, 1);
	if (w.waits == 0 || n_more-- > 0)
		send_to(&w.server, 1);
}

START_TEST(lone_ones_are_waited_for_and_others_have_their_turn)
{
	start(answer_lone);
	w.other.expect = 1;
	n_more = 1000000;
	send_to(&w.server, 1);
	ck_assert(bench_run(&w.bench, 30000));
	ck_assert_int_ge(w.waits, 1);
	ck_assert_int_lt(w.waits, 1000);
	end();
}
END_TEST

/* The wait that finds nothing ends. */
START_TEST(others_have_their_turn_when_no_more_come)
{
	start(answer_lone);
	w.other.expect = 1;
	n_more = 0;
	send_to(&w.server, 1);
	ck_assert(bench_run(&w.bench, 30000));
	ck_assert_int_ge(w.waits, 1);
	end();
}
END_TEST

UNIT_MAIN("os_pace", what_is_in_vain_gathers_and_others_have_their_turn,
    what_is_answered_does_not,
    lone_ones_are_waited_for_and_others_have_their_turn,
    others_have_their_turn_when_no_more_come)

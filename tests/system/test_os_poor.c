/* SPDX-License-Identifier: ISC
 *
 * The real backend on a kernel that has less: linked with --wrap, so that calls
 * fail as they do under simulators that stand in for the kernel. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "tests/system/os_bench.h"

/* What this kernel does not know; check runs each test in its own process. */
static struct {
	bool no_socket_flags, no_mmsg, no_timestamping, no_timestampns;
} lacks;

static unsigned messages; /* sent */

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);
int __real_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
    struct timespec *timeout);
int __wrap_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
    struct timespec *timeout);
int __real_setsockopt(int fd, int level, int option, const void *value,
    socklen_t len);
int __wrap_setsockopt(int fd, int level, int option, const void *value,
    socklen_t len);

ssize_t __real_sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *msg, int flags);

ssize_t
__wrap_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	messages++;
	return __real_sendmsg(fd, msg, flags);
}

static int
refuse(int error)
{
	errno = error;
	return -1;
}

int
__wrap_socket(int family, int type, int protocol)
{
	if (lacks.no_socket_flags && (type & (SOCK_NONBLOCK | SOCK_CLOEXEC)))
		return refuse(EINVAL);
	return __real_socket(family, type, protocol);
}

int
__wrap_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
    struct timespec *timeout)
{
	if (lacks.no_mmsg)
		return refuse(ENOSYS);
	return __real_recvmmsg(fd, msgs, n, flags, timeout);
}

int
__wrap_setsockopt(int fd, int level, int option, const void *value,
    socklen_t len)
{
	if (level == SOL_SOCKET &&
	    ((lacks.no_timestamping && option == SO_TIMESTAMPING) ||
	    (lacks.no_timestampns && option == SO_TIMESTAMPNS)))
		return refuse(ENOPROTOOPT);
	return __real_setsockopt(fd, level, option, value, len);
}

/* Three exchanges; how the received ones were stamped, and how many stamps of
 * sent ones came. */
static enum stamp_src
exchange(int *sent)
{
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at("127.0.0.1", 0), .want_stamps = true,
		.want_local = true };
	struct note server, client;
	struct bench b;

	bench_init(&b, -1, -1);
	ck_assert_int_eq(note_open(&server, &b, &want), 0);
	server.echo = true;
	want.local = (struct endpoint){ 0 };
	want.peer = note_endpoint(&server);
	ck_assert_int_eq(note_open(&client, &b, &want), 0);
	ck_assert_int_eq(fcntl(client.sock.fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_ne(fcntl(client.sock.fd, F_GETFL) & O_NONBLOCK, 0);
	client.expect = 3;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(note_send(&client, "x"), 0);
	ck_assert(bench_run(&b, 5000));
	ck_assert_int_eq(client.received, 3);
	ck_assert(addr_equal(&server.last.local, &server.last.remote.addr));
	*sent = client.sent;

	enum stamp_src src = client.last.stamp.src;

	note_close(&server);
	note_close(&client);
	bench_fini(&b);
	return src;
}

/* The kernel begins with stamps a little after it was first asked. */
static enum stamp_src
settled(int *sent)
{
	for (int i = 0; i < 1000; i++)
		if (exchange(sent) == STAMP_KERNEL)
			break;
	return exchange(sent);
}

START_TEST(with_everything_there_are_kernel_stamps_both_ways)
{
	int sent;

	ck_assert_int_eq(settled(&sent), STAMP_KERNEL);
	ck_assert_int_eq(sent, 3);
}
END_TEST

START_TEST(without_flags_and_batches_nothing_is_lost)
{
	int sent;

	lacks.no_socket_flags = lacks.no_mmsg = true;
	ck_assert_int_eq(settled(&sent), STAMP_KERNEL);
	ck_assert_int_eq(sent, 3);
}
END_TEST

START_TEST(without_timestamping_there_are_stamps_of_received_ones)
{
	int sent;

	lacks.no_timestamping = true;
	ck_assert_int_eq(settled(&sent), STAMP_KERNEL);
	ck_assert_int_eq(sent, 0);
}
END_TEST

START_TEST(without_any_the_daemon_stamps)
{
	int sent;

	lacks.no_timestamping = lacks.no_timestampns = true;
	ck_assert_int_eq(exchange(&sent), STAMP_DAEMON);
	ck_assert_int_eq(sent, 0);
}
END_TEST

/* Where the kernel has no stamps of sent ones it is the reading of the clock
 * before that counts. */
START_TEST(between_the_reading_of_the_clock_and_a_request_nothing_is_sent)
{
	const struct sock_want want = { .kind = SOCK_KIND_UDP,
		.peer = at("127.0.0.1", 9), .want_stamps = true };
	struct note client;
	struct bench b;

	bench_init(&b, -1, -1);
	ck_assert_int_eq(note_open(&client, &b, &want), 0);
	ck_assert_uint_eq(messages, 1); /* the rehearsal */
	ck_assert_int_eq(note_send(&client, "ask"), 0);
	ck_assert_uint_eq(messages, 2);
	note_close(&client);
	bench_fini(&b);
}
END_TEST

UNIT_MAIN("os_poor", with_everything_there_are_kernel_stamps_both_ways,
    between_the_reading_of_the_clock_and_a_request_nothing_is_sent,
    without_flags_and_batches_nothing_is_lost,
    without_timestamping_there_are_stamps_of_received_ones,
    without_any_the_daemon_stamps)

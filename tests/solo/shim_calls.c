/* SPDX-License-Identifier: ISC
 *
 * The C library's calls in that world, as simulators of this kind have them:
 * flags of socket() are invalid, so are IPv6 and Unix sockets and all clocks
 * but two; a sent packet's time stamp is announced by POLLPRI; time goes on in
 * poll() alone; while a program starts, clocks run on as they are read.  What
 * such a simulator would stumble over ends the program with status 99. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/tspec.h"
#include "tests/solo/shim.h"

#define SOCKS 20
#define FIRST_FD 500
#define FIRST_PORT 60000
#define FRAME 42 /* Ethernet, IPv4 and UDP header */
#define RESTLESS_NS (NSEC / 10)
#define RESTLESS_STEP_NS 101

int __poll_chk(struct pollfd *, nfds_t, int, size_t);
int fcntl64(int, int, ...);
int fcntl(int, int, ...);

static struct sock {
	bool used, is_unix, has_info;
	int stamps;
	unsigned epoch;
	uint32_t peer;
	uint16_t peer_port;
	size_t sent_len; /* waits in the error queue */
	unsigned char sent[SHIM_DATA];
	struct shim_packet *arrived;
} socks[SOCKS];

static struct shim_world world;
static bool is_over;

static _Noreturn void
stumble(const char *why)
{
	fprintf(stderr, "shim: %s\n", why);
	_exit(99);
}

__attribute__((constructor)) static void
begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	shim_world_init(&world);
}

/* After the lines of ten minutes each: how it was at the end. */
__attribute__((destructor)) static void
end(void)
{
	printf("end %lld error %lld waits %lu sockets %u\n",
	    (long long)(world.true_ns / NSEC),
	    (long long)shim_world_error(&world), world.waits,
	    world.most_socks);
}

static struct sock *
sock_of(int fd)
{
	int i = fd - FIRST_FD;

	return i >= 0 && i < SOCKS && socks[i].used ? &socks[i] : NULL;
}

static int
slot_of(const struct sock *s)
{
	return (int)(s - socks);
}

static int
fail(int error)
{
	errno = error;
	return -1;
}

/* Clocks. */

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	static int64_t reads;
	int64_t ns;

	if (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC)
		return fail(EINVAL);
	ns = world.emu.kernel.now(&world.emu.kernel, id);
	if (world.true_ns < RESTLESS_NS)
		ns += reads++ * RESTLESS_STEP_NS;
	*ts = (struct timespec){ ns / NSEC, ns % NSEC };
	return 0;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	int64_t us = kernel_emu_real(&world.emu) / 1000;

	(void)zone;
	*tv = (struct timeval){ us / 1000000, us % 1000000 };
	return 0;
}

time_t
time(time_t *t)
{
	time_t now = kernel_emu_real(&world.emu) / NSEC;

	if (t != NULL)
		*t = now;
	return now;
}

int
adjtimex(struct timex *tx)
{
	int r = world.emu.kernel.adjtimex(&world.emu.kernel, tx);

	return r < 0 ? fail(-r) : TIME_OK;
}

int
clock_adjtime(clockid_t id, struct timex *tx)
{
	return id == CLOCK_REALTIME ? adjtimex(tx) : fail(EINVAL);
}

ssize_t
getrandom(void *to, size_t size, unsigned flags)
{
	unsigned char *p = to;

	(void)flags;
	for (size_t i = 0; i < size; i++)
		p[i] = (unsigned char)(shim_world_dice(&world) >> 8);
	return (ssize_t)size;
}

/* Sockets. */

int
socket(int domain, int type, int protocol)
{
	(void)protocol;
	if (type != SOCK_DGRAM ||
	    (domain != AF_INET && (domain != AF_UNIX || world.ask_port != 0)))
		return fail(EINVAL);
	for (int i = 0; i < SOCKS; i++) {
		if (socks[i].used)
			continue;
		socks[i] = (struct sock){ .used = true,
			.is_unix = domain == AF_UNIX,
			.epoch = socks[i].epoch + 1 };
		if (++world.socks > world.most_socks)
			world.most_socks = world.socks;
		return FIRST_FD + i;
	}
	stumble("more sockets than there are");
}

int
close(int fd)
{
	struct sock *s = sock_of(fd);

	if (s == NULL)
		return (int)syscall(SYS_close, fd);
	if (s->arrived != NULL)
		s->arrived->used = false;
	s->used = false;
	world.socks--;
	return 0;
}

/* fcntl64() is left to the C library, which knows nothing of our sockets. */
int
fcntl(int fd, int cmd, ...)
{
	va_list ap;

	va_start(ap, cmd);
	long arg = va_arg(ap, long);
	va_end(ap);
	return sock_of(fd) != NULL ? 0 : (int)syscall(SYS_fcntl, fd, cmd, arg);
}

/* A Unix socket's path is a name: no file is made. */
int
bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;
	struct sock *s = sock_of(fd);

	if (s == NULL ||
	    len < (s->is_unix ? sizeof(struct sockaddr_un) : sizeof *sin))
		return fail(EINVAL);
	if (s->is_unix || ntohs(sin->sin_port) == world.ask_port)
		shim_world_ask(&world, slot_of(s), s->epoch);
	return 0;
}

int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sock *s = sock_of(fd);
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;

	if (s == NULL || len < sizeof *sin || sin->sin_family != AF_INET)
		return fail(EINVAL);
	s->peer = ntohl(sin->sin_addr.s_addr);
	s->peer_port = ntohs(sin->sin_port);
	return 0;
}

int
setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	struct sock *s = sock_of(fd);

	if (s == NULL || s->is_unix || len < sizeof(int))
		return fail(EINVAL);
	if (level == SOL_SOCKET && option == SO_TIMESTAMPING)
		memcpy(&s->stamps, value, sizeof s->stamps);
	if (level == IPPROTO_IP && option == IP_PKTINFO)
		s->has_info = true;
	return 0;
}

int
getsockopt(int fd, int level, int option, void *restrict value,
    socklen_t *restrict len)
{
	if (sock_of(fd) == NULL || level != SOL_SOCKET || option != SO_ERROR ||
	    *len != sizeof(int))
		return fail(EINVAL);
	memset(value, 0, sizeof(int));
	return 0;
}

/* An answer to the asker is printed. */
static ssize_t
take_reply(const struct msghdr *msg)
{
	const unsigned char *p = msg->msg_iov->iov_base;

	printf("reply ");
	for (size_t i = 0; i < msg->msg_iov->iov_len; i++)
		printf("%02x", p[i]);
	printf("\n");
	return (ssize_t)msg->msg_iov->iov_len;
}

/* Whom a datagram is for; the asker's path counts as its address. */
static uint32_t
target(const struct sock *s, const struct msghdr *msg)
{
	const struct sockaddr_un *un = msg->msg_name;
	const struct sockaddr_in *sin = msg->msg_name;

	if (s->peer != 0)
		return s->peer;
	if (sin == NULL ||
	    msg->msg_namelen < (s->is_unix ? sizeof *un : sizeof *sin))
		stumble("sendmsg: no address");
	if (s->is_unix)
		return strcmp(un->sun_path, SHIM_ASKER_PATH) == 0
		    ? SHIM_ASKER : 0;
	return ntohs(sin->sin_port) == (ntohl(sin->sin_addr.s_addr) ==
	    SHIM_ASKER ? SHIM_ASKER_PORT : SHIM_SERVER_PORT)
	    ? ntohl(sin->sin_addr.s_addr) : 0;
}

ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
	struct sock *s = sock_of(fd);

	(void)flags;
	if (s == NULL || msg->msg_iovlen != 1)
		stumble("sendmsg: no socket of ours, or not one piece");
	if (s->peer != 0 && msg->msg_name != NULL)
		return fail(EISCONN);

	uint32_t to = target(s, msg);

	if (to == SHIM_ASKER)
		return take_reply(msg);
	if (to == 0)
		stumble("sendmsg: there is nobody at that address");
	shim_world_send(&world, slot_of(s), s->epoch, to,
	    msg->msg_iov->iov_base, msg->msg_iov->iov_len);
	if (s->stamps & SOF_TIMESTAMPING_TX_SOFTWARE) {
		s->sent_len = msg->msg_iov->iov_len;
		memcpy(s->sent, msg->msg_iov->iov_base, s->sent_len);
	}
	return (ssize_t)msg->msg_iov->iov_len;
}

/* The packet as it went to the wire. */
static size_t
make_frame(struct sock *s, unsigned char *frame)
{
	size_t len = s->sent_len;

	memset(frame, 0, FRAME);
	frame[12] = 8;
	frame[14] = 0x45;
	put16(frame + 16, (uint16_t)(len + 28));
	frame[23] = 17;
	put32(frame + 30, s->peer);
	put16(frame + 36, s->peer_port);
	put16(frame + 38, (uint16_t)(len + 8));
	memcpy(frame + FRAME, s->sent, len);
	s->sent_len = 0;
	return FRAME + len;
}

static size_t
add_control(struct msghdr *msg, size_t at, int level, int type,
    const void *data, size_t size)
{
	struct cmsghdr *c =
	    (struct cmsghdr *)((char *)msg->msg_control + at);

	if (at + CMSG_SPACE(size) > msg->msg_controllen)
		stumble("recvmsg: no room for control messages");
	memset(c, 0, CMSG_SPACE(size));
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), data, size);
	return at + CMSG_SPACE(size);
}

static void
put_control(const struct sock *s, struct msghdr *msg, bool is_sent)
{
	struct in_pktinfo info = { .ipi_ifindex = 1,
		.ipi_addr.s_addr = htonl(SHIM_NET + 200) };
	struct timespec stamps[3] = { { 0, 0 } };
	size_t at = 0;

	if (s->has_info)
		at = add_control(msg, at, IPPROTO_IP, IP_PKTINFO, &info,
		    sizeof info);
	if (is_sent || s->stamps & SOF_TIMESTAMPING_RX_SOFTWARE) {
		clock_gettime(CLOCK_REALTIME, stamps);
		at = add_control(msg, at, SOL_SOCKET, SCM_TIMESTAMPING, stamps,
		    sizeof stamps);
	}
	msg->msg_controllen = at;
}

/* The length of a Unix socket's name stays what the program had room for. */
static void
put_sender(const struct sock *s, struct msghdr *msg, uint32_t from)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX,
		.sun_path = SHIM_ASKER_PATH };
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(from), .sin_port = htons(
		    from == SHIM_ASKER ? SHIM_ASKER_PORT : SHIM_SERVER_PORT) };
	size_t size = s->is_unix ? sizeof un : sizeof sin;

	if (msg->msg_name == NULL || msg->msg_namelen < size)
		stumble("recvmsg: no room for a name");
	memcpy(msg->msg_name, s->is_unix ? (void *)&un : (void *)&sin, size);
	if (!s->is_unix)
		msg->msg_namelen = sizeof sin;
}

ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct sock *s = sock_of(fd);
	unsigned char frame[FRAME + SHIM_DATA];
	bool is_sent = flags & MSG_ERRQUEUE;
	size_t len;

	if (s == NULL)
		stumble("recvmsg: no socket of ours");
	/* Others would be given what is there for another socket. */
	if (is_sent ? s->sent_len == 0 : s->arrived == NULL)
		stumble("recvmsg: poll() has announced nothing");
	if (is_sent) {
		len = make_frame(s, frame);
		put_sender(s, msg, s->peer);
	} else {
		put_sender(s, msg, s->arrived->from);
		if (s->arrived->from == SHIM_ASKER)
			shim_world_ask(&world, slot_of(s), s->epoch);
		len = s->arrived->len;
		memcpy(frame, s->arrived->data, len);
		s->arrived->used = false;
		s->arrived = NULL;
	}
	if (len > msg->msg_iov->iov_len)
		len = msg->msg_iov->iov_len;
	memcpy(msg->msg_iov->iov_base, frame, len);
	put_control(s, msg, is_sent);
	return (ssize_t)len;
}

/* Every packet comes twice; so the slots must be alike. */
int
recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags,
    struct timespec *timeout)
{
	struct msghdr *a = &msgs[0].msg_hdr, *b = &msgs[1].msg_hdr;
	size_t room = a->msg_controllen;
	ssize_t len = recvmsg(fd, a, flags);

	(void)timeout;
	msgs[0].msg_len = (unsigned)len;
	if (n < 2)
		return 1;
	if (b->msg_controllen != room)
		stumble("recvmmsg: slots of different size");
	memcpy(b->msg_iov->iov_base, a->msg_iov->iov_base, (size_t)len);
	memcpy(b->msg_control, a->msg_control, a->msg_controllen);
	memcpy(b->msg_name, a->msg_name, a->msg_namelen);
	b->msg_namelen = a->msg_namelen;
	b->msg_controllen = a->msg_controllen;
	msgs[1].msg_len = msgs[0].msg_len;
	return 2;
}

/* Waiting. */

static int
ready(struct pollfd *fds, nfds_t n, int fd, short event)
{
	int found = 0;

	for (nfds_t i = 0; i < n; i++) {
		fds[i].revents =
		    fds[i].fd == fd && fds[i].events & event ? event : 0;
		found += fds[i].revents != 0;
	}
	return found;
}

/* The packet that has arrived goes to its socket, if that is still open. */
static int
arrive(struct pollfd *fds, nfds_t n, struct shim_packet *p)
{
	struct sock *s = &socks[p->slot];

	if (s->used && s->epoch == p->epoch &&
	    ready(fds, n, FIRST_FD + p->slot, POLLIN)) {
		s->arrived = p;
		return 1;
	}
	p->used = false;
	return 0;
}

int
poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int64_t until = timeout < 0 ? INT64_MAX :
	    shim_world_after(&world, timeout * INT64_C(1000000) + 1000);

	world.waits++;
	for (nfds_t i = 0; i < n; i++) {
		struct sock *s = sock_of(fds[i].fd);

		if (s == NULL && fds[i].fd >= 0)
			stumble("poll: somebody else's descriptor");
		if (s != NULL && s->sent_len > 0 && fds[i].events & POLLPRI)
			return ready(fds, n, fds[i].fd, POLLPRI);
	}
	for (;;) {
		struct shim_packet *p = shim_world_first(&world);
		int64_t next = p != NULL && p->at < until ? p->at : until;

		if (next >= world.end_ns) {
			if (is_over)
				stumble("poll: after the end");
			is_over = true;
			shim_world_run(&world, world.end_ns);
			kill(getpid(), SIGTERM);
			return fail(EINTR);
		}
		shim_world_run(&world, next);
		if (next == until)
			return ready(fds, n, -1, 0);
		if (arrive(fds, n, p))
			return 1;
	}
}

int
__poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t size)
{
	(void)size;
	return poll(fds, n, timeout);
}

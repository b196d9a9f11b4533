/* SPDX-License-Identifier: ISC
 *
 * A socket for a request of ours is made for it, connected, and closed with the
 * answer: the kernel picks a random source port, drops what comes from anybody
 * else, and tells of unreachable ports.
 *
 * Nothing here needs what simulators under LD_PRELOAD lack: without SOCK_*
 * flags in socket(), without recvmmsg(), without SO_TIMESTAMPING it is done in
 * the older way. */
#include "daemon/os/net_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/os/groups_linux.h"
#include "daemon/os/os_poll.h"
#include "daemon/os/tstamp_linux.h"
#include "daemon/os/unix_linux.h"

#define COLD 0.02 /* s after which the caches are thought to be */

int
net_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 && errno == EINVAL) {
		fd = socket(family, type, 0);
		/* What a simulator gives need not be the kernel's. */
		if (fd >= 0) {
			fcntl(fd, F_SETFD, FD_CLOEXEC);
			fcntl(fd, F_SETFL, O_NONBLOCK);
		}
	}
	return fd < 0 ? -errno : fd;
}

int
net_set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) < 0
	    ? -errno : 0;
}

/* Those behind the ones that were received last are as they were. */
static void
batch_prepare(struct net_batch *b)
{
	for (int i = 0; i < b->n_used; i++) {
		b->iov[i] = (struct iovec){ b->data[i].bytes, DGRAM_MAX };
		b->msgs[i].msg_len = 0;
		b->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &b->names[i],
			.msg_namelen = sizeof b->names[i],
			.msg_iov = &b->iov[i],
			.msg_iovlen = 1,
			.msg_control = b->control[i],
			.msg_controllen = NET_CONTROL,
		};
	}
}

struct net_batch *
net_batch_new(void)
{
	struct net_batch *b = calloc(1, sizeof *b);

	if (b != NULL)
		b->n_used = NET_BATCH;
	return b;
}

static int
receive_all(struct net_batch *b, int fd, int flags)
{
	if (!b->has_no_mmsg) {
		int n = recvmmsg(fd, b->msgs, flags == 0 ? 1 : NET_BATCH,
		    flags, NULL);

		if (n >= 0)
			return n;
		if (errno != ENOSYS)
			return -errno;
		b->has_no_mmsg = true;
	}

	ssize_t len = recvmsg(fd, &b->msgs[0].msg_hdr, flags);

	if (len < 0)
		return -errno;
	b->msgs[0].msg_len = (unsigned)len;
	return 1;
}

int
net_batch_receive(struct net_batch *b, int fd, int flags)
{
	batch_prepare(b);

	int n = receive_all(b, fd, flags);

	/* The kernel may have begun with one more. */
	b->n_used = n < 0 ? 1 : n < NET_BATCH ? n + 1 : NET_BATCH;
	return n;
}

/* Reads cmsg's data into a struct of that size: false when it is shorter. */
static bool
cmsg_data(const struct cmsghdr *cmsg, void *to, size_t size)
{
	if (cmsg->cmsg_len < CMSG_LEN(size))
		return false;
	memcpy(to, CMSG_DATA(cmsg), size);
	return true;
}

static void
read_local(struct net_info *info, const struct cmsghdr *cmsg)
{
	struct in_pktinfo in4;
	struct in6_pktinfo in6;
	struct endpoint e;

	if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO &&
	    cmsg_data(cmsg, &in4, sizeof in4)) {
		struct sockaddr_in sin = { .sin_family = AF_INET,
			.sin_addr = in4.ipi_addr };

		addr_from_sockaddr(&e, (const struct sockaddr *)&sin);
		info->ifindex = (uint32_t)in4.ipi_ifindex;
		info->is_to_many = in4.ipi_addr.s_addr !=
		    in4.ipi_spec_dst.s_addr;
	} else if (cmsg->cmsg_level == IPPROTO_IPV6 &&
	    cmsg->cmsg_type == IPV6_PKTINFO && cmsg_data(cmsg, &in6, sizeof in6)) {
		struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
			.sin6_addr = in6.ipi6_addr,
			.sin6_scope_id = in6.ipi6_ifindex };

		addr_from_sockaddr(&e, (const struct sockaddr *)&sin6);
		info->ifindex = in6.ipi6_ifindex;
		info->is_to_many = IN6_IS_ADDR_MULTICAST(&in6.ipi6_addr);
	} else {
		return;
	}
	info->local = e.addr;
}

void
net_read_info(struct net_info *info, struct msghdr *msg)
{
	struct ucred cred;

	*info = (struct net_info){ .uid = UINT32_MAX };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	    c = CMSG_NXTHDR(msg, c)) {
		tstamp_read(info, c);
		read_local(info, c);
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_CREDENTIALS &&
		    cmsg_data(c, &cred, sizeof cred))
			info->uid = cred.uid;
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SO_RXQ_OVFL &&
		    cmsg_data(c, &info->overflows, sizeof info->overflows))
			info->has_overflows = true;
	}
}

/* The kernel says the number with each datagram, once it is not 0. */
static void
count_lost(struct link *link, const struct net_info *info)
{
	if (!info->has_overflows)
		return;
	link->sock->lost += info->overflows - link->overflows;
	link->overflows = info->overflows;
}

/* Turns message i of the batch into b->dgrams[i]. */
static void
make_dgram(struct net_batch *b, int i, struct link *link,
    const struct pair *now)
{
	struct msghdr *msg = &b->msgs[i].msg_hdr;
	struct dgram *d = &b->dgrams[i];
	struct net_info info;

	net_read_info(&info, msg);
	count_lost(link, &info);
	*d = (struct dgram){
		.local = info.local,
		.ifindex = info.ifindex,
		.is_to_many = info.is_to_many,
		.stamp = tstamp_choose(&info, now, &b->good),
		.is_cut = (msg->msg_flags & MSG_TRUNC) != 0,
		.len = b->msgs[i].msg_len,
		.data = b->data[i].bytes,
		.uid = info.uid,
	};
	if (msg->msg_namelen < sizeof b->names[i].sa.sa_family)
		return; /* a Unix peer without a name */
	if (b->names[i].sa.sa_family == AF_UNIX)
		d->path = unix_path(&b->names[i].un, msg->msg_namelen);
	else
		addr_from_sockaddr(&d->remote, &b->names[i].sa);
}

static void
report_failure(struct link *link, int error)
{
	if (link->sock != NULL && link->sock->failed != NULL && error != 0)
		link->sock->failed(link->sock, error);
}

int
net_deliver(struct os_linux *o, struct link *link, int flags)
{
	struct net_batch *b = o->batch;
	int n = net_batch_receive(b, link->watch.fd, flags);

	if (n < 0 && n != -EAGAIN && n != -EINTR)
		report_failure(link, -n);
	if (n <= 0)
		return 0;

	struct pair now = o->os.ops->pair(&o->os);

	for (int i = 0; i < n; i++)
		make_dgram(b, i, link, &now);
	pace_note(&link->pace, now.raw, n);
	link->sock->in_vain = 0;
	link->sock->receive(link->sock, b->dgrams, n);
	return n;
}

/* As pace_linux.h has it.  Simulators of a kernel have only what poll() has
 * announced. */
static void
deliver_some(struct os_linux *o, struct link *link)
{
	static const int flags[] = { [PACE_ON] = MSG_DONTWAIT,
		[PACE_WAIT] = MSG_WAITFORONE, [PACE_WAIT_1] = 0,
		[PACE_GATHER] = MSG_DONTWAIT };
	enum pace_next next = PACE_ON;
	struct raw start = { 0 };

	while (link->sock != NULL && next != PACE_POLL && !o->is_stopped) {
		if (next == PACE_GATHER)
			pace_gather();

		int n = net_deliver(o, link, flags[next]);

		if (n < 1 || o->own_clock != NULL || link->sock == NULL)
			return;
		if (start.ns == 0)
			start = link->pace.last;
		if (raw_sub(link->pace.last, start) > PACE_TURN)
			return;
		next = pace_next(&link->pace, n, link->sock->in_vain);
	}
}

static void
udp_ready(struct os_linux *o, struct watch *w, short revents)
{
	struct link *link = (struct link *)w;
	int n = 0;

	/* First what was sent, so that its stamp is there when the answer
	 * comes.  Only an empty queue means that POLLERR is something else. */
	if (link->has_stamps && (revents & (POLLERR | POLLPRI)))
		n = tstamp_read_sent(o, link);
	if (link->sock != NULL && n == 0 && (revents & POLLERR)) {
		int error = 0;
		socklen_t len = sizeof error;

		getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		report_failure(link, error);
	}
	if (revents & POLLIN)
		deliver_some(o, link);
}

/* Binds and connects as far as want says.  The port is the kernel's choice
 * unless one is given. */
static int
attach(int fd, const struct sock_want *want, int family)
{
	struct sockaddr_storage ss;
	struct endpoint local = want->local;
	socklen_t len;

	if (local.addr.family == ADDR_NONE && local.port != 0)
		local.addr.family =
		    family == AF_INET ? ADDR_INET4 : ADDR_INET6;
	if (local.addr.family != ADDR_NONE) {
		len = addr_to_sockaddr(&local, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len) < 0)
			return -errno;
	}
	if (want->peer.addr.family != ADDR_NONE) {
		len = addr_to_sockaddr(&want->peer, &ss);
		if (connect(fd, (struct sockaddr *)&ss, len) < 0)
			return -errno;
	}
	return 0;
}

/* More than net.core.rmem_max takes root; less is no error. */
static void
set_buffer(int fd, int bytes)
{
	if (net_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) < 0)
		net_set(fd, SOL_SOCKET, SO_RCVBUF, bytes);
	net_set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
}

static int
set_options(int fd, const struct sock_want *want, int family)
{
	bool is_v4 = family == AF_INET;
	int error = 0;

	/* Needs no capability while the socket is bound to none yet (since
	 * Linux 5.7). */
	if (want->device != NULL && want->device[0] != '\0' &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, want->device,
		(socklen_t)strlen(want->device)) < 0)
		error = -errno;
	if (error == 0 && want->want_local)
		error = is_v4 ? net_set(fd, IPPROTO_IP, IP_PKTINFO, 1)
		    : net_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	/* With DF always set the kernel need not make up an identification. */
	if (is_v4 && want->is_small)
		net_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	if (error == 0 && want->dscp != 0)
		error = is_v4
		    ? net_set(fd, IPPROTO_IP, IP_TOS, want->dscp << 2)
		    : net_set(fd, IPPROTO_IPV6, IPV6_TCLASS, want->dscp << 2);
	if (error == 0 && want->share == SOCK_MORE)
		error = net_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (want->may_be_away) /* an old kernel has it for IPv4 alone */
		is_v4 ? net_set(fd, IPPROTO_IP, IP_FREEBIND, 1)
		      : net_set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
	if (error == 0 && want->may_broadcast && is_v4)
		error = net_set(fd, SOL_SOCKET, SO_BROADCAST, 1);
	if (want->buffer != 0)
		set_buffer(fd, (int)want->buffer);
	return error;
}

/* One that is not bound yet, or -errno. */
static int
fresh_socket(int family)
{
	int fd = net_socket(family, SOCK_DGRAM);
	int error = 0;

	if (fd >= 0 && family == AF_INET6)
		error = net_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (error == 0)
		return fd;
	close(fd);
	return error;
}

static int
udp_open(struct given *given, struct link *link, const struct sock_want *want)
{
	unsigned family = want->peer.addr.family != ADDR_NONE
	    ? want->peer.addr.family : want->local.addr.family;
	int af = family == ADDR_INET4 ? AF_INET : AF_INET6;

	if (family != ADDR_INET4 && family != ADDR_INET6)
		return -EAFNOSUPPORT;

	int fd = want->local.port != 0 ? given_take(given, &want->local) : -1;
	bool is_given = fd >= 0;

	if (!is_given)
		fd = fresh_socket(af);
	/* EINVAL: a simulator's word for it. */
	if (fd < 0)
		return fd == -EINVAL ? -EAFNOSUPPORT : fd;

	int error = set_options(fd, want, af);

	if (error == 0 && !is_given)
		error = attach(fd, want, af);
	if (error == 0)
		groups_join(fd, want);
	if (error < 0) {
		close(fd);
		return error;
	}
	/* Only now: two daemons may not share a port by mistake. */
	if (want->share == SOCK_FIRST)
		net_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	link->is_connected = want->peer.addr.family != ADDR_NONE;
	link->on_demand = want->stamps_on_demand;
	link->watch.is_busy = want->stamps_on_demand; /* the server's */
	link->has_stamps = want->want_stamps &&
	    tstamp_enable(fd, want->stamps_on_demand);
	if (link->watch.is_busy && link->has_stamps)
		pace_enable(&link->pace, fd);
	link->watch.ready = udp_ready;
	return fd;
}

bool
net_asks(const struct link *link)
{
	return link->is_connected && link->has_stamps;
}

int
net_listen(struct os_linux *o, struct link *link)
{
	/* Simulators announce the error queue as POLLPRI. */
	short events = link->has_stamps ? POLLIN | POLLPRI : POLLIN;

	return watch_add(&o->watches, &link->watch, link->watch.fd, events);
}

/* Where requests follow each other closely each is the rehearsal of the next. */
static void
rehearse(struct os_linux *o)
{
	struct mono now = o->os.ops->mono(&o->os);

	if (mono_sub(now, o->asked) > COLD)
		tstamp_rehearse(o->stamp_fd);
	o->asked = now;
}

int
net_open(struct os *os, struct sock *sock, const struct sock_want *want)
{
	struct os_linux *o = (struct os_linux *)os;
	struct link *link = calloc(1, sizeof *link);
	int fd;

	sock->fd = -1;
	if (link == NULL)
		return -ENOMEM;
	if (o->max_socks != 0 && o->n_socks == o->max_socks) {
		free(link);
		return -EMFILE;
	}
	link->sock = sock;
	link->kind = want->kind;
	if (want->kind == SOCK_KIND_UDP)
		fd = udp_open(&o->given, link, want);
	else
		fd = unix_open(link, want);
	link->watch.fd = fd;
	if (fd >= 0 && !net_asks(link) && net_listen(o, link) < 0) {
		close(fd);
		fd = -ENOMEM;
	}
	if (fd < 0) {
		free(link);
		return fd;
	}
	o->n_socks++;
	sock->fd = fd;
	sock->backend = link;
	/* Not later: now the clock is read, then the request leaves. */
	if (net_asks(link) && o->own_clock == NULL)
		rehearse(o);
	return 0;
}

int
net_adopt(struct os_linux *o, struct sock *sock, int fd)
{
	struct link *link = calloc(1, sizeof *link);

	sock->fd = -1;
	if (link == NULL)
		return -ENOMEM;
	link->sock = sock;
	link->kind = SOCK_KIND_UDP;
	link->on_demand = true;
	link->has_stamps = tstamp_enable(fd, true);
	if (link->has_stamps)
		pace_enable(&link->pace, fd);
	link->watch.is_busy = true;
	link->watch.ready = udp_ready;
	sock->fd = fd;
	sock->backend = link;
	o->n_socks++;
	return net_watch(o, sock, true);
}

int
net_watch(struct os_linux *o, struct sock *sock, bool is_wanted)
{
	struct link *link = sock->backend;

	if (sock->fd >= 0 && is_wanted && link->watch.slot == 0)
		return watch_add(&o->watches, &link->watch, sock->fd, POLLIN);
	if (sock->fd >= 0 && !is_wanted)
		watch_remove(&o->watches, &link->watch);
	return 0;
}

void
net_close(struct os *os, struct sock *sock)
{
	struct os_linux *o = (struct os_linux *)os;
	struct link *link = sock->backend;

	if (sock->fd < 0)
		return;
	if (link->kind == SOCK_KIND_UNIX_LISTEN)
		unix_close_conns(o, link);
	link->sock = NULL;
	watch_drop(&o->watches, &link->watch);
	o->n_socks--;
	sock->fd = -1;
	sock->backend = NULL;
}

/* SPDX-License-Identifier: ISC
 *
 * A sent packet comes back from the error queue as it went to the wire, headers
 * and all: the payload has to be found in it.  It tells which datagram the
 * stamp is for. */
#include "daemon/os/tstamp_linux.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include <netinet/in.h>

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

#include "common/bytes.h"
#include "daemon/os/net_linux.h"
#include "daemon/os/os_poll.h"

/* A stamp that is older than this is of a packet that waited for us, or the
 * clock was stepped in between. */
#define STAMP_AGE_MAX 1.0
#define STEP_LEAST 1e-3   /* s; less than that is none ... */
#define STEADY_PPM 1000.0 /* ... nor what the clock may gain in between */

#define SENT_MOST (4 * NET_BATCH) /* stamps in a turn: more than it has answers,
                                     or they would fill the receive queue */
#define REHEARSAL 48 /* bytes, as a request has */
#define ASKED_MAX 2048 /* bytes: a request as it went to the wire */

#define PROTO_UDP 17
#define UDP_HEADER 8
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define LINK_HEADER_MAX 32 /* Ethernet has 14, 4 more for each VLAN tag */

bool
tstamp_enable(int fd, bool on_demand)
{
	int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;

	if (!on_demand)
		flags |= SOF_TIMESTAMPING_TX_SOFTWARE;

	return net_set(fd, SOL_SOCKET, SO_TIMESTAMPING, flags) == 0 ||
	    net_set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1) == 0;
}

/* On the loopback interface, connected to itself: nobody else gets in. */
static int
connect_to_itself(int fd, int family)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr *own = family == AF_INET ? (void *)&in4 : (void *)&in6;
	socklen_t len = family == AF_INET ? sizeof in4 : sizeof in6;

	if (bind(fd, own, len) < 0 || getsockname(fd, own, &len) < 0)
		return -errno;
	return connect(fd, own, len);
}

int
tstamp_keep_on(void)
{
	int family = AF_INET, fd = net_socket(family, SOCK_DGRAM);

	if (fd < 0) { /* a machine without IPv4 */
		family = AF_INET6;
		fd = net_socket(family, SOCK_DGRAM);
	}
	if (fd < 0)
		return -1;
	tstamp_enable(fd, false);
	(void)connect_to_itself(fd, family); /* then there are no rehearsals */
	return fd;
}

void
tstamp_rehearse(int fd)
{
	unsigned char bin[REHEARSAL];
	struct iovec iov = { memset(bin, 0, sizeof bin), sizeof bin };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (sendmsg(fd, &msg, MSG_DONTWAIT) < 0)
		return;
	(void)recvmsg(fd, &msg, MSG_DONTWAIT);
	(void)recvmsg(fd, &msg, MSG_DONTWAIT | MSG_ERRQUEUE);
}

size_t
tstamp_demand(struct cmsghdr *cmsg)
{
	uint32_t flags = SOF_TIMESTAMPING_TX_SOFTWARE;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SO_TIMESTAMPING;
	cmsg->cmsg_len = CMSG_LEN(sizeof flags);
	memcpy(CMSG_DATA(cmsg), &flags, sizeof flags);
	return CMSG_SPACE(sizeof flags);
}

void
tstamp_read(struct net_info *info, const struct cmsghdr *cmsg)
{
	struct timespec ts; /* also the first of struct scm_timestamping */

	if (cmsg->cmsg_level != SOL_SOCKET ||
	    (cmsg->cmsg_type != SCM_TIMESTAMPING &&
	    cmsg->cmsg_type != SCM_TIMESTAMPNS))
		return;
	if (cmsg->cmsg_len < CMSG_LEN(sizeof ts))
		return;
	memcpy(&ts, CMSG_DATA(cmsg), sizeof ts);
	if (ts.tv_sec == 0 && ts.tv_nsec == 0)
		return;
	info->has_stamp = true;
	info->stamp.ns = (int64_t)ts.tv_sec * NSEC + ts.tv_nsec;
}

/* Whether the clock has not been stepped from one to the other. */
static bool
is_steady(const struct pair *then, const struct pair *now)
{
	double past = raw_sub(now->raw, then->raw);

	return fabs(tspec_sub(now->real, then->real) - past) <=
	    STEP_LEAST + STEADY_PPM * 1e-6 * past;
}

struct stamp
tstamp_choose(const struct net_info *info, const struct pair *now,
    struct pair *good)
{
	struct stamp stamp = { now->real, *now, STAMP_DAEMON };
	double age = tspec_sub(now->real, info->stamp);

	if (!info->has_stamp || age < 0)
		return stamp;
	if (age <= STAMP_AGE_MAX)
		*good = *now;
	else if (good->raw.ns == 0 || !is_steady(good, now))
		return stamp;
	stamp.at = info->stamp;
	stamp.src = STAMP_KERNEL;
	return stamp;
}

/* Length of the UDP datagram with its header if an IP packet of that kind
 * begins at p, else 0; *header is where the datagram begins. */
static size_t
udp_at(const unsigned char *p, size_t len, size_t *header)
{
	size_t total;

	if (len >= IPV4_HEADER && p[0] >> 4 == 4) {
		*header = (size_t)(p[0] & 15) * 4;
		total = get16(p + 2);
		if (*header < IPV4_HEADER || p[9] != PROTO_UDP)
			return 0;
	} else if (len >= IPV6_HEADER && p[0] >> 4 == 6) {
		*header = IPV6_HEADER;
		total = IPV6_HEADER + (size_t)get16(p + 4);
		if (p[6] != PROTO_UDP)
			return 0;
	} else {
		return 0;
	}
	if (total > len || total < *header + UDP_HEADER)
		return 0;
	return get16(p + *header + 4) == total - *header ? total - *header : 0;
}

size_t
tstamp_payload(const unsigned char *packet, size_t len,
    const unsigned char **payload)
{
	for (size_t at = 0; at <= LINK_HEADER_MAX && at < len; at += 2) {
		size_t header;
		size_t udp = udp_at(packet + at, len - at, &header);

		if (udp != 0) {
			*payload = packet + at + header + UDP_HEADER;
			return udp - UDP_HEADER;
		}
	}
	return 0;
}

/* msg came from the error queue, with len bytes of packet.  A stamp of now would
 * be no news about a packet sent. */
static void
hand_over(struct link *link, struct msghdr *msg, const unsigned char *packet,
    size_t len, const struct pair *now, struct pair *good)
{
	const unsigned char *payload;
	struct net_info info;

	len = tstamp_payload(packet, len, &payload);
	net_read_info(&info, msg);
	if (len == 0 || !info.has_stamp || link->sock == NULL ||
	    link->sock->sent == NULL)
		return;

	struct stamp stamp = tstamp_choose(&info, now, good);

	if (stamp.src == STAMP_KERNEL)
		link->sock->sent(link->sock, payload, len, &stamp);
}

/* One batch. */
static int
read_some(struct os_linux *o, struct link *link)
{
	struct net_batch *b = o->batch;
	int n = net_batch_receive(b, link->watch.fd,
	    MSG_ERRQUEUE | MSG_DONTWAIT);

	if (n <= 0)
		return 0;

	struct pair now = o->os.ops->pair(&o->os);

	for (int i = 0; i < n; i++)
		hand_over(link, &b->msgs[i].msg_hdr, b->data[i].bytes,
		    b->msgs[i].msg_len, &now, &b->good);
	return n;
}

int
tstamp_read_sent(struct os_linux *o, struct link *link)
{
	int all = 0, n;

	do {
		n = read_some(o, link);
		all += n;
	} while (n == NET_BATCH && link->sock != NULL && all < SENT_MOST);
	return all;
}

void
tstamp_read_asked(struct os_linux *o, struct link *link)
{
	unsigned char packet[ASKED_MAX];
	_Alignas(struct cmsghdr) unsigned char control[NET_CONTROL];
	struct iovec iov = { packet, sizeof packet };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control };
	ssize_t len = recvmsg(link->watch.fd, &msg,
	    MSG_DONTWAIT | MSG_ERRQUEUE);

	if (len < 0)
		return;

	struct pair now = o->os.ops->pair(&o->os);

	hand_over(link, &msg, packet, (size_t)len, &now, &o->batch->good);
}

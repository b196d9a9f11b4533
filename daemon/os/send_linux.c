/* SPDX-License-Identifier: ISC */
#include "daemon/os/send_linux.h"

#include <errno.h>
#include <string.h>

#include "daemon/os/os_poll.h"
#include "daemon/os/tstamp_linux.h"
#include "daemon/os/unix_linux.h"

_Static_assert(sizeof((struct send_parts *)0)->control >=
	CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint32_t)),
    "room for a source address and a demand");

/* Fills the control message that picks the source address; returns the room it
 * takes. */
static size_t
put_local(struct cmsghdr *c, const struct dgram *d)
{
	struct in_pktinfo in4 = { 0 };
	struct in6_pktinfo in6 = { 0 };
	bool is_v4 = d->local.family == ADDR_INET4;
	size_t size = is_v4 ? sizeof in4 : sizeof in6;

	memcpy(&in4.ipi_spec_dst, d->local.bytes, sizeof in4.ipi_spec_dst);
	memcpy(&in6.ipi6_addr, d->local.bytes, sizeof in6.ipi6_addr);
	in6.ipi6_ifindex = d->local.scope;
	c->cmsg_level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = is_v4 ? IP_PKTINFO : IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), is_v4 ? (void *)&in4 : (void *)&in6, size);
	return CMSG_SPACE(size);
}

void
send_prepare(const struct link *link, const struct dgram *d, struct msghdr *msg,
    struct send_parts *parts)
{
	size_t control = 0;

	parts->iov = (struct iovec){ d->data, d->len };
	*msg = (struct msghdr){ .msg_iov = &parts->iov, .msg_iovlen = 1 };
	if (d->remote.addr.family != ADDR_NONE && !link->is_connected) {
		msg->msg_namelen = addr_to_sockaddr(&d->remote,
		    &parts->name.ss);
		msg->msg_name = &parts->name;
	}
	if (d->local.family == ADDR_INET4 || d->local.family == ADDR_INET6)
		control += put_local((struct cmsghdr *)(void *)parts->control,
		    d);
	if (d->want_sent && link->has_stamps && link->on_demand)
		control += tstamp_demand((struct cmsghdr *)(void *)(
		    parts->control + control));
	if (control > 0) {
		msg->msg_control = parts->control;
		msg->msg_controllen = control;
	}
}

int
net_send(struct os *os, struct sock *sock, const struct dgram *d)
{
	struct os_linux *o = (struct os_linux *)os;
	struct link *link = sock->backend;
	struct send_parts parts;
	struct msghdr msg;

	if (sock->fd < 0)
		return -EBADF;
	if (link->kind != SOCK_KIND_UDP)
		return unix_send(o, link, d);
	send_prepare(link, d, &msg, &parts);
	if (sendmsg(sock->fd, &msg, MSG_DONTWAIT) < 0)
		return -errno;
	if (!net_asks(link))
		return 0;

	int r = link->watch.slot == 0 ? net_listen(o, link) : 0;

	if (r == 0 && o->own_clock == NULL)
		tstamp_read_asked(o, link);
	return r;
}

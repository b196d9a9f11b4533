/* SPDX-License-Identifier: ISC
 *
 *     minimal ADDRESS PORT
 *
 * The least that a server on sockets does: wait in recvmmsg(), and answer from
 * the address that was asked, with a receive timestamp of the kernel's and the
 * clock's time, by sendmmsg().  It knows no clients, rules or keys, and what it
 * says of itself is made up.  What it costs is the kernel's, and the limit of
 * what a real one can reach. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/bytes.h"

#define BATCH 64
#define HEADER 48
#define BUFFER (2 << 20)
#define NTP_UNIX UINT64_C(2208988800) /* 1970 on the NTP scale, s */
#define SECOND UINT64_C(1000000000)   /* ns */

struct batch {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in names[BATCH];
	_Alignas(struct cmsghdr) unsigned char control[BATCH][128];
	unsigned char bytes[BATCH][128];
};

static uint64_t
ntp64_of(struct timespec ts)
{
	return ((uint64_t)ts.tv_sec + NTP_UNIX) << 32 |
	    ((uint64_t)ts.tv_nsec << 32) / SECOND;
}

static int
open_socket(const char *address, const char *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int on = 1, buffer = BUFFER, whole = IP_PMTUDISC_PROBE;

	if (fd < 0 || inet_pton(AF_INET, address, &sin.sin_addr) != 1 ||
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &whole, sizeof whole) <
	    0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer) < 0 ||
	    bind(fd, (struct sockaddr *)&sin, sizeof sin) < 0)
		return -1;
	return fd;
}

/* Makes a request's bytes, and its message, those of the answer. */
static bool
answer(struct batch *b, int i, uint64_t now)
{
	struct msghdr *msg = &b->msgs[i].msg_hdr;
	unsigned char *p = b->bytes[i];
	uint64_t received = now;
	struct in_pktinfo info = { 0 };

	if (b->msgs[i].msg_len < HEADER || (p[0] & 7) != 3)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	    c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP) {
			memcpy(&info, CMSG_DATA(c), sizeof info);
		} else {
			struct timespec ts;

			memcpy(&ts, CMSG_DATA(c), sizeof ts);
			received = ntp64_of(ts);
		}
	}
	memcpy(p + 24, p + 40, 8);
	p[0] = (unsigned char)((p[0] & 0x38) | 4);
	p[1] = 5;
	p[3] = (unsigned char)-20;
	memset(p + 4, 0, 20);
	put64(p + 32, received);
	put64(p + 40, now);

	struct cmsghdr *c = (struct cmsghdr *)(void *)b->control[i];

	info.ipi_spec_dst = info.ipi_addr;
	info.ipi_ifindex = 0;
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof info);
	memcpy(CMSG_DATA(c), &info, sizeof info);
	msg->msg_control = c;
	msg->msg_controllen = CMSG_SPACE(sizeof info);
	b->iov[i].iov_len = HEADER;
	return true;
}

static int
receive(struct batch *b, int fd)
{
	for (int i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){ b->bytes[i], sizeof b->bytes[i] };
		b->msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &b->names[i],
			.msg_namelen = sizeof b->names[i],
			.msg_iov = &b->iov[i], .msg_iovlen = 1,
			.msg_control = b->control[i],
			.msg_controllen = sizeof b->control[i],
		};
	}
	return recvmmsg(fd, b->msgs, BATCH, MSG_WAITFORONE, NULL);
}

int
main(int argc, char **argv)
{
	static struct batch b;
	int fd = argc == 3 ? open_socket(argv[1], argv[2]) : -1;

	if (fd < 0) {
		fprintf(stderr, "minimal ADDRESS PORT: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	for (;;) {
		int n = receive(&b, fd), ready = 0;
		struct timespec ts;

		clock_gettime(CLOCK_REALTIME, &ts);
		for (int i = 0; i < n; i++)
			if (answer(&b, i, ntp64_of(ts)))
				b.msgs[ready++] = b.msgs[i];
		if (ready > 0)
			sendmmsg(fd, b.msgs, (unsigned)ready, 0);
	}
}

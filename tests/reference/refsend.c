/* SPDX-License-Identifier: ISC */
#include "tests/reference/refsend.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

#include "common/bytes.h"

#define NTP_UNIX UINT64_C(2208988800) /* 1970 on the NTP scale, s */
#define REHEARSALS 4 /* after the second the lead hardly falls any more */
#define LEAD_MOST INT64_C(100000) /* ns: beyond, somebody was in between */

uint64_t
refsend_ntp(int64_t ns)
{
	uint64_t second = (uint64_t)(ns / REF_SECOND) + NTP_UNIX;
	uint64_t fraction = ((uint64_t)(ns % REF_SECOND) << 32) / REF_SECOND;

	return second << 32 | fraction;
}

int
refsend_init(struct refsend *s, int fd)
{
	/* The stamps alone come back, without the packets. */
	int stamps = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
	    SOF_TIMESTAMPING_OPT_TSONLY;

	*s = (struct refsend){ .fd = fd, .own_size = sizeof s->own };
	if (getsockname(fd, (struct sockaddr *)&s->own, &s->own_size) != 0)
		return -errno;
	/* The port stands where IPv4 has it; 0: any. */
	((struct sockaddr_in6 *)&s->own)->sin6_port = 0;
	s->sink = socket(s->own.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->sink < 0 ||
	    bind(s->sink, (struct sockaddr *)&s->own, s->own_size) != 0 ||
	    getsockname(s->sink, (struct sockaddr *)&s->own,
	        &s->own_size) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps,
	        sizeof stamps) != 0)
		return -errno;
	return 0;
}

/* Returns CLOCK_MONOTONIC_RAW, read just before. */
static int64_t
send_stamped(const struct refsend *s, const struct refscale *scale,
    unsigned char *packet, const struct sockaddr_storage *to, socklen_t size)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	int64_t raw = t.tv_sec * REF_SECOND + t.tv_nsec;
	put64(packet + REFSEND_SIZE - 8,
	    refsend_ntp(refscale_at(scale, raw + s->lead_ns)));
	/* A client that has gone is no error of ours. */
	(void)sendto(s->fd, packet, REFSEND_SIZE, 0,
	    (const struct sockaddr *)to, size);
	return raw;
}

/* The kernel's stamp of the packet just sent, CLOCK_MONOTONIC_RAW; -1 if there
 * is none. */
static int64_t
sent_stamp(const struct refsend *s)
{
	_Alignas(struct cmsghdr) char control[256];
	struct msghdr m = { .msg_control = control,
		.msg_controllen = sizeof control };

	if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		struct timespec t; /* the first of struct scm_timestamping */

		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPING)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof t);
		struct refpair now = refpair_read();
		return now.raw_ns -
		    (now.real_ns - (t.tv_sec * REF_SECOND + t.tv_nsec));
	}
	return -1;
}

/* Returns how long the packet took to the kernel's stamp, INT64_MAX if that is
 * not known. */
static int64_t
rehearse(const struct refsend *s, const struct refscale *scale,
    unsigned char *packet)
{
	unsigned char bin[REFSEND_SIZE];
	int64_t from = send_stamped(s, scale, packet, &s->own, s->own_size);
	int64_t lead = sent_stamp(s) - from;

	recv(s->sink, bin, sizeof bin, MSG_DONTWAIT);
	return lead >= 0 && lead < LEAD_MOST ? lead : INT64_MAX;
}

void
refsend_rehearse(struct refsend *s, const struct refscale *scale)
{
	unsigned char packet[REFSEND_SIZE] = { 0 };

	rehearse(s, scale, packet);
}

void
refsend_drain(struct refsend *s)
{
	while (recvmsg(s->fd, &(struct msghdr){ 0 },
	    MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		continue;
}

void
refsend_answer(struct refsend *s, const struct refscale *scale,
    unsigned char packet[REFSEND_SIZE], const struct sockaddr_storage *to,
    socklen_t size)
{
	int64_t least = INT64_MAX;

	for (int i = 0; i < REHEARSALS; i++) {
		int64_t lead = rehearse(s, scale, packet);

		if (lead < least)
			least = lead;
	}
	if (least < INT64_MAX)
		s->lead_ns = least;
	send_stamped(s, scale, packet, to, size);
	refsend_drain(s);
}

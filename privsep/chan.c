/* SPDX-License-Identifier: ISC
 *
 * SEQPACKET gives message boundaries and an end of file; what is added here is
 * the passing of one descriptor, and that nobody is ever killed by SIGPIPE or
 * served a cut message. */
#include "privsep/chan.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for more than the one descriptor that is kept: a peer that sends
 * several must not leave some open here. */
#define CHAN_FDS_MAX 16

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * CHAN_FDS_MAX)];
};

int
chan_send(int fd, const void *msg, size_t len, int pass_fd, int wait)
{
	struct iovec iov = { (void *)(uintptr_t)msg, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	ssize_t n;

	if (pass_fd >= 0) {
		memset(&control, 0, sizeof control);
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE(sizeof pass_fd);

		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&mh);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof pass_fd);
		memcpy(CMSG_DATA(cmsg), &pass_fd, sizeof pass_fd);
	}
	do
		n = sendmsg(fd, &mh, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	assert((size_t)n == len); /* SEQPACKET sends all or nothing */
	return 0;
}

/* Keeps the first descriptor that came along, closes the rest. */
static void
take_fds(struct msghdr *mh, int *kept)
{
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(mh); cmsg != NULL;
	     cmsg = CMSG_NXTHDR(mh, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;

		size_t n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof fd, sizeof fd);
			if (*kept < 0)
				*kept = fd;
			else
				close(fd);
		}
	}
}

long
chan_recv(int fd, void *msg, size_t size, int *passed_fd)
{
	struct iovec iov = { msg, size };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	ssize_t n;

	if (passed_fd != NULL) {
		*passed_fd = -1;
		mh.msg_control = &control;
		mh.msg_controllen = sizeof control;
	}
	do
		n = recvmsg(fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (passed_fd != NULL)
		take_fds(&mh, passed_fd);
	if (mh.msg_flags & MSG_TRUNC) {
		if (passed_fd != NULL && *passed_fd >= 0) {
			close(*passed_fd);
			*passed_fd = -1;
		}
		return -EMSGSIZE;
	}
	return n;
}

int
chan_peek_fd(int fd, int wait_ms)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char byte;
	struct iovec iov = { &byte, 1 };
	union control control;
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof control };
	int passed = -1;

	if (poll(&p, 1, wait_ms) <= 0)
		return -ETIMEDOUT;
	if (recvmsg(fd, &mh, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
		return -EPIPE;
	take_fds(&mh, &passed);
	return passed;
}

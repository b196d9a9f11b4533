/* SPDX-License-Identifier: ISC
 *
 * A SOCK_SEQPACKET pair between two roles.  The kernel keeps the boundaries: a
 * message is one struct, whole or not at all. */
#ifndef PRIVSEP_CHAN_H
#define PRIVSEP_CHAN_H

#include <stddef.h>

/* Makes a pair, both ends close-on-exec.  Returns 0 or -errno. */
int chan_pair(int fds[2]);

/* Sends len bytes, and pass_fd with them unless it is -1; MSG_NOSIGNAL, and
 * MSG_DONTWAIT if wait is 0.  Returns 0 or -errno. */
int chan_send(int fd, const void *msg, size_t len, int pass_fd, int wait);

/* Receives one message without waiting.  Returns its length (0 = the peer is
 * gone), or -EAGAIN, -EMSGSIZE for one longer than size, other -errno.  A
 * passed descriptor (close-on-exec) goes to *passed_fd, which is -1 otherwise;
 * with passed_fd NULL descriptors are refused by the kernel and dropped. */
long chan_recv(int fd, void *msg, size_t size, int *passed_fd);

/* A descriptor (close-on-exec) of our own for the one that was passed with the
 * next message, which stays where it is; -1 when there is none.  Waits wait_ms
 * for a message at most; -ETIMEDOUT, or -EPIPE when the peer is gone. */
int chan_peek_fd(int fd, int wait_ms);

#endif

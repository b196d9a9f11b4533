/* SPDX-License-Identifier: ISC
 *
 * UDP sockets, and what they share with the Unix sockets: opening, receiving in
 * batches, control messages. */
#ifndef DAEMON_OS_NET_LINUX_H
#define DAEMON_OS_NET_LINUX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/os/os.h"
#include "daemon/os/pace_linux.h"
#include "daemon/os/watch.h"

struct os_linux;
struct unix_conn;

#define NET_BATCH 64
/* The longest: a stamp, packet information, an error with its sender. */
#define NET_CONTROL 256

/* What stands behind a struct sock (its `backend`). */
struct link {
	struct watch watch; /* first: watch_drop frees the link */
	struct sock *sock;  /* NULL once the engine has closed it */
	enum sock_kind kind;
	bool is_connected, has_stamps;
	bool on_demand; /* TX stamps */
	struct pace pace;
	uint32_t overflows; /* of the receive queue, by the kernel's count */
	struct unix_conn *conns; /* SOCK_KIND_UNIX_LISTEN */
};

union net_name {
	struct sockaddr sa;
	struct sockaddr_un un;
	struct sockaddr_storage ss;
};

/* Every slot has the same room: simulators that stand in for the kernel rely
 * on it. */
struct net_batch {
	struct mmsghdr msgs[NET_BATCH];
	struct iovec iov[NET_BATCH];
	union net_name names[NET_BATCH];
	struct dgram dgrams[NET_BATCH];
	_Alignas(struct cmsghdr) unsigned char control[NET_BATCH][NET_CONTROL];
	struct {
		unsigned char bytes[DGRAM_MAX];
		unsigned char apart[64]; /* in the processor's cache */
	} data[NET_BATCH];
	int n_used; /* that have to be prepared for the kernel again */
	bool has_no_mmsg; /* the kernel gives one at a time only */
	struct pair good; /* when a stamp was surely on the clock's scale */
};

/* What the control messages of one datagram say. */
struct net_info {
	bool has_stamp;
	struct tspec stamp;
	struct addr local;
	uint32_t ifindex;
	bool is_to_many;
	uint32_t uid;
	bool has_overflows;
	uint32_t overflows; /* of the socket before this one was queued */
};

/* A non-blocking, close-on-exec socket: descriptor or -errno. */
int net_socket(int family, int type);

int net_set(int fd, int level, int option, int value); /* 0 or -errno */

/* NULL: out of memory.  It is freed with free(). */
struct net_batch *net_batch_new(void);

/* Receives up to NET_BATCH datagrams; flags as recvmsg.  Without MSG_DONTWAIT
 * it is one, for which the socket may wait: looking for a second costs
 * 0.2 us when there is none.  Returns how many are in b->msgs, or -errno. */
int net_batch_receive(struct net_batch *b, int fd, int flags);

void net_read_info(struct net_info *, struct msghdr *);

/* Receives what there is for a UDP or Unix datagram socket, one batch, and
 * hands it to the engine; flags likewise.  Returns how many there were. */
int net_deliver(struct os_linux *, struct link *, int flags);

/* Makes a UDP socket of a descriptor that was opened elsewhere with
 * want_stamps and stamps_on_demand.  sock->receive, sent and owner are set.
 * Returns 0 or -ENOMEM. */
int net_adopt(struct os_linux *, struct sock *, int fd);

/* Whether what comes to a socket is to be handed to the engine, or to wait for
 * another process that has it.  Returns 0 or -ENOMEM. */
int net_watch(struct os_linux *, struct sock *, bool is_wanted);

/* Whether the socket is for a request of ours and its stamps: nothing comes
 * before that has left, and it is not watched until then.  Else the kernel would
 * go and tell the watcher of the stamp while the packet is on its way, which
 * takes some 0.7 us. */
bool net_asks(const struct link *);

/* Watches it from now on: 0 or -errno. */
int net_listen(struct os_linux *, struct link *);

/* See os.h: ops->sock_open, sock_close, send. */
int net_open(struct os *, struct sock *, const struct sock_want *);
void net_close(struct os *, struct sock *);

#endif

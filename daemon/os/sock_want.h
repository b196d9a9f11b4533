/* SPDX-License-Identifier: ISC
 *
 * What is asked of a socket that is to be opened. */
#ifndef DAEMON_OS_SOCK_WANT_H
#define DAEMON_OS_SOCK_WANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

enum sock_kind {
	SOCK_KIND_UDP = 1,      /* bound, or connected to peer */
	SOCK_KIND_UNIX_DGRAM,   /* the chrony-compatible control socket */
	SOCK_KIND_UNIX_LISTEN,  /* SEQPACKET, native control; each connection
	                           is the backend's: a message comes in as a
	                           dgram with its conn, and send() answers it */
};

enum sock_share {
	SOCK_ALONE = 0,
	SOCK_FIRST, /* nobody when it is opened; SOCK_MORE afterwards */
	SOCK_MORE,
};

struct sock_group { /* multicast */
	struct addr addr;
	uint32_t ifindex; /* 0 = on every interface there is */
};

struct sock_want {
	enum sock_kind kind;
	struct endpoint local; /* family NONE: any; port 0: random */
	struct endpoint peer;  /* family NONE: not connected */
	const char *path;      /* Unix: the file, made anew */
	unsigned mode;         /* Unix: mode of the file */
	bool want_stamps;      /* kernel RX and TX timestamps */
	bool stamps_on_demand; /* but TX only of datagrams that want_sent */
	unsigned buffer;       /* UDP: bytes of received ones that wait, where
	                          that is permitted, and those without
	                          room are counted; 0 = the default */
	bool is_small;         /* UDP: what is sent fits every link, and is
	                          never to be fragmented; in set-up only */
	bool want_local;       /* fill dgram.local (PKTINFO) */
	bool may_be_away;      /* UDP: the machine need not have local yet */
	bool may_broadcast;    /* UDP: send to broadcast addresses, too */
	const struct sock_group *groups; /* UDP: to be in, where that can be */
	size_t n_groups;
	int dscp;              /* 0..63 */
	const char *device;    /* UDP: the interface alone; NULL, "" = any */
	enum sock_share share; /* UDP: who else may be bound to local */
};

#endif

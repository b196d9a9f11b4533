/* SPDX-License-Identifier: ISC
 *
 * The engine's end of the edge to the resolver (privsep/wire_names.h).  Its
 * answers are taken as if from a stranger: what is no unicast address is left
 * out, and what is not even a message means that the resolver is not ours any
 * more: it counts as gone, which lasts. */
#ifndef DAEMON_OS_NAMES_H
#define DAEMON_OS_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/os/os.h"
#include "daemon/os/watch.h"

struct names_entry;

struct names {
	struct watch watch;
	struct watch_set *watches; /* borrowed, kept */
	bool has_resolver, is_gone_told;
	int (*resolve)(const struct lookup *, struct addr *, int max);
	uint32_t last_id;
	struct names_entry *entries; /* look-ups under way */
	size_t count, room;
};

/* fd: the resolver's SEQPACKET socket, borrowed; -1 = none: every look-up is
 * answered by resolve, as os_linux_fds has it, or where that is NULL with "ask
 * again".  Returns 0 or -ENOMEM. */
int names_init(struct names *, struct watch_set *, int fd,
    int (*resolve)(const struct lookup *, struct addr *, int max));
void names_fini(struct names *);

/* Starts l, which stays the caller's and must stay where it is until done() or
 * names_cancel().  Returns 0, -EINVAL for an empty or unterminated name, or
 * -ENOMEM. */
int names_start(struct names *, struct lookup *l);
void names_cancel(struct names *, struct lookup *l);

/* True when names_turn has something to say without a descriptor. */
bool names_is_due(const struct names *);

/* Once per turn: what is answered without a resolver. */
void names_turn(struct names *, struct os *);

#endif

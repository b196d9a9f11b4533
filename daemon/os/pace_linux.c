/* SPDX-License-Identifier: ISC */
#include "daemon/os/pace_linux.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

#define FLOOD_GAP_NS 50000 /* above that too few would gather */
#define SOON_NS 100000
#define ROW_LEAST 4        /* batches, before the next is waited for */
#define PAUSE_NS 1000000   /* after a row: these are bursts, ... */
#define BURSTS 0.1         /* ... for so many s */
#define PATIENCE_US 4000   /* the kernel counts in ticks, and adds one */

void
pace_enable(struct pace *p, int fd)
{
	const struct timeval most = { .tv_usec = PATIENCE_US };
	int flags = fcntl(fd, F_GETFL);

	p->may_gather = true;
	p->may_wait = flags >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) == 0 &&
	    fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0;
}

void
pace_note(struct pace *p, struct raw now, int n)
{
	p->gap = (now.ns - p->last.ns) / n;
	if (p->row >= ROW_LEAST && p->gap > PAUSE_NS)
		p->ended = now;
	p->last = now;
	p->row = p->gap < SOON_NS ? p->row + 1 : 0;
}

enum pace_next
pace_next(const struct pace *p, int n, unsigned in_vain)
{
	if (p->may_gather && 2 * in_vain > (unsigned)n && p->gap < FLOOD_GAP_NS)
		return PACE_GATHER;
	if (p->may_wait && p->row >= ROW_LEAST &&
	    (p->ended.ns == 0 || raw_sub(p->last, p->ended) > BURSTS))
		return n > 1 ? PACE_WAIT : PACE_WAIT_1;
	return n > 1 ? PACE_ON : PACE_POLL;
}

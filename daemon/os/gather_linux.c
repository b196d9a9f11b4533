/* SPDX-License-Identifier: ISC */
#include <poll.h>
#include <stddef.h>
#include <time.h>

#include "daemon/os/pace_linux.h"

#define GATHER_NS 50000 /* and what the kernel adds, as much again */

void
pace_gather(void)
{
	const struct timespec moment = { .tv_nsec = GATHER_NS };

	ppoll(NULL, 0, &moment, NULL);
}

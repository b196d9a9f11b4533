/* SPDX-License-Identifier: ISC */
#include "privsep/clock/kernel.h"

#include <errno.h>
#include <sys/timex.h>

#include "common/tspec.h"

int
kernel_adjtimex(struct clock_kernel *k, struct timex *tx)
{
	(void)k;
	return adjtimex(tx) < 0 ? -errno : 0;
}

int64_t
kernel_now(struct clock_kernel *k, clockid_t id)
{
	struct timespec t = { 0, 0 };

	(void)k;
	clock_gettime(id, &t);
	return t.tv_sec * NSEC + t.tv_nsec;
}

/* SPDX-License-Identifier: ISC */
#include "privsep/clock/kernel.h"

#include <errno.h>
#include <sys/timex.h>

#include "common/tspec.h"

static int
linux_adjtimex(struct clock_kernel *k, struct timex *tx)
{
	(void)k;
	return adjtimex(tx) < 0 ? -errno : 0;
}

static int64_t
linux_now(struct clock_kernel *k, clockid_t id)
{
	struct timespec t = { 0, 0 };

	(void)k;
	clock_gettime(id, &t);
	return t.tv_sec * NSEC + t.tv_nsec;
}

void
kernel_linux_init(struct clock_kernel *k)
{
	*k = (struct clock_kernel){ linux_adjtimex, linux_now };
}

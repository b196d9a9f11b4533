/* SPDX-License-Identifier: ISC */
#include "privsep/clock/drift.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

void
file_replace(int dir, const char *name, const void *data, size_t len)
{
	if (*name == '\0')
		return;
	unlinkat(dir, FILE_TEMP, 0);
	int fd = openat(dir, FILE_TEMP,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	/* A short write (full disk) leaves the old file. */
	if (fd < 0 || write(fd, data, len) != (ssize_t)len ||
	    renameat(dir, FILE_TEMP, dir, name) != 0)
		log_warn("%s: %s", name, strerror(errno));
	close(fd);
}

/* Without floating point: its printing is the larger part of a libc. */
size_t
drift_text(const struct clk_drift *d, char text[DRIFT_LEN])
{
	long long freq = llabs(d->freq_ppt), skew = d->skew_ppt;
	char whole[16];

	snprintf(whole, sizeof whole, "%s%lld", d->freq_ppt > 0 ? "-" : "",
	    freq / 1000000);
	return (size_t)snprintf(text, DRIFT_LEN, "%13s.%06lld %13lld.%06lld\n",
	    whole, freq % 1000000, skew / 1000000, skew % 1000000);
}

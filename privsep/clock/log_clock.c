/* SPDX-License-Identifier: ISC
 *
 * common/log.h for the clock role, in half the lines of common/log.c: here no
 * message carries text of others, and none is long.  Writes only where there is
 * room, which every kind of sink tells poll(2); else the message is lost. */
#include "common/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct {
	int fd;
	enum log_style style;
	enum log_level least;
} sink = { 2, LOGSTYLE_PLAIN, LOGLEVEL_INFO };

void
log_init(int fd, enum log_style style, enum log_level least, const char *role)
{
	(void)role; /* "clock" */
	sink.fd = fd;
	sink.style = style;
	sink.least = least;
}

void
log_at(enum log_level level, const char *fmt, ...)
{
	static const int severity[] = { 7, 6, 4, 3, 2 };
	struct pollfd out = { sink.fd, POLLOUT, 0 };
	const struct timespec at_once = { 0, 0 };
	char start[32], text[192], line[256];
	time_t now = time(NULL);
	va_list ap;

	if (level < sink.least || ppoll(&out, 1, &at_once, NULL) != 1)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (sink.style == LOGSTYLE_PLAIN)
		strftime(start, sizeof start, "%FT%TZ ", gmtime(&now));
	else if (sink.style == LOGSTYLE_PREFIX)
		snprintf(start, sizeof start, "<%d>", severity[level + 1]);
	else /* 3 << 3: the facility "daemon" (RFC 3164) */
		snprintf(start, sizeof start, "<%d>tockd[%d]: ", 3 << 3 |
		    severity[level + 1], (int)getpid());
	int n = snprintf(line, sizeof line, "%sclock: %s\n", start, text);
	ssize_t r = write(sink.fd, line, (size_t)n);
	(void)r;
}

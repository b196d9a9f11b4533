/* SPDX-License-Identifier: ISC
 *
 * common/log.h for the clock role, in half the lines of common/log.c: here no
 * message carries text of others, and none is long.  Writes only where there is
 * room, which every kind of sink tells poll(2); else the message is lost.  For
 * LOGSTYLE_SYSLOG the role begins with RFC 3164's tag. */
#include "common/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct sink {
	int fd;
	enum log_style style;
	enum log_level least;
	const char *role;
} sink = { 2, LOGSTYLE_PLAIN, LOGLEVEL_INFO, "clock" };

void
log_init(int fd, enum log_style style, enum log_level least, const char *role)
{
	sink = (struct sink){ fd, style, least, role };
}

void
log_at(enum log_level level, const char *fmt, ...)
{
	static const int severity[] = { 7, 6, 4, 3, 2 };
	struct pollfd out = { sink.fd, POLLOUT, 0 };
	int daemon = sink.style == LOGSTYLE_SYSLOG ? 3 << 3 : 0;
	char start[32], text[160], line[256];
	time_t now = time(NULL);
	va_list ap;

	if (level < sink.least ||
	    ppoll(&out, 1, &(struct timespec){ 0, 0 }, NULL) != 1)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (sink.style == LOGSTYLE_PLAIN)
		strftime(start, sizeof start, "%FT%TZ ", gmtime(&now));
	else
		sprintf(start, "<%d>", daemon | severity[level + 1]);
	int n = snprintf(line, sizeof line, "%s%.32s: %s\n", start, sink.role,
	    text);
	ssize_t r = write(sink.fd, line, (size_t)n);
	(void)r;
}

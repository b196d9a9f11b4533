/* SPDX-License-Identifier: ISC
 *
 * Each message is formatted on the stack and leaves in one write, so that lines
 * of several processes on the same descriptor do not mix.  The sink is the one
 * piece of file-scope state in the tree. */
#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN 1024
#define FACILITY_DAEMON (3 << 3) /* RFC 3164 section 4.1.1 */

static struct {
	int fd;
	enum log_style style;
	enum log_level least;
	const char *role;
	int is_elsewhere; /* not what descriptor 2 leads to */
} sink = { 2, LOGSTYLE_PLAIN, LOGLEVEL_INFO, "", 0 };

void
log_init(int fd, enum log_style style, enum log_level least, const char *role)
{
	sink.fd = fd;
	sink.style = style;
	sink.least = least;
	sink.role = role;

	struct stat a, b;
	sink.is_elsewhere = fstat(fd, &a) == 0 && fstat(2, &b) == 0 &&
	    (a.st_dev != b.st_dev || a.st_ino != b.st_ino);
}

static int
severity(enum log_level level)
{
	switch (level) {
	case LOGLEVEL_DEBUG:
		return 7;
	case LOGLEVEL_INFO:
		return 6;
	case LOGLEVEL_WARN:
		return 4;
	case LOGLEVEL_ERROR:
		return 3;
	case LOGLEVEL_FATAL:
		break;
	}
	return 2;
}

static int
prefix(char *buf, size_t size, enum log_level level)
{
	struct timespec now = { 0, 0 };
	struct tm tm;
	int pri = severity(level);

	switch (sink.style) {
	case LOGSTYLE_PREFIX:
		return snprintf(buf, size, "<%d>%s%s", pri, sink.role,
		    *sink.role ? ": " : "");
	case LOGSTYLE_SYSLOG:
		return snprintf(buf, size, "<%d>tockd[%d]: %s%s",
		    pri | FACILITY_DAEMON, (int)getpid(), sink.role,
		    *sink.role ? ": " : "");
	case LOGSTYLE_PLAIN:
		break;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	return snprintf(buf, size, "%04d-%02d-%02dT%02d:%02d:%02dZ %s%s",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, sink.role, *sink.role ? ": " : "");
}

void
log_at(enum log_level level, const char *fmt, ...)
{
	char buf[LINE_MAX_LEN];
	va_list ap;

	if (level < sink.least)
		return;

	size_t at = (size_t)prefix(buf, sizeof buf, level);
	va_start(ap, fmt);
	int n = vsnprintf(buf + at, sizeof buf - at - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;

	size_t len = at + (size_t)n;
	if (len > sizeof buf - 2)
		len = sizeof buf - 2;
	/* What a peer may have put into a name must not fake a line. */
	for (size_t i = at; i < len; i++)
		if ((unsigned char)buf[i] < ' ' || buf[i] == 0x7f)
			buf[i] = '?';
	buf[len] = '\n';
	/* Who starts the daemon by hand sees on stderr why it failed. */
	if (sink.is_elsewhere && level >= LOGLEVEL_ERROR) {
		ssize_t r = write(2, buf + at, len + 1 - at);
		(void)r;
	}
	if (sink.style != LOGSTYLE_SYSLOG)
		len++;

	/* A full pipe or socket loses the line: nobody here may wait. */
	ssize_t r = sink.style == LOGSTYLE_SYSLOG
	    ? send(sink.fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL)
	    : write(sink.fd, buf, len);
	(void)r;
}

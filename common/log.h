/* SPDX-License-Identifier: ISC
 *
 * The log.  One sink per process, an inherited descriptor; a message is one
 * write and never blocks (a message that does not fit is lost, not waited for).
 * Wording is stable and listed in tockd(8); the subject comes first:
 * "source 192.0.2.1: bad MAC, key 7". */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

enum log_level { /* numbered as chronyd's -L */
	LOGLEVEL_DEBUG = -1,
	LOGLEVEL_INFO = 0,
	LOGLEVEL_WARN = 1,
	LOGLEVEL_ERROR = 2,
	LOGLEVEL_FATAL = 3,
};

enum log_style {
	LOGSTYLE_PLAIN = 0,  /* a terminal or file: UTC time, role, text */
	LOGSTYLE_PREFIX = 1, /* a service manager's stderr: "<6>role: text" */
	LOGSTYLE_SYSLOG = 2, /* a datagram socket that speaks RFC 3164 */
};

/* Sends messages of at least this level to fd (borrowed, kept).  role is a
 * string constant such as "engine".  Before the call messages of level INFO
 * and up go to descriptor 2 in LOGSTYLE_PLAIN without a role.  When fd is
 * another file than descriptor 2, errors are written to both (the text alone):
 * SIGPIPE must be ignored.  Needs fstat. */
void log_init(int fd, enum log_style, enum log_level least, const char *role);

void log_at(enum log_level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_at(LOGLEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_at(LOGLEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_at(LOGLEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_at(LOGLEVEL_ERROR, __VA_ARGS__)
#define log_fatal(...) log_at(LOGLEVEL_FATAL, __VA_ARGS__) /* caller exits */

#endif

/* SPDX-License-Identifier: ISC
 *
 * The protocols of sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3) and
 * JOURNAL_STREAM of systemd.exec(5), by hand: a few lines, no library. */
#include "privsep/launch_env.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_MAX 64

static int
failed(const char *what, const char *name)
{
	int error = errno;

	log_error("%s %s: %s", what, name, strerror(error));
	return -error;
}

/* A datagram socket connected to a path, or to "@name" without a file. */
static int
connect_to(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len < 2 || len >= sizeof sun.sun_path) {
		errno = EINVAL;
		return -1;
	}
	memcpy(sun.sun_path, path, len + 1);
	if (path[0] == '@')
		sun.sun_path[0] = '\0';

	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
	    (path[0] == '@' ? 0 : 1))) < 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* An unsigned decimal number in the environment; 0 when it is not there. */
static uint64_t
number(const char *name)
{
	const char *text = getenv(name);
	char *end;

	if (text == NULL || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0 ? n : 0;
}

/* Is the variable about this process?  An absent one says yes. */
static bool
is_ours(const char *pid_name)
{
	return getenv(pid_name) == NULL ||
	    number(pid_name) == (uint64_t)getpid();
}

static bool
is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	struct stat st;
	uintmax_t dev, ino;

	return text != NULL && sscanf(text, "%ju:%ju", &dev, &ino) == 2 &&
	    fstat(2, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

int
launch_env_take(struct launch_env *env)
{
	const char *notify = getenv("NOTIFY_SOCKET");
	const char *run = getenv("RUNTIME_DIRECTORY");
	const char *state = getenv("STATE_DIRECTORY");

	memset(env, 0, sizeof *env);
	env->notify_fd = -1;
	if (is_ours("LISTEN_PID") && getenv("LISTEN_PID") != NULL) {
		uint64_t n = number("LISTEN_FDS");
		if (n > LISTEN_FDS_MAX) {
			log_error("LISTEN_FDS: more than %d sockets",
			    LISTEN_FDS_MAX);
			return -EINVAL;
		}
		env->listen_fds = (int)n;
	}
	env->has_journal = is_journal();
	snprintf(env->made_dirs, sizeof env->made_dirs, ":%s:%s:",
	    run == NULL ? "" : run, state == NULL ? "" : state);
	if (notify != NULL && *notify != '\0') {
		env->notify_fd = connect_to(notify);
		if (env->notify_fd < 0)
			return failed("NOTIFY_SOCKET", notify);
	}
	clearenv();
	return 0;
}

/* A pipe or socket, i.e. somebody who reads and knows the <N> prefix. */
static bool
has_reader(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	    (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static int
copy_of(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? failed("log", "on stderr") : copy;
}

int
launch_log_open(const struct options *o, const struct launch_env *env,
    bool is_detached, enum log_style *style)
{
	bool once = o->print_config || o->set_once || o->show_once;
	int fd;

	*style = LOGSTYLE_PLAIN;
	if (o->log_file != NULL) {
		fd = open(o->log_file, O_WRONLY | O_CREAT | O_APPEND |
		    O_CLOEXEC | O_NOCTTY, 0644);
		return fd < 0 ? failed("log file", o->log_file) : fd;
	}
	if (o->debug > 0 || once)
		return copy_of(2);
	if (!is_detached) {
		if (isatty(2))
			return copy_of(2);
		if (env->has_journal || has_reader(2)) {
			*style = LOGSTYLE_PREFIX;
			return copy_of(2);
		}
	}
	fd = connect_to("/dev/log");
	if (fd >= 0) {
		*style = LOGSTYLE_SYSLOG;
		return fd;
	}
	if (is_detached)
		log_warn("no /dev/log: messages are lost (-l FILE keeps them)");
	return copy_of(2);
}

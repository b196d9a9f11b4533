/* SPDX-License-Identifier: ISC */
#include "ctl/grant.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define PID_MOST 4194304 /* the kernel's PID_MAX_LIMIT */

/* The number in fd, or 0. */
static pid_t
read_pid(int fd)
{
	char text[16];
	ssize_t n = read(fd, text, sizeof text - 1);
	char *end;
	long pid;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	pid = strtol(text, &end, 10);
	if (end == text || (*end != '\0' && *end != '\n') || pid <= 1 ||
	    pid > PID_MOST)
		return 0;
	return (pid_t)pid;
}

int
grant_step(const char *path)
{
	int fd, rc;
	pid_t pid;

	if (geteuid() != 0)
		return -EPERM;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	if (flock(fd, LOCK_SH | LOCK_NB) == 0)
		rc = -ESRCH;
	else if (errno != EWOULDBLOCK)
		rc = -errno;
	else if ((pid = read_pid(fd)) == 0)
		rc = -EINVAL;
	else
		rc = kill(pid, SIGUSR1) == 0 ? 0 : -errno;
	close(fd);
	return rc;
}

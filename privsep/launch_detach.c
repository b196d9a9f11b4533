/* SPDX-License-Identifier: ISC
 *
 * Two channels lead from the daemon to the process that was started: a pipe as
 * its stderr, and a SEQPACKET socket in the place of a service manager's.  When
 * the parent goes, writing to either gives EPIPE, which nobody minds. */
#include "privsep/launch_detach.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "privsep/chan.h"

#define READY "READY=1"
#define LAST_WORDS_MS 500 /* to come out of the pipe once the clock is gone */

static int
failed(const char *what)
{
	int error = errno;

	log_error("%s: %s", what, strerror(error));
	return -error;
}

/* Copies what there is to read; false at the end of file. */
static bool
copy_out(int fd)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof buf);

	if (n <= 0)
		return n < 0 && errno == EINTR;
	for (ssize_t done = 0; done < n;) {
		ssize_t w = write(2, buf + done, (size_t)(n - done));
		if (w < 0)
			break;
		done += w;
	}
	return true;
}

static void
copy_last_words(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	while (poll(&pfd, 1, LAST_WORDS_MS) > 0)
		if (!copy_out(fd))
			return;
}

static bool
is_ready_message(int fd, bool *is_over)
{
	char buf[256];
	long n = chan_recv(fd, buf, sizeof buf - 1, NULL);

	*is_over = n == 0 || (n < 0 && n != -EAGAIN);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	return strstr(buf, READY) != NULL;
}

static int
child_status(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) < 0)
		return EXIT_FAILURE;
	if (!WIFEXITED(status)) {
		log_error("the daemon was ended by signal %d",
		    WTERMSIG(status));
		return EXIT_FAILURE;
	}
	/* An end before READY=1 is never a success. */
	return WEXITSTATUS(status) == 0 ? EXIT_FAILURE : WEXITSTATUS(status);
}

static _Noreturn void
wait_for(pid_t child, int ear, int ready)
{
	struct pollfd pfds[] = {
		{ .fd = ready, .events = POLLIN },
		{ .fd = ear, .events = POLLIN },
	};

	for (;;) {
		bool is_over = false;

		if (poll(pfds, 2, -1) < 0 && errno != EINTR)
			_exit(EXIT_FAILURE);
		if (pfds[1].revents != 0 && !copy_out(ear))
			pfds[1].fd = -1;
		if (pfds[0].revents == 0)
			continue;
		if (is_ready_message(ready, &is_over)) {
			fcntl(ear, F_SETFL, O_NONBLOCK);
			copy_out(ear);
			_exit(EXIT_SUCCESS);
		}
		if (is_over) {
			if (pfds[1].fd >= 0)
				copy_last_words(ear);
			_exit(child_status(child));
		}
	}
}

static int
become_daemon(int ear)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return failed("/dev/null");
	setsid();
	if (dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(ear, 2) < 0)
		return failed("dup2");
	close(null);
	close(ear);
	return 0;
}

int
launch_detach(void)
{
	int ear[2], ready[2], r;
	pid_t child;

	if (pipe2(ear, O_CLOEXEC) < 0)
		return failed("pipe");
	r = chan_pair(ready);
	if (r < 0) {
		errno = -r;
		return failed("socketpair");
	}
	child = fork();
	if (child < 0)
		return failed("fork");
	if (child > 0) {
		close(ear[1]);
		close(ready[1]);
		wait_for(child, ear[0], ready[0]);
	}
	close(ear[0]);
	close(ready[0]);
	r = become_daemon(ear[1]);
	return r < 0 ? r : ready[1];
}

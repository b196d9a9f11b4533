/* SPDX-License-Identifier: ISC
 *
 * All of this holds across execve(2): the signal mask and what is pending, open
 * descriptors, umask, timer slack, limits, no_new_privs, securebits, bounding
 * set; and a signalfd tells the signals of the process that reads it.  What an
 * exec undoes is left to the clock itself: it is dumpable again, and its
 * capability is inheritable and ambient. */
#include "privsep/launch_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include "common/log.h"
#include "common/tspec.h"
#include "privsep/chan.h"
#include "privsep/clock/guard.h"

#define LOOK_MS 50 /* how soon a signal is seen */
#define FILES 64 /* the launcher's, of which few are left after the exec */

static int
failed(const char *what)
{
	int error = errno;

	log_error("clock: %s: %s", what, strerror(error));
	return -error;
}

static int
open_signals(void)
{
	const int wanted[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1,
		SIGCHLD, SIGALRM };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		sigaddset(&set, wanted[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* Never expires, but tells when the clock is set. */
static int
open_was_set(void)
{
	const struct itimerspec never = { .it_value = { INT32_MAX, 0 } };
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd >= 0 && timerfd_settime(fd,
	    TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0)
		return -1;
	return fd;
}

int
launch_clock_prepare(struct launch_clock *l)
{
	l->signals = open_signals();
	if (l->signals < 0)
		return failed("signalfd");
	l->was_set = open_was_set();
	if (l->was_set < 0)
		return failed("timerfd");
	l->filter = confine_clock_filter();
	return l->filter < 0 ? l->filter : 0;
}

/* A signal that ends us waits; the clock will obey it. */
static bool
is_ending(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigpending(&set);
	return sigismember(&set, SIGTERM) || sigismember(&set, SIGINT) ||
	    sigismember(&set, SIGQUIT);
}

int
launch_clock_drift(int channel)
{
	int r = -ETIMEDOUT;

	while (r == -ETIMEDOUT && !is_ending())
		r = chan_peek_fd(channel, LOOK_MS);
	return r < 0 ? -1 : r;
}

int
launch_clock_become(const struct confine_user *u, bool is_denied)
{
	const struct confine_limits limits = { .files = FILES, .processes = 0 };
	int r = confine_become(u, is_denied ? -1 : CAP_SYS_TIME);

	if (r < 0)
		return r;
	umask(022); /* its records may be read by all */
	/* ns: the end of a slew should be sharp */
	if (prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0) < 0)
		return failed("timer slack");
	return confine_limit(&limits);
}

int
launch_clock_record(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
}

int64_t
launch_clock_floor(int64_t build_s, int64_t seen_ns)
{
	int64_t seen_s = seen_ns / NSEC;

	if (seen_s - GUARD_DAY_S < build_s || seen_s > build_s + GUARD_YEARS_S)
		return build_s;
	return seen_s - GUARD_DAY_S;
}

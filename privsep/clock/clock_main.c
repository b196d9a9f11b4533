/* SPDX-License-Identifier: ISC
 *
 * The clock role: the main process, and the only one that may set the clock.
 * It waits for the engine, for signals, for the end of a slew and for somebody
 * else who sets the clock, and never for anything else.
 *
 * What a program can be born with (blocked signals, limits, no_new_privs, an
 * empty bounding set) it has from the launcher, which has also made the filter
 * and the rules that it puts on.  After CLK_SETUP nothing new is ever opened but
 * temporary files in three directories, no memory is mapped, nobody is
 * signalled. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build_config.h"
#include "common/log.h"
#include "common/tspec.h"
#include "privsep/clock/clockcore.h"
#include "privsep/clock/drift.h"
#include "privsep/fds.h"

#define TERM_NS (NSEC * 48 / 10) /* less than 5 s, to be out by then */
#define REPLACE (LANDLOCK_ACCESS_FS_WRITE_FILE | \
	LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)

struct clock {
	struct clock_kernel kernel;
	struct clockcore core;
	struct guard_record rec; /* as read at the start, then as written */
	const char *rec_name;    /* in CLOCK_FD_RUN */
	bool has_term, is_once;  /* SIGTERM came; tockd -q */
	int64_t deadline;        /* mono: patience ends */
};

static void
die(const char *what)
{
	log_fatal("%s: %s", what, strerror(errno));
	_exit(EXIT_FAILURE);
}

/* The exec has left the capability inheritable and ambient (which goes with the
 * former), and made us dumpable. */
static void
drop(bool denied)
{
	const uint32_t keep = denied ? 0 : 1U << CAP_SYS_TIME;
	const struct __user_cap_data_struct sets[2] = { { keep, keep, 0 } };
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };

	if (syscall(SYS_capset, &head, sets) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0) != 0)
		die("dropping privileges");
}

/* No slew was allowed yet: to die is safe. */
static void
seal(void)
{
	struct sock_filter code[1024];
	ssize_t n = read(CLOCK_FD_FILTER, code, sizeof code);
	struct sock_fprog filter = { (unsigned short)(n / 8), code };
	struct landlock_path_beneath_attr drift = { REPLACE, CLOCK_FD_DRIFT };

	/* Where this fails, for want of a directory, less is allowed. */
	syscall(SYS_landlock_add_rule, CLOCK_FD_RULES,
	    LANDLOCK_RULE_PATH_BENEATH, &drift, 0);
	if (fcntl(CLOCK_FD_RULES, F_GETFD) >= 0 &&
	    syscall(SYS_landlock_restrict_self, CLOCK_FD_RULES, 0) != 0)
		die("landlock");
	close(CLOCK_FD_RULES);
	close(CLOCK_FD_FILTER);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
		die("seccomp"); /* also when there was none to be read */
}

/* Files may take their time, so never while a slew waits for its end.  A run
 * that may not touch the clock knows nothing that the next should. */
static void
save(struct clock *m)
{
	struct clockcore *c = &m->core;
	const struct stamp *now = &c->guard.s.anchor;
	int64_t age = now->raw - m->rec.state.anchor.raw;
	bool is_end = c->phase == PHASE_ENDED;
	bool is_mark = is_end || c->guard.record_due;
	char text[DRIFT_LEN];

	if (c->guard.slew_ppt != 0 || now->raw == 0)
		return;
	if (!c->denied && (is_mark || age >= GUARD_MINUTE_NS)) {
		m->rec.ended = is_end && (m->has_term ||
		    (m->is_once && c->exit_code < EXIT_ENGINE_GONE));
		m->rec.state = c->guard.s;
		file_replace(CLOCK_FD_RUN, m->rec_name, &m->rec, sizeof m->rec);
	}
	if ((is_mark || c->drift_due) && c->status.flags & CLK_SYNCED)
		file_replace(CLOCK_FD_STATE, CLOCK_FILE_TIME, &now->real, 8);
	if (c->drift_due)
		file_replace(CLOCK_FD_DRIFT, c->guard.lim.drift_name, text,
		    drift_text(&c->drift, text));
	c->drift_due = c->guard.record_due = false;
}

/* Nothing is ever waited for: an engine that does not read is taken for dead. */
static void
tell_engine(struct clock *m, const struct clk_rep *rep)
{
	if (send(CLOCK_FD_ENGINE, rep, sizeof *rep, MSG_DONTWAIT) < 0) {
		clockcore_freeze(&m->core, m->has_term ? 0 : EXIT_ENGINE_GONE);
		log_error("engine does not read");
	}
}

static void
tell_event(struct clock *m, uint32_t type)
{
	struct clk_rep event;

	clockcore_event(&m->core, type, &event);
	tell_engine(m, &event);
}

/* The service manager's socket, sd_notify(3) without its library. */
static void
tell_manager(const char *text)
{
	send(CLOCK_FD_NOTIFY, text, strlen(text), MSG_DONTWAIT);
}

static void
answer(struct clock *m, const struct clk_req *req, size_t len)
{
	struct clk_rep rep;
	char text[80];

	if (!clockcore_request(&m->core, req, len, &rep))
		return;
	if (req->type == CLK_SEAL && rep.error == 0)
		seal();
	tell_engine(m, &rep);
	if (req->type == CLK_READY && rep.error == 0)
		tell_manager("READY=1");
	if (req->type != CLK_STATUS || rep.error == ERANGE)
		return;
	/* WATCHDOG: so an engine that hangs is found out. */
	snprintf(text, sizeof text, "WATCHDOG=1\nSTATUS=%lld ppt, budget %lld "
	    "ns", rep.freq_ppt + 0LL, rep.budget_ns + 0LL);
	tell_manager(text);
}

static void
hear_engine(struct clock *m)
{
	struct clk_req req = { .type = 0 };
	struct iovec iov = { &req, sizeof req };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control };
	ssize_t n = recvmsg(CLOCK_FD_ENGINE, &msg, MSG_DONTWAIT);
	struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
	int dir;

	/* It went and left something unread; its last words come next. */
	if (n < 0 && errno == ECONNRESET)
		return;
	if (n <= 0) {
		clockcore_freeze(&m->core, m->has_term ? 0 : EXIT_ENGINE_GONE);
		log_error("engine is gone without a word");
		return;
	}
	/* Any other time the filter would not let us move a descriptor. */
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    (h && (req.type != CLK_SETUP || m->core.phase != PHASE_NEW ||
	    h->cmsg_len != CMSG_LEN(sizeof dir)))) {
		clockcore_breach(&m->core, "more than a message");
		return;
	}
	if (h) {
		memcpy(&dir, CMSG_DATA(h), sizeof dir);
		dup2(dir, CLOCK_FD_DRIFT); /* the number that the filter knows */
		close(dir);
	}
	answer(m, &req, (size_t)n);
}

static void
reap(void)
{
	int status, pid;

	while ((pid = wait4(-1, &status, WNOHANG, NULL)) > 0)
		log_warn("process %d has ended: signal %d, status %d", pid,
		    WTERMSIG(status), WEXITSTATUS(status));
}

static void
hear_signal(struct clock *m)
{
	struct signalfd_siginfo si;

	if (read(CLOCK_FD_SIGNALS, &si, sizeof si) != sizeof si)
		return;
	if (si.ssi_signo == SIGCHLD) {
		reap();
	} else if (si.ssi_signo == SIGUSR1) {
		/* In any other kind of signal the uid may be made up. */
		if (si.ssi_uid == 0 && si.ssi_code == SI_USER)
			m->core.guard.root_end = GUARD_MINUTE_NS +
			    kernel_now(&m->kernel, CLOCK_BOOTTIME);
		log_info("a step was asked for by uid %u", si.ssi_uid);
	} else if (si.ssi_signo == SIGHUP) {
		tell_event(m, CLK_RELOAD);
	} else if (!m->has_term) {
		m->has_term = true;
		m->deadline = TERM_NS +
		    kernel_now(&m->kernel, CLOCK_MONOTONIC);
		tell_manager("STOPPING=1");
		tell_event(m, CLK_TERM);
	}
}

/* How long to wait: until the slew is over, or patience; 0 when that has ended,
 * and the engine with it. */
static int64_t
patience(struct clock *m)
{
	int64_t left = m->deadline - kernel_now(&m->kernel, CLOCK_MONOTONIC);
	int64_t ns = clockcore_timeout(&m->core);

	if (left > 0)
		return ns < 0 || ns > left ? left : ns;
	clockcore_freeze(&m->core, 0);
	return 0;
}

static void
run(struct clock *m)
{
	struct pollfd fds[] = { { CLOCK_FD_SIGNALS, POLLIN, 0 },
		{ CLOCK_FD_ENGINE, POLLIN, 0 }, { CLOCK_FD_WAS_SET, POLLIN, 0 } };
	struct clockcore *c = &m->core;
	uint64_t ticks;

	while (c->phase != PHASE_ENDED) {
		int64_t ns = patience(m);

		ppoll(fds, 3, &(struct timespec){ ns / NSEC, ns % NSEC }, NULL);
		if (clockcore_expire(c))
			tell_event(m, CLK_SLEWED);
		/* The read fails with ECANCELED: that is the message. */
		if (read(CLOCK_FD_WAS_SET, &ticks, sizeof ticks))
			guard_look(&c->guard, clock_stamp(&m->kernel));
		if (fds[0].revents)
			hear_signal(m);
		if (fds[1].revents && c->phase != PHASE_ENDED)
			hear_engine(m);
		save(m);
	}
	/* How the engine ended should not go unsaid; SIGCHLD tells us. */
	if (c->exit_code == EXIT_ENGINE_GONE) {
		ppoll(fds, 1, &(struct timespec){ 1, 0 }, NULL);
		reap();
	}
}

/* The launcher alone calls us, with STYLE LEAST DENIED ONCE RECORD FLOOR, and the
 * descriptors of privsep/fds.h; the signals are blocked. */
int
main(int argc, char **argv)
{
	struct clock m = { .kernel = { kernel_adjtimex, kernel_now },
		.deadline = INT64_MAX };

	if (argc != 7)
		return EXIT_FAILURE;
	log_init(CLOCK_FD_LOG, (enum log_style)atoi(argv[1]),
	    (enum log_level)atoi(argv[2]), "clock");
	bool denied = *argv[3] == '1';
	m.is_once = *argv[4] == '1';
	m.rec_name = argv[5];
	bool known = read(CLOCK_FD_REC, &m.rec, sizeof m.rec) == sizeof m.rec;
	tzset(); /* reads files, which the filter would not let it */
	drop(denied);
	clockcore_init(&m.core, &m.kernel, known ? &m.rec : NULL,
	    atoll(argv[6]), BUILD_DATE + GUARD_YEARS_S, denied);
	run(&m);
	_exit(m.core.exit_code);
}

/* SPDX-License-Identifier: ISC
 *
 * The clock role: the main process, and the only one that may set the clock.
 * It waits for the engine, for signals, for the end of a slew and for somebody
 * else who sets the clock, and never for anything else.
 *
 * What a program can be born with it has from the launcher: blocked signals,
 * limits, no_new_privs, an empty bounding set, Landlock, every descriptor, and
 * the filter that it loads before it hears anybody.  From then on nothing is
 * ever opened but temporary files in three directories, no memory is mapped,
 * nobody is signalled. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
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

#include "common/log.h"
#include "common/tspec.h"
#include "privsep/clock/clockcore.h"
#include "privsep/clock/drift.h"
#include "privsep/fds.h"

#define PATIENCE_S 4 /* from SIGTERM to our end, engine or not; < 5 */

struct clock {
	struct clock_kernel kernel;
	struct clockcore core;
	struct guard_record rec; /* as read at the start, then as written */
	const char *rec_name;    /* in CLOCK_FD_RUN */
	bool has_term, is_once;  /* SIGTERM came; tockd -q */
};

/* The exec has made us dumpable, and left the capability inheritable, and with
 * that ambient.  An empty filter, since there was none to read, is refused. */
static bool
confine(bool denied)
{
	const uint32_t keep = denied ? 0 : 1U << CAP_SYS_TIME;
	const struct __user_cap_data_struct sets[2] = { { keep, keep, 0 } };
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct sock_filter code[1024];
	ssize_t n = read(CLOCK_FD_FILTER, code, sizeof code);
	struct sock_fprog filter = { (unsigned short)(n / 8), code };

	close(CLOCK_FD_FILTER);
	return syscall(SYS_capset, &head, sets) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* Files may take their time, so never while a slew waits for its end.  A run
 * that may not touch the clock knows nothing that the next should. */
static void
save(struct clock *m)
{
	struct clockcore *c = &m->core;
	const struct clock_stamp *now = &c->guard.s.anchor;
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

/* Without waiting: an engine that does not read is taken for dead. */
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
hear_engine(struct clock *m)
{
	struct clk_req req = { .type = 0 };
	struct iovec iov = { &req, sizeof req };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = recvmsg(CLOCK_FD_ENGINE, &msg, MSG_DONTWAIT | MSG_TRUNC);
	struct clk_rep rep;
	char text[80];

	/* It went and left something unread; its last words come next. */
	if (n < 0 && errno == ECONNRESET)
		return;
	if (n <= 0) {
		clockcore_freeze(&m->core, m->has_term ? 0 : EXIT_ENGINE_GONE);
		log_error("engine is gone without a word");
		return;
	}
	/* The launcher has had what came with CLK_SETUP; no other message has a
	 * descriptor: this is none. */
	if (msg.msg_flags & MSG_CTRUNC && req.type != CLK_SETUP)
		n = 0;
	if (!clockcore_request(&m->core, &req, (size_t)n, &rep))
		return;
	tell_engine(m, &rep);
	if (req.type == CLK_READY && rep.error == 0)
		tell_manager("READY=1");
	if ((req.type != CLK_STATUS && req.type != CLK_ADJUST) ||
	    rep.error == ERANGE)
		return;
	/* WATCHDOG: so an engine that hangs is found out.  The numbers are the
	 * frequency and what the guard still allows. */
	snprintf(text, sizeof text, "WATCHDOG=1\nSTATUS=%lld ppt, %lld ns",
	    rep.freq_ppt + 0LL, rep.budget_ns + 0LL);
	tell_manager(text);
}

static void
hear_signal(struct clock *m)
{
	struct signalfd_siginfo si;
	int status, pid;

	if (read(CLOCK_FD_SIGNALS, &si, sizeof si) != sizeof si)
		return;
	if (si.ssi_signo == SIGCHLD) {
		while ((pid = wait4(-1, &status, WNOHANG, NULL)) > 0)
			if (status)
				log_warn("process %d has ended: signal %d, "
					 "status %d", pid, WTERMSIG(status),
				    WEXITSTATUS(status));
	} else if (si.ssi_signo == SIGUSR1) {
		/* In any other kind of signal the uid may be made up. */
		if (si.ssi_uid == 0 && si.ssi_code == SI_USER)
			m->core.guard.root_end = GUARD_MINUTE_NS +
			    kernel_now(&m->kernel, CLOCK_BOOTTIME);
		log_info("a step was asked for by uid %u", si.ssi_uid);
	} else if (si.ssi_signo == SIGHUP) {
		tell_event(m, CLK_RELOAD);
	} else if (si.ssi_signo == SIGALRM) {
		clockcore_freeze(&m->core, 0);
	} else if (!m->has_term) {
		m->has_term = true;
		alarm(PATIENCE_S);
		tell_manager("STOPPING=1");
		tell_event(m, CLK_TERM);
	}
}

static void
run(struct clock *m)
{
	struct pollfd fds[] = { { CLOCK_FD_SIGNALS, POLLIN, 0 },
		{ CLOCK_FD_ENGINE, POLLIN, 0 }, { CLOCK_FD_WAS_SET, POLLIN, 0 } };
	struct clockcore *c = &m->core;
	int64_t told = 0; /* the guard's event, raw */
	uint64_t ticks;

	while (c->phase != PHASE_ENDED) {
		int64_t ns = clockcore_timeout(c);
		struct timespec slew_end = { ns / NSEC, ns % NSEC };

		ppoll(fds, 3, ns < 0 ? NULL : &slew_end, NULL);
		clockcore_expire(c);
		/* It says ECANCELED when the clock was set; a look never harms. */
		if (read(CLOCK_FD_WAS_SET, &ticks, sizeof ticks))
			guard_look(&c->guard, clock_stamp(&m->kernel));
		/* Not so often that the engine could not read it. */
		if (c->guard.event && c->guard.s.anchor.raw >= told + NSEC) {
			told = c->guard.s.anchor.raw;
			tell_event(m, c->guard.event);
			c->guard.event = 0;
		}
		if (fds[0].revents)
			hear_signal(m);
		if (fds[1].revents && c->phase != PHASE_ENDED)
			hear_engine(m);
		save(m);
	}
	/* How the engine ended should not go unsaid; SIGCHLD tells us. */
	if (c->exit_code == EXIT_ENGINE_GONE) {
		ppoll(fds, 1, &(struct timespec){ 1, 0 }, NULL);
		hear_signal(m);
	}
}

/* Arguments: STYLE LEAST ROLE, as log_init() has them; DENIED ONCE RECORD FLOOR
 * CEILING.  For the descriptors see privsep/fds.h. */
int
main(int argc, char **argv)
{
	struct clock m = { .kernel = { kernel_adjtimex, kernel_now } };

	if (argc != 9) /* from the launcher alone, for this build */
		return EXIT_FAILURE;
	log_init(CLOCK_FD_LOG, (enum log_style)atoi(argv[1]),
	    (enum log_level)atoi(argv[2]), argv[3]);
	bool denied = *argv[4] == '1';
	m.is_once = *argv[5] == '1';
	m.rec_name = argv[6];
	bool known = read(CLOCK_FD_REC, &m.rec, sizeof m.rec) == sizeof m.rec;
	tzset(); /* reads files, which the filter would not let it */
	if (!confine(denied)) {
		log_fatal("confinement: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	clockcore_init(&m.core, &m.kernel, known ? &m.rec : NULL,
	    atoll(argv[7]), atoll(argv[8]), denied);
	run(&m);
	_exit(m.core.exit_code);
}

/* SPDX-License-Identifier: ISC
 *
 * The clock role: the main process, and the only one that may set the clock.
 * It waits for the engine, for signals, for the end of a slew and for somebody
 * else who sets the clock, and never for anything else. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build_config.h"
#include "common/log.h"
#include "common/tspec.h"
#include "privsep/clock/clockcore.h"
#include "privsep/clock/confine_clock.h"
#include "privsep/clock/drift.h"
#include "privsep/fds.h"

#define TERM_NS (NSEC * 48 / 10) /* less than 5 s, to be out by then */
#define REAP_NS NSEC       /* from the engine's EOF to its exit status */
#define FILE_GUARD "guard"
#define FILE_SEEN "time"

struct clock {
	struct clock_kernel kernel;
	struct clockcore core;
	struct guard_record rec; /* as read at the start, then as written */
	int notify, run, state, drift; /* descriptors, -1 = none */
	int signals, was_set;
	int engine_pid;          /* 0 = not our child */
	int engine_exit;         /* its wait status, -1 = lives */
	bool is_ready, has_term;
	int64_t deadline;        /* mono: patience ends; 0 = no matter */
};

/* Files may take their time, so never while a slew waits for its end. */
static void
save(struct clock *m)
{
	struct clockcore *c = &m->core;
	const struct stamp *now = &c->guard.s.anchor;
	bool is_end = c->phase == PHASE_ENDED;
	bool is_mark = is_end || c->guard.record_due;
	char text[DRIFT_LEN];

	if (c->guard.slew_ppt != 0 || now->raw == 0)
		return;
	if (is_mark || now->raw - m->rec.state.anchor.raw >= GUARD_MINUTE_NS) {
		m->rec.ended = is_end && m->has_term;
		m->rec.state = c->guard.s;
		file_replace(m->run, FILE_GUARD, &m->rec, sizeof m->rec);
	}
	if ((is_mark || c->drift_due) && c->status.flags & CLK_SYNCED)
		file_replace(m->state, FILE_SEEN, &now->real, sizeof now->real);
	if (c->drift_due)
		file_replace(m->drift, c->guard.lim.drift_name, text,
		    drift_text(&c->drift, text));
	c->drift_due = c->guard.record_due = false;
}

static void
tell_engine(struct clock *m, const struct clk_rep *rep)
{
	if (send(CLOCK_FD_ENGINE, rep, sizeof *rep, MSG_DONTWAIT |
	    MSG_NOSIGNAL) == sizeof *rep)
		return;
	clockcore_freeze(&m->core, EXIT_ENGINE_GONE);
	log_error("engine does not read: %s", strerror(errno));
}

/* The service manager's socket, sd_notify(3) without its library. */
static void
tell_manager(struct clock *m, const char *text)
{
	send(m->notify, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
tell_event(struct clock *m, uint32_t type)
{
	struct clk_rep event;

	clockcore_event(&m->core, type, &event);
	tell_engine(m, &event);
}

static void
answer(struct clock *m, const struct clk_req *req, size_t len)
{
	const int dirs[3] = { m->run, m->state, m->drift };
	struct clk_rep rep;
	char text[160];

	if (!clockcore_request(&m->core, req, len, &rep))
		return;
	if (req->type == CLK_SEAL && rep.error == 0) {
		save(m);
		if (!confine_clock_seal(dirs, 3))
			clockcore_freeze(&m->core, EXIT_FAILURE);
	}
	if (m->core.phase != PHASE_ENDED)
		tell_engine(m, &rep);
	if (req->type == CLK_READY && rep.error == 0) {
		m->is_ready = true;
		tell_manager(m, "READY=1");
	}
	if (req->type != CLK_STATUS || rep.error == ERANGE)
		return;
	/* WATCHDOG: so an engine that hangs is found out. */
	snprintf(text, sizeof text, "WATCHDOG=1\nSTATUS=frequency %lld ppt, "
	    "maximum error %lld ns, budget %lld ns", rep.freq_ppt + 0LL,
	    m->core.status.maxerror_ns + 0LL, rep.budget_ns + 0LL);
	tell_manager(m, text);
}

static void
hear_engine(struct clock *m)
{
	struct clk_req req = { .type = 0 };
	struct iovec iov = { &req, sizeof req };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof control };
	ssize_t n = recvmsg(CLOCK_FD_ENGINE, &msg,
	    MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *h = CMSG_FIRSTHDR(&msg);

	if (n <= 0) {
		clockcore_freeze(&m->core, m->has_term ? 0 : EXIT_ENGINE_GONE);
		log_error("engine is gone without a word");
		return;
	}
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    (h && (req.type != CLK_SETUP || m->drift >= 0))) {
		clockcore_breach(&m->core, "more than a message");
		return;
	}
	if (h)
		memcpy(&m->drift, CMSG_DATA(h), sizeof m->drift);
	answer(m, &req, (size_t)n);
}

static void
reap(struct clock *m)
{
	int status, pid;

	while ((pid = wait4(-1, &status, WNOHANG, NULL)) > 0) {
		if (pid == m->engine_pid)
			m->engine_exit = status;
		log_warn("process %d has ended: signal %d, status %d", pid,
		    WTERMSIG(status), WEXITSTATUS(status));
	}
}

static void
hear_signal(struct clock *m)
{
	struct signalfd_siginfo si;

	if (read(m->signals, &si, sizeof si) != sizeof si)
		return;
	if (si.ssi_signo == SIGCHLD) {
		reap(m);
	} else if (si.ssi_signo == SIGUSR1) {
		if (si.ssi_uid == 0)
			m->core.guard.root_end = GUARD_MINUTE_NS +
			    m->kernel.now(&m->kernel, CLOCK_BOOTTIME);
		log_info("a step was asked for by uid %u", si.ssi_uid);
	} else if (m->core.phase == PHASE_ENDED) {
		return;
	} else if (si.ssi_signo == SIGHUP) {
		tell_event(m, CLK_RELOAD);
	} else if (!m->has_term) {
		m->has_term = true;
		m->deadline = m->kernel.now(&m->kernel, CLOCK_MONOTONIC) +
		    TERM_NS;
		tell_manager(m, "STOPPING=1");
		tell_event(m, CLK_TERM);
	}
}

/* Waits for the first n of fds, at most ns; false when patience has ended. */
static bool
wait_for(struct clock *m, struct pollfd *fds, nfds_t n, int64_t ns)
{
	int64_t left = m->deadline - m->kernel.now(&m->kernel, CLOCK_MONOTONIC);

	if (m->deadline != 0 && left <= 0)
		return false;
	if (m->deadline != 0 && (ns < 0 || left < ns))
		ns = left;

	struct timespec t = { ns / NSEC, ns % NSEC };
	ppoll(fds, n, ns < 0 ? NULL : &t, NULL);
	return true;
}

static void
run(struct clock *m)
{
	struct pollfd fds[3] = { { m->signals, POLLIN, 0 },
		{ m->was_set, POLLIN, 0 }, { CLOCK_FD_ENGINE, POLLIN, 0 } };
	struct clockcore *c = &m->core;
	uint64_t ticks;

	while (c->phase != PHASE_ENDED) {
		if (!wait_for(m, fds, 3, clockcore_timeout(c)))
			clockcore_freeze(c, 0);
		if (clockcore_expire(c))
			tell_event(m, CLK_SLEWED);
		/* The read fails with ECANCELED: that is the message. */
		if (fds[1].revents && read(m->was_set, &ticks, sizeof ticks))
			clockcore_clock_was_set(c);
		if (fds[0].revents)
			hear_signal(m);
		if (fds[2].revents && c->phase != PHASE_ENDED)
			hear_engine(m);
		if (c->phase >= PHASE_RUN)
			save(m);
	}
	/* An engine that ends before it is ready says by its status why. */
	m->deadline = m->kernel.now(&m->kernel, CLOCK_MONOTONIC) + REAP_NS;
	if (c->exit_code != EXIT_ENGINE_GONE || m->is_ready || !m->engine_pid)
		return;
	while (m->engine_exit == -1 && wait_for(m, fds, 1, -1))
		hear_signal(m);
	if (m->engine_exit != -1 && WIFEXITED(m->engine_exit))
		c->exit_code = WEXITSTATUS(m->engine_exit);
}

static void
open_events(struct clock *m)
{
	const struct itimerspec never = { .it_value = { INT32_MAX, 0 } };
	const int wanted[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1,
		SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		sigaddset(&set, wanted[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	m->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	m->was_set = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	timerfd_settime(m->was_set, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
	    &never, NULL);
}

static void
start(struct clock *m, const char *boot_id, bool denied)
{
	struct guard_record *r = &m->rec;
	int64_t seen;
	bool known = file_load(m->run, FILE_GUARD, r, sizeof *r) ==
	    (long)sizeof *r && memcmp(r->magic, GUARD_MAGIC, 8) == 0 &&
	    *boot_id && strncmp(r->boot_id, boot_id, sizeof r->boot_id) == 0;

	bool has_seen = file_load(m->state, FILE_SEEN, &seen, sizeof seen) ==
	    sizeof seen;

	kernel_linux_init(&m->kernel);
	clockcore_init(&m->core, &m->kernel, known ? r : NULL, BUILD_DATE,
	    has_seen ? seen / NSEC : 0, denied);
	memcpy(r->magic, GUARD_MAGIC, 8);
	snprintf(r->boot_id, sizeof r->boot_id, "%s", boot_id);
}

int
main(int argc, char **argv)
{
	static const char *const names[] = { "--log-style", "--log-least",
		"--engine-pid", "--boot-id" };
	const char *values[] = { "0", "0", "0", "" };
	struct clock m = { .notify = CLOCK_FD_NOTIFY, .run = CLOCK_FD_RUN,
		.state = CLOCK_FD_STATE, .drift = -1, .engine_exit = -1 };
	bool denied = false;

	/* Only the launcher calls us, with names and values.  --watchdog-usec is
	 * left to the engine, which sends CLK_STATUS often enough. */
	for (int i = 1; i < argc; i++) {
		denied |= strcmp(argv[i], "--denied") == 0;
		for (size_t k = 0; k < sizeof names / sizeof *names &&
		    i + 1 < argc; k++)
			if (strcmp(argv[i], names[k]) == 0)
				values[k] = argv[i + 1];
	}
	log_init(fcntl(CLOCK_FD_LOG, F_GETFD) < 0 ? STDERR_FILENO :
	    CLOCK_FD_LOG, (enum log_style)atoi(values[0]),
	    (enum log_level)atoi(values[1]), "clock");
	m.engine_pid = atoi(values[2]);
	tzset(); /* reads files, which the filter would not let it */
	umask(022);
	open_events(&m);
	if (!confine_clock_drop(&denied))
		return EXIT_FAILURE;
	start(&m, values[3], denied);
	run(&m);
	save(&m);
	_exit(m.core.exit_code);
}

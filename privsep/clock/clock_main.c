/* SPDX-License-Identifier: ISC
 *
 * The clock role: the main process, and the only one that may set the clock.
 * It waits for the engine, for signals, for the end of a slew and for somebody
 * else who sets the clock, and never for anything else. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
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
	int engine_pid;
	int engine_exit;         /* its wait status, -1 = lives */
	bool is_ready, has_term;
	bool is_once;            /* tockd -q */
	int64_t deadline;        /* mono: patience ends */
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
		m->rec.ended = is_end && (m->has_term ||
		    (m->is_once && c->exit_code < EXIT_ENGINE_GONE));
		m->rec.state = c->guard.s;
		file_replace(CLOCK_FD_RUN, FILE_GUARD, &m->rec, sizeof m->rec);
	}
	if ((is_mark || c->drift_due) && c->status.flags & CLK_SYNCED)
		file_replace(CLOCK_FD_STATE, FILE_SEEN, &now->real,
		    sizeof now->real);
	if (c->drift_due)
		file_replace(CLOCK_FD_DRIFT, c->guard.lim.drift_name, text,
		    drift_text(&c->drift, text));
	c->drift_due = c->guard.record_due = false;
}

static void
tell_engine(struct clock *m, const struct clk_rep *rep)
{
	if (send(CLOCK_FD_ENGINE, rep, sizeof *rep, MSG_DONTWAIT) ==
	    sizeof *rep)
		return;
	clockcore_freeze(&m->core, m->has_term ? 0 : EXIT_ENGINE_GONE);
	log_error("engine does not read");
}

/* The service manager's socket, sd_notify(3) without its library. */
static void
tell_manager(const char *text)
{
	send(CLOCK_FD_NOTIFY, text, strlen(text), MSG_DONTWAIT);
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
	struct clk_rep rep;
	char text[160];

	if (!clockcore_request(&m->core, req, len, &rep))
		return;
	if (req->type == CLK_SEAL && rep.error == 0 && !confine_clock_seal())
		_exit(EXIT_FAILURE); /* no slew was allowed yet */
	tell_engine(m, &rep);
	if (req->type == CLK_READY && rep.error == 0) {
		m->is_ready = true;
		tell_manager("READY=1");
	}
	if (req->type != CLK_STATUS || rep.error == ERANGE)
		return;
	/* WATCHDOG: so an engine that hangs is found out. */
	snprintf(text, sizeof text, "WATCHDOG=1\nSTATUS=frequency %lld ppt, "
	    "budget %lld ns", rep.freq_ppt + 0LL, rep.budget_ns + 0LL);
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
reap(struct clock *m)
{
	int status, pid;

	while ((pid = wait4(-1, &status, WNOHANG, NULL)) > 0) {
		if (pid == m->engine_pid)
			m->engine_exit = status;
		log_warn("%s %d has ended: signal %d, status %d",
		    pid == m->engine_pid ? "engine" : "process", pid,
		    WTERMSIG(status), WEXITSTATUS(status));
	}
}

static void
hear_signal(struct clock *m)
{
	struct signalfd_siginfo si;

	if (read(CLOCK_FD_SIGNALS, &si, sizeof si) != sizeof si)
		return;
	if (si.ssi_signo == SIGCHLD) {
		reap(m);
	} else if (si.ssi_signo == SIGUSR1) {
		/* In any other kind of signal the uid may be made up. */
		if (si.ssi_uid == 0 && si.ssi_code == SI_USER)
			m->core.guard.root_end = GUARD_MINUTE_NS +
			    kernel_now(&m->kernel, CLOCK_BOOTTIME);
		log_info("a step was asked for by uid %u", si.ssi_uid);
	} else if (m->core.phase == PHASE_ENDED) {
		return;
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

/* Waits for the first n of fds, at most ns (-1: as long as patience lasts);
 * false when that has ended. */
static bool
wait_for(struct clock *m, struct pollfd *fds, nfds_t n, int64_t ns)
{
	int64_t left = m->deadline - kernel_now(&m->kernel, CLOCK_MONOTONIC);

	if (left <= 0)
		return false;
	if (ns < 0 || ns > left)
		ns = left;
	ppoll(fds, n, &(struct timespec){ ns / NSEC, ns % NSEC }, NULL);
	return true;
}

/* Its SIGCHLD may still come, or have come before somebody could hear it.  An
 * engine that ends before it is ready says by its status why. */
static void
learn_why(struct clock *m, struct pollfd *signals)
{
	m->deadline = REAP_NS + kernel_now(&m->kernel, CLOCK_MONOTONIC);
	reap(m);
	while (m->engine_exit == -1 && wait_for(m, signals, 1, -1))
		hear_signal(m);
	if (m->engine_exit == -1)
		log_error("engine is gone without a word");
	else if (!m->is_ready && WIFEXITED(m->engine_exit))
		m->core.exit_code = WEXITSTATUS(m->engine_exit);
}

static void
run(struct clock *m)
{
	struct pollfd fds[] = { { CLOCK_FD_SIGNALS, POLLIN, 0 },
		{ CLOCK_FD_WAS_SET, POLLIN, 0 },
		{ CLOCK_FD_ENGINE, POLLIN, 0 } };
	struct clockcore *c = &m->core;
	uint64_t ticks;

	while (c->phase != PHASE_ENDED) {
		if (!wait_for(m, fds, 3, clockcore_timeout(c)))
			clockcore_freeze(c, 0);
		if (clockcore_expire(c))
			tell_event(m, CLK_SLEWED);
		/* The read fails with ECANCELED: that is the message. */
		if (fds[1].revents &&
		    read(CLOCK_FD_WAS_SET, &ticks, sizeof ticks))
			clockcore_clock_was_set(c);
		if (fds[0].revents)
			hear_signal(m);
		if (fds[2].revents && c->phase != PHASE_ENDED)
			hear_engine(m);
		if (c->phase >= PHASE_RUN)
			save(m);
	}
	if (c->exit_code == EXIT_ENGINE_GONE)
		learn_why(m, fds);
}

static void
start(struct clock *m, const char *boot_id, bool denied)
{
	struct guard_record *r = &m->rec;
	int64_t seen = 0;
	bool known = file_load(CLOCK_FD_RUN, FILE_GUARD, r, sizeof *r) ==
	    sizeof *r && memcmp(r->magic, GUARD_MAGIC, 8) == 0 &&
	    strncmp(r->boot_id, boot_id, sizeof r->boot_id) == 0;

	if (file_load(CLOCK_FD_STATE, FILE_SEEN, &seen, sizeof seen) !=
	    sizeof seen)
		seen = 0;
	clockcore_init(&m->core, &m->kernel, known ? r : NULL, BUILD_DATE,
	    seen / NSEC, denied);
	memcpy(r->magic, GUARD_MAGIC, 8);
	snprintf(r->boot_id, sizeof r->boot_id, "%s", boot_id);
}

/* The launcher alone calls us, with STYLE LEAST ENGINE-PID DENIED ONCE BOOT-ID and
 * the descriptors of privsep/fds.h; the signals are blocked. */
int
main(int argc, char **argv)
{
	struct clock m = { .kernel = { kernel_adjtimex, kernel_now },
		.engine_exit = -1, .deadline = INT64_MAX };

	if (argc != 7)
		return EXIT_FAILURE;
	log_init(CLOCK_FD_LOG, (enum log_style)atoi(argv[1]),
	    (enum log_level)atoi(argv[2]), "clock");
	m.engine_pid = atoi(argv[3]);
	bool denied = atoi(argv[4]) != 0;
	m.is_once = atoi(argv[5]) != 0;
	tzset(); /* reads files, which the filter would not let it */
	if (!confine_clock_drop(denied))
		return EXIT_FAILURE;
	start(&m, argv[6], denied);
	run(&m);
	save(&m);
	_exit(m.core.exit_code);
}

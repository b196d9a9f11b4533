/* SPDX-License-Identifier: ISC */
#include "tests/solo/solo_clock.h"

#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include "common/log.h"
#include "common/tspec.h"
#include "privsep/clock/drift.h"

#define TICK 10000

static volatile sig_atomic_t term_came, hup_came;

/* A signal that comes between the look at the flag and poll() would wait for
 * its end; so it comes again, in a second of real time, until the flag has been
 * seen.  (A timer of the kernel's that is not alarm() may be a simulator's.) */
static void
on_signal(int number)
{
	if (number == SIGHUP)
		hup_came = 1;
	else if (number != SIGALRM)
		term_came = 1;
	alarm(1);
}

/* poll() ends with EINTR all the same; a simulator's own calls go on. */
void
solo_clock_signals(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP,
		SIGALRM };
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaction(numbers[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static struct solo_clock *
of_kernel(struct clock_kernel *k)
{
	return (struct solo_clock *)((char *)k -
	    offsetof(struct solo_clock, kernel));
}

static int64_t
raw_at(const struct solo_clock *s, int64_t mono_ns)
{
	return s->raw_ns +
	    llround((double)(mono_ns - s->mono_ns) / (1 + s->rate));
}

static int
adjust(struct clock_kernel *k, struct timex *tx)
{
	struct solo_clock *s = of_kernel(k);
	int64_t mono_ns = kernel_now(k, CLOCK_MONOTONIC);
	int r = kernel_adjtimex(k, tx);

	if (r != 0)
		return r;

	double rate = (double)(tx->tick - TICK) / TICK +
	    (double)tx->freq / 65536e6;

	if (rate != s->rate) {
		s->raw_ns = raw_at(s, mono_ns);
		s->mono_ns = mono_ns;
		s->rate = rate;
	}
	return 0;
}

static int64_t
now(struct clock_kernel *k, clockid_t id)
{
	int64_t ns = kernel_now(k,
	    id == CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC);

	return id == CLOCK_MONOTONIC_RAW ? raw_at(of_kernel(k), ns) : ns;
}

static int64_t
raw(struct os_clock *os)
{
	struct solo_clock *s = (struct solo_clock *)os;

	return now(&s->kernel, CLOCK_MONOTONIC_RAW);
}

/* As the clock role does it. */
static void
save(struct solo_clock *s)
{
	struct clockcore *c = &s->core;
	char text[DRIFT_LEN];

	if (c->guard.slew_ppt != 0 || !c->drift_due)
		return;
	if (s->drift_dir >= 0)
		file_replace(s->drift_dir, c->guard.lim.drift_name, text,
		    drift_text(&c->drift, text));
	c->drift_due = false;
}

static void
call(struct os_clock *os, struct clk_req *req, struct clk_rep *rep)
{
	struct solo_clock *s = (struct solo_clock *)os;

	req->seq = ++s->seq;
	if (!clockcore_request(&s->core, req, sizeof *req, rep)) {
		if (req->type != CLK_BYE)
			exit(s->core.exit_code);
		*rep = (struct clk_rep){ .type = CLK_DONE };
	}
	save(s);
}

static bool
event(struct os_clock *os, struct clk_rep *rep)
{
	struct solo_clock *s = (struct solo_clock *)os;
	uint32_t type = 0;

	clockcore_expire(&s->core);
	if (s->core.guard.event != 0) {
		type = s->core.guard.event;
		s->core.guard.event = 0;
	} else if (term_came && !s->is_term_told) {
		s->is_term_told = true;
		type = CLK_TERM;
	} else if (hup_came) {
		hup_came = 0;
		type = CLK_RELOAD;
	} else {
		save(s);
		return false;
	}
	if (type == CLK_TERM || type == CLK_RELOAD) /* noticed */
		alarm(0);
	clockcore_event(&s->core, type, rep);
	return true;
}

static int
wait_ms(struct os_clock *os)
{
	struct solo_clock *s = (struct solo_clock *)os;
	int64_t ns = clockcore_timeout(&s->core);

	if ((term_came && !s->is_term_told) || hup_came)
		return 0;
	return ns < 0 ? -1 : (int)((ns + 999999) / 1000000);
}

static bool
can_steer(struct solo_clock *s)
{
	struct timex tx = { .modes = 0 };

	if (adjust(&s->kernel, &tx) != 0)
		return false;
	tx.modes = ADJ_TICK;
	return adjust(&s->kernel, &tx) == 0;
}

void
solo_clock_init(struct solo_clock *s, bool may_steer)
{
	*s = (struct solo_clock){
		.os = { call, event, wait_ms, raw },
		.kernel = { adjust, now },
		.drift_dir = -1,
	};
	s->mono_ns = kernel_now(&s->kernel, CLOCK_MONOTONIC);
	s->raw_ns = s->mono_ns + NSEC; /* the core takes 0 for "never" */

	bool denied = !may_steer || !can_steer(s);

	if (may_steer && denied)
		log_info("not permitted to steer the clock: measuring only");
	clockcore_init(&s->core, &s->kernel, NULL, 0, INT64_MAX / NSEC, denied);
}

int
solo_clock_setup(struct solo_clock *s, struct clk_req *limits,
    int drift_dir)
{
	struct clk_req seal = { .type = CLK_SEAL };
	struct clk_rep rep;

	s->drift_dir = drift_dir;
	call(&s->os, limits, &rep);
	if (rep.error == 0)
		call(&s->os, &seal, &rep);
	return -rep.error;
}

/* SPDX-License-Identifier: ISC
 *
 * Messages to the clock role, and a machine's fate between them.  The input is a
 * list of events, each a byte and what it needs; whatever they are, the clock is
 * never displaced beyond the guard's claim, every message has one answer or ends
 * the daemon, and the kernel's rate stays one that it accepts. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/tspec.h"
#include "tests/emu/clock_host.h"

#define START_S INT64_C(1798761500) /* 100 s before 2027: leaps are near */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
	const uint8_t *at;
	size_t left;
};

/* The next n bytes; zeros where the script is over. */
static void
take(struct script *s, void *to, size_t n)
{
	size_t have = n < s->left ? n : s->left;

	memset(to, 0, n);
	memcpy(to, s->at, have);
	s->at += have;
	s->left -= have;
}

static int64_t
number(struct script *s, int bits)
{
	int64_t v;

	take(s, &v, sizeof v);
	return v >> (64 - bits);
}

static void
say(struct clock_host *h, struct script *s)
{
	struct clk_req req = { 0 };
	struct clk_rep rep;
	uint8_t type;

	take(s, &type, 1);
	take(s, &req.u, 32);
	if (clock_host_call(h, &req, type, &rep)) {
		assert(rep.type == CLK_DONE && rep.seq == req.seq);
		assert(rep.error >= 0);
	} else {
		assert(h->core.phase == PHASE_ENDED);
	}
}

static void
say_raw(struct clock_host *h, struct script *s)
{
	struct clk_req msg[2]; /* room for one that is too long */
	struct clk_rep rep;
	uint8_t size;

	take(s, &size, 1);
	take(s, msg, sizeof *msg + 8);
	if (clockcore_request(&h->core, msg, size % (sizeof *msg + 9), &rep))
		h->seq = h->core.seq;
}

static void
happen(struct clock_host *h, struct script *s, uint8_t event)
{
	switch (event & 15) {
	case 0: clock_host_foreign_step(h, number(s, 44)); break;
	case 1: clock_host_suspend(h, llabs(number(s, 44))); break;
	case 2: clock_host_root(h); break;
	case 3: clock_host_engine_dies(h); break;
	case 4: clock_host_kill(h); break;
	case 5: say_raw(h, s); break;
	case 6:
	case 7:
	case 8:
	case 9: clock_host_run(h, llabs(number(s, 20 + 2 * (event & 15))));
		break;
	default: say(h, s); break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clock_host *h = calloc(1, sizeof *h);
	struct script s = { data, size };
	struct clk_req req = { .u.status.flags = CLK_SYNCED | CLK_STARTED };
	struct clk_limits lim = clock_host_limits;
	struct clk_rep rep;
	uint8_t event;

	log_init(2, LOGSTYLE_PLAIN, LOGLEVEL_FATAL + 1, "");
	take(&s, &event, 1);
	lim.flags |= event & CLK_LEAP_STEP;
	clock_host_init(h, START_S * NSEC);
	h->no_timerfd = event & 1;
	clock_host_start(h, &lim);
	clock_host_call(h, &req, CLK_STATUS, &rep);
	clock_host_claim(h);
	while (s.left > 0) {
		if (h->core.phase == PHASE_ENDED) {
			clock_host_run(h, NSEC);
			clock_host_start(h, &lim);
		}
		take(&s, &event, 1);
		happen(h, &s, event);
		assert(h->worst <= 1);
		assert(llabs(kernel_emu_rate_ppt(&h->emu)) <= PPT / 10);
	}
	free(h);
	return 0;
}

/* SPDX-License-Identifier: ISC
 *
 * What the process that holds the clock still admits: see tockd(8). */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "ctl/cmds.h"
#include "ctl/fields.h"
#include "ctl/json.h"

#define STEPS_UNLIMITED 65535

static const char *
day(char *buf, int64_t s, const char *otherwise)
{
	time_t t = (time_t)s;
	struct tm tm;

	if (s == 0 || !gmtime_r(&t, &tm) ||
	    strftime(buf, FIELD_SIZE, "%Y-%m-%d", &tm) == 0)
		snprintf(buf, FIELD_SIZE, "%s", otherwise);
	return buf;
}

static void
print_text(const struct cmdmon_guard *g)
{
	char a[FIELD_SIZE], b[FIELD_SIZE];
	uint32_t steps = g->steps > 0 ? (uint32_t)g->steps : 0;

	if (g->flags & GUARD_NO_CLOCK)
		printf("clock      not ours to set: tockd only measures\n");
	printf("guard      %s", g->flags & GUARD_OFF ? "off" : "on");
	if (g->flags & GUARD_OFF)
		printf(": nothing below limits the daemon\n");
	else if (g->window_left_s > 0)
		printf(", start window open for %s of %s\n",
		    human_duration(a, g->window_left_s),
		    human_duration(b, g->window_s));
	else
		printf(", start window closed\n");
	printf("budget     %s of %s, refilled with %.3g ppm (%s a day)\n",
	    human_span(a, g->budget), human_span(b, g->bucket), g->refill_ppm,
	    human_span((char[FIELD_SIZE]){ 0 }, g->refill_ppm * 1e-6 * 86400));
	printf("frequency  within +/- %.6g ppm\n", g->max_base_ppm);
	if (g->steps_left == STEPS_UNLIMITED)
		printf("steps      unlimited (makestep)");
	else
		printf("steps      %" PRIu32 " of %" PRId32 " left (makestep)",
		    g->steps_left > steps ? steps : g->steps_left, g->steps);
	if (g->steps_left != STEPS_UNLIMITED && g->steps_left > steps)
		printf(", %" PRIu32 " granted", g->steps_left - steps);
	printf(", %" PRIu32 " for remote operators\n", g->operator_steps);
	printf("dates      from %s to %s\n",
	    day(a, g->notbefore_s, "when tockd was built"),
	    day(b, g->notafter_s, "20 years after that"));
	printf("refused    %" PRIu32 " out of range, %" PRIu32
	       " over budget, %" PRIu32 " too often, %" PRIu32 " other\n",
	    g->refused_range, g->refused_budget, g->refused_rate,
	    g->refused_other);
	if (g->wanted != 0)
		printf("waiting    %s of correction for budget; as root: "
		       "tockctl makestep\n", human_span(a, g->wanted));
}

static void
print_csv(const struct cmdmon_guard *g)
{
	puts("flags,window,window_left,steps,steps_left,operator_steps,"
	     "refused_range,refused_budget,refused_rate,refused_other,"
	     "notbefore,notafter,bucket,budget,refill_ppm,max_base_ppm,"
	     "wanted");
	printf("%u,%u,%u,%d,%u,%u,%u,%u,%u,%u,%" PRId64 ",%" PRId64
	       ",%.9f,%.9f,%.6f,%.6f,%.9f\n",
	    g->flags, g->window_s, g->window_left_s, g->steps, g->steps_left,
	    g->operator_steps, g->refused_range, g->refused_budget,
	    g->refused_rate, g->refused_other, g->notbefore_s, g->notafter_s,
	    g->bucket, g->budget, g->refill_ppm, g->max_base_ppm, g->wanted);
}

int
cmd_guard(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = CMD_GUARD };
	struct cmdmon_reply r;

	(void)args;
	if (ctl_ask(ctl, &q, &r) != 0)
		return CTL_FAILED;
	switch (ctl->format) {
	case FORMAT_TEXT:
		print_text(&r.u.guard);
		break;
	case FORMAT_CSV:
		print_csv(&r.u.guard);
		break;
	case FORMAT_JSON:
		json_guard(&r.u.guard);
		break;
	}
	return CTL_OK;
}

/* SPDX-License-Identifier: ISC */
#include "conf/guard_opts.h"

#include <stddef.h>

#define AT(field) offsetof(struct config_guard, field)
#define YEAR_2000 946684800.0
#define YEAR_2200 7258118400.0

static const struct value rows[] = {
	{ "window", VALUE_U32, AT(window_s), 0, 86400, "s",
	    "how long after the start makestep may step the clock" },
	{ "bucket", VALUE_DOUBLE, AT(bucket), 0, 86400, "s",
	    "the most that slews may displace the clock at once" },
	{ "refill", VALUE_DOUBLE, AT(refill_ppm), 0, 100000, "ppm",
	    "how fast the bucket fills again" },
	{ "operator", VALUE_U32, AT(operator_steps), 0, 1000, "",
	    "steps that the engine may vouch for, one more each 10 min" },
	{ "notbefore", VALUE_DATE, AT(notbefore_s), YEAR_2000, YEAR_2200, "",
	    "the clock is never set before this day" },
	{ "notafter", VALUE_DATE, AT(notafter_s), YEAR_2000, YEAR_2200, "",
	    "the clock is never set after this day has begun" },
	{ "off", VALUE_FLAG, AT(off), 0, 0, "",
	    "no limits, as without a guard" },
};

const struct value_list guard_options = { rows, sizeof rows / sizeof *rows };

void
guard_defaults(struct config_guard *g)
{
	*g = (struct config_guard){ .window_s = 900, .bucket = 2,
		.refill_ppm = 100 };
}

int
guard_parse(struct parse *p)
{
	struct config_guard g;
	int r;

	guard_defaults(&g);
	g.written = true;
	r = value_set_options(p, 1, &guard_options, &g, "guard");
	if (r != 0)
		return r;
	if (g.off && p->line->n > 2) {
		parse_hint(p, "write `guard off` alone, or leave off out");
		return parse_fail(p, lex_find(p->line, "off"),
		    "guard: off and limits exclude each other");
	}
	if (g.notbefore_s != 0 && g.notafter_s != 0 &&
	    g.notbefore_s >= g.notafter_s) {
		parse_hint(p, "notbefore is the earlier day");
		return parse_fail(p, lex_find(p->line, "notafter") + 1,
		    "guard: notafter does not come after notbefore");
	}
	p->config->guard = g;
	return 0;
}

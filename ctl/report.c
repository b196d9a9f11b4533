/* SPDX-License-Identifier: ISC
 *
 * The reports that chronyc has too.  For chronyc rows are printed as they
 * arrive, since an error in the middle belongs under those that came; tockctl
 * gathers them first, to give a column one unit (tables.c). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/cmds.h"
#include "ctl/fetch.h"
#include "ctl/names.h"
#include "ctl/print.h"
#include "ctl/tables.h"
#include "ctl/where.h"

int
cmd_tracking(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_tracking t;
	char name[NAME_SIZE];

	(void)args;
	if (fetch_tracking(ctl, &t) != 0)
		return CTL_FAILED;
	name_of_ref(ctl, t.refid, &t.addr, name);
	if (ctl->is_chronyc)
		print_tracking(&t, name, ctl->format == FORMAT_CSV);
	else
		table_tracking(ctl, &t, name);
	return CTL_OK;
}

static int
chronyc_sources(struct ctl *ctl, const struct args *args)
{
	bool csv = ctl->format == FORMAT_CSV;
	char name[NAME_SIZE];
	uint32_t n;

	if (fetch_count(ctl, &n) != 0)
		return CTL_FAILED;
	if (!csv && args->verbose)
		print_sources_legend();
	if (!csv)
		print_sources_heading(args->wide);
	for (uint32_t i = 0; i < n; i++) {
		struct cmdmon_source s;

		if (fetch_source(ctl, i, &s) != 0)
			return CTL_FAILED;
		if (s.addr.family == ADDR_ID && !args->all)
			continue;
		name_of_source(ctl, &s, name);
		name_cut(ctl, name, args->wide);
		print_source(&s, name, args->wide, csv);
	}
	return CTL_OK;
}

int
cmd_sources(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_source *list;
	size_t n;

	if (ctl->is_chronyc)
		return chronyc_sources(ctl, args);
	if (fetch_sources(ctl, &list, &n) != 0)
		return CTL_FAILED;
	table_sources(ctl, args, list, n);
	free(list);
	return CTL_OK;
}

static int
chronyc_sourcestats(struct ctl *ctl, const struct args *args)
{
	bool csv = ctl->format == FORMAT_CSV;
	char name[NAME_SIZE];
	uint32_t n;

	if (fetch_count(ctl, &n) != 0)
		return CTL_FAILED;
	if (!csv && args->verbose)
		print_sourcestats_legend();
	if (!csv)
		print_sourcestats_heading(args->wide);
	for (uint32_t i = 0; i < n; i++) {
		struct cmdmon_sourcestats s;

		if (fetch_sourcestats(ctl, i, &s) != 0)
			return CTL_FAILED;
		if (s.addr.family == ADDR_ID && !args->all)
			continue;
		name_of_ref(ctl, s.refid, &s.addr, name);
		name_cut(ctl, name, args->wide);
		print_sourcestats(&s, name, args->wide, csv);
	}
	return CTL_OK;
}

int
cmd_sourcestats(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_sourcestats *list;
	size_t n;

	if (ctl->is_chronyc)
		return chronyc_sourcestats(ctl, args);
	if (fetch_all_sourcestats(ctl, &list, &n) != 0)
		return CTL_FAILED;
	table_sourcestats(ctl, args, list, n);
	free(list);
	return CTL_OK;
}

int
cmd_activity(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = CMD_ACTIVITY };
	struct cmdmon_reply r;

	(void)args;
	if (ctl_ask(ctl, &q, &r) != 0)
		return CTL_FAILED;
	if (ctl->is_chronyc)
		print_activity(&r.u.activity, ctl->format == FORMAT_CSV);
	else
		table_activity(ctl, &r.u.activity);
	return CTL_OK;
}

int
cmd_sourcename(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = CMD_SOURCE_NAME };
	struct cmdmon_reply r;
	char text[CTL_LINE];

	if (where_lookup(ctl, where_rest(args, 0, text), &q.u.addr) != 0) {
		ctl_complain(ctl, "Could not read address");
		return CTL_FAILED;
	}
	if (ctl_ask(ctl, &q, &r) != 0)
		return CTL_FAILED;
	puts(r.u.name);
	return CTL_OK;
}

static bool
is_synchronised(const struct cmdmon_tracking *t, double correction, double skew)
{
	if (t->addr.family == ADDR_NONE &&
	    (t->refid == 0 || t->refid == REFID_LOCAL))
		return false;
	return (correction <= 0 || fabs(t->correction) <= correction) &&
	    (skew <= 0 || fabs(t->skew_ppm) <= skew);
}

/* The i-th argument, or otherwise when it is not there or no number. */
static double
number(const struct args *args, int i, double otherwise)
{
	char *end;
	double x;

	if (i >= args->n)
		return otherwise;
	x = strtod(args->word[i], &end);
	return end == args->word[i] || !(fabs(x) <= 1e9) ? otherwise : x;
}

/* chronyc takes what is no number for the default; people mean something. */
static bool
are_numbers(const struct ctl *ctl, const struct args *args)
{
	for (int i = 0; i < args->n; i++)
		if (!isfinite(number(args, i, NAN))) {
			ctl_complain(ctl, "waitsync: %s is no number",
			    args->word[i]);
			return false;
		}
	return true;
}

int
cmd_waitsync(struct ctl *ctl, const struct args *args)
{
	double tries = trunc(number(args, 0, 0));
	double correction = number(args, 1, 0), skew = number(args, 2, 0);
	double interval = fmax(number(args, 3, 10), 0.1);
	const struct timespec pause = { (time_t)interval,
		(long)((interval - trunc(interval)) * 1e9) };

	if (!ctl->is_chronyc && !are_numbers(ctl, args))
		return CTL_FAILED;
	for (unsigned i = 1;; i++) {
		struct cmdmon_tracking t;

		if (fetch_tracking(ctl, &t) == 0) {
			print_waitsync(i, &t, ctl->format == FORMAT_CSV);
			fflush(stdout);
			if (is_synchronised(&t, correction, skew))
				return CTL_OK;
		}
		if (tries > 0 && i >= tries)
			return CTL_FAILED;
		if (nanosleep(&pause, NULL) != 0)
			return CTL_FAILED;
	}
}

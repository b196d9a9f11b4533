/* SPDX-License-Identifier: ISC */
#include "ctl/tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/fields.h"
#include "ctl/json.h"
#include "ctl/names.h"
#include "ctl/print.h"

#define NAME_COLUMN 26
#define NAME_STATS 23 /* so that a line has 80 columns */
#define NAME_WIDE 44

const char *
table_state(unsigned state)
{
	static const char *const names[] = { [SRC_SELECTED] = "selected",
		[SRC_UNUSABLE] = "unusable",
		[SRC_FALSETICKER] = "falseticker", [SRC_JITTERY] = "jittery",
		[SRC_COMBINED] = "combined", [SRC_SELECTABLE] = "selectable" };

	return state < sizeof names / sizeof *names ? names[state] : "unknown";
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct table_unit
table_unit(const double *first, size_t n, size_t stride)
{
	static const struct table_unit units[] = { { "ns", 1e-9, 0 },
		{ "us", 1e-6, 1 }, { "ms", 1e-3, 3 }, { "s", 1, 3 } };
	double *sizes = calloc(n + 1, sizeof *sizes);
	size_t used = 0, i = 0;

	for (size_t k = 0; sizes && k < n; k++) {
		double x;

		memcpy(&x, (const char *)first + k * stride, sizeof x);
		if (fabs(x) > 0)
			sizes[used++] = fabs(x);
	}
	if (used == 0) {
		free(sizes);
		return units[1];
	}
	qsort(sizes, used, sizeof *sizes, compare);
	while (i < 3 && sizes[used / 2] >= 1000 * units[i].size)
		i++;
	free(sizes);
	return units[i];
}

static void
tracking_text(const struct cmdmon_tracking *t, const char *name)
{
	char a[FIELD_SIZE], b[FIELD_SIZE];

	printf("reference    %s (%08X), stratum %u\n",
	    *name ? name : "none", t->refid, t->stratum);
	if (t->ref_time.ns != 0)
		printf("updated      %s UTC, interval %.1f s\n",
		    field_date(a, t->ref_time), t->update_interval);
	else
		printf("updated      never\n");
	if (t->ref_time.ns != 0) {
		printf("clock        %s %s of NTP time\n",
		    human_span(a, fabs(t->correction)),
		    t->correction > 0 ? "slow" : "fast");
		printf("last offset  %s %s, rms %s\n",
		    human_span(a, fabs(t->last_offset)),
		    t->last_offset > 0 ? "fast" : "slow",
		    human_span(b, t->rms_offset));
	}
	printf("frequency    %.3f ppm %s, residual %+.3f ppm, +/- %.3f ppm\n",
	    fabs(t->freq_ppm), t->freq_ppm > 0 ? "fast" : "slow",
	    t->resid_ppm, t->skew_ppm);
	printf("root         delay %s, dispersion %s\n",
	    human_span(a, t->root_delay), human_span(b, t->root_dispersion));
	printf("leap         %s\n", field_leap(t->leap));
}

void
table_tracking(struct ctl *ctl, const struct cmdmon_tracking *t,
    const char *name)
{
	switch (ctl->format) {
	case FORMAT_TEXT:
		tracking_text(t, name);
		break;
	case FORMAT_CSV:
		puts("refid,name,stratum,ref_time,correction,last_offset,"
		     "rms_offset,freq_ppm,resid_ppm,skew_ppm,root_delay,"
		     "root_dispersion,update_interval,leap");
		print_tracking(t, name, true);
		break;
	case FORMAT_JSON:
		json_tracking(t, name);
		break;
	}
}

/* The last eight polls: how many were answered. */
static const char *
reach_text(char *buf, unsigned reach, bool octal)
{
	if (octal)
		snprintf(buf, FIELD_SIZE, "%3o", reach & 0xff);
	else
		snprintf(buf, FIELD_SIZE, "%d/8",
		    __builtin_popcount(reach & 0xff));
	return buf;
}

/* "64 s"; a poll that no protocol knows stays in bounds. */
static const char *
poll_text(char *buf, int poll)
{
	if (poll >= 0 && poll < 31)
		snprintf(buf, FIELD_SIZE, "%ld s", 1L << poll);
	else if (poll < 0 && poll >= -9)
		snprintf(buf, FIELD_SIZE, "%.3g s", ldexp(1, poll));
	else
		snprintf(buf, FIELD_SIZE, "2^%d", poll);
	return buf;
}

static void
sources_legend(void)
{
	puts("  ^ server  = peer  # clock;   * selected  + combined  - selectable");
	puts("  x falseticker  ~ jittery  ? unusable;   reach: answered of 8 polls");
	puts("  offset > 0: the local clock is ahead of the source\n");
}

static void
sources_heading(const struct args *args, const struct table_unit *unit)
{
	char offset[FIELD_SIZE], error[FIELD_SIZE], measured[FIELD_SIZE];

	snprintf(offset, sizeof offset, "offset/%s", unit->name);
	snprintf(error, sizeof error, "+/-/%s", unit->name);
	snprintf(measured, sizeof measured, "measured/%s", unit->name);
	printf("   %-*s st   poll reach  last %11s %9s",
	    args->wide ? NAME_WIDE : NAME_COLUMN, "source", offset, error);
	if (args->wide)
		printf(" %12s", measured);
	putchar('\n');
}

static void
source_row(const struct args *args, const struct cmdmon_source *s,
    const char *name, const struct table_unit *unit)
{
	char poll[FIELD_SIZE], reach[FIELD_SIZE], ago[FIELD_SIZE];
	bool has_sample = s->ago_s != CMDMON_NEVER;

	printf("%c%c ", print_mode_char(s->mode), print_state_char(s->state));
	name_print(name, 3, args->wide ? NAME_WIDE : NAME_COLUMN);
	printf(" %2u %6s %5s %s", s->stratum, poll_text(poll, s->poll),
	    reach_text(reach, s->reach, args->wide),
	    field_interval(ago, s->ago_s));
	if (!has_sample) {
		printf("  %11s %9s", "-", "-");
	} else {
		printf("  %+11.*f %9.*f", unit->decimals,
		    s->adjusted / unit->size, unit->decimals,
		    s->margin / unit->size);
		if (args->wide)
			printf(" %+12.*f", unit->decimals,
			    s->measured / unit->size);
	}
	putchar('\n');
}

void
table_sources(struct ctl *ctl, const struct args *args,
    const struct cmdmon_source *list, size_t n)
{
	struct table_unit unit = table_unit(&list->adjusted, n, sizeof *list);
	size_t hidden = 0;
	char name[NAME_SIZE];

	if (ctl->format == FORMAT_JSON) {
		json_sources(ctl, list, n);
		return;
	}
	if (ctl->format == FORMAT_CSV) {
		puts("mode,state,name,stratum,poll,reach,last,adjusted,"
		     "measured,error");
	} else {
		if (args->verbose)
			sources_legend();
		sources_heading(args, &unit);
	}
	for (size_t i = 0; i < n; i++) {
		if (list[i].addr.family == ADDR_ID && !args->all) {
			hidden++;
			continue;
		}
		name_of_source(ctl, &list[i], name);
		if (ctl->format == FORMAT_CSV)
			print_source(&list[i], name, false, true);
		else
			source_row(args, &list[i], name, &unit);
	}
	if (hidden > 0 && ctl->format == FORMAT_TEXT)
		printf("%zu without an address yet not shown (-a)\n", hidden);
}

static void
sourcestats_row(const struct args *args, const struct cmdmon_sourcestats *s,
    const char *name, const struct table_unit *unit)
{
	char span[FIELD_SIZE];

	name_print(name, 0, args->wide ? NAME_WIDE : NAME_STATS);
	printf(" %3u %3u  %s %+10.3f %9.3f", s->samples, s->runs,
	    field_interval(span, s->span_s), s->resid_ppm, s->skew_ppm);
	if (s->samples == 0)
		printf(" %11s %9s\n", "-", "-");
	else
		printf(" %+11.*f %9.*f\n", unit->decimals,
		    s->offset / unit->size, unit->decimals,
		    s->std_dev / unit->size);
}

void
table_sourcestats(struct ctl *ctl, const struct args *args,
    const struct cmdmon_sourcestats *list, size_t n)
{
	struct table_unit unit = table_unit(&list->offset, n, sizeof *list);
	char name[NAME_SIZE], offset[FIELD_SIZE], dev[FIELD_SIZE];

	if (ctl->format == FORMAT_JSON) {
		json_sourcestats(ctl, list, n);
		return;
	}
	if (ctl->format == FORMAT_CSV) {
		puts("name,samples,runs,span,freq_ppm,skew_ppm,offset,"
		     "std_dev");
	} else {
		if (args->verbose)
			puts("  np: samples in use   nr: runs of residuals of "
			     "one sign   span: of the samples\n  freq, +/-: of "
			     "the local clock against the source, ppm\n  "
			     "offset > 0: the local clock is ahead\n");
		snprintf(offset, sizeof offset, "offset/%s", unit.name);
		snprintf(dev, sizeof dev, "dev/%s", unit.name);
		printf("%-*s  np  nr  span   freq/ppm   +/-/ppm %11s %9s\n",
		    args->wide ? NAME_WIDE : NAME_STATS, "source", offset,
		    dev);
	}
	for (size_t i = 0; i < n; i++) {
		if (list[i].addr.family == ADDR_ID && !args->all)
			continue;
		name_of_ref(ctl, list[i].refid, &list[i].addr, name);
		if (ctl->format == FORMAT_CSV)
			print_sourcestats(&list[i], name, false, true);
		else
			sourcestats_row(args, &list[i], name, &unit);
	}
}

void
table_activity(struct ctl *ctl, const struct cmdmon_activity *a)
{
	if (ctl->format == FORMAT_CSV) {
		puts("online,offline,burst_online,burst_offline,unresolved");
		print_activity(a, true);
	} else if (ctl->format == FORMAT_JSON) {
		json_activity(a);
	} else {
		printf("%u on line, %u off line, %u in a burst, %u without "
		       "an address\n",
		    a->online, a->offline, a->burst_online + a->burst_offline,
		    a->unresolved);
	}
}

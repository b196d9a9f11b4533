/* SPDX-License-Identifier: ISC */
#include "ctl/status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/cmds.h"
#include "ctl/fetch.h"
#include "ctl/fields.h"
#include "ctl/json.h"

#define LEAP_UNSYNCHRONISED 3
#define ERROR_WARN 0.1 /* s: what people begin to see */
#define COLUMNS 80
#define ERROR_CRIT 1.0 /* s: what protocols begin to reject */

enum health
status_judge(const struct status *s)
{
	if (s->tracking.leap == LEAP_UNSYNCHRONISED ||
	    !(s->native.max_error <= ERROR_CRIT))
		return HEALTH_CRIT;
	if (s->native.max_error > ERROR_WARN ||
	    (s->is_silent && !s->is_all_offline) ||
	    s->native.flags & STATUS_GUARD_SHORT)
		return HEALTH_WARN;
	return HEALTH_OK;
}

const char *
status_health_name(enum health h)
{
	static const char *const names[] = { "OK", "WARN", "CRIT", "UNKNOWN" };

	return names[h];
}

/* From tracking and sources, for a daemon that says no more. */
static void
make_native(struct status *s, const struct cmdmon_source *list, size_t n)
{
	const struct cmdmon_tracking *t = &s->tracking;
	struct cmdmon_native_status *o = &s->native;

	*o = (struct cmdmon_native_status){
		.synced_for_s = CMDMON_NEVER,
		.updated_ago_s = CMDMON_NEVER,
		.next_poll_s = CMDMON_NEVER,
		.sources = (uint32_t)n,
		.max_error = fabs(t->correction) + t->root_dispersion +
		    t->root_delay / 2,
		.skew_ppm = t->skew_ppm,
	};
	for (size_t i = 0; i < n; i++) {
		unsigned state = list[i].state;

		o->combined += state == SRC_SELECTED || state == SRC_COMBINED;
		o->usable += state == SRC_SELECTED || state == SRC_COMBINED ||
		    state == SRC_SELECTABLE;
		o->falsetickers += state == SRC_FALSETICKER;
		o->unresolved += list[i].addr.family == ADDR_ID;
	}
}

static void
look_at_sources(struct ctl *ctl, struct status *s,
    const struct cmdmon_source *list, size_t n)
{
	const struct cmdmon_source *liar = NULL;

	s->is_silent = n > 0;
	for (size_t i = 0; i < n; i++) {
		s->is_silent &= list[i].reach == 0;
		if (list[i].state == SRC_SELECTED)
			name_of_source(ctl, &list[i], s->via);
		if (list[i].state == SRC_FALSETICKER &&
		    (!liar || fabs(list[i].adjusted) > fabs(liar->adjusted)))
			liar = &list[i];
	}
	if (liar) {
		name_of_source(ctl, liar, s->liar);
		s->liar_offset = liar->adjusted;
	}
}

static bool
is_all_offline(struct ctl *ctl)
{
	struct cmdmon_request q = { .command = CMD_ACTIVITY };
	struct cmdmon_reply r;
	const struct cmdmon_activity *a = &r.u.activity;

	return ctl_try(ctl, &q, &r) == 0 && a->offline > 0 &&
	    (a->online | a->burst_online | a->burst_offline | a->unresolved) ==
		0;
}

static int
gather(struct ctl *ctl, struct status *s)
{
	struct cmdmon_request q = { .command = CMD_STATUS };
	struct cmdmon_reply r;
	struct cmdmon_source *list;
	size_t n;

	memset(s, 0, sizeof *s);
	if (fetch_tracking(ctl, &s->tracking) != 0 ||
	    fetch_sources(ctl, &list, &n) != 0)
		return -1;
	/* `local`: what is served so is nobody's time. */
	if (s->tracking.refid == REFID_LOCAL &&
	    s->tracking.addr.family == ADDR_NONE)
		s->tracking.leap = LEAP_UNSYNCHRONISED;
	look_at_sources(ctl, s, list, n);
	if (conn_is_native(&ctl->conn) && ctl_try(ctl, &q, &r) == 0) {
		s->native = r.u.status;
		s->has_times = true;
	} else {
		make_native(s, list, n);
	}
	free(list);
	s->is_all_offline = is_all_offline(ctl);
	s->health = status_judge(s);
	return 0;
}

static void
print_clock(const struct status *s)
{
	const struct cmdmon_tracking *t = &s->tracking;
	char offset[FIELD_SIZE], error[FIELD_SIZE];

	printf("clock %-4s ", status_health_name(s->health));
	if (t->leap == LEAP_UNSYNCHRONISED) {
		printf("not synchronised");
		if (t->refid == REFID_LOCAL)
			printf("   served as it is, stratum %u (local)",
			    t->stratum);
		putchar('\n');
		return;
	}
	printf("%s %s (max error %s)   stratum %u",
	    human_span(offset, fabs(t->correction)),
	    t->correction > 0 ? "behind" : "ahead",
	    human_span(error, s->native.max_error), t->stratum);
	if (s->via[0])
		printf("   via %s", s->via);
	putchar('\n');
}

static void
print_counts(const struct status *s)
{
	const struct cmdmon_native_status *o = &s->native;
	char freq[FIELD_SIZE];
	int n = printf("sources    %u usable of %u, %u combined", o->usable,
	    o->sources, o->combined);

	if (o->falsetickers > 0)
		n += printf(", %u falseticker%s", o->falsetickers,
		    o->falsetickers > 1 ? "s" : "");
	if (o->unresolved > 0)
		n += printf(", %u unresolved", o->unresolved);
	n += s->tracking.leap == LEAP_UNSYNCHRONISED ?
	    snprintf(freq, sizeof freq, "frequency  %+.3f ppm",
		s->tracking.freq_ppm) :
	    snprintf(freq, sizeof freq, "frequency  %+.3f ppm +/- %.3f",
		s->tracking.freq_ppm, o->skew_ppm);
	printf("%s%s\n", n + 3 > COLUMNS ? "\n" : "   ", freq);
}

static void
print_times(const struct status *s)
{
	const struct cmdmon_native_status *o = &s->native;
	char text[FIELD_SIZE];

	if (s->tracking.leap == LEAP_UNSYNCHRONISED)
		printf("synced     no");
	else
		printf("synced     for %s",
		    human_duration(text, o->synced_for_s));
	printf(", last update %s%s", human_duration(text, o->updated_ago_s),
	    o->updated_ago_s == CMDMON_NEVER ? "" : " ago");
	if (o->next_poll_s != CMDMON_NEVER)
		printf(", next poll in %s",
		    human_duration(text, o->next_poll_s));
	if (s->tracking.leap == 0)
		printf("   leap none");
	else if (s->tracking.leap != LEAP_UNSYNCHRONISED)
		printf("\nleap       %s", field_leap(s->tracking.leap));
	putchar('\n');
}

/* The one thing that the user should know most. */
static void
print_note(const struct status *s)
{
	const struct cmdmon_native_status *o = &s->native;
	char text[FIELD_SIZE];

	if (o->flags & STATUS_GUARD_SHORT)
		printf("note       the guard holds a correction back: tockctl "
		       "guard\n");
	else if (o->sources == 0)
		printf("note       no sources are configured\n");
	else if (s->is_all_offline)
		printf("note       all sources are off line: tockctl online\n");
	else if (o->unresolved == o->sources)
		printf("note       no source has an address yet: does DNS "
		       "work?\n");
	else if (s->is_silent)
		printf("note       no source has answered lately: tockctl "
		       "sources\n");
	else if (s->tracking.leap == LEAP_UNSYNCHRONISED && o->usable == 0)
		printf("note       no source can be used: tockctl selectdata "
		       "-v says why\n");
	else if (s->liar[0])
		printf("note       %s rejected: disagrees with the majority by "
		       "%s\n", s->liar, human_span(text, fabs(s->liar_offset)));
	else if (o->flags & STATUS_TARGET_MISSED)
		printf("note       the target of a source cannot be held: "
		       "the log says which\n");
	else if (o->flags & STATUS_NO_CLOCK)
		printf("note       tockd only measures, it does not correct "
		       "the clock\n");
}

static void
print_csv(const struct status *s)
{
	const struct cmdmon_tracking *t = &s->tracking;
	const struct cmdmon_native_status *o = &s->native;

	puts("health,correction,max_error,stratum,leap,via,sources,usable,"
	     "combined,falsetickers,unresolved,freq_ppm,skew_ppm,synced_for,"
	     "updated_ago,next_poll");
	printf("%s,%.9f,%.9f,%u,%s,%s,%u,%u,%u,%u,%u,%.3f,%.3f,%u,%u,%u\n",
	    status_health_name(s->health), t->correction, o->max_error,
	    t->stratum, field_leap(t->leap), s->via, o->sources, o->usable,
	    o->combined, o->falsetickers, o->unresolved, t->freq_ppm,
	    o->skew_ppm, o->synced_for_s, o->updated_ago_s, o->next_poll_s);
}

int
cmd_status(struct ctl *ctl, const struct args *args)
{
	struct status s;

	(void)args;
	if (gather(ctl, &s) != 0)
		return HEALTH_UNKNOWN;
	switch (ctl->format) {
	case FORMAT_TEXT:
		print_clock(&s);
		print_counts(&s);
		if (s.has_times)
			print_times(&s);
		print_note(&s);
		break;
	case FORMAT_CSV:
		print_csv(&s);
		break;
	case FORMAT_JSON:
		json_status(&s);
		break;
	}
	return (int)s.health;
}

/* SPDX-License-Identifier: ISC */
#include "ctl/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/fields.h"
#include "ctl/json_pack.h"
#include "ctl/print.h"
#include "ctl/tables.h"

const bool json_is_built = true;

void
json_print(json_t *o)
{
	if (!o || json_dumpf(o, stdout, JSON_INDENT(2) |
		JSON_REAL_PRECISION(12)) != 0) {
		fprintf(stderr, "tockctl: no JSON for want of memory\n");
		exit(EXIT_FAILURE);
	}
	putchar('\n');
	json_decref(o);
}

json_t *
json_ago(uint32_t s)
{
	return s == CMDMON_NEVER ? json_null() : json_integer(s);
}

json_t *
json_text(const char *s)
{
	json_t *j = *s ? json_string(s) : NULL;

	return j ? j : json_null();
}

json_t *
json_instant(struct tspec t)
{
	char day[32], all[48];
	time_t s = (time_t)tspec_floor(t);
	struct tm tm;

	if (t.ns == 0 || !gmtime_r(&s, &tm) ||
	    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return json_null();
	snprintf(all, sizeof all, "%s.%09lldZ", day,
	    (long long)tspec_fraction(t));
	return json_string(all);
}

static const char *
kind(unsigned mode)
{
	return mode == MODE_REFCLOCK ? "refclock"
	    : mode == MODE_PEER	     ? "peer"
				     : "server";
}

const char *
json_leap(unsigned n)
{
	static const char *const names[] = { "none", "insert", "delete",
		"unsynchronised" };

	return n < 4 ? names[n] : "unknown";
}

static json_t *
tracking(const struct cmdmon_tracking *t, const char *name)
{
	char refid[FIELD_SIZE];

	snprintf(refid, sizeof refid, "%08X", t->refid);
	return json_pack("{s:i s:s s:o s:i s:s s:o s:f s:f s:f s:f s:f s:f "
	    "s:f s:f s:f}",
	    "schema", 1, "refid", refid, "name", json_text(name),
	    "stratum", (int)t->stratum, "leap", json_leap(t->leap),
	    "ref_time", json_instant(t->ref_time), "correction", t->correction,
	    "last_offset", t->last_offset, "rms_offset", t->rms_offset,
	    "freq_ppm", t->freq_ppm, "resid_ppm", t->resid_ppm,
	    "skew_ppm", t->skew_ppm, "root_delay", t->root_delay,
	    "root_dispersion", t->root_dispersion,
	    "update_interval", t->update_interval);
}

void
json_tracking(const struct cmdmon_tracking *t, const char *name)
{
	json_print(tracking(t, name));
}

static json_t *
number_or_null(bool is_known, double x)
{
	return is_known ? json_real(x) : json_null();
}

static json_t *
source(struct ctl *ctl, const struct cmdmon_source *s)
{
	bool has_sample = s->ago_s != CMDMON_NEVER;
	char name[NAME_SIZE], addr[ADDR_STRLEN] = "";

	name_of_source(ctl, s, name);
	if (s->mode != MODE_REFCLOCK && s->addr.family != ADDR_ID)
		addr_print(&s->addr, addr, sizeof addr);
	return json_pack("{s:o s:o s:s s:s s:i s:i s:i s:o s:o s:o s:o}",
	    "name", json_text(name), "address", json_text(addr),
	    "kind", kind(s->mode),
	    "state", table_state(s->state), "stratum", (int)s->stratum,
	    "poll_log2", s->poll, "reach", (int)s->reach,
	    "last_sample_ago", json_ago(s->ago_s),
	    "offset", number_or_null(has_sample, s->adjusted),
	    "measured_offset", number_or_null(has_sample, s->measured),
	    "error", number_or_null(has_sample, s->margin));
}

void
json_sources(struct ctl *ctl, const struct cmdmon_source *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, source(ctl, &list[i]));
	json_print(json_pack("{s:i s:o}", "schema", 1, "sources", array));
}

static json_t *
sourcestats(struct ctl *ctl, const struct cmdmon_sourcestats *s)
{
	bool has_sample = s->samples > 0;
	char name[NAME_SIZE];

	name_of_ref(ctl, s->refid, &s->addr, name);
	return json_pack("{s:o s:I s:I s:I s:o s:o s:o s:o s:o}",
	    "name", json_text(name), "samples", (json_int_t)s->samples,
	    "runs", (json_int_t)s->runs, "span", (json_int_t)s->span_s,
	    "freq_ppm", number_or_null(has_sample, s->resid_ppm),
	    "skew_ppm", number_or_null(has_sample, s->skew_ppm),
	    "offset", number_or_null(has_sample, s->offset),
	    "offset_error", number_or_null(has_sample, s->offset_error),
	    "std_dev", number_or_null(has_sample, s->std_dev));
}

void
json_sourcestats(struct ctl *ctl, const struct cmdmon_sourcestats *list,
    size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, sourcestats(ctl, &list[i]));
	json_print(json_pack("{s:i s:o}", "schema", 1, "sourcestats", array));
}

void
json_activity(const struct cmdmon_activity *a)
{
	json_print(json_pack("{s:i s:I s:I s:I s:I s:I}", "schema", 1,
	    "online", (json_int_t)a->online,
	    "offline", (json_int_t)a->offline,
	    "burst_online", (json_int_t)a->burst_online,
	    "burst_offline", (json_int_t)a->burst_offline,
	    "unresolved", (json_int_t)a->unresolved));
}

void
json_status(const struct status *s)
{
	const struct cmdmon_native_status *o = &s->native;

	json_print(json_pack("{s:i s:s s:b s:f s:f s:i s:s s:o s:I s:I s:I "
	    "s:I s:I "
	    "s:f s:f s:o s:o s:o s:b s:b s:b}",
	    "schema", 1, "health", status_health_name(s->health),
	    "synchronised", s->tracking.leap != 3,
	    "correction", s->tracking.correction, "max_error", o->max_error,
	    "stratum", (int)s->tracking.stratum, "leap",
	    json_leap(s->tracking.leap), "via", json_text(s->via),
	    "sources", (json_int_t)o->sources, "usable", (json_int_t)o->usable,
	    "combined", (json_int_t)o->combined,
	    "falsetickers", (json_int_t)o->falsetickers,
	    "unresolved", (json_int_t)o->unresolved,
	    "freq_ppm", s->tracking.freq_ppm, "skew_ppm", o->skew_ppm,
	    "synced_for", json_ago(o->synced_for_s),
	    "last_update_ago", json_ago(o->updated_ago_s),
	    "next_poll_in", json_ago(o->next_poll_s),
	    "only_measures", (o->flags & STATUS_NO_CLOCK) != 0,
	    "guard_holds_back", (o->flags & STATUS_GUARD_SHORT) != 0,
	    "target_missed", (o->flags & STATUS_TARGET_MISSED) != 0));
}

static json_t *
instant_s(int64_t s)
{
	return json_instant(tspec_add((struct tspec){ 0 }, (double)s));
}

void
json_guard(const struct cmdmon_guard *g)
{
	json_print(json_pack("{s:i s:b s:b s:I s:I s:i s:I s:I s:I s:I s:I "
	    "s:I s:o "
	    "s:o s:f s:f s:f s:f s:f}",
	    "schema", 1, "off", (g->flags & GUARD_OFF) != 0,
	    "only_measures", (g->flags & GUARD_NO_CLOCK) != 0,
	    "window", (json_int_t)g->window_s,
	    "window_left", (json_int_t)g->window_left_s, "steps", g->steps,
	    "steps_left", (json_int_t)g->steps_left,
	    "operator_steps", (json_int_t)g->operator_steps,
	    "refused_range", (json_int_t)g->refused_range,
	    "refused_budget", (json_int_t)g->refused_budget,
	    "refused_rate", (json_int_t)g->refused_rate,
	    "refused_other", (json_int_t)g->refused_other,
	    "not_before", instant_s(g->notbefore_s),
	    "not_after", instant_s(g->notafter_s), "bucket", g->bucket,
	    "budget", g->budget, "refill_ppm", g->refill_ppm,
	    "max_base_ppm", g->max_base_ppm, "wanted", g->wanted));
}

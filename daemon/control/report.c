/* SPDX-License-Identifier: ISC
 *
 * The meaning of each field is chronyc's manual's.  Where chronyd keeps a
 * number as it was at the last measurement and corrects it at each slew, ours
 * is computed from the lines that never move (daemon/estimate/estimate.h). */
#include "daemon/control/report.h"

#include <math.h>
#include <string.h>

#include "daemon/engine/engine.h"
#include "daemon/engine/pool.h"
#include "daemon/engine/source.h"
#include "daemon/wire/refid.h"

#define PPM 1e6
#define NO_SKEW 2000.0 /* ppm: what chronyd shows before it knows, ... */
#define NO_JITTER 4.0  /* ... s */
#define SKEW_SAMPLES 3 /* fewer make no error bound */
#define SKEW_SIGMAS 2.6 /* of a bound that holds for 99 % of the time */
#define NO_ROOT 1.0    /* s: root delay and dispersion while unsynchronised */
#define KERNEL_BASE_PPM 500 /* the guard's limit without maxdrift */

static struct pair
read_clocks(const struct engine *e)
{
	return e->os->ops->pair(e->os);
}

uint32_t
report_seconds(double s)
{
	if (!(s > 0))
		return 0;
	return s < CMDMON_NEVER - 1.0 ? (uint32_t)s : CMDMON_NEVER - 1;
}

/* How many ns the clock gains on the oscillator in each s of steady running,
 * as s/s > 0: it is sped up; slews not counted. */
static double
steady_correction(const struct engine *e)
{
	const struct discipline *d = &e->discipline;

	if (d->is_controlled && d->has_target)
		return d->target.y;
	return (double)d->freq_ppt * 1e-12;
}

const struct source *
report_nth(const struct engine *e, uint32_t index)
{
	const struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (index-- == 0)
			return s;
	return NULL;
}

const struct source *
report_find(const struct engine *e, const struct addr *a)
{
	const struct source *s;

	TAILQ_FOREACH(s, &e->sources, link)
		if (s->remote.addr.family == a->family &&
		    memcmp(s->remote.addr.bytes, a->bytes,
			sizeof a->bytes) == 0)
			return s;
	return NULL;
}

uint32_t
report_n_sources(const struct engine *e)
{
	const struct source *s;
	uint32_t n = 0;

	TAILQ_FOREACH(s, &e->sources, link)
		n++;
	return n;
}

static enum cmdmon_source_state
state_of(enum source_verdict v)
{
	switch (v) {
	case SOURCE_SELECTED:
		return SRC_SELECTED;
	case SOURCE_COMBINED:
		return SRC_COMBINED;
	case SOURCE_FALSETICKER:
		return SRC_FALSETICKER;
	case SOURCE_JITTERY:
		return SRC_JITTERY;
	case SOURCE_SELECTABLE:
	case SOURCE_UNPREFERRED:
	case SOURCE_WAITING:
		return SRC_SELECTABLE;
	default:
		break;
	}
	return SRC_UNUSABLE;
}

bool
report_source(const struct engine *e, uint32_t index,
    struct cmdmon_source *out)
{
	const struct source *s = report_nth(e, index);
	struct pair now = read_clocks(e);
	double age;

	if (!s)
		return false;
	*out = (struct cmdmon_source){
		.addr = s->remote.addr,
		.poll = s->client.poll,
		.stratum = source_stratum(s),
		.state = state_of(s->verdict),
		.mode = s->symmetric != NULL ? MODE_PEER : MODE_CLIENT,
		.reach = s->client.reach,
		.ago_s = CMDMON_NEVER,
	};
	if (!s->has_sample)
		return true;

	/* The sample's distance from the clock of now, had both gone on at the
	 * steady rate: what slews and steps did since then is in, the
	 * oscillator's own drift is not. */
	age = raw_sub(now.raw, s->last.at);
	out->ago_s = report_seconds(age);
	out->measured = -s->last_error;
	out->adjusted = timescale_offset(&e->scale, now.real, now.raw) -
	    (s->last.offset + steady_correction(e) * age);
	out->margin = source_distance(s, s->last.at);
	return true;
}

bool
report_sourcestats(const struct engine *e, uint32_t index,
    struct cmdmon_sourcestats *out)
{
	const struct source *s = report_nth(e, index);
	struct pair now = read_clocks(e);
	struct stats_report stats;
	struct estimate est;

	if (!s)
		return false;
	*out = (struct cmdmon_sourcestats){
		.refid = refid_of(&s->remote.addr),
		.addr = s->remote.addr,
		.std_dev = NO_JITTER,
		.skew_ppm = NO_SKEW,
	};
	if (!estimator_at(&s->estimator, now.raw, &est))
		return true;

	stats = stats_report(&s->stats, &est);
	out->samples = stats.samples;
	out->runs = stats.runs;
	out->span_s = report_seconds(stats.span);
	if (source_jitter(s) > 0)
		out->std_dev = source_jitter(s);
	out->resid_ppm = (steady_correction(e) - est.y) * PPM;
	if (stats.samples >= SKEW_SAMPLES)
		out->skew_ppm = fmin(SKEW_SIGMAS * sqrt(est.pyy) * PPM,
		    NO_SKEW);
	out->offset = timescale_offset(&e->scale, now.real, now.raw) - est.x;
	out->offset_error = sqrt(est.pxx);
	return true;
}

bool
report_source_name(const struct engine *e, const struct addr *addr,
    char out[CMDMON_NAME_SIZE])
{
	const struct source *s = report_find(e, addr);

	if (s)
		memcpy(out, s->conf.name, CMDMON_NAME_SIZE);
	return s != NULL;
}

/* What sources said, whatever is served. */
static void
fill_tracking(const struct engine *e, struct cmdmon_tracking *out)
{
	const struct reference *r = &e->reference;
	struct pair now = read_clocks(e);

	*out = (struct cmdmon_tracking){
		.leap = LEAP_UNSYNC,
		.correction = discipline_error(e, now),
		.last_offset = -r->last_offset,
		.rms_offset = r->rms_offset,
		.freq_ppm = -(double)e->discipline.freq_ppt * 1e-12 * PPM,
		.root_delay = NO_ROOT,
		.root_dispersion = NO_ROOT,
		.update_interval = r->update_interval,
	};
	if (r->was_updated)
		out->freq_ppm = -r->freq * PPM;
	if (!r->is_synced)
		return;
	out->refid = r->refid;
	out->addr = r->addr;
	out->stratum = r->stratum;
	out->leap = (unsigned)r->leap;
	out->ref_time = r->ref_time;
	out->resid_ppm = -r->resid_freq * PPM;
	out->skew_ppm = SKEW_SIGMAS * PPM *
	    sqrt(reference_forecast(r, now.raw).pyy);
	out->root_delay = r->root_delay;
	out->root_dispersion = reference_dispersion(r, now.raw,
	    e->config->maxclockerror_ppm / PPM);
}

void
report_tracking(const struct engine *e, struct cmdmon_tracking *out)
{
	struct pair now = read_clocks(e);

	fill_tracking(e, out);
	if (!reference_is_local(e, now))
		return;
	out->refid = REFID_LOCAL;
	out->addr = (struct addr){ .family = ADDR_NONE };
	out->stratum = (unsigned)e->local.stratum;
	out->leap = LEAP_NONE;
	out->ref_time = now.real;
	out->resid_ppm = out->skew_ppm = 0;
	out->root_delay = out->root_dispersion = 0;
}

void
report_activity(const struct engine *e, struct cmdmon_activity *out)
{
	const struct source *s;

	*out = (struct cmdmon_activity){ 0 };
	TAILQ_FOREACH(s, &e->sources, link) {
		bool is_offline = s->conf.offline || s->client.is_denied;

		if (!source_is_resolved(s))
			out->unresolved++;
		else if (s->client.burst > 0)
			is_offline ? out->burst_offline++ : out->burst_online++;
		else
			is_offline ? out->offline++ : out->online++;
	}
}

/* Adds one source to the counts; *next is the earliest poll so far, s. */
static void
count_source(const struct source *s, struct mono now,
    struct cmdmon_native_status *out)
{
	uint32_t next;

	if (pool_is_spare(s))
		return;
	out->sources++;
	if (!source_is_resolved(s)) {
		out->unresolved++;
		return;
	}
	if (!s->client.is_denied && s->client.next_poll.ns != 0) {
		next = report_seconds(mono_sub(s->client.next_poll, now));
		if (next < out->next_poll_s)
			out->next_poll_s = next;
	}
	switch (s->verdict) {
	case SOURCE_SELECTED:
	case SOURCE_COMBINED:
		out->combined++;
		out->usable++;
		break;
	case SOURCE_SELECTABLE:
	case SOURCE_UNPREFERRED:
		out->usable++;
		break;
	case SOURCE_FALSETICKER:
		out->falsetickers++;
		break;
	default:
		break;
	}
}

void
report_status(const struct engine *e, struct cmdmon_native_status *out)
{
	const struct reference *r = &e->reference;
	struct mono now = e->os->ops->mono(e->os);
	struct cmdmon_tracking t;
	const struct source *s;

	fill_tracking(e, &t);
	*out = (struct cmdmon_native_status){
		.updated_ago_s = CMDMON_NEVER,
		.next_poll_s = CMDMON_NEVER,
		.max_error = fabs(t.correction) + t.root_dispersion +
		    t.root_delay / 2,
		.skew_ppm = t.skew_ppm,
	};
	if (r->is_synced)
		out->synced_for_s = report_seconds(
		    mono_sub(now, r->synced_since));
	if (r->was_updated)
		out->updated_ago_s = report_seconds(mono_sub(now, r->updated));
	if (!e->discipline.is_controlled)
		out->flags |= STATUS_NO_CLOCK;
	if (e->discipline.short_of > 0)
		out->flags |= STATUS_GUARD_SHORT;
	TAILQ_FOREACH(s, &e->sources, link) {
		count_source(s, now, out);
		if (s->conf.target > 0 && s->client.pollctl.is_missed)
			out->flags |= STATUS_TARGET_MISSED;
	}
}

/* The budget now: what the clock last said, and what was refilled since. */
static double
budget(const struct engine *e, double age)
{
	const struct config_guard *g = &e->config->guard;
	double b = (double)e->discipline.budget_ns * 1e-9;

	return b >= g->bucket ? b
	    : fmin(b + g->refill_ppm * 1e-6 * age, g->bucket);
}

void
report_guard(const struct engine *e, struct cmdmon_guard *out)
{
	const struct config *c = e->config;
	const struct discipline *d = &e->discipline;
	double age = mono_sub(e->os->ops->mono(e->os), d->answered);

	*out = (struct cmdmon_guard){
		.flags = (c->guard.off ? GUARD_OFF : 0u) |
		    (d->is_controlled ? 0u : GUARD_NO_CLOCK),
		.window_s = c->guard.window_s,
		.window_left_s = d->window_s > age
		    ? d->window_s - (uint32_t)age : 0,
		.steps = !c->has_makestep     ? 0
		    : c->makestep_limit < 0 ? -1
					    : c->makestep_limit,
		.steps_left = d->steps_guard,
		.operator_steps = c->guard.operator_steps,
		.refused_range = d->refused_range,
		.refused_budget = d->refused_budget,
		.refused_rate = d->refused_rate,
		.refused_other = d->refused_other,
		.notbefore_s = c->guard.notbefore_s,
		.notafter_s = c->guard.notafter_s,
		.bucket = c->guard.bucket,
		.budget = budget(e, age),
		.refill_ppm = c->guard.refill_ppm,
		.max_base_ppm = c->has_maxdrift ? c->maxdrift_ppm
						: KERNEL_BASE_PPM,
		.wanted = d->short_of,
	};
}

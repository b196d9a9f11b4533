/* SPDX-License-Identifier: ISC */
#include "daemon/engine/reference.h"

#include <math.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/orphan.h"
#include "daemon/engine/source.h"
#include "daemon/estimate/filter.h"
#include "daemon/wire/refid.h"

#define RMS_GAIN 0.1

void
reference_init(struct reference *r)
{
	memset(r, 0, sizeof *r);
	r->leap = LEAP_UNSYNC;
	r->root_delay = 1; /* what chronyd reports before it knows */
	r->root_dispersion = 1;
}

void
reference_lose(struct reference *r)
{
	r->is_synced = false;
	memset(&r->addr, 0, sizeof r->addr);
	r->refid = 0;
	r->stratum = 0;
	r->leap = LEAP_UNSYNC;
}

/* How far the clock may be from the best source's time, whose root terms we
 * pass on: other sources, of now or of before, have a part in the estimate. */
static double
spread(const struct source *best, const struct estimate *fused)
{
	double spread = CLAIM_SIGMAS * sqrt(fused->pxx);
	struct estimate own;

	if (!estimator_at(&best->estimator, fused->at, &own))
		return spread;
	return fmax(spread, fabs(fused->x - own.x));
}

void
reference_follow(struct engine *e, const struct source *best,
    const struct estimate *fused, struct pair now, double err)
{
	struct reference *r = &e->reference;
	struct mono mono = e->os->ops->mono(e->os);
	char label[ADDR_STRLEN];

	if ((!r->is_synced || !addr_equal(&r->addr, &best->remote.addr)) &&
	    engine_may_say(e))
		log_info("following %s, stratum %u",
		    source_label(best, label, sizeof label),
		    source_stratum(best));
	if (!r->is_synced)
		r->synced_since = mono;
	r->is_synced = true;
	r->addr = best->remote.addr;
	r->refid = best->conf.copy ? best->refid :
	    refid_of(&best->remote.addr);
	r->stratum = source_stratum(best) + !best->conf.copy;
	r->root_delay = best->root_delay +
	    estimator_min_delay(&best->estimator);
	r->root_dispersion = best->root_dispersion + best->last.dispersion +
	    spread(best, fused) + e->config->maxclockerror_ppm * 1e-6 *
	    fmax(raw_sub(now.raw, best->last.at), 0);
	double distance = r->root_delay / 2 + r->root_dispersion;
	if (r->updates == 0 || distance < r->least_distance)
		r->least_distance = distance;
	r->resid_freq = r->was_updated ? fused->y - r->freq : 0;
	r->freq = fused->y;
	r->fused = *fused;
	r->wander = sqrt(estimator_wander(&best->estimator));
	r->last_offset = err;
	r->rms_offset = r->updates == 0 ? fabs(err) :
	    sqrt(r->rms_offset * r->rms_offset +
		RMS_GAIN * (err * err - r->rms_offset * r->rms_offset));
	r->update_interval = r->was_updated ? mono_sub(mono, r->updated) : 0;
	r->was_updated = true;
	r->was_led = orphan_is_mate(best);
	r->updated = mono;
	r->updated_raw = now.raw;
	r->ref_time = now.real;
	r->updates++;
}

struct estimate
reference_forecast(const struct reference *r, struct raw now)
{
	struct estimate e = r->fused;

	filter_predict(&e, now, r->wander);
	return e;
}

double
reference_dispersion(const struct reference *r, struct raw now, double wander)
{
	double age = r->was_updated ? raw_sub(now, r->updated_raw) : 0;
	double more = r->was_updated ? sqrt(reference_forecast(r, now).pxx) -
	    sqrt(r->fused.pxx) : 0;

	return r->root_dispersion + wander * age +
	    CLAIM_SIGMAS * fmax(more, 0);
}

double
reference_growth(const struct reference *r, struct raw now, double wander)
{
	return r->was_updated ? wander +
	    CLAIM_SIGMAS * sqrt(reference_forecast(r, now).pyy) : 0;
}

/* How long we are to look for a source before we are one ourselves, s. */
static double
wait_unsynced(const struct config_local *l)
{
	return l->waitunsynced >= 0 ? l->waitunsynced :
	    l->is_orphan ? CONFIG_ORPHAN_WAIT : 0;
}

bool
reference_is_ready(const struct engine *e, struct raw now)
{
	const struct config_local *l = &e->local;
	const struct reference *r = &e->reference;
	struct mono mono = e->os->ops->mono(e->os);

	if (!l->is_on)
		return false;
	if (l->activate > 0 &&
	    (!r->was_updated || r->least_distance > l->activate))
		return false;
	if (!r->is_synced && r->was_led)
		return true; /* somebody has to go on */
	if (!r->is_synced)
		return mono_sub(mono, r->was_updated ? r->updated
						     : e->started) >=
		    wait_unsynced(l);
	return mono_sub(mono, r->updated) >= l->waitsynced &&
	    r->root_delay / 2 + reference_dispersion(r, now,
		e->config->maxclockerror_ppm * 1e-6) >= l->distance;
}

bool
reference_is_local(const struct engine *e, struct pair now)
{
	return reference_is_ready(e, now.raw) && !orphan_is_led(e);
}

void
reference_tell_local(struct engine *e)
{
	struct reference *r = &e->reference;
	bool is_local = reference_is_local(e, e->os->ops->pair(e->os));

	if (is_local == r->is_known_local || !engine_may_say(e))
		return;
	r->is_known_local = is_local;
	if (is_local)
		log_info("local: this clock's own time is served, stratum %d",
		    e->local.stratum);
	else
		log_info("local: this clock's own time is not served any "
			 "more");
}

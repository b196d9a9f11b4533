/* SPDX-License-Identifier: ISC */
#include "tests/sim/verdict.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "daemon/engine/source.h"
#include "tests/sim/scenario.h"

#define N(a) (sizeof(a) / sizeof *(a))

static double
rms(const struct simhost *h)
{
	return judge_rms(&h->judge);
}

static double
most(const struct simhost *h)
{
	return h->judge.max;
}

static double
p99(const struct simhost *h)
{
	return judge_quantile(&h->judge, 0.99);
}

static double
freq(const struct simhost *h)
{
	return judge_freq_rms(&h->judge);
}

static double
time_to_near(const struct simhost *h)
{
	return judge_time_to_near(&h->judge);
}

static double
honesty(const struct simhost *h)
{
	return judge_honesty(&h->judge);
}

static double
ratio(const struct simhost *h)
{
	return h->judge.ratio;
}

static double
synced(const struct simhost *h)
{
	return h->judge.seconds > 0 ? h->judge.synced / h->judge.seconds : 0;
}

static double
synced_at_end(const struct simhost *h)
{
	return h->judge.last.is_synced;
}

static double
packets(const struct simhost *h)
{
	return h->station.sent;
}

static double
wakeups(const struct simhost *h)
{
	return (double)h->wakeups / h->station.sent;
}

/* Mean s between two requests to a source. */
static double
interval_to(const struct simhost *h, const struct source *s)
{
	double up = world_seconds(h->station.world) - h->start;

	return s->client.total_tx > 0 ? up / s->client.total_tx : INFINITY;
}

static double
longest_interval(const struct simhost *h)
{
	const struct source *s;
	double most = 0;

	if (h->is_running)
		TAILQ_FOREACH(s, &h->engine.sources, link)
			most = fmax(most, interval_to(h, s));
	return most;
}

static double
shortest_interval(const struct simhost *h)
{
	const struct source *s;
	double least = INFINITY;

	if (h->is_running)
		TAILQ_FOREACH(s, &h->engine.sources, link)
			least = fmin(least, interval_to(h, s));
	return least;
}

static double
steps(const struct simhost *h)
{
	return simclock_steps(h->clock);
}

static double
exit_code(const struct simhost *h)
{
	return h->exit_code;
}

static double
last(const struct simhost *h)
{
	return fabs(h->judge.last.error);
}

static const struct limit_kind kinds[] = {
	{ "rms", "s", false, rms },
	{ "p99", "s", false, p99 },
	{ "max", "s", false, most },
	{ "freq", "", false, freq },
	{ "sync", "s", false, time_to_near },
	{ "last", "s", false, last },
	{ "honesty", "", true, honesty },
	{ "ratio", "", false, ratio },
	{ "synced", "", true, synced },
	{ "synced-at-end", "", true, synced_at_end },
	{ "unsynced-at-end", "", false, synced_at_end },
	{ "packets", "", false, packets },
	{ "least-packets", "", true, packets },
	{ "wakeups", "", false, wakeups },
	{ "interval", "s", false, longest_interval },
	{ "least-interval", "s", true, shortest_interval },
	{ "steps", "", false, steps },
	{ "least-steps", "", true, steps },
	{ "exit", "", false, exit_code },
};

const struct limit_kind *
limit_find(const char *name)
{
	for (size_t i = 0; i < N(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static bool
holds(const struct limit *l, double v)
{
	return l->kind->is_least ? v >= l->value : v <= l->value;
}

static unsigned
print_windows(const struct simhost *h, bool all, FILE *out)
{
	static const char *const words[] = { "synced", "unsynced", "within" };
	const struct judge *j = &h->judge;
	unsigned bad = 0;

	for (unsigned i = 0; i < j->n_windows; i++) {
		const struct judge_window *w = &j->windows[i];

		bad += w->broken > 0;
		if (!all && w->broken == 0)
			continue;
		fprintf(out, "%s  %s %s from %g to %g s: largest error %.3g s",
		    w->broken ? "FAILED" : "ok", h->station.name,
		    words[w->kind], w->from, w->to, w->worst);
		if (w->broken)
			fprintf(out, ", broken first at %.1f s",
			    w->first_broken);
		fputc('\n', out);
	}
	return bad;
}

unsigned
verdict_print(const struct sim *s, bool all, FILE *out)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < s->n_limits; i++) {
		const struct limit *l = &s->limits[i];
		double v = l->kind->value(l->host);
		bool good = holds(l, v);

		bad += !good;
		if (all || !good)
			fprintf(out, "%s  %s %s %.4g%s (%s %g)\n",
			    good ? "ok" : "FAILED", l->host->station.name,
			    l->kind->name, v, l->kind->unit,
			    l->kind->is_least ? "at least" : "at most",
			    l->value);
	}
	for (const struct simhost *h = s->hosts; h; h = h->next)
		bad += print_windows(h, all, out);
	for (unsigned i = 0; i < s->n_groups; i++)
		bad += group_print(&s->groups[i], all, out);
	return bad + circles_print(&s->circles, all, out);
}

void
verdict_stats(const struct sim *s, FILE *out)
{
	for (const struct simhost *h = s->hosts; h; h = h->next)
		fprintf(out, "%s: rms %.3g us, 99 %% %.3g us, max %.3g us, "
		    "freq %.3g ppm, near after %.0f s, %u packets, %u steps, "
		    "claim holds %.3f %%, worst %.2f of it, synced %.1f %%\n",
		    h->station.name, rms(h) * 1e6, p99(h) * 1e6, most(h) * 1e6,
		    freq(h) * 1e6, time_to_near(h), h->station.sent,
		    simclock_steps(h->clock), honesty(h) * 100, ratio(h),
		    synced(h) * 100);
}

/* JSON knows no infinity. */
static void
put(FILE *out, const char *name, double v)
{
	if (isfinite(v))
		fprintf(out, ",\"%s\":%.9g", name, v);
	else
		fprintf(out, ",\"%s\":null", name);
}

void
verdict_json(const struct sim *s, double cpu, FILE *out)
{
	fprintf(out, "{\"file\":\"%s\",\"seed\":%" PRIu64 ",\"seconds\":%.9g,"
	    "\"settle\":%.9g,\"events\":%" PRIu64 ",\"cpu\":%.3f,\"nodes\":{",
	    s->file, s->world.seed, world_seconds(&s->world), s->settle,
	    s->world.n_events, cpu);
	for (const struct simhost *h = s->hosts; h; h = h->next) {
		fprintf(out, "%s\"%s\":{\"hash\":\"%016" PRIx64 "\"",
		    h == s->hosts ? "" : ",", h->station.name, h->judge.hash);
		for (size_t i = 0; i < N(kinds); i++)
			if (strncmp(kinds[i].name, "least-", 6) != 0 &&
			    strncmp(kinds[i].name, "un", 2) != 0)
				put(out, kinds[i].name, kinds[i].value(h));
		fputc('}', out);
	}
	fputs("}}\n", out);
}

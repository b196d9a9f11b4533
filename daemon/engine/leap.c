/* SPDX-License-Identifier: ISC
 *
 * Instants are by the clock, as those of kernel and guard are.  Where it is off
 * by a part of a second, true midnight still lies inside the hold; where it is
 * off by more, the servers' second is early or late like any other's. */
#include "daemon/engine/leap.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/selection.h"
#include "daemon/engine/source.h"

#define DAY INT64_C(86400)
#define READ_AGAIN 86400.0 /* s */
#define MISSED 2.0 /* s: by then it is too late (the machine slept) */

static void
set_timer(struct engine *e, double after)
{
	e->os->ops->timer_set(e->os, &e->leap.timer,
	    mono_add(e->os->ops->mono(e->os), fmax(after, 0)));
}

/* Whether a day begins at midnight_s that is the first of January or July.
 * Proleptic Gregorian calendar, years that begin in March: the leap day is the
 * last (Hatcher 1984). */
static bool
is_half_year(int64_t midnight_s)
{
	int64_t days = midnight_s / DAY + 719468; /* since 0000-03-01 */
	int64_t day_of_era = days % 146097;
	int64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
	    day_of_era / 146096) / 365;
	int64_t day = day_of_era - (365 * year + year / 4 - year / 100);

	return day == 122 || day == 306; /* 1 July, 1 January */
}

/* The majority of those that are used; what it was while there is none. */
static int
vote(const struct engine *e)
{
	int votes[3] = { 0, 0, 0 }, all = 0;
	const struct source *s;

	TAILQ_FOREACH(s, &e->sources, link) {
		if (!selection_uses(s) || s->leap > LEAP_DELETE)
			continue;
		votes[s->leap]++;
		all++;
	}
	if (all == 0)
		return e->leap.vote;
	for (int leap = LEAP_INSERT; leap <= LEAP_DELETE; leap++)
		if (2 * votes[leap] > all)
			return leap;
	return LEAP_NONE;
}

static bool
has_table(const struct leap *l, int64_t s)
{
	return l->table != NULL && l->table->n > 0 && s < l->table->expires_s;
}

static int
announced(const struct engine *e, int64_t midnight_s)
{
	const struct leap *l = &e->leap;

	if (e->config->leapsecmode == LEAPSEC_IGNORE ||
	    !e->reference.was_updated || midnight_s == l->done_s ||
	    !is_half_year(midnight_s))
		return LEAP_NONE;
	if (!has_table(l, midnight_s - DAY))
		return l->vote;
	int change = leap_table_change(l->table, midnight_s);
	return change > 0 ? LEAP_INSERT : change < 0 ? LEAP_DELETE : LEAP_NONE;
}

static void
look_at_expiry(struct engine *e, int64_t now_s)
{
	struct leap *l = &e->leap;

	if (l->has_complained || l->table == NULL || l->table->n == 0 ||
	    !e->reference.was_updated || has_table(l, now_s))
		return;
	l->has_complained = true;
	log_warn("leap seconds: the table has expired: the sources are believed "
		 "instead");
}

/* When it happens, by the clock: s since 1970.  The one that is left out is
 * 23:59:59. */
static int64_t
instant(const struct leap *l)
{
	return l->midnight_s - (l->due == LEAP_DELETE);
}

static double
until(const struct leap *l, struct tspec now)
{
	return tspec_sub((struct tspec){ instant(l) * NSEC }, now);
}

void
leap_plan(struct engine *e)
{
	struct leap *l = &e->leap;
	struct pair now = e->os->ops->pair(e->os);
	int64_t now_s = tspec_floor(now.real);
	int was = l->due;

	if (l->is_held || now_s < 0)
		return;
	if (mono_sub(e->os->ops->mono(e->os), l->read_at) > READ_AGAIN)
		leap_reload(e);
	look_at_expiry(e, now_s);
	l->vote = vote(e);
	l->midnight_s = (now_s / DAY + 1) * DAY;
	l->due = announced(e, l->midnight_s);
	if (until(l, now.real) <= 0) /* in the second that is left out */
		l->due = LEAP_NONE;
	if (e->reference.is_synced)
		e->reference.leap = l->due;
	if (l->due != was && engine_may_say(e)) /* the servers can do this */
		log_info("leap second: at midnight UTC a second %s, by %s",
		    l->due == LEAP_INSERT ? "is inserted" :
		    l->due == LEAP_DELETE ? "is left out" : "is as any other",
		    has_table(l, now_s) ? "the table" : "the sources");
	if (l->due == LEAP_NONE) {
		e->os->ops->timer_off(e->os, &l->timer);
		return;
	}
	l->at = raw_add(now.raw, until(l, now.real));
	l->was_near = true;
	set_timer(e, until(l, now.real) - LEAP_HOLD);
}

static void
hold(struct engine *e, double left)
{
	discipline_status(e, true);
	e->leap.is_held = true;
	set_timer(e, left);
}

static void
step_clock(struct engine *e, int64_t ns)
{
	struct clk_req req;
	struct clk_rep rep;

	if (e->config->leapsecmode != LEAPSEC_STEP ||
	    !e->discipline.is_controlled)
		return;
	memset(&req, 0, sizeof req);
	req.type = CLK_STEP;
	req.u.step_ns = ns;
	e->os->ops->clock(e->os, &req, &rep);
	if (rep.error != 0)
		log_warn("leap second: step refused: %s", strerror(rep.error));
}

/* UTC has made its leap second. */
static void
happen(struct engine *e)
{
	struct leap *l = &e->leap;
	int64_t ns = l->due == LEAP_INSERT ? -NSEC : NSEC;

	step_clock(e, ns);
	e->scale.epoch_ns += ns;
	l->at = e->os->ops->pair(e->os).raw;
	l->done_s = l->midnight_s;
	l->is_over = true;
	log_info("leap second: %s", ns < 0 ? "inserted" : "left out");
	set_timer(e, LEAP_HOLD);
}

static void
release(struct engine *e)
{
	struct leap *l = &e->leap;

	l->is_held = l->is_over = false;
	l->due = LEAP_NONE;
	leap_plan(e);
	discipline_status(e, true);
	if (e->config->leapsecmode == LEAPSEC_SLEW)
		discipline_correct(e);
	engine_update_now(e); /* what was said just before */
}

static void
fire(struct timer *t)
{
	struct engine *e = t->owner;
	struct leap *l = &e->leap;
	double left = until(l, e->os->ops->real(e->os));

	if (e->is_stopping)
		return;
	if (l->is_over) {
		release(e);
	} else if (l->is_held && fabs(left) <= MISSED) {
		happen(e); /* the kernel may have done its part a moment ago */
	} else if (!l->is_held && left > 0 && left <= LEAP_HOLD + MISSED) {
		hold(e, left);
	} else { /* somebody set the clock, or the machine slept */
		l->is_held = false;
		l->due = LEAP_NONE;
		leap_plan(e);
	}
}

void
leap_init(struct leap *l, struct engine *e)
{
	memset(l, 0, sizeof *l);
	l->table = e->options.leaps;
	l->read_at = e->os->ops->mono(e->os);
	l->timer.fire = fire;
	l->timer.owner = e;
}

static bool
is_other_table(const struct leap_table *a, const struct leap_table *b)
{
	if (b == NULL || a->expires_s != b->expires_s || a->n != b->n)
		return true;
	for (unsigned i = 0; i < a->n; i++)
		if (a->rows[i].from_s != b->rows[i].from_s ||
		    a->rows[i].tai != b->rows[i].tai)
			return true;
	return false;
}

/* A file that is just being written may end with any line, and who takes an older
 * one back has not taken back leap seconds. */
static bool
has_lost_rows(const struct leap_table *a, const struct leap_table *was)
{
	return was != NULL && a->n < was->n && a->expires_s <= was->expires_s;
}

void
leap_reload(struct engine *e)
{
	struct leap *l = &e->leap;
	const char *slot = e->options.leap_slot;
	struct leap_table new;

	l->read_at = e->os->ops->mono(e->os);
	if (slot == NULL)
		return;
	char *text = malloc(LEAPFILE_MAX);
	ssize_t n = text == NULL ? -ENOMEM :
	    e->os->ops->load(e->os, slot, text, LEAPFILE_MAX);

	if (n <= 0 || !(e->options.is_leap_zone ? leapfile_read_zone :
	    leapfile_read_list)(&new, text, (size_t)n)) {
		log_warn("leap seconds: the table cannot be read%s: %s",
		    l->table != NULL ? " again, that of before is kept" : "",
		    n == -EINVAL ? "not a plain file" :
		    n < 0 ? strerror((int)-n) : "no table of leap seconds");
	} else if (has_lost_rows(&new, l->table)) {
		log_warn("leap seconds: the table has only %u entries left, "
			 "that of before is kept", new.n);
	} else if (is_other_table(&new, l->table)) {
		l->again = new;
		l->table = &l->again;
		l->has_complained = false;
		log_info("leap seconds: a new table: %u entries, TAI - UTC at "
			 "last %d s", new.n, new.rows[new.n - 1].tai);
	}
	free(text);
}

int
leap_for_clock(const struct engine *e)
{
	switch (e->config->leapsecmode) {
	case LEAPSEC_SYSTEM:
	case LEAPSEC_STEP:
		return e->leap.due;
	default:
		return LEAP_NONE;
	}
}

int
leap_tai(const struct engine *e, struct tspec now)
{
	/* The kernel counts its own leap second in, during which the time of
	 * day is that of before. */
	if (e->leap.is_held || e->leap.table == NULL ||
	    !e->reference.was_updated)
		return 0;
	return leap_table_tai(e->leap.table, tspec_floor(now));
}

double
leap_nearest(const struct engine *e, struct raw now, double z, double x)
{
	double away = z - x;

	if (!e->leap.was_near || fabs(raw_sub(now, e->leap.at)) > LEAP_LATE ||
	    fabs(away) < 0.5 || fabs(away) > 1.5)
		return z;
	return z - copysign(1, away);
}

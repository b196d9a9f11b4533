/* SPDX-License-Identifier: ISC */
#include "world.h"

#include <math.h>
#include <string.h>

static uint64_t
next(uint64_t *s)
{
	uint64_t z = (*s += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 0 < u < 1. */
static double
uniform(struct world *w, int stream)
{
	return ((double)(next(&w->random[stream]) >> 12) + 0.5) * 0x1p-52;
}

static double
normal(struct world *w, int stream)
{
	double r = sqrt(-2 * log(uniform(w, stream)));

	return r * cos(2 * M_PI * uniform(w, stream));
}

static double
gamma_wait(struct world *w, double scale, double shape)
{
	double sum = 0;

	for (; shape >= 0.999; shape--)
		sum -= log(uniform(w, 1));
	if (shape > 0.25) { /* a half: chi-squared of one */
		double n = normal(w, 1);
		sum += n * n / 2;
	}
	return scale * sum;
}

static double
draw(struct world *w, enum law law, double a, double b, double c)
{
	double x;

	switch (law) {
	case LAW_EXP:
		return -a * log(uniform(w, 1));
	case LAW_PARETO:
		do
			x = a * (pow(uniform(w, 1), -1 / b) - 1);
		while (x >= c);
		return x;
	case LAW_NORMAL:
		return a * normal(w, 1);
	case LAW_UNIFORM:
		return a * uniform(w, 1);
	case LAW_GAMMA:
		return gamma_wait(w, a, b);
	case LAW_LOGNORMAL:
		return a * exp(b * normal(w, 1));
	case LAW_WEIBULL:
		return a * pow(-log(uniform(w, 1)), 1 / b);
	case LAW_NONE:
		break;
	}
	return 0;
}

static double
wait_time(struct world *w, const struct wait *q)
{
	double x = draw(w, q->law, q->a, q->b, q->c);

	if (q->p2 > 0 && uniform(w, 1) < q->p2)
		x += q->law2 == LAW_NONE ? q->a2 :
		    draw(w, q->law2, q->a2, q->b2, q->c2);
	return x;
}

/* A queue with an exponential distribution that changes slowly. */
static double
queue(struct world *w, int server, int way)
{
	const struct path *p = &w->s->path[server];
	double a = exp(-(w->t - w->state[server].queued) / p->period);
	double *g = &w->state[server].queue[way];

	*g = a * *g + sqrt(1 - a * a) * normal(w, 1);
	return -p->size * log(erfc(*g / M_SQRT2) / 2 + 1e-12);
}

/* What happens on the path now, up (0) or down (1). */
static double
event_delay(struct world *w, int server, int way)
{
	const struct path *p = &w->s->path[server];
	double phase = p->period > 0 ? fmod(w->t / p->period, 1) : 0;
	double both = phase >= 0.5 ? p->size : 0;

	switch (p->event) {
	case EVENT_ROUTE:
		return both;
	case EVENT_ASYM:
		return way == 0 ? both : 0;
	case EVENT_ASYMDRIFT:
		return way == 0 ? p->size * (1 + sin(2 * M_PI * phase)) / 2 : 0;
	case EVENT_BUSY:
		return phase >= 2.0 / 3 && way == 1
		    ? draw(w, LAW_EXP, p->size, 0, 0) : 0;
	case EVENT_BUSYBOTH:
		return phase >= 2.0 / 3 ? draw(w, LAW_EXP, p->size, 0, 0) : 0;
	case EVENT_BURST:
		return phase < 25.0 / 120 ? draw(w, LAW_EXP, p->size, 0, 0) : 0;
	case EVENT_DIURNAL:
		return p->size * (1 + sin(2 * M_PI * phase));
	case EVENT_HOPS:
		if (w->t >= w->state[server].until) {
			w->state[server].hop = p->size * uniform(w, 1);
			w->state[server].until = w->t -
			    p->period * log(uniform(w, 1));
		}
		return w->state[server].hop;
	case EVENT_QUEUE:
		return queue(w, server, way);
	case EVENT_SAW:
		return way == 0 && phase >= 2.0 / 3
		    ? p->size * fmod(w->t / 1800, 1) : 0;
	case EVENT_LIE:
	case EVENT_DRIFT:
	case EVENT_NONE:
		break;
	}
	return 0;
}

/* What the server is wrong by now. */
static double
server_error(const struct world *w, const struct path *p)
{
	if (p->event == EVENT_DRIFT)
		return p->offset + p->size * w->t;
	if (p->event == EVENT_LIE && fmod(w->t / p->period, 1) >= 0.9)
		return p->offset + p->size;
	return p->offset;
}

void
world_init(struct world *w, const struct scenario *s, int seed)
{
	memset(w, 0, sizeof *w);
	w->s = s;
	w->random[0] = (uint64_t)seed * 1000003 + 1;
	w->random[1] = (uint64_t)seed * 1000003 + 500009;
	w->x = s->start != 0 ? s->start : 0.01;
	w->y = s->freq != 0 ? s->freq : 1e-5;
	for (int k = 0; k < WORLD_FLICKER; k++)
		w->ou[k] = s->flicker * normal(w, 0);
	w->next_jump = -s->jump_every * log(uniform(w, 0));
	w->next_pause = -s->pause_every * log(uniform(w, 0));
	for (int i = 0; i < s->servers; i++)
		for (int way = 0; way < 2; way++)
			w->state[i].queue[way] = normal(w, 1);
}

/* The integral over dt of one Ornstein-Uhlenbeck process, moved on. */
static double
flicker_part(struct world *w, int k, double dt)
{
	double tau = ldexp(1, 2 * k), s = w->s->flicker, a = exp(-dt / tau);
	double vy = s * s * (1 - a * a), c = s * s * tau * (1 - a) * (1 - a);
	double vi = s * s * tau * (2 * dt - tau * (3 - 4 * a + a * a));
	double n1 = normal(w, 0), n2 = normal(w, 0);
	double x = w->ou[k] * tau * (1 - a) + c / sqrt(vy) * n1 +
	    sqrt(fmax(vi - c * c / vy, 0)) * n2;

	w->ou[k] = a * w->ou[k] + sqrt(vy) * n1;
	return x;
}

static double
sine_phase(const struct scenario *s, double t)
{
	double om = 2 * M_PI / s->sine_period;

	return -s->sine / om * cos(om * t);
}

/* The integral of a triangle wave between +-1 with period 1 from 0 to u < 1. */
static double
triangle_integral(double u)
{
	return u < 0.5 ? -u + 2 * u * u : u - 0.5 - 2 * (u - 0.5) * (u - 0.5);
}

static void
move(struct world *w, double t)
{
	const struct scenario *s = w->s;
	double dt = t - w->t, q = s->walk * sqrt(dt);
	double n1 = normal(w, 0), n2 = normal(w, 0);

	w->x += w->y * dt + q * dt * (n1 / 2 + n2 / sqrt(12));
	w->y += q * n1;
	w->x += s->white * sqrt(dt) * normal(w, 0);
	w->x += s->aging * (t * t - w->t * w->t) / 2;
	if (s->sine > 0)
		w->x += sine_phase(s, t) - sine_phase(s, w->t);
	if (s->triangle > 0) {
		double p = s->triangle_period;
		w->x += s->triangle * p * (triangle_integral(fmod(t / p, 1)) -
		    triangle_integral(fmod(w->t / p, 1)));
	}
	for (int k = 0; s->flicker > 0 && k < WORLD_FLICKER; k++)
		w->x += flicker_part(w, k, dt);
	w->t = t;
}

void
world_run(struct world *w, double t)
{
	const struct scenario *s = w->s;

	for (;;) {
		double until = t;
		if (s->jump > 0)
			until = fmin(until, w->next_jump);
		if (s->pause > 0)
			until = fmin(until, w->next_pause);
		if (until > w->t)
			move(w, until);
		if (until >= t)
			return;
		if (s->jump > 0 && until == w->next_jump) {
			w->y += uniform(w, 0) < 0.5 ? s->jump : -s->jump;
			w->next_jump -= s->jump_every * log(uniform(w, 0));
		}
		if (s->pause > 0 && until == w->next_pause) {
			w->x += s->pause;
			w->next_pause -= s->pause_every * log(uniform(w, 0));
		}
	}
}

static double
grained(const struct path *p, double t)
{
	return p->grain > 0 ? floor(t / p->grain) * p->grain : t;
}

bool
world_ask(struct world *w, int server, struct sample *out)
{
	const struct path *p = &w->s->path[server];
	double one[2];

	for (int way = 0; way < 2; way++) {
		one[way] = p->base + wait_time(w, way == 0 ? &p->up : &p->down) +
		    event_delay(w, server, way);
		if (one[way] < 0)
			one[way] = 0;
	}
	w->state[server].queued = w->t;
	if (uniform(w, 1) < p->loss ||
	    (p->cycle > 0 && fmod(w->t, p->cycle) >= p->on))
		return false;

	/* On a scale where the client's clock is right at the middle. */
	double t2 = grained(p, w->t + one[0]), t3 = t2;
	double up = t2 - w->t, down = w->t + one[0] + one[1] - t3;
	*out = (struct sample){ .at = raw_add((struct raw){ 0 }, w->t),
		.offset = w->x + server_error(w, p) + (up - down) / 2,
		.delay = one[0] + one[1], .dispersion = 1e-9 };
	return true;
}

/* SPDX-License-Identifier: ISC
 *
 * Over dt a random walk of frequency moves y by dy and the phase by y dt + dx,
 * with Var dy = q^2 dt, Var dx = q^2 dt^3 / 3, Cov = q^2 dt^2 / 2: so dx given
 * dy is dt dy / 2, and normal around that with q^2 dt^3 / 12.
 *
 * An Ornstein-Uhlenbeck process of deviation s and time constant T, a =
 * exp(-dt/T): Var dy = s^2 (1 - a^2), Var dx = s^2 T^2 (2 dt/T - 3 + 4a - a^2),
 * Cov = s^2 T (1 - a)^2 (D. T. Gillespie, 1996). */
#include "tests/sim/oscillator.h"

#include <math.h>

void
oscillator_init(struct oscillator *o, uint64_t seed)
{
	*o = (struct oscillator){ .walk = 0 };
	prng_init(&o->prng, seed);
}

static double
run_walk(struct oscillator *o, double dt)
{
	double before = o->walk, r = sqrt(dt);
	double dy = o->wander * r * prng_normal(&o->prng);
	double rest = o->wander * dt * r / sqrt(12) * prng_normal(&o->prng);

	o->walk += dy;
	return before * dt + dt * dy / 2 + rest;
}

static double
run_part(struct oscillator *o, double *y, double tau, double dt)
{
	double u = dt / tau, a = exp(-u), b = -expm1(-u); /* 1 - a */
	/* Below 1e-3 the closed form loses its digits. */
	double vx = u < 1e-3 ? u * u * u * (2.0 / 3 - u / 2) :
	    2 * u - 3 + 4 * a - a * a;
	double vy = b * (1 + a), cov = b * b;
	double n1 = prng_normal(&o->prng), n2 = prng_normal(&o->prng);
	double left = vy > 0 ? vx - cov * cov / vy : 0;
	double before = *y;

	*y = a * before + o->flicker * sqrt(vy) * n1;
	return tau * (b * before + o->flicker *
	    ((vy > 0 ? cov / sqrt(vy) * n1 : 0) + sqrt(fmax(left, 0)) * n2));
}

static double
run_flicker(struct oscillator *o, double dt)
{
	double sum = 0, tau = 1;

	for (int i = 0; i < OSC_FLICKERS; i++, tau *= 4)
		sum += run_part(o, &o->parts[i], tau, dt);
	return sum;
}

static double
noise_freq(const struct oscillator *o)
{
	double y = o->walk;

	for (int i = 0; o->flicker > 0 && i < OSC_FLICKERS; i++)
		y += o->parts[i];
	return y;
}

static void
draw_second(struct oscillator *o, double second)
{
	o->second = second;
	o->y0 = noise_freq(o);
	o->x = 0;
	if (o->wander > 0 || o->walk != 0)
		o->x += run_walk(o, 1);
	if (o->white > 0)
		o->x += o->white * prng_normal(&o->prng);
	if (o->flicker > 0)
		o->x += run_flicker(o, 1);
	o->y1 = noise_freq(o);
}

static void
begin(struct oscillator *o, double at)
{
	for (int i = 0; o->flicker > 0 && i < OSC_FLICKERS; i++)
		o->parts[i] = o->flicker * prng_normal(&o->prng);
	o->is_running = true;
	draw_second(o, floor(at));
}

/* What the noise has made of the second drawn by u = 0..1. */
static double
noise_phase(const struct oscillator *o, double u)
{
	double dy = o->y1 - o->y0, bend = 6 * (o->x - o->y0 - dy / 2);

	return u * (o->y0 + u * (dy / 2 + bend * (0.5 - u / 3)));
}

/* from and to are not before the second drawn. */
static double
run_noise(struct oscillator *o, double from, double to)
{
	double before, x = 0;

	if (!(o->wander > 0 || o->walk != 0 || o->white > 0 || o->flicker > 0))
		return 0;
	if (!o->is_running)
		begin(o, from);
	before = noise_phase(o, fmin(from - o->second, 1));
	while (to > o->second + 1) {
		x += o->x;
		draw_second(o, o->second + 1);
	}
	return x + noise_phase(o, to - o->second) - before;
}

/* Both start at zero and go up first. */
static double
wave_value(const struct osc_wave *w, double t)
{
	double turn = t / w->period + w->phase;

	if (!w->is_triangle)
		return w->amplitude * sin(2 * M_PI * turn);
	turn -= floor(turn);
	return w->amplitude * (turn < 0.25 ? 4 * turn :
	    turn < 0.75 ? 2 - 4 * turn : 4 * turn - 4);
}

/* The integral since some instant. */
static double
wave_phase(const struct osc_wave *w, double t)
{
	double turn = t / w->period + w->phase, u;

	if (!w->is_triangle)
		return -w->amplitude * w->period / (2 * M_PI) *
		    cos(2 * M_PI * turn);
	turn -= floor(turn); /* a whole turn adds nothing */
	u = turn < 0.25 ? 2 * turn * turn :
	    turn < 0.75 ? 2 * turn - 2 * turn * turn - 0.25 :
	    2 * turn * turn - 4 * turn + 2;
	return w->amplitude * w->period * u;
}

double
oscillator_run(struct oscillator *o, double from, double dt)
{
	double x = o->offset * dt;

	if (dt <= 0)
		return 0;
	for (unsigned i = 0; i < o->n_waves; i++)
		x += wave_phase(&o->waves[i], from + dt) -
		    wave_phase(&o->waves[i], from);
	return x + run_noise(o, from, from + dt);
}

double
oscillator_freq(const struct oscillator *o, double at)
{
	double u = fmin(fmax(at - o->second, 0), 1);
	double y = o->offset + o->y0 + u * (o->y1 - o->y0);

	for (unsigned i = 0; i < o->n_waves; i++)
		y += wave_value(&o->waves[i], at);
	return y;
}

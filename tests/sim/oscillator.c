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

	for (int i = 0; i < OSC_FLICKERS; i++, tau *= 4) {
		if (!o->is_running)
			o->parts[i] = o->flicker * prng_normal(&o->prng);
		sum += run_part(o, &o->parts[i], tau, dt);
	}
	o->is_running = true;
	return sum;
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
	if (o->wander > 0 || o->walk != 0)
		x += run_walk(o, dt);
	if (o->white > 0)
		x += o->white * sqrt(dt) * prng_normal(&o->prng);
	if (o->flicker > 0)
		x += run_flicker(o, dt);
	return x;
}

double
oscillator_freq(const struct oscillator *o, double at)
{
	double y = o->offset + o->walk;

	for (unsigned i = 0; i < o->n_waves; i++)
		y += wave_value(&o->waves[i], at);
	for (int i = 0; o->flicker > 0 && i < OSC_FLICKERS; i++)
		y += o->parts[i];
	return y;
}

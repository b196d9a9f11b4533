/* SPDX-License-Identifier: ISC */
#include "tests/sim/delay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct unit {
	const char *name;
	double is;
} units[] = {
	{ "ppm", 1e-6 }, { "ppb", 1e-9 }, { "ns", 1e-9 }, { "us", 1e-6 },
	{ "ms", 1e-3 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
	{ "%", 0.01 }, { "", 1 },
};

static const struct kind {
	const char *name;
	enum delay_kind kind;
	unsigned least, most; /* arguments */
} kinds[] = {
	{ "exp", DELAY_EXP, 1, 1 }, { "normal", DELAY_NORMAL, 2, 2 },
	{ "uniform", DELAY_UNIFORM, 2, 2 }, { "pareto", DELAY_PARETO, 2, 3 },
	{ "sine", DELAY_SINE, 2, 2 }, { "hops", DELAY_HOPS, 2, 2 },
	{ "queue", DELAY_QUEUE, 2, 2 },
};

#define N(a) (sizeof(a) / sizeof *(a))

int
quantity_parse(const char *text, double *value, const char **end)
{
	char *after;
	double v = strtod(text, &after);
	size_t len = strspn(after, "abcdefghijklmnopqrstuvwxyz%");

	if (after == text || !isfinite(v))
		return -1;
	if (!end && after[len] != '\0')
		return -1;
	for (size_t i = 0; i < N(units); i++)
		if (strlen(units[i].name) == len &&
		    strncmp(units[i].name, after, len) == 0) {
			*value = v * units[i].is;
			if (end)
				*end = after + len;
			return 0;
		}
	return -1;
}

/* Arguments up to the term's end. */
static int
parse_args(struct delay_term *t, unsigned least, unsigned most,
    const char **text)
{
	unsigned n = 0;

	while (**text == ':') {
		if (n == most ||
		    quantity_parse(*text + 1, &t->arg[n], text) < 0)
			return -1;
		n++;
	}
	return n >= least ? 0 : -1;
}

static int
parse_term(struct delay_term *t, const char **text)
{
	size_t len = strcspn(*text, "+:%"), name;
	const char *s = *text;

	*t = (struct delay_term){ .kind = DELAY_CONST, .chance = 1,
		.arg[2] = INFINITY };
	if (s[len] == '%') {
		if (quantity_parse(s, &t->chance, &s) < 0 || *s++ != ':')
			return -1;
	}
	name = strcspn(s, "+:");
	for (size_t i = 0; i < N(kinds); i++)
		if (strlen(kinds[i].name) == name &&
		    strncmp(kinds[i].name, s, name) == 0) {
			t->kind = kinds[i].kind;
			*text = s + name;
			return parse_args(t, kinds[i].least, kinds[i].most,
			    text);
		}
	return quantity_parse(s, &t->arg[0], text);
}

int
delay_parse(struct delay *d, const char *text)
{
	struct delay out = { .n = 0 };

	do {
		if (out.n == DELAY_TERMS ||
		    parse_term(&out.terms[out.n++], &text) < 0)
			return -1;
	} while (*text++ == '+');
	if (text[-1] != '\0')
		return -1;
	*d = out;
	return 0;
}

static double
exponential(struct prng *p)
{
	return -log(1 - prng_unit(p));
}

static double
pareto(const struct delay_term *t, struct prng *p)
{
	for (;;) {
		double x = t->arg[1] *
		    (pow(1 - prng_unit(p), -1 / t->arg[0]) - 1);
		if (x <= t->arg[2])
			return x;
	}
}

static double
hops(struct delay_term *t, struct prng *p, double at)
{
	if (!t->is_running)
		t->until = at;
	t->is_running = 1;
	while (at >= t->until) {
		t->value[0] = t->arg[0] * prng_unit(p);
		t->until += t->arg[1] * exponential(p);
	}
	return t->value[0];
}

/* Half the squares of two normal processes are an exponential one. */
static double
queue(struct delay_term *t, struct prng *p, double at)
{
	double a = t->is_running ? exp(-(at - t->since) / t->arg[1]) : 0;

	for (int i = 0; i < 2; i++)
		t->value[i] = a * t->value[i] +
		    sqrt(1 - a * a) * prng_normal(p);
	t->is_running = 1;
	t->since = at;
	return t->arg[0] *
	    (t->value[0] * t->value[0] + t->value[1] * t->value[1]) / 2;
}

static double
draw(struct delay_term *t, struct prng *p, double at)
{
	const double *arg = t->arg;

	if (t->chance < 1 && prng_unit(p) >= t->chance)
		return 0;
	switch (t->kind) {
	case DELAY_CONST:
		return arg[0];
	case DELAY_EXP:
		return arg[0] * exponential(p);
	case DELAY_NORMAL:
		return arg[0] + arg[1] * prng_normal(p);
	case DELAY_UNIFORM:
		return arg[0] + (arg[1] - arg[0]) * prng_unit(p);
	case DELAY_PARETO:
		return pareto(t, p);
	case DELAY_SINE:
		return arg[0] * (1 + sin(2 * M_PI * at / arg[1]));
	case DELAY_HOPS:
		return hops(t, p, at);
	case DELAY_QUEUE:
		return queue(t, p, at);
	}
	return 0;
}

double
delay_draw(struct delay *d, struct prng *p, double at)
{
	double sum = 0;

	for (unsigned i = 0; i < d->n; i++)
		sum += draw(&d->terms[i], p, at);
	return sum > 0 ? sum : 0;
}

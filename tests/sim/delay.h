/* SPDX-License-Identifier: ISC
 *
 * How long something takes: a sum of terms, written as a word without blanks,
 *
 *	1ms+exp:100us+20%:pareto:1.2:3ms:300ms
 *
 *	T                  constant
 *	exp:M              exponential, mean M
 *	normal:M:S         normal around M
 *	uniform:A:B        between A and B
 *	pareto:K:S[:MAX]   S x (u^(-1/K) - 1), Lomax; drawn again above MAX
 *	sine:A:PERIOD      A x (1 + sin), a base delay that follows the day
 *	hops:MAX:MEAN      uniform in 0..MAX, another value each MEAN s or so
 *	queue:M:TAU        exponential with mean M, correlated over TAU
 *	P%:TERM            the term with this probability, else 0: bimodal is
 *	                   30%:1ms
 *
 * A sum below zero counts as zero. */
#ifndef TESTS_SIM_DELAY_H
#define TESTS_SIM_DELAY_H

#include "common/prng.h"

#define DELAY_TERMS 6
#define DELAY_ARGS 3

enum delay_kind { DELAY_CONST, DELAY_EXP, DELAY_NORMAL, DELAY_UNIFORM,
	DELAY_PARETO, DELAY_SINE, DELAY_HOPS, DELAY_QUEUE };

struct delay_term {
	enum delay_kind kind;
	double chance; /* 0..1 */
	double arg[DELAY_ARGS];
	/* hops, queue: the state, and since when. */
	double value[2], since, until;
	int is_running;
};

struct delay {
	struct delay_term terms[DELAY_TERMS];
	unsigned n;
};

/* Returns 0, or -1 when text is no such word. */
int delay_parse(struct delay *, const char *text);

/* A delay for something that begins at `at` s after the start; at does not go
 * back.  s, >= 0. */
double delay_draw(struct delay *, struct prng *, double at);

/* A number with a unit: ns us ms s m h d, ppm ppb, % or none (s or plain).
 * Returns 0 with *value in s or s/s, else -1.  *end is behind it; with NULL
 * nothing may follow. */
int quantity_parse(const char *text, double *value, const char **end);

#endif

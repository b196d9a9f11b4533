/* SPDX-License-Identifier: ISC
 *
 * The variance of what is left of samples, learned in two ways.  Prior times
 * posterior residual has it for its mean in a consistent filter, but not when x
 * is biased; the differences of residuals do not see a bias, but what the
 * oscillator did between.  The smaller one counts. */
#ifndef DAEMON_ESTIMATE_NOISE_H
#define DAEMON_ESTIMATE_NOISE_H

struct noise {
	double of[2]; /* residuals' unit, squared */
	double last;  /* residual against the prior */
	double least;
};

/* Nothing is known but a guess; less than `least' it never is. */
void noise_init(struct noise *, double guess, double least);

/* The next sample's residuals against prior and posterior; gain, 0..1, is what
 * they weigh.  0: they do not, but the next difference needs them. */
void noise_learn(struct noise *, double before, double after, double gain);

double noise_variance(const struct noise *);

#endif

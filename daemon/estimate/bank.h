/* SPDX-License-Identifier: ISC
 *
 * A bank of filters that differ in one thing: how much the oscillator wanders.
 * Each foretells every sample; those that do it better weigh more (Bayes), and
 * the belief is the mixture of all.  The same with the models of what a sample
 * says (daemon/estimate/observe.h).
 *
 * Nothing is forgotten by discounting the past.  Instead, at each sample every
 * filter and model gets a small share back (Herbster and Warmuth 1998, "fixed
 * share"), and with its share a filter takes in the mixture's belief (Blom and
 * Bar-Shalom 1988, "interacting multiple models"): one that lost track would
 * else keep its share and drift away with it. */
#ifndef DAEMON_ESTIMATE_BANK_H
#define DAEMON_ESTIMATE_BANK_H

#include "daemon/estimate/estimate.h"
#include "daemon/estimate/observe.h"

#define BANK_SIZE 9

struct bank {
	double weight[BANK_SIZE]; /* > 0, sum 1 */
	double least, most; /* bounds of all wanders, (s/s)/sqrt(s) */
	struct estimate filter[BANK_SIZE];
};

/* What of a bank its mixture's later moments follow from. */
struct moments {
	struct estimate mixture;
	double wander; /* (s/s)/sqrt(s), of all filters together */
};

/* How probable each model of the samples is: > 0, sum 1.  A path's. */
struct beliefs {
	double of[OBSERVE_MODELS];
};

/* All filters as e has it, all weights alike, no bounds. */
void bank_start(struct bank *, const struct estimate *e);

void beliefs_init(struct beliefs *);

/* From now on no wander is taken for less or for more; least goes first. */
void bank_bound(struct bank *, double least, double most);

/* What is known of the offset is only that it has this variance. */
void bank_loosen(struct bank *, double var);

/* Moves to a later instant. */
void bank_predict(struct bank *, struct raw at);

/* The mixture, as of the instant the bank is at. */
struct estimate bank_mixture(const struct bank *);

struct moments bank_moments(const struct bank *);

/* The mixture at a later instant. */
struct estimate moments_at(const struct moments *, struct raw at);
struct estimate bank_at(const struct bank *, struct raw at);

/* Takes in an observation at the instant the bank is at.  void_density, 1/s, is
 * how probable z is if the sample says nothing at all.  *learn (unless NULL, may be
 * the same beliefs) is what the sample taught of the models.  Returns the
 * probability that it said nothing. */
double bank_update(struct bank *, const struct observation *,
    const struct beliefs *, double void_density, struct beliefs *learn);

/* The offset has jumped by dx: the variances of offset and frequency grow by
 * var and freq_var. */
void bank_shift(struct bank *, double dx, double var, double freq_var);

/* The same beliefs about something that is dx, and by dy per second, ahead. */
void bank_move(struct bank *, double dx, double dy);

/* The variance of the wander that the bank believes in, (s/s)^2/s, less what the
 * shares alone keep alive. */
double bank_wander(const struct bank *);

#endif

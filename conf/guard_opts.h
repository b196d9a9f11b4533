/* SPDX-License-Identifier: ISC
 *
 * `guard [option...] | off`: what the clock helper allows the engine to do with
 * the clock.  Inside conf/ only. */
#ifndef CONF_GUARD_OPTS_H
#define CONF_GUARD_OPTS_H

#include "conf/value.h"

/* Fields are those of struct config_guard. */
extern const struct value_list guard_options;

/* The values of a configuration without a guard line. */
void guard_defaults(struct config_guard *);

/* Parses the guard line of p.  What a line does not name has its default: the
 * last guard line holds, as a whole. */
int guard_parse(struct parse *p);

#endif

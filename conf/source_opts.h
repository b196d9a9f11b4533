/* SPDX-License-Identifier: ISC
 *
 * `server NAME [option...]`.  Inside conf/ only. */
#ifndef CONF_SOURCE_OPTS_H
#define CONF_SOURCE_OPTS_H

#include "conf/value.h"

/* All options of chrony's server directive; what is not built yet is
 * VALUE_LATER. */
extern const struct value_list source_options;

/* Parses the server line of p and adds the source. */
int source_parse(struct parse *p);

#endif

/* SPDX-License-Identifier: ISC
 *
 * `server NAME [option...]`, `pool NAME [option...]`, `peer NAME [option...]`,
 * `initstepslew`.
 * Inside conf/ only. */
#ifndef CONF_SOURCE_OPTS_H
#define CONF_SOURCE_OPTS_H

#include "conf/value.h"

#define SOURCE_POOL_MAX 16 /* sources of one pool; more are not asked for */

/* All options of chrony's server and pool directives; what is not built yet is
 * VALUE_LATER. */
extern const struct value_list source_options, pool_options;

/* Parses the server, peer or pool line of p and adds the source. */
int source_parse(struct parse *p);

int initstepslew_parse(struct parse *p);

#endif

/* SPDX-License-Identifier: ISC
 *
 * `broadcast INTERVAL ADDRESS [PORT] [key ID]`,
 * `broadcastclient [interface NAME] key ID`.  Inside conf/ only. */
#ifndef CONF_BROADCAST_OPTS_H
#define CONF_BROADCAST_OPTS_H

#include "conf/value.h"

extern const struct value_list broadcast_options, listener_options;

/* Parses the line of p and adds what it says; a line more does not replace the
 * one before. */
int broadcast_parse(struct parse *p);
int broadcast_parse_client(struct parse *p);

#endif

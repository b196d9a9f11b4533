/* SPDX-License-Identifier: ISC
 *
 * Who is served, who may control the daemon, and where.  Inside conf/ only. */
#ifndef CONF_ACCESS_OPTS_H
#define CONF_ACCESS_OPTS_H

#include "conf/parse.h"

/* `bindcmdaddress ADDRESS|PATH`: an address of each family and a path are
 * kept; the path / is none. */
int access_bindcmd(struct parse *p);

/* `opencommands [COMMAND...]`: replaces the list. */
int access_open(struct parse *p);

/* `allow`, `deny`, `cmdallow`, `cmddeny [all] [SUBNET|NAME]`: one more rule. */
int access_rule(struct parse *p);

#endif

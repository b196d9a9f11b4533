/* SPDX-License-Identifier: ISC
 *
 * `sourcedir DIR...`.  Its files are read by the running daemon, line by line
 * (config_source_line() in config.h).  Inside conf/ only. */
#ifndef CONF_SOURCEDIR_H
#define CONF_SOURCEDIR_H

#include "conf/parse.h"

int sourcedir_parse(struct parse *p);

#endif

/* SPDX-License-Identifier: ISC
 *
 * Files: reading one, and the directives that name others.  Only regular files
 * are read, so that nothing here waits; all files together are limited by
 * CONFIG_SIZE_MAX and CONFIG_FILES_MAX.  Inside conf/ only. */
#ifndef CONF_INCLUDE_H
#define CONF_INCLUDE_H

#include "conf/parse.h"

#define INCLUDE_DIRS_MAX 10 /* of one confdir line */

/* Takes all lines of the file; word i of at names it in messages. */
int include_file(struct parse *at, unsigned i, const char *path);

/* `include GLOB`: a pattern without a match is fine, a plain name has to
 * exist. */
int include_parse(struct parse *p);

/* `confdir DIR...`: all *.conf, sorted by name; a name in an earlier directory
 * hides the same name in a later one. */
int include_confdir(struct parse *p);

#endif

/* SPDX-License-Identifier: ISC
 *
 * The sources of sourcedir's files, which may change while the daemon runs.  A
 * line is known by its text: what was there before and still is keeps its
 * sources and all that was measured; what is new is added, what went is
 * deleted.  The files may be wrong or hostile: lines for SOURCEDIR_SOURCES
 * sources are taken at most, a pool counted by its maxsources, and what is not
 * taken is said, ten lines at a time. */
#ifndef DAEMON_ENGINE_SOURCEDIR_H
#define DAEMON_ENGINE_SOURCEDIR_H

#include <stddef.h>
#include <stdint.h>

#include "conf/config.h"

struct engine;

#define SOURCEDIR_FILES 100
#define SOURCEDIR_SOURCES 100
#define SOURCEDIR_FILE_MAX 65536 /* bytes */

struct sourcedirs {
	struct sourcedir_line {
		char *text;
		struct config_source conf;
	} *lines;
	size_t n;
	uint32_t last; /* number that was given to a line, in conf.origin */
};

/* The DIR of os_ops.list and load for config.sourcedirs[i]. */
const char *sourcedir_slot(size_t i);

/* Reads all files and makes the sources what they say.  Returns 0 or -ENOMEM;
 * all else is logged. */
int sourcedir_reload(struct engine *);

void sourcedir_fini(struct sourcedirs *);

#endif

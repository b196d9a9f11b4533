/* SPDX-License-Identifier: ISC
 *
 * From command line and files to what the engine is started with; the same for
 * every program that has an engine in it. */
#ifndef DAEMON_SETUP_CONFIG_H
#define DAEMON_SETUP_CONFIG_H

#include "common/options.h"
#include "conf/config.h"
#include "daemon/engine/engine.h"

/* Reads what the options name, into c, which config_init() has made: the
 * directives given as arguments, else a file.  Warnings and errors are logged.
 * Returns 0 or -EINVAL, and then c is good for config_fini() only. */
int setup_read_config(struct config *c, const struct options *);

/* Where the configuration comes from, in words; looks at files. */
const char *setup_config_file(const struct options *);

/* Lets the options change c, and says what they and c mean for the engine; no
 * drift file has been read yet. */
void setup_apply_options(struct config *c, struct engine_options *,
    const struct options *);

/* -Q: puts servers with addresses in the place of names, several of a pool's;
 * waits for the name server.  A name without one is left out, with a warning.
 * Returns 0, -ENOMEM, or -ENOENT after logging that nobody can be asked. */
int setup_resolve(struct config *);

#endif

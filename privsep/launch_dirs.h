/* SPDX-License-Identifier: ISC
 *
 * The daemon's directories in /run and /var/lib, and the pid file. */
#ifndef PRIVSEP_LAUNCH_DIRS_H
#define PRIVSEP_LAUNCH_DIRS_H

#include "privsep/confine.h"

/* Makes those of common/paths.h's directories that are missing, and checks
 * those that are there; one that we, or a service manager for us (made_dirs,
 * as in struct launch_env), did not make is never chowned.  Returns 0, or
 * -errno after logging what is wrong and the command that mends it.  Without
 * uid 0 whatever cannot be made is left out. */
int launch_dirs(const struct confine_user *engine,
    const struct confine_user *clock, const char *made_dirs);

/* Writes our pid into the pid file and locks it; the lock lives as long as the
 * descriptor.  Returns it, or -errno after logging (who holds it, if it is
 * another tockd); -ENOENT, without uid 0, means that there is none. */
int launch_pid_file(const char *path);

#endif

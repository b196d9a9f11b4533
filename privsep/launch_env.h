/* SPDX-License-Identifier: ISC
 *
 * What the launcher learns from its environment, and where the log goes. */
#ifndef PRIVSEP_LAUNCH_ENV_H
#define PRIVSEP_LAUNCH_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "common/options.h"

struct launch_env {
	int notify_fd;          /* connected to NOTIFY_SOCKET, or -1 */
	int listen_fds;         /* so many, from descriptor 3 on */
	bool has_journal;       /* descriptor 2 leads to the journal */
	char made_dirs[512];    /* ":a:b:" that the service manager made for us */
};

/* Reads NOTIFY_SOCKET, LISTEN_FDS, JOURNAL_STREAM,
 * RUNTIME_DIRECTORY and STATE_DIRECTORY, then empties the environment: with
 * ambient capabilities a role would obey LD_PRELOAD.  Must be called before
 * anything is opened.  Returns 0, or -errno after logging it. */
int launch_env_take(struct launch_env *);

/* Opens the log that options and environment ask for: -l's file; stderr with
 * -d, -p, -q, -Q, and in the foreground on a terminal or where somebody reads
 * it; else /dev/log, and without that stderr.  Returns a descriptor (not 2), or
 * -errno after logging it. */
int launch_log_open(const struct options *, const struct launch_env *,
    bool is_detached, enum log_style *style);

#endif

/* SPDX-License-Identifier: ISC
 *
 * From the launcher to a role's program: where it is, which descriptors it is
 * born with, and what its first process may never have. */
#ifndef PRIVSEP_LAUNCH_ROLE_H
#define PRIVSEP_LAUNCH_ROLE_H

#include <stdbool.h>
#include <stddef.h>

/* Opens the program of a role: ../libexec/tock/NAME seen from our own, else
 * NAME beside it.  Run by root it must be root's and nobody else's to write,
 * except with is_devel.  Returns a close-on-exec descriptor, or -errno after
 * logging it. */
int launch_find(const char *name, bool is_devel);

struct launch_fd {
	int from; /* -1: the role does without; to is closed */
	int to;   /* from 3 on; see privsep/fds.h */
};

/* Becomes the program: descriptors 0, 1, 2 and those of the map, nothing else;
 * no environment.  argv ends in NULL.  Returns only on error, with -errno after
 * logging it. */
int launch_exec(int program, const struct launch_fd *map, size_t n,
    const char *const argv[]);

/* For a child that will be engine or resolver: a session of its own, and of the
 * capabilities only those that set-up needs, never SYS_TIME again.  Returns 0,
 * or -errno after logging it. */
int launch_forgo_clock(void);

#endif

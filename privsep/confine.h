/* SPDX-License-Identifier: ISC
 *
 * What a role without privilege takes from itself, in the order in which it
 * must be called (the clock, below, has less to do itself):
 *
 *   confine_find_user   while /etc/passwd can be read
 *   confine_scope       the engine's, before it starts its workers
 *   confine_root        then open what is still needed, below dirs[].fd
 *   confine_drop        from here on no capability, nothing to gain by exec
 *   confine_landlock    files: only below dirs[]; no TCP, no foreign signals
 *   confine_filter      the role's list of system calls; last
 *
 * Each returns a negative errno when a step failed that may not fail; it has
 * been logged with its cause and the process must exit.  What may be missing on
 * a machine (container, old kernel) is a positive result that the caller shows.
 * None of them is ever undone. */
#ifndef PRIVSEP_CONFINE_H
#define PRIVSEP_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct confine_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[2]; /* supplementary */
	size_t n_groups;
};

/* Looks up user and, unless NULL, a supplementary group.  Returns 0, or
 * -ENOENT after logging which one is missing and what makes it.  Without uid 0
 * it looks nothing up: *u says who we are, and nobody changes. */
int confine_find_user(struct confine_user *u, const char *user,
    const char *group);

enum confine_dir_flags {
	CONFINE_WRITE = 1,    /* else read-only */
	CONFINE_EXEC = 2,     /* programs and libraries may be mapped from it */
	CONFINE_OPTIONAL = 4, /* it may be missing: fd is -1 then */
	CONFINE_BY_PATH = 8,  /* of no use without its path: rather the host's
	                         root than an empty one */
};

/* A directory of the host that the role goes on seeing, at its own path. */
struct confine_dir {
	const char *path; /* absolute, without ".."; not "/" */
	unsigned flags;
	int fd; /* set by confine_root: O_RDONLY|O_DIRECTORY|O_CLOEXEC, or -1 */
};

#define CONFINE_DIRS 32 /* most that confine_root takes */

enum confine_root {
	CONFINE_ROOT_PRIVATE = 0, /* mount namespace, tmpfs, nothing else in it */
	CONFINE_ROOT_EMPTY = 1,   /* chroot: paths are gone, dirs[].fd remain */
	CONFINE_ROOT_HOST = 2,    /* neither was possible, or of use */
};

/* Makes the private root: empty, read-only, nosuid nodev noexec, with dirs
 * bound at their own paths; umask 077, cwd "/".  In any order; a directory may
 * lie below another.  Fills dirs[].fd (opened inside, so that ".." ends at the
 * new root).  Returns an enum confine_root or -errno. */
int confine_root(struct confine_dir *dirs, size_t n);

struct confine_limits {
	unsigned files;     /* RLIMIT_NOFILE */
	unsigned processes; /* RLIMIT_NPROC: 0, but for the resolver */
};

/* The part of confine_drop that an exec does not undo: securebits, bounding
 * set, ids (where we are uid 0), and of the capabilities only number keep (-1
 * none), which goes through one exec as an ambient one.  Returns 0 or -errno. */
int confine_become(const struct confine_user *u, int keep);

/* The part of confine_drop that needs no right and survives an exec as well: no
 * core file, limits (never raised), no_new_privs.  Returns 0 or -errno. */
int confine_limit(const struct confine_limits *);

/* Securebits locked, bounding set empty, groups, gid, uid (where we are uid 0),
 * capability and ambient sets empty, not dumpable, SIGKILL when the parent
 * dies, no core file, limits, no_new_privs.  Checks that it holds. */
int confine_drop(const struct confine_user *u, const struct confine_limits *);

/* Landlock's scope: from here on no signal and no abstract socket leaves us and
 * those whom we start later.  They are in reach, so that the kernel's SIGKILL at
 * our death reaches them, even one that hangs.  Sets no_new_privs.  Returns 0,
 * on kernels that have no scopes, too, or -errno. */
int confine_scope(void);

enum confine_role { CONFINE_ENGINE, CONFINE_RESOLVER, CONFINE_WORKER };

/* Allows files below dirs[].fd, as their flags say, and no others.  Returns
 * the ABI in use (1..7), or 0 when the kernel has none; in that case, unless
 * root is CONFINE_ROOT_PRIVATE, every dirs[].fd is closed and set to -1, since
 * a held directory would be a way out of any other root. */
int confine_landlock(enum confine_role, enum confine_root root,
    struct confine_dir *dirs, size_t n);

/* Loads the list.  The engine may afterwards: make UDP sockets (AF_UNIX ones
 * are made in set-up), use those it has, open for reading below a descriptor
 * that it holds, replace files below those of dirs[] that are for writing, ask
 * for time, memory and random numbers, abort().  The lists of
 * the others do not look at dirs; a worker may use the descriptors that it has,
 * and nothing else.  Returns 1, or 0 in a build with -Dseccomp=off. */
int confine_filter(enum confine_role, const struct confine_dir *dirs,
    size_t n);

/* The clock's share, done for it before it is there, so that neither text nor
 * library is in its program.
 *
 * Landlock: from here on files may be made, written and removed below dirs[].fd
 * (where it is not -1), the program may be executed, and nothing else may be
 * done with files, TCP or foreign signals.  Returns the ABI in use, or 0 when
 * the kernel has none.
 *
 * The filter: a pipe, close-on-exec, to be read once, with the struct
 * sock_filter's of 20 system calls, which the clock loads itself.  It is for
 * this very process after an exec (which may abort() itself).  In a build with
 * -Dseccomp=off it allows everything.
 *
 * Both return -errno after logging it. */
int confine_clock_landlock(int program, const struct confine_dir *dirs,
    size_t n);
int confine_clock_filter(void);

#endif

/* SPDX-License-Identifier: ISC
 *
 * Small files that the engine reads and writes after it has given up its view
 * of the file system: each lies directly in a directory whose descriptor was
 * kept.  A slot is "DIR/FILE", where DIR is the name that the directory was
 * added under, whatever its path is.  FILE may not begin with a dot. */
#ifndef DAEMON_OS_STATEFILE_H
#define DAEMON_OS_STATEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define STATEFILE_DIRS 20
#define STATEFILE_NAME_MAX 128

struct statefiles {
	struct statefile_dir {
		const char *name;
		int fd;
		bool may_write, is_secret;
		int first; /* secret: opened as root; -1 = not, or read */
		uid_t owner; /* secret: beside root */
	} dirs[STATEFILE_DIRS];
	unsigned n;
};

/* name and the descriptor stay the caller's; -1 for fd: nothing is there. */
void statefile_add(struct statefiles *, const char *name, int fd,
    bool may_write);

/* For reading secrets: a file is refused unless it is root's or owner's and
 * closed to all others.  first, which is taken over, is the one file of
 * the directory that is asked for, opened while that could not be refused (-1:
 * none); the first load reads it where the daemon may not open it itself. */
void statefile_add_secret(struct statefiles *, const char *name, int fd,
    int first, uid_t owner);

/* Replaces the file as a whole, for its owner alone to read; a size of 0
 * removes it (and one that is not there is no error).  Returns 0; -EINVAL for
 * what is no slot, -EACCES where nothing may be written, or -errno, with the
 * old file left as it was. */
int statefile_save(struct statefiles *, const char *slot,
    const void *data, size_t size);

/* Reads the whole file.  Returns its length; -EINVAL for what is no slot or no
 * plain file (links are not followed, a fifo is not waited for), -EFBIG when it
 * is longer than size, -EPERM for a secret that others could have read or
 * written, -ENOENT, or another -errno. */
ssize_t statefile_load(struct statefiles *, const char *slot, void *data,
    size_t size);

/* Calls each() with the name of everything in a directory, in any order, that
 * does not begin with a dot.  Returns 0, -ENOENT for a directory that was not
 * there when it was added, -EINVAL for one that never was, or -errno. */
int statefile_list(struct statefiles *, const char *dir, void *owner,
    void (*each)(void *owner, const char *name));

#endif

/* SPDX-License-Identifier: ISC */
#include "daemon/os/statefile.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP ".tock.tmp" /* no slot has this name */

void
statefile_add(struct statefiles *s, const char *name, int fd, bool may_write)
{
	assert(s->n < STATEFILE_DIRS);
	s->dirs[s->n++] = (struct statefile_dir){ name, fd, may_write,
		.first = -1 };
}

void
statefile_add_secret(struct statefiles *s, const char *name, int fd, int first,
    uid_t owner)
{
	assert(s->n < STATEFILE_DIRS);
	s->dirs[s->n++] = (struct statefile_dir){ name, fd, .is_secret = true,
		.first = first, .owner = owner };
}

/* The directory of a slot, with *file its file's name; NULL for what is no
 * slot. */
static struct statefile_dir *
find(struct statefiles *s, const char *slot, const char **file)
{
	const char *slash = strchr(slot, '/');

	if (slash == NULL || slash[1] == '\0' || slash[1] == '.' ||
	    strchr(slash + 1, '/') != NULL ||
	    strlen(slash + 1) > STATEFILE_NAME_MAX)
		return NULL;
	*file = slash + 1;
	for (unsigned i = 0; i < s->n; i++)
		if (strlen(s->dirs[i].name) == (size_t)(slash - slot) &&
		    strncmp(s->dirs[i].name, slot, (size_t)(slash - slot)) == 0)
			return &s->dirs[i];
	return NULL;
}

static int
replace(int dir, const char *file, const void *data, size_t size)
{
	int fd = openat(dir, TEMP,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;

	ssize_t n = write(fd, data, size);
	int r = n == (ssize_t)size ? 0 : n < 0 ? -errno : -ENOSPC;
	close(fd);
	if (r == 0 && renameat(dir, TEMP, dir, file) != 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir, TEMP, 0);
	return r;
}

int
statefile_save(struct statefiles *s, const char *slot, const void *data,
    size_t size)
{
	const char *file;
	struct statefile_dir *dir = find(s, slot, &file);

	if (dir == NULL)
		return -EINVAL;
	if (!dir->may_write || dir->fd < 0)
		return -EACCES;
	if (size == 0)
		return unlinkat(dir->fd, file, 0) < 0 && errno != ENOENT
		    ? -errno : 0;
	unlinkat(dir->fd, TEMP, 0); /* left by one that was killed */
	return replace(dir->fd, file, data, size);
}

/* A file that is there to be read, or -errno. */
static int
open_file(struct statefile_dir *dir, const char *file)
{
	int first = dir->first, fd = -1;

	dir->first = -1; /* later it would be an old file */
	errno = first >= 0 ? EACCES : ENOENT;
	if (dir->fd >= 0)
		fd = openat(dir->fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
			O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && errno == EACCES && first >= 0)
		return first;

	int error = errno == ELOOP ? EINVAL : errno;
	if (first >= 0)
		close(first);
	return fd < 0 ? -error : fd;
}

static bool
is_kept_secret(const struct statefile_dir *dir, const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == dir->owner) &&
	    (st->st_mode & S_IRWXO) == 0;
}

ssize_t
statefile_load(struct statefiles *s, const char *slot, void *data, size_t size)
{
	const char *file;
	struct statefile_dir *dir = find(s, slot, &file);
	struct stat st;

	if (dir == NULL)
		return -EINVAL;
	int fd = open_file(dir, file);
	if (fd < 0)
		return fd;

	ssize_t n = fstat(fd, &st) < 0 ? -errno : 0;
	if (n < 0)
		; /* said */
	else if (!S_ISREG(st.st_mode))
		n = -EINVAL;
	else if (dir->is_secret && !is_kept_secret(dir, &st))
		n = -EPERM;
	else if ((size_t)st.st_size > size)
		n = -EFBIG;
	else if ((n = read(fd, data, size)) < 0)
		n = -errno;
	close(fd);
	return n;
}

/* By the bare call: readdir() would want fcntl(), which the filter forbids. */
int
statefile_list(struct statefiles *s, const char *dir, void *owner,
    void (*each)(void *owner, const char *name))
{
	alignas(struct dirent64) char buf[4096];
	ssize_t n = 0;
	int at = -ENOENT;

	unsigned i = 0;
	while (i < s->n && strcmp(s->dirs[i].name, dir) != 0)
		i++;
	if (i == s->n)
		return -EINVAL;
	if (s->dirs[i].fd >= 0)
		at = openat(s->dirs[i].fd, ".",
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return s->dirs[i].fd >= 0 ? -errno : at;
	while ((n = getdents64(at, buf, sizeof buf)) > 0)
		for (ssize_t k = 0; k < n;) {
			const struct dirent64 *d = (const void *)(buf + k);

			if (d->d_name[0] != '.')
				each(owner, d->d_name);
			k += d->d_reclen;
		}
	if (n < 0)
		n = -errno;
	close(at);
	return (int)n;
}

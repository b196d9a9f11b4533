/* SPDX-License-Identifier: ISC
 *
 * The private root.  A directory descriptor is no jail by itself (".." leads
 * out of it), and an empty chroot cannot answer a client's socket by its path;
 * so the role gets a mount namespace whose root is an empty tmpfs, with copies
 * of the listed directories' mounts at the paths that they have outside.
 *
 * The copies are made as detached trees (open_tree) before the old root goes,
 * so that links in the host's paths still lead where they should, and the old
 * root's name is never needed afterwards.  Their flags are set while they are
 * detached and for everything mounted below (mount_setattr): there is no moment
 * at which a writable copy can be seen.  Needs Linux 5.12. */
#include "privsep/confine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"
#include "common/paths.h"

/* From linux/mount.h, which does not go together with sys/mount.h. */
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 0x00000004
#endif
#define ATTR_RDONLY 1
#define ATTR_NOSUID 2
#define ATTR_NODEV 4
#define ATTR_NOEXEC 8

struct attr { /* struct mount_attr */
	uint64_t set, clear, propagation, userns_fd;
};

/* Where the tmpfs is mounted for a moment; any directory would do, but inside
 * a chroot it must be a mount point. */
#define STAGE "/run"
#define STAGE_IN_CHROOT "/proc"

static bool
is_good_path(const char *path)
{
	size_t len = strlen(path);

	return path[0] == '/' && len > 1 && len < PATH_MAX &&
	    strstr(path, "/../") == NULL &&
	    strcmp(path + len - (len < 3 ? len : 3), "/..") != 0;
}

static int
failed(const char *what, const char *path)
{
	int error = errno;

	log_error("confine: %s %s: %s", what, path, strerror(error));
	return -error;
}

/* A detached copy of what is mounted at dir and below it, with the flags that
 * it shall have: a descriptor, -1 for an optional one that is not there, or
 * another negative errno. */
#define ABSENT (-1)
static int
clone_tree(const struct confine_dir *dir)
{
	struct attr attr = { .set = ATTR_NOSUID | ATTR_NODEV,
		.propagation = MS_PRIVATE };
	long fd = syscall(SYS_open_tree, AT_FDCWD, dir->path,
	    OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR) &&
	    dir->flags & CONFINE_OPTIONAL)
		return ABSENT;
	if (fd < 0)
		return failed("directory", dir->path);
	if (!(dir->flags & CONFINE_WRITE))
		attr.set |= ATTR_RDONLY;
	if (!(dir->flags & CONFINE_EXEC))
		attr.set |= ATTR_NOEXEC;
	if (syscall(SYS_mount_setattr, (int)fd, "",
	    AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) < 0) {
		int r = failed("mount flags of", dir->path);
		close((int)fd);
		return r;
	}
	return (int)fd;
}

/* mkdir -p below the new root. */
static int
make_path(const char *path)
{
	char part[PATH_MAX];

	for (const char *p = path + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		memcpy(part, path, (size_t)(p - path));
		part[p - path] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST &&
		    errno != EROFS)
			return failed("mkdir", part);
		if (*p == '\0')
			return 0;
	}
}

static int
place_tree(const struct confine_dir *dir, int tree)
{
	int r = make_path(dir->path);

	if (r < 0)
		return r;
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, dir->path,
	    MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return failed("mount of", dir->path);
	return 0;
}

/* Nothing that is mounted from here on is seen outside.  Inside a chroot "/"
 * is no mount point: then only the stage can be made private, and a chroot has
 * to do for pivot_root(2).  Returns the stage, or NULL. */
static const char *
make_private(void)
{
	if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return STAGE;
	if (errno == EINVAL &&
	    mount("", STAGE_IN_CHROOT, NULL, MS_PRIVATE, NULL) == 0)
		return STAGE_IN_CHROOT;
	failed("private mounts of", "/");
	return NULL;
}

/* The tmpfs becomes "/", the old root goes. */
static int
enter_empty_root(const char *stage)
{
	if (mount("tock", stage, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    "mode=0755,size=64k") < 0)
		return failed("tmpfs at", stage);
	if (chdir(stage) < 0)
		return failed("chdir", stage);
	if (strcmp(stage, STAGE_IN_CHROOT) == 0)
		return chroot(".") < 0 ? failed("chroot", stage) : 0;
	/* Both names the same: the old root is stacked on the new one and the
	 * next unmount takes it (pivot_root(2)). */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return failed("pivot_root", stage);
	if (umount2(".", MNT_DETACH) < 0)
		return failed("unmount", "old root");
	if (chdir("/") < 0)
		return failed("chdir", "/");
	return 0;
}

static int
seal_root(void)
{
	struct attr attr = { .set = ATTR_RDONLY };

	if (syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attr, sizeof attr) < 0)
		return failed("mount flags of", "/");
	return 0;
}

static int
by_path(const void *a, const void *b)
{
	const struct confine_dir *const *x = a, *const *y = b;

	int order = strcmp((*x)->path, (*y)->path); /* parents come first */

	/* Of two alike the one that may do more: it is the one mounted. */
	return order != 0 ? order : (int)((*y)->flags & CONFINE_WRITE) -
		(int)((*x)->flags & CONFINE_WRITE);
}

static int
private_root(const struct confine_dir *dirs, size_t n)
{
	const struct confine_dir *sorted[CONFINE_DIRS];
	int trees[CONFINE_DIRS];
	size_t made = 0;
	int r = 0;

	const char *stage = make_private();
	if (stage == NULL)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &dirs[i];
	qsort(sorted, n, sizeof *sorted, by_path);

	for (; made < n && r == 0; made++) {
		bool is_twice = made > 0 && strcmp(sorted[made]->path,
		    sorted[made - 1]->path) == 0;
		trees[made] = is_twice ? ABSENT : clone_tree(sorted[made]);
		if (trees[made] < ABSENT)
			r = trees[made];
	}
	if (r == 0)
		r = enter_empty_root(stage);
	for (size_t i = 0; i < made && r == 0; i++)
		if (trees[i] != ABSENT)
			r = place_tree(sorted[i], trees[i]);
	if (r == 0)
		r = seal_root();
	for (size_t i = 0; i < made; i++)
		if (trees[i] >= 0)
			close(trees[i]);
	return r;
}

static int
open_dirs(struct confine_dir *dirs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		dirs[i].fd = open(dirs[i].path,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dirs[i].fd >= 0)
			continue;
		/* Without root a directory of the daemon may be closed to us;
		 * the caller sees that by its fd. */
		if (errno == EACCES && geteuid() != 0)
			continue;
		if (errno != ENOENT || !(dirs[i].flags & CONFINE_OPTIONAL))
			return failed("directory", dirs[i].path);
	}
	return 0;
}

/* Kernels before 5.12 lack the calls; a seccomp filter around a container
 * gives EPERM or ENOSYS for them. */
static bool
has_mount_calls(void)
{
	struct attr attr = { 0 };

	if (unshare(CLONE_NEWNS) < 0)
		return false;
	return syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attr,
	    sizeof attr) == 0;
}

static bool
needs_paths(const struct confine_dir *dirs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (dirs[i].flags & CONFINE_BY_PATH)
			return true;
	return false;
}

int
confine_root(struct confine_dir *dirs, size_t n)
{
	enum confine_root got = CONFINE_ROOT_HOST;
	int r;

	assert(n <= CONFINE_DIRS);
	for (size_t i = 0; i < n; i++) {
		dirs[i].fd = -1;
		if (!is_good_path(dirs[i].path)) {
			log_error("confine: directory %s: must be absolute and "
			    "have no .. in it", dirs[i].path);
			return -EINVAL;
		}
	}
	umask(022); /* the way to dirs[] must be open to a role that is not root */
	if (has_mount_calls()) {
		r = private_root(dirs, n);
		if (r < 0)
			return r;
		got = CONFINE_ROOT_PRIVATE;
	}
	umask(077);
	r = open_dirs(dirs, n);
	if (r < 0)
		return r;
	if (got == CONFINE_ROOT_HOST && !needs_paths(dirs, n) &&
	    chroot(DIR_EMPTY) == 0)
		got = CONFINE_ROOT_EMPTY;
	if (chdir("/") < 0)
		return failed("chdir", "/");
	return (int)got;
}

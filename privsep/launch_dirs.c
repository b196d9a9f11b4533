/* SPDX-License-Identifier: ISC
 *
 * A directory that is trusted must belong to whom we trust: who may write in
 * /run/tock can put another clock directory there.  So what exists is opened
 * without following links and looked at, and what is wrong is said, not mended:
 * it may be somebody's intention. */
#include "privsep/launch_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/paths.h"

struct place {
	const char *path;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	bool is_strict; /* another owner, or writers besides, is an error */
};

static int
failed(const char *what, const char *path)
{
	int error = errno;

	log_error("%s %s: %s", what, path, strerror(error));
	return -error;
}

static bool
made_for_us(const char *path, const char *made_dirs)
{
	char word[128];

	snprintf(word, sizeof word, ":%s:", path);
	return strstr(made_dirs, word) != NULL;
}

static int
give_away(int fd, const struct place *p)
{
	/* The mode while it is ours: no CAP_FOWNER is needed. */
	if (fchown(fd, geteuid(), (gid_t)-1) < 0)
		return failed("chown", p->path);
	if (fchmod(fd, p->mode) < 0)
		return failed("chmod", p->path);
	if (fchown(fd, p->uid, p->gid) < 0)
		return failed("chown", p->path);
	return 0;
}

/* Says what is wrong with a directory that was there before us. */
static int
judge(const struct stat *st, const struct place *p)
{
	bool is_foreign = st->st_uid != p->uid;
	mode_t loose = st->st_mode & (p->is_strict ? 022 : 002);

	if (!is_foreign && loose == 0)
		return 0;
	if (!p->is_strict && loose == 0) {
		log_warn("directory %s belongs to uid %u, not %u: files in it "
		    "may be out of reach", p->path, (unsigned)st->st_uid,
		    (unsigned)p->uid);
		return 0;
	}
	log_error("directory %s %s (uid %u, mode %04o): install -d -o %u -g %u "
	    "-m %04o %s", p->path, is_foreign
	    ? "has the wrong owner" : "is writable by others",
	    (unsigned)st->st_uid, (unsigned)st->st_mode & 07777,
	    (unsigned)p->uid, (unsigned)p->gid, (unsigned)p->mode, p->path);
	return -EPERM;
}

static int
make_dir(const struct place *p, const char *made_dirs)
{
	bool is_root = geteuid() == 0;
	bool is_new = mkdir(p->path, 0700) == 0;
	struct stat st;
	int r = 0;

	if (!is_root)
		return 0;
	if (!is_new && errno != EEXIST)
		return failed("mkdir", p->path);

	int fd = open(p->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed("directory", p->path);
	if (fstat(fd, &st) < 0)
		r = failed("directory", p->path);
	/* A new one could have been swapped for another, never for root's.  A
	 * service manager sets its own mode again at each start. */
	else if ((is_new && st.st_uid == 0) ||
	    (made_for_us(p->path, made_dirs) &&
	    (st.st_uid == 0 || st.st_uid == p->uid)))
		r = give_away(fd, p);
	else
		r = judge(&st, p);
	close(fd);
	return r;
}

int
launch_dirs(const struct confine_user *engine,
    const struct confine_user *clock, const char *made_dirs)
{
	gid_t control = engine->n_groups > 0 ? engine->groups[0] : engine->gid;
	const struct place places[] = {
		{ DIR_RUN, 0755, 0, 0, true },
		{ DIR_EMPTY, 0555, 0, 0, true },
		{ DIR_RUN_CLOCK, 0700, clock->uid, clock->gid, true },
		{ DIR_CHRONY, 0750, engine->uid, control, false },
		{ DIR_STATE, 0750, engine->uid, engine->gid, false },
		{ DIR_STATE_CLOCK, 0755, clock->uid, clock->gid, true },
	};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int r = make_dir(&places[i], made_dirs);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
say_who_holds(int fd, const char *path)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	long pid = n > 0 ? strtol(text, NULL, 10) : 0;

	if (pid > 0)
		log_error("another tockd is running: process %ld (%s)", pid,
		    path);
	else
		log_error("another tockd is starting: it holds %s", path);
	return -EEXIST;
}

int
launch_pid_file(const char *path)
{
	char text[16];
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0 && geteuid() != 0)
		return -ENOENT;
	if (fd < 0)
		return failed("pid file", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int r = errno == EWOULDBLOCK
		    ? say_who_holds(fd, path) : failed("lock of", path);
		close(fd);
		return r;
	}

	int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	if (fchmod(fd, 0644) < 0 || ftruncate(fd, 0) < 0 ||
	    pwrite(fd, text, (size_t)len, 0) != len) {
		int r = failed("pid file", path);
		close(fd);
		return r;
	}
	return fd;
}

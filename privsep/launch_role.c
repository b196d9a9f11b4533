/* SPDX-License-Identifier: ISC
 *
 * The descriptors of the map are first copied to numbers above all targets, so
 * that no move can hit one that is still needed; then the targets are filled,
 * and what is left closes on exec. */
#include "privsep/launch_role.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"

#define FDS_MAX 80
#define CLOSE_RANGE_ON_EXEC 4 /* CLOSE_RANGE_CLOEXEC, Linux 5.11 */

static int
failed(const char *what, const char *name)
{
	int error = errno;

	log_error("%s %s: %s", what, name, strerror(error));
	return -error;
}

/* The directory that our own program lies in, with its last slash. */
static int
own_directory(char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);

	if (n < 0)
		return failed("cannot tell where tockd is:", "/proc/self/exe");
	buf[n] = '\0';

	char *slash = strrchr(buf, '/');
	if (slash == NULL) {
		errno = ENOENT;
		return failed("cannot tell where tockd is:", buf);
	}
	slash[1] = '\0';
	return 0;
}

static int
check_owner(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return failed("program", path);
	if (!S_ISREG(st.st_mode)) {
		log_error("program %s is no file", path);
		return -EPERM;
	}
	if (st.st_uid != 0 || (st.st_mode & 022) != 0) {
		log_error("program %s is not root's alone (uid %u, mode %04o): "
		    "run by root it must be (--devel: run it all the same)",
		    path, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
		return -EPERM;
	}
	return 0;
}

int
launch_find(const char *name, bool is_devel)
{
	static const char *const places[] = { "../libexec/tock/", "" };
	char dir[PATH_MAX], path[PATH_MAX + 64];
	int r = own_directory(dir, sizeof dir);

	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		snprintf(path, sizeof path, "%s%s%s", dir, places[i], name);

		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return failed("program", path);
		if (geteuid() == 0 && !is_devel) {
			r = check_owner(fd, path);
			if (r < 0) {
				close(fd);
				return r;
			}
		}
		return fd;
	}
	log_error("program %s is neither in %s../libexec/tock nor in %s", name,
	    dir, dir);
	return -ENOENT;
}

static void
close_on_exec_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, ~0U,
	    CLOSE_RANGE_ON_EXEC) == 0)
		return;

	long max = sysconf(_SC_OPEN_MAX);
	for (int fd = first; fd < max; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int
launch_exec(int program, const struct launch_fd *map, size_t n,
    const char *const argv[])
{
	char *const no_environment[] = { NULL };
	int high[FDS_MAX], last = 2;

	for (size_t i = 0; i < n && i < FDS_MAX; i++)
		if (map[i].to > last)
			last = map[i].to;
	for (size_t i = 0; i < n && i < FDS_MAX; i++) {
		high[i] = -1;
		if (map[i].from < 0)
			continue;
		high[i] = fcntl(map[i].from, F_DUPFD_CLOEXEC, last + 1);
		if (high[i] < 0)
			return failed("descriptors of", argv[0]);
	}
	program = fcntl(program, F_DUPFD_CLOEXEC, last + 1);
	if (program < 0)
		return failed("descriptors of", argv[0]);
	for (int to = 3; to <= last; to++) {
		close(to);
		for (size_t i = 0; i < n && i < FDS_MAX; i++)
			if (map[i].to == to && high[i] >= 0 &&
			    dup2(high[i], to) < 0)
				return failed("descriptors of", argv[0]);
	}
	close_on_exec_from(last + 1);
	syscall(SYS_execveat, program, "", argv, no_environment, AT_EMPTY_PATH);
	return failed("exec of", argv[0]);
}

/* What set-up needs: ports, private root, users, files of others. */
static const int setup_caps[] = {
	CAP_NET_BIND_SERVICE, CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SETUID,
	CAP_SETGID, CAP_SETPCAP, CAP_CHOWN, CAP_FOWNER, CAP_DAC_OVERRIDE,
	CAP_DAC_READ_SEARCH, CAP_NET_ADMIN, CAP_SYS_NICE, CAP_IPC_LOCK,
};

static bool
is_for_setup(int cap)
{
	for (size_t i = 0; i < sizeof setup_caps / sizeof *setup_caps; i++)
		if (setup_caps[i] == cap)
			return true;
	return false;
}

int
launch_forgo_clock(void)
{
	bool is_root = geteuid() == 0;

	setsid(); /* the terminal's ^C is for the main process alone */
	if (capng_get_caps_process() < 0)
		return failed("capabilities of", "the launcher");
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		if (is_for_setup(cap))
			continue;
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, cap, 0, 0);
		/* Only root gets anything from the bounding set. */
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && is_root)
			return failed("bounding set of", "a role");
		capng_update(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED |
		    CAPNG_INHERITABLE, (unsigned)cap);
	}
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return failed("capabilities of", "a role");
	return 0;
}

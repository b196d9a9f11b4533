/* SPDX-License-Identifier: ISC
 *
 * Users and capabilities.  Everything here is checked afterwards by asking the
 * kernel, since a drop that silently did not happen is the classic bug. */
#include "privsep/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <linux/securebits.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/log.h"

#define HINT \
	"systemd-sysusers $PWD/conf/dist/sysusers.conf (or ./quickstart) makes it"

/* Being uid 0 means nothing any more, a change of uid moves no capabilities,
 * and no ambient capability can be raised; all locked. */
#define SECUREBITS (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | \
	SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED | \
	SECBIT_KEEP_CAPS_LOCKED | \
	SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static int
failed(const char *what)
{
	int error = errno;

	log_error("confine: %s: %s", what, strerror(error));
	return -error;
}

int
confine_find_user(struct confine_user *u, const char *user, const char *group)
{
	*u = (struct confine_user){ .uid = geteuid(), .gid = getegid() };
	if (u->uid != 0)
		return 0;

	const struct passwd *pw = getpwnam(user);
	if (pw == NULL) {
		log_error("user %s does not exist: " HINT, user);
		return -ENOENT;
	}
	if (pw->pw_uid == 0) {
		log_error("user %s is root: a role runs as a user of its own",
		    user);
		return -ENOENT;
	}
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	if (group == NULL)
		return 0;

	const struct group *gr = getgrnam(group);
	if (gr == NULL) {
		log_error("group %s does not exist: " HINT, group);
		return -ENOENT;
	}
	u->groups[u->n_groups++] = gr->gr_gid;
	return 0;
}

static int
change_ids(const struct confine_user *u)
{
	if (setgroups(u->n_groups, u->groups) < 0)
		return failed("setgroups");
	if (setresgid(u->gid, u->gid, u->gid) < 0)
		return failed("setresgid");
	if (setresuid(u->uid, u->uid, u->uid) < 0)
		return failed("setresuid");
	return 0;
}

/* To be asked once the capabilities are gone as well. */
static int
check_ids(const struct confine_user *u)
{
	uid_t r, e, s;

	if (getresuid(&r, &e, &s) < 0 || r != u->uid || e != u->uid ||
	    s != u->uid || setuid(0) == 0) {
		errno = EPERM;
		return failed("the uid did not change");
	}
	return 0;
}

static int
empty_bounding_set(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return failed("bounding set");
	return 0;
}

/* The ambient set becomes keep alone.  Inheritable first, since the kernel puts
 * nothing into that set that is no longer in the bounding set. */
static int
set_ambient(int keep)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return failed("ambient set");
	if (keep < 0)
		return 0;
	if (capng_get_caps_process() < 0 ||
	    capng_update(CAPNG_ADD, CAPNG_INHERITABLE, (unsigned)keep) < 0 ||
	    capng_apply(CAPNG_SELECT_CAPS) < 0)
		return failed("inheritable set");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, keep, 0, 0) < 0)
		return failed("ambient set");
	return 0;
}

int
confine_become(const struct confine_user *u, int keep)
{
	bool was_root = geteuid() == 0;
	int r = set_ambient(keep);

	if (r < 0)
		return r;
	if (was_root) { /* nobody else may, or could gain by not doing it */
		if (prctl(PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0) < 0)
			return failed("securebits");
		r = empty_bounding_set();
		if (r == 0)
			r = change_ids(u);
		if (r < 0)
			return r;
	}
	capng_clear(CAPNG_SELECT_CAPS);
	if (keep >= 0)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED |
		    CAPNG_INHERITABLE, (unsigned)keep);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return failed("capability sets");
	return was_root ? check_ids(u) : 0;
}

static int
has_no_capability(void)
{
	if (capng_get_caps_process() < 0 ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE) {
		errno = EPERM;
		return failed("a capability is left");
	}
	return 0;
}

static int
set_limit(int what, rlim_t most, const char *name)
{
	struct rlimit l;

	if (getrlimit(what, &l) < 0)
		return failed(name);
	if (most > l.rlim_max)
		most = l.rlim_max; /* only root may raise it */
	l.rlim_cur = l.rlim_max = most;
	return setrlimit(what, &l) < 0 ? failed(name) : 0;
}

int
confine_limit(const struct confine_limits *l)
{
	int r = set_limit(RLIMIT_CORE, 0, "RLIMIT_CORE");

	if (r == 0)
		r = set_limit(RLIMIT_NOFILE, l->files, "RLIMIT_NOFILE");
	if (r == 0)
		r = set_limit(RLIMIT_NPROC, l->processes, "RLIMIT_NPROC");
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed("no_new_privs");
	return 0;
}

int
confine_drop(const struct confine_user *u, const struct confine_limits *limits)
{
	int r = confine_become(u, -1);

	if (r == 0)
		r = has_no_capability();
	if (r < 0)
		return r;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return failed("dumpable");
	/* After the change of uid, which clears it.  The kernel checks the
	 * dying parent's right to signal us, so between roles of different
	 * users the end of file on the channel is what counts. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return failed("parent death signal");
	return confine_limit(limits);
}

/* SPDX-License-Identifier: ISC
 *
 * After CLK_SETUP nothing new is ever opened but temporary files in three
 * directories, no memory is mapped, nobody is signalled.  19 system calls are
 * left; six of them (writev and those from getpid on) only let an assert() end
 * in SIGABRT, for which malloc must fail instead of dying: mmap answers ENOMEM,
 * and brk 0, which is how it fails (it has no errors). */
#include "privsep/clock/confine_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"

static bool
failed(const char *what)
{
	log_fatal("%s: %s", what, strerror(errno));
	return false;
}

bool
confine_clock_drop(bool *denied)
{
	const struct rlimit none = { 0, 0 }, files = { 32, 32 };
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct have[2], keep[2] = { { 0, 0, 0 } };

	if (syscall(SYS_capget, &head, have) != 0 ||
	    !(have[0].effective & 1U << CAP_SYS_TIME))
		*denied = true;
	if (!*denied)
		keep[0].effective = keep[0].permitted = 1U << CAP_SYS_TIME;
	/* Ambient capabilities go with the inheritable ones. */
	if (syscall(SYS_capset, &head, keep) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0 ||
	    setrlimit(RLIMIT_NPROC, &none) != 0 ||
	    setrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed("dropping privileges");
	prctl(PR_SET_TIMERSLACK, 1); /* ns: the end of a slew should be sharp */
	return true;
}

static bool
landlock(const int *dirs, int n)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	/* Rights on files came in versions 1 (13 of them), 2, 3 and 5, on TCP
	 * in 4, scopes in 6; headers of Debian 12 end at the second. */
	uint64_t rules[3] = { (UINT64_C(1) << (13 + (v >= 2) + (v >= 3) +
	    (v >= 5))) - 1, v >= 4 ? 3 : 0, v >= 6 ? 3 : 0 };

	if (v < 1) {
		log_warn("this kernel has no Landlock");
		return true;
	}
	int fd = (int)syscall(SYS_landlock_create_ruleset, rules, sizeof rules,
	    0);
	int r = 0;
	for (int i = 0; i < n; i++) {
		struct landlock_path_beneath_attr below = {
			LANDLOCK_ACCESS_FS_WRITE_FILE |
			LANDLOCK_ACCESS_FS_REMOVE_FILE |
			LANDLOCK_ACCESS_FS_MAKE_REG, dirs[i] };

		if (fcntl(dirs[i], F_GETFD) >= 0)
			r |= syscall(SYS_landlock_add_rule, fd,
			    LANDLOCK_RULE_PATH_BENEATH, &below, 0) != 0;
	}
	if (r != 0 || syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		return failed("landlock");
	close(fd);
	return true;
}

/* SECCOMP_ELSE, what else does: privsep/clock/meson.build. */
static bool
filter(const int *dirs, int n)
{
	static const int always[] = { SCMP_SYS(read), SCMP_SYS(write),
		SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(ppoll),
		SCMP_SYS(clock_gettime), SCMP_SYS(close), SCMP_SYS(wait4),
		SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(writev),
		SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(rt_sigprocmask) };
	const uint32_t allow = SCMP_ACT_ALLOW;
	scmp_filter_ctx f = seccomp_init(SECCOMP_ELSE);
	int r = f ? 0 : -1;

	if (SECCOMP_ELSE == SCMP_ACT_ALLOW)
		return true;
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		r |= seccomp_rule_add(f, allow, always[i], 0);
	for (int i = 0; i < n; i++) {
		struct scmp_arg_cmp from = SCMP_A0_32(SCMP_CMP_EQ,
		    (uint32_t)dirs[i]), to = SCMP_A2_32(SCMP_CMP_EQ,
		    (uint32_t)dirs[i]);

		if (fcntl(dirs[i], F_GETFD) < 0)
			continue;
		r |= seccomp_rule_add(f, allow, SCMP_SYS(openat), 1, from);
		r |= seccomp_rule_add(f, allow, SCMP_SYS(unlinkat), 1, from);
		r |= seccomp_rule_add(f, allow, SCMP_SYS(renameat2), 2, from,
		    to);
	}
	r |= seccomp_rule_add(f, allow, SCMP_SYS(clock_adjtime), 1,
	    SCMP_A0_32(SCMP_CMP_EQ, CLOCK_REALTIME));
	r |= seccomp_rule_add(f, allow, SCMP_SYS(tgkill), 2,
	    SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid()),
	    SCMP_A2_32(SCMP_CMP_EQ, SIGABRT));
	r |= seccomp_rule_add(f, SCMP_ACT_ERRNO(0), SCMP_SYS(brk), 0);
	r |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOMEM), SCMP_SYS(mmap), 0);
	/* f is never released: that could give memory back to the kernel. */
	return r == 0 && seccomp_load(f) == 0 ? true : failed("seccomp");
}

bool
confine_clock_seal(const int *dirs, int n)
{
	return landlock(dirs, n) && filter(dirs, n);
}

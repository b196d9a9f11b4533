/* SPDX-License-Identifier: ISC
 *
 * After CLK_SETUP nothing new is ever opened but temporary files in three
 * directories, no memory is mapped, nobody is signalled.  What a program can be
 * born with (limits, no_new_privs, an empty bounding set) it has already; the
 * rules and the filter that it puts on were made by the launcher. */
#include "privsep/clock/confine_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"
#include "privsep/fds.h"

static bool
failed(const char *what)
{
	log_fatal("%s: %s", what, strerror(errno));
	return false;
}

bool
confine_clock_drop(bool denied)
{
	const uint32_t keep = denied ? 0 : 1U << CAP_SYS_TIME;
	const struct __user_cap_data_struct sets[2] = { { keep, keep, 0 } };
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };

	/* Ambient capabilities go with the inheritable ones. */
	if (syscall(SYS_capset, &head, sets) != 0)
		return failed("capabilities");
	return prctl(PR_SET_DUMPABLE, 0) == 0 || failed("dumpable");
}

bool
confine_clock_seal(void)
{
	struct sock_filter code[1024];
	ssize_t n = read(CLOCK_FD_FILTER, code, sizeof code);
	struct sock_fprog filter = { (unsigned short)(n / 8), code };
	struct landlock_path_beneath_attr drift = {
		LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
		LANDLOCK_ACCESS_FS_MAKE_REG, CLOCK_FD_DRIFT };

	/* Where this fails, for want of a directory, less is allowed. */
	syscall(SYS_landlock_add_rule, CLOCK_FD_RULES,
	    LANDLOCK_RULE_PATH_BENEATH, &drift, 0);
	if (fcntl(CLOCK_FD_RULES, F_GETFD) >= 0 &&
	    syscall(SYS_landlock_restrict_self, CLOCK_FD_RULES, 0) != 0)
		return failed("landlock");
	close(CLOCK_FD_RULES);
	close(CLOCK_FD_FILTER);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0 ||
	    failed("seccomp"); /* also when there was none to be read */
}

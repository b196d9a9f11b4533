/* SPDX-License-Identifier: ISC
 *
 * Landlock (Linux 5.13): a second fence around files, and the only one where no
 * private root could be made; from ABI 4 also no TCP, from 6 no signal and no
 * abstract socket leaves the role.  The kernel says which ABI it knows, and
 * what it does not know is not asked for.  Bits are spelt out, since the
 * headers of current distributions know only the first of them. */
#include "privsep/confine.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"

#define ABI_KNOWN 7

#define FS_ABI1 UINT64_C(0x1fff) /* execute .. make_sym */
#define FS_REFER (UINT64_C(1) << 13)     /* ABI 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define NET_BIND_TCP (UINT64_C(1) << 0)  /* ABI 4 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* ABI 6 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#define RULE_NET_PORT 2

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define REPLACING (LANDLOCK_ACCESS_FS_WRITE_FILE | \
	LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define WRITING (REPLACING | FS_TRUNCATE)

struct ruleset { /* struct landlock_ruleset_attr of ABI 6 */
	uint64_t fs, net, scoped;
};

struct net_port { /* struct landlock_net_port_attr */
	uint64_t allowed, port;
};

#define DNS_PORT 53

static int
failed(const char *what, const char *path)
{
	int error = errno;

	log_error("confine: landlock %s%s: %s", what, path, strerror(error));
	return -error;
}

static int
kernel_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 1)
		return 0;
	return abi > ABI_KNOWN ? ABI_KNOWN : (int)abi;
}

static struct ruleset
everything(int abi)
{
	struct ruleset all = { .fs = FS_ABI1 };

	if (abi >= 2)
		all.fs |= FS_REFER;
	if (abi >= 3)
		all.fs |= FS_TRUNCATE;
	if (abi >= 4)
		all.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (abi >= 5)
		all.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		all.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	return all;
}

static size_t
ruleset_size(int abi)
{
	if (abi >= 6)
		return 3 * sizeof(uint64_t);
	return (abi >= 4 ? 2 : 1) * sizeof(uint64_t);
}

static int
make_ruleset(int abi, struct ruleset all)
{
	int fd = (int)syscall(SYS_landlock_create_ruleset, &all,
	    ruleset_size(abi), 0);

	return fd < 0 ? failed("rules", "") : fd;
}

static int
allow_dir(int ruleset, const struct confine_dir *dir, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = dir->fd,
		.allowed_access = access };

	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
	    &rule, 0) < 0)
		return failed("rule for ", dir->path);
	return 0;
}

static uint64_t
access_to(const struct confine_dir *dir)
{
	uint64_t access = READING;

	if (dir->flags & CONFINE_WRITE)
		access |= WRITING;
	if (dir->flags & CONFINE_EXEC)
		access |= LANDLOCK_ACCESS_FS_EXECUTE;
	return access;
}

/* A resolver asks a name server by TCP when an answer was too long. */
static int
allow_dns(int ruleset)
{
	struct net_port rule = { NET_CONNECT_TCP, DNS_PORT };

	if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) < 0)
		return failed("rule for ", "TCP port 53");
	return 0;
}

static void
give_up_dirs(struct confine_dir *dirs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (dirs[i].fd >= 0) {
			close(dirs[i].fd);
			dirs[i].fd = -1;
		}
}

int
confine_scope(void)
{
	int abi = kernel_abi();

	if (abi < 6)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed("no_new_privs", "");

	struct ruleset scope = { .scoped = everything(abi).scoped };
	int fd = make_ruleset(abi, scope);
	if (fd < 0)
		return fd;

	int r = 0;
	if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = failed("scope", "");
	close(fd);
	return r;
}

int
confine_landlock(enum confine_role role, enum confine_root root,
    struct confine_dir *dirs, size_t n)
{
	int abi = kernel_abi();

	if (abi == 0) {
		if (root != CONFINE_ROOT_PRIVATE)
			give_up_dirs(dirs, n);
		return 0;
	}

	struct ruleset all = everything(abi);
	if (role == CONFINE_ENGINE)
		all.scoped = 0; /* confine_scope() leaves it its workers */
	int fd = make_ruleset(abi, all);
	if (fd < 0)
		return fd;

	int r = 0;
	for (size_t i = 0; i < n && r == 0; i++)
		if (dirs[i].fd >= 0)
			r = allow_dir(fd, &dirs[i],
			    access_to(&dirs[i]) & all.fs);
	if (r == 0 && role == CONFINE_RESOLVER && all.net != 0)
		r = allow_dns(fd);
	if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = failed("restriction", "");
	close(fd);
	return r < 0 ? r : abi;
}

int
confine_clock_landlock(int program, const struct confine_dir *dirs, size_t n)
{
	const struct confine_dir file = { .path = "tock-clock", .fd = program };
	int abi = kernel_abi();

	if (abi == 0) {
		log_warn("this kernel has no Landlock");
		return 0;
	}

	int fd = make_ruleset(abi, everything(abi));
	if (fd < 0)
		return fd;

	int r = allow_dir(fd, &file, LANDLOCK_ACCESS_FS_EXECUTE |
	    LANDLOCK_ACCESS_FS_READ_FILE);
	for (size_t i = 0; i < n && r == 0; i++)
		if (dirs[i].fd >= 0)
			r = allow_dir(fd, &dirs[i], REPLACING);
	if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = failed("restriction", "");
	close(fd);
	return r < 0 ? r : abi;
}

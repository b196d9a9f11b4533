/* SPDX-License-Identifier: ISC
 *
 * Filter and Landlock need no root; each fact is found out by a child that
 * confines itself.  What root is needed for is in tests/system. */
#include "unit.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "build_config.h"
#include "common/addr.h"
#include "common/log.h"
#include "privsep/confine.h"

#ifdef SECCOMP_KILL
#define IS_KILLED 1
#else
#define IS_KILLED 0
#endif

static enum confine_role role;
static unsigned loopback; /* its index */
static struct confine_dir held[] = {
	{ "/a", CONFINE_WRITE, -1 }, { "/b", 0, -1 },
};

/* The status of a child that runs act() under the role's filter. */
static int
confined(void (*act)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGABRT, SIG_DFL); /* libcheck catches it */
		close(2);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (confine_filter(role, held, 2) < 0)
			_exit(99);
		act();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void
fail_assertion(void)
{
	assert(role > 1000);
}

/* Replaces a file below held[], and below anything else. */
static void
replace_file(void)
{
	if (openat(held[0].fd, "new", O_RDONLY) >= 0 || errno != ENOENT)
		_exit(1);
	close(openat(held[0].fd, "new",
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
	if (renameat(held[0].fd, "new", held[0].fd, "old") ||
	    unlinkat(held[0].fd, "old", 0) != 0)
		_exit(2);
}

static void
write_elsewhere(void)
{
	openat(held[1].fd, "new", O_WRONLY | O_CREAT | O_EXCL, 0600);
}

static void
rename_elsewhere(void)
{
	renameat(held[0].fd, "new", held[1].fd, "old");
}

START_TEST(an_engine_replaces_files_in_its_directories_alone)
{
	char base[] = "/tmp/test_confine.XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(base));
	held[0].fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	held[1].fd = dup(held[0].fd);
	role = CONFINE_ENGINE;
	ck_assert_int_eq(confined(replace_file), 0);
	if (IS_KILLED) {
		ck_assert_int_eq(WTERMSIG(confined(write_elsewhere)), SIGSYS);
		ck_assert_int_eq(WTERMSIG(confined(rename_elsewhere)), SIGSYS);
	}
	ck_assert_int_eq(rmdir(base), 0);
}
END_TEST

START_TEST(an_assertion_ends_in_sigabrt)
{
	for (role = CONFINE_ENGINE; role <= CONFINE_RESOLVER; role++) {
		int status = confined(fail_assertion);
		ck_assert(WIFSIGNALED(status));
		ck_assert_int_eq(WTERMSIG(status), SIGABRT);
	}
}
END_TEST

static int
order(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

/* What the loop of an engine does all day. */
static void
work(void)
{
	struct timespec ts = { 0, 1000 };
	struct pollfd pfd = { .fd = -1 };
	struct epoll_event event;
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;
	char *p = malloc(1 << 22);

	if (s < 0 || p == NULL || setsockopt(s, IPPROTO_IP, IP_PKTINFO, &one,
	    sizeof one) < 0)
		_exit(1);
	memset(p, 1, 1 << 22);
	qsort(p, 1 << 12, 1, order); /* more than fits on its stack */
	p = realloc(p, 1 << 24);
	free(p);
	poll(&pfd, 1, 0);
	ppoll(&pfd, 1, &ts, NULL);
	epoll_ctl(-1, EPOLL_CTL_ADD, s, NULL);
	epoll_wait(-1, &event, 1, 0);
	syscall(SYS_clock_gettime, CLOCK_REALTIME, &ts);
	close(s);
	log_init(1, LOGSTYLE_PLAIN, LOGLEVEL_FATAL, "test");
	log_error("not shown, but a time is formatted");
	if (openat(9999, "x", O_RDONLY) >= 0 || errno != EBADF)
		_exit(2);
}

/* As a file of a sourcedir may say. */
static void
read_scope(void)
{
	struct addr a;

	if (addr_parse(&a, "fe80::1%nowhere") == 0)
		_exit(1);
	if (loopback != 0 &&
	    (addr_parse(&a, "fe80::1%lo") != 0 || a.scope != loopback))
		_exit(2);
}

START_TEST(an_engine_can_work)
{
	role = CONFINE_ENGINE;
	ck_assert_int_eq(confined(work), 0);
}
END_TEST

START_TEST(an_engine_knows_interfaces_by_name)
{
	role = CONFINE_ENGINE;
	loopback = if_nametoindex("lo");
	ck_assert_int_eq(confined(read_scope), 0);
}
END_TEST

static void
look_up(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *list = NULL;
	int status;
	pid_t pid = fork();

	/* "No answer" is one: a bare machine has no /etc/hosts. */
	if (pid == 0) {
		if_nametoindex("lo"); /* as for "nameserver fe80::1%lo" */
		_exit(getaddrinfo("localhost", NULL, &hints, &list) ==
			EAI_SYSTEM ? 3 : 0);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		_exit(WIFSIGNALED(status) ? WTERMSIG(status) : 3);
}

START_TEST(a_resolver_can_look_up_in_a_child)
{
	role = CONFINE_RESOLVER;
	ck_assert_int_eq(confined(look_up), 0);
}
END_TEST

static void
execute(void)
{
	char *const none[] = { NULL };

	execve("/bin/true", none, none);
}

static void
raw_socket(void)
{
	socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static void
executable_memory(void)
{
	mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
write_open(void)
{
	open("/dev/null", O_WRONLY);
}

static void
kill_somebody(void)
{
	kill(getpid(), SIGCONT);
}

static void
set_clock(void)
{
	struct timespec ts = { 0, 0 };

	clock_settime(CLOCK_REALTIME, &ts);
}

START_TEST(what_is_forbidden_kills_both_roles)
{
	void (*const acts[])(void) = { execute, raw_socket, executable_memory,
		write_open, kill_somebody, set_clock };

	if (!IS_KILLED)
		return;
	for (role = CONFINE_ENGINE; role <= CONFINE_RESOLVER; role++)
		for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
			int status = confined(acts[i]);
			ck_assert_msg(WIFSIGNALED(status) &&
			    WTERMSIG(status) == SIGSYS, "role %d act %zu: %d",
			    (int)role, i, status);
		}
}
END_TEST

/* 0 when Landlock lets through what it should, and nothing else. */
static int
try_files(struct confine_dir *dirs)
{
	if (openat(dirs[0].fd, "file", O_RDONLY) < 0)
		return 1;
	if (openat(dirs[0].fd, "file", O_WRONLY) >= 0 || errno != EACCES)
		return 2;
	if (openat(dirs[1].fd, "new", O_WRONLY | O_CREAT, 0600) < 0)
		return 3;
	if (openat(dirs[0].fd, "../b/new", O_RDONLY) < 0)
		return 4; /* another of the list */
	if (openat(dirs[0].fd, "..", O_RDONLY) >= 0 || errno != EACCES)
		return 5;
	if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
		return 6;
	if (mkdirat(dirs[1].fd, "dir", 0700) == 0 || errno != EACCES)
		return 7;
	return 0;
}

static int
open_in(const char *base, const char *name, int flags)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", base, name);
	if (flags == O_DIRECTORY)
		mkdir(path, 0700);
	return open(path, flags | O_CLOEXEC, 0600);
}

START_TEST(landlock_leaves_only_the_directories)
{
	char base[] = "/tmp/test_confine.XXXXXX", path[256];
	int status, abi;
	pid_t pid;

	ck_assert_ptr_nonnull(mkdtemp(base));
	struct confine_dir dirs[] = {
		{ "a", 0, open_in(base, "a", O_DIRECTORY) },
		{ "b", CONFINE_WRITE, open_in(base, "b", O_DIRECTORY) },
	};
	close(open_in(base, "a/file", O_CREAT | O_WRONLY));
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		abi = confine_landlock(CONFINE_ENGINE, CONFINE_ROOT_HOST, dirs,
		    2);
		if (abi < 0)
			_exit(99);
		if (abi == 0) /* then the directories are given up */
			_exit(dirs[0].fd == -1 && dirs[1].fd == -1 ? 0 : 98);
		_exit(try_files(dirs));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	snprintf(path, sizeof path, "rm -r %s", base);
	ck_assert_int_eq(system(path), 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* Whether a process that starts another one in its scope, and is an engine then,
 * reaches that one and nobody else: 0, or what is wrong. */
static int
try_scope(pid_t foreign)
{
	bool has_scope = syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 6;
	pid_t own;

	if (confine_scope() < 0)
		return 99;
	own = fork();
	if (own == 0)
		pause();
	if (confine_landlock(CONFINE_ENGINE, CONFINE_ROOT_HOST, NULL, 0) < 0)
		return 98;
	if (has_scope && (kill(foreign, 0) == 0 || errno != EPERM))
		return 97;
	return kill(own, SIGKILL) == 0 ? 0 : 96;
}

START_TEST(an_engine_reaches_its_workers_alone)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(try_scope(getppid()));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

UNIT_MAIN("confine", an_engine_replaces_files_in_its_directories_alone,
    an_assertion_ends_in_sigabrt, an_engine_can_work,
    an_engine_knows_interfaces_by_name,
    a_resolver_can_look_up_in_a_child, what_is_forbidden_kills_both_roles,
    landlock_leaves_only_the_directories, an_engine_reaches_its_workers_alone)

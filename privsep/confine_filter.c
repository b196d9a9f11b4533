/* SPDX-License-Identifier: ISC
 *
 * The lists of system calls.  A list is names, since numbers differ between
 * machines; a name that this machine does not have is skipped.  Calls whose
 * danger lies in an argument have rules of their own below the lists. */
#include "privsep/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "build_config.h"
#include "common/log.h"
#include "privsep/fds.h"

#if defined(SECCOMP_KILL)
#define ACTION SCMP_ACT_KILL_PROCESS
#elif defined(SECCOMP_TRAP)
#define ACTION SCMP_ACT_TRAP
#elif defined(SECCOMP_OFF)
#define ACTION SCMP_ACT_ALLOW
#else
#define ACTION SCMP_ACT_LOG
#endif

/* What the C library's renameat() calls. */
#ifdef SYS_renameat
#define RENAMEAT "renameat"
#else
#define RENAMEAT "renameat2"
#endif

/* With those of the rules below 46 of them exist on x86_64, and one more where
 * a directory may be written to. */
static const char *const engine_calls[] = {
	/* the loop */
	"epoll_wait", "epoll_pwait", "epoll_ctl", "poll", "ppoll",
	"ppoll_time64", "clock_gettime", "clock_gettime64", "restart_syscall",
	/* sockets; which ones may be made: allow_sockets() */
	"recvmsg", "recvmmsg", "recvmmsg_time64", "recvfrom", "sendmsg",
	"sendmmsg", "sendto", "bind", "connect", "accept4", "getsockname",
	"getsockopt", "close",
	/* files; which ones may be opened: allow_open() */
	"read", "readv", "write", "writev", "fstat", "fstat64", "newfstatat",
	"fstatat64", "lseek", "_llseek", "getdents64",
	/* memory and random numbers; before glibc 2.37 qsort() of a kilobyte
	 * asks how much memory there is */
	"brk", "munmap", "mremap", "sysinfo", "getrandom",
	/* the end, also by abort() */
	"exit_group", "rt_sigreturn", "rt_sigprocmask", "rt_sigaction", "getpid",
	"gettid", NULL,
};

/* What the NSS modules files and dns, and systemd-resolved's, need, in a child
 * that is forked for each look-up. */
static const char *const resolver_calls[] = {
	"poll", "ppoll", "ppoll_time64", "clock_gettime", "clock_gettime64",
	"gettimeofday", "time", "restart_syscall", "nanosleep",
	"clock_nanosleep", "clock_nanosleep_time64",
	/* the children */
	"wait4", "waitid", "set_robust_list", "rseq", "set_tid_address",
	"pipe2", "dup", "dup2", "dup3", "alarm", "setitimer",
	/* sockets */
	"recvmsg", "recvmmsg", "recvmmsg_time64", "recvfrom", "sendmsg",
	"sendmmsg", "sendto", "bind", "connect", "getsockname", "getpeername",
	"getsockopt", "shutdown", "close", "close_range",
	"epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
	"eventfd2", "timerfd_create", "timerfd_settime", "timerfd_settime64",
	/* files */
	"read", "pread64", "readv", "write", "writev", "fstat", "fstat64",
	"newfstatat", "fstatat64", "stat", "stat64", "lstat", "lstat64",
	"statx", "fstatfs", "fstatfs64", "lseek", "_llseek", "readlink",
	"readlinkat", "access", "faccessat", "faccessat2", "getdents64",
	"flock", "uname", "sysinfo", "getcwd",
	/* memory, threads' locks and random numbers */
	"brk", "munmap", "mremap", "madvise", "getrandom", "futex", "futex_time64",
	/* who am I */
	"getpid", "gettid", "getppid", "getuid", "geteuid", "getgid",
	"getegid", "prlimit64", "getrlimit", "ugetrlimit", "sched_yield",
	"sched_getaffinity",
	/* the end */
	"exit", "exit_group", "rt_sigreturn", "rt_sigprocmask",
	"rt_sigaction", "sigaltstack", NULL,
};

/* With those of clock_rules() 20 on x86_64.  writev and all from getpid on are
 * only for abort(). */
static const char *const clock_calls[] = {
	"ppoll", "ppoll_time64", "clock_gettime", "clock_gettime64", "read",
	"write", "recvmsg", "sendto", "close", "wait4", "exit_group",
	"rt_sigreturn", "writev", "getpid", "gettid", "rt_sigprocmask",
#ifdef __NR_alarm
	"alarm", NULL,
#else
	"setitimer", NULL, /* alarm(3) by another name */
#endif
};

/* Of the sockets and the page that it was born with. */
static const char *const worker_calls[] = {
	"epoll_wait", "epoll_pwait", "epoll_ctl", "poll", "ppoll",
	"ppoll_time64", "clock_gettime", "clock_gettime64", "restart_syscall",
	"recvmsg", "recvmmsg", "recvmmsg_time64", "sendmsg", "sendmmsg",
	"sendto", "getsockopt",
	/* the log, and stderr for assert() */
	"write", "writev",
	/* memory for keys and rules */
	"brk", "munmap", "mremap", "sysinfo",
	/* the end, also by abort() */
	"exit_group", "rt_sigreturn", "rt_sigprocmask", "rt_sigaction", "getpid",
	"gettid", NULL,
};

static int
allow_calls(scmp_filter_ctx ctx, const char *const *names)
{
	int r = 0;

	for (; *names != NULL && r == 0; names++) {
		int nr = seccomp_syscall_resolve_name(*names);
		if (nr != __NR_SCMP_ERROR)
			r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
	}
	return r;
}

/* Adds a rule for a call by name, where this machine has it. */
static int
allow_if(scmp_filter_ctx ctx, const char *name, unsigned n,
    const struct scmp_arg_cmp *args)
{
	int nr = seccomp_syscall_resolve_name(name);

	return nr == __NR_SCMP_ERROR
	    ? 0 : seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, n, args);
}

#define ARG(i, ...) ((struct scmp_arg_cmp){ (i), __VA_ARGS__ })
#define EQ(i, value) ARG(i, SCMP_CMP_EQ, (value))
#define BITS(i, mask, value) ARG(i, SCMP_CMP_MASKED_EQ, (mask), (value))

/* int arguments: the upper half of the register means nothing */
#define INT(i, value) BITS(i, UINT32_MAX, (uint32_t)(value))

#define SOCK_TYPE_MASK 0xf /* the rest are SOCK_CLOEXEC, SOCK_NONBLOCK */

struct kind {
	int family, type, protocol;
};

static const struct kind engine_sockets[] = {
	{ AF_INET, SOCK_DGRAM, 0 }, { AF_INET, SOCK_DGRAM, IPPROTO_UDP },
	{ AF_INET6, SOCK_DGRAM, 0 }, { AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
	{ 0, 0, 0 },
};

static const struct kind resolver_sockets[] = {
	{ AF_INET, SOCK_DGRAM, 0 }, { AF_INET, SOCK_DGRAM, IPPROTO_UDP },
	{ AF_INET, SOCK_STREAM, 0 }, { AF_INET, SOCK_STREAM, IPPROTO_TCP },
	{ AF_INET6, SOCK_DGRAM, 0 }, { AF_INET6, SOCK_DGRAM, IPPROTO_UDP },
	{ AF_INET6, SOCK_STREAM, 0 }, { AF_INET6, SOCK_STREAM, IPPROTO_TCP },
	{ AF_UNIX, SOCK_STREAM, 0 }, { AF_UNIX, SOCK_DGRAM, 0 },
	{ 0, 0, 0 },
};

static int
allow_sockets(scmp_filter_ctx ctx, const struct kind *kinds)
{
	int r = 0;

	for (; kinds->family != 0 && r == 0; kinds++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
		    EQ(0, (scmp_datum_t)kinds->family),
		    BITS(1, SOCK_TYPE_MASK, (scmp_datum_t)kinds->type),
		    EQ(2, (scmp_datum_t)kinds->protocol));
	return r;
}

struct option_of {
	int level, name;
};

/* The *_NEW numbers are what a 64-bit time_t asks for on 32-bit machines. */
static const struct option_of engine_options[] = {
	{ SOL_SOCKET, SO_REUSEADDR },
	{ SOL_SOCKET, 37 /* SO_TIMESTAMPING_OLD */ },
	{ SOL_SOCKET, 65 /* SO_TIMESTAMPING_NEW */ },
	{ SOL_SOCKET, 35 /* SO_TIMESTAMPNS_OLD */ },
	{ SOL_SOCKET, 64 /* SO_TIMESTAMPNS_NEW */ },
	{ SOL_SOCKET, SO_SELECT_ERR_QUEUE }, { SOL_SOCKET, SO_RCVBUF },
	{ SOL_SOCKET, SO_PASSCRED }, { SOL_SOCKET, SO_BINDTODEVICE },
	{ IPPROTO_IP, IP_PKTINFO }, { IPPROTO_IP, IP_TOS },
	{ IPPROTO_IP, IP_RECVERR }, { IPPROTO_IP, IP_FREEBIND },
	{ IPPROTO_IPV6, IPV6_V6ONLY }, { IPPROTO_IPV6, IPV6_RECVPKTINFO },
	{ IPPROTO_IPV6, IPV6_TCLASS }, { IPPROTO_IPV6, IPV6_RECVERR },
	{ 0, 0 },
};

static int
allow_engine_options(scmp_filter_ctx ctx)
{
	const struct option_of *o = engine_options;
	int r = 0;

	for (; o->name != 0 && r == 0; o++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt),
		    2, EQ(1, (scmp_datum_t)o->level),
		    EQ(2, (scmp_datum_t)o->name));
	return r;
}

/* Of a resolver's options only the protocol matters. */
static int
allow_resolver_options(scmp_filter_ctx ctx)
{
	const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6,
		IPPROTO_TCP };
	int r = 0;

	for (size_t i = 0; i < sizeof levels / sizeof *levels && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt),
		    1, EQ(1, (scmp_datum_t)levels[i]));
	return r;
}

#define OPEN_WRITE (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND)
#define NEGATIVE 0x80000000u /* AT_FDCWD and other non-descriptors */

/* What these roles may do with memory and signals: no page that is or becomes
 * executable by mprotect, no signal but one's own abort(). */
static int
allow_own(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp no_exec[] = { BITS(2, PROT_EXEC, 0) };
	const struct scmp_arg_cmp abort3[] = { EQ(2, SIGABRT) };
	const struct scmp_arg_cmp abort2[] = { EQ(1, SIGABRT) };
	int r = allow_if(ctx, "mmap", 1, no_exec);

	if (r == 0)
		r = allow_if(ctx, "mmap2", 1, no_exec);
	if (r == 0)
		r = allow_if(ctx, "tgkill", 1, abort3);
	if (r == 0)
		r = allow_if(ctx, "tkill", 1, abort2);
	return r;
}

static int
allow_common(scmp_filter_ctx ctx)
{
	/* SIOCGIFINDEX: of the interface in "fe80::1%eth0" */
	const unsigned long ioctls[] = { TCGETS, FIONREAD, SIOCGIFINDEX };
	int r = allow_own(ctx);

	for (size_t i = 0; i < sizeof ioctls / sizeof *ioctls && r == 0; i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
		    EQ(1, ioctls[i]));
	return r;
}

/* A file is made under another name and then takes the place of the old one. */
static int
allow_replacing(scmp_filter_ctx ctx, const struct confine_dir *dir)
{
	const struct scmp_arg_cmp making[] = { INT(0, dir->fd),
		BITS(2, OPEN_WRITE, O_WRONLY | O_CREAT) };
	const struct scmp_arg_cmp from_to[] = { INT(0, dir->fd),
		INT(2, dir->fd) };
	int r = allow_if(ctx, "openat", 2, making);

	return r == 0 ? allow_if(ctx, RENAMEAT, 2, from_to) : r;
}

static int
engine_rules(scmp_filter_ctx ctx, const struct confine_dir *dirs, size_t n)
{
	int r = allow_calls(ctx, engine_calls);

	for (size_t i = 0; i < n && r == 0; i++)
		if (dirs[i].flags & CONFINE_WRITE && dirs[i].fd >= 0)
			r = allow_replacing(ctx, &dirs[i]);
	if (r == 0)
		r = allow_common(ctx);
	if (r == 0)
		r = allow_sockets(ctx, engine_sockets);
	if (r == 0)
		r = allow_engine_options(ctx);
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 2,
		    BITS(0, NEGATIVE, 0), BITS(2, OPEN_WRITE, O_RDONLY));
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(unlinkat), 1,
		    BITS(0, NEGATIVE, 0));
	return r;
}

/* All but what makes the kernel send signals: F_SETOWN, F_SETSIG. */
static int
allow_fcntl(scmp_filter_ctx ctx)
{
	const int commands[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD,
		F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW };
	int r = 0;

	for (size_t i = 0; i < sizeof commands / sizeof *commands && r == 0;
	     i++) {
		const struct scmp_arg_cmp is[] = {
			EQ(1, (scmp_datum_t)commands[i]) };
		r = allow_if(ctx, "fcntl", 1, is);
		if (r == 0)
			r = allow_if(ctx, "fcntl64", 1, is);
	}
	return r;
}

#define CLONE_SPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | 	CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static int
resolver_rules(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp no_exec[] = { BITS(2, PROT_EXEC, 0) };
	const struct scmp_arg_cmp library[] = {
		BITS(2, PROT_EXEC | PROT_WRITE, PROT_EXEC),
		BITS(3, MAP_ANONYMOUS, 0),
	};
	const struct scmp_arg_cmp parent_death[] = { EQ(0, PR_SET_PDEATHSIG) };
	const struct scmp_arg_cmp same_space[] = { BITS(0, CLONE_SPACES, 0) };
	const struct scmp_arg_cmp reading[] = { BITS(1, OPEN_WRITE, 0) };
	const struct scmp_arg_cmp reading_at[] = { BITS(2, OPEN_WRITE, 0) };
	int r = allow_calls(ctx, resolver_calls);

	if (r == 0)
		r = allow_common(ctx);
	if (r == 0)
		r = allow_sockets(ctx, resolver_sockets);
	/* getaddrinfo asks which families there are and does without. */
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT),
		    SCMP_SYS(socket), 1, EQ(0, AF_NETLINK));
	if (r == 0)
		r = allow_resolver_options(ctx);
	if (r == 0)
		r = allow_fcntl(ctx);
	if (r == 0)
		r = allow_if(ctx, "open", 1, reading);
	if (r == 0)
		r = allow_if(ctx, "openat", 1, reading_at);
	/* NSS modules are libraries: files, mapped readable and executable */
	if (r == 0)
		r = allow_if(ctx, "mmap", 2, library);
	if (r == 0)
		r = allow_if(ctx, "mmap2", 2, library);
	if (r == 0)
		r = allow_if(ctx, "mprotect", 1, no_exec);
	/* fork(); clone3 hides its flags in memory and is never needed */
	if (r == 0)
		r = allow_if(ctx, "clone", 1, same_space);
	if (r == 0)
		r = allow_if(ctx, "fork", 0, NULL);
	if (r == 0)
		r = allow_if(ctx, "prctl", 1, parent_death);
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
		    SCMP_SYS(clone3), 0);
	return r;
}

static int
worker_rules(scmp_filter_ctx ctx)
{
	int r = allow_calls(ctx, worker_calls);

	return r == 0 ? allow_own(ctx) : r;
}

/* An assert() must end in SIGABRT, for which malloc must fail instead of dying:
 * mmap answers ENOMEM, and brk 0, which is how it fails (it has no errors). */
static int
clock_rules(scmp_filter_ctx ctx)
{
	const int dirs[] = { CLOCK_FD_RUN, CLOCK_FD_STATE, CLOCK_FD_DRIFT };
	const struct scmp_arg_cmp own_abort[] = { INT(0, getpid()),
		INT(2, SIGABRT) };
	const struct scmp_arg_cmp real[] = { INT(0, CLOCK_REALTIME) };
	int r = allow_calls(ctx, clock_calls);

	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		const struct scmp_arg_cmp from_to[] = { INT(0, dirs[i]),
			INT(2, dirs[i]) };

		if (r == 0)
			r = allow_if(ctx, "openat", 1, from_to);
		if (r == 0)
			r = allow_if(ctx, "unlinkat", 1, from_to);
		if (r == 0)
			r = allow_if(ctx, RENAMEAT, 2, from_to);
	}
	if (r == 0)
		r = allow_if(ctx, "clock_adjtime", 1, real);
	if (r == 0)
		r = allow_if(ctx, "clock_adjtime64", 1, real);
	if (r == 0)
		r = allow_if(ctx, "tgkill", 2, own_abort);
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(0), SCMP_SYS(brk), 0);
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOMEM),
		    SCMP_SYS(mmap), 0);
	return r;
}

int
confine_clock_filter(void)
{
	scmp_filter_ctx ctx = seccomp_init(ACTION);
	int ends[2] = { -1, -1 };
	int r = ctx == NULL ? -ENOMEM : 0;

	/* libseccomp refuses rules that do what is done without them */
	if (r == 0 && ACTION != SCMP_ACT_ALLOW)
		r = clock_rules(ctx);
	if (r == 0 && pipe2(ends, O_CLOEXEC) < 0)
		r = -errno;
	if (r == 0)
		r = seccomp_export_bpf(ctx, ends[1]);
	if (ctx != NULL)
		seccomp_release(ctx);
	close(ends[1]);
	if (r == 0)
		return ends[0];
	close(ends[0]);
	log_error("confine: the clock's filter: %s", strerror(-r));
	return r;
}

int
confine_filter(enum confine_role role, const struct confine_dir *dirs,
    size_t n)
{
#ifdef SECCOMP_OFF
	(void)role;
	(void)dirs;
	(void)n;
	(void)engine_rules;
	(void)resolver_rules;
	(void)worker_rules;
	return 0;
#else
	scmp_filter_ctx ctx = seccomp_init(ACTION);
	int r = -ENOMEM;

	/* The first broken-down time makes glibc open /etc/localtime. */
	tzset();
	if (ctx != NULL)
		r = role == CONFINE_ENGINE ? engine_rules(ctx, dirs, n) :
		    role == CONFINE_WORKER ? worker_rules(ctx) :
		    resolver_rules(ctx);
	if (r == 0)
		r = seccomp_load(ctx);
	if (ctx != NULL)
		seccomp_release(ctx);
	if (r < 0) {
		log_error("confine: system call filter: %s", strerror(-r));
		return r;
	}
	return 1;
#endif
}

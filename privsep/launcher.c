/* SPDX-License-Identifier: ISC
 *
 * tockd: starts the roles and becomes the clock.
 *
 *   options, environment -> detach -> users, directories, pid file, log ->
 *   fork resolver, fork engine -> private root, _tockclock -> exec of the clock
 *
 * The process that a service manager knows is therefore, from its first second
 * to its last, the small program that alone may set the clock; the others are
 * its children.  Nothing of the configuration is looked at here. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "build_config.h"
#include "common/log.h"
#include "common/options.h"
#include "common/paths.h"
#include "privsep/chan.h"
#include "privsep/clock/guard.h"
#include "privsep/clock_rpc.h"
#include "privsep/confine.h"
#include "privsep/fds.h"
#include "privsep/launch_clock.h"
#include "privsep/launch_detach.h"
#include "privsep/launch_dirs.h"
#include "privsep/launch_env.h"
#include "privsep/launch_role.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_LEN 36
#define ARGS_MAX 256
#define LISTEN_FD_FIRST 3 /* sd_listen_fds(3) */
#define FD_ASIDE 100 /* above all that a role is born with */
#define FILES_LEAST 64 /* the start takes half of them, a source one more */

struct launcher {
	struct options options;
	struct launch_env env;
	int argc;
	char **argv;
	int log_fd;
	enum log_style style;
	int pid_fd; /* -1 = none */
	bool is_denied; /* the clock may only be looked at */
	struct confine_user engine_user, clock_user;
	int engine_program, clock_program, resolver_program;
	int clock_engine[2];    /* ends of the channel, first named first */
	int engine_resolver[2];
	char boot_id[BOOT_ID_LEN + 1];
	char record[64];        /* the guard's for this boot: name, descriptor */
	int record_fd;
	int64_t floor_s;        /* no step leads to before, since 1970 */
};

/* The descriptors that the caller should have opened. */
static void
fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

/* What the caller ignores or blocks is inherited, and is none of ours: without
 * SIGCHLD nobody learns why the engine ended, without SIGALRM a look-up never
 * does. */
static void
reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN); /* also in every role */
}

/* May the clock be set?  A capability in a container's own user namespace does
 * not say so; a write of what is there already does. */
static bool
can_set_clock(void)
{
	struct timex tx;

	memset(&tx, 0, sizeof tx);
	if (clock_adjtime(CLOCK_REALTIME, &tx) < 0)
		return false;

	struct timex same = { .modes = ADJ_TICK, .tick = tx.tick };
	return clock_adjtime(CLOCK_REALTIME, &same) >= 0;
}

static int
read_boot_id(struct launcher *l)
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, l->boot_id, BOOT_ID_LEN);

	if (fd >= 0)
		close(fd);
	if (n != BOOT_ID_LEN) {
		log_error(BOOT_ID ": cannot be read");
		return -ENOENT;
	}
	return 0;
}

/* The engine's arguments: what only the launcher knows, then the user's own. */
static int
exec_engine(struct launcher *l, const struct launch_fd *map, size_t n)
{
	const char *args[ARGS_MAX];
	char style[12], listen[12];
	int at = 0;

	if (l->argc > ARGS_MAX - 8) {
		log_error("more than %d arguments", ARGS_MAX - 8);
		return -E2BIG;
	}
	snprintf(style, sizeof style, "%d", (int)l->style);
	snprintf(listen, sizeof listen, "%d", l->env.listen_fds);
	args[at++] = "tock-engine";
	args[at++] = "--log-style";
	args[at++] = style;
	if (l->is_denied)
		args[at++] = "--no-clock";
	if (l->env.listen_fds > 0) {
		args[at++] = "--listen-fds";
		args[at++] = listen;
	}
	for (int i = 1; i < l->argc; i++)
		args[at++] = l->argv[i];
	args[at] = NULL;
	return launch_exec(l->engine_program, map, n, args);
}

/* -p and -Q: no other process is needed. */
static int
run_engine_alone(struct launcher *l)
{
	const struct launch_fd map[] = { { l->log_fd, ENGINE_FD_LOG } };
	int r;

	l->is_denied = true;
	l->engine_program = launch_find("tock-engine", l->options.devel);
	if (l->engine_program < 0)
		return l->engine_program;
	r = launch_forgo_clock();
	return r < 0 ? r : exec_engine(l, map, 1);
}

static int
find_users(struct launcher *l)
{
	const char *user = l->options.user ? l->options.user : USER_ENGINE;
	struct confine_user resolver;
	int r = confine_find_user(&l->engine_user, user, GROUP_CONTROL);

	if (r == 0)
		r = confine_find_user(&l->clock_user, USER_CLOCK, NULL);
	/* It looks for itself later, but then nobody would be told so well. */
	if (r == 0)
		r = confine_find_user(&resolver, USER_RESOLVER, NULL);
	return r;
}

static int
find_programs(struct launcher *l)
{
	bool devel = l->options.devel;

	l->clock_program = launch_find("tock-clock", devel);
	if (l->clock_program < 0)
		return l->clock_program;
	l->engine_program = launch_find("tock-engine", devel);
	if (l->engine_program < 0)
		return l->engine_program;
	l->resolver_program = launch_find("tock-resolver", devel);
	return l->resolver_program < 0 ? l->resolver_program : 0;
}

/* Everything that can go wrong before there is a second process. */
static int
prepare(struct launcher *l)
{
	int r = find_users(l);

	if (r == 0)
		r = find_programs(l);
	if (r == 0)
		r = launch_dirs(&l->engine_user, &l->clock_user,
		    l->env.made_dirs);
	if (r < 0)
		return r;
	l->pid_fd = launch_pid_file(PATH_PID);
	if (l->pid_fd < 0 && l->pid_fd != -ENOENT)
		return l->pid_fd;
	r = read_boot_id(l);
	if (r == 0)
		r = chan_pair(l->clock_engine);
	if (r == 0)
		r = chan_pair(l->engine_resolver);
	if (r < 0)
		return r;
	l->is_denied = l->options.no_clock || !can_set_clock();
	if (l->is_denied && !l->options.no_clock)
		log_warn("no right to set the clock here (CAP_SYS_TIME): it is "
		    "only measured");
	return 0;
}

static int
become_engine(struct launcher *l)
{
	struct launch_fd map[3 + 64] = {
		{ l->clock_engine[1], ENGINE_FD_CLOCK },
		{ l->engine_resolver[0], ENGINE_FD_RESOLVER },
		{ l->log_fd, ENGINE_FD_LOG },
	};
	size_t n = 3;
	int r = launch_forgo_clock();
	struct clock_rpc clock;

	clock_rpc_init(&clock,
	    fcntl(l->clock_engine[1], F_DUPFD_CLOEXEC, FD_ASIDE));
	for (int i = 0; i < l->env.listen_fds; i++)
		map[n++] = (struct launch_fd){ LISTEN_FD_FIRST + i,
			ENGINE_FD_LISTEN + i };
	if (r == 0)
		r = exec_engine(l, map, n);
	/* Without an engine: as one whose set-up has failed. */
	clock_rpc_bye(&clock, EXIT_FAILURE);
	return r;
}

static int
become_resolver(struct launcher *l)
{
	const struct launch_fd map[] = {
		{ l->engine_resolver[1], RESOLVER_FD_ENGINE },
		{ l->log_fd, RESOLVER_FD_LOG },
	};
	char style[12], least[12];
	const char *const args[] = { "tock-resolver",
		"--log-style", style,
		"--log-least", least, NULL };
	int r = launch_forgo_clock();

	if (r < 0)
		return r;
	snprintf(style, sizeof style, "%d", (int)l->style);
	snprintf(least, sizeof least, "%d", l->options.log_least);
	return launch_exec(l->resolver_program, map, 2, args);
}

/* Across the exec, and for workers and look-ups, too: the main process obeys
 * signals, and tells the others.  SIGALRM ends a look-up. */
static void
ignore_signals(void)
{
	const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1,
		SIGUSR2 };

	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
}

/* Forks a child that becomes a role by way of become(); its pid or -errno. */
static pid_t
start(struct launcher *l, int (*become)(struct launcher *))
{
	pid_t pid = fork();

	if (pid == 0) {
		ignore_signals();
		become(l);
		_exit(EXIT_FAILURE);
	}
	if (pid < 0) {
		log_error("fork: %s", strerror(errno));
		return -errno;
	}
	return pid;
}

/* Its arguments have no names: both ends are the same build. */
static int
exec_clock(struct launcher *l, const struct launch_fd *map, size_t n)
{
	char style[12], least[12], role[32] = "clock", earliest[24],
	    latest[24];
	const char *const args[] = { "tock-clock", style, least, role,
		l->is_denied ? "1" : "0", l->options.set_once ? "1" : "0",
		l->record, earliest, latest, NULL };

	snprintf(style, sizeof style, "%d", (int)l->style);
	snprintf(least, sizeof least, "%d", l->options.log_least);
	if (l->style == LOGSTYLE_SYSLOG)
		snprintf(role, sizeof role, "tockd[%d]: clock", (int)getpid());
	snprintf(earliest, sizeof earliest, "%" PRId64, l->floor_s);
	snprintf(latest, sizeof latest, "%" PRId64, BUILD_DATE + GUARD_YEARS_S);
	return launch_exec(l->clock_program, map, n, args);
}

/* Without root there may be no directory for the clock to write in: it gets one
 * that is gone already, in which nothing can be made. */
static int
dead_directory(void)
{
	char path[] = "/tmp/tockd.XXXXXX";
	int fd = -1;

	if (mkdtemp(path) != NULL) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rmdir(path);
	}
	if (fd < 0)
		log_error("no directory for the clock: %s", strerror(errno));
	return fd;
}

/* What the clock has left in its directories. */
static void
read_records(struct launcher *l, int run, int state)
{
	int64_t seen;
	int fd = launch_clock_record(state, CLOCK_FILE_TIME);

	if (read(fd, &seen, sizeof seen) != sizeof seen)
		seen = 0;
	close(fd);
	l->floor_s = launch_clock_floor(BUILD_DATE, seen);
	snprintf(l->record, sizeof l->record, GUARD_RECORD, l->boot_id);
	l->record_fd = launch_clock_record(run, l->record);
}

/* The last act as root. */
static int
become_clock(struct launcher *l)
{
	unsigned flags = CONFINE_WRITE |
	    (geteuid() == 0 ? 0 : CONFINE_OPTIONAL);
	struct confine_dir dirs[3] = {
		{ .path = DIR_RUN_CLOCK, .flags = flags },
		{ .path = DIR_STATE_CLOCK, .flags = flags },
	};
	struct launch_clock born_with;
	int r = confine_root(dirs, 2);

	for (size_t i = 0; i < 2 && r >= 0; i++) {
		if (dirs[i].fd < 0)
			dirs[i].fd = dead_directory();
		if (dirs[i].fd < 0)
			r = -ENOENT;
	}
	if (r < 0)
		return r;
	/* An empty one; the notify and log sockets are connected already. */
	if (unshare(CLONE_NEWNET) < 0 && geteuid() == 0)
		log_warn("clock: no network namespace of its own: %s",
		    strerror(errno));
	r = launch_clock_prepare(&born_with);
	if (r < 0)
		return r;
	dirs[2] = (struct confine_dir){ .path = "the drift file",
		.fd = launch_clock_drift(l->clock_engine[0]) };
	r = launch_clock_become(&l->clock_user, l->is_denied);
	if (r < 0)
		return r;
	read_records(l, dirs[0].fd, dirs[1].fd);

	const struct launch_fd map[] = {
		{ l->clock_engine[0], CLOCK_FD_ENGINE },
		{ l->env.notify_fd, CLOCK_FD_NOTIFY },
		{ dirs[0].fd, CLOCK_FD_RUN },
		{ dirs[1].fd, CLOCK_FD_STATE },
		{ l->log_fd, CLOCK_FD_LOG },
		{ l->pid_fd, CLOCK_FD_PID },
		{ born_with.signals, CLOCK_FD_SIGNALS },
		{ born_with.was_set, CLOCK_FD_WAS_SET },
		{ born_with.filter, CLOCK_FD_FILTER },
		{ l->record_fd, CLOCK_FD_REC },
		{ dirs[2].fd, CLOCK_FD_DRIFT },
	};
	r = confine_clock_landlock(l->clock_program, dirs, 3);
	return r < 0 ? r : exec_clock(l, map, sizeof map / sizeof *map);
}

static int
check_root(const struct options *o)
{
	if (geteuid() == 0 || o->no_root_check)
		return 0;
	log_error("not root: tockd must be started as root (-Q, -p and -U can "
	    "do without)");
	return -EPERM;
}

/* With fewer the start would fail wherever it just was. */
static int
check_files(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0 || l.rlim_cur >= FILES_LEAST)
		return 0;
	if (l.rlim_max >= FILES_LEAST) {
		l.rlim_cur = l.rlim_max;
		return setrlimit(RLIMIT_NOFILE, &l) < 0 ? -errno : 0;
	}
	log_error("only %ju files may be open, and tockd needs %d: ulimit -n, "
	    "or LimitNOFILE= of its unit", (uintmax_t)l.rlim_max, FILES_LEAST);
	return -EMFILE;
}

/* Returns only on error. */
static int
launch(struct launcher *l)
{
	struct options *o = &l->options;
	bool is_detached = false;
	int r = launch_env_take(&l->env);

	if (r < 0)
		return r;
	if (!o->print_config && !o->show_once) {
		r = check_root(o);
		if (r == 0)
			r = check_files();
		if (r < 0)
			return r;
		/* A service manager waits for the process that it started. */
		if (!o->foreground && l->env.notify_fd < 0) {
			r = launch_detach();
			if (r < 0)
				return r;
			l->env.notify_fd = r;
			is_detached = true;
		}
	}
	l->log_fd = launch_log_open(o, &l->env, is_detached, &l->style);
	if (l->log_fd < 0)
		return l->log_fd;
	log_init(l->log_fd, l->style, (enum log_level)o->log_least, "tockd");
	if (o->print_config || o->show_once)
		return run_engine_alone(l);

	r = prepare(l);
	if (r < 0)
		return r;
	r = start(l, become_resolver);
	if (r < 0)
		return r;
	r = start(l, become_engine);
	if (r < 0)
		return r;
	/* Or nobody would notice that it died before its first word. */
	close(l->clock_engine[1]);
	return become_clock(l);
}

int
main(int argc, char **argv)
{
	struct launcher l;
	char msg[256];

	memset(&l, 0, sizeof l);
	l.argc = argc;
	l.argv = argv;
	fill_standard_fds();
	umask(022);
	reset_signals();
	if (options_parse(&l.options, argc, argv, msg, sizeof msg) < 0) {
		fprintf(stderr, "tockd: %s\n", msg);
		return EXIT_FAILURE;
	}
	if (l.options.want_help) {
		fputs(options_help(), stdout);
		return EXIT_SUCCESS;
	}
	if (l.options.want_version) {
		/* Tools look for a version behind chronyd's name. */
		puts("tockd " TOCK_VERSION
		    " (chronyd-compatible, control protocol 6)");
		return EXIT_SUCCESS;
	}
	launch(&l);
	return EXIT_FAILURE;
}

/* SPDX-License-Identifier: ISC
 *
 * tockd-solo: the whole daemon in one process that needs no root, for
 * simulators of clocks and networks that stand between a program and its C
 * library (LD_PRELOAD).  It is never installed.  Options, configuration,
 * engine, sockets and the clock's core are tockd's own; what is left out is
 * what keeps its processes apart, and with that NTS, tockctl's own sockets, and
 * the guard unless the configuration has a guard line.
 *
 * Such a simulator knows one process, poll(), at most 20 sockets and no other
 * descriptors to wait for; what is linked in keeps to that
 * (tests/solo/test_symbols.py). */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "build_config.h"
#include "common/log.h"
#include "common/options.h"
#include "conf/config.h"
#include "daemon/control/control.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/sourcedir.h"
#include "daemon/os/os_poll.h"
#include "daemon/setup.h"
#include "daemon/setup_config.h"
#include "daemon/setup_leap.h"
#include "daemon/setup_ntp.h"
#include "tests/solo/solo_clock.h"

#define MAX_SOCKS 19 /* one more keeps time stamps on */
#define SETTLE_MS 150

struct solo {
	struct options options;
	struct config config;
	struct engine engine;
	struct engine_options engine_options;
	struct control control;
	struct os_linux os;
	struct solo_clock clock;
	struct acquire acquire;
	struct server server;
	struct setup_drift drift;
	struct setup_leap leap;
	struct leap_table leaps;
	bool has_control;
};

/* The one call that simulators lack and that is linked in all the same; only
 * tockctl's own sockets, which there are none of here, need it. */
int
accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	(void)fd;
	(void)addr;
	(void)len;
	(void)flags;
	errno = ENOSYS;
	return -1;
}

static int
resolve(const struct lookup *l, struct addr *addrs, int max)
{
	struct addrinfo hints, *found = NULL;
	int n = 0;

	memset(&hints, 0, sizeof hints);
	hints.ai_family = l->family == ADDR_INET4 ? AF_INET :
	    l->family == ADDR_INET6 ? AF_INET6 : AF_UNSPEC;
	hints.ai_socktype = SOCK_DGRAM;
	int r = getaddrinfo(l->name, NULL, &hints, &found);
	if (r != 0)
		return r == EAI_NONAME ? 0 : -EAGAIN;
	for (struct addrinfo *i = found; i != NULL && n < max; i = i->ai_next) {
		struct endpoint ep;

		if (addr_from_sockaddr(&ep, i->ai_addr) == 0)
			addrs[n++] = ep.addr;
	}
	freeaddrinfo(found);
	return n;
}

static int
open_log(const struct options *o)
{
	int fd = STDERR_FILENO;

	if (o->log_file != NULL)
		fd = open(o->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		    0640);
	if (fd < 0) {
		log_fatal("%s: %s", o->log_file, strerror(errno));
		return -errno;
	}
	log_init(fd, LOGSTYLE_PLAIN, o->debug > 1 ? LOGLEVEL_DEBUG
	    : (enum log_level)o->log_least, "");
	return 0;
}

/* The configuration, read with the defaults of a program that nobody has made
 * directories for and that no guard is asked of. */
static int
read_config(struct solo *m)
{
	struct config *c = &m->config;

	config_init(c);
	memset(c->bindcmdpath, 0, sizeof c->bindcmdpath);
	if (setup_read_config(c, &m->options) < 0)
		return -1;
	setup_apply_options(c, &m->engine_options, &m->options);
	if (c->serverworkers > 0)
		log_warn("serverworkers: without effect here: one process does "
			 "all");
	c->serverworkers = 0;
	if (!c->guard.written) {
		c->guard.off = true;
		c->has_maxdrift = true; /* its own default, not the guard's */
	}
	return 0;
}

static int
open_dir(const char *path)
{
	int fd = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		log_warn("%s: %s", path, strerror(errno));
	return fd;
}

/* The clock gets its limits and the drift file's directory. */
static int
start_clock(struct solo *m)
{
	struct clk_req limits;
	int fd = -1;

	solo_clock_init(&m->clock, !m->engine_options.is_measuring_only);
	if (m->clock.core.denied)
		m->engine_options.is_measuring_only = true;
	setup_limits(&limits, &m->config, &m->options);
	if (setup_open_drift(&m->drift, &m->config) < 0)
		return -1;
	setup_apply_drift(&m->drift, &m->config, &m->engine_options);
	setup_open_leap(&m->leap, &m->config);
	if (setup_read_leap(&m->leap, &m->leaps))
		m->engine_options.leaps = &m->leaps;
	if (m->drift.name[0] != '\0' && m->engine_options.mode == ENGINE_STEER) {
		const char *dir = m->drift.dir[0] != '\0' ? m->drift.dir : "/";

		fd = open_dir(dir);
		if (fd >= 0)
			strlcpy(limits.u.limits.drift_name, m->drift.name,
			    sizeof limits.u.limits.drift_name);
	}
	return solo_clock_setup(&m->clock, &limits, fd);
}

/* What the engine may load and save.  Whose the keys are, and who may read
 * them, does not matter here. */
static void
hold_files(struct solo *m)
{
	struct statefiles *files = &m->os.files;
	char dir[CONFIG_PATH_MAX];

	if (m->config.dumpdir[0] != '\0')
		statefile_add(files, "dump", open_dir(m->config.dumpdir), true);
	if (m->config.keyfile[0] != '\0') {
		strlcpy(dir, m->config.keyfile, sizeof dir);
		char *slash = strrchr(dir, '/');
		if (slash != NULL)
			slash[slash == dir] = '\0';
		statefile_add(files, "keys", open_dir(dir), false);
	}
	for (size_t i = 0; i < m->config.n_sourcedirs; i++)
		statefile_add(files, sourcedir_slot(i),
		    open_dir(m->config.sourcedirs[i]), false);
}

static int
prepare(struct solo *m)
{
	const struct os_linux_fds fds = { .clock = -1, .resolver = -1,
		.own_clock = &m->clock.os, .resolve = resolve,
		.max_socks = MAX_SOCKS };

	solo_clock_signals();
	/* Some simulators make clocks run on while they are read, for a tenth
	 * of a second, for programs that want to know their precision. */
	poll(NULL, 0, SETTLE_MS);
	if (start_clock(m) < 0)
		return -1;
	int r = os_linux_init(&m->os, &fds);
	if (r < 0) {
		log_fatal("event loop: %s", strerror(-r));
		return r;
	}
	m->engine.os = &m->os.os;
	hold_files(m);
	m->has_control = m->engine_options.mode == ENGINE_STEER;
	r = setup_open_ntp(&m->server, &m->acquire, &m->os.os, &m->config,
	    &m->engine_options, m->has_control);
	if (r < 0)
		return r;
	if (m->has_control)
		control_init(&m->control, &m->engine, &m->config, false);
	if (m->options.from_rtc)
		m->engine_options.preset = setup_preset(&m->config);
	return 0;
}

static int
run(struct solo *m)
{
	struct os *os = &m->os.os;
	struct clk_req ready = { .type = CLK_READY };
	struct clk_rep rep;
	int r = engine_init(&m->engine, os, &m->config, &m->engine_options);

	if (r < 0) {
		log_fatal("engine: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	os->ops->clock(os, &ready, &rep);
	log_info("tockd-solo " TOCK_VERSION " ready, %zu source%s",
	    m->config.n_sources, m->config.n_sources == 1 ? "" : "s");
	int code = os_linux_run(&m->os);
	log_info("ending with status %d", code);

	struct clk_req bye = { .type = CLK_BYE, .u.exit_code = code };

	engine_fini(&m->engine);
	if (m->has_control)
		control_fini(&m->control);
	acquire_close(&m->acquire, os);
	server_close(&m->server, os);
	os->ops->clock(os, &bye, &rep);
	os_linux_fini(&m->os);
	config_fini(&m->config);
	return code;
}

int
main(int argc, char **argv)
{
	static struct solo m;
	char msg[256];

	if (options_parse(&m.options, argc, argv, msg, sizeof msg) < 0) {
		log_fatal("%s", msg);
		return EXIT_FAILURE;
	}
	if (m.options.want_help || m.options.want_version) {
		printf("%s", m.options.want_help ? options_help()
						 : "tockd-solo " TOCK_VERSION
						   "\n");
		return EXIT_SUCCESS;
	}
	/* A name server that is silent must not hold up the end for long. */
	setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);
	if (open_log(&m.options) < 0 || read_config(&m) < 0)
		return EXIT_FAILURE;
	if (m.options.print_config) {
		config_print(&m.config, stdout);
		return EXIT_SUCCESS;
	}
	return prepare(&m) < 0 ? EXIT_FAILURE : run(&m);
}

/* SPDX-License-Identifier: ISC
 *
 * The engine's process.  It starts as root, but without CAP_SYS_TIME in its
 * bounding set, opens what only root can open, hands the clock its limits, gives
 * everything up, and only then reads its first byte from the network:
 *
 *   configuration -> sockets -> private root -> limits to the clock -> drop ->
 *   Landlock -> system call filter -> loop
 *
 * tockd -Q and -p exec it directly, without any other process. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build_config.h"
#include "common/log.h"
#include "common/options.h"
#include "common/paths.h"
#include "conf/config.h"
#include "daemon/control/control.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/source.h"
#include "daemon/os/os_poll.h"
#include "daemon/os/send_linux.h"
#include "daemon/setup.h"
#include "daemon/setup_leap.h"
#include "daemon/setup_config.h"
#include "daemon/setup_ntp.h"
#include "daemon/workers.h"
#include "privsep/confine.h"
#include "privsep/fds.h"

#define EXIT_CONFIG 1
#define MAX_FILES 512 /* sources, native connections, and some */

struct main {
	struct options options;
	struct config config;
	const char *file; /* that it came from, for people */
	struct engine engine;
	struct engine_options engine_options;
	struct control control;
	struct acquire acquire;
	struct server server;
	struct workers workers;
	struct os_linux os;
	struct setup_drift drift;
	struct setup_leap leap;
	struct leap_table leaps;
	struct confine_user user, clock_user;
	char control_dir[CONFIG_PATH_MAX]; /* of bindcmdpath */
	char key_dir[CONFIG_PATH_MAX];
	int keys; /* the key file, while it has not been read; -1 = none */
	bool has_control; /* not with -q, which is over at once */
	bool is_alone; /* -Q: no clock, no resolver, no control sockets */
};

/* The command line has the last word. */
static void
apply_options(struct main *m)
{
	setup_apply_options(&m->config, &m->engine_options, &m->options);
	m->is_alone = m->options.show_once;
}

static int
open_sockets(struct main *m)
{
	const struct os_linux_fds fds = {
		.clock = m->is_alone ? -1 : ENGINE_FD_CLOCK,
		.resolver = m->is_alone ? -1 : ENGINE_FD_RESOLVER,
	};
	int r = os_linux_init(&m->os, &fds);

	if (r < 0) {
		log_fatal("event loop: %s", strerror(-r));
		return r;
	}
	if (!m->is_alone)
		m->os.given = (struct given){ .first = ENGINE_FD_LISTEN,
			.n = m->options.listen_fds };
	m->engine.os = &m->os.os;
	send_many_enable(&m->os.os);
	if (setup_open_ntp(&m->server, &m->acquire, &m->os.os, &m->config,
		&m->engine_options, !m->is_alone && !m->options.set_once) < 0)
		return -1;
	if (workers_open(&m->workers, &m->os, &m->server, &m->config) < 0)
		return -1;
	if (m->is_alone)
		return setup_resolve(&m->config);
	m->has_control = !m->options.set_once;
	if (m->has_control)
		control_init(&m->control, &m->engine, &m->config, true);
	given_close(&m->os.given);
	return 0;
}

static int
find_users(struct main *m)
{
	int r = confine_find_user(&m->user,
	    m->config.user[0] ? m->config.user : USER_ENGINE, GROUP_CONTROL);

	if (r == 0 && !m->is_alone)
		r = confine_find_user(&m->clock_user, USER_CLOCK, NULL);
	return r;
}

/* The control sockets become the engine's, and the control group's. */
static int
give_sockets(struct main *m)
{
	const char *paths[CONTROL_PATHS];
	size_t n = m->has_control ? control_paths(&m->control, paths) : 0;
	gid_t group = m->user.n_groups > 0 ? m->user.groups[0] : m->user.gid;

	for (size_t i = 0; geteuid() == 0 && i < n; i++)
		if (lchown(paths[i], m->user.uid, group) < 0) {
			log_fatal("%s: cannot be given to %s: %s", paths[i],
			    USER_ENGINE, strerror(errno));
			return -errno;
		}
	return 0;
}

/* The directory part of a path, in buf. */
static const char *
parent_of(const char *path, char *buf, size_t size)
{
	strlcpy(buf, path, size);
	char *slash = strrchr(buf, '/');
	if (slash != NULL)
		*slash = '\0';
	return buf;
}

/* Private root, and the limits with the drift directory to the clock.  *dirs
 * keeps what the engine goes on holding. */
static int
enter_root(struct main *m, struct confine_dir *dirs, size_t *n, int *root)
{
	struct clk_req req;
	struct clk_rep rep;
	size_t drift = SIZE_MAX;

	*n = 0;
	if (!m->is_alone && m->config.bindcmdpath[0] != '\0')
		dirs[(*n)++] = (struct confine_dir){
			parent_of(m->config.bindcmdpath, m->control_dir,
			    sizeof m->control_dir), CONFINE_OPTIONAL, -1 };
	if (!m->is_alone && m->config.dumpdir[0] != '\0')
		dirs[(*n)++] = (struct confine_dir){ m->config.dumpdir,
			CONFINE_WRITE, -1 };
	if (m->config.keyfile[0] != '\0')
		dirs[(*n)++] = (struct confine_dir){
			parent_of(m->config.keyfile, m->key_dir,
			    sizeof m->key_dir), CONFINE_OPTIONAL, -1 };
	for (size_t i = 0; i < m->config.n_sourcedirs; i++)
		dirs[(*n)++] = (struct confine_dir){ m->config.sourcedirs[i],
			CONFINE_OPTIONAL, -1 };
	if (m->leap.dir[0] != '\0')
		dirs[(*n)++] = (struct confine_dir){ m->leap.dir,
			CONFINE_OPTIONAL, -1 };
	if (!m->is_alone && m->drift.dir[0] != '\0') {
		drift = (*n)++; /* the last one */
		dirs[drift] = (struct confine_dir){ m->drift.dir,
			CONFINE_WRITE | CONFINE_OPTIONAL, -1 };
	}
	*root = confine_root(dirs, *n);
	if (*root < 0 || m->is_alone)
		return *root;

	setup_limits(&req, &m->config, &m->options);
	int fd = drift != SIZE_MAX ? dirs[drift].fd : -1;
	if (fd >= 0)
		strlcpy(req.u.limits.drift_name, m->drift.name,
		    sizeof req.u.limits.drift_name);
	int r = clock_rpc_call(&m->os.clock, &req, fd, &rep);
	if (fd >= 0)
		close(fd);
	if (drift != SIZE_MAX)
		--*n; /* the clock's now; the engine keeps nothing of it */
	if (r == 0 && rep.error != 0)
		r = -rep.error;
	if (r == 0) {
		memset(&req, 0, sizeof req);
		req.type = CLK_SEAL;
		r = clock_rpc_call(&m->os.clock, &req, -1, &rep);
	}
	if (r < 0)
		log_fatal("clock: limits not accepted: %s", strerror(-r));
	return r;
}

/* What is left of the held directories gets the name of its slots. */
static void
keep_dirs(struct main *m, const struct confine_dir *dirs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (dirs[i].path == m->config.dumpdir)
			statefile_add(&m->os.files, "dump", dirs[i].fd, true);
		else if (dirs[i].path == m->leap.dir)
			statefile_add(&m->os.files, "leap", dirs[i].fd, false);
		else if (dirs[i].path == m->key_dir)
			statefile_add_secret(&m->os.files, "keys", dirs[i].fd,
			    m->keys, m->user.uid);
		for (size_t k = 0; k < m->config.n_sourcedirs; k++)
			if (dirs[i].path == m->config.sourcedirs[k])
				statefile_add(&m->os.files, sourcedir_slot(k),
				    dirs[i].fd, false);
	}
}

static int
confine(struct main *m)
{
	struct confine_dir dirs[5 + CONFIG_SOURCEDIRS_MAX];
	/* A worker has a channel and two sockets. */
	struct confine_limits limits = { .processes = 0,
		.files = MAX_FILES + 3 * (unsigned)m->config.serverworkers };
	size_t n;
	int root;

	m->keys = setup_open_keys(&m->config);
	setup_open_leap(&m->leap, &m->config);
	if (enter_root(m, dirs, &n, &root) < 0 ||
	    confine_drop(&m->user, &limits) < 0 ||
	    confine_landlock(CONFINE_ENGINE, (enum confine_root)root, dirs,
		n) < 0)
		return -1;
	keep_dirs(m, dirs, n);
	if (root != CONFINE_ROOT_PRIVATE)
		log_warn("no private root: %s",
		    root == CONFINE_ROOT_EMPTY ? "chroot instead" :
		    "not permitted, the rest of the confinement stays");
	return confine_filter(CONFINE_ENGINE, dirs, n);
}

/* The clock is the main process, and ends with our status. */
static int
give_up(struct main *m)
{
	if (!m->is_alone)
		clock_rpc_bye(&m->os.clock, EXIT_CONFIG);
	return EXIT_CONFIG;
}

/* The first thing to look for when something is wrong. */
static void
say_ready(const struct main *m)
{
	const struct source *s;
	unsigned n = 0;

	TAILQ_FOREACH(s, &m->engine.sources, link)
		n++;
	log_info("tockd " TOCK_VERSION " ready, by %s: %u source%s%s",
	    m->file, n, n == 1 ? "" : "s",
	    m->engine_options.is_measuring_only ? ", only measuring" : "");
}

static int
run(struct main *m)
{
	int r = engine_init(&m->engine, &m->os.os, &m->config,
	    &m->engine_options);

	if (r < 0) {
		log_fatal("engine: %s", strerror(-r));
		return give_up(m);
	}
	if (!m->is_alone) {
		struct clk_req req = { .type = CLK_READY };
		struct clk_rep rep;
		m->os.os.ops->clock(&m->os.os, &req, &rep);
	}
	say_ready(m);
	int code = os_linux_run(&m->os);
	log_info("ending with status %d", code);
	engine_fini(&m->engine);
	if (!m->is_alone) {
		if (m->has_control)
			control_fini(&m->control);
		workers_end(&m->workers);
		clock_rpc_bye(&m->os.clock, code);
	}
	acquire_close(&m->acquire, &m->os.os);
	server_close(&m->server, &m->os.os);
	os_linux_fini(&m->os);
	config_fini(&m->config);
	return code;
}

static int
prepare(struct main *m)
{
	config_init(&m->config);
	m->file = setup_config_file(&m->options);
	if (setup_read_config(&m->config, &m->options) < 0)
		return -1;
	apply_options(m);
	if (find_users(m) < 0 || open_sockets(m) < 0 || confine_scope() < 0)
		return -1;
	if (m->is_alone)
		return confine(m);
	if (workers_start(&m->workers, &m->config, &m->options, m->user.uid,
		m->user.gid) < 0)
		return -1;
	if (m->workers.crew.n > 0)
		m->engine_options.crew = &m->workers.crew;
	if (give_sockets(m) < 0 ||
	    setup_find_drift(&m->drift, &m->config, m->clock_user.uid,
		m->clock_user.gid) < 0)
		return -1;
	setup_place_dumps(&m->config, m->user.uid, m->user.gid);
	if (m->options.from_rtc)
		m->engine_options.preset = setup_preset(&m->config);
	if (confine(m) < 0)
		return -1;
	setup_apply_drift(&m->drift, &m->config, &m->engine_options);
	if (setup_read_leap(&m->leap, &m->leaps))
		m->engine_options.leaps = &m->leaps;
	m->engine_options.leap_slot = m->leap.dir[0] != '\0' ? m->leap.slot
							     : NULL;
	m->engine_options.is_leap_zone = m->leap.is_zone;
	return 0;
}

int
main(int argc, char **argv)
{
	static struct main m;
	char msg[256];

	if (options_parse(&m.options, argc, argv, msg, sizeof msg) < 0) {
		log_fatal("%s", msg);
		return EXIT_CONFIG;
	}
	bool is_direct = m.options.print_config || m.options.show_once;
	log_init(is_direct ? STDERR_FILENO : ENGINE_FD_LOG,
	    (enum log_style)m.options.log_style,
	    m.options.debug > 1 ? LOGLEVEL_DEBUG
				: (enum log_level)m.options.log_least,
	    is_direct ? "" : "engine");
	if (m.options.print_config) {
		config_init(&m.config);
		if (setup_read_config(&m.config, &m.options) < 0)
			return EXIT_CONFIG;
		config_print(&m.config, stdout);
		return EXIT_SUCCESS;
	}
	clock_rpc_init(&m.os.clock, ENGINE_FD_CLOCK);
	if (prepare(&m) < 0)
		return give_up(&m);
	return run(&m);
}

/* SPDX-License-Identifier: ISC
 *
 * The control sockets, and who is on the other side of each.
 *
 *   UDP 323           chronyc and monitoring programs of this host, and of
 *                     those that `cmdallow` names: may look
 *   bindcmdpath       chronyc of root and the group: may do everything
 *   PATH_MONITOR      tockctl of anybody: may look
 *   PATH_CONTROL      tockctl of root and the group: may do everything
 *
 * The files' modes are the whole access control of the last three.  A socket
 * that cannot be opened is logged and gone without: a daemon that nobody can
 * ask still keeps the time. */
#ifndef DAEMON_CONTROL_CONTROL_H
#define DAEMON_CONTROL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/config.h"
#include "daemon/control/cmdmon.h"
#include "daemon/os/os.h"

#define CONTROL_PATHS 3 /* Unix sockets */
#define CONTROL_SOCKS (2 + CONTROL_PATHS)
#define CONTROL_REFUSED 16 /* uids that were told about their socket's mode */

struct control;

struct control_sock {
	struct sock sock;
	struct control *control;
	enum cmdmon_via via;
	bool is_open;
	const char *path; /* Unix: of the configuration, or a constant */
};

struct control {
	struct engine *engine;
	struct control_sock socks[CONTROL_SOCKS];
	unsigned n_refused;
	uint32_t refused[CONTROL_REFUSED]; /* uids */
};

/* Opens the sockets that config names, and where has_native the two of tockctl,
 * through engine->os, which must be set already; nothing else of the engine is
 * looked at before the first request.  Done while the process may still bind
 * port 323 and write to the sockets' directories.  engine and config are kept.
 * Returns how many could not be opened; each of these is logged. */
int control_init(struct control *, struct engine *, const struct config *,
    bool has_native);

/* Closes what is open; the files are the backend's. */
void control_fini(struct control *);

/* The files that control_init() made, which the caller gives to the daemon's
 * user and the group of operators.  paths has room for CONTROL_PATHS.  Returns
 * how many there are; they are valid as long as config is. */
size_t control_paths(const struct control *, const char **paths);

#endif

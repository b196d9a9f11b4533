/* SPDX-License-Identifier: ISC
 *
 * What operators change in the sources of a running daemon.  A source is named
 * by its address, or by its ADDR_ID while it has none; an interface (scope) is
 * not compared, since it does not travel in the control protocol.  Every
 * function returns 0 or -errno, -ENOENT where no source is meant; nothing is
 * changed then. */
#ifndef DAEMON_ENGINE_MANAGE_H
#define DAEMON_ENGINE_MANAGE_H

#include "common/addr.h"
#include "conf/config.h"

struct engine;

/* A new server, peer or pool.  -EINVAL: no name or address of a server, or an
 * option out of its range (conf/config_source.h); -EEXIST: the address is a
 * source's; -ENOSPC: CONFIG_SOURCES_MAX sources; -ENOTCONN, after logging
 * why: peers cannot be asked (peer_has_port); -ENOMEM.  A name that is not
 * found is looked up again and again, as at the start. */
int manage_add(struct engine *, const struct config_source *);
int manage_delete(struct engine *, const struct addr *);

/* Those sources s with (s & mask) == (addr & mask); mask or addr of family NONE
 * means all of them, and an addr of family ID the one with this ID. */
int manage_online(struct engine *, const struct addr *mask,
    const struct addr *addr);
int manage_offline(struct engine *, const struct addr *mask,
    const struct addr *addr);

/* good: answers wanted, total: requests at most; both > 0, else -EINVAL.
 * -EPERM, logged: none of them can be asked so, as peers. */
int manage_burst(struct engine *, const struct addr *mask,
    const struct addr *addr, int good, int total);

/* Online what the network reaches now, offline what it does not.  Names without
 * an address are looked up, as manage_online() does.  Always 0. */
int manage_onoffline(struct engine *);

enum manage_what {
	MANAGE_MINPOLL, /* log2 s, -7..24; raises maxpoll with it */
	MANAGE_MAXPOLL, /* lowers minpoll with it */
	MANAGE_MAXDELAY,         /* s, 0..1000 */
	MANAGE_MAXDELAYRATIO,    /* 0..1e6; 0 = off */
	MANAGE_MAXDELAYDEVRATIO, /* the same */
	MANAGE_MINSTRATUM,       /* 0..16 */
	MANAGE_POLLTARGET,       /* samples, 1..2^31-1 */
	MANAGE_OFFSET,           /* s, config_source.offset */
};

/* -EINVAL: out of range.  The fraction of what is an integer is dropped. */
int manage_set(struct engine *, const struct addr *, enum manage_what,
    double value);

/* Selection options: those in mask become as they are in options, both enum
 * config_select; other bits are -EINVAL. */
int manage_select(struct engine *, const struct addr *, unsigned mask,
    unsigned options);

/* The best source is chosen anew, without regard to which one it was. */
void manage_reselect(struct engine *);

/* s, 0..1e6, else -EINVAL. */
int manage_reselectdist(struct engine *, double distance);

/* ppm, 0..1e6, else -EINVAL. */
int manage_maxupdateskew(struct engine *, double ppm);

/* `local` as from now on.  -EINVAL: something is out of the range of
 * conf/config_rules.h. */
int manage_local(struct engine *, const struct config_local *);

/* Looks every name up again; an address that it does not have any more is
 * replaced. */
void manage_refresh(struct engine *);

/* Forgets what was measured, of every source: the clock or the network is not
 * what it was. */
void manage_reset_sources(struct engine *);

/* Reads the files of sourcedir again: new lines are added, lines that went are
 * deleted with their sources (sourcedir.h).  0 or -ENOMEM. */
int manage_reload_sources(struct engine *);

#endif

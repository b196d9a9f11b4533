/* SPDX-License-Identifier: ISC */
#include "daemon/setup_ntp.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "common/log.h"

static const char *
hint(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return " (another time daemon? ss -lunp shows whose it is; "
		       "port chooses another)";
	case -EACCES:
	case -EPERM:
		return " (ports below 1024 are root's)";
	case -EADDRNOTAVAIL:
		return " (bindaddress is no address of this machine)";
	case -ENODEV:
		return " (binddevice is not there)";
	default:
		return "";
	}
}

static int
find_interfaces(struct config *c)
{
	for (size_t i = 0; i < c->n_listeners; i++) {
		struct config_listener *l = &c->listeners[i];

		l->ifindex = if_nametoindex(l->interface);
		if (l->ifindex == 0 && l->interface[0] != '\0') {
			log_fatal("broadcastclient interface %s: there is none "
				  "of this name (ip link lists them)",
			    l->interface);
			return -ENODEV;
		}
	}
	return 0;
}

int
setup_open_ntp(struct server *s, struct acquire *a, struct os *os,
    struct config *c, struct engine_options *eo, bool is_serving)
{
	int r = is_serving ? find_interfaces(c) : 0;

	if (r < 0)
		return r;
	if (is_serving)
		r = server_open(s, os, c, eo->family);
	if (r < 0) {
		log_fatal("time cannot be served at port %u: %s%s", c->port,
		    strerror(-r), hint(r));
		return r;
	}
	if (s->is_open)
		eo->server = s;
	eo->acquire = a;
	if (s->is_open && c->acquisitionport == c->port) {
		acquire_share(a, &s->v4, &s->v6);
		return 0;
	}
	r = acquire_open(a, os, c);
	if (r < 0)
		log_fatal("acquisitionport %d: %s", c->acquisitionport,
		    strerror(-r));
	return r;
}

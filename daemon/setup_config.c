/* SPDX-License-Identifier: ISC */
#include "daemon/setup_config.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "build_config.h"
#include "common/log.h"
#include "common/paths.h"
#include "daemon/setup.h"

/* The first of the two built-in places that there is. */
static const char *
default_file(void)
{
	if (access(PATH_CONF, F_OK) != 0 && access(PATH_CONF_CHRONY, F_OK) == 0)
		return PATH_CONF_CHRONY;
	return PATH_CONF;
}

const char *
setup_config_file(const struct options *o)
{
	return o->n_directives > 0 ? "the command line" :
	    o->file != NULL ? o->file : default_file();
}

int
setup_read_config(struct config *c, const struct options *o)
{
	struct config_error e;
	char text[CONFIG_PATH_MAX + 600];
	int r = 0;

	for (int i = 0; i < o->n_directives && r == 0; i++)
		r = config_line(c, "command line", (unsigned)i + 1,
		    o->directives[i], &e);
	if (o->n_directives == 0)
		r = config_load(c, setup_config_file(o), &e);
	if (r == 0)
		r = config_review(c);
	if (r == CONFIG_E_BAD) {
		config_error_print(&e, text, sizeof text);
		log_fatal("%s", text);
	} else if (r < 0) {
		log_fatal("configuration: %s", strerror(-r));
	}
	for (size_t i = 0; r == 0 && i < c->n_warnings; i++)
		log_warn("%s", c->warnings[i]);
	return r == 0 ? 0 : -EINVAL;
}

void
setup_apply_options(struct config *c, struct engine_options *eo,
    const struct options *o)
{
	for (size_t i = 0; i < c->n_sources; i++)
		if (o->family != 0 && c->sources[i].family == ADDR_NONE)
			c->sources[i].family =
			    o->family == 4 ? ADDR_INET4 : ADDR_INET6;
	if (o->user != NULL)
		strlcpy(c->user, o->user, sizeof c->user);
	if (o->restarted)
		c->has_initstepslew = false;
	if (o->restarted && c->makestep_limit > 0)
		c->makestep_limit = 0;
	eo->mode = o->show_once ? ENGINE_SHOW_ONCE :
	    o->set_once ? ENGINE_SET_ONCE : ENGINE_STEER;
	eo->is_measuring_only = o->no_clock || o->clock_denied || o->show_once;
	eo->timeout = o->timeout;
	eo->family = o->family == 4 ? ADDR_INET4 :
	    o->family == 6 ? ADDR_INET6 : ADDR_NONE;
	eo->is_restoring = o->restored;
	setup_boot_id(eo->boot_id, sizeof eo->boot_id);
	eo->drift_skew_ppm = -1;
	eo->build_date = (struct tspec){ BUILD_DATE * NSEC };
}

static bool
is_listed(const struct config_source *list, size_t n,
    const struct config_source *s)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].port == s->port && !strcmp(list[i].name, s->name))
			return true;
	return false;
}

/* Appends the servers that s stands for to the n of the list; returns how many
 * there are now. */
static size_t
resolve_one(struct config_source *list, size_t n, const struct config_source *s)
{
	struct addrinfo hints, *found = NULL, *a;
	size_t most = n + (s->is_pool ? (size_t)s->maxsources : 1);
	struct endpoint ep;

	memset(&hints, 0, sizeof hints);
	hints.ai_family = s->family == ADDR_INET4 ? AF_INET :
	    s->family == ADDR_INET6 ? AF_INET6 : AF_UNSPEC;
	hints.ai_socktype = SOCK_DGRAM;
	int r = getaddrinfo(s->name, NULL, &hints, &found);
	if (r != 0) {
		log_warn("source %s: %s", s->name, gai_strerror(r));
		return n;
	}
	for (a = found; a != NULL && n < most; a = a->ai_next) {
		if (addr_from_sockaddr(&ep, a->ai_addr) != 0)
			continue;
		list[n] = *s;
		list[n].is_pool = false;
		addr_print(&ep.addr, list[n].name, sizeof list[n].name);
		n += !is_listed(list, n, &list[n]);
	}
	freeaddrinfo(found);
	return n;
}

int
setup_resolve(struct config *c)
{
	size_t most = 1, n = 0;

	for (size_t i = 0; i < c->n_sources; i++)
		most += c->sources[i].is_pool ?
		    (size_t)c->sources[i].maxsources : 1;
	struct config_source *list = calloc(most, sizeof *list);
	if (list == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_sources; i++)
		n = resolve_one(list, n, &c->sources[i]);
	free(c->sources);
	c->sources = list;
	c->n_sources = n;
	if (n == 0)
		log_fatal("no source has an address: nobody can be asked");
	return n > 0 ? 0 : -ENOENT;
}

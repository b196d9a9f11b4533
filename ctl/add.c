/* SPDX-License-Identifier: ISC
 *
 * `add`: the words are those of a line of the configuration, and so is the
 * parser.  The daemon looks the name up by itself and again if need be; one
 * that cannot be found now is refused here, since it is most likely a slip. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/config.h"
#include "ctl/change.h"
#include "ctl/cmds.h"
#include "ctl/where.h"

/* chrony's default, which in ours is "off": see conf/config_source.h. */
#define DEVRATIO_DEFAULT 10
#define NTSPORT_DEFAULT 4460

static uint32_t
flags_of(const struct config_source *s)
{
	const struct {
		bool is_set;
		uint32_t flag;
	} flags[] = {
		{ !s->offline, ADD_ONLINE },
		{ s->auto_offline, ADD_AUTO_OFFLINE },
		{ s->iburst, ADD_IBURST },
		{ s->select & SELECT_PREFER, ADD_PREFER },
		{ s->select & SELECT_NOSELECT, ADD_NOSELECT },
		{ s->select & SELECT_TRUST, ADD_TRUST },
		{ s->select & SELECT_REQUIRE, ADD_REQUIRE },
		{ s->xleave, ADD_XLEAVE },
		{ s->burst, ADD_BURST },
		{ s->copy, ADD_COPY },
		{ s->family == ADDR_INET4, ADD_IPV4 },
		{ s->family == ADDR_INET6, ADD_IPV6 },
	};
	uint32_t all = 0;

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (flags[i].is_set)
			all |= flags[i].flag;
	return all;
}

static void
fill(struct cmdmon_add *a, const struct config_source *s)
{
	*a = (struct cmdmon_add){
		.port = s->port,
		.minpoll = s->minpoll,
		.maxpoll = s->maxpoll,
		.presend = s->presend,
		.minstratum = (uint32_t)s->minstratum,
		.polltarget = (uint32_t)s->polltarget,
		.version = (uint32_t)s->version,
		.maxsources = (uint32_t)s->maxsources,
		.minsamples = s->minsamples,
		.maxsamples = s->maxsamples,
		.key = s->key,
		.nts_port = NTSPORT_DEFAULT,
		.maxdelay = s->maxdelay,
		.maxdelayratio = s->maxdelayratio,
		.maxdelaydevratio = s->maxdelaydevratio > 0
		    ? s->maxdelaydevratio : DEVRATIO_DEFAULT,
		.mindelay = s->mindelay,
		.asymmetry = s->asymmetry,
		.offset = s->offset,
		.flags = flags_of(s),
		.filter = s->filter,
		.maxdelayquant = s->maxdelayquant,
		.maxunreach = s->maxunreach,
	};
}

/* Reads "NAME OPTION..." with another name in the place of the first word, as
 * the name has messages of its own.  Returns 0, or -1 after telling. */
static int
read_options(struct ctl *ctl, const struct args *args, const char *type,
    struct cmdmon_add *a)
{
	struct config *c = malloc(sizeof *c);
	struct config_error e = { .text = "out of memory" };
	char line[CTL_LINE + 32], rest[CTL_LINE];
	int rc = -1;

	if (!c)
		return cmds_misused(ctl, args, "Out of memory");
	config_init(c);
	snprintf(line, sizeof line, "%s name.invalid %s", type,
	    where_rest(args, 2, rest));
	int r = config_line(c, "add", 0, line, &e);
	if (r == 0 && c->n_sources == 1 && c->sources[0].target > 0) {
		ctl_complain(ctl, "add: target stands in configurations only, "
		    "requests have no room for it");
	} else if (r == 0 && c->n_sources == 1) {
		fill(a, &c->sources[0]);
		rc = 0;
	} else if (ctl->is_chronyc) {
		ctl_complain(ctl, "Invalid syntax for add command");
	} else {
		ctl_complain(ctl, "add: %s%s%s", e.text,
		    *e.hint ? "; " : "", e.hint);
	}
	config_fini(c);
	free(c);
	return rc;
}

int
cmd_add(struct ctl *ctl, const struct args *args)
{
	static const char *const types[] = { [ADD_SERVER] = "server",
		[ADD_PEER] = "peer", [ADD_POOL] = "pool" };
	struct cmdmon_request q = { .command = CMD_ADD_SOURCE };
	uint32_t type = ADD_SERVER;
	struct addr a;

	while (args->n >= 2 && type <= ADD_POOL &&
	    strcasecmp(args->word[0], types[type]) != 0)
		type++;
	if (args->n < 2 || type > ADD_POOL)
		return cmds_misused(ctl, args,
		    "Invalid syntax for add command");
	if (read_options(ctl, args, types[type], &q.u.add) != 0)
		return CTL_FAILED;
	if (strlen(args->word[1]) >= sizeof q.u.add.name ||
	    where_lookup(ctl, args->word[1], &a) != 0) {
		if (ctl->is_chronyc)
			ctl_complain(ctl, "Invalid host/IP address");
		else
			ctl_complain(ctl, "add: no address is found for '%s'",
			    args->word[1]);
		return CTL_FAILED;
	}
	memcpy(q.u.add.name, args->word[1], strlen(args->word[1]) + 1);
	q.u.add.type = type;
	return change_send(ctl, &q, args->word[1], "added");
}

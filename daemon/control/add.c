/* SPDX-License-Identifier: ISC
 *
 * A source as it travels, to one as it is configured.  An option that is not
 * built is refused, not left out. */
#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "conf/config.h"
#include "daemon/control/change.h"
#include "daemon/engine/manage.h"

#define NOT_BUILT (ADD_NTS | ADD_EXT_MONOROOT | ADD_EXT_NETCORR)
#define DEVRATIO_DEFAULT 10 /* chrony's, where ours is off */
#define POOL_MAX 16 /* as with a `pool` line: more are not asked for */

static const struct {
	uint32_t flag;
	unsigned select;
} selects[] = {
	{ ADD_PREFER, SELECT_PREFER },
	{ ADD_NOSELECT, SELECT_NOSELECT },
	{ ADD_TRUST, SELECT_TRUST },
	{ ADD_REQUIRE, SELECT_REQUIRE },
};

/* A count that is too large to be one is out of range for an int, too. */
static int
count(uint32_t n)
{
	return n > INT32_MAX ? -1 : (int)n;
}

static void
set_flags(struct config_source *s, uint32_t flags)
{
	s->offline = !(flags & ADD_ONLINE);
	s->auto_offline = flags & ADD_AUTO_OFFLINE;
	s->iburst = flags & ADD_IBURST;
	s->burst = flags & ADD_BURST;
	s->xleave = flags & ADD_XLEAVE;
	s->copy = flags & ADD_COPY;
	s->family = flags & ADD_IPV4 ? ADDR_INET4
	    : flags & ADD_IPV6	     ? ADDR_INET6
				     : ADDR_NONE;
	for (size_t i = 0; i < sizeof selects / sizeof *selects; i++)
		if (flags & selects[i].flag)
			s->select |= selects[i].select;
}

static void
fill(struct config_source *s, const struct cmdmon_add *a)
{
	source_defaults(s);
	s->is_pool = a->type == ADD_POOL;
	s->is_peer = a->type == ADD_PEER;
	s->port = (uint16_t)a->port;
	s->minpoll = a->minpoll;
	s->maxpoll = a->maxpoll;
	s->presend = a->presend;
	s->minstratum = count(a->minstratum);
	s->polltarget = count(a->polltarget);
	s->version = count(a->version);
	s->maxsources = a->maxsources > POOL_MAX ? POOL_MAX
						 : count(a->maxsources);
	s->minsamples = a->minsamples;
	s->maxsamples = a->maxsamples;
	s->key = a->key;
	s->maxdelay = a->maxdelay;
	s->maxdelayratio = a->maxdelayratio;
	if (a->maxdelaydevratio < DEVRATIO_DEFAULT ||
	    a->maxdelaydevratio > DEVRATIO_DEFAULT)
		s->maxdelaydevratio = a->maxdelaydevratio;
	s->mindelay = a->mindelay;
	s->asymmetry = a->asymmetry;
	s->offset = a->offset;
	s->filter = a->filter;
	s->maxdelayquant = a->maxdelayquant;
	if (a->maxunreach != 0)
		s->maxunreach = a->maxunreach;
	set_flags(s, a->flags);
	if (s->is_peer)
		source_peer_defaults(s);
}

/* The name alone, with nothing else that could be wrong. */
static bool
is_name(const char *name)
{
	struct config_source s = { 0 };

	source_defaults(&s);
	memcpy(s.name, name, sizeof s.name);
	return source_check(&s) == 0;
}

static bool
is_of_family(const struct config_source *s)
{
	struct addr a;

	return s->family == ADDR_NONE || addr_parse(&a, s->name) != 0 ||
	    a.family == s->family;
}

enum cmdmon_status
change_add(struct engine *e, uint32_t uid, const struct cmdmon_request *q)
{
	const struct cmdmon_add *a = &q->u.add;
	struct config_source s = { 0 };

	_Static_assert(sizeof s.name == sizeof a->name, "names fit");
	if (!is_name(a->name))
		return STT_INVALIDNAME;
	if (a->type < ADD_SERVER || a->type > ADD_POOL || a->port == 0 ||
	    a->port > UINT16_MAX || a->certset != 0 || (a->flags & NOT_BUILT))
		return change_done(uid, -EINVAL, "add %s", a->name);
	fill(&s, a);
	memcpy(s.name, a->name, sizeof s.name);
	if (!is_of_family(&s))
		return STT_BADFAMILY;
	return change_done(uid, manage_add(e, &s), "add %s %s",
	    s.is_pool ? "pool" : s.is_peer ? "peer" : "server", s.name);
}

/* SPDX-License-Identifier: ISC */
#include "conf/source_opts.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/directives.h"
#include "conf/list.h"

#define LABEL_MAX 63 /* RFC 1035 section 2.3.4 */

/* A server line while it is read. */
struct wanted {
	struct config_source source;
	bool ipv4, ipv6;
	struct addr addr; /* ADDR_NONE: the source is a host name */
};

#define AT(field) offsetof(struct wanted, source.field)
#define LATER(name, doc) { name, VALUE_LATER, 0, 0, 0, "", doc }

#define SELECT(name, bit, doc) \
	{ name, VALUE_BIT, AT(select), 0, bit, "", doc }

static const struct value rows[] = {
	{ "maxsources", VALUE_INT, AT(maxsources), 1, INT_MAX, "",
	    "how many servers of a pool are used" },
	{ "minpoll", VALUE_INT, AT(minpoll), -7, 24, "log2 s",
	    "the shortest poll interval" },
	{ "maxpoll", VALUE_INT, AT(maxpoll), -7, 24, "log2 s",
	    "the longest poll interval" },
	{ "iburst", VALUE_FLAG, AT(iburst), 0, 0, "",
	    "start with a few quick requests" },
	{ "port", VALUE_U16, AT(port), 1, 65535, "",
	    "the UDP port of the server" },
	{ "maxdelay", VALUE_DOUBLE, AT(maxdelay), 0, 1000, "s",
	    "samples with a longer round trip are rejected" },
	{ "version", VALUE_INT, AT(version), 1, 4, "",
	    "the NTP version of requests" },
	{ "ipv4", VALUE_FLAG, offsetof(struct wanted, ipv4), 0, 0, "",
	    "only IPv4 addresses of the name" },
	{ "ipv6", VALUE_FLAG, offsetof(struct wanted, ipv6), 0, 0, "",
	    "only IPv6 addresses of the name" },
	{ "burst", VALUE_FLAG, AT(burst), 0, 0, "",
	    "up to four requests where a good sample is missing" },
	{ "key", VALUE_U32, AT(key), 1, 4294967295, "",
	    "authentication with a key of the key file" },
	LATER("nts", "authentication with NTS"),
	LATER("certset", "the set of trusted certificates for NTS"),
	LATER("ntsport", "the TCP port for NTS key establishment"),
	{ "maxdelayratio", VALUE_DOUBLE, AT(maxdelayratio), 0, 1e6, "",
	    "a limit for the delay over the least one" },
	{ "maxdelaydevratio", VALUE_DOUBLE, AT(maxdelaydevratio), 0, 1e6, "",
	    "a limit for the delay over its deviation" },
	{ "maxdelayquant", VALUE_DOUBLE, AT(maxdelayquant), 0.05, 0.95, "",
	    "a limit for the delay as a quantile" },
	{ "mindelay", VALUE_DOUBLE, AT(mindelay), 0, 1000, "s",
	    "the least round trip, fixed" },
	{ "asymmetry", VALUE_DOUBLE, AT(asymmetry), -0.5, 0.5, "",
	    "how the network's jitter divides on both ways" },
	{ "offset", VALUE_DOUBLE, AT(offset), -1e6, 1e6, "s",
	    "a correction that is added to each sample" },
	{ "minsamples", VALUE_INT, AT(minsamples), 0, INT_MAX, "",
	    "how far back the estimator looks at least" },
	{ "maxsamples", VALUE_INT, AT(maxsamples), 0, INT_MAX, "",
	    "how far back the estimator looks at most" },
	{ "maxunreach", VALUE_INT, AT(maxunreach), 0, INT_MAX, "polls",
	    "how long an unreachable source stays selected" },
	{ "filter", VALUE_INT, AT(filter), 0, INT_MAX, "polls",
	    "several polls make one sample" },
	{ "offline", VALUE_FLAG, AT(offline), 0, 0, "",
	    "do not poll until told so" },
	{ "auto_offline", VALUE_FLAG, AT(auto_offline), 0, 0, "",
	    "go offline when sending fails" },
	SELECT("prefer", SELECT_PREFER, "select it before others"),
	SELECT("noselect", SELECT_NOSELECT, "watch it, but do not follow it"),
	SELECT("trust", SELECT_TRUST, "sources without trust do not outvote it"),
	SELECT("require", SELECT_REQUIRE, "at least one such source has to agree"),
	{ "xleave", VALUE_FLAG, AT(xleave), 0, 0, "",
	    "interleaved mode" },
	{ "polltarget", VALUE_INT, AT(polltarget), 1, INT_MAX, "samples",
	    "how many samples the poll interval aims at" },
	{ "target", VALUE_DOUBLE, AT(target), 1e-9, 1000, "s",
	    "poll as rarely as holding this error of the clock allows" },
	{ "presend", VALUE_INT, AT(presend), -32, 32, "log2 s",
	    "an extra packet before the measurement" },
	{ "minstratum", VALUE_INT, AT(minstratum), 0, 16, "",
	    "the source's stratum is at least this" },
	{ "copy", VALUE_FLAG, AT(copy), 0, 0, "",
	    "take over the server's stratum and reference ID" },
	LATER("extfield", "an extension field in requests"),
};

/* The first row is for pools alone. */
const struct value_list pool_options = { rows, sizeof rows / sizeof *rows };
const struct value_list source_options = { rows + 1,
	sizeof rows / sizeof *rows - 1 };

/* Letters, digits, hyphens and underscores in labels of 1..63 bytes, perhaps
 * with a last dot. */
static bool
is_host_name(const char *name)
{
	size_t label = 0;

	for (const char *p = name; *p != '\0'; p++) {
		if (*p == '.' && label == 0)
			return false;
		if (*p == '.') {
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)*p) && *p != '_' &&
		    (*p != '-' || label == 0))
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	return *name != '\0' && strcmp(name, ".") != 0;
}

/* The resolver would take "127.1" and "017.0.0.1" in the old ways; nobody means
 * that.  With a colon, or digits and dots alone, it has to be an address. */
static bool
looks_like_address(const char *name)
{
	return strchr(name, ':') != NULL || name[strspn(name, "0123456789.")] ==
	    '\0';
}

static const char *
name_of(const struct config_source *s)
{
	return s->is_pool ? "pool" : s->is_peer ? "peer" : "server";
}

static int
bad_name(struct parse *p, const struct wanted *w, const char *what)
{
	const char *directive = name_of(&w->source);

	parse_hint(p, "%s takes the name or the address of one server, such "
	    "as 0.pool.ntp.org, 192.0.2.1 or 2001:db8::1", directive);
	return parse_fail(p, 1, "%s: \"%s\" %s", directive,
	    parse_shown(p->line->word[1]).text, what);
}

static int
set_name(struct parse *p, struct wanted *w)
{
	const char *name = p->line->word[1];

	if (lex_is_comment(name))
		return bad_name(p, w, "is not a name; comments stand on lines of "
		    "their own");
	if (strlen(name) >= sizeof w->source.name)
		return bad_name(p, w, "is longer than 255 bytes");
	if (looks_like_address(name)) {
		if (addr_parse(&w->addr, name) != 0)
			return bad_name(p, w, "is not an IP address");
		if (!addr_is_unicast(&w->addr))
			return bad_name(p, w, "is not the address of a server");
	} else if (!is_host_name(name)) {
		return bad_name(p, w, "is not a host name");
	}
	memcpy(w->source.name, name, strlen(name) + 1);
	return 0;
}

static int
set_family(struct parse *p, struct wanted *w)
{
	const char *word = w->ipv4 ? "ipv4" : "ipv6";
	enum addr_family family = w->ipv4 ? ADDR_INET4 : ADDR_INET6;

	if (!w->ipv4 && !w->ipv6)
		return 0;
	if (w->ipv4 && w->ipv6) {
		parse_hint(p, "leave both out: then either family will do");
		return parse_fail(p, lex_find(p->line, "ipv6"),
		    "ipv4 and ipv6 exclude each other");
	}
	if (w->addr.family != ADDR_NONE && w->addr.family != family) {
		parse_hint(p, "leave %s out: an address has its family", word);
		return parse_fail(p, lex_find(p->line, word),
		    "%s is of the other family than %s", w->source.name, word);
	}
	w->source.family = family;
	return 0;
}

/* A maxpoll below minpoll is raised to it, as chrony does; it is worth a word
 * only where somebody wrote that maxpoll. */
static int
settle_polls(struct parse *p, struct config_source *s)
{
	unsigned written = lex_find(p->line, "maxpoll");
	int maxpoll = s->maxpoll;

	if (maxpoll >= s->minpoll)
		return 0;
	s->maxpoll = s->minpoll;
	if (written == 0)
		return 0;
	return parse_warn(p, written,
	    "maxpoll %d is below minpoll %d and is raised to it", maxpoll,
	    s->minpoll);
}

/* The same address twice is one source.  (The same name twice may be two: the
 * engine gives the second another address of that name.) */
static bool
is_listed(const struct config *c, const struct addr *a, uint16_t port)
{
	struct addr other;

	for (size_t i = 0; i < c->n_sources; i++)
		if (c->sources[i].port == port &&
		    addr_parse(&other, c->sources[i].name) == 0 &&
		    addr_equal(&other, a))
			return true;
	return false;
}

static int
add(struct parse *p, const struct config_source *s)
{
	struct config *c = p->config;

	if (c->n_sources == CONFIG_SOURCES_MAX) {
		parse_hint(p, "four to seven sources are enough");
		return parse_fail(p, 0, "more than %d sources",
		    CONFIG_SOURCES_MAX);
	}

	struct config_source *list = list_grow(c->sources, c->n_sources,
	    sizeof *list);
	if (list == NULL)
		return -ENOMEM;
	c->sources = list;
	list[c->n_sources++] = *s;
	return 0;
}

void
source_defaults(struct config_source *s)
{
	s->port = 123;
	s->minpoll = 6;
	s->maxpoll = 10;
	s->maxdelay = 3;
	s->maxsources = 4;
	s->presend = SOURCE_NO_PRESEND;
	s->asymmetry = SOURCE_AUTO_ASYMMETRY;
	s->minsamples = s->maxsamples = -1;
	s->maxunreach = 100000;
	s->polltarget = 8;
}

void
source_peer_defaults(struct config_source *s)
{
	s->iburst = s->burst = s->copy = false;
	s->presend = SOURCE_NO_PRESEND;
}

static bool
is_host(const char *word)
{
	struct addr a;

	if (looks_like_address(word))
		return addr_parse(&a, word) == 0 && addr_is_unicast(&a);
	return strlen(word) < sizeof ((struct config_source *)0)->name &&
	    is_host_name(word);
}

/* A number of a row, 0 where it is not one. */
static double
number_at(const struct value *v, const struct wanted *w)
{
	const void *field = (const char *)w + v->field;

	switch (v->kind) {
	case VALUE_INT:
		return *(const int *)field;
	case VALUE_U16:
		return *(const uint16_t *)field;
	case VALUE_DOUBLE:
		return *(const double *)field;
	default:
		return 0;
	}
}

int
source_check(const struct config_source *s)
{
	static const unsigned all = SELECT_PREFER | SELECT_NOSELECT |
	    SELECT_TRUST | SELECT_REQUIRE;
	struct wanted w = { .source = *s }, plain;

	memset(&plain, 0, sizeof plain);
	source_defaults(&plain.source);
	if (memchr(s->name, '\0', sizeof s->name) == NULL ||
	    !is_host(s->name) || s->family > ADDR_INET6 ||
	    (s->select & ~all) != 0)
		return -EINVAL;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		double x = number_at(&rows[i], &w);

		if (!(x >= rows[i].min && x <= rows[i].max) &&
		    x != number_at(&rows[i], &plain))
			return -EINVAL;
	}
	return 0;
}

/* `initstepslew THRESHOLD [HOST...]`; without hosts the sources are asked. */
int
initstepslew_parse(struct parse *p)
{
	const struct directive *d = directive_find("initstepslew");
	unsigned n = p->line->n > 2 ? p->line->n - 2 : 0;
	struct config *c = p->config;
	struct config next = *c;

	assert(d != NULL);
	if (p->line->n < 2) {
		parse_hint(p, "usage: initstepslew THRESHOLD [HOST...]");
		return parse_fail(p, 0, "initstepslew: THRESHOLD is missing");
	}
	int r = value_set(p, 1, &d->values.rows[0], &next);
	if (r != 0)
		return r;
	for (unsigned i = 2; i < n + 2; i++)
		if (!is_host(p->line->word[i])) {
			parse_hint(p, lex_is_comment(p->line->word[i]) ?
			    "comments stand on lines of their own" :
			    "name hosts or their addresses");
			return parse_fail(p, i, "initstepslew: \"%s\" is not a "
			    "host", parse_shown(p->line->word[i]).text);
		}

	list_free(c->initstepslew_hosts, c->n_initstepslew_hosts);
	c->initstepslew_hosts = NULL;
	c->n_initstepslew_hosts = 0;
	for (unsigned i = 0; i < n && r == 0; i++)
		r = list_append(&c->initstepslew_hosts,
		    &c->n_initstepslew_hosts, strdup(p->line->word[i + 2]));
	if (r != 0)
		return r;
	c->initstepslew_threshold = next.initstepslew_threshold;
	c->has_initstepslew = true;
	return 0;
}

/* chrony takes these for a peer without a word, and without an effect. */
static int
settle_peer(struct parse *p, struct config_source *s)
{
	static const char *const idle[] = { "iburst", "burst", "presend",
		"copy" };
	int r = 0;

	if (!s->is_peer)
		return 0;
	source_peer_defaults(s);
	for (size_t i = 0; i < sizeof idle / sizeof *idle && r == 0; i++) {
		unsigned at = lex_find(p->line, idle[i]);

		if (at > 1)
			r = parse_warn(p, at, "%s has no effect for a peer",
			    idle[i]);
	}
	return r;
}

int
source_parse(struct parse *p)
{
	const char *word = p->line->word[0];
	struct wanted w = { .source = {
		.is_pool = strcasecmp(word, "pool") == 0,
		.is_peer = strcasecmp(word, "peer") == 0 } };
	const char *directive = name_of(&w.source);
	int r;

	source_defaults(&w.source);

	if (p->line->n < 2) {
		parse_hint(p, "usage: %s NAME %s[minpoll N] [maxpoll N] "
		    "[key ID] [prefer] ...: tock.conf(5)", directive,
		    w.source.is_peer ? "" : "[iburst] ");
		return parse_fail(p, 0, "%s: the name is missing", directive);
	}
	r = set_name(p, &w);
	if (r == 0)
		r = value_set_options(p, 2,
		    w.source.is_pool ? &pool_options : &source_options, &w,
		    directive);
	if (r == 0)
		r = set_family(p, &w);
	if (r == 0)
		r = settle_polls(p, &w.source);
	if (r == 0)
		r = settle_peer(p, &w.source);
	if (r != 0)
		return r;
	if (w.source.maxsources > SOURCE_POOL_MAX)
		w.source.maxsources = SOURCE_POOL_MAX;
	if (w.addr.family != ADDR_NONE &&
	    is_listed(p->config, &w.addr, w.source.port))
		return parse_warn(p, 1,
		    "%s is listed already, this line is ignored",
		    w.source.name);
	return add(p, &w.source);
}

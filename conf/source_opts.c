/* SPDX-License-Identifier: ISC */
#include "conf/source_opts.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

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

static const struct value rows[] = {
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
	LATER("burst", "up to four requests where a good sample is missing"),
	LATER("key", "authentication with a key of the key file"),
	LATER("nts", "authentication with NTS"),
	LATER("certset", "the set of trusted certificates for NTS"),
	LATER("ntsport", "the TCP port for NTS key establishment"),
	LATER("maxdelayratio", "a limit for the delay over the least one"),
	LATER("maxdelaydevratio", "a limit for the delay over its deviation"),
	LATER("maxdelayquant", "a limit for the delay as a quantile"),
	LATER("mindelay", "the least round trip, fixed"),
	LATER("asymmetry", "how the network's jitter divides on both ways"),
	LATER("offset", "a correction that is added to each sample"),
	LATER("minsamples", "the least number of samples kept"),
	LATER("maxsamples", "the largest number of samples kept"),
	LATER("maxunreach", "how long an unreachable source stays selected"),
	LATER("filter", "several polls make one sample"),
	LATER("offline", "do not poll until told so"),
	LATER("auto_offline", "go offline when sending fails"),
	LATER("prefer", "select it before others"),
	LATER("noselect", "watch it, but do not follow it"),
	LATER("trust", "sources without trust do not outvote it"),
	LATER("require", "at least one such source has to agree"),
	LATER("xleave", "interleaved mode"),
	LATER("polltarget", "how many samples the poll interval aims at"),
	LATER("presend", "an extra packet before the measurement"),
	LATER("minstratum", "the source's stratum is at least this"),
	LATER("copy", "take over the server's stratum and reference ID"),
	LATER("extfield", "an extension field in requests"),
	LATER("maxsources", "how many servers of a pool are used"),
};

const struct value_list source_options = { rows, sizeof rows / sizeof *rows };

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

static int
bad_name(struct parse *p, const char *what)
{
	parse_hint(p, "server takes the name or the address of one server, such "
	    "as 0.pool.ntp.org, 192.0.2.1 or 2001:db8::1");
	return parse_fail(p, 1, "server: \"%s\" %s",
	    parse_shown(p->line->word[1]).text, what);
}

static int
set_name(struct parse *p, struct wanted *w)
{
	const char *name = p->line->word[1];

	if (lex_is_comment(name))
		return bad_name(p, "is not a name; comments stand on lines of "
		    "their own");
	if (strlen(name) >= sizeof w->source.name)
		return bad_name(p, "is longer than 255 bytes");
	if (looks_like_address(name)) {
		if (addr_parse(&w->addr, name) != 0)
			return bad_name(p, "is not an IP address");
		if (!addr_is_unicast(&w->addr))
			return bad_name(p, "is not the address of a server");
	} else if (!is_host_name(name)) {
		return bad_name(p, "is not a host name");
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

int
source_parse(struct parse *p)
{
	struct wanted w = { .source = { .port = 123, .minpoll = 6,
		.maxpoll = 10, .maxdelay = 3, .version = 4 } };
	int r;

	if (p->line->n < 2) {
		parse_hint(p, "usage: server NAME [iburst] [minpoll N] "
		    "[maxpoll N] [port N] [maxdelay S] [version N] [ipv4|ipv6]");
		return parse_fail(p, 0, "server: the name is missing");
	}
	r = set_name(p, &w);
	if (r == 0)
		r = value_set_options(p, 2, &source_options, &w, "server");
	if (r == 0)
		r = set_family(p, &w);
	if (r == 0)
		r = settle_polls(p, &w.source);
	if (r != 0)
		return r;
	if (w.addr.family != ADDR_NONE &&
	    is_listed(p->config, &w.addr, w.source.port))
		return parse_warn(p, 1,
		    "%s is listed already, this line is ignored",
		    w.source.name);
	return add(p, &w.source);
}

/* SPDX-License-Identifier: ISC
 *
 * A directive whose arguments are fields of struct config is a row and nothing
 * else; it is read into a copy of the configuration, which replaces the old one
 * when the whole line is good.  The others have a parser of their own with the
 * same manners. */
#include "conf/directives.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/paths.h"
#include "conf/access_opts.h"
#include "conf/broadcast_opts.h"
#include "conf/guard_opts.h"
#include "conf/include.h"
#include "conf/source_opts.h"
#include "conf/sourcedir.h"
#include "conf/suggest.h"

#define AT(field) offsetof(struct config, field)

#define LIST(...)                                                              \
	{ (const struct value[]){ __VA_ARGS__ },                               \
		sizeof((const struct value[]){ __VA_ARGS__ }) /                \
		    sizeof(struct value) }

/* One argument, called arg, that is a field. */
#define ONE(name, arg, kind, field, min, max, unit, doc)                       \
	{ name, DIRECTIVE_BUILT, doc,                                          \
		LIST({ arg, kind, AT(field), min, max, unit, doc }), NULL, 0,  \
		NULL }

#define FLAG(name, field, doc)                                                 \
	{ name, DIRECTIVE_BUILT, doc, { NULL, 0 }, NULL, AT(field), NULL }

#define OTHER(name, state, arg, options, parse, doc)                           \
	{ name, state, doc, LIST({ arg, VALUE_OTHER, 0, 0, 0, "", doc }),      \
		options, 0, parse }

#define OPTIONS(name, options, mark, doc)                                      \
	{ name, DIRECTIVE_BUILT, doc,                                          \
		LIST({ NULL, VALUE_OTHER, 0, 0, 0, "", doc }), options,        \
		AT(mark), parse_options }

#define WORD(name, state, doc)                                                 \
	{ name, state, doc, { NULL, 0 }, NULL, 0, NULL }

#define OBSOLETE(name) WORD(name, DIRECTIVE_OBSOLETE, "nothing any more")
#define LATER(name, doc) WORD(name, DIRECTIVE_LATER, doc)

/* "usage: driftfile FILE [interval N]" */
static void
hint_usage(struct parse *p, const struct directive *d)
{
	char args[200] = "";
	size_t n = 0;

	for (unsigned i = 0; i < d->values.n && n < sizeof args; i++)
		n += (size_t)snprintf(args + n, sizeof args - n, " %s",
		    d->values.rows[i].name);
	for (unsigned i = 0; d->options != NULL && i < d->options->n &&
	     n < sizeof args; i++)
		n += (size_t)snprintf(args + n, sizeof args - n, " [%s N]",
		    d->options->rows[i].name);
	parse_hint(p, "usage: %s%s - %s", d->name, args, d->doc);
}

static int
set_values(struct parse *p, const struct directive *d, struct config *c)
{
	unsigned n = d->values.n;

	for (unsigned k = 0; k < n; k++) {
		if (k + 1 == p->line->n) {
			hint_usage(p, d);
			return parse_fail(p, 0, "%s: %s is missing",
			    p->line->word[0], d->values.rows[k].name);
		}
		int r = value_set(p, k + 1, &d->values.rows[k], c);
		if (r != 0)
			return r;
	}
	if (d->options != NULL)
		return value_set_options(p, n + 1, d->options, c, d->name);
	if (p->line->n > n + 1)
		return parse_surplus(p, n + 1, p->line->word[0]);
	return 0;
}

static int
parse_row(struct parse *p, const struct directive *d)
{
	struct config next = *p->config;
	int r = set_values(p, d, &next);

	if (r != 0)
		return r;
	if (d->mark != 0)
		*(bool *)(void *)((char *)&next + d->mark) = true;
	*p->config = next;
	return 0;
}

/* Options and nothing else. */
static int
parse_options(struct parse *p)
{
	const struct directive *d = directive_find(p->line->word[0]);
	struct config next = *p->config;

	assert(d != NULL && d->options != NULL);
	int r = value_set_options(p, 1, d->options, &next, d->name);

	if (r != 0)
		return r;
	*(bool *)(void *)((char *)&next + d->mark) = true;
	*p->config = next;
	return 0;
}

/* The launcher, which writes the process ID, reads no configuration. */
static int
parse_pidfile(struct parse *p)
{
	const struct directive *d = directive_find("pidfile");
	int r;

	assert(d != NULL);
	r = parse_row(p, d);
	if (r != 0 || strcmp(p->config->pidfile, PATH_PID) == 0)
		return r;
	return parse_warn(p, 1, "the process ID is written to %s, not here",
	    PATH_PID);
}

static int
parse_fallback(struct parse *p)
{
	const struct directive *d = directive_find("fallbackdrift");
	int r;

	assert(d != NULL);
	r = parse_row(p, d);
	if (r != 0 || p->config->fallback_min <= p->config->fallback_max)
		return r;
	return parse_warn(p, 2, "below MIN: there is no average to fall back "
				"on");
}

static const struct value driftfile_rows[] = {
	{ "interval", VALUE_INT, AT(drift_interval), 1, INT_MAX, "s",
	    "how often the file is written at most" },
};
static const struct value_list driftfile_options = { driftfile_rows, 1 };

#define LIMIT(field) offsetof(struct config_ratelimit, field)
#define LIMIT_ROWS(at)                                                         \
	{ "interval", VALUE_INT, (at) + LIMIT(interval), -19, 12, "log2 s",        \
	    "how often an address is answered in the long run" },              \
	{ "burst", VALUE_INT, (at) + LIMIT(burst), 1, 255, "",                     \
	    "answers at once" },                                               \
	{ "leak", VALUE_INT, (at) + LIMIT(leak), 1, 4, "log2",                     \
	    "the part of the rest that is answered all the same" }

static const struct value ratelimit_rows[] = {
	LIMIT_ROWS(AT(ratelimit)),
	{ "kod", VALUE_INT, AT(ratelimit.kod), 0, 4, "log2",
	    "the part of the rest that is told to ask less; 0 is none" },
};
static const struct value_list ratelimit_options = { ratelimit_rows, 4 };

static const struct value cmdratelimit_rows[] = { LIMIT_ROWS(AT(cmdratelimit)) };
static const struct value_list cmdratelimit_options = { cmdratelimit_rows, 3 };

static const struct value local_rows[] = {
	{ "stratum", VALUE_INT, AT(local.stratum), 1, 15, "",
	    "the stratum that is served then" },
	{ "orphan", VALUE_FLAG, AT(local.is_orphan), 0, 0, "",
	    "of several such servers one leads" },
	{ "distance", VALUE_DOUBLE, AT(local.distance), 0, 1e6, "s",
	    "not while the sources' root distance is less" },
	{ "activate", VALUE_DOUBLE, AT(local.activate), 0, 1e6, "s",
	    "not before the root distance was once less" },
	{ "waitsynced", VALUE_DOUBLE, AT(local.waitsynced), 0, 1e9, "s",
	    "not before the last update is that old" },
	{ "waitunsynced", VALUE_DOUBLE, AT(local.waitunsynced), 0, 1e9, "s",
	    "not before it is unsynchronised for so long" },
};
static const struct value_list local_options = { local_rows, 6 };

const struct directive directives[] = {
	OTHER("server", DIRECTIVE_BUILT, "NAME", &source_options, source_parse,
	    "a server that the clock follows"),
	{ "makestep", DIRECTIVE_BUILT, "when the clock is stepped, not slewed",
	    LIST({ "THRESHOLD", VALUE_DOUBLE, AT(makestep_threshold), 0, 1e9,
		"s", "larger offsets are stepped" },
		{ "LIMIT", VALUE_INT, AT(makestep_limit), -1, 1000000, "",
		"in so many first updates; -1 is always" }),
	    NULL, AT(has_makestep), NULL },
	{ "driftfile", DIRECTIVE_BUILT, "where the frequency is kept",
	    LIST({ "FILE", VALUE_PATH, AT(driftfile), 0, CONFIG_DRIFT_NAME_MAX,
		"", "a file of two numbers, written by the clock helper" }),
	    &driftfile_options, 0, NULL },
	ONE("maxslewrate", "RATE", VALUE_DOUBLE, maxslewrate_ppm, 0, 100000,
	    "ppm", "the fastest slew"),
	{ "maxdrift", DIRECTIVE_BUILT, "the largest frequency correction",
	    LIST({ "FREQUENCY", VALUE_DOUBLE, AT(maxdrift_ppm), 0, 100000,
		"ppm", "the largest frequency correction" }),
	    NULL, AT(has_maxdrift), NULL },
	ONE("maxdistance", "DISTANCE", VALUE_DOUBLE, maxdistance, 0, 1e6, "s",
	    "sources with a larger root distance are not used"),
	ONE("maxclockerror", "ERROR", VALUE_DOUBLE, maxclockerror_ppm, 0, 1e6,
	    "ppm", "how far the clock may wander on its own"),
	ONE("combinelimit", "FACTOR", VALUE_DOUBLE, combinelimit, 0, 1e9, "",
	    "sources within that many distances of the best are combined"),
	ONE("minsources", "SOURCES", VALUE_INT, minsources, 1, INT_MAX, "",
	    "how many usable sources an update needs"),
	FLAG("rtcsync", rtcsync,
	    "the kernel keeps the real-time clock of the machine right"),
	ONE("logdir", "DIRECTORY", VALUE_DIRECTORY, logdir, 0, 0, "",
	    "where log files are"),
	ONE("maxsamples", "SAMPLES", VALUE_INT, maxsamples, 0, INT_MAX, "",
	    "how far back the estimator looks at most; 0 is no limit"),
	ONE("minsamples", "SAMPLES", VALUE_INT, minsamples, 0, INT_MAX, "",
	    "how far back the estimator looks at least"),
	ONE("clockprecision", "PRECISION", VALUE_DOUBLE, clockprecision, 1e-9,
	    1, "s", "the precision of the clock, fixed"),
	ONE("ntsdumpdir", "DIRECTORY", VALUE_DIRECTORY, ntsdumpdir, 0, 0, "",
	    "where NTS keys and cookies are kept"),
	ONE("ntscachedir", "DIRECTORY", VALUE_DIRECTORY, ntsdumpdir, 0, 0, "",
	    "where NTS keys and cookies are kept"),
	OTHER("guard", DIRECTIVE_BUILT, NULL, &guard_options, guard_parse,
	    "what the clock helper allows"),
	ONE("acquisitionport", "PORT", VALUE_INT, acquisitionport, 0, 65535, "",
	    "a fixed local port for requests; 0 is one random port for good"),
	ONE("authselectmode", "MODE", VALUE_WORD, authselectmode, 0, 0,
	    "mix ignore prefer require",
	    "how authenticated sources are preferred"),
	ONE("bindaddress", "ADDRESS", VALUE_ADDR, bind4, 0, 0, "",
	    "the local address on which time is served"),
	ONE("binddevice", "INTERFACE", VALUE_NAME, binddevice, 1,
	    CONFIG_DEVICE_MAX - 1, "", "the interface on which time is served"),
	ONE("bindacqaddress", "ADDRESS", VALUE_ADDR, bindacq4, 0, 0, "",
	    "the local address of requests"),
	ONE("bindacqdevice", "INTERFACE", VALUE_NAME, bindacqdevice, 1,
	    CONFIG_DEVICE_MAX - 1, "", "the interface of requests"),
	ONE("dscp", "DSCP", VALUE_INT, dscp, 0, 63, "",
	    "the DSCP of packets"),
	ONE("dumpdir", "DIRECTORY", VALUE_DIRECTORY, dumpdir, 0, 0, "",
	    "where sample histories are kept"),
	{ "fallbackdrift", DIRECTIVE_BUILT, "the frequency used without sources",
	    LIST({ "MIN", VALUE_INT, AT(fallback_min), 0, 30, "log2 s",
		"the shortest average of the frequency" },
		{ "MAX", VALUE_INT, AT(fallback_max), 0, 30, "log2 s",
		"the longest average of the frequency" }),
	    NULL, 0, parse_fallback },
	{ "initstepslew", DIRECTIVE_BUILT, "a quick measurement at the start",
	    LIST({ "THRESHOLD", VALUE_DOUBLE, AT(initstepslew_threshold), 0,
		1e9, "s", "larger offsets are stepped, smaller ones slewed" }),
	    NULL, 0, initstepslew_parse },
	ONE("keyfile", "FILE", VALUE_PATH, keyfile, 0, 0, "",
	    "the keys of authenticated sources"),
	ONE("leapsecmode", "MODE", VALUE_WORD, leapsecmode, 0, 0,
	    "system step slew ignore", "how a leap second is made"),
	ONE("leapseclist", "FILE", VALUE_PATH, leapseclist, 0, 0, "",
	    "a list of leap seconds"),
	ONE("leapsectz", "ZONE", VALUE_NAME, leapsectz, 0, CONFIG_TZ_MAX - 1, "",
	    "a time zone with leap seconds"),
	ONE("logchange", "CHANGE", VALUE_DOUBLE, logchange, 0, 1e9, "s",
	    "a message for each larger correction"),
	{ "corrtimeratio", DIRECTIVE_BUILT, "how long a slew takes",
	    LIST({ "RATIO", VALUE_DOUBLE, AT(corrtimeratio), 1e-6, 1e6, "",
		"in so many poll intervals" }),
	    NULL, AT(has_corrtimeratio), NULL },
	ONE("maxupdateskew", "ERROR", VALUE_DOUBLE, maxupdateskew_ppm, 0, 1e6,
	    "ppm", "frequencies with a larger error are not used"),
	{ "maxchange", DIRECTIVE_BUILT, "an end of the daemon on a large offset",
	    LIST({ "OFFSET", VALUE_DOUBLE, AT(maxchange_offset), 0, 1e9, "s",
		"larger corrections are not made" },
		{ "START", VALUE_INT, AT(maxchange_start), 0, INT_MAX, "",
		"after so many updates" },
		{ "IGNORE", VALUE_INT, AT(maxchange_ignore), -1, INT_MAX, "",
		"how often before the daemon ends; -1 is never" }),
	    NULL, AT(has_maxchange), NULL },
	ONE("maxjitter", "JITTER", VALUE_DOUBLE, maxjitter, 0, 1e6, "s",
	    "sources with more jitter are not used"),
	ONE("maxstratum", "STRATUM", VALUE_INT, maxstratum, 0, 15, "",
	    "sources of a higher stratum are not used"),
	ONE("minstratum", "STRATUM", VALUE_INT, minstratum, 0, 15, "",
	    "sources of a lower stratum are not used"),
	OTHER("pool", DIRECTIVE_BUILT, "NAME", &pool_options, source_parse,
	    "several servers of one name"),
	OTHER("peer", DIRECTIVE_BUILT, "NAME", &source_options, source_parse,
	    "a machine that this one and each other follow"),
	ONE("refresh", "INTERVAL", VALUE_INT, refresh, 0, INT_MAX, "s",
	    "how often names are looked up again; 0 is never"),
	ONE("reselectdist", "DISTANCE", VALUE_DOUBLE, reselectdist, 0, 1e6, "s",
	    "how much better a new source has to be"),
	ONE("stratumweight", "DISTANCE", VALUE_DOUBLE, stratumweight, 0, 1e6,
	    "s", "the distance that a stratum is worth"),
	ONE("user", "NAME", VALUE_USER, user, 0, 63, "",
	    "the user that the engine runs as"),
	{ "pidfile", DIRECTIVE_BUILT, "where the process ID is to be written",
	    LIST({ "FILE", VALUE_PATH_OR_NONE, AT(pidfile), 0, 0, "",
		"where the process ID is to be written" }),
	    NULL, 0, parse_pidfile },
	OTHER("allow", DIRECTIVE_BUILT, NULL, NULL, access_rule,
	    "clients that are served"),
	OTHER("cmdallow", DIRECTIVE_BUILT, NULL, NULL, access_rule,
	    "hosts that may monitor; loopback always may"),
	OTHER("cmddeny", DIRECTIVE_BUILT, NULL, NULL, access_rule,
	    "hosts that may not monitor"),
	OTHER("deny", DIRECTIVE_BUILT, NULL, NULL, access_rule,
	    "clients that are not served"),
	ONE("clientloglimit", "BYTES", VALUE_U32, clientloglimit, 0, INT_MAX,
	    "bytes", "memory for the log of clients"),
	FLAG("noclientlog", noclientlog, "no log of clients"),
	OPTIONS("ratelimit", &ratelimit_options, ratelimit.is_on,
	    "a limit for answers to a client"),
	OPTIONS("cmdratelimit", &cmdratelimit_options, cmdratelimit.is_on,
	    "a limit for control requests over UDP"),
	OPTIONS("local", &local_options, local.is_on,
	    "time served without a source"),
	{ "broadcast", DIRECTIVE_BUILT, "time sent without being asked",
	    LIST({ "INTERVAL", VALUE_INT,
		offsetof(struct config_broadcast, interval), 1, 16777216, "s",
		"the time from one packet to the next" },
		{ "ADDRESS", VALUE_OTHER, 0, 0, 0, "",
		"where it is sent to" }),
	    &broadcast_options, 0, broadcast_parse },
	OTHER("broadcastclient", DIRECTIVE_BUILT, NULL, &listener_options,
	    broadcast_parse_client, "signed time that is sent unasked"),
	OTHER("bindcmdaddress", DIRECTIVE_BUILT, "ADDRESS", NULL,
	    access_bindcmd, "where control requests are taken"),
	ONE("cmdport", "PORT", VALUE_U16, cmdport, 0, 65535, "",
	    "the UDP port for control requests; 0 is none"),
	OTHER("opencommands", DIRECTIVE_BUILT, NULL, NULL, access_open,
	    "the commands that are allowed over UDP"),
	ONE("port", "PORT", VALUE_U16, port, 0, 65535, "",
	    "the UDP port on which time is served; 0 is none"),
	ONE("serverworkers", "NUMBER", VALUE_INT, serverworkers, 0,
	    CONFIG_WORKERS_MAX, "", "how many processes answer clients"),
	OTHER("sourcedir", DIRECTIVE_BUILT, "DIRECTORY", NULL, sourcedir_parse,
	    "directories of files with server and pool lines"),
	OTHER("include", DIRECTIVE_INCLUDES, "FILE", NULL, include_parse,
	    "the lines of other files"),
	OTHER("confdir", DIRECTIVE_INCLUDES, "DIRECTORY", NULL,
	    include_confdir, "the lines of the *.conf files there"),

	WORD("dumponexit", DIRECTIVE_SILENT, "nothing: dumpdir implies it"),
	OBSOLETE("commandkey"),
	OBSOLETE("generatecommandkey"),
	OBSOLETE("linux_freq_scale"),
	OBSOLETE("linux_hz"),

	LATER("bindcmddevice", "the interface for control requests"),
	LATER("hwclockfile", "whether the RTC keeps UTC"),
	LATER("hwtimestamp", "timestamps of the network card"),
	LATER("hwtstimeout", "the wait for a timestamp of the card"),
	LATER("lock_all", "the daemon stays in memory"),
	LATER("log", "log files of measurements"),
	LATER("logbanner", "headers in log files"),
	LATER("mailonchange", "a mail for each large correction"),
	LATER("manual", "time typed in by hand"),
	LATER("maxntsconnections", "a limit for NTS connections"),
	LATER("maxtxbuffers", "messages kept for their timestamps"),
	LATER("nocerttimecheck", "certificates whose time is not checked"),
	LATER("nosystemcert", "no certificates of the system"),
	LATER("ntpsigndsocket", "signatures by Samba"),
	LATER("ntsaeads", "the algorithms for NTS"),
	LATER("ntsntpserver", "the server named to NTS clients"),
	LATER("ntsport", "the TCP port for NTS"),
	LATER("ntsprocesses", "how many processes serve NTS"),
	LATER("ntsratelimit", "a limit for NTS connections"),
	LATER("ntsrefresh", "how long NTS keys are used"),
	LATER("ntsrotate", "how long cookie keys are used"),
	LATER("ntsservercert", "the certificate for NTS clients"),
	LATER("ntsserverkey", "the certificate's key"),
	LATER("ntstrustedcerts", "certificates trusted for NTS"),
	LATER("ptpdomain", "the domain for NTP over PTP"),
	LATER("ptpport", "the port for NTP over PTP"),
	LATER("refclock", "a reference clock"),
	LATER("rtcautotrim", "when the RTC is set"),
	LATER("rtcdevice", "the device of the RTC"),
	LATER("rtcfile", "the record of the RTC's drift"),
	LATER("rtconutc", "the RTC keeps UTC"),
	LATER("sched_priority", "a real-time priority"),
	LATER("smoothtime", "served time changes smoothly"),
	LATER("tempcomp", "compensation of temperature"),
};

const unsigned n_directives = sizeof directives / sizeof *directives;

const struct directive *
directive_find(const char *word)
{
	for (unsigned i = 0; i < n_directives; i++)
		if (strcasecmp(directives[i].name, word) == 0)
			return &directives[i];
	return NULL;
}

static int
unknown(struct parse *p)
{
	const char *word = p->line->word[0];
	struct suggest s;

	suggest_init(&s, word);
	for (unsigned i = 0; i < n_directives; i++)
		suggest_offer(&s, directives[i].name);
	if (s.best != NULL)
		parse_hint(p, "did you mean %s?", s.best);
	else
		parse_hint(p, "tock.conf(5) lists the directives");
	return parse_fail(p, 0, "Invalid directive %s",
	    parse_shown(word).text);
}

int
directive_parse(struct parse *p)
{
	const struct directive *d = directive_find(p->line->word[0]);

	if (d == NULL)
		return unknown(p);
	switch (d->state) {
	case DIRECTIVE_SILENT:
		return 0;
	case DIRECTIVE_OBSOLETE:
		return parse_warn(p, 0,
		    "the directive %s is no longer supported and is ignored",
		    d->name);
	case DIRECTIVE_LATER:
		parse_hint(p, "leave the line out for now; it means: %s",
		    d->doc);
		return parse_fail(p, 0, "the directive %s is not built yet",
		    d->name);
	case DIRECTIVE_BUILT:
	case DIRECTIVE_INCLUDES:
		break;
	}
	return d->parse != NULL ? d->parse(p) : parse_row(p, d);
}

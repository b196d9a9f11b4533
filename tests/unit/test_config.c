/* SPDX-License-Identifier: ISC */
#include "conf_unit.h"

#include "common/paths.h"
#include "conf/directives.h"

static struct conf_try t;

START_TEST(the_defaults_are_chronys)
{
	char text[ADDR_STRLEN];
	const struct config *c = &t.config;

	try_init(&t);
	ck_assert_uint_eq(c->n_sources, 0);
	ck_assert_str_eq(c->driftfile, "");
	ck_assert_int_eq(c->drift_interval, 3600);
	ck_assert(!c->has_makestep && !c->has_maxdrift && !c->rtcsync);
	ck_assert_double_eq(c->maxslewrate_ppm, 83333.333);
	ck_assert_double_eq(c->maxdrift_ppm, 100000);
	ck_assert_double_eq(c->maxdistance, 3);
	ck_assert_double_eq(c->maxclockerror_ppm, 1);
	ck_assert_double_eq(c->combinelimit, 3);
	ck_assert_int_eq(c->minsources, 1);
	ck_assert_uint_eq(c->opencommands, OPEN_DEFAULT);
	ck_assert(!c->opencommands_set);
	ck_assert_uint_eq(c->guard.window_s, 900);
	ck_assert_double_eq(c->guard.bucket, 2);
	ck_assert_double_eq(c->guard.refill_ppm, 100);
	ck_assert(!c->guard.off && !c->guard.written);
	ck_assert_str_eq(c->pidfile, PATH_PID);
	ck_assert_str_eq(c->bindcmdpath, PATH_CHRONY);
	ck_assert_uint_eq(c->cmdport, 323);
	ck_assert_uint_eq(c->port, 123);
	ck_assert_str_eq(addr_print(&c->bindcmd4, text, sizeof text),
	    "127.0.0.1");
	ck_assert_str_eq(addr_print(&c->bindcmd6, text, sizeof text), "::1");
	try_fini(&t);
}
END_TEST

START_TEST(each_scalar_directive_sets_its_field)
{
	const struct config *c = &t.config;

	try_init(&t);
	try_good(&t, "driftfile /var/lib/x/drift interval 60");
	ck_assert_str_eq(c->driftfile, "/var/lib/x/drift");
	ck_assert_int_eq(c->drift_interval, 60);
	try_good(&t, "makestep 0.1 -1");
	ck_assert(c->has_makestep);
	ck_assert_double_eq(c->makestep_threshold, 0.1);
	ck_assert_int_eq(c->makestep_limit, -1);
	try_good(&t, "maxslewrate 500");
	ck_assert_double_eq(c->maxslewrate_ppm, 500);
	try_good(&t, "maxdrift 2000");
	ck_assert(c->has_maxdrift);
	ck_assert_double_eq(c->maxdrift_ppm, 2000);
	try_good(&t, "maxdistance 1.5");
	ck_assert_double_eq(c->maxdistance, 1.5);
	try_good(&t, "maxclockerror .1");
	ck_assert_double_eq(c->maxclockerror_ppm, 0.1);
	try_good(&t, "combinelimit 0");
	ck_assert_double_eq(c->combinelimit, 0);
	try_good(&t, "minsources 2");
	ck_assert_int_eq(c->minsources, 2);
	try_good(&t, "rtcsync");
	ck_assert(c->rtcsync);
	try_good(&t, "user ntp-user_1");
	ck_assert_str_eq(c->user, "ntp-user_1");
	try_good(&t, "pidfile " PATH_PID);
	ck_assert_str_eq(c->pidfile, PATH_PID);
	ck_assert_uint_eq(c->n_warnings, 0);
	try_good(&t, "pidfile /run/x.pid");
	ck_assert_str_eq(c->pidfile, "/run/x.pid");
	ck_assert_uint_eq(c->n_warnings, 1);
	try_good(&t, "fallbackdrift 10 12");
	ck_assert_int_eq(c->fallback_max, 12);
	ck_assert_uint_eq(c->n_warnings, 1);
	try_good(&t, "fallbackdrift 10 9");
	ck_assert_uint_eq(c->n_warnings, 2);
	try_good(&t, "pidfile /");
	ck_assert_str_eq(c->pidfile, "");
	try_good(&t, "cmdport 0");
	ck_assert_uint_eq(c->cmdport, 0);
	try_good(&t, "PORT 65535");
	ck_assert_uint_eq(c->port, 65535);
	try_fini(&t);
}
END_TEST

START_TEST(the_last_scalar_wins)
{
	try_init(&t);
	try_good(&t, "makestep 1 3");
	try_good(&t, "makestep 2 4");
	ck_assert_double_eq(t.config.makestep_threshold, 2);
	ck_assert_int_eq(t.config.makestep_limit, 4);
	try_good(&t, "driftfile /a/longer/name");
	try_good(&t, "driftfile /b");
	ck_assert_str_eq(t.config.driftfile, "/b");
	try_fini(&t);
}
END_TEST

START_TEST(control_addresses_are_kept_by_kind)
{
	char text[ADDR_STRLEN];
	char path[200];

	try_init(&t);
	try_good(&t, "bindcmdaddress 192.0.2.1");
	try_good(&t, "bindcmdaddress 2001:db8::1");
	try_good(&t, "bindcmdaddress /run/x.sock");
	ck_assert_str_eq(addr_print(&t.config.bindcmd4, text, sizeof text),
	    "192.0.2.1");
	ck_assert_str_eq(addr_print(&t.config.bindcmd6, text, sizeof text),
	    "2001:db8::1");
	ck_assert_str_eq(t.config.bindcmdpath, "/run/x.sock");
	try_good(&t, "bindcmdaddress /");
	ck_assert_str_eq(t.config.bindcmdpath, "");
	try_bad(&t, "bindcmdaddress localhost", 16, "neither an address");
	try_bad(&t, "bindcmdaddress ID#1", 16, "neither an address");
	try_bad(&t, "bindcmdaddress /run/", 16, "names a directory");
	snprintf(path, sizeof path, "bindcmdaddress /%0106d", 0);
	try_good(&t, path); /* 107 bytes */
	snprintf(path, sizeof path, "bindcmdaddress /%0107d", 0);
	try_bad(&t, path, 16, "too long");
	try_fini(&t);
}
END_TEST

START_TEST(opencommands_replaces_the_list)
{
	try_init(&t);
	try_good(&t, "opencommands Tracking sources");
	ck_assert_uint_eq(t.config.opencommands, OPEN_TRACKING | OPEN_SOURCES);
	try_good(&t, "opencommands activity authdata clients manual ntpdata "
	    "rtcdata selectdata serverstats smoothing sourcename sources "
	    "sourcestats tracking");
	ck_assert_uint_eq(t.config.opencommands, (1 << 13) - 1);
	try_good(&t, "opencommands");
	ck_assert_uint_eq(t.config.opencommands, 0);
	ck_assert(t.config.opencommands_set);
	try_bad(&t, "opencommands tracking makestep", 23, "\"makestep\"");
	try_fini(&t);
}
END_TEST

START_TEST(the_last_guard_line_holds_as_a_whole)
{
	const struct config_guard *g = &t.config.guard;

	try_init(&t);
	try_good(&t, "guard window 0 bucket 0.5 refill 50 operator 3 "
	    "notbefore 2026-01-01 notafter 2027-01-01");
	ck_assert_uint_eq(g->window_s, 0);
	ck_assert_double_eq(g->bucket, 0.5);
	ck_assert_double_eq(g->refill_ppm, 50);
	ck_assert_uint_eq(g->operator_steps, 3);
	ck_assert_int_eq(g->notbefore_s, 1767225600); /* date -u +%s */
	ck_assert_int_eq(g->notafter_s, 1798761600);
	ck_assert(g->written && !g->off);
	try_good(&t, "guard window 60");
	ck_assert_uint_eq(g->window_s, 60);
	ck_assert_double_eq(g->bucket, 2);
	ck_assert_int_eq(g->notbefore_s, 0);
	try_good(&t, "guard off");
	ck_assert(g->off);
	try_good(&t, "guard");
	ck_assert(!g->off && g->written);
	ck_assert_uint_eq(g->window_s, 900);
	try_bad(&t, "guard window 5 off", 16, "off and limits");
	try_bad(&t, "guard notbefore 2027-01-01 notafter 2027-01-01", 37,
	    "notafter");
	ck_assert_uint_eq(g->window_s, 900);
	try_fini(&t);
}
END_TEST

START_TEST(obsolete_words_warn_and_dumponexit_does_not)
{
	try_init(&t);
	try_good(&t, "dumponexit and whatever");
	ck_assert_uint_eq(t.config.n_warnings, 0);
	try_good(&t, "commandkey 1");
	try_good(&t, "generatecommandkey");
	try_good(&t, "linux_hz 100");
	try_good(&t, "linux_freq_scale 1.5");
	ck_assert_uint_eq(t.config.n_warnings, 4);
	ck_assert_str_eq(t.config.warnings[0], "t.conf:7:1: the directive "
	    "commandkey is no longer supported and is ignored");
	for (int i = 0; i < 200; i++)
		try_good(&t, "linux_hz");
	ck_assert_uint_eq(t.config.n_warnings, CONFIG_WARNINGS_MAX);
	try_fini(&t);
}
END_TEST

START_TEST(unknown_words_get_a_suggestion)
{
	try_init(&t);
	try_bad(&t, "serevr a", 1, "Invalid directive serevr");
	ck_assert_str_eq(t.error.hint, "did you mean server?");
	try_bad(&t, "  Makestp 1 3", 3, "Invalid directive Makestp");
	ck_assert_str_eq(t.error.hint, "did you mean makestep?");
	try_bad(&t, "restrict default", 1, "Invalid directive restrict");
	try_bad(&t, "refclock a", 1, "the directive refclock is not built yet");
	try_fini(&t);
}
END_TEST

/* Every directive of chrony's manual has to be known by name. */
START_TEST(every_directive_of_chronys_is_known)
{
	static const char *const all[] = { "server", "pool", "peer", "refclock",
		"initstepslew", "manual", "acquisitionport", "bindacqaddress",
		"bindacqdevice", "dscp", "dumpdir", "maxsamples", "minsamples",
		"ntsaeads", "ntsdumpdir", "ntscachedir", "ntsrefresh",
		"ntstrustedcerts", "nosystemcert", "nocerttimecheck", "refresh",
		"authselectmode", "combinelimit", "maxdistance", "maxjitter",
		"maxstratum", "minstratum", "minsources", "reselectdist",
		"stratumweight", "clockprecision", "corrtimeratio", "driftfile",
		"fallbackdrift", "leapsecmode", "leapsectz", "leapseclist",
		"makestep", "maxchange", "maxclockerror", "maxdrift",
		"maxupdateskew", "maxslewrate", "tempcomp", "allow", "deny",
		"bindaddress", "binddevice", "broadcast", "clientloglimit",
		"noclientlog", "local", "ntpsigndsocket", "ntsport",
		"ntsservercert", "ntsserverkey", "ntsprocesses",
		"maxntsconnections", "ntsntpserver", "ntsrotate", "port",
		"ratelimit", "ntsratelimit", "smoothtime", "bindcmdaddress",
		"bindcmddevice", "cmdallow", "cmddeny", "cmdport",
		"cmdratelimit", "opencommands", "hwclockfile", "rtcautotrim",
		"rtcdevice", "rtcfile", "rtconutc", "rtcsync", "log",
		"logbanner", "logchange", "logdir", "mailonchange", "confdir",
		"sourcedir", "include", "hwtimestamp", "hwtstimeout",
		"maxtxbuffers", "keyfile", "lock_all", "pidfile", "ptpport",
		"ptpdomain", "sched_priority", "user", "commandkey",
		"generatecommandkey", "linux_hz", "linux_freq_scale",
		"dumponexit" };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		ck_assert_msg(directive_find(all[i]) != NULL, "%s", all[i]);
	ck_assert_uint_eq(n_directives, /* and ours: guard, serverworkers, */
	    sizeof all / sizeof *all + 3); /* broadcastclient */
}
END_TEST

START_TEST(the_whole_is_reviewed)
{
	try_init(&t);
	ck_assert_int_eq(config_review(&t.config), 0);
	ck_assert_uint_eq(t.config.n_warnings, 1);
	ck_assert_ptr_nonnull(strstr(t.config.warnings[0], "no server line"));
	try_good(&t, "server a");
	ck_assert_int_eq(config_review(&t.config), 0);
	ck_assert_uint_eq(t.config.n_warnings, 1);
	try_good(&t, "server b");
	ck_assert_int_eq(config_review(&t.config), 0);
	ck_assert_uint_eq(t.config.n_warnings, 2);
	ck_assert_ptr_nonnull(strstr(t.config.warnings[1], "two sources"));
	try_good(&t, "server c");
	try_good(&t, "minsources 4");
	ck_assert_int_eq(config_review(&t.config), 0);
	ck_assert_uint_eq(t.config.n_warnings, 3);
	ck_assert_ptr_nonnull(strstr(t.config.warnings[2], "minsources is 4"));
	try_fini(&t);
}
END_TEST

/* It may be alone on purpose, and an orphan follows one at a time. */
START_TEST(local_needs_no_sources)
{
	try_init(&t);
	try_good(&t, "local orphan");
	ck_assert_int_eq(config_review(&t.config), 0);
	try_good(&t, "server a");
	try_good(&t, "server b");
	ck_assert_int_eq(config_review(&t.config), 0);
	ck_assert_uint_eq(t.config.n_warnings, 0);
	try_fini(&t);
}
END_TEST

START_TEST(there_are_no_limits_without_a_log)
{
	static const char *const limits[] = { "ratelimit", "cmdratelimit" };

	for (size_t i = 0; i < 2; i++) {
		try_init(&t);
		try_good(&t, "local");
		try_good(&t, limits[i]);
		ck_assert_int_eq(config_review(&t.config), 0);
		ck_assert_uint_eq(t.config.n_warnings, 0);
		try_good(&t, "noclientlog");
		ck_assert_int_eq(config_review(&t.config), 0);
		ck_assert_uint_eq(t.config.n_warnings, 1);
		ck_assert_ptr_nonnull(strstr(t.config.warnings[0], limits[i]));
		try_fini(&t);
	}
}
END_TEST

START_TEST(the_merged_lines_are_printed_as_chronyd_does)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	try_init(&t);
	try_good(&t, "  server   a.b\t iburst ");
	try_good(&t, "# comment");
	try_good(&t, "");
	try_good(&t, "PORT  123");
	try_good(&t, "dumponexit x");
	out = open_memstream(&text, &size);
	config_print(&t.config, out);
	fclose(out);
	ck_assert_str_eq(text, "server a.b iburst\nPORT 123\ndumponexit x\n");
	free(text);
	try_fini(&t);
}
END_TEST

START_TEST(errors_are_one_printable_line)
{
	struct config_error e = { .file = "a\nb", .line = 3, .column = 4,
		.text = "text", .hint = "do this" };
	char buf[100];

	config_error_print(&e, buf, sizeof buf);
	ck_assert_str_eq(buf, "a?b:3:4: text (do this)");
	e.column = 0;
	e.hint[0] = '\0';
	config_error_print(&e, buf, sizeof buf);
	ck_assert_str_eq(buf, "a?b:3: text");
	e.line = 0;
	config_error_print(&e, buf, sizeof buf);
	ck_assert_str_eq(buf, "a?b: text");
	config_error_print(&e, buf, 4);
	ck_assert_str_eq(buf, "a?b");
}
END_TEST

START_TEST(long_words_are_cut_in_messages)
{
	char line[1200];

	try_init(&t);
	memset(line, 'x', sizeof line);
	line[1000] = '\0';
	try_bad(&t, line, 1, "xxx...");
	ck_assert_uint_lt(strlen(t.error.text), 100);
	for (size_t i = 0; i < 1000; i += 2)
		memcpy(line + i, "\xc3\xbc", 2); /* never half a character */
	memcpy(line, "x", 1);
	memmove(line + 1, line + 2, 998);
	line[999] = '\0';
	try_bad(&t, line, 1, "\xc3\xbc...");
	try_fini(&t);
}
END_TEST

START_TEST(a_pool_counts_as_many)
{
	try_init(&t);
	try_good(&t, "pool a maxsources 3");
	try_good(&t, "server b");
	try_good(&t, "minsources 4");
	ck_assert_int_eq(config_review(&t.config), 0);
	ck_assert_uint_eq(t.config.n_warnings, 0);
	try_good(&t, "minsources 5");
	ck_assert_int_eq(config_review(&t.config), 0);
	ck_assert_uint_eq(t.config.n_warnings, 1);
	try_fini(&t);
}
END_TEST

START_TEST(directories_of_sources_are_kept_once)
{
	try_init(&t);
	try_good(&t, "sourcedir /etc/a /run/b");
	try_good(&t, "sourcedir /run/b /run/c");
	ck_assert_uint_eq(t.config.n_sourcedirs, 3);
	ck_assert_str_eq(t.config.sourcedirs[2], "/run/c");
	try_bad(&t, "sourcedir", 1, "the argument is missing");
	try_bad(&t, "sourcedir /x a", 14, "is not the path of a directory");
	try_bad(&t, "sourcedir /etc/../a", 11, "is not the path");
	ck_assert_uint_eq(t.config.n_sourcedirs, 3);
	try_bad(&t, "sourcedir /1 /2 /3 /4 /5 /6 /7 /8", 32, "more than 10");
	try_fini(&t);
}
END_TEST

/* Debian 12's, without comments. */
START_TEST(the_chrony_conf_that_debian_ships_is_taken_without_a_word)
{
	static const char *const lines[] = { "pool 2.debian.pool.ntp.org iburst",
		"sourcedir /run/chrony-dhcp", "sourcedir /etc/chrony/sources.d",
		"keyfile /etc/chrony/chrony.keys",
		"driftfile /var/lib/chrony/chrony.drift",
		"ntsdumpdir /var/lib/chrony", "logdir /var/log/chrony",
		"maxupdateskew 100.0", "rtcsync", "makestep 1 3",
		"leapsectz right/UTC" };

	try_init(&t);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		try_good(&t, lines[i]);
	ck_assert_int_eq(config_review(&t.config), 0);
	ck_assert_uint_eq(t.config.n_warnings, 0);
	try_bad(&t, "log tracking", 1, "not built yet");
	try_bad(&t, "server a nts", 10, "not built yet");
	try_bad(&t, "logdir log", 8, "not an absolute path");
	try_fini(&t);
}
END_TEST

START_TEST(limits_of_samples_are_off_unless_written)
{
	try_init(&t);
	ck_assert_int_eq(t.config.minsamples, 0);
	ck_assert_int_eq(t.config.maxsamples, 0);
	ck_assert_double_eq(t.config.clockprecision, 0);
	try_good(&t, "maxsamples 64");
	try_good(&t, "minsamples 8");
	try_good(&t, "server a iburst maxsamples 6");
	try_good(&t, "clockprecision 1e-6");
	ck_assert_int_eq(t.config.maxsamples, 64);
	ck_assert_int_eq(t.config.minsamples, 8);
	ck_assert_int_eq(t.config.sources[0].maxsamples, 6);
	ck_assert_int_eq(t.config.sources[0].minsamples, -1);
	ck_assert_double_eq(t.config.clockprecision, 1e-6);
	ck_assert_uint_eq(t.config.n_warnings, 0);
	try_bad(&t, "maxsamples -1", 12, "out of range");
	try_bad(&t, "clockprecision 0", 16, "out of range");
	try_fini(&t);
}
END_TEST

UNIT_MAIN("config", a_pool_counts_as_many, directories_of_sources_are_kept_once,
    the_defaults_are_chronys,
    the_chrony_conf_that_debian_ships_is_taken_without_a_word,
    limits_of_samples_are_off_unless_written,
    each_scalar_directive_sets_its_field, the_last_scalar_wins,
    control_addresses_are_kept_by_kind, opencommands_replaces_the_list,
    the_last_guard_line_holds_as_a_whole,
    obsolete_words_warn_and_dumponexit_does_not,
    unknown_words_get_a_suggestion, every_directive_of_chronys_is_known,
    the_whole_is_reviewed, local_needs_no_sources,
    there_are_no_limits_without_a_log,
    the_merged_lines_are_printed_as_chronyd_does,
    errors_are_one_printable_line, long_words_are_cut_in_messages)

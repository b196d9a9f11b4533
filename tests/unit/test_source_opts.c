/* SPDX-License-Identifier: ISC */
#include "conf_unit.h"

static struct conf_try t;

static const struct config_source *
last(void)
{
	return &t.config.sources[t.config.n_sources - 1];
}

START_TEST(a_bare_server_has_chronys_defaults)
{
	try_init(&t);
	try_good(&t, "server ntp.example.net");
	ck_assert_uint_eq(t.config.n_sources, 1);
	ck_assert_str_eq(last()->name, "ntp.example.net");
	ck_assert_uint_eq(last()->port, 123);
	ck_assert_int_eq(last()->minpoll, 6);
	ck_assert_int_eq(last()->maxpoll, 10);
	ck_assert_double_eq(last()->maxdelay, 3);
	ck_assert_int_eq(last()->version, 0); /* 4 */
	ck_assert_int_eq(last()->family, ADDR_NONE);
	ck_assert(!last()->iburst);
	try_fini(&t);
}
END_TEST

START_TEST(options_are_read_in_any_case_and_the_last_wins)
{
	try_init(&t);
	try_good(&t, "SERVER 192.0.2.1 IBurst minpoll -7 maxpoll 24 PORT 1 "
	    "maxdelay 0.5 version 3 ipv4 minpoll 2");
	ck_assert(last()->iburst);
	ck_assert_int_eq(last()->minpoll, 2);
	ck_assert_int_eq(last()->maxpoll, 24);
	ck_assert_uint_eq(last()->port, 1);
	ck_assert_double_eq(last()->maxdelay, 0.5);
	ck_assert_int_eq(last()->version, 3);
	ck_assert_int_eq(last()->family, ADDR_INET4);
	try_fini(&t);
}
END_TEST

START_TEST(servers_accumulate_in_their_order)
{
	char text[64];

	try_init(&t);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof text, "server s%d.example", i);
		try_good(&t, text);
	}
	ck_assert_uint_eq(t.config.n_sources, 100);
	ck_assert_str_eq(t.config.sources[0].name, "s0.example");
	ck_assert_str_eq(t.config.sources[99].name, "s99.example");
	try_fini(&t);
}
END_TEST

START_TEST(a_target_is_an_error_in_seconds)
{
	try_init(&t);
	try_good(&t, "server a.example");
	ck_assert_double_eq(last()->target, 0);
	try_good(&t, "server b.example target 50e-6");
	ck_assert_double_eq(last()->target, 50e-6);
	try_bad(&t, "server c.example target 0", 25, "out of range");
	try_fini(&t);
}
END_TEST

START_TEST(a_peer_has_a_servers_options)
{
	try_init(&t);
	try_good(&t, "peer b.example key 7 port 1234 minpoll 3 maxpoll 5 "
	    "xleave offset 1e-3 prefer noselect version 3 maxdelay 1");
	ck_assert_uint_eq(t.config.n_warnings, 0);
	ck_assert(last()->is_peer && !last()->is_pool && last()->xleave);
	ck_assert_uint_eq(last()->key, 7);
	ck_assert_uint_eq(last()->port, 1234);
	ck_assert_int_eq(last()->maxpoll, 5);
	ck_assert_uint_eq(last()->select, SELECT_PREFER | SELECT_NOSELECT);
	try_good(&t, "server c.example");
	ck_assert(!last()->is_peer);
	try_bad(&t, "peer", 1, "peer: the name is missing");
	ck_assert_ptr_nonnull(strstr(t.error.hint, "usage: peer NAME"));
	try_bad(&t, "peer 224.0.0.1", 6, "peer: \"224.0.0.1\"");
	try_bad(&t, "peer a maxsources 3", 8, "peer");
	try_bad(&t, "peer a nts", 8, "not built yet");
	try_fini(&t);
}
END_TEST

START_TEST(what_has_no_effect_for_a_peer_is_worth_a_warning)
{
	static const char *const idle[] = { "iburst", "burst", "presend 6",
		"copy" };
	char text[64];

	for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
		try_init(&t);
		snprintf(text, sizeof text, "peer 192.0.2.1 %s", idle[i]);
		try_good(&t, text);
		ck_assert_uint_eq(t.config.n_warnings, 1);
		snprintf(text, sizeof text, "t.conf:7:16: %.*s has no effect "
		    "for a peer", (int)strcspn(idle[i], " "), idle[i]);
		ck_assert_str_eq(t.config.warnings[0], text);
		ck_assert(!last()->iburst && !last()->burst && !last()->copy);
		ck_assert_int_eq(last()->presend, SOURCE_NO_PRESEND);
		try_fini(&t);
	}
}
END_TEST

START_TEST(peers_need_a_port)
{
	try_init(&t);
	try_good(&t, "peer 192.0.2.1");
	ck_assert_int_eq(config_review(&t.config), 0);
	ck_assert_uint_eq(t.config.n_warnings, 0);
	try_good(&t, "port 0");
	ck_assert_int_eq(config_review(&t.config), 0);
	ck_assert_uint_eq(t.config.n_warnings, 1);
	ck_assert_ptr_nonnull(strstr(t.config.warnings[0], "port 0"));
	try_fini(&t);
}
END_TEST

START_TEST(names_that_cannot_be_servers_are_refused)
{
	const char *const bad[] = { "1.2.3", "1.2.3.4.5", "256.1.1.1", "127.1",
		"1234", "0.0.0.0", "255.255.255.255", "224.0.0.1", "ff02::1",
		"::", "1::2::3", ":", "a..b", ".", ".a", "-a", "a.-b", "a/b",
		"a,b", "a:b", "\"a\"", "Z\xc3\xbcrich.example", "#", "ID#1" };
	char text[64];

	try_init(&t);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(text, sizeof text, "server %s", bad[i]);
		try_bad(&t, text, 8, "server: ");
	}
	ck_assert_uint_eq(t.config.n_sources, 0);
	try_fini(&t);
}
END_TEST

START_TEST(names_that_can_be_servers_are_taken)
{
	const char *const good[] = { "a", "a.", "_ntp.x-y.example", "3com.com",
		"127.0.0.1", "2001:db8::1", "::1", "fe80::1%lo",
		"1.2.3.4.in-addr.arpa" };
	char text[64];

	try_init(&t);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		snprintf(text, sizeof text, "server %s", good[i]);
		try_good(&t, text);
		ck_assert_str_eq(last()->name, good[i]);
	}
	try_fini(&t);
}
END_TEST

START_TEST(a_name_has_at_most_255_bytes_and_labels_of_63)
{
	char text[300];

	try_init(&t);
	snprintf(text, sizeof text, "server %064d.example", 0);
	try_bad(&t, text, 8, "is not a host name");
	snprintf(text, sizeof text, "server a%062d.example", 0);
	try_good(&t, text);
	strcpy(text, "server ");
	for (int i = 0; i < 127; i++)
		strcat(text, "a.");
	strcat(text, "a");
	try_good(&t, text); /* 255 */
	strcat(text, "a");
	try_bad(&t, text, 8, "longer than 255");
	try_fini(&t);
}
END_TEST

START_TEST(families_have_to_agree)
{
	try_init(&t);
	try_bad(&t, "server a ipv4 iburst ipv6", 22, "exclude each other");
	try_bad(&t, "server 192.0.2.1 ipv6", 18, "other family");
	try_bad(&t, "server ::1 iburst ipv4", 19, "other family");
	try_good(&t, "server ::1 ipv6");
	ck_assert_int_eq(last()->family, ADDR_INET6);
	try_fini(&t);
}
END_TEST

START_TEST(a_maxpoll_below_minpoll_is_raised_with_a_warning)
{
	try_init(&t);
	try_good(&t, "server a minpoll 12");
	ck_assert_int_eq(last()->maxpoll, 12);
	ck_assert_uint_eq(t.config.n_warnings, 0);
	try_good(&t, "server a maxpoll 4");
	ck_assert_int_eq(last()->minpoll, 6);
	ck_assert_int_eq(last()->maxpoll, 6);
	ck_assert_uint_eq(t.config.n_warnings, 1);
	ck_assert_str_eq(t.config.warnings[0],
	    "t.conf:7:10: maxpoll 4 is below minpoll 6 and is raised to it");
	try_fini(&t);
}
END_TEST

START_TEST(the_same_address_twice_is_one_source)
{
	try_init(&t);
	try_good(&t, "server 2001:db8::1");
	try_good(&t, "server 2001:DB8:0::1 iburst");
	ck_assert_uint_eq(t.config.n_sources, 1);
	ck_assert_uint_eq(t.config.n_warnings, 1);
	try_good(&t, "server 2001:db8::1 port 124"); /* another server */
	try_good(&t, "server a.example");
	try_good(&t, "server a.example"); /* perhaps its second address */
	ck_assert_uint_eq(t.config.n_sources, 4);
	ck_assert_uint_eq(t.config.n_warnings, 1);
	try_fini(&t);
}
END_TEST

START_TEST(a_pool_has_chronys_options_and_a_number_of_its_own)
{
	try_init(&t);
	try_good(&t, "pool a.example iburst maxsources 7 prefer trust xleave "
	    "key 9 filter 5 offset -0.25 asymmetry 0.5 presend 9 copy");
	ck_assert(last()->is_pool && last()->xleave && last()->copy);
	ck_assert_int_eq(last()->maxsources, 7);
	ck_assert_uint_eq(last()->select, SELECT_PREFER | SELECT_TRUST);
	ck_assert_uint_eq(last()->key, 9);
	ck_assert_int_eq(last()->filter, 5);
	ck_assert_double_eq(last()->offset, -0.25);
	ck_assert_int_eq(last()->presend, 9);
	try_good(&t, "pool b.example maxsources 1000");
	ck_assert_int_eq(last()->maxsources, 16);
	ck_assert_int_eq(last()->presend, SOURCE_NO_PRESEND);
	ck_assert_double_eq(last()->maxdelaydevratio, 0);
	ck_assert_uint_eq(last()->select, 0);
	try_bad(&t, "server a maxsources 4", 10, "Invalid option");
	try_bad(&t, "pool #", 6, "is not a name");
	ck_assert_uint_eq(t.config.n_sources, 2);
	try_fini(&t);
}
END_TEST

START_TEST(initstepslew_takes_hosts)
{
	try_init(&t);
	try_good(&t, "initstepslew 10 a.example 192.0.2.1");
	ck_assert_double_eq(t.config.initstepslew_threshold, 10);
	ck_assert_uint_eq(t.config.n_initstepslew_hosts, 2);
	ck_assert_str_eq(t.config.initstepslew_hosts[1], "192.0.2.1");
	try_good(&t, "initstepslew 5");
	ck_assert_uint_eq(t.config.n_initstepslew_hosts, 0);
	try_bad(&t, "initstepslew 1 a..b", 16, "is not a host");
	try_fini(&t);
}
END_TEST

START_TEST(options_of_chronys_that_are_not_built_are_refused_by_name)
{
	try_init(&t);
	try_bad(&t, "server a iburst nts", 17,
	    "the option nts of server is not built yet");
	try_bad(&t, "server a extfield F323", 10,
	    "extfield of server is not built yet");
	try_bad(&t, "server a xyzzy", 10, "Invalid option \"xyzzy\" in server");
	try_bad(&t, "server a ibrust", 10, "Invalid option");
	ck_assert_str_eq(t.error.hint, "did you mean iburst?");
	try_bad(&t, "server a # fast", 10, "Invalid option");
	ck_assert_str_eq(t.error.hint, "comments stand on lines of their own");
	ck_assert_uint_eq(t.config.n_sources, 0);
	try_fini(&t);
}
END_TEST

START_TEST(there_are_at_most_1000_sources)
{
	char text[64];

	try_init(&t);
	for (int i = 0; i < CONFIG_SOURCES_MAX; i++) {
		snprintf(text, sizeof text, "server s%d", i);
		try_good(&t, text);
	}
	try_bad(&t, "server one.more", 1, "more than 1000 sources");
	ck_assert_uint_eq(t.config.n_sources, CONFIG_SOURCES_MAX);
	try_fini(&t);
}
END_TEST

UNIT_MAIN("source_opts", a_bare_server_has_chronys_defaults,
    options_are_read_in_any_case_and_the_last_wins,
    servers_accumulate_in_their_order,
    a_target_is_an_error_in_seconds, a_peer_has_a_servers_options,
    what_has_no_effect_for_a_peer_is_worth_a_warning, peers_need_a_port,
    names_that_cannot_be_servers_are_refused,
    names_that_can_be_servers_are_taken,
    a_name_has_at_most_255_bytes_and_labels_of_63, families_have_to_agree,
    a_maxpoll_below_minpoll_is_raised_with_a_warning,
    the_same_address_twice_is_one_source,
    a_pool_has_chronys_options_and_a_number_of_its_own,
    initstepslew_takes_hosts,
    options_of_chronys_that_are_not_built_are_refused_by_name,
    there_are_at_most_1000_sources)

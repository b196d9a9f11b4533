/* SPDX-License-Identifier: ISC
 *
 * broadcast and broadcastclient lines. */
#include "conf_unit.h"

static struct conf_try t;

START_TEST(a_broadcast_line_is_as_chrony_has_it)
{
	const struct config_broadcast *b = t.config.broadcasts;
	char text[ADDR_STRLEN];

	try_init(&t);
	try_good(&t, "broadcast 60 10.0.0.255");
	try_good(&t, "broadcast 1 ff02::101 12123");
	try_good(&t, "broadcast 16777216 224.0.1.1 1 key 4294967295");
	try_good(&t, "broadcast 64 255.255.255.255 key 7");
	try_good(&t, "broadcast 64 ff02::101%1");
	ck_assert_uint_eq(t.config.n_broadcasts, 5);
	ck_assert_str_eq(addr_print(&b[0].addr, text, sizeof text),
	    "10.0.0.255");
	ck_assert_int_eq(b[0].interval, 60);
	ck_assert_uint_eq(b[0].port, 123);
	ck_assert_uint_eq(b[0].key, 0);
	ck_assert_str_eq(addr_print(&b[1].addr, text, sizeof text), "ff02::101");
	ck_assert_uint_eq(b[1].port, 12123);
	ck_assert_uint_eq(b[2].port, 1);
	ck_assert_uint_eq(b[2].key, 4294967295);
	ck_assert_uint_eq(b[3].key, 7);
	ck_assert_uint_eq(b[3].port, 123);
	ck_assert_uint_eq(b[4].addr.scope, 1);
	try_fini(&t);
}
END_TEST

START_TEST(a_bad_broadcast_line_says_where)
{
	try_init(&t);
	try_bad(&t, "broadcast", 1, "broadcast: INTERVAL is missing");
	try_bad(&t, "broadcast 60", 1, "broadcast: ADDRESS is missing");
	ck_assert_str_eq(t.error.hint, "usage: broadcast INTERVAL ADDRESS "
	    "[PORT] [key ID]");
	try_bad(&t, "broadcast 0 10.0.0.255", 11, "1 .. 16777216");
	try_bad(&t, "broadcast x 10.0.0.255", 11, "INTERVAL");
	try_bad(&t, "broadcast 60 10.0.0.256", 14, "is no address to send to");
	try_bad(&t, "broadcast 60 lan.example", 14, "is no address to send to");
	try_bad(&t, "broadcast 60 ID#1", 14, "is no address to send to");
	try_bad(&t, "broadcast 60 0.0.0.0", 14, "is no address to send to");
	try_bad(&t, "broadcast 60 ::", 14, "is no address to send to");
	try_bad(&t, "broadcast 60 10.0.0.255 0", 25, "PORT");
	try_bad(&t, "broadcast 60 10.0.0.255 65536", 25, "PORT");
	try_bad(&t, "broadcast 60 10.0.0.255 key", 25, "key");
	try_bad(&t, "broadcast 60 10.0.0.255 key 0", 29, "key");
	try_bad(&t, "broadcast 60 10.0.0.255 kye 1", 25, "Invalid option");
	ck_assert_uint_eq(t.config.n_broadcasts, 0);
	for (int i = 0; i < CONFIG_BROADCASTS_MAX; i++)
		try_good(&t, "broadcast 60 10.0.0.255");
	try_bad(&t, "broadcast 60 10.0.0.255", 1, "more than 16");
	try_fini(&t);
}
END_TEST

START_TEST(broadcasts_are_taken_with_a_key_alone)
{
	try_init(&t);
	try_good(&t, "broadcastclient key 7");
	try_good(&t, "broadcastclient interface lo key 8");
	ck_assert_uint_eq(t.config.n_listeners, 2);
	ck_assert_uint_eq(t.config.listeners[0].key, 7);
	ck_assert_str_eq(t.config.listeners[0].interface, "");
	ck_assert_uint_eq(t.config.listeners[1].key, 8);
	ck_assert_str_eq(t.config.listeners[1].interface, "lo");
	try_bad(&t, "broadcastclient", 1, "the key is missing");
	try_bad(&t, "broadcastclient interface lo", 1, "the key is missing");
	try_bad(&t, "broadcastclient key 0", 21, "key");
	try_bad(&t, "broadcastclient interface sixteenletters12 key 1", 27,
	    "interface");
	while (t.config.n_listeners < CONFIG_LISTENERS_MAX)
		try_good(&t, "broadcastclient key 7");
	try_bad(&t, "broadcastclient key 7", 1, "more than 8");
	try_fini(&t);
}
END_TEST

/* Reviews, and looks for a warning. */
static bool
warns(const char *of)
{
	bool found = false;

	ck_assert_int_eq(config_review(&t.config), 0);
	for (size_t i = 0; i < t.config.n_warnings; i++)
		found |= strstr(t.config.warnings[i], of) != NULL;
	return found;
}

START_TEST(what_cannot_work_is_a_warning)
{
	try_init(&t);
	try_good(&t, "broadcastclient key 7");
	ck_assert(!warns(""));
	try_good(&t, "bindaddress 192.0.2.1");
	ck_assert(warns("waits in vain"));
	ck_assert(!warns("port is 0"));
	try_good(&t, "port 0");
	ck_assert(warns("port is 0"));
	try_fini(&t);
	try_init(&t);
	try_good(&t, "server a");
	try_good(&t, "broadcast 60 10.0.0.255");
	try_good(&t, "bindaddress 192.0.2.1");
	ck_assert(!warns(""));
	try_good(&t, "port 0");
	ck_assert(warns("port is 0"));
	try_fini(&t);
}
END_TEST

UNIT_MAIN("broadcast_opts", a_broadcast_line_is_as_chrony_has_it,
    a_bad_broadcast_line_says_where, broadcasts_are_taken_with_a_key_alone,
    what_cannot_work_is_a_warning)

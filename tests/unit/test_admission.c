/* SPDX-License-Identifier: ISC
 *
 * Rules with names: late, but at their line's place. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/emu/engine_world.h"

static struct world w;

static void
start(const char *const *lines, size_t n)
{
	world_init(&w, 1);
	for (size_t i = 0; i < n; i++)
		world_line(&w, lines[i]);
	world_start(&w);
}
#define START(...)                                                             \
	start((const char *const[]){ __VA_ARGS__ },                            \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static struct addr
addr(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, text), 0);
	return a;
}

static bool
may(const struct access *table, const char *text)
{
	struct addr a = addr(text);

	return access_may(table, &a);
}

START_TEST(lines_count_from_the_start)
{
	START("allow 192.0.2.0/24", "deny 192.0.2.9", "cmdallow 10");
	ck_assert(may(&w.engine.admission.clients, "192.0.2.1"));
	ck_assert(!may(&w.engine.admission.clients, "192.0.2.9"));
	ck_assert(!may(&w.engine.admission.clients, "10.0.0.1"));
	ck_assert(may(&w.engine.admission.commands, "10.0.0.1"));
	world_fini(&w);
}
END_TEST

START_TEST(a_name_counts_for_all_its_addresses)
{
	struct addr both[] = { addr("192.0.2.77"), addr("2001:db8::77") };
	const struct access *table = &w.engine.admission.clients;

	START("allow host.example");
	ck_assert(!may(table, "192.0.2.77"));
	ck_assert(fake_resolve(&w.os, "host.example", both, 2));
	ck_assert(may(table, "192.0.2.77"));
	ck_assert(may(table, "2001:db8::77"));
	ck_assert(!may(table, "192.0.2.78"));
	world_fini(&w);
}
END_TEST

START_TEST(a_name_without_an_answer_is_asked_for_again)
{
	struct addr a = addr("192.0.2.77");

	START("cmdallow host.example", "allow none.example");
	ck_assert(fake_resolve(&w.os, "host.example", NULL, -1));
	ck_assert(fake_resolve(&w.os, "none.example", NULL, 0));
	ck_assert(!fake_resolve(&w.os, "host.example", &a, 1));
	fake_advance(&w.os, 65);
	ck_assert(fake_resolve(&w.os, "host.example", &a, 1));
	ck_assert(may(&w.engine.admission.commands, "192.0.2.77"));
	world_fini(&w);
}
END_TEST

/* As when the machine was there before its name. */
START_TEST(a_name_that_does_not_exist_yet_is_looked_up_less_and_less_often)
{
	struct addr a = addr("192.0.2.77");
	char path[] = "/tmp/test_admission.XXXXXX", text[4096];
	int fd = mkstemp(path);
	unsigned asked = 0;

	unlink(path);
	log_init(fd, LOGSTYLE_PLAIN, LOGLEVEL_INFO, "");
	START("allow host.example");
	for (int i = 0; i < 24 * 3600; i += 8) {
		asked += fake_resolve(&w.os, "host.example", NULL, 0);
		fake_advance(&w.os, 8);
	}
	ck_assert_uint_ge(asked, 24);
	ck_assert_uint_le(asked, 32);
	fake_advance(&w.os, 4096);
	ck_assert(fake_resolve(&w.os, "host.example", &a, 1));
	ck_assert(may(&w.engine.admission.clients, "192.0.2.77"));
	world_fini(&w);
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	const char *told = strstr(text,
	    "access of host host.example: there is no such name, looking "
	    "again\n");

	ck_assert_ptr_nonnull(told);
	ck_assert_ptr_null(strstr(strchr(told, '\n'), "no such name"));
	ck_assert_ptr_nonnull(strstr(told,
	    "access of host host.example: its addresses are known now\n"));
}
END_TEST

START_TEST(later_lines_overrule_a_name_that_comes_late)
{
	struct addr a = addr("192.0.2.77"), b = addr("198.51.100.1"),
		    c = addr("203.0.113.1");
	const struct access *table = &w.engine.admission.clients;

	START("allow a.example", "allow b.example", "allow c.example",
	    "deny all 192.0.2.0/24", "deny 198.51.100.1", "deny 203.0.113.0/24");
	ck_assert(fake_resolve(&w.os, "a.example", &a, 1));
	ck_assert(fake_resolve(&w.os, "b.example", &b, 1));
	ck_assert(fake_resolve(&w.os, "c.example", &c, 1));
	ck_assert(!may(table, "192.0.2.77"));
	ck_assert(!may(table, "198.51.100.1"));
	ck_assert(may(table, "203.0.113.1"));
	world_fini(&w);
}
END_TEST

START_TEST(an_end_under_way_forgets_the_names)
{
	struct addr a = addr("192.0.2.77");

	START("allow a.example");
	world_fini(&w);
	ck_assert(!fake_resolve(&w.os, "a.example", &a, 1));
}
END_TEST

UNIT_MAIN("admission", lines_count_from_the_start,
    a_name_counts_for_all_its_addresses,
    a_name_without_an_answer_is_asked_for_again,
    a_name_that_does_not_exist_yet_is_looked_up_less_and_less_often,
    later_lines_overrule_a_name_that_comes_late,
    an_end_under_way_forgets_the_names)

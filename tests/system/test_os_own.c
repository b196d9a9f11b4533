/* SPDX-License-Identifier: ISC
 *
 * A process that is its own clock and its own resolver. */
#include <errno.h>

#include "tests/system/os_bench.h"

#define RAW_NS INT64_C(123456789)

static struct own_clock {
	struct os_clock clock;
	int calls, events;   /* that came, that are to come */
	int wait;            /* ms */
	struct mono from;    /* the event may not come before wait has passed */
} own;

static struct bench b;

static void
do_call(struct os_clock *c, struct clk_req *req, struct clk_rep *rep)
{
	((struct own_clock *)c)->calls++;
	*rep = (struct clk_rep){ .type = CLK_DONE, .freq_ppt = req->type };
}

static bool
next_event(struct os_clock *c, struct clk_rep *rep)
{
	struct own_clock *o = (struct own_clock *)c;
	double waited = mono_sub(b.os->ops->mono(b.os), o->from);

	if (o->events == 0 || waited < o->wait * 1e-3)
		return false;
	o->events--;
	*rep = (struct clk_rep){ .type = CLK_WAS_SET };
	return true;
}

static int
wait_ms(struct os_clock *c)
{
	const struct own_clock *o = (struct own_clock *)c;

	return o->events > 0 ? o->wait : -1;
}

static int64_t
raw(struct os_clock *c)
{
	(void)c;
	return RAW_NS;
}

static int
resolve(const struct lookup *l, struct addr *addrs, int max)
{
	ck_assert_int_gt(max, 1);
	if (strcmp(l->name, "known.example") != 0)
		return 0;
	addrs[0] = at("192.0.2.1", 0).addr;
	return 1;
}

static void
setup(void)
{
	memset(&b, 0, sizeof b);
	own = (struct own_clock){ .clock = { do_call, next_event, wait_ms,
		raw } };
	ck_assert_int_eq(os_linux_init(&b.o, &(struct os_linux_fds){
		.clock = -1, .resolver = -1, .own_clock = &own.clock,
		.resolve = resolve, .max_socks = 2 }), 0);
	b.os = &b.o.os;
	b.os->engine = &b;
	own.from = b.os->ops->mono(b.os);
}

static void
teardown(void)
{
	os_linux_fini(&b.o);
}

START_TEST(requests_go_to_the_own_clock)
{
	struct clk_req req = { .type = CLK_STATUS };
	struct clk_rep rep;

	b.os->ops->clock(b.os, &req, &rep);
	ck_assert_int_eq(own.calls, 1);
	ck_assert_int_eq(rep.error, 0);
	ck_assert_int_eq(rep.freq_ppt, CLK_STATUS);
	ck_assert_int_eq(b.os->ops->pair(b.os).raw.ns, RAW_NS);
}
END_TEST

static void
take_event(void *engine, const struct clk_rep *rep)
{
	ck_assert_ptr_eq(engine, &b);
	b.last_event = rep->type;
	b.os->ops->stop(b.os, 0);
}

START_TEST(its_events_come_in_time_without_a_descriptor)
{
	struct mono begin = b.os->ops->mono(b.os);

	b.os->clock_event = take_event;
	own.events = 1;
	own.wait = 30;
	ck_assert_int_eq(os_linux_run(&b.o), 0);
	ck_assert_int_eq(b.last_event, CLK_WAS_SET);
	double took = mono_sub(b.os->ops->mono(b.os), begin);
	ck_assert_double_ge(took, 0.03);
	ck_assert_double_lt(took, 5);
}
END_TEST

static int answers;

static void
looked_up(struct lookup *l, const struct addr *addrs, int n)
{
	answers += n == 1 ? addr_equal(&addrs[0], l->owner) : 10;
	if (answers == 11)
		b.os->ops->stop(b.os, 0);
}

START_TEST(names_are_looked_up_in_the_loop_never_in_the_call)
{
	struct addr known = at("192.0.2.1", 0).addr;
	struct lookup l[] = {
		{ .name = "known.example", .owner = &known, .done = looked_up },
		{ .name = "unknown.example", .done = looked_up },
	};

	answers = 0;
	ck_assert_int_eq(b.os->ops->lookup(b.os, &l[0]), 0);
	ck_assert_int_eq(b.os->ops->lookup(b.os, &l[1]), 0);
	ck_assert_int_eq(answers, 0);
	ck_assert_int_eq(os_linux_run(&b.o), 0);
	ck_assert_int_eq(answers, 11);
}
END_TEST

START_TEST(one_socket_too_many_is_refused_and_no_more)
{
	struct sock_want want = { .kind = SOCK_KIND_UDP,
		.local = at("127.0.0.1", 0) };
	struct note notes[3];

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(note_open(&notes[i], &b, &want), 0);
	ck_assert_int_eq(note_open(&notes[2], &b, &want), -EMFILE);
	note_close(&notes[0]);
	ck_assert_int_eq(note_open(&notes[2], &b, &want), 0);
	note_close(&notes[1]);
	note_close(&notes[2]);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("own");
	Suite *suite = suite_create("os_own");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, requests_go_to_the_own_clock);
	tcase_add_test(tc, its_events_come_in_time_without_a_descriptor);
	tcase_add_test(tc, names_are_looked_up_in_the_loop_never_in_the_call);
	tcase_add_test(tc, one_socket_too_many_is_refused_and_no_more);
	suite_add_tcase(suite, tc);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}

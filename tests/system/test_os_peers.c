/* SPDX-License-Identifier: ISC
 *
 * The real backend's edges to the clock and the resolver; the test plays both
 * at the other end of a socket pair. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privsep/chan.h"
#include "privsep/wire_names.h"
#include "tests/system/os_bench.h"

/* ---- names */

struct answer {
	struct bench *bench;
	struct lookup lookup;
	struct addr addrs[NAMES_ADDRS];
	int n, calls;
};

static void
on_done(struct lookup *l, const struct addr *addrs, int n)
{
	struct answer *a = l->owner;

	a->calls++;
	a->n = n;
	if (n > 0)
		memcpy(a->addrs, addrs, (size_t)n * sizeof *addrs);
	bench_done(a->bench);
}

static int
ask(struct answer *a, struct bench *b, const char *name, enum addr_family family)
{
	*a = (struct answer){ .bench = b };
	memcpy(a->lookup.name, name, strlen(name) + 1);
	a->lookup.family = family;
	a->lookup.owner = a;
	a->lookup.done = on_done;
	return b->os->ops->lookup(b->os, &a->lookup);
}

static struct names_req
take_request(int fd)
{
	struct names_req req;

	ck_assert_int_eq(chan_recv(fd, &req, sizeof req, NULL), sizeof req);
	ck_assert_uint_eq(req.type, NAMES_LOOKUP);
	ck_assert_uint_eq(req.zero, 0);
	return req;
}

static void
add(struct names_rep *rep, const char *text)
{
	struct addr a = at(text, 0).addr;
	struct names_addr *to = &rep->addrs[rep->count++];

	to->family = a.family;
	to->scope = a.scope;
	memcpy(to->bytes, a.bytes, 16);
}

static void
say(int fd, const struct names_rep *rep)
{
	ck_assert_int_eq(chan_send(fd, rep, sizeof *rep, -1, 0), 0);
}

static void
on_gone(void *engine)
{
	struct bench *b = engine;

	b->resolver_gone++;
}

static void
names_bench(struct bench *b, int fds[2])
{
	ck_assert_int_eq(chan_pair(fds), 0);
	bench_init(b, -1, fds[0]);
	b->o.os.resolver_gone = on_gone;
}

static void
names_end(struct bench *b, int fds[2])
{
	bench_fini(b);
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
}

START_TEST(a_name_is_found)
{
	struct names_rep rep = { .type = NAMES_FOUND };
	struct names_req req;
	struct answer a;
	struct bench b;
	int fds[2];

	names_bench(&b, fds);
	ck_assert_int_eq(ask(&a, &b, "ntp.example.org", ADDR_NONE), 0);
	req = take_request(fds[1]);
	ck_assert_str_eq(req.name, "ntp.example.org");
	ck_assert_uint_eq(req.family, ADDR_NONE);
	rep.id = req.id;
	add(&rep, "192.0.2.1");
	add(&rep, "2001:db8::1");
	add(&rep, "fe80::1%3");
	say(fds[1], &rep);
	ck_assert(bench_run(&b, 5000));
	ck_assert_int_eq(a.n, 3);
	ck_assert_int_eq(addr_cmp(&a.addrs[0], &(struct addr){
	    .family = ADDR_INET4, .bytes = { 192, 0, 2, 1 } }), 0);
	ck_assert_uint_eq(a.addrs[2].scope, 3);
	ck_assert_uint_eq(a.lookup.id, 0);
	names_end(&b, fds);
}
END_TEST

START_TEST(addresses_that_no_server_has_are_left_out)
{
	struct names_rep rep = { .type = NAMES_FOUND };
	struct answer a;
	struct bench b;
	int fds[2];

	names_bench(&b, fds);
	ck_assert_int_eq(ask(&a, &b, "x", ADDR_INET4), 0);
	rep.id = take_request(fds[1]).id;
	add(&rep, "0.0.0.0");
	add(&rep, "255.255.255.255");
	add(&rep, "224.0.1.1");
	add(&rep, "2001:db8::1"); /* not asked for */
	add(&rep, "192.0.2.7");
	add(&rep, "192.0.2.8");
	memset(rep.addrs[5].bytes + 4, 0xff, 12); /* rest is not taken over */
	rep.addrs[5].scope = 9;
	add(&rep, "192.0.2.9");
	rep.addrs[6].family = 77;
	say(fds[1], &rep);
	ck_assert(bench_run(&b, 5000));
	ck_assert_int_eq(a.n, 2);
	ck_assert(addr_equal(&a.addrs[0], &(struct addr){ .family = ADDR_INET4,
	    .bytes = { 192, 0, 2, 7 } }));
	ck_assert(addr_equal(&a.addrs[1], &(struct addr){ .family = ADDR_INET4,
	    .bytes = { 192, 0, 2, 8 } }));

	/* mapped IPv4 in IPv6, nothing else: as if there were none */
	ck_assert_int_eq(ask(&a, &b, "x", ADDR_NONE), 0);
	rep = (struct names_rep){ .type = NAMES_FOUND,
		.id = take_request(fds[1]).id, .count = 1 };
	rep.addrs[0] = (struct names_addr){ ADDR_INET6, 0,
		{ [10] = 0xff, [11] = 0xff, [12] = 192, [15] = 1 } };
	say(fds[1], &rep);
	ck_assert(bench_run(&b, 5000));
	ck_assert_int_eq(a.n, 0);
	names_end(&b, fds);
}
END_TEST

START_TEST(each_error_has_its_meaning)
{
	const struct {
		uint32_t error;
		int n;
	} all[] = { { NAMES_AGAIN, -EAGAIN }, { NAMES_FAILED, -EAGAIN },
		{ NAMES_NONE, 0 } };
	struct names_rep rep = { .type = NAMES_FOUND };
	struct answer a;
	struct bench b;
	int fds[2];

	names_bench(&b, fds);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(ask(&a, &b, "x", ADDR_NONE), 0);
		rep.id = take_request(fds[1]).id;
		rep.error = all[i].error;
		say(fds[1], &rep);
		ck_assert(bench_run(&b, 5000));
		ck_assert_int_eq(a.n, all[i].n);
	}
	ck_assert_int_eq(b.resolver_gone, 0);
	names_end(&b, fds);
}
END_TEST

START_TEST(bad_names_are_refused)
{
	struct answer a;
	struct bench b;
	int fds[2];

	names_bench(&b, fds);
	ck_assert_int_eq(ask(&a, &b, "", ADDR_NONE), -EINVAL);
	memset(a.lookup.name, 'x', sizeof a.lookup.name);
	ck_assert_int_eq(b.os->ops->lookup(b.os, &a.lookup), -EINVAL);
	names_end(&b, fds);
}
END_TEST

START_TEST(a_forgotten_look_up_is_never_answered)
{
	struct names_rep rep = { .type = NAMES_FOUND };
	struct answer a, c;
	struct bench b;
	int fds[2];

	names_bench(&b, fds);
	ck_assert_int_eq(ask(&a, &b, "a", ADDR_NONE), 0);
	ck_assert_int_eq(ask(&c, &b, "c", ADDR_NONE), 0);
	b.os->ops->lookup_off(b.os, &a.lookup);
	b.os->ops->lookup_off(b.os, &a.lookup);
	for (int i = 0; i < 2; i++) {
		rep.id = take_request(fds[1]).id;
		rep.count = 0;
		add(&rep, "192.0.2.1");
		say(fds[1], &rep);
	}
	ck_assert(bench_run(&b, 5000));
	ck_assert_int_eq(a.calls, 0);
	ck_assert_int_eq(c.calls, 1);
	names_end(&b, fds);
}
END_TEST

static void
ends_the_resolver(const void *msg, size_t len)
{
	struct answer a, c;
	struct bench b;
	int fds[2];

	names_bench(&b, fds);
	ck_assert_int_eq(ask(&a, &b, "x", ADDR_NONE), 0);
	if (msg != NULL) {
		ck_assert_int_eq(chan_send(fds[1], msg, len, -1, 0), 0);
	} else {
		close(fds[1]);
		fds[1] = -1;
	}
	ck_assert(bench_run(&b, 5000));
	ck_assert_int_eq(a.n, -EAGAIN);
	/* and so for ever */
	ck_assert_int_eq(ask(&c, &b, "y", ADDR_NONE), 0);
	ck_assert_int_eq(c.calls, 0); /* not from inside the call */
	ck_assert(bench_run(&b, 5000));
	ck_assert_int_eq(c.n, -EAGAIN);
	ck_assert_int_eq(b.resolver_gone, 1);
	names_end(&b, fds);
}

START_TEST(a_resolver_that_is_gone_or_mad_is_told_once)
{
	struct names_rep bad[] = {
		{ .type = NAMES_LOOKUP, .id = 1 },
		{ .type = NAMES_FOUND, .id = 1, .error = NAMES_FAILED + 1 },
		{ .type = NAMES_FOUND, .id = 1, .count = NAMES_ADDRS + 1 },
		{ .type = NAMES_FOUND, .id = 1, .error = NAMES_NONE, .count = 1 },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ends_the_resolver(&bad[i], sizeof bad[i]);
	bad[0].type = NAMES_FOUND;
	ends_the_resolver(&bad[0], sizeof bad[0] - 1);
	ends_the_resolver(bad, sizeof bad[0] + 1);
	ends_the_resolver(NULL, 0);
}
END_TEST

START_TEST(more_than_the_socket_holds_waits_its_turn)
{
	enum { MANY = 1000 };
	static struct answer all[MANY];
	struct names_rep rep = { .type = NAMES_FOUND, .error = NAMES_NONE };
	struct bench b;
	unsigned asked = 0;
	int fds[2], answered = 0;

	names_bench(&b, fds);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(ask(&all[i], &b, "x", ADDR_NONE), 0);
	for (int turn = 0; answered < MANY && turn < 10 * MANY; turn++) {
		struct names_req req;

		while (chan_recv(fds[1], &req, sizeof req, NULL) > 0) {
			ck_assert_uint_eq(req.id, ++asked);
			rep.id = req.id;
			while (chan_send(fds[1], &rep, sizeof rep, -1, 0) < 0)
				bench_run(&b, 1);
		}
		bench_run(&b, 1);
		answered = 0;
		for (int i = 0; i < MANY; i++)
			answered += all[i].calls;
	}
	ck_assert_uint_eq(asked, MANY);
	ck_assert_int_eq(answered, MANY);
	names_end(&b, fds);
}
END_TEST

START_TEST(without_a_resolver_one_shall_ask_again)
{
	struct answer a;
	struct bench b;

	bench_init(&b, -1, -1);
	b.o.os.resolver_gone = on_gone;
	ck_assert_int_eq(ask(&a, &b, "x", ADDR_NONE), 0);
	ck_assert(bench_run(&b, 5000));
	ck_assert_int_eq(a.n, -EAGAIN);
	ck_assert_int_eq(b.resolver_gone, 0); /* nobody was lost */
	bench_fini(&b);
}
END_TEST

/* ---- clock */

static void
on_event(void *engine, const struct clk_rep *ev)
{
	struct bench *b = engine;

	b->last_event = ev->type;
	bench_done(b);
}

static void
clock_bench(struct bench *b, int fds[2])
{
	ck_assert_int_eq(chan_pair(fds), 0);
	bench_init(b, fds[0], -1);
	b->o.os.clock_event = on_event;
}

START_TEST(the_clock_answers_and_its_events_come_later)
{
	const struct clk_rep event = { .type = CLK_WAS_SET };
	const struct clk_rep done = { .type = CLK_DONE, .seq = 1,
		.freq_ppt = 5 };
	struct clk_req req = { .type = CLK_ADJUST };
	struct clk_rep rep;
	struct bench b;
	int fds[2];

	clock_bench(&b, fds);
	/* already there when the call looks: nobody needs to wait */
	ck_assert_int_eq(chan_send(fds[1], &event, sizeof event, -1, 0), 0);
	ck_assert_int_eq(chan_send(fds[1], &done, sizeof done, -1, 0), 0);
	b.os->ops->clock(b.os, &req, &rep);
	ck_assert_int_eq(rep.freq_ppt, 5);
	ck_assert_uint_eq(b.last_event, 0);
	ck_assert(bench_run(&b, 5000));
	ck_assert_uint_eq(b.last_event, CLK_WAS_SET);

	ck_assert_int_eq(chan_recv(fds[1], &req, sizeof req, NULL), sizeof req);
	ck_assert_uint_eq(req.type, CLK_ADJUST);
	ck_assert_uint_eq(req.seq, 1);

	/* one that comes by itself */
	ck_assert_int_eq(chan_send(fds[1], &(struct clk_rep){ .type = CLK_TERM },
	    sizeof event, -1, 0), 0);
	ck_assert(bench_run(&b, 5000));
	ck_assert_uint_eq(b.last_event, CLK_TERM);
	bench_fini(&b);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(good_bye_is_not_answered)
{
	struct clk_req req = { .type = CLK_BYE, .u.exit_code = 75 };
	struct clk_rep rep;
	struct bench b;
	int fds[2];

	clock_bench(&b, fds);
	b.os->ops->clock(b.os, &req, &rep);
	ck_assert_int_eq(rep.error, 0);
	ck_assert_int_eq(chan_recv(fds[1], &req, sizeof req, NULL), sizeof req);
	ck_assert_uint_eq(req.type, CLK_BYE);
	ck_assert_int_eq(req.u.exit_code, 75);
	bench_fini(&b);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(without_a_clock_everything_is_refused)
{
	struct clk_req req = { .type = CLK_STEP };
	struct clk_rep rep;
	struct bench b;

	bench_init(&b, -1, -1);
	b.os->ops->clock(b.os, &req, &rep);
	ck_assert_int_eq(rep.error, EPERM);
	ck_assert_uint_eq(rep.type, CLK_DONE);
	bench_fini(&b);
}
END_TEST

/* Exit status of a child that runs with a clock which says msg and closes;
 * asks: in a call, not in the loop. */
static int
status_after(const void *msg, size_t len, bool asks)
{
	struct clk_req req = { .type = CLK_ADJUST };
	struct clk_rep rep;
	struct bench b;
	int fds[2], status;
	pid_t child = fork();

	if (child == 0) {
		clock_bench(&b, fds);
		if (msg != NULL)
			chan_send(fds[1], msg, len, -1, 0);
		if (!asks || msg == NULL)
			close(fds[1]);
		if (asks)
			b.os->ops->clock(b.os, &req, &rep);
		bench_run(&b, 5000);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(when_the_clock_is_gone_the_process_ends_with_75)
{
	const struct clk_rep wrong_seq = { .type = CLK_DONE, .seq = 7 };
	const struct clk_rep no_event = { .type = CLK_DONE };

	ck_assert_int_eq(status_after(NULL, 0, false), 75);
	ck_assert_int_eq(status_after(NULL, 0, true), 75);
	ck_assert_int_eq(status_after("short", 5, false), 75);
	ck_assert_int_eq(status_after(&no_event, sizeof no_event, false), 75);
	ck_assert_int_eq(status_after(&wrong_seq, sizeof wrong_seq, true), 75);
}
END_TEST

UNIT_MAIN("os_peers", a_name_is_found,
    addresses_that_no_server_has_are_left_out, each_error_has_its_meaning,
    bad_names_are_refused, a_forgotten_look_up_is_never_answered,
    a_resolver_that_is_gone_or_mad_is_told_once,
    more_than_the_socket_holds_waits_its_turn,
    without_a_resolver_one_shall_ask_again,
    the_clock_answers_and_its_events_come_later, good_bye_is_not_answered,
    without_a_clock_everything_is_refused,
    when_the_clock_is_gone_the_process_ends_with_75)

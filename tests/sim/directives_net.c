/* SPDX-License-Identifier: ISC
 *
 * The words about what is around the machines: servers, paths, names. */
#include "tests/sim/directives.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/ntp64.h"
#include "common/prng.h"
#include "daemon/wire/packet.h"

static bool
is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static int
number(const char *text, double *v)
{
	return quantity_parse(text, v, NULL);
}

/* server NAME ADDR [option value ...] makes one; server PATTERN option value
 * ... changes those that there are. */
static int
do_server(struct sim *s, char **arg, unsigned n)
{
	struct addr addr;
	int found = 0;

	if (n >= 2 && addr_parse(&addr, arg[1]) == 0) {
		if (s->has_begun || world_station(&s->world, arg[0]))
			return -1;
		struct simserver *v = simserver_new(&s->world, arg[0], &addr);
		v->next = s->servers;
		s->servers = v;
		arg++;
		n--;
		found = n == 1;
		arg[0] = v->station.name;
	}
	for (struct simserver *v = s->servers; v; v = v->next) {
		if (n % 2 == 0 || fnmatch(arg[0], v->station.name, 0) != 0)
			continue;
		for (unsigned i = 1; i < n; i += 2, found++)
			if (simserver_option(v, arg[i], arg[i + 1]) < 0)
				return -1;
	}
	return found ? 0 : -1;
}

/* One word of `path`; up: a to b, down: b to a; NULL: not this direction. */
static int
path_word(struct path *up, struct path *down, const char *word,
    const char *value)
{
	struct path *both[] = { up, down };
	double v = 0;
	int r = 0;

	if (strncmp(word, "up-", 3) == 0 || is(word, "up"))
		both[1] = NULL;
	if (strncmp(word, "down-", 5) == 0 || is(word, "down"))
		both[0] = NULL;
	if (strchr(word, '-'))
		word = strchr(word, '-') + 1;
	bool is_delay = is(word, "up") || is(word, "down") || is(word, "delay");
	bool is_word = is_delay || is(word, "replay");
	if (!is_word && number(value, &v) < 0)
		return -1;
	for (int i = 0; i < 2 && r == 0; i++) {
		struct path *p = both[i];

		if (!p)
			continue;
		if (is_delay)
			r = delay_parse(&p->delay, value);
		else if (is_word)
			r = replay_load(&p->replay, value);
		else if (is(word, "loss"))
			p->loss = v;
		else if (is(word, "dup"))
			p->dup = v;
		else if (is(word, "cut"))
			p->is_cut = v != 0;
		else if (is(word, "ordered"))
			p->is_ordered = v != 0;
		else
			r = -1;
	}
	return r;
}

static int
path_between(struct station *a, struct station *b, char **arg, unsigned n)
{
	/* Making the second may move the first. */
	station_path(a, b);
	station_path(b, a);
	struct path *up = station_path(a, b), *down = station_path(b, a);

	if (n % 2 == 1) { /* a delay alone */
		if (path_word(up, down, "delay", arg[0]) < 0)
			return -1;
		arg++;
		n--;
	}
	for (unsigned i = 0; i < n; i += 2)
		if (path_word(up, down, arg[i], arg[i + 1]) < 0)
			return -1;
	return 0;
}

static int
do_path(struct sim *s, char **arg, unsigned n)
{
	int found = 0;

	for (struct station *a = s->world.stations; a; a = a->next)
		for (struct station *b = s->world.stations; b; b = b->next) {
			if (a == b || fnmatch(arg[0], a->name, 0) != 0 ||
			    fnmatch(arg[1], b->name, 0) != 0)
				continue;
			if (path_between(a, b, arg + 2, n - 2) < 0)
				return -1;
			found++;
		}
	return found ? 0 : -1;
}

static int
do_name(struct sim *s, char **arg, unsigned n)
{
	static const char *const states[] = { "ok", "none", "fail", "silent" };
	struct simname *name = world_name(&s->world, arg[0], true);

	for (int i = NAME_OK; i <= NAME_SILENT; i++)
		if (is(arg[1], states[i])) {
			name->state = (enum name_state)i;
			return n == 2 ? 0 : -1;
		}
	name->state = NAME_OK;
	name->n = 0;
	for (unsigned i = 1; i < n && name->n < WORLD_ADDRS; i++)
		if (addr_parse(&name->addrs[name->n++], arg[i]) != 0)
			return -1;
	return 0;
}

static int
do_key(struct sim *s, char **word, const char *rest)
{
	int r = -1;

	for (struct simserver *v = s->servers; v; v = v->next)
		if (fnmatch(word[1], v->station.name, 0) == 0 &&
		    (r = simserver_key(v, rest)) != 0)
			break;
	return r;
}

static int
do_forget(struct sim *s, char **arg, unsigned n)
{
	int r = -1;

	(void)n;
	for (struct simserver *v = s->servers; v; v = v->next)
		if (fnmatch(arg[0], v->station.name, 0) == 0) {
			simserver_restart(v);
			r = 0;
		}
	return r;
}

/* What somebody who sees neither's packets sends in the name of a peer. */
static struct ntp_packet
forgery(struct sim *s)
{
	const double lie = 3600 * (2 * prng_unit(&s->prng) - 1);
	const struct tspec now = { s->world.epoch_ns + s->world.now };
	struct ntp_packet p = { .version = 4,
		.mode = (uint8_t)(PACKET_MODE_ACTIVE + prng_below(&s->prng, 2)),
		.stratum = (uint8_t)prng_below(&s->prng, 3),
		.poll = (int8_t)(prng_below(&s->prng, 24) - 6),
		.precision = -25, .refid = KISS_CODE_DENY,
		.transmit = ntp64_from_tspec(tspec_add(now, lie)) };

	p.receive = p.ref = p.transmit;
	if (prng_below(&s->prng, 2))
		p.origin = ntp64_from_tspec(tspec_add(now,
		    -64 * prng_unit(&s->prng)));
	return p;
}

/* forge AS TO: one packet */
static int
do_forge(struct sim *s, char **arg, unsigned n)
{
	struct station *as = world_station(&s->world, arg[0]);
	struct station *to = world_station(&s->world, arg[1]);
	unsigned char bytes[PACKET_HEADER];

	(void)n;
	if (!s->has_begun || !as || !to)
		return -1;

	const struct endpoint src = { as->addr, PACKET_PORT };
	const struct endpoint dst = { to->addr, PACKET_PORT };
	struct ntp_packet p = forgery(s);

	packet_write(&p, bytes);
	world_send(as, &src, &dst, bytes, sizeof bytes, 0);
	return 0;
}

const struct sim_directive net_directives[] = {
	{ "server", 1, SIM_WORDS, do_server, NULL, 0 },
	{ "key", 3, 4, NULL, do_key, 2 },
	{ "path", 3, SIM_WORDS, do_path, NULL, 0 },
	{ "name", 2, WORLD_ADDRS + 1, do_name, NULL, 0 },
	{ "forget", 1, 1, do_forget, NULL, 0 },
	{ "forge", 2, 2, do_forge, NULL, 0 },
	{ NULL, 0, 0, NULL, NULL, 0 },
};

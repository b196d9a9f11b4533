/* SPDX-License-Identifier: ISC */
#include "tests/sim/simserver.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ntp64.h"
#include "common/tspec.h"

#define REF_AGE (5 * NSEC) /* its own last correction */

/* What its clock shows at true time at. */
static uint64_t
shows(const struct simserver *s, int64_t at)
{
	double lie = s->offset + s->drift * (double)(at - s->since) * 1e-9;

	return ntp64_from_tspec((struct tspec){
	    s->station.world->epoch_ns + at + span_ns(lie) });
}

static void
say_kiss(const struct simserver *s, struct ntp_packet *p)
{
	p->stratum = 0;
	p->leap = LEAP_UNSYNC;
	p->refid = 0;
	for (int i = 0; i < 4; i++)
		p->refid = p->refid << 8 | (unsigned char)s->kiss[i];
}

/* Whether a request may be answered; *key: with which MAC, or NULL. */
static bool
is_authentic(const struct simserver *s, const struct ntp_packet *request,
    const struct simpacket *in, const struct mac_key **key)
{
	*key = NULL;
	if (request->mac_len == 0)
		return true;
	for (size_t i = 0; i < s->keys.n && !*key; i++)
		if (mac_check(&s->keys.all[i], request, in->data, in->len))
			*key = &s->keys.all[i];
	return *key != NULL;
}

static void
receive(struct station *station, struct simpacket *in)
{
	struct simserver *s = station->owner;
	struct world *w = station->world;
	struct ntp_packet request, p = s->says;
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	const struct mac_key *key;
	size_t len = PACKET_HEADER;

	if (s->is_down || in->to.port != PACKET_PORT ||
	    packet_parse(&request, in->data, in->len) != 0 ||
	    !is_authentic(s, &request, in, &key))
		return;
	double now = world_seconds(w);
	double turn = delay_draw(&s->turn, &s->prng, now);
	double leave = delay_draw(&s->leave, &s->prng, now);
	int64_t tx = w->now + span_ns(turn);
	p.ref = shows(s, w->now - REF_AGE);
	if (!responder_answer(&s->responder, &request, shows(s, w->now),
	    shows(s, tx), shows(s, tx + span_ns(leave)), &p))
		return;
	if (s->kiss[0] != '\0' && prng_unit(&s->prng) < s->kiss_chance)
		say_kiss(s, &p);
	packet_write(&p, bytes);
	if (key)
		len = mac_append(key, p.version == 3, bytes, len, sizeof bytes);
	world_send(station, &in->to, &in->from, bytes, len, turn + leave);
}

struct simserver *
simserver_new(struct world *w, const char *name, const struct addr *addr)
{
	struct simserver *s = world_alloc(sizeof *s);

	station_init(&s->station, w, name, addr);
	s->station.owner = s;
	s->station.receive = receive;
	s->says = (struct ntp_packet){ .stratum = 1, .precision = -25,
		.root_delay = 1e-5, .root_dispersion = 1e-5,
		.refid = 0x47505300 /* GPS */ };
	s->kiss_chance = 1;
	delay_parse(&s->turn, "10us");
	delay_parse(&s->leave, "0");
	prng_init(&s->prng, world_seed(w, name, "server"));
	return s;
}

void
simserver_free(struct simserver *s)
{
	keys_fini(&s->keys);
	station_fini(&s->station);
	free(s);
}

int
simserver_key(struct simserver *s, const char *text)
{
	keys_fini(&s->keys);
	s->keys = (struct keys){ .n = 0 };
	return keys_parse(&s->keys, text, strlen(text), NULL) == 0 ? 0 : -1;
}

void
simserver_restart(struct simserver *s)
{
	bool has = s->responder.has_interleaved;

	s->responder = (struct responder){ .has_interleaved = has };
}

/* The lie so far becomes the start of what comes. */
static void
settle(struct simserver *s)
{
	int64_t now = s->station.world->now;

	s->offset += s->drift * (double)(now - s->since) * 1e-9;
	s->since = now;
}

static int
set_refid(struct simserver *s, const char *value)
{
	struct addr a;

	if (addr_parse(&a, value) == 0 && a.family == ADDR_INET4) {
		s->says.refid = (uint32_t)a.bytes[0] << 24 |
		    (uint32_t)a.bytes[1] << 16 | (uint32_t)a.bytes[2] << 8 |
		    a.bytes[3];
		return 0;
	}
	if (strlen(value) > 4)
		return -1;
	s->says.refid = 0;
	for (size_t i = 0; i < 4; i++)
		s->says.refid = s->says.refid << 8 |
		    (i < strlen(value) ? (unsigned char)value[i] : 0);
	return 0;
}

static int
set_kiss(struct simserver *s, const char *value)
{
	bool is_none = strcmp(value, "none") == 0;

	if (!is_none && strlen(value) != 4)
		return -1;
	snprintf(s->kiss, sizeof s->kiss, "%s", is_none ? "" : value);
	return 0;
}

static int
set_number(struct simserver *s, const char *word, double v)
{
	struct ntp_packet *p = &s->says;

	if (strcmp(word, "offset") == 0)
		s->offset = v;
	else if (strcmp(word, "jump") == 0)
		s->offset += v;
	else if (strcmp(word, "drift") == 0)
		s->drift = v;
	else if (strcmp(word, "stratum") == 0 && v >= 0 && v <= 255)
		p->stratum = (uint8_t)v;
	else if (strcmp(word, "leap") == 0 && v >= 0 && v <= 3)
		p->leap = (uint8_t)v;
	else if (strcmp(word, "precision") == 0 && fabs(v) < 127)
		p->precision = (int8_t)v;
	else if (strcmp(word, "rootdelay") == 0 && v >= 0)
		p->root_delay = v;
	else if (strcmp(word, "rootdisp") == 0 && v >= 0)
		p->root_dispersion = v;
	else if (strcmp(word, "kisschance") == 0 && v >= 0 && v <= 1)
		s->kiss_chance = v;
	else if (strcmp(word, "interleaved") == 0)
		s->responder.has_interleaved = v != 0;
	else if (strcmp(word, "up") == 0)
		s->is_down = v == 0;
	else
		return -1;
	return 0;
}

int
simserver_option(struct simserver *s, const char *word, const char *value)
{
	double v;

	settle(s);
	if (strcmp(word, "refid") == 0)
		return set_refid(s, value);
	if (strcmp(word, "kiss") == 0)
		return set_kiss(s, value);
	if (strcmp(word, "turn") == 0)
		return delay_parse(&s->turn, value);
	if (strcmp(word, "leave") == 0)
		return delay_parse(&s->leave, value);
	if (quantity_parse(value, &v, NULL) < 0)
		return -1;
	return set_number(s, word, v);
}

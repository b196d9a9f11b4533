/* SPDX-License-Identifier: ISC */
#include "tests/emu/engine_world.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ntp64.h"

void
world_init(struct world *w, unsigned n_servers)
{
	world_init_at(w, n_servers, T0);
}

void
world_init_at(struct world *w, unsigned n_servers, int64_t t0)
{
	memset(w, 0, sizeof *w);
	w->t0 = t0;
	fake_init(&w->os, (struct tspec){ t0 * NSEC });
	w->start = w->os.now.raw;
	w->os.answer.budget_ns = 2 * NSEC;
	config_init(&w->config);
	w->config.sources = calloc(WORLD_SERVERS,
	    sizeof *w->config.sources);
	w->config.n_sources = n_servers;
	for (unsigned i = 0; i < WORLD_SERVERS; i++) {
		w->stratum[i] = 1;
		w->distance[i] = 1e-5;
	}
	for (unsigned i = 0; i < n_servers; i++) {
		struct config_source *s = &w->config.sources[i];
		snprintf(s->name, sizeof s->name, "192.0.2.%u", i + 1);
		source_defaults(s);
		s->minpoll = 2;
		s->maxpoll = 4;
		s->version = 4;
		s->iburst = true;
	}
	w->options.drift_skew_ppm = -1;
	w->options.build_date = (struct tspec){ (t0 - 86400) * NSEC };
}

void
world_line(struct world *w, const char *line)
{
	struct config_error e;

	if (config_line(&w->config, "world", 1, line, &e) != 0) {
		fprintf(stderr, "%s: %s\n", line, e.text);
		abort();
	}
}

void
world_save(struct world *w, const char *slot, const char *text)
{
	if (w->os.os.ops->save(&w->os.os, slot, text, strlen(text)) != 0) {
		fprintf(stderr, "%s: not saved\n", slot);
		abort();
	}
}

void
world_start(struct world *w)
{
	int r = server_open(&w->server, &w->os.os, &w->config,
	    w->options.family);

	assert(r == 0);
	if (w->server.is_open)
		w->options.server = &w->server;
	if (w->server.is_open && w->config.acquisitionport == w->config.port)
		acquire_share(&w->acquire, &w->server.v4, &w->server.v6);
	else
		r = acquire_open(&w->acquire, &w->os.os, &w->config);
	assert(r == 0);
	w->options.acquire = &w->acquire;
	r = engine_init(&w->engine, &w->os.os, &w->config, &w->options);

	assert(r == 0);
	(void)r;
}

void
world_fini(struct world *w)
{
	engine_fini(&w->engine);
	acquire_close(&w->acquire, &w->os.os);
	server_close(&w->server, &w->os.os);
	fake_fini(&w->os);
	config_fini(&w->config);
}

struct source *
world_source(struct world *w, unsigned i)
{
	struct source *s = TAILQ_FIRST(&w->engine.sources);

	while (i-- > 0)
		s = TAILQ_NEXT(s, link);
	return s;
}

/* UTC as somebody counts it who is late s late with the leap second. */
static struct tspec
count(const struct world *w, double late)
{
	double ran = raw_sub(w->os.now.raw, w->start);
	struct tspec t = tspec_add((struct tspec){ w->t0 * NSEC },
	    w->ahead + ran * (1 + w->ppm * 1e-6));

	if (w->leap_s != 0 && tspec_add(t, -late).ns >= w->leap_s * NSEC)
		t.ns += w->leap_by * NSEC;
	return t;
}

struct tspec
world_true_time(const struct world *w)
{
	return count(w, 0);
}

double
world_clock_error(const struct world *w)
{
	return tspec_sub(world_true_time(w), w->os.now.real);
}

struct ntp_packet
world_answer(const struct world *w, const struct client *c, double lie)
{
	uint64_t t = ntp64_from_tspec(tspec_add(world_true_time(w), lie));

	return (struct ntp_packet){ .version = 4, .mode = PACKET_MODE_SERVER,
		.stratum = 1, .precision = -25, .root_delay = 1e-5,
		.root_dispersion = 1e-5, .refid = 0x47505300, .ref = t,
		.origin = c->exchange.cookie, .receive = t, .transmit = t };
}

static struct ntp_packet
answer_of(const struct world *w, const struct client *c, unsigned i)
{
	double off = tspec_sub(count(w, w->late[i]), count(w, 0));
	struct ntp_packet p = world_answer(w, c, w->lie[i] + off);

	p.leap = (uint8_t)w->leap[i];
	p.stratum = (uint8_t)w->stratum[i];
	p.root_dispersion = w->distance[i];
	if (w->refid[i] != 0)
		p.refid = w->refid[i];
	return p;
}

void
world_hand_in(struct world *w, struct source *s, const struct ntp_packet *p)
{
	unsigned char bytes[PACKET_HEADER + MAC_MAX];
	struct dgram d = { .remote = s->remote, .local = w->own };
	size_t len = PACKET_HEADER;

	packet_write(p, bytes);
	if (s->conf.key != 0 && w->key != NULL)
		len = mac_append(w->key, false, bytes, len, sizeof bytes);
	fake_receive(&w->os, w->acquire.is_shared ? w->acquire.shared4 :
	    &s->client.sock, &d, bytes, len);
}

/* To the next timer, at most 10 ms, and never past it by more than 1 us: what
 * is sent then has the true time of sending. */
static void
advance_a_bit(struct world *w)
{
	const struct heap_node *next = heap_first(&w->os.timers);
	double left = next ? (double)(next->key - w->os.mono.ns) * 1e-9 : 1;

	fake_advance(&w->os, fmin(fmax(left * 0.9, 1e-6), 0.01));
}

void
world_run(struct world *w, double seconds)
{
	struct mono end = mono_add(w->os.mono, seconds);

	while (w->os.mono.ns < end.ns && !w->os.is_stopped) {
		struct source *s;
		unsigned i = 0;
		bool any = false;

		TAILQ_FOREACH(s, &w->engine.sources, link)
			any |= s->client.is_waiting;
		if (!any) {
			advance_a_bit(w);
			continue;
		}
		fake_advance(&w->os, DELAY);
		struct ntp_packet answers[WORLD_SERVERS];
		TAILQ_FOREACH(s, &w->engine.sources, link) {
			answers[i] = answer_of(w, &s->client, i);
			i++;
		}
		fake_advance(&w->os, DELAY);
		i = 0;
		TAILQ_FOREACH(s, &w->engine.sources, link) {
			if (s->client.is_waiting && !w->is_silent[i] &&
			    answers[i].origin == s->client.exchange.cookie) {
				w->answered++;
				world_hand_in(w, s, &answers[i]);
			}
			i++;
		}
	}
}

unsigned
world_requests(const struct world *w, enum clk_type type)
{
	unsigned n = 0, kept = w->os.n_requests;

	if (kept > FAKE_REQUESTS)
		kept = FAKE_REQUESTS;
	for (unsigned i = 0; i < kept; i++)
		n += w->os.requests[i].type == type;
	return n;
}

/* SPDX-License-Identifier: ISC */
#include "tests/solo/shim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/tspec.h"

#define EPOCH INT64_C(1262304000) /* 2010-01-01 */
#define NTP_1970 INT64_C(2208988800)
#define SERVER_NS 10000    /* from request to reply */
#define DELAY_NS 100000    /* one way, and ... */
#define JITTER_NS 20000.0  /* ... the mean of what comes on top */
#define WINDOW_NS (600 * NSEC)
#define ASK_NS (600 * NSEC)

static int64_t
setting(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? atoll(text) : otherwise;
}

static void
read_ask(struct shim_world *w)
{
	const char *hex = getenv("SHIM_ASK");
	unsigned byte;

	w->ask_port = hex != NULL ? (int)setting("SHIM_ASK_PORT", 0) : -1;
	for (; hex != NULL && w->ask_len < SHIM_DATA &&
	    sscanf(hex, "%2x", &byte) == 1; hex += 2)
		w->ask[w->ask_len++] = (unsigned char)byte;
}

void
shim_world_init(struct shim_world *w)
{
	memset(w, 0, sizeof *w);
	kernel_emu_init(&w->emu,
	    EPOCH * NSEC + setting("SHIM_OFFSET_US", 0) * 1000);
	w->freq_ppb = setting("SHIM_PPB", 0);
	w->end_ns = setting("SHIM_SECONDS", 3600) * NSEC;
	w->dice = (uint64_t)setting("SHIM_SEED", 1);
	read_ask(w);
}

uint32_t
shim_world_dice(struct shim_world *w)
{
	w->dice = w->dice * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(w->dice >> 32);
}

/* What the oscillator shows at a true time; it has begun at 1 s. */
static int64_t
raw_at(const struct shim_world *w, int64_t true_ns)
{
	return NSEC + true_ns +
	    (int64_t)((__int128)true_ns * w->freq_ppb / NSEC);
}

static int64_t
server_ns(int64_t true_ns)
{
	return EPOCH * NSEC + true_ns;
}

int64_t
shim_world_error(const struct shim_world *w)
{
	return kernel_emu_real(&w->emu) - server_ns(w->true_ns);
}

/* One line each ten minutes: "SECONDS WORST" in ns. */
static void
note_error(struct shim_world *w)
{
	int64_t error = shim_world_error(w);

	if (llabs(error) > w->worst_ns)
		w->worst_ns = llabs(error);
	if (w->true_ns - w->window_ns < WINDOW_NS)
		return;
	printf("%lld %lld\n", (long long)(w->true_ns / NSEC),
	    (long long)w->worst_ns);
	w->window_ns = w->true_ns;
	w->worst_ns = 0;
}

void
shim_world_run(struct shim_world *w, int64_t at)
{
	int64_t raw_ns = raw_at(w, at) - w->emu.raw_ns;

	if (at <= w->true_ns)
		return;
	kernel_emu_run(&w->emu, raw_ns);
	w->true_ns = at;
	note_error(w);
}

int64_t
shim_world_after(const struct shim_world *w, int64_t ns)
{
	double rate = (1 + (double)w->freq_ppb * 1e-9) *
	    (1 + (double)kernel_emu_rate_ppt(&w->emu) * 1e-12);

	return w->true_ns + (int64_t)ceil((double)ns / rate) + 1;
}

static int64_t
one_way(struct shim_world *w)
{
	double u = (shim_world_dice(w) + 1.0) / 4294967297.0;

	return DELAY_NS + (int64_t)(-log(u) * JITTER_NS);
}

static uint64_t
ntp_time(int64_t ns)
{
	uint64_t sec = (uint64_t)(ns / NSEC + NTP_1970);

	return sec << 32 | (uint64_t)(((__int128)(ns % NSEC) << 32) / NSEC);
}

static void
answer(unsigned char *reply, const unsigned char *request, int64_t at)
{
	memset(reply, 0, 48);
	reply[0] = 4 << 3 | 4; /* version 4, server */
	reply[1] = 1;
	reply[2] = request[2];
	reply[3] = (unsigned char)-25;
	memcpy(reply + 12, "SHIM", 4);
	put64(reply + 16, ntp_time(at));
	memcpy(reply + 24, request + 40, 8);
	put64(reply + 32, ntp_time(at));
	put64(reply + 40, ntp_time(at + SERVER_NS));
}

/* Room for one more packet; NULL = there is none, it is lost. */
static struct shim_packet *
new_packet(struct shim_world *w, int slot, unsigned epoch)
{
	struct shim_packet *p = w->packets;

	while (p->used)
		if (++p == w->packets + SHIM_PACKETS)
			return NULL;
	p->used = true;
	p->slot = slot;
	p->epoch = epoch;
	return p;
}

void
shim_world_send(struct shim_world *w, int slot, unsigned epoch, uint32_t to,
    const void *data, size_t len)
{
	int64_t arrival = w->true_ns + one_way(w);
	struct shim_packet *p;

	if (len != 48 || to <= SHIM_NET || to > SHIM_NET + SHIM_SERVERS ||
	    (p = new_packet(w, slot, epoch)) == NULL)
		return;
	p->at = arrival + SERVER_NS + one_way(w);
	p->from = to;
	p->len = 48;
	answer(p->data, data, server_ns(arrival));
}

void
shim_world_ask(struct shim_world *w, int slot, unsigned epoch)
{
	struct shim_packet *p = new_packet(w, slot, epoch);

	if (p == NULL)
		return;
	p->at = w->true_ns + ASK_NS;
	p->from = SHIM_ASKER;
	p->len = w->ask_len;
	memcpy(p->data, w->ask, w->ask_len);
}

struct shim_packet *
shim_world_first(struct shim_world *w)
{
	struct shim_packet *first = NULL;

	for (struct shim_packet *p = w->packets; p < w->packets + SHIM_PACKETS;
	    p++)
		if (p->used && (first == NULL || p->at < first->at))
			first = p;
	return first;
}

/* SPDX-License-Identifier: ISC */
#include "daemon/control/detail.h"

#include <string.h>

#include "common/ntp64.h"
#include "daemon/control/report.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/selection.h"
#include "daemon/engine/source.h"
#include "daemon/wire/refid.h"

static const struct {
	unsigned option; /* enum cmdmon_option */
	unsigned select; /* enum config_select */
} options[] = {
	{ OPTION_NOSELECT, SELECT_NOSELECT },
	{ OPTION_PREFER, SELECT_PREFER },
	{ OPTION_TRUST, SELECT_TRUST },
	{ OPTION_REQUIRE, SELECT_REQUIRE },
};

#define N_OPTIONS (sizeof options / sizeof *options)

unsigned
detail_options(unsigned select)
{
	unsigned all = 0;

	for (size_t i = 0; i < N_OPTIONS; i++)
		if (select & options[i].select)
			all |= options[i].option;
	return all;
}

unsigned
detail_select(unsigned wanted)
{
	unsigned all = 0;

	for (size_t i = 0; i < N_OPTIONS; i++)
		if (wanted & options[i].option)
			all |= options[i].select;
	return all;
}

/* What the last valid answer said; nothing before the first. */
static void
fill_answer(const struct engine *e, const struct client_reply *r,
    struct cmdmon_ntpdata *out)
{
	const struct ntp_packet *p = &r->packet;
	const struct tspec now = e->os->ops->real(e->os);

	if (p->mode == 0)
		return;
	out->local = r->local;
	out->leap = p->leap;
	out->version = p->version;
	out->mode = p->mode;
	out->stratum = p->stratum;
	out->poll = +p->poll;
	out->precision = +p->precision;
	out->root_delay = p->root_delay;
	out->root_dispersion = p->root_dispersion;
	out->refid = p->refid;
	if (p->ref != NTP64_UNSET)
		out->ref_time = ntp64_to_tspec(p->ref, now);
	out->offset = r->offset;
	out->delay = r->delay;
	out->dispersion = r->dispersion;
	out->response = r->response_time;
	out->asymmetry = r->jitter_asymmetry;
	out->flags = (r->tests & NTP_TESTS) |
	    (r->is_interleaved ? NTP_INTERLEAVED : 0u) |
	    (r->is_authenticated ? NTP_AUTHENTICATED : 0u);
	out->tx_stamp = (char)r->tx_src;
	out->rx_stamp = (char)r->rx_src;
}

bool
detail_ntpdata(const struct engine *e, const struct addr *addr,
    struct cmdmon_ntpdata *out)
{
	const struct source *s = report_find(e, addr);
	const struct client *c;

	if (!s)
		return false;
	c = &s->client;
	*out = (struct cmdmon_ntpdata){
		.remote = s->remote.addr,
		.port = s->remote.port,
		.total_tx = c->total_tx,
		.total_rx = c->total_rx,
		.total_valid = c->total_valid,
		.total_good = c->total_good,
		.kernel_tx = c->kernel_tx,
		.kernel_rx = c->kernel_rx,
		.hw_tx = c->nic_tx,
		.hw_rx = c->nic_rx,
	};
	fill_answer(e, &c->last, out);
	return true;
}

bool
detail_authdata(const struct engine *e, const struct addr *addr,
    struct cmdmon_authdata *out)
{
	const struct source *s = report_find(e, addr);
	struct auth_report auth;

	if (!s)
		return false;
	auth_describe(s, &auth);
	*out = (struct cmdmon_authdata){
		.mode = auth.mode,
		.type = auth.type,
		.key = auth.key_id,
		.key_bits = auth.key_bits,
		.ago_s = CMDMON_NEVER,
	};
	return true;
}

bool
detail_selectdata(const struct engine *e, uint32_t index,
    struct cmdmon_selectdata *out)
{
	const struct source *s = report_nth(e, index);
	struct selection_report r;

	if (!s)
		return false;
	selection_describe(s, e->os->ops->pair(e->os), &r);
	*out = (struct cmdmon_selectdata){
		.refid = refid_of(&s->remote.addr),
		.addr = s->remote.addr,
		.state = (char)r.verdict,
		.authenticated = r.is_authenticated,
		.leap = (unsigned)r.leap,
		.options = detail_options(r.configured),
		.effective = detail_options(r.effective),
		.score = 1.0,
	};
	if (!r.has_sample)
		return true;
	out->ago_s = report_seconds(r.ago);
	out->score = r.score;
	out->low = -r.high;
	out->high = -r.low;
	return true;
}

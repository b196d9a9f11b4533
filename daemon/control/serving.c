/* SPDX-License-Identifier: ISC */
#include "daemon/control/serving.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/log.h"
#include "daemon/control/change.h"
#include "daemon/control/report.h"
#include "daemon/engine/crew.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/server.h"

static bool
is_serving(const struct engine *e)
{
	return e->options.server != NULL && e->options.server->is_open;
}

enum cmdmon_status
serving_change(struct engine *e, uint32_t uid, const struct cmdmon_request *q)
{
	static const char *const names[] = { "allow", "allow all", "deny",
		"deny all", "cmdallow", "cmdallow all", "cmddeny",
		"cmddeny all" };
	unsigned i = q->command - CMD_ALLOW;
	bool is_whole = i & 1, may = !(i & 2), is_command = i & 4;
	struct access *table = is_command ? &e->admission.commands
					  : &e->admission.clients;
	struct subnet s = { .bits = 0 };
	char text[SUBNET_STRLEN];

	if ((q->u.subnet.addr.family != ADDR_NONE || q->u.subnet.bits != 0) &&
	    subnet_make(&s, &q->u.subnet.addr, q->u.subnet.bits) != 0)
		return STT_BADSUBNET;
	subnet_print(&s, text, sizeof text);
	if (may && !is_command && !is_serving(e)) {
		log_warn("time is not served: start with an allow line, "
			 "without port 0");
		return change_done(uid, -ENOTCONN, "%s %s", names[i], text);
	}
	return change_done(uid, admission_set(e, table, &s, may, is_whole),
	    "%s %s", names[i], text);
}

enum cmdmon_status
serving_check(const struct engine *e, const struct cmdmon_request *q)
{
	const struct access *table = q->command == CMD_ACCHECK
	    ? &e->admission.clients : &e->admission.commands;

	if (subnet_bits(&q->u.addr) == 0)
		return STT_BADSUBNET;
	return access_may(table, &q->u.addr) ? STT_ACCESSALLOWED
					     : STT_ACCESSDENIED;
}

static void
add_workers(struct engine *e, uint64_t *count)
{
	struct wrk_counts sum = { 0 };

	crew_counts(e, &sum);
	count[STAT_NTP_HITS] += sum.hits;
	count[STAT_NTP_DROPS] += sum.drops;
	count[STAT_LOG_DROPS] += sum.lost;
	count[STAT_AUTHENTICATED] += sum.with_mac;
	count[STAT_INTERLEAVED] += sum.interleaved;
	count[STAT_KERNEL_RX] += sum.kernel_receive;
	count[STAT_DAEMON_RX] += sum.prepared - sum.kernel_receive;
	count[STAT_KERNEL_TX] += sum.kernel_sent;
	count[STAT_DAEMON_TX] += sum.answered - sum.kernel_sent;
	count[STAT_STAMPS] += sum.pairs;
	if (sum.pairs_span_s > count[STAT_STAMPS_SPAN])
		count[STAT_STAMPS_SPAN] = sum.pairs_span_s;
}

void
serving_stats(struct engine *e, struct cmdmon_serverstats *out)
{
	const struct clientlog *l = &e->clientlog;
	uint64_t *count = out->count;

	memset(out, 0, sizeof *out);
	count[STAT_NTP_HITS] = l->hits[CLIENTLOG_NTP];
	count[STAT_NTP_DROPS] = l->drops[CLIENTLOG_NTP];
	count[STAT_COMMAND_HITS] = l->hits[CLIENTLOG_COMMAND];
	count[STAT_COMMAND_DROPS] = l->drops[CLIENTLOG_COMMAND];
	count[STAT_LOG_DROPS] = l->lost;
	if (!is_serving(e))
		return;

	const struct answerer *r = &e->options.server->answerer;
	const struct answerer_counts *c = &r->counts;

	count[STAT_QUEUE_DROPS] = c->lost;
	count[STAT_AUTHENTICATED] = c->with_mac;
	count[STAT_INTERLEAVED] = c->interleaved;
	count[STAT_KERNEL_RX] = c->kernel_receive;
	count[STAT_DAEMON_RX] = c->prepared - c->kernel_receive;
	count[STAT_KERNEL_TX] = c->kernel_sent;
	count[STAT_DAEMON_TX] = c->answered - c->kernel_sent;
	answerer_pairs(r, &count[STAT_STAMPS], &count[STAT_STAMPS_SPAN]);
	add_workers(e, count);
}

static void
fill_client(struct cmdmon_client *out, const struct clientlog_report *r)
{
	static const enum cmdmon_service services[] = {
		[CLIENTLOG_NTP] = SERVICE_NTP,
		[CLIENTLOG_COMMAND] = SERVICE_COMMAND,
	};

	*out = (struct cmdmon_client){ .addr = r->addr,
		.interval = { [SERVICE_NTSKE] = CMDMON_NO_INTERVAL },
		.ago_s = { [SERVICE_NTSKE] = CMDMON_NEVER },
		.interval_limited = CMDMON_NO_INTERVAL };
	for (unsigned k = 0; k < 2; k++) {
		out->hits[services[k]] = r->hits[k];
		out->drops[services[k]] = r->drops[k];
		out->interval[services[k]] = r->interval[k];
		out->ago_s[services[k]] = r->ago[k] < 0
		    ? CMDMON_NEVER : report_seconds(r->ago[k]);
	}

	uint32_t hits = r->hits[CLIENTLOG_NTP], drops = r->drops[CLIENTLOG_NTP];

	if (drops > 0 && drops < hits &&
	    r->interval[CLIENTLOG_NTP] != CLIENTLOG_UNKNOWN)
		out->interval_limited = r->interval[CLIENTLOG_NTP] +
		    (int)lround(log2((double)hits / (hits - drops)));
}

/* Clients of the workers from place first of their logs on, as far as there is
 * room in out; next is where to go on. */
static uint32_t
add_clients_of_workers(struct engine *e,
    const struct cmdmon_clients_wanted *want, uint32_t first, uint32_t most,
    struct cmdmon_clients *out)
{
	const struct wrk_want of_workers = { .first = first,
		.most = most < WRK_CLIENTS ? most : WRK_CLIENTS,
		.least_hits = want->least_hits, .reset = want->reset != 0 };
	struct wrk_client list[WRK_CLIENTS];
	uint32_t next;
	unsigned n = crew_clients(e->options.crew, &of_workers, list, &next);

	for (unsigned i = 0; i < n; i++) {
		const struct wrk_client *c = &list[i];
		struct clientlog_report r = {
			.addr = { .family = (uint16_t)c->family },
			.hits = { [CLIENTLOG_NTP] = c->hits },
			.drops = { [CLIENTLOG_NTP] = c->drops },
			.interval = { [CLIENTLOG_NTP] = c->interval,
			    [CLIENTLOG_COMMAND] = CLIENTLOG_UNKNOWN },
			.ago = { [CLIENTLOG_NTP] = (double)c->ago_ns * 1e-9,
			    [CLIENTLOG_COMMAND] = -1 },
		};

		memcpy(r.addr.bytes, c->bytes, sizeof r.addr.bytes);
		fill_client(&out->list[out->n++], &r);
	}
	return next;
}

enum cmdmon_status
serving_clients(struct engine *e, const struct cmdmon_clients_wanted *want,
    struct cmdmon_clients *out)
{
	struct clientlog *l = &e->clientlog;
	struct mono now = e->os->ops->mono(e->os);
	size_t own = clientlog_size(l), i = want->first;
	size_t size = own + (e->options.crew != NULL
	    ? crew_log_size(e->options.crew) : 0);
	uint32_t most = want->most < CMDMON_CLIENTS ? want->most
						    : CMDMON_CLIENTS;
	struct clientlog_report r;

	if (own == 0)
		return STT_INACTIVE;
	memset(out, 0, sizeof *out);
	out->size = (uint32_t)size;
	for (; i < own && out->n < most; i++) {
		if (!clientlog_get(l, i, now, &r) ||
		    (r.hits[CLIENTLOG_NTP] < want->least_hits &&
			r.hits[CLIENTLOG_COMMAND] < want->least_hits))
			continue;
		fill_client(&out->list[out->n++], &r);
		if (want->reset != 0)
			clientlog_reset(l, i);
	}
	if (i >= own && own < size && out->n < most)
		i = own + add_clients_of_workers(e, want, (uint32_t)(i - own),
		    most - (uint32_t)out->n, out);
	out->next = (uint32_t)i;
	return STT_SUCCESS;
}

/* SPDX-License-Identifier: ISC */
#include "daemon/control/serving.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/log.h"
#include "daemon/control/change.h"
#include "daemon/control/report.h"
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
		log_warn("time is not served: start with an allow line");
		return change_done(uid, -ENOTCONN, "%s %s", names[i], text);
	}
	return change_done(uid, access_set(table, &s, may, is_whole), "%s %s",
	    names[i], text);
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

void
serving_stats(const struct engine *e, struct cmdmon_serverstats *out)
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

enum cmdmon_status
serving_clients(struct engine *e, const struct cmdmon_clients_wanted *want,
    struct cmdmon_clients *out)
{
	struct clientlog *l = &e->clientlog;
	struct mono now = e->os->ops->mono(e->os);
	size_t size = clientlog_size(l), i = want->first;
	struct clientlog_report r;

	if (size == 0)
		return STT_INACTIVE;
	memset(out, 0, sizeof *out);
	out->size = (uint32_t)size;
	for (; i < size && out->n < CMDMON_CLIENTS && out->n < want->most;
	    i++) {
		if (!clientlog_get(l, i, now, &r) ||
		    (r.hits[CLIENTLOG_NTP] < want->least_hits &&
			r.hits[CLIENTLOG_COMMAND] < want->least_hits))
			continue;
		fill_client(&out->list[out->n++], &r);
		if (want->reset != 0)
			clientlog_reset(l, i);
	}
	out->next = (uint32_t)i;
	return STT_SUCCESS;
}

/* SPDX-License-Identifier: ISC
 *
 * The order of the checks is part of the protocol, as clients see it in the
 * status: form, version, known command, length, access.  A command that chrony
 * has and we do not have yet is "not enabled" or "invalid" to who may use it,
 * and unauthorised to who may not, as for chronyd.
 *
 * No reply is longer than its request, so that a forged sender gains nothing by
 * us; the codec's minimum lengths provide for that, cmdmon_answer() insists. */
#include "daemon/control/cmdmon.h"

#include <assert.h>

#include "daemon/control/change.h"
#include "daemon/control/detail.h"
#include "daemon/control/report.h"
#include "daemon/control/serving.h"
#include "daemon/engine/engine.h"

struct asked {
	const struct cmdmon_request *request;
	uint32_t uid;
	bool may_change; /* not only look */
	bool is_native;  /* knows what chrony does not have */
};

static enum cmdmon_status
n_sources(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	(void)a;
	r->u.n_sources = report_n_sources(e);
	return STT_SUCCESS;
}

static enum cmdmon_status
source_data(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	return report_source(e, a->request->u.index, &r->u.source)
	    ? STT_SUCCESS
	    : STT_NOSUCHSOURCE;
}

static enum cmdmon_status
sourcestats(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	return report_sourcestats(e, a->request->u.index, &r->u.sourcestats)
	    ? STT_SUCCESS
	    : STT_NOSUCHSOURCE;
}

static enum cmdmon_status
source_name(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	return report_source_name(e, &a->request->u.addr, r->u.name)
	    ? STT_SUCCESS
	    : STT_NOSUCHSOURCE;
}

static enum cmdmon_status
tracking(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	(void)a;
	report_tracking(e, &r->u.tracking);
	return STT_SUCCESS;
}

static enum cmdmon_status
activity(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	(void)a;
	report_activity(e, &r->u.activity);
	return STT_SUCCESS;
}

static enum cmdmon_status
status(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	(void)a;
	report_status(e, &r->u.status);
	return STT_SUCCESS;
}

static enum cmdmon_status
guard(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	(void)a;
	report_guard(e, &r->u.guard);
	return STT_SUCCESS;
}

static enum cmdmon_status
ntpdata(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	return detail_ntpdata(e, &a->request->u.addr, &r->u.ntpdata)
	    ? STT_SUCCESS
	    : STT_NOSUCHSOURCE;
}

static enum cmdmon_status
authdata(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	return detail_authdata(e, &a->request->u.addr, &r->u.authdata)
	    ? STT_SUCCESS
	    : STT_NOSUCHSOURCE;
}

static enum cmdmon_status
selectdata(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	return detail_selectdata(e, a->request->u.index, &r->u.selectdata)
	    ? STT_SUCCESS
	    : STT_NOSUCHSOURCE;
}

static enum cmdmon_status
check_access(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	(void)r;
	return serving_check(e, a->request);
}

static enum cmdmon_status
serverstats(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	serving_stats(e, &r->u.serverstats);
	if (!a->is_native)
		r->u.serverstats.count[STAT_QUEUE_DROPS] = CMDMON_NO_COUNT;
	return STT_SUCCESS;
}

static enum cmdmon_status
clients(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	struct cmdmon_clients_wanted want = a->request->u.clients;

	if (!a->may_change)
		want.reset = 0;
	return serving_clients(e, &want, &r->u.clients);
}

static enum cmdmon_status
makestep(struct engine *e, uint32_t uid, const struct cmdmon_request *q)
{
	(void)q;
	return change_makestep(e, uid);
}

static enum cmdmon_status
modify_makestep(struct engine *e, uint32_t uid, const struct cmdmon_request *q)
{
	return change_modify_makestep(e, uid, q->u.makestep.limit,
	    q->u.makestep.threshold);
}

/* A command reports or changes something. */
static const struct handler {
	uint16_t command;
	enum cmdmon_status (*report)(struct engine *, const struct asked *,
	    struct cmdmon_reply *);
	enum cmdmon_status (*change)(struct engine *, uint32_t uid,
	    const struct cmdmon_request *);
} handlers[] = {
	{ CMD_ONLINE, NULL, change_range },
	{ CMD_OFFLINE, NULL, change_range },
	{ CMD_BURST, NULL, change_range },
	{ CMD_MINPOLL, NULL, change_setting },
	{ CMD_MAXPOLL, NULL, change_setting },
	{ CMD_MAXDELAY, NULL, change_setting },
	{ CMD_MAXDELAYRATIO, NULL, change_setting },
	{ CMD_MAXUPDATESKEW, NULL, change_daemon },
	{ CMD_N_SOURCES, n_sources, NULL },
	{ CMD_SOURCE_DATA, source_data, NULL },
	{ CMD_DUMP, NULL, change_daemon },
	{ CMD_REKEY, NULL, change_daemon },
	{ CMD_ALLOW, NULL, serving_change },
	{ CMD_ALLOW_ALL, NULL, serving_change },
	{ CMD_DENY, NULL, serving_change },
	{ CMD_DENY_ALL, NULL, serving_change },
	{ CMD_CMDALLOW, NULL, serving_change },
	{ CMD_CMDALLOW_ALL, NULL, serving_change },
	{ CMD_CMDDENY, NULL, serving_change },
	{ CMD_CMDDENY_ALL, NULL, serving_change },
	{ CMD_ACCHECK, check_access, NULL },
	{ CMD_CMDACCHECK, check_access, NULL },
	{ CMD_DELETE, NULL, change_delete },
	{ CMD_TRACKING, tracking, NULL },
	{ CMD_SOURCESTATS, sourcestats, NULL },
	{ CMD_CYCLELOGS, NULL, change_daemon },
	{ CMD_MAKESTEP, NULL, makestep },
	{ CMD_ACTIVITY, activity, NULL },
	{ CMD_MINSTRATUM, NULL, change_setting },
	{ CMD_POLLTARGET, NULL, change_setting },
	{ CMD_MAXDELAYDEVRATIO, NULL, change_setting },
	{ CMD_RESELECT, NULL, change_daemon },
	{ CMD_RESELECTDIST, NULL, change_daemon },
	{ CMD_MODIFY_MAKESTEP, NULL, modify_makestep },
	{ CMD_REFRESH, NULL, change_daemon },
	{ CMD_SERVERSTATS, serverstats, NULL },
	{ CMD_NTPDATA, ntpdata, NULL },
	{ CMD_SHUTDOWN, NULL, change_daemon },
	{ CMD_ONOFFLINE, NULL, change_daemon },
	{ CMD_ADD_SOURCE, NULL, change_add },
	{ CMD_SOURCE_NAME, source_name, NULL },
	{ CMD_RESET_SOURCES, NULL, change_daemon },
	{ CMD_AUTHDATA, authdata, NULL },
	{ CMD_CLIENTS, clients, NULL },
	{ CMD_SELECTDATA, selectdata, NULL },
	{ CMD_RELOAD_SOURCES, NULL, change_daemon },
	{ CMD_SELECTOPTS, NULL, change_of_source },
	{ CMD_OFFSET, NULL, change_of_source },
	{ CMD_LOCAL, NULL, change_local },
	{ CMD_LOCAL_OLD, NULL, change_local },
	{ CMD_STATUS, status, NULL },
	{ CMD_GUARD, guard, NULL },
};

/* What asks for a facility that is off, as chronyd's are without a line in the
 * configuration.  Those that chronyd always has are invalid. */
static const struct {
	uint16_t command;
	enum cmdmon_status status;
} off[] = {
	{ CMD_SETTIME, STT_NOTENABLED },
	{ 13, STT_NOTENABLED }, /* manual */
	{ 30, STT_NORTC },      /* writertc */
	{ 35, STT_NORTC },      /* rtcdata */
	{ 36, STT_NORTC },      /* trimrtc */
	{ 41, STT_NOTENABLED }, /* manual list */
	{ 42, STT_NOTENABLED }, /* manual delete */
	{ 51, STT_NOTENABLED }, /* smoothing */
	{ 52, STT_NOTENABLED }, /* smoothtime */
};

/* What `opencommands` calls the commands that it can open; the number of
 * sources is open with any of the reports that count them. */
static const struct opener {
	uint16_t command;
	uint32_t words; /* enum config_open; any of them */
} openers[] = {
	{ CMD_N_SOURCES, OPEN_AUTHDATA | OPEN_NTPDATA | OPEN_SELECTDATA |
	    OPEN_SOURCES | OPEN_SOURCESTATS },
	{ CMD_SOURCE_DATA, OPEN_SOURCES },
	{ CMD_TRACKING, OPEN_TRACKING },
	{ CMD_SOURCESTATS, OPEN_SOURCESTATS },
	{ 35, OPEN_RTCDATA },
	{ 41, OPEN_MANUAL },
	{ CMD_ACTIVITY, OPEN_ACTIVITY },
	{ 51, OPEN_SMOOTHING },
	{ CMD_SERVERSTATS, OPEN_SERVERSTATS },
	{ CMD_NTPDATA, OPEN_NTPDATA },
	{ CMD_SOURCE_NAME, OPEN_SOURCENAME },
	{ CMD_AUTHDATA, OPEN_AUTHDATA },
	{ CMD_CLIENTS, OPEN_CLIENTS },
	{ CMD_SELECTDATA, OPEN_SELECTDATA },
};

static bool
is_open(const struct config *c, uint16_t command)
{
	uint32_t words = c->opencommands_set ? c->opencommands : OPEN_DEFAULT;

	for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
		if (openers[i].command == command)
			return (openers[i].words & words) != 0;
	return false;
}

static bool
may(const struct config *c, enum cmdmon_via via,
    const struct cmdmon_entry *entry)
{
	switch (via) {
	case VIA_UDP:
		return is_open(c, entry->command);
	case VIA_MONITOR:
		return entry->access != ACCESS_CHANGE;
	case VIA_CHRONY:
	case VIA_CONTROL:
		return true;
	}
	return false;
}

static enum cmdmon_status
dispatch(struct engine *e, const struct asked *a, struct cmdmon_reply *r)
{
	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
		const struct handler *h = &handlers[i];

		if (h->command != a->request->command)
			continue;
		return h->report ? h->report(e, a, r)
				 : h->change(e, a->uid, a->request);
	}
	for (size_t i = 0; i < sizeof off / sizeof *off; i++)
		if (off[i].command == a->request->command)
			return off[i].status;
	return STT_INVALID;
}

size_t
cmdmon_answer(struct engine *e, enum cmdmon_via via, uint32_t uid,
    const unsigned char *packet, size_t len,
    unsigned char reply[CMDMON_REPLY_MAX])
{
	struct cmdmon_request request;
	struct cmdmon_reply r = { .code = RPY_NULL };
	bool is_native = via == VIA_MONITOR || via == VIA_CONTROL;
	const struct asked asked = { &request, uid,
		via == VIA_CHRONY || via == VIA_CONTROL, is_native };
	int result = cmdmon_get_request(&request, packet, len);

	if (result < 0)
		return 0;
	/* chronyd knows none of ours, whatever its length. */
	if (result != STT_BADVERSION && request.entry &&
	    request.entry->native && !is_native)
		result = STT_INVALID;
	if (result == STT_SUCCESS) {
		assert(request.entry);
		result = may(e->config, via, request.entry)
		    ? (int)dispatch(e, &asked, &r)
		    : STT_UNAUTH;
	}
	if (result == STT_SUCCESS)
		r.code = (uint16_t)cmdmon_reply_to(request.entry, len);
	r.command = request.command;
	r.sequence = request.sequence;
	r.status = (uint16_t)result;

	assert(cmdmon_reply_len(r.code) <= len);
	return cmdmon_put_reply(reply, &r);
}

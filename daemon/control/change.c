/* SPDX-License-Identifier: ISC */
#include "daemon/control/change.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/log.h"
#include "daemon/control/detail.h"
#include "daemon/engine/auth.h"
#include "daemon/engine/dump.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/manage.h"
#include "daemon/engine/source.h"

#define UID_TEXT 24

static const char *
print_uid(uint32_t uid, char buf[UID_TEXT])
{
	if (uid == UINT32_MAX)
		return "unknown uid";
	snprintf(buf, UID_TEXT, "uid %" PRIu32, uid);
	return buf;
}

static const char *
reason(int error)
{
	switch (error) {
	case -EPERM:
		return "this run may not change the clock";
	case -ENOSPC:
		return "refused by the guard";
	case -EAGAIN:
		return "no source has said what time it is";
	default:
		return "the clock failed";
	}
}

enum cmdmon_status
change_makestep(struct engine *e, uint32_t uid)
{
	char who[UID_TEXT];
	int error = discipline_makestep(e);

	if (error != 0) {
		log_warn("control: makestep for %s failed: %s",
		    print_uid(uid, who), reason(error));
		return STT_FAILED;
	}
	log_info("control: makestep done for %s", print_uid(uid, who));
	return STT_SUCCESS;
}

enum cmdmon_status
change_modify_makestep(struct engine *e, uint32_t uid, int32_t limit,
    double threshold)
{
	char who[UID_TEXT];

	if (threshold < 0)
		return STT_INVALID;
	if (limit < 0)
		limit = -1;
	discipline_modify_makestep(e, limit, threshold);
	log_info("control: makestep is now %g %" PRId32 ", set by %s",
	    threshold, limit, print_uid(uid, who));
	return STT_SUCCESS;
}

static enum cmdmon_status
status_of(int error)
{
	switch (error) {
	case 0:
		return STT_SUCCESS;
	case -ENOENT:
		return STT_NOSUCHSOURCE;
	case -EINVAL:
		return STT_INVALID;
	case -ENOTSUP:
		return STT_NOTENABLED;
	case -EEXIST:
		return STT_SOURCEKNOWN;
	case -ENOSPC:
		return STT_TOOMANYSOURCES;
	default:
		return STT_FAILED;
	}
}

enum cmdmon_status
change_done(uint32_t uid, int error, const char *fmt, ...)
{
	static const char *const reasons[] = { [STT_FAILED] = "see above",
		[STT_INVALID] = "out of range",
		[STT_NOSUCHSOURCE] = "no such source",
		[STT_NOTENABLED] = "the configuration has no dumpdir",
		[STT_SOURCEKNOWN] = "it is a source already",
		[STT_TOOMANYSOURCES] = "there are too many sources" };
	enum cmdmon_status status = status_of(error);
	char what[400], who[UID_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (status == STT_SUCCESS)
		log_info("control: %s by %s", what, print_uid(uid, who));
	else
		log_warn("control: %s by %s failed: %s", what,
		    print_uid(uid, who), reasons[status]);
	return status;
}

/* Its address, or the name of a source without one. */
static const char *
label_of(const struct engine *e, const struct addr *a, char *buf)
{
	const struct source *s;

	if (a->family == ADDR_ID)
		TAILQ_FOREACH(s, &e->sources, link)
			if (addr_equal(&s->remote.addr, a))
				return s->conf.name;
	return addr_print(a, buf, ADDR_STRLEN);
}

static bool
is_one_address(const struct addr *mask)
{
	size_t n = mask->family == ADDR_INET4 ? 4 : 16;

	for (size_t i = 0; i < n; i++)
		if (mask->bytes[i] != 0xff)
			return false;
	return true;
}

/* "all sources", an address, or MASK/ADDRESS. */
static const char *
range_text(const struct engine *e, const struct cmdmon_range *r, char *buf,
    size_t size)
{
	char mask[ADDR_STRLEN], space[ADDR_STRLEN];
	const char *addr;

	if (r->addr.family == ADDR_NONE ||
	    (r->mask.family == ADDR_NONE && r->addr.family != ADDR_ID))
		return "all sources";
	addr = label_of(e, &r->addr, space);
	if (r->addr.family == ADDR_ID || is_one_address(&r->mask))
		snprintf(buf, size, "%s", addr);
	else
		snprintf(buf, size, "%s/%s",
		    addr_print(&r->mask, mask, sizeof mask), addr);
	return buf;
}

enum cmdmon_status
change_range(struct engine *e, uint32_t uid, const struct cmdmon_request *q)
{
	const struct cmdmon_range *r = &q->u.range;
	char text[256 + ADDR_STRLEN];
	const char *where = range_text(e, r, text, sizeof text);

	switch (q->command) {
	case CMD_ONLINE:
		return change_done(uid, manage_online(e, &r->mask, &r->addr),
		    "online %s", where);
	case CMD_OFFLINE:
		return change_done(uid, manage_offline(e, &r->mask, &r->addr),
		    "offline %s", where);
	default:
		return change_done(uid, manage_burst(e, &r->mask, &r->addr,
		    r->good, r->total), "burst %d/%d %s", r->good, r->total,
		    where);
	}
}

enum cmdmon_status
change_setting(struct engine *e, uint32_t uid, const struct cmdmon_request *q)
{
	static const struct {
		uint16_t command;
		enum manage_what what;
		bool is_whole;
	} settings[] = {
		{ CMD_MINPOLL, MANAGE_MINPOLL, true },
		{ CMD_MAXPOLL, MANAGE_MAXPOLL, true },
		{ CMD_MAXDELAY, MANAGE_MAXDELAY, false },
		{ CMD_MAXDELAYRATIO, MANAGE_MAXDELAYRATIO, false },
		{ CMD_MAXDELAYDEVRATIO, MANAGE_MAXDELAYDEVRATIO, false },
		{ CMD_MINSTRATUM, MANAGE_MINSTRATUM, true },
		{ CMD_POLLTARGET, MANAGE_POLLTARGET, true },
	};
	const struct cmdmon_setting *set = &q->u.setting;
	char space[ADDR_STRLEN];
	size_t i = 0;
	double value;

	while (settings[i].command != q->command)
		i++;
	value = settings[i].is_whole ? set->number : set->value;
	return change_done(uid, manage_set(e, &set->addr, settings[i].what,
	    value), "%s %s %g", q->entry->name,
	    label_of(e, &set->addr, space), value);
}

enum cmdmon_status
change_of_source(struct engine *e, uint32_t uid,
    const struct cmdmon_request *q)
{
	const struct cmdmon_of_source *s = &q->u.of_source;
	char space[ADDR_STRLEN];
	const char *addr = label_of(e, &s->addr, space);

	if (q->command == CMD_OFFSET)
		return change_done(uid, manage_set(e, &s->addr, MANAGE_OFFSET,
		    s->offset), "offset %s %g", addr, s->offset);
	return change_done(uid, manage_select(e, &s->addr,
	    detail_select(s->mask), detail_select(s->options)),
	    "selectopts %s %x of %x", addr, s->options, s->mask);
}

enum cmdmon_status
change_delete(struct engine *e, uint32_t uid, const struct cmdmon_request *q)
{
	char space[ADDR_STRLEN], name[256];

	/* The source, and its name, are gone afterwards. */
	snprintf(name, sizeof name, "%s", label_of(e, &q->u.addr, space));
	return change_done(uid, manage_delete(e, &q->u.addr), "delete %s",
	    name);
}

enum cmdmon_status
change_local(struct engine *e, uint32_t uid, const struct cmdmon_request *q)
{
	const struct cmdmon_local *asked = &q->u.local;
	const struct config_local l = {
		.is_on = asked->on != 0,
		.is_orphan = asked->orphan != 0,
		.stratum = asked->stratum,
		.distance = asked->distance,
		.activate = asked->activate,
		.waitsynced = asked->waitsynced,
		.waitunsynced = asked->waitunsynced,
	};
	int error = manage_local(e, &l);
	char wait[40] = "";

	if (!l.is_on)
		return change_done(uid, error, "local off");
	if (!(l.waitunsynced < 0)) /* else its default */
		snprintf(wait, sizeof wait, " waitunsynced %g",
		    l.waitunsynced);
	return change_done(uid, error, "local stratum %d distance %g%s "
	    "activate %g waitsynced %g%s", l.stratum,
	    l.distance, l.is_orphan ? " orphan" : "", l.activate,
	    l.waitsynced, wait);
}

/* Without a sourcedir there is nothing to read, which is no failure. */
static int
reload_sources(struct engine *e)
{
	int error = manage_reload_sources(e);

	return error == -ENOENT ? 0 : error;
}

static int
dump(struct engine *e)
{
	int error = dump_save(e);

	return error == -ENOENT ? -ENOTSUP : error == 0 ? 0 : -EIO;
}

static int
do_daemon(struct engine *e, const struct cmdmon_request *q)
{
	switch (q->command) {
	case CMD_RESELECT:
		manage_reselect(e);
		return 0;
	case CMD_RESELECTDIST:
		return manage_reselectdist(e, q->u.value);
	case CMD_MAXUPDATESKEW:
		return manage_maxupdateskew(e, q->u.value);
	case CMD_REFRESH:
		manage_refresh(e);
		return 0;
	case CMD_ONOFFLINE:
		return manage_onoffline(e);
	case CMD_RESET_SOURCES:
		manage_reset_sources(e);
		return 0;
	case CMD_RELOAD_SOURCES:
		return reload_sources(e);
	case CMD_DUMP:
		return dump(e);
	case CMD_REKEY:
		return auth_rekey(e) == 0 ? 0 : -EIO;
	case CMD_CYCLELOGS: /* there are no log files, so none is old */
	case CMD_SHUTDOWN:
		return 0;
	default:
		return -EINVAL;
	}
}

enum cmdmon_status
change_daemon(struct engine *e, uint32_t uid, const struct cmdmon_request *q)
{
	bool has_value = q->command == CMD_RESELECTDIST ||
	    q->command == CMD_MAXUPDATESKEW;
	enum cmdmon_status status;
	char value[32] = "";

	if (has_value)
		snprintf(value, sizeof value, " %g", q->u.value);
	status = change_done(uid, do_daemon(e, q), "%s%s", q->entry->name,
	    value);
	/* The reply still leaves: the loop ends after this event. */
	if (q->command == CMD_SHUTDOWN)
		engine_stop(e, 0);
	return status;
}

/* SPDX-License-Identifier: ISC
 *
 * Every request that a chronyc of today sends, and our own.  Numbers that are
 * missing were taken once and are answered with STT_INVALID. */
#include "common/cmdmon_table.h"

#include <stddef.h>

static const struct cmdmon_entry entries[] = {
	{ CMD_ONLINE, 60, RPY_NULL, ACCESS_CHANGE, false, "online" },
	{ CMD_OFFLINE, 60, RPY_NULL, ACCESS_CHANGE, false, "offline" },
	{ CMD_BURST, 68, RPY_NULL, ACCESS_CHANGE, false, "burst" },
	{ CMD_MINPOLL, 44, RPY_NULL, ACCESS_CHANGE, false, "minpoll" },
	{ CMD_MAXPOLL, 44, RPY_NULL, ACCESS_CHANGE, false, "maxpoll" },
	{ CMD_DUMP, 28, RPY_NULL, ACCESS_CHANGE, false, "dump" },
	{ CMD_MAXDELAY, 44, RPY_NULL, ACCESS_CHANGE, false, "maxdelay" },
	{ CMD_MAXDELAYRATIO, 44, RPY_NULL, ACCESS_CHANGE, false,
	  "maxdelayratio" },
	{ CMD_MAXUPDATESKEW, 28, RPY_NULL, ACCESS_CHANGE, false,
	  "maxupdateskew" },
	{ CMD_SETTIME, 40, 17, ACCESS_CHANGE, false, "settime" },
	{ 13, 28, RPY_NULL, ACCESS_CHANGE, false, "manual" },
	{ CMD_N_SOURCES, 32, RPY_N_SOURCES, ACCESS_OPEN, false, "n_sources" },
	{ CMD_SOURCE_DATA, 76, RPY_SOURCE_DATA, ACCESS_OPEN, false, "sources" },
	{ CMD_REKEY, 28, RPY_NULL, ACCESS_CHANGE, false, "rekey" },
	{ CMD_ALLOW, 44, RPY_NULL, ACCESS_CHANGE, false, "allow" },
	{ CMD_ALLOW_ALL, 44, RPY_NULL, ACCESS_CHANGE, false, "allow all" },
	{ CMD_DENY, 44, RPY_NULL, ACCESS_CHANGE, false, "deny" },
	{ CMD_DENY_ALL, 44, RPY_NULL, ACCESS_CHANGE, false, "deny all" },
	{ CMD_CMDALLOW, 44, RPY_NULL, ACCESS_CHANGE, false, "cmdallow" },
	{ CMD_CMDALLOW_ALL, 44, RPY_NULL, ACCESS_CHANGE, false, "cmdallow all" },
	{ CMD_CMDDENY, 44, RPY_NULL, ACCESS_CHANGE, false, "cmddeny" },
	{ CMD_CMDDENY_ALL, 44, RPY_NULL, ACCESS_CHANGE, false, "cmddeny all" },
	{ CMD_ACCHECK, 40, RPY_NULL, ACCESS_READ, false, "accheck" },
	{ CMD_CMDACCHECK, 40, RPY_NULL, ACCESS_READ, false, "cmdaccheck" },
	{ CMD_DELETE, 40, RPY_NULL, ACCESS_CHANGE, false, "delete" },
	{ 30, 28, RPY_NULL, ACCESS_CHANGE, false, "writertc" },
	{ 31, 28, RPY_NULL, ACCESS_CHANGE, false, "dfreq" },
	{ CMD_TRACKING, 104, RPY_TRACKING, ACCESS_OPEN, false, "tracking" },
	{ CMD_SOURCESTATS, 84, RPY_SOURCESTATS, ACCESS_OPEN, false,
	  "sourcestats" },
	{ 35, 56, 7, ACCESS_OPEN, false, "rtcdata" },
	{ 36, 28, RPY_NULL, ACCESS_CHANGE, false, "trimrtc" },
	{ CMD_CYCLELOGS, 28, RPY_NULL, ACCESS_CHANGE, false, "cyclelogs" },
	{ 41, 416, 18, ACCESS_OPEN, false, "manual list" },
	{ 42, 28, RPY_NULL, ACCESS_CHANGE, false, "manual delete" },
	{ CMD_MAKESTEP, 28, RPY_NULL, ACCESS_CHANGE, false, "makestep" },
	{ CMD_ACTIVITY, 48, RPY_ACTIVITY, ACCESS_OPEN, false, "activity" },
	{ CMD_MINSTRATUM, 44, RPY_NULL, ACCESS_CHANGE, false, "minstratum" },
	{ CMD_POLLTARGET, 44, RPY_NULL, ACCESS_CHANGE, false, "polltarget" },
	{ CMD_MAXDELAYDEVRATIO, 44, RPY_NULL, ACCESS_CHANGE, false,
	  "maxdelaydevratio" },
	{ CMD_RESELECT, 28, RPY_NULL, ACCESS_CHANGE, false, "reselect" },
	{ CMD_RESELECTDIST, 28, RPY_NULL, ACCESS_CHANGE, false,
	  "reselectdist" },
	{ CMD_MODIFY_MAKESTEP, 28, RPY_NULL, ACCESS_CHANGE, false,
	  "modify makestep" },
	{ 51, 52, 13, ACCESS_OPEN, false, "smoothing" },
	{ 52, 28, RPY_NULL, ACCESS_CHANGE, false, "smoothtime" },
	{ CMD_REFRESH, 28, RPY_NULL, ACCESS_CHANGE, false, "refresh" },
	{ CMD_SERVERSTATS, 196, RPY_SERVERSTATS, ACCESS_OPENABLE, false,
	  "serverstats", 72, RPY_SERVERSTATS_OLD },
	{ CMD_LOCAL_OLD, 36, RPY_NULL, ACCESS_CHANGE, false, "local" },
	{ CMD_NTPDATA, 172, RPY_NTPDATA, ACCESS_OPENABLE, false, "ntpdata",
	  152, RPY_NTPDATA_OLD },
	{ CMD_SHUTDOWN, 28, RPY_NULL, ACCESS_CHANGE, false, "shutdown" },
	{ CMD_ONOFFLINE, 28, RPY_NULL, ACCESS_CHANGE, false, "onoffline" },
	{ CMD_ADD_SOURCE, 372, RPY_NULL, ACCESS_CHANGE, false, "add source" },
	{ CMD_SOURCE_NAME, 284, RPY_SOURCE_NAME, ACCESS_OPEN, false,
	  "sourcename" },
	{ CMD_RESET_SOURCES, 28, RPY_NULL, ACCESS_CHANGE, false,
	  "reset sources" },
	{ CMD_AUTHDATA, 52, RPY_AUTHDATA, ACCESS_OPENABLE, false, "authdata" },
	{ CMD_CLIENTS, 520, RPY_CLIENTS, ACCESS_OPENABLE, false, "clients" },
	{ CMD_SELECTDATA, 76, RPY_SELECTDATA, ACCESS_OPENABLE, false,
	  "selectdata" },
	{ CMD_RELOAD_SOURCES, 28, RPY_NULL, ACCESS_CHANGE, false,
	  "reload sources" },
	{ 71, 28, RPY_NULL, ACCESS_CHANGE, false, "doffset" },
	{ CMD_SELECTOPTS, 52, RPY_NULL, ACCESS_CHANGE, false, "selectopts" },
	{ CMD_OFFSET, 48, RPY_NULL, ACCESS_CHANGE, false, "offset" },
	{ CMD_LOCAL, 48, RPY_NULL, ACCESS_CHANGE, false, "local" },
	{ CMD_STATUS, 72, RPY_STATUS, ACCESS_READ, true, "status" },
	{ CMD_GUARD, 104, RPY_GUARD, ACCESS_READ, true, "guard" },
};

const struct cmdmon_entry *
cmdmon_entry(unsigned command)
{
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
		if (entries[i].command == command)
			return &entries[i];
	return NULL;
}

unsigned
cmdmon_reply_to(const struct cmdmon_entry *entry, size_t len)
{
	return entry->old_len != 0 && len < entry->min_len ? entry->old_reply
							   : entry->reply;
}

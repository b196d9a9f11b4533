/* SPDX-License-Identifier: ISC
 *
 * The control protocol: chrony's cmdmon version 6, plus requests of our own
 * from 0x8000 that only the native sockets take.  Here are its numbers; what
 * travels are the structs of common/cmdmon_report.h (replies), cmdmon_native.h
 * (ours) and cmdmon_change.h (requests), which are in host order with spans in
 * seconds; common/cmdmon_codec.h turns them into bytes. */
#ifndef COMMON_CMDMON_H
#define COMMON_CMDMON_H

#include <stdint.h>

#define CMDMON_VERSION 6
#define CMDMON_PORT 323
#define CMDMON_REQUEST_MAX 860
#define CMDMON_REPLY_MAX 520
#define CMDMON_NAME_SIZE 256     /* of a source, with its NUL */
#define REFID_LOCAL 0x7f7f0101   /* the daemon's own clock: no synchronisation */
#define CMDMON_NEVER UINT32_MAX /* "ago" fields: it never happened */

enum cmdmon_command {
	CMD_ONLINE = 1,
	CMD_OFFLINE = 2,
	CMD_BURST = 3,
	CMD_MINPOLL = 4,
	CMD_MAXPOLL = 5,
	CMD_DUMP = 6,
	CMD_MAXDELAY = 7,
	CMD_MAXDELAYRATIO = 8,
	CMD_MAXUPDATESKEW = 9,
	CMD_SETTIME = 11,
	CMD_N_SOURCES = 14,
	CMD_SOURCE_DATA = 15,
	CMD_REKEY = 16,
	CMD_ALLOW = 17,
	CMD_ALLOW_ALL = 18,
	CMD_DENY = 19,
	CMD_DENY_ALL = 20,
	CMD_CMDALLOW = 21,
	CMD_CMDALLOW_ALL = 22,
	CMD_CMDDENY = 23,
	CMD_CMDDENY_ALL = 24,
	CMD_ACCHECK = 25,
	CMD_CMDACCHECK = 26,
	CMD_DELETE = 29,
	CMD_TRACKING = 33,
	CMD_SOURCESTATS = 34,
	CMD_CYCLELOGS = 37,
	CMD_MAKESTEP = 43,
	CMD_ACTIVITY = 44,
	CMD_MINSTRATUM = 45,
	CMD_POLLTARGET = 46,
	CMD_MAXDELAYDEVRATIO = 47,
	CMD_RESELECT = 48,
	CMD_RESELECTDIST = 49,
	CMD_MODIFY_MAKESTEP = 50,
	CMD_REFRESH = 53,
	CMD_SERVERSTATS = 54,
	CMD_LOCAL_OLD = 56, /* of chronyc before 4.6 */
	CMD_NTPDATA = 57,
	CMD_SHUTDOWN = 62,
	CMD_ONOFFLINE = 63,
	CMD_ADD_SOURCE = 64,
	CMD_SOURCE_NAME = 65,
	CMD_RESET_SOURCES = 66,
	CMD_AUTHDATA = 67,
	CMD_CLIENTS = 68,
	CMD_SELECTDATA = 69,
	CMD_RELOAD_SOURCES = 70,
	CMD_SELECTOPTS = 72,
	CMD_OFFSET = 73,
	CMD_LOCAL = 74,
	/* Ours: */
	CMD_STATUS = 0x8001,
	CMD_GUARD = 0x8002,
};

enum cmdmon_status {
	STT_SUCCESS = 0,
	STT_FAILED = 1,
	STT_UNAUTH = 2,
	STT_INVALID = 3,
	STT_NOSUCHSOURCE = 4,
	STT_NOTENABLED = 6,
	STT_BADSUBNET = 7,
	STT_ACCESSALLOWED = 8, /* these two are no errors */
	STT_ACCESSDENIED = 9,
	STT_SOURCEKNOWN = 11,
	STT_TOOMANYSOURCES = 12,
	STT_NORTC = 13,
	STT_INACTIVE = 15, /* no log of clients */
	STT_BADFAMILY = 17,
	STT_BADVERSION = 18,
	STT_BADLENGTH = 19,
	STT_INVALIDNAME = 21,
};

#endif

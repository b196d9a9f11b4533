/* SPDX-License-Identifier: ISC
 *
 * The requests of the control protocol: how long, who may, what comes back. */
#ifndef COMMON_CMDMON_TABLE_H
#define COMMON_CMDMON_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cmdmon.h"

/* Who may ask over UDP; over the Unix sockets see the daemon. */
enum cmdmon_access {
	ACCESS_OPEN,     /* reads; everybody, unless opencommands says less */
	ACCESS_OPENABLE, /* reads; if opencommands says so */
	ACCESS_READ,     /* reads; never over UDP */
	ACCESS_CHANGE,   /* changes the daemon; never over UDP */
};

/* Reply codes with a payload that this codec knows. */
enum cmdmon_reply_code {
	RPY_NULL = 1,
	RPY_N_SOURCES = 2,
	RPY_SOURCE_DATA = 3,
	RPY_TRACKING = 5,
	RPY_SOURCESTATS = 6,
	RPY_ACTIVITY = 12,
	RPY_NTPDATA_OLD = 16,
	RPY_SOURCE_NAME = 19,
	RPY_AUTHDATA = 20,
	RPY_CLIENTS = 21,
	RPY_SELECTDATA = 23,
	RPY_SERVERSTATS_OLD = 24,
	RPY_SERVERSTATS = 25,
	RPY_NTPDATA = 26,
	RPY_STATUS = 0x8001,
	RPY_GUARD = 0x8002,
};

/* One request of the protocol. */
struct cmdmon_entry {
	uint16_t command;
	uint16_t min_len; /* bytes of a request, header and padding included */
	uint16_t reply;   /* code of the reply on success */
	enum cmdmon_access access;
	bool native;      /* ours: native sockets only, chronyc never sends it */
	const char *name; /* as opencommands and the log write it */
	uint16_t old_len; /* 0, or what older clients send, to get ... */
	uint16_t old_reply; /* ... this, which they understand */
};

/* The entry of command, or NULL: answer STT_INVALID.  So does a daemon that is
 * asked for a native one by UDP or on chrony's socket. */
const struct cmdmon_entry *cmdmon_entry(unsigned command);

/* The code of the successful reply to a request of len bytes.  Replies have
 * grown; since a request is padded to the length of the reply that it awaits,
 * the length tells an older client. */
unsigned cmdmon_reply_to(const struct cmdmon_entry *, size_t len);

#endif

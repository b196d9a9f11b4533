/* SPDX-License-Identifier: ISC
 *
 * The control protocol as bytes, for both ends.  A request is a header of 20
 * bytes and a payload, padded with zeros so that it is never shorter than the
 * reply: whoever forges a sender's address gains nothing.  A reply is a header
 * of 28 bytes and the payload that its code implies.
 *
 * The structs are those of the headers below.  Decoding reads whatever
 * arrives and yields something in range of its type, no more: indexes, leap,
 * stratum and the like are for the receiver to judge.  Interfaces of IPv6
 * link-local addresses do not travel. */
#ifndef COMMON_CMDMON_CODEC_H
#define COMMON_CMDMON_CODEC_H

#include <stddef.h>

#include "common/cmdmon.h"
#include "common/cmdmon_change.h"
#include "common/cmdmon_native.h"
#include "common/cmdmon_report.h"
#include "common/cmdmon_server.h"
#include "common/cmdmon_table.h"

#define CMDMON_REQUEST_HEADER 20
#define CMDMON_REPLY_HEADER 28 /* and the shortest request that is answered */

/* Bytes of a reply with this code, header included; 0 for an unknown one. */
size_t cmdmon_reply_len(unsigned code);

struct cmdmon_request {
	uint16_t command, attempt;
	uint32_t sequence; /* opaque */
	const struct cmdmon_entry *entry;
	union {
		uint32_t index;   /* CMD_SOURCE_DATA, _SOURCESTATS,
				     _SELECTDATA */
		struct addr addr; /* CMD_SOURCE_NAME, _NTPDATA, _AUTHDATA,
				     _DELETE, _ACCHECK, _CMDACCHECK */
		double value;     /* CMD_RESELECTDIST, s,
				     _MAXUPDATESKEW, ppm */
		struct {
			int32_t limit;    /* updates; < 0 no limit */
			double threshold; /* s */
		} makestep;       /* CMD_MODIFY_MAKESTEP */
		struct cmdmon_range range;
		struct cmdmon_setting setting;
		struct cmdmon_of_source of_source;
		struct cmdmon_local local;
		struct cmdmon_add add;
		struct cmdmon_subnet subnet;
		struct cmdmon_clients_wanted clients;
	} u;
};

/* Writes r (entry is not read) with its padding to buf, which has room for
 * CMDMON_REQUEST_MAX bytes.  Returns the length.  r->command must be one of
 * the protocol. */
size_t cmdmon_put_request(unsigned char *buf, const struct cmdmon_request *r);

/* Reads a request.  Returns 0; or the enum cmdmon_status to answer with
 * (STT_BADVERSION, STT_INVALID, STT_BADLENGTH), command and sequence being
 * set; or -EBADMSG: say nothing.  The order of the checks is the protocol's.
 * Who sent it is the caller's to check.  Requests that have no member in
 * u come with it zeroed. */
int cmdmon_get_request(struct cmdmon_request *r, const unsigned char *buf,
    size_t len);

struct cmdmon_reply {
	unsigned version; /* cmdmon_get_reply's; always written as ours */
	uint16_t command, status;
	uint16_t code;    /* enum cmdmon_reply_code; RPY_NULL with an error */
	uint32_t sequence;
	union {
		uint32_t n_sources;
		struct cmdmon_source source;
		struct cmdmon_tracking tracking;
		struct cmdmon_sourcestats sourcestats;
		struct cmdmon_activity activity;
		struct cmdmon_authdata authdata;
		struct cmdmon_selectdata selectdata;
		struct cmdmon_ntpdata ntpdata;
		struct cmdmon_clients clients;
		struct cmdmon_serverstats serverstats;
		struct cmdmon_native_status status;
		struct cmdmon_guard guard;
		char name[CMDMON_NAME_SIZE];
	} u;
};

/* Writes r to buf, which has room for CMDMON_REPLY_MAX bytes.  Returns the
 * length; no byte of it is left unset.  r->code must be one of enum
 * cmdmon_reply_code; send it only if the request was at least as long. */
size_t cmdmon_put_reply(unsigned char *buf, const struct cmdmon_reply *r);

/* Reads a reply.  Returns 0; -EBADMSG: no reply of this protocol, wait for
 * another; -EMSGSIZE: shorter than its code promises.  A reply with a code
 * that is not in enum cmdmon_reply_code comes with u zeroed.  Compare command
 * and sequence with those asked for. */
int cmdmon_get_reply(struct cmdmon_reply *r, const unsigned char *buf,
    size_t len);

#endif

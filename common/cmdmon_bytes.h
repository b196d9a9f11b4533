/* SPDX-License-Identifier: ISC
 *
 * Inside the codec: what all its parts need.  All numbers are big-endian, at
 * fixed offsets that are multiples of their size; unused bytes are zero. */
#ifndef COMMON_CMDMON_BYTES_H
#define COMMON_CMDMON_BYTES_H

#include <stdint.h>

#include "common/cmdmon_codec.h"

void cmdmon_put_float(unsigned char *p, double x); /* 4 bytes */
double cmdmon_get_float(const unsigned char *p);
void cmdmon_put_addr(unsigned char *p, const struct addr *); /* 20 */
struct addr cmdmon_get_addr(const unsigned char *p);
void cmdmon_put_time(unsigned char *p, struct tspec); /* 12 */
struct tspec cmdmon_get_time(const unsigned char *p);

/* '?' for what is no visible ASCII: it could steer whoever prints it. */
char cmdmon_get_char(const unsigned char *p);

/* A reply's body, by its code: NULL for an unknown one.  p points behind the
 * header; put finds zeros there. */
struct cmdmon_body {
	uint16_t code; /* enum cmdmon_reply_code */
	uint16_t len;  /* of the whole reply */
	void (*put)(unsigned char *p, const struct cmdmon_reply *);
	void (*get)(struct cmdmon_reply *, const unsigned char *p);
};
const struct cmdmon_body *cmdmon_body(unsigned code);

/* The bodies that have files of their own. */
void cmdmon_put_authdata(unsigned char *, const struct cmdmon_reply *);
void cmdmon_get_authdata(struct cmdmon_reply *, const unsigned char *);
void cmdmon_put_selectdata(unsigned char *, const struct cmdmon_reply *);
void cmdmon_get_selectdata(struct cmdmon_reply *, const unsigned char *);
void cmdmon_put_ntpdata(unsigned char *, const struct cmdmon_reply *);
void cmdmon_get_ntpdata(struct cmdmon_reply *, const unsigned char *);
void cmdmon_put_ntpdata_old(unsigned char *, const struct cmdmon_reply *);
void cmdmon_get_ntpdata_old(struct cmdmon_reply *, const unsigned char *);
void cmdmon_put_clients(unsigned char *, const struct cmdmon_reply *);
void cmdmon_get_clients(struct cmdmon_reply *, const unsigned char *);
void cmdmon_put_serverstats(unsigned char *, const struct cmdmon_reply *);
void cmdmon_get_serverstats(struct cmdmon_reply *, const unsigned char *);
void cmdmon_put_status(unsigned char *, const struct cmdmon_reply *);
void cmdmon_get_status(struct cmdmon_reply *, const unsigned char *);
void cmdmon_put_guard(unsigned char *, const struct cmdmon_reply *);
void cmdmon_get_guard(struct cmdmon_reply *, const unsigned char *);

/* What a request carries behind its header, by r->command; nothing for those
 * that carry nothing.  put finds zeros, get has the command's min_len. */
void cmdmon_put_payload(unsigned char *p, const struct cmdmon_request *);
void cmdmon_get_payload(struct cmdmon_request *, const unsigned char *p);
void cmdmon_put_add(unsigned char *p, const struct cmdmon_request *);
void cmdmon_get_add(struct cmdmon_request *, const unsigned char *p);

void cmdmon_put_serverstats_old(unsigned char *, const struct cmdmon_reply *);
void cmdmon_get_serverstats_old(struct cmdmon_reply *, const unsigned char *);

/* Payloads, likewise. */
void cmdmon_put_subnet(unsigned char *, const struct cmdmon_request *);
void cmdmon_get_subnet(struct cmdmon_request *, const unsigned char *);
void cmdmon_put_wanted(unsigned char *, const struct cmdmon_request *);
void cmdmon_get_wanted(struct cmdmon_request *, const unsigned char *);

#endif

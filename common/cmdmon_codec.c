/* SPDX-License-Identifier: ISC
 *
 * Packets: their headers, lengths and padding.  What is between is in
 * cmdmon_body.c, cmdmon_source.c and cmdmon_native.c (replies) and in
 * cmdmon_payload.c and cmdmon_add.c (requests). */
#include "common/cmdmon_codec.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/bytes.h"
#include "common/cmdmon_bytes.h"

#define PKT_REQUEST 1
#define PKT_REPLY 2
#define VERSION_ANSWERED 5 /* the oldest whose bytes are worth an answer */
#define VERSION_COMPARED 4 /* the oldest reply that may say "bad version" */

size_t
cmdmon_reply_len(unsigned code)
{
	const struct cmdmon_body *b = cmdmon_body(code);

	return b ? b->len : 0;
}

size_t
cmdmon_put_request(unsigned char *buf, const struct cmdmon_request *r)
{
	const struct cmdmon_entry *entry = cmdmon_entry(r->command);
	unsigned char *p = buf + CMDMON_REQUEST_HEADER;

	assert(entry);
	memset(buf, 0, entry->min_len);
	buf[0] = CMDMON_VERSION;
	buf[1] = PKT_REQUEST;
	put16(buf + 4, r->command);
	put16(buf + 6, r->attempt);
	put32(buf + 8, r->sequence);
	cmdmon_put_payload(p, r);
	return entry->min_len;
}

int
cmdmon_get_request(struct cmdmon_request *r, const unsigned char *buf,
    size_t len)
{
	const unsigned char *p = buf + CMDMON_REQUEST_HEADER;

	memset(r, 0, sizeof *r); /* all of the union */
	if (len < CMDMON_REPLY_HEADER || len > CMDMON_REQUEST_MAX)
		return -EBADMSG;
	if (buf[1] != PKT_REQUEST || buf[2] != 0 || buf[3] != 0 ||
	    buf[0] < VERSION_ANSWERED)
		return -EBADMSG;
	r->command = get16(buf + 4);
	r->attempt = get16(buf + 6);
	r->sequence = get32(buf + 8);
	r->entry = cmdmon_entry(r->command);
	if (buf[0] != CMDMON_VERSION)
		return STT_BADVERSION;
	if (!r->entry)
		return STT_INVALID;
	if (len < r->entry->min_len &&
	    (r->entry->old_len == 0 || len < r->entry->old_len))
		return STT_BADLENGTH;
	cmdmon_get_payload(r, p);
	return 0;
}

size_t
cmdmon_put_reply(unsigned char *buf, const struct cmdmon_reply *r)
{
	const struct cmdmon_body *body = cmdmon_body(r->code);

	assert(body);
	memset(buf, 0, body->len);
	buf[0] = CMDMON_VERSION;
	buf[1] = PKT_REPLY;
	put16(buf + 4, r->command);
	put16(buf + 6, r->code);
	put16(buf + 8, r->status);
	put32(buf + 16, r->sequence);
	if (body->put)
		body->put(buf + CMDMON_REPLY_HEADER, r);
	return body->len;
}

int
cmdmon_get_reply(struct cmdmon_reply *r, const unsigned char *buf, size_t len)
{
	const struct cmdmon_body *body;

	memset(r, 0, sizeof *r);
	if (len < CMDMON_REPLY_HEADER || buf[1] != PKT_REPLY || buf[2] != 0 ||
	    buf[3] != 0)
		return -EBADMSG;
	r->version = buf[0];
	r->command = get16(buf + 4);
	r->code = get16(buf + 6);
	r->status = get16(buf + 8);
	r->sequence = get32(buf + 16);
	if (r->version != CMDMON_VERSION &&
	    (r->version < VERSION_COMPARED || r->status != STT_BADVERSION))
		return -EBADMSG;
	body = cmdmon_body(r->code);
	if (body && len < body->len)
		return -EMSGSIZE;
	if (body && body->get)
		body->get(r, buf + CMDMON_REPLY_HEADER);
	return 0;
}

/* SPDX-License-Identifier: ISC
 *
 * Both decoders of the control protocol read the same bytes.  What they take
 * must be finite, written again without loss, and never make a reply longer
 * than its request. */
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/cmdfloat.h"
#include "common/cmdmon_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
request(const uint8_t *data, size_t size)
{
	unsigned char wire[CMDMON_REQUEST_MAX];
	struct cmdmon_request q, again;

	if (cmdmon_get_request(&q, data, size) != 0)
		return;
	assert(q.entry && q.entry->command == q.command);
	assert(size >= cmdmon_reply_len(cmdmon_reply_to(q.entry, size)));
	assert(q.command != CMD_MODIFY_MAKESTEP ||
	    isfinite(q.u.makestep.threshold));
	assert(q.command != CMD_ADD_SOURCE ||
	    (memchr(q.u.add.name, '\0', sizeof q.u.add.name) &&
		isfinite(q.u.add.maxdelay) && isfinite(q.u.add.offset)));

	size_t len = cmdmon_put_request(wire, &q);
	assert(len == q.entry->min_len && len <= sizeof wire);
	assert(cmdmon_get_request(&again, wire, len) == 0);
	assert(again.sequence == q.sequence && again.attempt == q.attempt);
	assert(memcmp(&again.u, &q.u, sizeof q.u) == 0);
}

static void
reply(const uint8_t *data, size_t size)
{
	unsigned char wire[CMDMON_REPLY_MAX], twice[CMDMON_REPLY_MAX];
	struct cmdmon_reply r;

	if (cmdmon_get_reply(&r, data, size) != 0)
		return;
	size_t len = cmdmon_reply_len(r.code);
	if (len == 0)
		return;
	assert(len <= size);
	if (r.code == RPY_TRACKING)
		assert(isfinite(r.u.tracking.freq_ppm) &&
		    r.u.tracking.addr.family <= ADDR_ID);
	if (r.code == RPY_SOURCE_NAME)
		assert(memchr(r.u.name, '\0', sizeof r.u.name));
	assert(cmdmon_put_reply(wire, &r) == len);
	/* A coefficient that is not normalised may change its bytes once. */
	if (r.version != CMDMON_VERSION)
		return;
	assert(cmdmon_get_reply(&r, wire, len) == 0);
	assert(cmdmon_put_reply(twice, &r) == len);
	assert(memcmp(wire, twice, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	request(data, size);
	reply(data, size);
	return 0;
}

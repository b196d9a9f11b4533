/* SPDX-License-Identifier: ISC
 *
 * Messages for a worker, as if the engine were somebody else's: each begins with
 * a byte of type and one of how much of the struct follows, the rest of which is
 * zero.  Whatever comes is done, refused, or the end, and a client that asks
 * afterwards is met with silence or a good answer. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/worker.h"
#include "tests/emu/fake_os.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct refpage page;

static void
ask(struct worker *w, struct fake_os *os)
{
	struct sock sock = { .owner = w, .receive = worker_receive };
	struct dgram d = { .remote = { { .family = ADDR_INET4,
	    .bytes = { 10, 1, 2, 3 } }, 1123 } };
	unsigned char bytes[PACKET_HEADER] = { 0x23, [24] = 1, [47] = 9 };
	unsigned before = os->n_sent;

	fake_receive(os, &sock, &d, bytes, sizeof bytes);
	assert(os->n_sent - before <= 1);
	assert(os->n_sent == before || fake_sent(os, 0)->data[0] == 0xe4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wrk_req req = { .type = WRK_SETUP, .u.setup = {
		.log_bytes = 4096, .has_pairs = 1,
		.limit = { .burst = 8, .leak = 2, .interval = 3 } } };
	struct fake_os os;
	struct worker w;
	struct wrk_rep rep;

	fake_init(&os, (struct tspec){ INT64_C(1800000000) * NSEC });
	worker_init(&w, &os.os, &page);
	assert(worker_request(&w, &req, &rep) == 0);
	while (size >= 2) {
		size_t len = (size_t)data[1] * 8;

		memset(&req, 0, sizeof req);
		req.type = data[0];
		data += 2, size -= 2;
		if (len > size)
			len = size;
		if (len > sizeof req.u)
			len = sizeof req.u;
		memcpy(&req.u, data, len);
		data += len, size -= len;

		int r = worker_request(&w, &req, &rep);

		assert(r == 0 || r == -EPROTO || (r == 1 &&
		    req.type == WRK_BYE));
		assert(rep.type == WRK_DONE);
		if (r == 0 && req.type == WRK_CLIENTLOG)
			assert(rep.u.clients.n <= WRK_CLIENTS &&
			    rep.u.clients.next >= req.u.want.first);
		if (r != 0)
			break; /* the process ends */
		ask(&w, &os);
	}
	worker_fini(&w);
	fake_fini(&os);
	return 0;
}

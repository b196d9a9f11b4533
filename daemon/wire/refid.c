/* SPDX-License-Identifier: ISC
 *
 * MD5 here is a checksum that the protocol asks for, no protection. */
#include "daemon/wire/refid.h"

#include <nettle/md5.h>

#include "common/bytes.h"

uint32_t
refid_of(const struct addr *a)
{
	struct md5_ctx md5;
	unsigned char digest[4];

	if (a->family == ADDR_INET4)
		return get32(a->bytes);
	if (a->family != ADDR_INET6)
		return 0;
	md5_init(&md5);
	md5_update(&md5, 16, a->bytes);
	md5_digest(&md5, sizeof digest, digest);
	return get32(digest);
}

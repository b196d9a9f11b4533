/* SPDX-License-Identifier: ISC
 *
 * Engine <-> resolver: names in, addresses out.  One struct per SEQPACKET
 * message, both directions fixed in size.  The resolver answers each request
 * once, in any order; the engine takes nothing on trust (addresses are checked
 * again: unicast, at most NAMES_ADDRS, NUL where it must be). */
#ifndef PRIVSEP_WIRE_NAMES_H
#define PRIVSEP_WIRE_NAMES_H

#include <stdint.h>

#define NAMES_LEN 256  /* longest name with its NUL */
#define NAMES_ADDRS 16 /* most addresses of one name that are used */
#define NAMES_PENDING 32 /* most look-ups under way; more wait in the socket */

enum names_type { NAMES_LOOKUP = 2, NAMES_FOUND = 3 };

enum names_error { /* in names_rep.error */
	NAMES_OK = 0,
	NAMES_AGAIN = 1, /* no answer now: ask again later */
	NAMES_NONE = 2,  /* there is no such name, or no address of this family */
	NAMES_FAILED = 3, /* the look-up's process crashed or ran out of time */
};

struct names_req {
	uint32_t type, id; /* id is the engine's, echoed */
	uint32_t family;   /* enum addr_family: ADDR_NONE = both */
	uint32_t zero;
	char name[NAMES_LEN];
};

struct names_addr {
	uint32_t family; /* ADDR_INET4 or ADDR_INET6 */
	uint32_t scope;
	unsigned char bytes[16];
};

struct names_rep {
	uint32_t type, id;
	uint32_t error; /* enum names_error */
	uint32_t count; /* 0..NAMES_ADDRS, 0 unless NAMES_OK */
	struct names_addr addrs[NAMES_ADDRS];
};

_Static_assert(sizeof(struct names_req) == 272, "names_req is wire format");
_Static_assert(sizeof(struct names_rep) == 400, "names_rep is wire format");

#endif

/* SPDX-License-Identifier: ISC
 *
 * IP addresses, as the daemon means them: a family and the bytes that count.
 * Unused bytes are always zero, so that two addresses may be compared and
 * hashed as memory.  ADDR_ID is a source whose name is not resolved yet; the
 * number stands in the first four bytes, big-endian (control protocol 1.1).
 * The values of the families are those of the control protocol. */
#ifndef COMMON_ADDR_H
#define COMMON_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum addr_family { ADDR_NONE = 0, ADDR_INET4 = 1, ADDR_INET6 = 2, ADDR_ID = 3 };

struct addr {
	uint16_t family; /* enum addr_family */
	uint16_t zero;
	uint32_t scope; /* interface of an IPv6 link-local address or
	                   multicast group, else 0 */
	unsigned char bytes[16];
};

/* An address with a port, host order. */
struct endpoint {
	struct addr addr;
	uint16_t port;
};

struct sockaddr;
struct sockaddr_storage;

#define ADDR_STRLEN 64 /* the longest text with scope, and its NUL */

/* Parses a literal address: dotted quad (four decimal parts), RFC 4291 text
 * (%interface or %number behind a link-local one or group, nowhere else), or
 * "ID#number".  An IPv4-mapped IPv6 address becomes IPv4.  Returns 0, or
 * -EINVAL with *a untouched. */
int addr_parse(struct addr *a, const char *text);

/* The shortest text (RFC 5952) with the scope as a number, or
 * "ID#0000000001"; ADDR_NONE gives "[UNSPEC]".  Writes at most size bytes with
 * NUL and returns buf. */
const char *addr_print(const struct addr *a, char *buf, size_t size);

/* < 0, 0, > 0: family first, then bytes, then scope. */
int addr_cmp(const struct addr *a, const struct addr *b);
bool addr_equal(const struct addr *a, const struct addr *b);

/* True for loopback (127/8, ::1). */
bool addr_is_loopback(const struct addr *a);

/* True for what a time server can have: unicast, not unspecified, broadcast,
 * multicast or reserved (0/8, 240/4). */
bool addr_is_unicast(const struct addr *a);

/* Address of an unresolved source. */
struct addr addr_from_id(uint32_t id);

/* Conversions to the kernel's form; the first returns the length used.  An
 * IPv4-mapped IPv6 address becomes IPv4.  addr_from_sockaddr returns 0, or
 * -EAFNOSUPPORT with *e zeroed. */
unsigned addr_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *);
int addr_from_sockaddr(struct endpoint *e, const struct sockaddr *);

#endif

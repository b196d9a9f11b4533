/* SPDX-License-Identifier: ISC
 *
 * The reference ID that names a server by its address (RFC 5905 section 7.3):
 * by it a server finds out that a client of its own is its source. */
#ifndef DAEMON_WIRE_REFID_H
#define DAEMON_WIRE_REFID_H

#include <stdint.h>

#include "common/addr.h"

/* Host order: the IPv4 address itself, or the first four bytes of the MD5 of an
 * IPv6 address; 0 for an address of another family.  Cannot fail. */
uint32_t refid_of(const struct addr *a);

#endif

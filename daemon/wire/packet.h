/* SPDX-License-Identifier: ISC
 *
 * The NTP header (RFC 5905 figure 8), bytes <-> struct, and where the parts
 * behind it lie.  Everything here is in host order; timestamps are raw ntp64,
 * since those that are echoed must come back bit by bit.
 *
 * Behind the 48 bytes a packet of version 4 may carry extension fields (RFC
 * 7822: length at offset 2, >= 16, a multiple of 4) and then a MAC (key ID and
 * 16 or 20 bytes; key ID alone is a crypto-NAK); older versions a MAC only.
 * What is left is a MAC when it is 24 bytes or less, else a field: so says RFC
 * 7822 section 3, and a last field without a MAC is at least 28 bytes. */
#ifndef DAEMON_WIRE_PACKET_H
#define DAEMON_WIRE_PACKET_H

#include <stddef.h>
#include <stdint.h>

#define PACKET_HEADER 48
#define PACKET_VERSION 4 /* the newest there is; 1 is the oldest */
#define PACKET_PORT 123
#define PACKET_STRATUM_MAX 15 /* 16 is not synchronised (RFC 5905 MAXSTRAT) */

enum packet_leap { LEAP_NONE = 0, LEAP_INSERT = 1, LEAP_DELETE = 2,
	LEAP_UNSYNC = 3 };

enum packet_mode {
	PACKET_MODE_UNSPEC = 0, /* version 1 knows no modes */
	PACKET_MODE_ACTIVE = 1,
	PACKET_MODE_PASSIVE = 2,
	PACKET_MODE_CLIENT = 3,
	PACKET_MODE_SERVER = 4,
	PACKET_MODE_BROADCAST = 5,
};

struct ntp_packet {
	uint8_t leap;            /* enum packet_leap */
	uint8_t version;         /* 1..4 */
	uint8_t mode;            /* enum packet_mode */
	uint8_t stratum;         /* 0 = kiss code or unspecified */
	int8_t poll;             /* log2 s */
	int8_t precision;        /* log2 s */
	double root_delay;       /* s, 0..65536 */
	double root_dispersion;  /* s, 0..65536 */
	uint32_t refid;
	uint64_t ref, origin, receive, transmit; /* ntp64, NTP64_UNSET = none */

	/* Parsed packets only, 0 ignored when writing: */
	size_t fields_len; /* extension fields, from byte PACKET_HEADER on */
	size_t mac_len;    /* behind them up to the end; 0 = none */
};

enum packet_error {
	PACKET_E_SHORT = 1, /* less than a header */
	PACKET_E_VERSION,   /* not 1..4 */
	PACKET_E_MODE,      /* 6 or 7: control and private have other headers */
	PACKET_E_TRAILER,   /* what follows is neither fields nor a MAC */
};

/* Fills p from len bytes.  Returns 0 or an enum packet_error, *p then being
 * undefined.  Stratum, leap and timestamps are not judged. */
int packet_parse(struct ntp_packet *p, const unsigned char *bytes, size_t len);

/* Writes p's header.  Spans are rounded up (they are error bounds) and
 * saturate.  p->version must be 1..4, leap 0..3, mode 0..7.  Cannot fail. */
void packet_write(const struct ntp_packet *p,
    unsigned char bytes[PACKET_HEADER]);

/* Kiss codes: the reference ID of a server's packet with stratum 0 (RFC 5905
 * section 7.4). */
enum packet_kiss {
	KISS_NONE,  /* no kiss: stratum is not 0, or means no more than a server
	               that is not synchronised (INIT, STEP, or no code) */
	KISS_DENY,  /* access denied: stop */
	KISS_RSTR,  /* access denied by policy: stop */
	KISS_RATE,  /* too often: poll less */
	KISS_OTHER, /* any other code: nothing to do but to drop the packet */
};

enum packet_kiss packet_kiss(const struct ntp_packet *p);

#define KISS_CODE_DENY UINT32_C(0x44454e59)
#define KISS_CODE_RSTR UINT32_C(0x52535452)
#define KISS_CODE_RATE UINT32_C(0x52415445)
#define KISS_CODE_INIT UINT32_C(0x494e4954)
#define KISS_CODE_STEP UINT32_C(0x53544550)

#endif

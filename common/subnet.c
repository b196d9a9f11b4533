/* SPDX-License-Identifier: ISC */
#include "common/subnet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

int
subnet_bits(const struct addr *a)
{
	return a->family == ADDR_INET4 ? 32 : a->family == ADDR_INET6 ? 128 : 0;
}

int
subnet_make(struct subnet *s, const struct addr *a, int bits)
{
	if (subnet_bits(a) == 0)
		return -EINVAL;
	if (bits < 0 || bits > subnet_bits(a))
		return -ERANGE;
	*s = (struct subnet){ .addr.family = a->family, .bits = bits };
	memcpy(s->addr.bytes, a->bytes, (size_t)bits / 8);
	if (bits % 8 != 0)
		s->addr.bytes[bits / 8] = (unsigned char)(a->bytes[bits / 8] &
		    0xff << (8 - bits % 8));
	return 0;
}

/* "1", "1.2", "1.2.3" or "1.2.3.4": the address, and how many bits it has. */
static int
parse_parts(struct addr *a, int *bits, const char *text)
{
	char whole[ADDR_STRLEN];
	int parts = 1;

	for (const char *c = text; *c != '\0'; c++)
		parts += *c == '.';
	if (parts > 4 || strlen(text) > 15)
		return -EINVAL;
	snprintf(whole, sizeof whole, "%s%s", text,
	    &".0.0.0"[2 * (size_t)(parts - 1)]);
	*bits = 8 * parts;
	return addr_parse(a, whole);
}

int
subnet_parse(struct subnet *s, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char host[ADDR_STRLEN];
	struct addr a;
	int bits;

	if (n == 0 || n >= sizeof host)
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	if (strspn(host, DIGITS ".") == n) {
		if (parse_parts(&a, &bits, host) != 0)
			return -EINVAL;
	} else {
		/* A rule is for addresses, whatever interface they are on. */
		if (strchr(host, '%') != NULL || addr_parse(&a, host) != 0)
			return -EINVAL;
		bits = subnet_bits(&a);
	}
	if (slash != NULL) {
		if (slash[1] == '\0' ||
		    slash[1 + strspn(slash + 1, DIGITS)] != '\0')
			return -EINVAL;
		if (strlen(slash + 1) > 3)
			return -ERANGE;
		bits = atoi(slash + 1);
	}
	return subnet_make(s, &a, bits);
}

bool
subnet_has(const struct subnet *s, const struct addr *a)
{
	struct subnet same;

	if (s->addr.family == ADDR_NONE)
		return subnet_bits(a) != 0;
	return a->family == s->addr.family &&
	    subnet_make(&same, a, s->bits) == 0 &&
	    memcmp(same.addr.bytes, s->addr.bytes, sizeof s->addr.bytes) == 0;
}

const char *
subnet_print(const struct subnet *s, char *buf, size_t size)
{
	char addr[ADDR_STRLEN];

	if (s->addr.family == ADDR_NONE)
		snprintf(buf, size, "all");
	else
		snprintf(buf, size, "%s/%d",
		    addr_print(&s->addr, addr, sizeof addr), s->bits);
	return buf;
}

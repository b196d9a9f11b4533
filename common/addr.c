/* SPDX-License-Identifier: ISC
 *
 * IPv4-mapped IPv6 addresses never get in: both ways in (text and sockaddr)
 * turn them into IPv4, so that one host has one form and an access rule for
 * it cannot be walked around. */
#include "common/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/bytes.h"

static struct addr
from_in4(const void *bytes)
{
	struct addr a = { .family = ADDR_INET4 };

	memcpy(a.bytes, bytes, 4);
	return a;
}

static bool
has_scope(const struct in6_addr *in)
{
	return IN6_IS_ADDR_LINKLOCAL(in) || IN6_IS_ADDR_MC_LINKLOCAL(in);
}

static struct addr
from_in6(const struct in6_addr *in, uint32_t scope)
{
	if (IN6_IS_ADDR_V4MAPPED(in))
		return from_in4(in->s6_addr + 12);

	struct addr a = { .family = ADDR_INET6 };

	memcpy(a.bytes, in->s6_addr, 16);
	/* Elsewhere the kernel may fill it in, and it means nothing. */
	if (has_scope(in))
		a.scope = scope;
	return a;
}

/* A decimal number of 32 bits and nothing else. */
static int
parse_u32(uint32_t *n, const char *text)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || v > UINT32_MAX)
		return -EINVAL;
	*n = (uint32_t)v;
	return 0;
}

/* if_nametoindex() asks by a Unix socket, which the engine may not make. */
static uint32_t
index_of(const char *name)
{
	struct ifreq wanted = { .ifr_ifindex = 0 };
	int fd, found;

	if (strlen(name) >= sizeof wanted.ifr_name)
		return 0;
	memcpy(wanted.ifr_name, name, strlen(name));
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	found = ioctl(fd, SIOCGIFINDEX, &wanted);
	close(fd);
	return found == 0 ? (uint32_t)wanted.ifr_ifindex : 0;
}

static int
parse_scope(uint32_t *scope, const char *text)
{
	if (parse_u32(scope, text) < 0)
		*scope = index_of(text);
	return *scope == 0 ? -EINVAL : 0;
}

int
addr_parse(struct addr *a, const char *text)
{
	char host[INET6_ADDRSTRLEN];
	struct in_addr in4;
	struct in6_addr in6;
	uint32_t n = 0;

	if (strncmp(text, "ID#", 3) == 0) {
		if (parse_u32(&n, text + 3) < 0)
			return -EINVAL;
		*a = addr_from_id(n);
		return 0;
	}

	if (inet_pton(AF_INET, text, &in4) == 1) {
		*a = from_in4(&in4);
		return 0;
	}

	const char *percent = strchr(text, '%');
	size_t len = percent != NULL ? (size_t)(percent - text) : strlen(text);

	if (len >= sizeof host)
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(AF_INET6, host, &in6) != 1)
		return -EINVAL;
	if (percent != NULL && (!has_scope(&in6) ||
	    parse_scope(&n, percent + 1) < 0))
		return -EINVAL;
	*a = from_in6(&in6, n);
	return 0;
}

const char *
addr_print(const struct addr *a, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN] = "[UNSPEC]";

	switch (a->family) {
	case ADDR_INET4:
		inet_ntop(AF_INET, a->bytes, text, sizeof text);
		break;
	case ADDR_INET6:
		inet_ntop(AF_INET6, a->bytes, text, sizeof text);
		break;
	case ADDR_ID:
		snprintf(text, sizeof text, "ID#%010u", get32(a->bytes));
		break;
	}
	if (a->scope != 0)
		snprintf(buf, size, "%s%%%u", text, a->scope);
	else
		snprintf(buf, size, "%s", text);
	return buf;
}

int
addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;

	int order = memcmp(a->bytes, b->bytes, sizeof a->bytes);

	if (order == 0 && a->scope != b->scope)
		order = a->scope < b->scope ? -1 : 1;
	return order;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_cmp(a, b) == 0;
}

bool
addr_is_loopback(const struct addr *a)
{
	static const unsigned char one[16] = { [15] = 1 };

	if (a->family == ADDR_INET4)
		return a->bytes[0] == 127;
	return a->family == ADDR_INET6 && memcmp(a->bytes, one, 16) == 0;
}

bool
addr_is_unicast(const struct addr *a)
{
	static const unsigned char any[16];

	if (a->family == ADDR_INET4) /* 224/4 is multicast, 240/4 reserved */
		return a->bytes[0] != 0 && a->bytes[0] < 224;
	return a->family == ADDR_INET6 && a->bytes[0] != 0xff &&
	    memcmp(a->bytes, any, 16) != 0;
}

struct addr
addr_from_id(uint32_t id)
{
	struct addr a = { .family = ADDR_ID };

	put32(a.bytes, id);
	return a;
}

unsigned
addr_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof *ss);
	if (e->addr.family == ADDR_INET4) {
		struct sockaddr_in *sin = (struct sockaddr_in *)ss;

		sin->sin_family = AF_INET;
		sin->sin_port = htons(e->port);
		memcpy(&sin->sin_addr, e->addr.bytes, 4);
		return sizeof *sin;
	}
	if (e->addr.family == ADDR_INET6) {
		struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;

		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(e->port);
		sin6->sin6_scope_id = e->addr.scope;
		memcpy(&sin6->sin6_addr, e->addr.bytes, 16);
		return sizeof *sin6;
	}
	return 0;
}

int
addr_from_sockaddr(struct endpoint *e, const struct sockaddr *sa)
{
	memset(e, 0, sizeof *e);
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in sin;

		memcpy(&sin, sa, sizeof sin);
		e->addr = from_in4(&sin.sin_addr);
		e->port = ntohs(sin.sin_port);
		return 0;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 sin6;

		memcpy(&sin6, sa, sizeof sin6);
		e->addr = from_in6(&sin6.sin6_addr, sin6.sin6_scope_id);
		e->port = ntohs(sin6.sin6_port);
		return 0;
	}
	return -EAFNOSUPPORT;
}

/* SPDX-License-Identifier: ISC */
#include "ctl/where.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/roster.h"

const char *
where_rest(const struct args *args, int from, char buf[CTL_LINE])
{
	size_t len = 0;

	buf[0] = '\0';
	for (int i = from; i < args->n; i++) {
		size_t n = strlen(args->word[i]);

		if (len + n + 2 > CTL_LINE)
			break;
		if (len > 0)
			buf[len++] = ' ';
		memcpy(buf + len, args->word[i], n + 1);
		len += n;
	}
	return buf;
}

/* The first source that the configuration calls so. */
static int
configured(struct ctl *ctl, const char *name, struct addr *a)
{
	const struct roster *all = roster_get(ctl);

	for (size_t i = 0; all != NULL && i < all->n; i++)
		if (strcmp(all->rows[i].name, name) == 0) {
			*a = all->rows[i].addr;
			return 0;
		}
	return -ENOENT;
}

int
where_lookup(const struct ctl *ctl, const char *text, struct addr *a)
{
	const struct addrinfo hints = {
		.ai_family = ctl->family == 4 ? AF_INET
		    : ctl->family == 6	      ? AF_INET6
					      : AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *list;
	struct endpoint e;
	int rc;

	if (addr_parse(a, text) == 0)
		return 0;
	if (*text == '\0' || getaddrinfo(text, NULL, &hints, &list) != 0)
		return -EINVAL;
	rc = addr_from_sockaddr(&e, list->ai_addr);
	*a = e.addr;
	freeaddrinfo(list);
	return rc;
}

int
where_address(struct ctl *ctl, const char *text, struct addr *a)
{
	if (addr_parse(a, text) != 0 && !ctl->is_chronyc &&
	    configured(ctl, text, a) == 0)
		return 0;
	return where_lookup(ctl, text, a);
}

int
where_source(struct ctl *ctl, const char *text, struct addr *a)
{
	if (!ctl->is_chronyc && addr_parse(a, text) != 0 &&
	    roster_count(ctl, text) > 1) {
		ctl_complain(ctl, "'%s' is several sources: give an address; "
		    "tockctl -n sources shows them", text);
		return -EINVAL;
	}
	if (where_address(ctl, text, a) == 0)
		return 0;
	if (ctl->is_chronyc)
		ctl_complain(ctl, "Could not get address for hostname");
	else
		ctl_complain(ctl, "no source and no address: '%s'; "
		    "tockctl sources -a shows them all", text);
	return -EINVAL;
}

/* The first n bits, all where there are not so many. */
static void
set_bits(struct addr *mask, unsigned family, unsigned n)
{
	*mask = (struct addr){ .family = (uint16_t)family };
	for (unsigned i = 0; i < n && i < (family == ADDR_INET6 ? 128 : 32);
	     i++)
		mask->bytes[i / 8] |= (unsigned char)(0x80 >> i % 8);
}

static int
read_range(const char *text, const char *slash, struct cmdmon_range *r)
{
	char first[ADDR_STRLEN];
	size_t n = (size_t)(slash - text);
	char *end;
	unsigned long bits = strtoul(slash + 1, &end, 10);

	if (n >= sizeof first)
		return -EINVAL;
	memcpy(first, text, n);
	first[n] = '\0';
	if (addr_parse(&r->mask, first) != 0 || r->mask.family == ADDR_ID)
		return -EINVAL;
	if (addr_parse(&r->addr, slash + 1) == 0)
		return r->addr.family == r->mask.family ? 0 : -EINVAL;
	if (end == slash + 1 || slash[1] == '-' || slash[1] == '+')
		return -EINVAL;
	r->addr = r->mask;
	set_bits(&r->mask, r->addr.family, bits > 128 ? 128 : (unsigned)bits);
	return 0;
}

int
where_range(struct ctl *ctl, const char *text, struct cmdmon_range *r)
{
	const char *slash = strchr(text, '/');

	r->mask = r->addr = (struct addr){ 0 };
	if (*text == '\0')
		return 0;
	if (slash) {
		if (read_range(text, slash, r) == 0)
			return 0;
		ctl_complain(ctl, "Invalid syntax for mask/address");
		return -EINVAL;
	}
	if (where_source(ctl, text, &r->addr) != 0)
		return -EINVAL;
	if (r->addr.family != ADDR_ID)
		set_bits(&r->mask, r->addr.family, 128);
	return 0;
}

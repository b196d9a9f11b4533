/* SPDX-License-Identifier: ISC */
#include "ctl/names.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/bytes.h"
#include "ctl/fields.h"

#define COLUMN 25 /* longer names from DNS are cut, since they are the longest */

/* Control characters in a name could steer the terminal. */
static void
make_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

static bool
reverse_lookup(const struct ctl *ctl, const struct addr *addr, char *buf)
{
	const struct endpoint e = { .addr = *addr };
	struct sockaddr_storage ss;
	unsigned len;

	if (addr->family != ADDR_INET4 && addr->family != ADDR_INET6)
		return false;
	len = addr_to_sockaddr(&e, &ss);
	if (getnameinfo((struct sockaddr *)&ss, len, buf, NAME_SIZE, NULL, 0,
		NI_NAMEREQD) != 0)
		return false;
	make_printable(buf);
	if (!ctl->is_wide && strlen(buf) > COLUMN)
		memcpy(buf + COLUMN - 1, ">", 2);
	return true;
}

static bool
configured_name(struct ctl *ctl, const struct addr *addr, char *buf)
{
	struct cmdmon_request q = { .command = CMD_SOURCE_NAME,
		.u.addr = *addr };
	struct cmdmon_reply r;

	if (ctl_try(ctl, &q, &r) != 0 || r.u.name[0] == '\0')
		return false;
	snprintf(buf, NAME_SIZE, "%s", r.u.name);
	make_printable(buf);
	return true;
}

const char *
name_of_addr(struct ctl *ctl, const struct addr *addr, char *buf)
{
	if (ctl->has_config_names) {
		if (configured_name(ctl, addr, buf))
			return buf;
		if (ctl->is_chronyc)
			return strcpy(buf, "?");
	} else if (ctl->has_reverse_names && ctl->format == FORMAT_TEXT &&
	    reverse_lookup(ctl, addr, buf)) {
		return buf;
	}
	return addr_print(addr, buf, NAME_SIZE);
}

const char *
name_of_ref(struct ctl *ctl, uint32_t refid, const struct addr *addr,
    char *buf)
{
	if (addr->family == ADDR_NONE)
		return field_refid(buf, refid);
	return name_of_addr(ctl, addr, buf);
}

const char *
name_of_source(struct ctl *ctl, const struct cmdmon_source *s, char *buf)
{
	/* A reference clock's ID travels as an address. */
	if (s->mode == MODE_REFCLOCK)
		return field_refid(buf, get32(s->addr.bytes));
	return name_of_addr(ctl, &s->addr, buf);
}

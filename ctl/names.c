/* SPDX-License-Identifier: ISC */
#include "ctl/names.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/bytes.h"
#include "ctl/fields.h"
#include "ctl/roster.h"

#define COLUMN 25      /* of a table, as chronyc has it */
#define COLUMN_WIDE 39 /* with -w */

/* Control characters in a name could steer the terminal. */
static void
make_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

static bool
reverse_lookup(const struct addr *addr, char *buf)
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
	return true;
}

static bool
configured_name(struct ctl *ctl, const struct addr *addr, char *buf)
{
	struct cmdmon_request q = { .command = CMD_SOURCE_NAME,
		.u.addr = *addr };
	struct cmdmon_reply r;

	/* chronyc shows the daemon's refusal and goes on. */
	if ((ctl->is_chronyc ? ctl_ask : ctl_try)(ctl, &q, &r) != 0 ||
	    r.u.name[0] == '\0')
		return false;
	snprintf(buf, NAME_SIZE, "%s", r.u.name);
	return true;
}

/* People want to know which member of the pool it is. */
static bool
is_ambiguous(struct ctl *ctl, const struct addr *addr, const char *name)
{
	return !ctl->is_chronyc && ctl->format == FORMAT_TEXT &&
	    addr->family != ADDR_ID && roster_count(ctl, name) > 1;
}

const char *
name_of_addr(struct ctl *ctl, const struct addr *addr, char *buf)
{
	if (ctl->has_config_names) {
		if (configured_name(ctl, addr, buf) &&
		    !is_ambiguous(ctl, addr, buf))
			return buf;
		if (ctl->is_chronyc)
			return memcpy(buf, "?", 2);
	} else if (ctl->has_reverse_names && ctl->format == FORMAT_TEXT &&
	    reverse_lookup(addr, buf)) {
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

const char *
name_cut(const struct ctl *ctl, char *name, bool is_wide)
{
	size_t column = is_wide ? COLUMN_WIDE : COLUMN;

	if (ctl->has_reverse_names && !ctl->has_config_names &&
	    ctl->format == FORMAT_TEXT && strlen(name) > column)
		memcpy(name + column - 1, ">", 2);
	return name;
}

void
name_print(const char *name, int from, int width)
{
	if (strlen(name) > (size_t)width)
		printf("%s\n%*s", name, from + width, "");
	else
		printf("%-*s", width, name);
}

/* SPDX-License-Identifier: ISC */
#include "conf/broadcast_opts.h"

#include <assert.h>
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "conf/directives.h"

#define PORT 123

#define AT(field) offsetof(struct config_broadcast, field)
#define AT_CLIENT(field) offsetof(struct config_listener, field)

static const struct value port_row = { "PORT", VALUE_U16, AT(port), 1, 65535,
	"", "the UDP port that it is sent to" };

static const struct value rows[] = {
	{ "key", VALUE_U32, AT(key), 1, 4294967295, "",
	    "a signature by a key of the key file" },
};
const struct value_list broadcast_options = { rows, 1 };

static const struct value client_rows[] = {
	{ "interface", VALUE_NAME, AT_CLIENT(interface), 1,
	    CONFIG_DEVICE_MAX - 1, "", "only what comes in there" },
	{ "key", VALUE_U32, AT_CLIENT(key), 1, 4294967295, "",
	    "the key that signs what is believed" },
};
const struct value_list listener_options = { client_rows, 2 };

static int
set_addr(struct parse *p, struct addr *a)
{
	static const struct addr any4 = { .family = ADDR_INET4 };
	static const struct addr any6 = { .family = ADDR_INET6 };
	const char *word = p->line->word[2];

	if (addr_parse(a, word) == 0 && a->family != ADDR_ID &&
	    !addr_equal(a, &any4) && !addr_equal(a, &any6))
		return 0;
	parse_hint(p, "a broadcast address such as 192.0.2.255, or a multicast "
	    "group such as 224.0.1.1 or ff02::101%%eth0, with an interface "
	    "that there is");
	return parse_fail(p, 2, "broadcast: \"%s\" is no address to send to",
	    parse_shown(word).text);
}

int
broadcast_parse(struct parse *p)
{
	const struct directive *d = directive_find("broadcast");
	struct config *c = p->config;
	struct config_broadcast b = { .port = PORT };
	unsigned next = 3;
	int r;

	assert(d != NULL);
	if (p->line->n < 3) {
		parse_hint(p, "usage: broadcast INTERVAL ADDRESS [PORT] "
		    "[key ID]");
		return parse_fail(p, 0, "broadcast: %s is missing",
		    p->line->n < 2 ? "INTERVAL" : "ADDRESS");
	}
	if (c->n_broadcasts == CONFIG_BROADCASTS_MAX) {
		parse_hint(p, "a multicast group can take the place of several");
		return parse_fail(p, 0, "more than %d broadcast lines",
		    CONFIG_BROADCASTS_MAX);
	}
	r = value_set(p, 1, &d->values.rows[0], &b);
	if (r == 0)
		r = set_addr(p, &b.addr);
	if (r == 0 && p->line->n > 3 &&
	    isdigit((unsigned char)*p->line->word[3]))
		r = value_set(p, next++, &port_row, &b);
	if (r == 0)
		r = value_set_options(p, next, &broadcast_options, &b,
		    "broadcast");
	if (r == 0)
		c->broadcasts[c->n_broadcasts++] = b;
	return r;
}

int
broadcast_parse_client(struct parse *p)
{
	struct config *c = p->config;
	struct config_listener l = { .key = 0 };
	int r;

	if (c->n_listeners == CONFIG_LISTENERS_MAX) {
		parse_hint(p, "one without an interface is for all of them");
		return parse_fail(p, 0, "more than %d broadcastclient lines",
		    CONFIG_LISTENERS_MAX);
	}
	r = value_set_options(p, 1, &listener_options, &l, "broadcastclient");
	if (r != 0)
		return r;
	if (l.key == 0) {
		parse_hint(p, "add key ID: who can send to this network could "
		    "send unsigned time");
		return parse_fail(p, 0, "broadcastclient: the key is missing");
	}
	c->listeners[c->n_listeners++] = l;
	return 0;
}

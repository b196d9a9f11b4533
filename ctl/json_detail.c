/* SPDX-License-Identifier: ISC
 *
 * The reports about single sources as JSON. */
#include <jansson.h>

#include "ctl/json.h"
#include "ctl/json_pack.h"
#include "ctl/names.h"
#include "ctl/print_detail.h"

static json_t *
address(const struct addr *a)
{
	char buf[ADDR_STRLEN];

	if (a->family == ADDR_NONE || a->family == ADDR_ID)
		return json_null();
	return json_string(addr_print(a, buf, sizeof buf));
}

static json_t *
stamp(char source)
{
	return source == 'D' ? json_string("daemon")
	    : source == 'K'  ? json_string("kernel")
	    : source == 'H'  ? json_string("hardware")
			     : json_null();
}

/* The parts that an answer alone can tell: null before the first. */
static json_t *
answer(const struct cmdmon_ntpdata *n)
{
	char refid[16];

	if (n->mode == 0)
		return json_null();
	snprintf(refid, sizeof refid, "%08X", n->refid);
	return json_pack("{s:s s:i s:s s:i s:i s:i s:f s:f s:s s:o "
	    "s:f s:f s:f s:f s:f s:i s:b s:b s:o s:o}",
	    "leap", json_leap(n->leap), "version", (int)n->version,
	    "mode", print_ntp_mode(n->mode), "stratum", (int)n->stratum,
	    "poll_log2", n->poll, "precision_log2", n->precision,
	    "root_delay", n->root_delay, "root_dispersion",
	    n->root_dispersion, "refid", refid, "ref_time",
	    json_instant(n->ref_time), "offset", -n->offset, "delay",
	    n->delay, "dispersion", n->dispersion, "response", n->response,
	    "asymmetry", n->asymmetry, "tests_passed",
	    (int)(n->flags & NTP_TESTS), "interleaved",
	    (n->flags & NTP_INTERLEAVED) != 0, "authenticated",
	    (n->flags & NTP_AUTHENTICATED) != 0, "tx_stamp",
	    stamp(n->tx_stamp), "rx_stamp", stamp(n->rx_stamp));
}

static json_t *
ntpdata(struct ctl *ctl, const struct cmdmon_ntpdata *n)
{
	char name[NAME_SIZE];

	name_of_addr(ctl, &n->remote, name);
	return json_pack("{s:o s:o s:i s:o s:o s:I s:I s:I s:I s:I s:I s:I "
	    "s:I}", "name", json_text(name), "address", address(&n->remote),
	    "port", (int)n->port, "local", address(&n->local), "last",
	    answer(n), "tx", (json_int_t)n->total_tx,
	    "rx", (json_int_t)n->total_rx, "valid",
	    (json_int_t)n->total_valid, "good", (json_int_t)n->total_good,
	    "kernel_tx", (json_int_t)n->kernel_tx, "kernel_rx",
	    (json_int_t)n->kernel_rx, "hw_tx", (json_int_t)n->hw_tx, "hw_rx",
	    (json_int_t)n->hw_rx);
}

void
json_ntpdata(struct ctl *ctl, const struct cmdmon_ntpdata *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, ntpdata(ctl, &list[i]));
	json_print(json_pack("{s:i s:o}", "schema", 1, "ntpdata", array));
}

static json_t *
options(unsigned set)
{
	static const char *const names[] = { "noselect", "prefer", "trust",
		"require" };
	json_t *array = json_array();

	for (unsigned i = 0; i < 4; i++)
		if (set >> i & 1)
			json_array_append_new(array, json_string(names[i]));
	return array;
}

static json_t *
selectdata(struct ctl *ctl, const struct cmdmon_selectdata *s)
{
	bool has_interval = s->low < 0 || s->high > 0 || s->low > 0;
	char name[NAME_SIZE];

	name_of_ref(ctl, s->refid, &s->addr, name);
	return json_pack("{s:o s:s s:b s:s s:o s:o s:o s:f s:o s:o}",
	    "name", json_text(name), "verdict", table_verdict(s->state),
	    "authenticated", s->authenticated != 0, "leap",
	    json_leap(s->leap), "options", options(s->options),
	    "options_in_force", options(s->effective), "last_sample_ago",
	    json_ago(s->ago_s), "score", s->score,
	    "from", has_interval ? json_real(s->low) : json_null(),
	    "to", has_interval ? json_real(s->high) : json_null());
}

void
json_selectdata(struct ctl *ctl, const struct cmdmon_selectdata *list,
    size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, selectdata(ctl, &list[i]));
	json_print(json_pack("{s:i s:o}", "schema", 1, "selectdata", array));
}

static json_t *
authdata(struct ctl *ctl, const struct table_auth *t)
{
	static const char *const modes[] = { "none", "key", "nts" };
	const struct cmdmon_authdata *a = &t->data;
	char name[NAME_SIZE];

	name_of_addr(ctl, &t->addr, name);
	return json_pack("{s:o s:s s:I s:o s:i s:i s:o s:i s:i s:i}",
	    "name", json_text(name),
	    "mode", a->mode < 3 ? modes[a->mode] : "unknown",
	    "key", (json_int_t)a->key,
	    "type", json_text(table_key_type(a->type)),
	    "key_bits", (int)a->key_bits, "attempts", (int)a->attempts,
	    "established_ago", json_ago(a->ago_s), "cookies",
	    (int)a->cookies, "cookie_length", (int)a->cookie_len,
	    "nak", (int)a->nak);
}

void
json_authdata(struct ctl *ctl, const struct table_auth *list, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, authdata(ctl, &list[i]));
	json_print(json_pack("{s:i s:o}", "schema", 1, "authdata", array));
}

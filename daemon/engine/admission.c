/* SPDX-License-Identifier: ISC
 *
 * A name's rule comes late, but has to stand where its line stands: it is left
 * out where a later line of the configuration is about the same address alone,
 * or about all of a subnet that has it. */
#include "daemon/engine/admission.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "daemon/engine/crew.h"
#include "daemon/engine/engine.h"

/* s between look-ups of names that have no address: twice as long each time */
#define AGAIN_LEAST 64.0
#define AGAIN_MOST 4096.0

struct admission_name {
	struct lookup lookup;
	struct engine *engine;
	const struct config_rules *rules; /* rules->all[index] is its line */
	size_t index;
	struct access *table;
	bool is_done, is_told; /* it has addresses; that it has none */
};

static bool
is_overruled(const struct admission_name *name, const struct addr *a)
{
	for (size_t i = name->index + 1; i < name->rules->n; i++) {
		const struct config_rule *r = &name->rules->all[i];

		if (r->name == NULL && subnet_has(&r->subnet, a) &&
		    (r->is_whole || r->subnet.bits == subnet_bits(a)))
			return true;
	}
	return false;
}

/* Those that fail meanwhile wait for the same look-up. */
static void
ask_again(struct engine *e)
{
	struct admission *a = &e->admission;

	e->os->ops->timer_set(e->os, &a->again,
	    mono_add(e->os->ops->mono(e->os), a->wait));
}

static void
look_up_all(struct admission *a)
{
	struct engine *e = a->names[0].engine;
	bool is_missing = false;

	for (size_t i = 0; i < a->n_names; i++) {
		struct admission_name *name = &a->names[i];

		if (name->is_done || name->lookup.id != 0)
			continue;
		if (e->os->ops->lookup(e->os, &name->lookup) < 0)
			is_missing = true;
	}
	if (is_missing)
		ask_again(e);
}

static void
fire_again(struct timer *t)
{
	struct admission *a = t->owner;

	a->wait = fmin(2 * a->wait, AGAIN_MOST);
	look_up_all(a);
}

static void
tell_missing(struct admission_name *name, int n)
{
	const char *host = name->rules->all[name->index].name;

	if (name->is_told)
		return;
	name->is_told = true;
	if (n == 0)
		log_warn("access of host %s: there is no such name, looking "
			 "again", host);
	else
		log_warn("access of host %s: name server does not answer, "
			 "trying again", host);
}

static void
resolved(struct lookup *lookup, const struct addr *addrs, int n)
{
	struct admission_name *name = lookup->owner;
	const struct config_rule *rule = &name->rules->all[name->index];
	struct engine *e = name->engine;

	if (n <= 0) {
		tell_missing(name, n);
		ask_again(e);
		return;
	}
	name->is_done = true;
	if (name->is_told)
		log_info("access of host %s: its addresses are known now",
		    rule->name);
	for (int i = 0; i < n; i++) {
		struct subnet s;

		if (is_overruled(name, &addrs[i]) ||
		    subnet_make(&s, &addrs[i], subnet_bits(&addrs[i])) != 0)
			continue;
		if (admission_set(e, name->table, &s, rule->may, false) != 0)
			log_error("access of host %s: out of memory",
			    rule->name);
	}
}

int
admission_set(struct engine *e, struct access *table, const struct subnet *s,
    bool may, bool is_whole)
{
	int r = access_set(table, s, may, is_whole);

	return r == 0 && table == &e->admission.clients
	    ? crew_access(e, s, may, is_whole) : r;
}

/* Sets the rules with a subnet, and notes those with a name. */
static int
take_rules(struct engine *e, const struct config_rules *rules,
    struct access *table)
{
	struct admission *a = &e->admission;

	for (size_t i = 0; i < rules->n; i++) {
		const struct config_rule *r = &rules->all[i];

		if (r->name == NULL) {
			if (access_set(table, &r->subnet, r->may,
				r->is_whole) != 0)
				return -ENOMEM;
			continue;
		}
		struct admission_name *name = &a->names[a->n_names++];

		*name = (struct admission_name){ .engine = e, .rules = rules,
			.index = i, .table = table,
			.lookup = { .owner = name, .done = resolved,
			    .family = e->options.family } };
		strlcpy(name->lookup.name, r->name, sizeof name->lookup.name);
	}
	return 0;
}

static size_t
count_names(const struct config_rules *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n; i++)
		n += rules->all[i].name != NULL;
	return n;
}

static int
init_log(struct engine *e)
{
	const struct config *c = e->config;
	unsigned char random[24];

	e->os->ops->random(e->os, random, sizeof random);
	int r = clientlog_init(&e->clientlog,
	    c->noclientlog ? 0 : c->clientloglimit + 1, /* 0 is no log */
	    random,
	    e->os->ops->mono(e->os));

	e->clientlog.limits[CLIENTLOG_NTP] = c->ratelimit;
	e->clientlog.limits[CLIENTLOG_COMMAND] = c->cmdratelimit;
	return r;
}

int
admission_init(struct engine *e)
{
	struct admission *a = &e->admission;
	const struct config *c = e->config;
	size_t n = count_names(&c->allow) + count_names(&c->cmdallow);

	if (init_log(e) < 0)
		return -ENOMEM;
	a->wait = AGAIN_LEAST;
	a->again = (struct timer){ .fire = fire_again, .owner = a };
	if (n > 0) {
		a->names = calloc(n, sizeof *a->names);
		if (a->names == NULL)
			return -ENOMEM;
	}
	if (take_rules(e, &c->allow, &a->clients) != 0 ||
	    take_rules(e, &c->cmdallow, &a->commands) != 0)
		return -ENOMEM;
	if (n > 0)
		look_up_all(a);
	return 0;
}

void
admission_fini(struct engine *e)
{
	struct admission *a = &e->admission;

	e->os->ops->timer_off(e->os, &a->again);
	for (size_t i = 0; i < a->n_names; i++)
		if (a->names[i].lookup.id != 0)
			e->os->ops->lookup_off(e->os, &a->names[i].lookup);
	free(a->names);
	clientlog_fini(&e->clientlog);
	access_fini(&a->clients);
	access_fini(&a->commands);
}

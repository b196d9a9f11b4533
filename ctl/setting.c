/* SPDX-License-Identifier: ISC
 *
 * Commands that change sources.  chronyc reads a number as far as it is one,
 * and what it says of a mistake is always the same. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "ctl/change.h"
#include "ctl/cmds.h"
#include "ctl/roster.h"
#include "ctl/where.h"

#define BAD_SETTING "Invalid syntax for address value"

static int
read_double(const struct ctl *ctl, const char *text, double *x)
{
	char *end;

	*x = strtod(text, &end);
	if (end == text)
		return -EINVAL;
	return ctl->is_chronyc || (*end == '\0' && isfinite(*x)) ? 0 : -EINVAL;
}

static int
read_int(const struct ctl *ctl, const char *text, int32_t *n)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text)
		return -EINVAL;
	if (!ctl->is_chronyc &&
	    (*end != '\0' || value < INT32_MIN || value > INT32_MAX))
		return -EINVAL;
	*n = (int32_t)(uint32_t)value;
	return 0;
}

/* A pool: each of its sources. */
static int
range_of_many(struct ctl *ctl, const struct args *args, const char *name)
{
	const struct roster *all = roster_get(ctl);
	int rc = CTL_OK;

	for (size_t i = 0; i < all->n; i++) {
		struct cmdmon_request q = { .command = args->command->request };
		char addr[ADDR_STRLEN];

		if (strcmp(all->rows[i].name, name) != 0)
			continue;
		addr_print(&all->rows[i].addr, addr, sizeof addr);
		if (where_range(ctl, addr, &q.u.range) != 0 ||
		    change_send(ctl, &q, addr, args->command->done) != CTL_OK)
			rc = CTL_FAILED;
	}
	return rc;
}

int
cmd_range(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = args->command->request };
	char text[CTL_LINE];

	where_rest(args, 0, text);
	if (!ctl->is_chronyc && *text && roster_count(ctl, text) > 1)
		return range_of_many(ctl, args, text);
	if (where_range(ctl, text, &q.u.range) != 0)
		return CTL_FAILED;
	return change_send(ctl, &q, *text ? text : "all sources",
	    args->command->done);
}

int
cmd_burst(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = CMD_BURST };
	const char *slash = args->n > 0 ? strchr(args->word[0], '/') : NULL;
	const char *where;
	char *end;

	if (!slash)
		return cmds_misused(ctl, args,
		    "Invalid syntax for burst command");
	q.u.range.good = (int32_t)strtol(args->word[0], &end, 10);
	if (end != slash || end == args->word[0] ||
	    read_int(ctl, slash + 1, &q.u.range.total) != 0)
		return cmds_misused(ctl, args,
		    "Invalid syntax for burst command");
	where = args->n > 1 ? args->word[1] : "";
	if (where_range(ctl, where, &q.u.range) != 0)
		return CTL_FAILED;
	return change_send(ctl, &q, *where ? where : "all sources",
	    args->command->done);
}

/* "minpoll is now 4" */
static int
send_setting(struct ctl *ctl, const struct args *args,
    struct cmdmon_request *q)
{
	char done[64];

	snprintf(done, sizeof done, "%s is now %.40s", args->command->word,
	    args->word[1]);
	return change_send(ctl, q, args->word[0], done);
}

int
cmd_number_of(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = args->command->request };

	if (args->n < 2 ||
	    read_int(ctl, args->word[1], &q.u.setting.number) != 0)
		return cmds_misused(ctl, args, BAD_SETTING);
	if (where_source(ctl, args->word[0], &q.u.setting.addr) != 0)
		return CTL_FAILED;
	return send_setting(ctl, args, &q);
}

int
cmd_value_of(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = args->command->request };

	if (args->n < 2 ||
	    read_double(ctl, args->word[1], &q.u.setting.value) != 0)
		return cmds_misused(ctl, args, BAD_SETTING);
	if (where_source(ctl, args->word[0], &q.u.setting.addr) != 0)
		return CTL_FAILED;
	return send_setting(ctl, args, &q);
}

int
cmd_delete(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = CMD_DELETE };

	if (args->n == 0)
		return cmds_misused(ctl, args, "Invalid syntax for address");
	if (where_source(ctl, args->word[0], &q.u.addr) != 0)
		return CTL_FAILED;
	return change_send(ctl, &q, args->word[0], args->command->done);
}

/* A reference clock is named by its reference ID: up to four characters that
 * are neither an address nor the name of a source. */
static int
read_of_source(struct ctl *ctl, const char *text, struct cmdmon_of_source *s)
{
	unsigned char refid[4] = { 0 };
	size_t n = strlen(text);

	if (addr_parse(&s->addr, text) == 0)
		return 0;
	if (n == 0 || n > sizeof refid)
		return where_source(ctl, text, &s->addr);
	if (!ctl->is_chronyc && where_address(ctl, text, &s->addr) == 0)
		return 0;
	memcpy(refid, text, n);
	s->addr = (struct addr){ 0 };
	s->refid = get32(refid);
	return 0;
}

static unsigned
option_of(const char *word)
{
	static const struct {
		const char *word;
		unsigned option;
	} words[] = { { "noselect", OPTION_NOSELECT },
		{ "prefer", OPTION_PREFER }, { "trust", OPTION_TRUST },
		{ "require", OPTION_REQUIRE } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].option;
	return 0;
}

int
cmd_selectopts(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = CMD_SELECTOPTS };
	char done[CTL_LINE];

	for (int i = 1; i < args->n; i++) {
		const char *word = args->word[i];
		unsigned option = option_of(word + 1);

		if ((*word != '+' && *word != '-') || option == 0)
			return cmds_misused(ctl, args,
			    "Invalid syntax for selectopts command");
		q.u.of_source.mask |= option;
		if (*word == '+')
			q.u.of_source.options |= option;
		else
			q.u.of_source.options &= ~option;
	}
	if (args->n < 2)
		return cmds_misused(ctl, args,
		    "Invalid syntax for selectopts command");
	if (read_of_source(ctl, args->word[0], &q.u.of_source) != 0)
		return CTL_FAILED;
	return change_send(ctl, &q, args->word[0], where_rest(args, 1, done));
}

int
cmd_offset(struct ctl *ctl, const struct args *args)
{
	struct cmdmon_request q = { .command = CMD_OFFSET };

	if (args->n < 2 ||
	    read_double(ctl, args->word[1], &q.u.of_source.offset) != 0)
		return cmds_misused(ctl, args,
		    "Invalid syntax for offset command");
	if (read_of_source(ctl, args->word[0], &q.u.of_source) != 0)
		return CTL_FAILED;
	return send_setting(ctl, args, &q);
}

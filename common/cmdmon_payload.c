/* SPDX-License-Identifier: ISC
 *
 * What requests carry.  Many carry the same, so there are but few forms; a
 * request that is not in the table carries nothing that we read. */
#include "common/cmdmon_bytes.h"

#include "common/bytes.h"

static void
put_index(unsigned char *p, const struct cmdmon_request *r)
{
	put32(p, r->u.index);
}

static void
get_index(struct cmdmon_request *r, const unsigned char *p)
{
	r->u.index = get32(p);
}

static void
put_address(unsigned char *p, const struct cmdmon_request *r)
{
	cmdmon_put_addr(p, &r->u.addr);
}

static void
get_address(struct cmdmon_request *r, const unsigned char *p)
{
	r->u.addr = cmdmon_get_addr(p);
}

static void
put_value(unsigned char *p, const struct cmdmon_request *r)
{
	cmdmon_put_float(p, r->u.value);
}

static void
get_value(struct cmdmon_request *r, const unsigned char *p)
{
	r->u.value = cmdmon_get_float(p);
}

static void
put_range(unsigned char *p, const struct cmdmon_request *r)
{
	cmdmon_put_addr(p, &r->u.range.mask);
	cmdmon_put_addr(p + 20, &r->u.range.addr);
}

static void
get_range(struct cmdmon_request *r, const unsigned char *p)
{
	r->u.range.mask = cmdmon_get_addr(p);
	r->u.range.addr = cmdmon_get_addr(p + 20);
}

static void
put_burst(unsigned char *p, const struct cmdmon_request *r)
{
	put_range(p, r);
	put32(p + 40, (uint32_t)r->u.range.good);
	put32(p + 44, (uint32_t)r->u.range.total);
}

static void
get_burst(struct cmdmon_request *r, const unsigned char *p)
{
	get_range(r, p);
	r->u.range.good = (int32_t)get32(p + 40);
	r->u.range.total = (int32_t)get32(p + 44);
}

static void
put_number_of(unsigned char *p, const struct cmdmon_request *r)
{
	cmdmon_put_addr(p, &r->u.setting.addr);
	put32(p + 20, (uint32_t)r->u.setting.number);
}

static void
get_number_of(struct cmdmon_request *r, const unsigned char *p)
{
	r->u.setting.addr = cmdmon_get_addr(p);
	r->u.setting.number = (int32_t)get32(p + 20);
}

static void
put_value_of(unsigned char *p, const struct cmdmon_request *r)
{
	cmdmon_put_addr(p, &r->u.setting.addr);
	cmdmon_put_float(p + 20, r->u.setting.value);
}

static void
get_value_of(struct cmdmon_request *r, const unsigned char *p)
{
	r->u.setting.addr = cmdmon_get_addr(p);
	r->u.setting.value = cmdmon_get_float(p + 20);
}

static void
put_makestep(unsigned char *p, const struct cmdmon_request *r)
{
	put32(p, (uint32_t)r->u.makestep.limit);
	cmdmon_put_float(p + 4, r->u.makestep.threshold);
}

static void
get_makestep(struct cmdmon_request *r, const unsigned char *p)
{
	r->u.makestep.limit = (int32_t)get32(p);
	r->u.makestep.threshold = cmdmon_get_float(p + 4);
}

static void
put_local_old(unsigned char *p, const struct cmdmon_request *r)
{
	const struct cmdmon_local *l = &r->u.local;

	put32(p, l->on);
	put32(p + 4, (uint32_t)l->stratum);
	cmdmon_put_float(p + 8, l->distance);
	put32(p + 12, l->orphan);
}

static void
get_local_old(struct cmdmon_request *r, const unsigned char *p)
{
	r->u.local = (struct cmdmon_local){
		.on = get32(p),
		.stratum = (int32_t)get32(p + 4),
		.distance = cmdmon_get_float(p + 8),
		.orphan = get32(p + 12),
		.waitunsynced = -1,
	};
}

static void
put_local(unsigned char *p, const struct cmdmon_request *r)
{
	put_local_old(p, r);
	cmdmon_put_float(p + 16, r->u.local.activate);
	cmdmon_put_float(p + 20, r->u.local.waitsynced);
	cmdmon_put_float(p + 24, r->u.local.waitunsynced);
}

static void
get_local(struct cmdmon_request *r, const unsigned char *p)
{
	get_local_old(r, p);
	r->u.local.activate = cmdmon_get_float(p + 16);
	r->u.local.waitsynced = cmdmon_get_float(p + 20);
	r->u.local.waitunsynced = cmdmon_get_float(p + 24);
}

/* chronyc numbers the options in one way in the mask and as `add` does, which
 * is another, beside it. */
static const struct {
	unsigned option, flag;
} numbers[] = {
	{ OPTION_NOSELECT, ADD_NOSELECT },
	{ OPTION_PREFER, ADD_PREFER },
	{ OPTION_TRUST, ADD_TRUST },
	{ OPTION_REQUIRE, ADD_REQUIRE },
};

#define N_OPTIONS (sizeof numbers / sizeof *numbers)
#define ALL_OPTIONS                                                            \
	(OPTION_NOSELECT | OPTION_PREFER | OPTION_TRUST | OPTION_REQUIRE)

static unsigned
flags_of(unsigned options)
{
	unsigned flags = 0;

	for (size_t i = 0; i < N_OPTIONS; i++)
		if (options & numbers[i].option)
			flags |= numbers[i].flag;
	return flags;
}

static unsigned
options_of(unsigned flags)
{
	unsigned options = 0;

	for (size_t i = 0; i < N_OPTIONS; i++)
		if (flags & numbers[i].flag)
			options |= numbers[i].option;
	return options;
}

static void
put_selectopts(unsigned char *p, const struct cmdmon_request *r)
{
	cmdmon_put_addr(p, &r->u.of_source.addr);
	put32(p + 20, r->u.of_source.refid);
	put32(p + 24, r->u.of_source.mask);
	put32(p + 28, flags_of(r->u.of_source.options));
}

static void
get_selectopts(struct cmdmon_request *r, const unsigned char *p)
{
	const unsigned mask = get32(p + 24);

	r->u.of_source.addr = cmdmon_get_addr(p);
	r->u.of_source.refid = get32(p + 20);
	/* Only the other numbering has bits beyond the lowest four. */
	r->u.of_source.mask = mask > ALL_OPTIONS ? options_of(mask) : mask;
	r->u.of_source.options = options_of(get32(p + 28));
}

static void
put_offset(unsigned char *p, const struct cmdmon_request *r)
{
	cmdmon_put_addr(p, &r->u.of_source.addr);
	put32(p + 20, r->u.of_source.refid);
	cmdmon_put_float(p + 24, r->u.of_source.offset);
}

static void
get_offset(struct cmdmon_request *r, const unsigned char *p)
{
	r->u.of_source.addr = cmdmon_get_addr(p);
	r->u.of_source.refid = get32(p + 20);
	r->u.of_source.offset = cmdmon_get_float(p + 24);
}

static const struct payload {
	uint16_t command;
	void (*put)(unsigned char *, const struct cmdmon_request *);
	void (*get)(struct cmdmon_request *, const unsigned char *);
} payloads[] = {
	{ CMD_ONLINE, put_range, get_range },
	{ CMD_OFFLINE, put_range, get_range },
	{ CMD_BURST, put_burst, get_burst },
	{ CMD_MINPOLL, put_number_of, get_number_of },
	{ CMD_MAXPOLL, put_number_of, get_number_of },
	{ CMD_MAXDELAY, put_value_of, get_value_of },
	{ CMD_MAXDELAYRATIO, put_value_of, get_value_of },
	{ CMD_MAXUPDATESKEW, put_value, get_value },
	{ CMD_SOURCE_DATA, put_index, get_index },
	{ CMD_ALLOW, cmdmon_put_subnet, cmdmon_get_subnet },
	{ CMD_ALLOW_ALL, cmdmon_put_subnet, cmdmon_get_subnet },
	{ CMD_DENY, cmdmon_put_subnet, cmdmon_get_subnet },
	{ CMD_DENY_ALL, cmdmon_put_subnet, cmdmon_get_subnet },
	{ CMD_CMDALLOW, cmdmon_put_subnet, cmdmon_get_subnet },
	{ CMD_CMDALLOW_ALL, cmdmon_put_subnet, cmdmon_get_subnet },
	{ CMD_CMDDENY, cmdmon_put_subnet, cmdmon_get_subnet },
	{ CMD_CMDDENY_ALL, cmdmon_put_subnet, cmdmon_get_subnet },
	{ CMD_ACCHECK, put_address, get_address },
	{ CMD_CMDACCHECK, put_address, get_address },
	{ CMD_DELETE, put_address, get_address },
	{ CMD_SOURCESTATS, put_index, get_index },
	{ CMD_MINSTRATUM, put_number_of, get_number_of },
	{ CMD_POLLTARGET, put_number_of, get_number_of },
	{ CMD_MAXDELAYDEVRATIO, put_value_of, get_value_of },
	{ CMD_RESELECTDIST, put_value, get_value },
	{ CMD_MODIFY_MAKESTEP, put_makestep, get_makestep },
	{ CMD_NTPDATA, put_address, get_address },
	{ CMD_ADD_SOURCE, cmdmon_put_add, cmdmon_get_add },
	{ CMD_LOCAL, put_local, get_local },
	{ CMD_LOCAL_OLD, put_local_old, get_local_old },
	{ CMD_SOURCE_NAME, put_address, get_address },
	{ CMD_AUTHDATA, put_address, get_address },
	{ CMD_CLIENTS, cmdmon_put_wanted, cmdmon_get_wanted },
	{ CMD_SELECTDATA, put_index, get_index },
	{ CMD_SELECTOPTS, put_selectopts, get_selectopts },
	{ CMD_OFFSET, put_offset, get_offset },
};

static const struct payload *
find(uint16_t command)
{
	for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++)
		if (payloads[i].command == command)
			return &payloads[i];
	return NULL;
}

void
cmdmon_put_payload(unsigned char *p, const struct cmdmon_request *r)
{
	const struct payload *f = find(r->command);

	if (f)
		f->put(p, r);
}

void
cmdmon_get_payload(struct cmdmon_request *r, const unsigned char *p)
{
	const struct payload *f = find(r->command);

	if (f)
		f->get(r, p);
}

/* SPDX-License-Identifier: ISC */
#include "common/cmdmon_bytes.h"

#include "common/bytes.h"

#define CLIENT_SIZE 60
#define STATS_OLD 11     /* the first counts, of 32 bits: chronyc 4.2, 4.3 */
#define STATS_RESERVED 3 /* numbers behind the counts, all ones */

void
cmdmon_put_subnet(unsigned char *p, const struct cmdmon_request *r)
{
	cmdmon_put_addr(p, &r->u.subnet.addr);
	put32(p + 20, (uint32_t)r->u.subnet.bits);
}

void
cmdmon_get_subnet(struct cmdmon_request *r, const unsigned char *p)
{
	r->u.subnet.addr = cmdmon_get_addr(p);
	r->u.subnet.bits = (int32_t)get32(p + 20);
}

void
cmdmon_put_wanted(unsigned char *p, const struct cmdmon_request *r)
{
	put32(p, r->u.clients.first);
	put32(p + 4, r->u.clients.most);
	put32(p + 8, r->u.clients.least_hits);
	put32(p + 12, r->u.clients.reset);
}

void
cmdmon_get_wanted(struct cmdmon_request *r, const unsigned char *p)
{
	r->u.clients = (struct cmdmon_clients_wanted){ get32(p), get32(p + 4),
		get32(p + 8), get32(p + 12) };
}

static void
put_client(unsigned char *p, const struct cmdmon_client *c)
{
	cmdmon_put_addr(p, &c->addr);
	for (size_t k = 0; k < SERVICES; k++) {
		put32(p + 20 + 4 * k, c->hits[k]);
		put32(p + 32 + 4 * k, c->drops[k]);
		p[44 + k] = (unsigned char)c->interval[k];
		put32(p + 48 + 4 * k, c->ago_s[k]);
	}
	p[47] = (unsigned char)c->interval_limited;
}

static int
signed_byte(unsigned char byte)
{
	return byte < 128 ? byte : byte - 256;
}

static void
get_client(struct cmdmon_client *c, const unsigned char *p)
{
	c->addr = cmdmon_get_addr(p);
	for (size_t k = 0; k < SERVICES; k++) {
		c->hits[k] = get32(p + 20 + 4 * k);
		c->drops[k] = get32(p + 32 + 4 * k);
		c->interval[k] = signed_byte(p[44 + k]);
		c->ago_s[k] = get32(p + 48 + 4 * k);
	}
	c->interval_limited = signed_byte(p[47]);
}

void
cmdmon_put_clients(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_clients *c = &r->u.clients;

	put32(p, c->size);
	put32(p + 4, c->next);
	put32(p + 8, c->n);
	for (size_t i = 0; i < CMDMON_CLIENTS && i < c->n; i++)
		put_client(p + 12 + i * CLIENT_SIZE, &c->list[i]);
}

void
cmdmon_get_clients(struct cmdmon_reply *r, const unsigned char *p)
{
	struct cmdmon_clients *c = &r->u.clients;

	c->size = get32(p);
	c->next = get32(p + 4);
	c->n = get32(p + 8);
	if (c->n > CMDMON_CLIENTS)
		c->n = CMDMON_CLIENTS;
	for (size_t i = 0; i < c->n; i++)
		get_client(&c->list[i], p + 12 + i * CLIENT_SIZE);
}

void
cmdmon_put_serverstats(unsigned char *p, const struct cmdmon_reply *r)
{
	for (size_t i = 0; i < STATS; i++)
		put64(p + 8 * i, r->u.serverstats.count[i]);
	for (size_t i = STATS; i < STATS + STATS_RESERVED; i++)
		put64(p + 8 * i, UINT64_MAX);
}

void
cmdmon_get_serverstats(struct cmdmon_reply *r, const unsigned char *p)
{
	for (size_t i = 0; i < STATS; i++)
		r->u.serverstats.count[i] = get64(p + 8 * i);
}

void
cmdmon_put_serverstats_old(unsigned char *p, const struct cmdmon_reply *r)
{
	for (size_t i = 0; i < STATS_OLD; i++)
		put32(p + 4 * i, (uint32_t)r->u.serverstats.count[i]);
}

void
cmdmon_get_serverstats_old(struct cmdmon_reply *r, const unsigned char *p)
{
	for (size_t i = 0; i < STATS_OLD; i++)
		r->u.serverstats.count[i] = get32(p + 4 * i);
}

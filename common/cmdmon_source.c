/* SPDX-License-Identifier: ISC
 *
 * The bytes of the reports about one source that chrony keeps from UDP. */
#include "common/cmdmon_bytes.h"

#include "common/bytes.h"

void
cmdmon_put_authdata(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_authdata *a = &r->u.authdata;

	put16(p, (uint16_t)a->mode);
	put16(p + 2, (uint16_t)a->type);
	put32(p + 4, a->key);
	put16(p + 8, (uint16_t)a->key_bits);
	put16(p + 10, (uint16_t)a->attempts);
	put32(p + 12, a->ago_s);
	put16(p + 16, (uint16_t)a->cookies);
	put16(p + 18, (uint16_t)a->cookie_len);
	put16(p + 20, (uint16_t)a->nak);
}

void
cmdmon_get_authdata(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.authdata = (struct cmdmon_authdata){
		.mode = get16(p),
		.type = get16(p + 2),
		.key = get32(p + 4),
		.key_bits = get16(p + 8),
		.attempts = get16(p + 10),
		.ago_s = get32(p + 12),
		.cookies = get16(p + 16),
		.cookie_len = get16(p + 18),
		.nak = get16(p + 20),
	};
}

void
cmdmon_put_selectdata(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_selectdata *s = &r->u.selectdata;

	put32(p, s->refid);
	cmdmon_put_addr(p + 4, &s->addr);
	p[24] = (unsigned char)s->state;
	p[25] = (unsigned char)s->authenticated;
	p[26] = (unsigned char)s->leap;
	put16(p + 28, (uint16_t)s->options);
	put16(p + 30, (uint16_t)s->effective);
	put32(p + 32, s->ago_s);
	cmdmon_put_float(p + 36, s->score);
	cmdmon_put_float(p + 40, s->low);
	cmdmon_put_float(p + 44, s->high);
}

void
cmdmon_get_selectdata(struct cmdmon_reply *r, const unsigned char *p)
{
	r->u.selectdata = (struct cmdmon_selectdata){
		.refid = get32(p),
		.addr = cmdmon_get_addr(p + 4),
		.state = cmdmon_get_char(p + 24),
		.authenticated = p[25],
		.leap = p[26],
		.options = get16(p + 28),
		.effective = get16(p + 30),
		.ago_s = get32(p + 32),
		.score = cmdmon_get_float(p + 36),
		.low = cmdmon_get_float(p + 40),
		.high = cmdmon_get_float(p + 44),
	};
}

/* The part that the old reply shares with today's: up to 107. */
static void
put_packet(unsigned char *p, const struct cmdmon_ntpdata *n)
{
	const double floats[] = { n->offset, n->delay, n->dispersion,
		n->response, n->asymmetry };

	cmdmon_put_addr(p, &n->remote);
	cmdmon_put_addr(p + 20, &n->local);
	put16(p + 40, (uint16_t)n->port);
	p[42] = (unsigned char)n->leap;
	p[43] = (unsigned char)n->version;
	p[44] = (unsigned char)n->mode;
	p[45] = (unsigned char)n->stratum;
	p[46] = (unsigned char)n->poll;
	p[47] = (unsigned char)n->precision;
	cmdmon_put_float(p + 48, n->root_delay);
	cmdmon_put_float(p + 52, n->root_dispersion);
	put32(p + 56, n->refid);
	cmdmon_put_time(p + 60, n->ref_time);
	for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
		cmdmon_put_float(p + 72 + 4 * i, floats[i]);
	put16(p + 92, (uint16_t)n->flags);
	p[94] = (unsigned char)n->tx_stamp;
	p[95] = (unsigned char)n->rx_stamp;
	put32(p + 96, n->total_tx);
	put32(p + 100, n->total_rx);
	put32(p + 104, n->total_valid);
	put32(p + 108, n->total_good);
}

static void
get_packet(struct cmdmon_ntpdata *n, const unsigned char *p)
{
	*n = (struct cmdmon_ntpdata){
		.remote = cmdmon_get_addr(p),
		.local = cmdmon_get_addr(p + 20),
		.port = get16(p + 40),
		.leap = p[42],
		.version = p[43],
		.mode = p[44],
		.stratum = p[45],
		.poll = (int8_t)p[46],
		.precision = (int8_t)p[47],
		.root_delay = cmdmon_get_float(p + 48),
		.root_dispersion = cmdmon_get_float(p + 52),
		.refid = get32(p + 56),
		.ref_time = cmdmon_get_time(p + 60),
		.offset = cmdmon_get_float(p + 72),
		.delay = cmdmon_get_float(p + 76),
		.dispersion = cmdmon_get_float(p + 80),
		.response = cmdmon_get_float(p + 84),
		.asymmetry = cmdmon_get_float(p + 88),
		.flags = get16(p + 92),
		.tx_stamp = (char)p[94],
		.rx_stamp = (char)p[95],
		.total_tx = get32(p + 96),
		.total_rx = get32(p + 100),
		.total_valid = get32(p + 104),
		.total_good = get32(p + 108),
	};
}

/* 32-bit words of ones: numbers that this version does not have. */
static void
put_reserved(unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put32(p + 4 * i, UINT32_MAX);
}

void
cmdmon_put_ntpdata(unsigned char *p, const struct cmdmon_reply *r)
{
	const struct cmdmon_ntpdata *n = &r->u.ntpdata;

	put_packet(p, n);
	put32(p + 112, n->kernel_tx);
	put32(p + 116, n->kernel_rx);
	put32(p + 120, n->hw_tx);
	put32(p + 124, n->hw_rx);
	put_reserved(p + 128, 4);
}

void
cmdmon_get_ntpdata(struct cmdmon_reply *r, const unsigned char *p)
{
	struct cmdmon_ntpdata *n = &r->u.ntpdata;

	get_packet(n, p);
	n->kernel_tx = get32(p + 112);
	n->kernel_rx = get32(p + 116);
	n->hw_tx = get32(p + 120);
	n->hw_rx = get32(p + 124);
}

void
cmdmon_put_ntpdata_old(unsigned char *p, const struct cmdmon_reply *r)
{
	put_packet(p, &r->u.ntpdata);
	put_reserved(p + 112, 3);
}

void
cmdmon_get_ntpdata_old(struct cmdmon_reply *r, const unsigned char *p)
{
	get_packet(&r->u.ntpdata, p);
}

/* SPDX-License-Identifier: ISC
 *
 * A program of classic BPF, which the kernel runs on each datagram, and whose
 * result is the number of a socket.  The data begins behind the UDP header; the
 * IP header is found by an offset of its own.  An address is a few words; each
 * is multiplied into the hash by an odd random number, which keeps strangers
 * from aiming at one socket, and the end of MurmurHash3 spreads neighbours. */
#include "daemon/os/steer_linux.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/socket.h>

#ifndef SO_ATTACH_REUSEPORT_CBPF
#define SO_ATTACH_REUSEPORT_CBPF 51
#endif

#define SOURCE4 12 /* in the header */
#define SOURCE6 8
#define MODE_MASK 7

/* Modes that are no client's: symmetric, answers of servers, broadcasts.  The
 * others are nobody's, but for 0, which is a client of version 1. */
static const unsigned others[] = { 1, 2, 4, 5 };
#define N_OTHERS (sizeof others / sizeof *others)

struct program {
	struct sock_filter code[64];
	unsigned short n;
};

static void
add(struct program *p, int code, uint32_t k)
{
	p->code[p->n++] = (struct sock_filter){ (uint16_t)code, 0, 0, k };
}

/* To the first socket, if the accumulator is k. */
static void
add_first_if(struct program *p, uint32_t k)
{
	p->code[p->n++] = (struct sock_filter)BPF_JUMP(
	    BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1);
	add(p, BPF_RET | BPF_K, 0);
}

/* A ^= A >> bits */
static void
add_fold(struct program *p, uint32_t bits)
{
	add(p, BPF_MISC | BPF_TAX, 0);
	add(p, BPF_ALU | BPF_RSH | BPF_K, bits);
	add(p, BPF_ALU | BPF_XOR | BPF_X, 0);
}

/* A = hash of the words of the source address. */
static void
add_hash(struct program *p, uint32_t at, unsigned words, uint32_t key)
{
	add(p, BPF_LD | BPF_IMM, 0);
	for (unsigned i = 0; i < words; i++) {
		add(p, BPF_MISC | BPF_TAX, 0);
		add(p, BPF_LD | BPF_W | BPF_ABS,
		    (uint32_t)SKF_NET_OFF + at + 4 * i);
		add(p, BPF_ALU | BPF_XOR | BPF_X, 0);
		add(p, BPF_ALU | BPF_MUL | BPF_K, key | 1);
		add_fold(p, 16);
	}
	add(p, BPF_ALU | BPF_MUL | BPF_K, 0x85ebca6b);
	add_fold(p, 13);
	add(p, BPF_ALU | BPF_MUL | BPF_K, 0xc2b2ae35);
	add_fold(p, 16);
}

int
steer_clients(int fd, int is_v6, unsigned n, uint32_t key)
{
	struct program p = { .n = 0 };

	add(&p, BPF_LD | BPF_W | BPF_LEN, 0);
	add_first_if(&p, 0); /* no byte to look at: nobody answers it */
	add(&p, BPF_LD | BPF_B | BPF_ABS, 0);
	add(&p, BPF_ALU | BPF_AND | BPF_K, MODE_MASK);
	for (unsigned i = 0; i < N_OTHERS; i++)
		add_first_if(&p, others[i]);
	add_hash(&p, is_v6 ? SOURCE6 : SOURCE4, is_v6 ? 4 : 1, key);
	add(&p, BPF_ALU | BPF_MOD | BPF_K, n);
	add(&p, BPF_ALU | BPF_ADD, 1); /* BPF_K is 0, and so is BPF_ADD */
	add(&p, BPF_RET | BPF_A, 0);

	struct sock_fprog prog = { .len = p.n, .filter = p.code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog,
	    sizeof prog) < 0 ? -errno : 0;
}

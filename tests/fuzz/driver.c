/* SPDX-License-Identifier: ISC
 *
 * Runs a fuzz target without libFuzzer, so that any compiler and the ordinary
 * test suite can: first every file of the corpus as it is, then N mutations.
 * Mutation i depends on the seed and i alone; a crash or a hang (10 s) prints
 * both, and "-i I" repeats that one under a debugger.
 *
 *	fuzz_X CORPUS_DIR N [SEED]
 *	fuzz_X -i I CORPUS_DIR N SEED
 *	fuzz_X FILE		one input as it is */
#include <dirent.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUT_MAX 65536
#define CORPUS_MAX 4096
#define HANG_S 10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	size_t size;
	uint8_t *data;
};

struct corpus {
	size_t n;
	struct input inputs[CORPUS_MAX];
};

/* What the signal handler tells; the only state of the file. */
static volatile uint64_t current, seed_used;

static void
report(int sig)
{
	char text[160];
	int n = snprintf(text, sizeof text,
	    "fuzz: signal %d in mutation %" PRIu64 " of seed %" PRIu64 "\n", sig,
	    current, seed_used);

	if (n > 0 && write(2, text, (size_t)n) < 0)
		_exit(2);
	signal(sig, SIG_DFL);
	raise(sig);
}

/* SplitMix64 (Steele, Lea, Flood 2014): any seed is a good one. */
static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t
below(uint64_t *state, size_t n)
{
	return n == 0 ? 0 : (size_t)(next(state) % n);
}

static int
load(struct corpus *c, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct input *in = &c->inputs[c->n];

	if (f == NULL)
		return -1;
	in->data = malloc(INPUT_MAX);
	if (in->data == NULL)
		abort();
	in->size = fread(in->data, 1, INPUT_MAX, f);
	fclose(f);
	c->n++;
	return 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Sorted, as the mutations depend on the order. */
static int
load_all(struct corpus *c, const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, NULL, by_name);

	if (n < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		char path[4096];

		snprintf(path, sizeof path, "%s/%s", dir, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && c->n < CORPUS_MAX - 1)
			(void)load(c, path);
		free(names[i]);
	}
	free(names);
	return 0;
}

/* One small change to the size bytes in buf; returns the new size. */
static size_t
change(uint8_t *buf, size_t size, const struct corpus *c, uint64_t *state)
{
	static const uint8_t nasty[] = { 0, 1, 0x7f, 0x80, 0xff, ' ', '\n', '-',
		'.', '#', '9' };
	const struct input *other = &c->inputs[below(state, c->n)];
	size_t at = below(state, size), n, from;

	switch (next(state) % 6) {
	case 0: /* flip a bit */
		if (size > 0)
			buf[at] ^= (uint8_t)(1 << below(state, 8));
		break;
	case 1: /* put an awkward byte */
		if (size > 0)
			buf[at] = nasty[below(state, sizeof nasty)];
		break;
	case 2: /* any byte */
		if (size > 0)
			buf[at] = (uint8_t)next(state);
		break;
	case 3: /* cut a piece out */
		n = below(state, size - at + 1);
		memmove(buf + at, buf + at + n, size - at - n);
		size -= n;
		break;
	case 4: /* cut the end off */
		size = at;
		break;
	default: /* put a piece of another input in */
		from = below(state, other->size);
		n = below(state, other->size - from + 1);
		if (n > INPUT_MAX - size)
			n = INPUT_MAX - size;
		memmove(buf + at + n, buf + at, size - at);
		memcpy(buf + at, other->data + from, n);
		size += n;
		break;
	}
	return size;
}

/* The input goes to the target in a block of exactly its size, so that a
 * sanitizer sees a read behind its end. */
static void
run(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size > 0 ? size : 1);

	if (exact == NULL)
		abort();
	memcpy(exact, data, size);
	alarm(HANG_S);
	LLVMFuzzerTestOneInput(exact, size);
	alarm(0);
	free(exact);
}

static void
mutate_and_run(const struct corpus *c, uint64_t i)
{
	static uint8_t buf[INPUT_MAX];
	uint64_t state = seed_used ^ (i * UINT64_C(0xd1342543de82ef95));
	const struct input *in = &c->inputs[below(&state, c->n)];
	size_t size = in->size;

	current = i;
	memcpy(buf, in->data, size);
	for (size_t k = 1 + below(&state, 8); k > 0; k--)
		size = change(buf, size, c, &state);
	run(buf, size);
}

int
main(int argc, char **argv)
{
	static struct corpus corpus;
	static const int fatal[] = { SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL,
		SIGSEGV };
	const char *one = NULL;

	if (argc > 2 && strcmp(argv[1], "-i") == 0) {
		one = argv[2];
		argc -= 2;
		argv += 2;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: fuzz [-i I] CORPUS_DIR N [SEED]\n");
		return 2;
	}
	if (argc == 2 ? load(&corpus, argv[1]) : load_all(&corpus, argv[1])) {
		perror(argv[1]);
		return 2;
	}
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		signal(fatal[i], report);

	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	seed_used = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	if (corpus.n == 0)
		load(&corpus, "/dev/null");
	if (one != NULL) {
		mutate_and_run(&corpus, strtoull(one, NULL, 10));
		return 0;
	}
	for (size_t i = 0; i < corpus.n; i++)
		run(corpus.inputs[i].data, corpus.inputs[i].size);
	for (uint64_t i = 0; i < n; i++)
		mutate_and_run(&corpus, i);
	printf("%zu inputs and %" PRIu64 " mutations with seed %" PRIu64 "\n",
	    corpus.n, n, seed_used);
	return 0;
}

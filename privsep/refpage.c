/* SPDX-License-Identifier: ISC
 *
 * The words are atomic each, so that a torn read is a value that is thrown away
 * and not undefined behaviour (H.-J. Boehm, "Can seqlocks get along with
 * programming language memory models?", 2012). */
#include "privsep/refpage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE /* Linux 5.1 */
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)
#define READ_TRIES 1000 /* a write takes some 20 ns */

_Static_assert(sizeof(struct wrk_reference) % sizeof(uint64_t) == 0,
    "whole words");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a lock would be the writer's");

static int
seal(int fd, struct refpage **page)
{
	void *at;

	if (ftruncate(fd, sizeof **page) < 0)
		return -errno;
	at = mmap(NULL, sizeof **page, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	    0);
	if (at == MAP_FAILED)
		return -errno;
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0) {
		int error = errno;
		munmap(at, sizeof **page);
		return -error;
	}
	*page = at;
	return 0;
}

int
refpage_make(struct refpage **page)
{
	int fd = memfd_create("tock-reference",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : seal(fd, page);

	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

int
refpage_map(const struct refpage **page, int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);
	void *at;

	/* Without them the page could shrink below us, which is SIGBUS. */
	if (seals < 0 || (seals & SEALS) != SEALS ||
	    lseek(fd, 0, SEEK_END) != sizeof **page)
		return -EINVAL;
	at = mmap(NULL, sizeof **page, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	*page = at;
	return 0;
}

void
refpage_write(struct refpage *p, const struct wrk_reference *t)
{
	uint64_t words[REFPAGE_WORDS];
	uint64_t number = atomic_load_explicit(&p->number,
	    memory_order_relaxed);

	memcpy(words, t, sizeof words);
	atomic_store_explicit(&p->number, number + 1, memory_order_relaxed);
	/* No word is seen before the odd number ... */
	atomic_thread_fence(memory_order_release);
	for (size_t i = 0; i < REFPAGE_WORDS; i++)
		atomic_store_explicit(&p->words[i], words[i],
		    memory_order_relaxed);
	/* ... and the even one is not seen before all of them. */
	atomic_store_explicit(&p->number, number + 2, memory_order_release);
}

bool
refpage_read(const struct refpage *p, struct wrk_reference *t)
{
	uint64_t words[REFPAGE_WORDS];

	for (int i = 0; i < READ_TRIES; i++) {
		uint64_t before = atomic_load_explicit(&p->number,
		    memory_order_acquire);

		for (size_t k = 0; k < REFPAGE_WORDS; k++)
			words[k] = atomic_load_explicit(&p->words[k],
			    memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		if (before % 2 == 0 && before == atomic_load_explicit(
		    &p->number, memory_order_relaxed)) {
			memcpy(t, words, sizeof words);
			return true;
		}
	}
	return false;
}

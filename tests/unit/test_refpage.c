/* SPDX-License-Identifier: ISC
 *
 * What is read was written as a whole, however the two meet; and nobody writes
 * who was only handed the descriptor. */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "privsep/refpage.h"

/* All fields say n. */
static struct wrk_reference
reference(uint64_t n)
{
	return (struct wrk_reference){ .at_ns = (int64_t)n,
		.target_ns = (int64_t)n, .target_ppt = (int64_t)n,
		.delay_ns = (int64_t)n, .dispersion_ns = (int64_t)n,
		.growth_ppt = (int64_t)n, .ref = n, .refid = (uint32_t)n };
}

static bool
is_whole(const struct wrk_reference *t)
{
	struct wrk_reference like = reference(t->ref);

	return memcmp(t, &like, sizeof like) == 0;
}

START_TEST(what_is_written_is_read_through_the_descriptor)
{
	struct refpage *page;
	const struct refpage *other;
	struct wrk_reference t, want = reference(7);
	int fd = refpage_make(&page);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(refpage_map(&other, fd), 0);
	close(fd);
	ck_assert(refpage_read(other, &t));
	ck_assert_uint_eq(t.flags, 0); /* nothing was told yet */
	want.flags = WRK_IS_TOLD | WRK_IS_LOCAL;
	refpage_write(page, &want);
	ck_assert(refpage_read(other, &t));
	ck_assert_mem_eq(&t, &want, sizeof t);
}
END_TEST

START_TEST(a_reader_cannot_write_nor_change_the_size)
{
	struct refpage *page;
	int fd = refpage_make(&page);

	ck_assert_int_ge(fd, 0);
	ck_assert_ptr_eq(mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0), MAP_FAILED);
	ck_assert_int_eq(errno, EPERM);

	void *at = mmap(NULL, sizeof *page, PROT_READ, MAP_SHARED, fd, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	ck_assert_int_lt(mprotect(at, sizeof *page, PROT_READ | PROT_WRITE), 0);
	ck_assert_int_lt(write(fd, "x", 1), 0);
	ck_assert_int_lt(ftruncate(fd, 0), 0);
	ck_assert_int_lt(ftruncate(fd, 1 << 20), 0);
	close(fd);
}
END_TEST

START_TEST(what_is_no_sealed_page_is_not_mapped)
{
	const struct refpage *page;
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, sizeof *page), 0);
	ck_assert_int_eq(refpage_map(&page, fd), -EINVAL);
	ck_assert_int_eq(refpage_map(&page, -1), -EINVAL);
	close(fd);
}
END_TEST

START_TEST(a_writer_that_stopped_in_the_middle_is_not_believed)
{
	struct refpage page = { 0 };
	struct wrk_reference t = reference(3);

	refpage_write(&page, &t);
	page.number++;
	page.words[2] = 99;
	ck_assert(!refpage_read(&page, &t));
	page.number++;
	ck_assert(refpage_read(&page, &t));
}
END_TEST

struct writing {
	struct refpage page;
	atomic_bool is_over;
};

static void *
write_many(void *arg)
{
	struct writing *w = arg;

	for (uint64_t n = 1; !w->is_over; n++) {
		struct wrk_reference t = reference(n);

		refpage_write(&w->page, &t);
	}
	return NULL;
}

/* Until the two have met often enough, where there are two processors. */
START_TEST(a_read_is_never_torn_and_never_older_than_the_last)
{
	static struct writing w;
	struct wrk_reference t = { 0 };
	unsigned tries = 0, reads = 0, changes = 0;
	uint64_t last = 0;
	pthread_t writer;

	ck_assert_int_eq(pthread_create(&writer, NULL, write_many, &w), 0);
	while (changes < 2 || (changes < 50000 && tries < 50000)) {
		tries++;
		if (!refpage_read(&w.page, &t))
			continue;
		ck_assert_msg(is_whole(&t), "torn at %ju", (uintmax_t)t.ref);
		ck_assert_uint_ge(t.ref, last);
		changes += t.ref != last;
		last = t.ref;
		reads++;
	}
	w.is_over = true;
	pthread_join(writer, NULL);
	printf("%u reads, %u different, of %ju\n", reads, changes,
	    (uintmax_t)last);
}
END_TEST

UNIT_MAIN("refpage", what_is_written_is_read_through_the_descriptor,
    a_reader_cannot_write_nor_change_the_size,
    what_is_no_sealed_page_is_not_mapped,
    a_writer_that_stopped_in_the_middle_is_not_believed,
    a_read_is_never_torn_and_never_older_than_the_last)

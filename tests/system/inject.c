/* SPDX-License-Identifier: ISC
 *
 * inject PID CALL [ARGUMENT]...: makes a live process call the kernel, as an
 * attacker with code in it would.  The process is stopped where it waits in a
 * system call, so that the instruction before its program counter is the one
 * that enters the kernel: it is run once more with other registers, and if the
 * process survives everything is put back.
 *
 * An argument is a number, or @TEXT for the address of a copy of the text on the
 * process's stack.  Prints "killed SIGNAL" or "returned NUMBER"; exits 0 when
 * either happened, 77 where this machine is not supported. */
#include <errno.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__

#define ARGS 6
#define BELOW_STACK 4096 /* below the red zone */
#define TEXT_ROOM 256

struct target {
	pid_t pid;
	struct user_regs_struct saved;
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int
wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) < 0)
		die("waitpid");
	return status;
}

/* Stops the process inside a call that waits. */
static void
stop(struct target *t)
{
	uint16_t insn;
	const uint16_t syscall_insn = 0x050f;

	if (ptrace(PTRACE_ATTACH, t->pid, NULL, NULL) < 0)
		die("attach");
	if (!WIFSTOPPED(wait_for(t->pid)) ||
	    ptrace(PTRACE_GETREGS, t->pid, NULL, &t->saved) < 0)
		die("stop");
	errno = 0;
	insn = (uint16_t)ptrace(PTRACE_PEEKTEXT, t->pid,
	    (void *)(uintptr_t)(t->saved.rip - 2), NULL);
	if (errno != 0 || insn != syscall_insn) {
		errno = EAGAIN;
		die("the process does not wait in a system call");
	}
}

static unsigned long long
argument(const struct target *t, const char *text, int i)
{
	unsigned long long at = t->saved.rsp - BELOW_STACK +
	    (unsigned)i * TEXT_ROOM;
	long word;

	if (text[0] != '@')
		return strtoull(text, NULL, 0);
	for (size_t done = 0; done <= strlen(text + 1); done += sizeof word) {
		word = 0;
		memcpy(&word, text + 1 + done,
		    strnlen(text + 1 + done, sizeof word));
		if (ptrace(PTRACE_POKEDATA, t->pid,
		    (void *)(uintptr_t)(at + done), word) < 0)
			die("poke");
	}
	return at;
}

static void
call(struct target *t, int nr, char **argv, int n)
{
	struct user_regs_struct regs = t->saved;
	unsigned long long *const args[ARGS] = { &regs.rdi, &regs.rsi,
		&regs.rdx, &regs.r10, &regs.r8, &regs.r9 };

	for (int i = 0; i < ARGS; i++)
		*args[i] = i < n ? argument(t, argv[i], i) : 0;
	regs.rax = (unsigned long long)nr;
	regs.orig_rax = (unsigned long long)-1; /* nothing to be restarted */
	regs.rip -= 2;
	if (ptrace(PTRACE_SETREGS, t->pid, NULL, &regs) < 0 ||
	    ptrace(PTRACE_SINGLESTEP, t->pid, NULL, NULL) < 0)
		die("call");
}

int
main(int argc, char **argv)
{
	struct target t;
	struct user_regs_struct regs;

	if (argc < 3 || argc > 3 + ARGS) {
		fputs("usage: inject PID CALL [ARGUMENT]...\n", stderr);
		return EXIT_FAILURE;
	}
	t.pid = (pid_t)atoi(argv[1]);

	int nr = seccomp_syscall_resolve_name(argv[2]);
	if (nr < 0) {
		fprintf(stderr, "inject: no call %s\n", argv[2]);
		return EXIT_FAILURE;
	}
	stop(&t);
	call(&t, nr, argv + 3, argc - 3);

	int status = wait_for(t.pid);
	if (WIFSIGNALED(status)) {
		printf("killed %d\n", WTERMSIG(status));
		return EXIT_SUCCESS;
	}
	if (!WIFSTOPPED(status)) {
		printf("exited %d\n", WEXITSTATUS(status));
		return EXIT_SUCCESS;
	}
	if (ptrace(PTRACE_GETREGS, t.pid, NULL, &regs) < 0)
		die("result");
	printf("returned %lld\n", (long long)regs.rax);
	if (ptrace(PTRACE_SETREGS, t.pid, NULL, &t.saved) < 0 ||
	    ptrace(PTRACE_DETACH, t.pid, NULL, NULL) < 0)
		die("detach");
	return EXIT_SUCCESS;
}

#else

int
main(void)
{
	puts("not on this machine");
	return 77;
}

#endif

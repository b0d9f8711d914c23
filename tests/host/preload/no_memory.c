/*
 * no_memory.c - preloaded into Unbound: between two SIGUSR2 there is no memory.
 *
 * malloc(), calloc() and realloc() fail then, all of them; what Unbound has
 * already it keeps. What the C library needs for itself comes from elsewhere.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *memory, size_t size);

static volatile sig_atomic_t fails;

static void
toggle(int signal)
{
	(void)signal;
	fails = !fails;
}

__attribute__((constructor)) static void
begin(void)
{
	signal(SIGUSR2, toggle);
}

static void *
none(void)
{
	errno = ENOMEM;
	return NULL;
}

void *
malloc(size_t size)
{
	return fails ? none() : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return fails ? none() : __libc_calloc(count, size);
}

void *
realloc(void *memory, size_t size)
{
	return fails ? none() : __libc_realloc(memory, size);
}

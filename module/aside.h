/*
 * aside.h - work in a thread of its own, which stands back for all others.
 *
 * Clients wait for a worker, and nobody for such work as they do: where both
 * want a processor, the worker has it.
 *
 * Thread-safety: one thread, which starts and ends it; aside_let_others_in() is
 * for any.
 */
#ifndef BITSINK_ASIDE_H
#define BITSINK_ASIDE_H

struct aside;

/* Calls WORK(ARG) in the thread, which has the signal mask of the caller. NULL
 * where there is no memory or no thread; WORK is not called then. */
struct aside *aside_start(void (*work)(void *arg), void *arg);

/* Whether the thread has ended: aside_wait() and aside_free() would not wait.
 * Does not wait either. */
int aside_has_ended(struct aside *aside);

/* Waits for the end. */
void aside_wait(struct aside *aside);

/* The same, and frees it. Accepts NULL. */
void aside_free(struct aside *aside);

/* The calling thread goes on as it is, but who wakes for its processor has it
 * soon, as far as Linux has a word for that. */
void aside_let_others_in(void);

#endif

/*
 * sandbox.h - a network of the tests' own, and a folder.
 *
 * Thread-safety: for the main thread, before it starts others.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

/*
 * Moves the process into a network namespace whose loopback has 127.0.0.0/8
 * and the SANDBOX_IP6_* addresses, so that every port is free and any source
 * address can be used. Exits with the reason where that cannot be had.
 */
void sandbox_enter(void);

#define SANDBOX_IP6_RESOLVER "fd00:53::1"
#define SANDBOX_IP6_UPDATE "fd00:53::2"
#define SANDBOX_IP6_ORDINARY "fd00:53::3"
#define SANDBOX_IP6_UPDATE_2 "fd00:53::4"
#define SANDBOX_IP6_OTHER "fd00:53::5"

/* A new folder; to be removed with all in it by sandbox_remove(). */
char *sandbox_folder(void);
void sandbox_remove(char *folder);

/* Makes a folder in it. */
void sandbox_make_folder(const char *folder, const char *name);

/* Writes a file of the folder. */
void sandbox_write(const char *folder, const char *name, const char *text);

/* The whole of a file as a string; "" where there is none. */
char *sandbox_read(const char *folder, const char *name);

/* Milliseconds of a clock that only goes forward. */
long long sandbox_now(void);

/* For loops that wait for a condition: lets some milliseconds pass, and
 * returns 0 once DEADLINE, in sandbox_now()'s terms, is over. */
int sandbox_wait(long long deadline);

/* No condition in the tests takes longer than this on a slow machine. */
#define SANDBOX_PATIENCE 20000

#endif

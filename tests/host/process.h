/*
 * process.h - what a process takes of the system.
 *
 * Thread-safety: for one thread.
 */
#ifndef PROCESS_H
#define PROCESS_H

unsigned process_descriptors(int pid);
unsigned process_threads(int pid);
long process_resident_kib(int pid);

/* How many connections a listener at PATH, a Unix domain socket of this
 * process's network, has on its side, taken or to be taken. */
unsigned process_connections(const char *path);

/* Says what its descriptors are. */
void process_print_descriptors(int pid);

#endif

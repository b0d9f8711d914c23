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

/* Says what its descriptors are. */
void process_print_descriptors(int pid);

#endif

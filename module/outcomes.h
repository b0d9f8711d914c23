/*
 * outcomes.h - what came of the queries of restricted clients, in numbers.
 *
 * Thread-safety: a plain value.
 */
#ifndef BITSINK_OUTCOMES_H
#define BITSINK_OUTCOMES_H

#include <stdint.h>

struct outcomes {
	uint64_t allowed;
	uint64_t blocked;
	uint64_t audited;
	/* Blocked or audited as quiet names, which is in neither. */
	uint64_t quiet;
};

#endif

/*
 * fuzz.h - what the fuzzers share: the input as lines or octets, and the end
 * of a run that found something.
 *
 * Thread-safety: libFuzzer calls a target in one thread.
 */
#ifndef BITSINK_FUZZ_H
#define BITSINK_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's entry point: each target has one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run: libFuzzer keeps the input that led here. */
#define fuzz_found(...) \
	(fprintf(stderr, "%s:%d: ", __FILE__, __LINE__), \
	fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), abort())

#define fuzz_check(condition) \
	((condition) ? (void)0 : fuzz_found("expected %s", #condition))

/* Memory that is there: an allocation that fails is not what is looked for. */
static inline void *
fuzz_memory(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (memory == NULL)
		exit(1);
	return memory;
}

/* What is left of the input. */
struct input {
	const uint8_t *at;
	size_t left;
};

/* The next octet; 0 behind the end. */
static inline unsigned
input_octet(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->at++;
}

static inline unsigned
input_16(struct input *input)
{
	unsigned high = input_octet(input);

	return high << 8 | input_octet(input);
}

/* The next line, without its end; returns 0 where there is none. */
static inline int
input_line(struct input *input, const char **line, size_t *length)
{
	const uint8_t *end;

	if (input->left == 0)
		return 0;
	end = memchr(input->at, '\n', input->left);
	*line = (const char *)input->at;
	*length = end != NULL ? (size_t)(end - input->at) : input->left;
	input->at += *length;
	input->left -= *length;
	(void)input_octet(input);
	return 1;
}

#endif

/*
 * zone.h - local time of a time zone.
 *
 * A zone comes from a file of the system's time zone database (TZif, RFC 8536)
 * or from a rule as the environment variable TZ has it (POSIX.1-2017 section
 * 8.3, with the extensions of RFC 8536 section 3.3.1). libc has one zone for
 * the whole process, and no library that has more can be loaded after chroot.
 *
 * Thread-safety: a zone never changes; any number of threads may use it.
 */
#ifndef BITSINK_ZONE_H
#define BITSINK_ZONE_H

#include <stddef.h>
#include <stdint.h>

struct zone;

/* Local time, as a calendar and a clock show it. */
struct zone_time {
	/* Days since 1970-01-01, of the local date. */
	int64_t day;
	/* 0 is Sunday. */
	unsigned weekday;
	/* 1 to 31, and how many days the month has. */
	unsigned month_day;
	unsigned month_days;
	/* Since midnight by that clock, 0 to 86399. */
	unsigned second;
};

/* From the LENGTH octets of a TZif file, version 1 to 4. NULL where it is none,
 * or when out of memory (errno is ENOMEM then, else EINVAL). Free with
 * zone_free(), which accepts NULL. A file with leap seconds, as in the folder
 * "right", is refused: it is for machines whose clock counts them, and would be
 * half a minute wrong on others. */
struct zone *zone_from_tzif(const uint8_t *octets, size_t length);

/* From a rule such as CET-1CEST,M3.5.0,M10.5.0/3. NULL as above. One that has
 * daylight saving time must say when: POSIX leaves open what EST5EDT means. */
struct zone *zone_from_rule(const char *text, size_t length);
void zone_free(struct zone *zone);

/* Seconds that local time is ahead of UTC at WHEN, seconds since 1970. A NULL
 * zone is UTC. */
int32_t zone_offset(const struct zone *zone, int64_t when);

/* The first moment after WHEN at which the offset may become another, INT64_MAX
 * where there is none. */
int64_t zone_next(const struct zone *zone, int64_t when);

void zone_local(const struct zone *zone, int64_t when, struct zone_time *local);

/* Octets it takes. */
size_t zone_memory(const struct zone *zone);

#endif

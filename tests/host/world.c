/*
 * world.c - what most tests start with: an Internet, a resolver, a policy.
 */
#include "world.h"

#include <stdlib.h>

struct world *
world_start(void **state, const struct resolver_options *options)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	*state = world;
	world->upstream = upstream_start();
	upstream_add(world->upstream, WORLD_RECORDS);
	world->resolver = resolver_start(options);
	return world;
}

int
world_stop(void **state)
{
	struct world *world = *state;

	if (world == NULL)
		return 0;
	*state = NULL;
	resolver_stop(world->resolver);
	upstream_stop(world->upstream);
	free(world);
	return 0;
}

int
world_setup(void **state)
{
	static const struct resolver_options usual = {
		.policy = WORLD_POLICY,
		.server = RESOLVER_PATIENT,
	};

	world_start(state, &usual);
	return 0;
}

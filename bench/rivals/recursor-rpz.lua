-- PowerDNS Recursor: the policy zone. A client it is not for discards it, in
-- recursor-rpz-hooks.lua.
rpzFile("@world@/allowed.rpz", {policyName="allowed"})
rpzFile("@world@/all.rpz", {policyName="all"})

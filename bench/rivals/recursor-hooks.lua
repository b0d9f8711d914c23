-- PowerDNS Recursor: the policy in Lua alone.
dofile("@folder@/recursor-clients.lua")

local allowed = newDS()
for name in io.lines("@world@/names") do
	allowed:add(name)
end

function preresolve(dq)
	if dq.tag == 1 and not allowed:check(dq.qname) then
		dq.rcode = pdns.NXDOMAIN
		return true
	end
	return false
end

-- PowerDNS Recursor: whom the policy zones are for.
dofile("@folder@/recursor-clients.lua")

function prerpz(dq)
	if dq.tag ~= 1 then
		dq:discardPolicy("allowed")
		dq:discardPolicy("all")
	end
	return false
end

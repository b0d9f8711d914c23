-- dnsdist, before a plain Unbound: what the restricted clients may not ask for
-- ends here. @batch@ is how many queries it takes at once; 1 is its default.
setUDPMultipleMessagesVectorSize(@batch@)
setLocal('127.0.0.1:@port@')
setACL('127.0.0.0/8')
newServer({ address = '127.0.0.1:@backend@' }):setUp()
setSecurityPollSuffix('')
-- The answers that clients have in common need not be asked for each time.
getPool(''):setCache(newPacketCache(10000))

restricted = newNMG()
restricted:addMask('127.0.1.0/24')
allowed = newSuffixMatchNode()
for name in io.lines('@world@/names') do
	allowed:add(newDNSName(name))
end
addAction(AndRule({ NetmaskGroupRule(restricted),
	NotRule(SuffixMatchNodeRule(allowed)) }),
	RCodeAction(DNSRCode.NXDOMAIN))

-- PowerDNS Recursor: who is restricted gets the tag 1, all others 0. This is
-- called for each query, before the packet cache, which keeps answers of
-- different tags apart. The interface for FFI needs far less time a query than
-- gettag() with a group of netmasks does, so it is what is compared.
local ffi = require("ffi")

ffi.cdef[[
typedef struct pdns_ffi_param pdns_ffi_param_t;
void pdns_ffi_param_get_remote_raw(pdns_ffi_param_t *ref, const void **addr,
	size_t *addrSize);
void pdns_ffi_param_set_tag(pdns_ffi_param_t *ref, unsigned int tag);
]]

local address = ffi.new("const void *[1]")
local size = ffi.new("size_t[1]")

function gettag_ffi(query)
	ffi.C.pdns_ffi_param_get_remote_raw(query, address, size)
	local octets = ffi.cast("const uint8_t *", address[0])
	if size[0] == 4 and octets[0] == 127 and octets[1] == 0 and
	    octets[2] == 1 then
		ffi.C.pdns_ffi_param_set_tag(query, 1)
	end
end

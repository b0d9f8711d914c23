# Message.pm - DNS messages, as far as parts send some themselves: what asks
# once, amid what is measured, must not be a program that is started for it.
package Message;
use strict;
use warnings;

# A question for an address.
sub query {
	my ($id, $name) = @_;
	return pack('n6', $id, 0x0100, 1, 0, 0, 0) .
		join('', map { chr(length) . $_ } split /\./, $name) .
		pack('C n n', 0, 1, 1);
}

# The RCODE of a response, and how many records it has in its answer section and
# in its authority section.
sub outcome {
	my ($response) = @_;
	my (undef, $flags, undef, $answers, $authority) = unpack 'n5',
		$response;
	return ($flags & 15, $answers, $authority);
}

1;

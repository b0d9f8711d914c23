# Large.pm - a policy as large as wanted, always the same for the same numbers.
#
# Whom parts ask for are in it as in Setting::policy(), with the shipped lists
# made longer; and there are more groups, with patterns and prefixes of their
# own.
package Large;
use strict;
use warnings;
use Setting;
use World;

# IPv4 prefixes of a group, of ten; the others are IPv6.
my $prefixes4 = 8;
my $prefixes = 10;
my @zones = qw(com net org example);
my @in_front = ('', '*.', 'www.', '*.cdn.', 'update-');

# policy WORLD NAME GROUPS PATTERNS: writes it; its path. It has GROUPS groups
# of ten prefixes, and PATTERNS patterns, of which half are in two lists, which
# all groups share.
sub policy {
	my ($world, $name, $groups, $patterns) = @_;
	my $folder = $world->folder . "/$name";
	my $in_list = int($patterns / 4);
	my $own = int($patterns / 2 / $groups);
	mkdir $folder;
	write_list($world, $name, $_, $in_list)
		for 'microsoft-2007', 'microsoft-2007-broad';
	my $text = Setting::policy() =~ s/(list-directory: )".*"/$1"$folder"/r;
	$text =~ s/quiet-list: .*//;
	open my $file, '>', "$folder/policy.conf"
		or $world->fail("$folder: $!");
	print $file $text;
	print_group($file, $_, $own) for 4 .. $groups - 1;
	close $file or $world->fail("$folder: $!");
	return "$folder/policy.conf";
}

# Of a name and number, always the same one, and no two alike.
sub pattern {
	my ($kind, $number) = @_;
	return $in_front[$number % @in_front] . $kind . $number . '.' .
		$zones[$number % @zones];
}

sub write_list {
	my ($world, $name, $list, $count) = @_;
	my $shipped = World::source() . "/conf/lists/$list.list";
	my $path = $world->folder . "/$name/$list.list";
	open my $in, '<', $shipped or $world->fail("$shipped: $!");
	open my $out, '>', $path or $world->fail("$path: $!");
	print {$out} <$in>;
	print $out pattern($list, $_), " https\n" for 1 .. $count;
	close $out or $world->fail("$path: $!");
}

sub print_group {
	my ($file, $group, $own) = @_;
	print $file "group:\n    name: \"g$group\"\n",
		"    allow-list: \"microsoft-2007\"\n";
	for (0 .. $prefixes4 - 1) {
		my $length = 28 + ($group + $_) % 5;
		print $file '    client: ', address($group, $_), "/$length\n";
	}
	printf $file "    client: 2001:db8:%x:%x::/64\n", $group, $_
		for $prefixes4 .. $prefixes - 1;
	print $file '    allow: "', pattern("g$group-", $_), "\"\n"
		for 1 .. $own;
}

# The first address of an IPv4 prefix: there is room for a /28 behind each.
sub address {
	my ($group, $number) = @_;
	my $block = ($group * $prefixes4 + $number) * 16;
	return join '.', 127, 16 + ($block >> 16), $block >> 8 & 255,
		$block & 255;
}

# COUNT clients, of groups all over the policy.
sub clients {
	my ($groups, $count) = @_;
	return map { address(4 + int(($groups - 5) * $_ / $count),
		$_ % $prefixes4) } 1 .. $count;
}

1;

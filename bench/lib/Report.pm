# Report.pm - what a part has found, as lines of JSON in the file BENCH_OUT.
#
#   Report::figure(part => "server", case => "allowed", figure => "...",
#       unit => "ratio", values => [1.01, 1.02, 1.01], limit => 1.03);
#
# A line has part, case, figure, unit, value (the median), min, max, rounds,
# limit and ok. A limit is what the value must not be above, or with "least" set
# not below; with "worst" set it is what no round may be beyond. A line without
# one only tells, and its ok is null.
package Report;
use strict;
use warnings;
use JSON::PP;

my $missed = 0;

sub median {
	my @sorted = sort { $a <=> $b } @_;
	my $middle = int(@sorted / 2);
	return @sorted % 2 ? $sorted[$middle]
		: ($sorted[$middle - 1] + $sorted[$middle]) / 2;
}

# The quotients of two series of rounds, one by one: what was measured at the
# same time is compared.
sub ratios {
	my ($above, $below) = @_;
	return [map { $above->[$_] / $below->[$_] } 0 .. $#$above];
}

sub figure {
	my (%line) = @_;
	my $values = delete $line{values};
	my $least = delete $line{least};
	my $worst = delete $line{worst};
	my @sorted = sort { $a <=> $b } @$values;
	$line{value} = median(@sorted);
	$line{min} = $sorted[0];
	$line{max} = $sorted[-1];
	$line{rounds} = @sorted;
	$line{ok} = undef;
	if (defined($line{limit} //= undef)) {
		my $judged = !$worst ? $line{value}
			: $least ? $line{min} : $line{max};
		my $ok = $least ? $judged >= $line{limit}
			: $judged <= $line{limit};
		$line{at} = $least ? 'least' : 'most';
		$line{ok} = $ok ? JSON::PP::true : JSON::PP::false;
		$missed++ unless $ok;
	}
	$_ = sprintf('%.6g', $_) + 0 for @line{qw(value min max)};
	my $out = $ENV{BENCH_OUT} // die "bench: BENCH_OUT is not set\n";
	open my $file, '>>', $out or die "bench: $out: $!\n";
	print $file JSON::PP->new->canonical->encode(\%line), "\n";
	close $file or die "bench: $out: $!\n";
}

# What a part is to exit with.
sub exit_code { return $missed ? 3 : 0; }

1;

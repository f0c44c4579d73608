# Which file may use which: the order of the tree's rooms (a room is a folder of sources).
#
#   core  <  http  <  tools         each zone uses itself and the ones to its left;
#      \______\_____  bench         benchmarks use core and http, never tools;
#                     tests         tests use anything, and nothing uses them.
#
# Inside a zone the order is that of the table in the zone's README.md (core/README.md,
# http/README.md, tools/README.md …): the rows whose first cell is a folder, bottom up.
#
#   | `base/`  | …  |      the room core/base, the lowest
#   | `event/` | …  |      may use core/base
#   | `core/`  | …  |      the files in core/ itself
#
# A zone without such a table has no order of its own. core/sharelog.h is the contract that all of
# core is written against: everybody may include it.
package order;
use strict;
use warnings;

our @zones = qw(core http tools bench tests);
my %reach = (
    core  => { map { $_ => 1 } qw(core) },
    http  => { map { $_ => 1 } qw(core http) },
    tools => { map { $_ => 1 } qw(core http tools) },
    bench => { map { $_ => 1 } qw(core http bench) },
    tests => { map { $_ => 1 } @zones },
);
our $contract = 'core/sharelog.h';
# What http and tools may see of core, beside the contract.
our %shown = map { $_ => 1 } qw(core/base core/proof);

our %rank;     # room => place in its zone's table
our @faults;   # what is wrong with the tables themselves

sub room { my ($file) = @_; $file =~ s{/[^/]*$}{}; return $file }
sub zone { my ($file) = @_; $file =~ s{/.*}{}s;    return $file }

# Read the tables of the tree in the working directory.
sub read_tables {
    (%rank, @faults) = ();
    for my $zone (@zones) {
        open my $in, '<', "$zone/README.md" or next;
        my $place = 0;
        while (my $line = <$in>) {
            $line =~ m{^\|\s*`?([a-z][a-z0-9_/]*)/`?\s*\|} or next;
            my $room = $1 eq $zone ? $zone : "$zone/$1";
            if (exists $rank{$room}) { push @faults, "$zone/README.md: $room stands in the table twice" }
            else                     { $rank{$room} = ++$place }
        }
        close $in;
    }
}

sub ordered { my ($zone) = @_; return scalar grep { zone($_) eq $zone } keys %rank }

# Why $from may not use $to (files named from the root), or undef.
sub refusal {
    my ($from, $to) = @_;
    return undef if $to eq $contract;
    my ($from_room, $to_room) = (room($from), room($to));
    my ($from_zone, $to_zone) = (zone($from), zone($to));
    return "$from_zone may not use $to_zone" unless $reach{$from_zone}{$to_zone};
    if ($from_zone eq $to_zone) {
        my ($mine, $theirs) = @rank{$from_room, $to_room};
        return undef unless defined $mine && defined $theirs;
        return $theirs > $mine ? "$to_room is above $from_room" : undef;
    }
    return undef;
}

# Why $from may not include $to, although it may call what is in it: http and tools see the
# contract and two rooms of core.
sub hidden {
    my ($from, $to) = @_;
    return undef unless zone($to) eq 'core' && zone($from) =~ /^(http|tools)$/;
    return undef if $to eq $contract || $shown{room($to)};
    return zone($from) . "/ sees core/sharelog.h, core/base/ and core/proof/ only";
}

# Every source file of the zones, named from the root, sorted.
sub sources {
    my @found;
    my @folders = grep { -d } @_ ? @_ : @zones;
    while (defined(my $folder = shift @folders)) {
        opendir my $in, $folder or die "$folder: $!\n";
        for my $name (sort grep { !/^\./ } readdir $in) {
            my $path = "$folder/$name";
            if (-d $path) { push @folders, $path if $name ne 'node_modules' }
            else          { push @found, $path }
        }
        closedir $in;
    }
    return sort @found;
}

# The quoted includes of a file: [line number, what is included].
sub includes {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    my @found;
    while (my $line = <$in>) { push @found, [$., $1] if $line =~ /^\s*#\s*include\s*"([^"]*)"/ }
    close $in;
    return @found;
}

1;

# Perl's interpreter threads, shared variables and queues; prints the same with or without iopatch.
use strict;
use warnings;
use threads;
use threads::shared;
use Thread::Queue;

my $total : shared = 0;
my $turn : shared  = 0;
my @threads = map {
    my $i = $_;
    threads->create(sub {
        for (1 .. 100) { lock($total); $total += $i; }
        lock($turn);
        cond_wait($turn) until $turn == $i;
        $turn++;
        cond_broadcast($turn);
        return $i * $i;
    });
} 0 .. 7;
print "results ", join(",", map { $_->join } @threads), " $total $turn\n";

my ($jobs, $done) = (Thread::Queue->new, Thread::Queue->new);
my @takers = map { threads->create(sub { while (defined(my $x = $jobs->dequeue)) { $done->enqueue($x * 2) } }) } 1 .. 4;
$jobs->enqueue($_) for 1 .. 100;
$jobs->end;
$_->join for @takers;
my $sum = 0;
$sum += $done->dequeue for 1 .. 100;
print "queue $sum\n";

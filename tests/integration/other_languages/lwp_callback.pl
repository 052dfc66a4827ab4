use strict;
use warnings;
use LWP::UserAgent;

$| = 1;
my $response = LWP::UserAgent->new->get($ARGV[0], ':content_cb' => sub { print $_[0] });
die $response->status_line, ' ', $response->header('X-Died') // '' if !$response->is_success || $response->header('Client-Aborted');
print "the stream has ended\n";

#!/bin/sh
# The chapter's part of `make demo`.
. common/tools/tour.sh

title "Chapter 4. Queues: decoupling in time"
cat <<'TEXT'
The same jobs to the same worker, by call and by message. For a while the worker
is slow.

TEXT
run demo_handover

title "A queue between two threads: what room buys, and what not"
run demo_ring

title "What written means"
run demo_written

title "More than can be done"
run demo_overload

title "Poison, requests said again, and once in effect"
run demo_poison

title "Workers that are killed, and a broker too"
run demo_workers

title "The consumer is away; a slow worker; a queue that is full"
run demo_away

#!/bin/sh
# The chapter's part of `make demo`.
. common/tools/tour.sh

title "Chapter 3. Surviving loss"
cat <<'TEXT'
One file, a link that loses one message in twenty, and several ways to get it
across: one at a time, many at a time, and only when asked.

TEXT
run demo_arq

title "A transfer that fails: found in a storm, made small, kept"
run demo_replay

title "Two generals: can both be sure?"
run demo_generals

title "What a receiver says that misses something"
run demo_holes

title "A slow reader, and a slow link"
run demo_brakes

title "Two flows on one link"
run demo_share

title "A link that is shared: windows, losses, queues"
run demo_congestion

title "The same between two processes, over UDP"
run demo_transfer

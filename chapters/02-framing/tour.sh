#!/bin/sh
# The chapter's part of `make demo`.
. common/tools/tour.sh

title "Chapter 2. Messages from bytes"
cat <<'TEXT'
A row of bytes is cut into frames, and some bits are flipped on the way. What
is noticed, by which check, and where is the next message?

TEXT
run demo_garble

title "Calls: one at a time, many at a time, and tried again"
run demo_calls

title "What retries do to a server"
run demo_storm

title "Links between nodes: one goes down and comes back"
run demo_links

title "A door for clients: bytes, windows, and guests who do harm"
run demo_door

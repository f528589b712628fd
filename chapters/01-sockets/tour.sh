#!/bin/sh
# The chapter's part of `make demo`: BIN names the directory of the programs.
. common/tools/tour.sh

# Starts a server; its address is in $address then.
serve() {
    echo "\$ $BIN/$* &"
    program=$1
    shift
    : > "$out"
    "$BIN/$program" "$@" > "$out" &
    server=$!
    until grep -q '^ready' "$out" || ! kill -0 $server 2> /dev/null; do sleep 0.05; done
    cat "$out"
    address=$(sed -n 's/^ready //p' "$out")
}
stop() {
    kill $server 2> /dev/null || true
    wait $server 2> /dev/null || true
}
out=$(mktemp)
server=
trap 'stop; rm -f "$out" "$out".*' EXIT
trap 'exit 1' HUP INT PIPE TERM

title "Chapter 1. Bytes between machines"
cat <<'TEXT'
A web server starts; the kernel chooses a port for it. A client looks up the
address, connects, asks, and reads until the answer says that it ends.

TEXT
serve http --listen=127.0.0.1:0
run http_get "$address/"

title "Where does an answer end?"
cat <<'TEXT'
The page above told its length beforehand. Here it comes again, in chunks: a
client that takes one recv for one answer shows you half of it, or the sizes of
the chunks in its midst. This one does not:

TEXT
"$BIN/http_get" "$address/" > "$out.whole" || true
"$BIN/http_get" "$address/chunked" > "$out.chunked" || true
echo "\$ $BIN/http_get $address/ > page"
echo "\$ $BIN/http_get $address/chunked | cmp - page"
cmp "$out.whole" "$out.chunked" && echo "(the same, byte for byte)" || true

title "What goes wrong gets one clear sentence"
run http_get "127.0.0.1:1/"
run http_get "127.0.0.1:99999/"
run http_get "$address/nothing-here"

title "Two connections made one: a relay before the server"
web=$server page=$address
serve relay --listen=127.0.0.1:0 --to="$page"
run http_get "$address/" | head -n 4
stop
server=$web
stop

title "A name with a dead address: who waits how long?"
run demo_eyeballs

title "One message, layer by layer"
run demo_layers --part=a

title "A message is cut where a packet ends"
run demo_cut

title "send returned. Who has the bytes?"
run demo_sent

title "Two sensible rules, and together 40 ms"
run demo_nagle

title "The other side reads slowly"
run demo_slow

title "The other side is gone"
run demo_halfopen

title "Too many at the door"
run demo_backlog

title "One server, six ways; here the one on epoll, and its clients"
serve echo --listen=127.0.0.1:0 --model=epoll
run load "$address" --connections=64 --duration=1
run load "$address" --connections=64 --rate=5000 --duration=1
stop

title "Ping over UDP: what does a lost message look like?"
run demo_ping

title "A rumour: one protocol, two worlds"
run demo_rumour

printf '\nRead on in chapters/01-sockets/README.md. Predict, then look: make myth\n'

#!/bin/sh
# The chapter's part of `make demo`: BIN names the directory of the programs.
set -eu
bold='' plain=''
if [ -t 1 ]; then bold='\033[1m' plain='\033[0m'; fi
title() {
    [ ! -t 1 ] || [ -z "${shown:-}" ] || sleep 3 # Time to read what stands there.
    shown=yes
    printf "\n$bold%s$plain\n\n" "$1"
}
run() {
    echo "\$ build/bin/$*"
    program=$1
    shift
    "$BIN/$program" "$@" 2>&1 || echo "(exit status $?)"
}

title "Chapter 1. Bytes between machines"
cat <<'TEXT'
A web server starts; the kernel chooses a port for it. A client looks up the
address, connects, asks, and reads until the answer says that it ends.

TEXT
out=$(mktemp)
echo "\$ build/bin/http --listen=127.0.0.1:0 &"
"$BIN/http" --listen=127.0.0.1:0 > "$out" &
server=$!
trap 'kill $server 2> /dev/null || true; rm -f "$out"' EXIT
trap 'exit 1' HUP INT PIPE TERM
until grep -q '^ready' "$out" || ! kill -0 $server 2> /dev/null; do sleep 0.05; done
cat "$out"
address=$(sed -n 's/^ready //p' "$out")
run http_get "$address/"

title "Where does an answer end?"
cat <<'TEXT'
The page above told its length beforehand. Here it comes again, in chunks: a
client that takes one recv for one answer shows you half of it, or the sizes of
the chunks in its midst. This one does not:

TEXT
"$BIN/http_get" "$address/" > "$out.whole"
"$BIN/http_get" "$address/chunked" > "$out.chunked"
echo "\$ build/bin/http_get $address/ > page"
echo "\$ build/bin/http_get $address/chunked | cmp - page"
cmp "$out.whole" "$out.chunked" && echo "(the same, byte for byte)"
rm -f "$out.whole" "$out.chunked"

title "What goes wrong gets one clear sentence"
run http_get "127.0.0.1:1/"
run http_get "127.0.0.1:99999/"
run http_get "$address/nothing-here"

title "Ping over UDP: what does a lost message look like?"
run demo_ping

title "A rumour: one protocol, two worlds"
run demo_rumour

printf '\nRead on in chapters/01-sockets/README.md.\n'

#!/bin/sh
# mistake.sh COMMAND MODULE RESULT OBJECT AROUND CC WORD...: link an exercise's
# test with an answer, OBJECT, one of the words, and see what it says: COMMAND
# MODULE NAME PROGRAM, into RESULT (tool_mistakes.c, tool_right.c). What was linked
# before from the same bytes is not tried again; AROUND holds a hash of all others.
set -eu
. common/tools/cpu.sh
command=$1 module=$2 result=$3 object=$4 around=$5
shift 5
base=${object%.o}
key=$({
    echo "$command $*"
    cat "$object" "$around"
    [ ! -e "$base.c" ] || cat "$base.c" # Its head says who must catch it.
} | sha256sum)
if [ -e "$result" ] && [ "$key" = "$(cat "$result.key" 2> /dev/null)" ]; then
    touch "$result"
    exit 0
fi
"$@" -o "$base"
$command "$module" "$(basename "$base")" "$base" > "$result.new" # Two words.
rm "$base"
mv "$result.new" "$result"
echo "$key" > "$result.key"
write_cpu "$result.cpu"

#!/bin/sh
# deps.sh: which way do the includes point? common/ knows no chapter; within it
# world knows no other room but a few of its own programs' judges; a chapter
# knows the earlier ones; only programs, and what sets a scene for several of them
# (x_scene.c), name the tape, the simulator, the stage; and headers include each
# other in no circle.
set -eu
files=$(find common chapters exercises solutions -name '*.[ch]' | sort)
awk '
function number(path) { return match(path, /[0-9][0-9]-/) ? substr(path, RSTART, 2) + 0 : 0 }
function base(path) { sub(/.*\//, "", path); return path }
function complain(why) { print FILENAME ":" FNR ": " why; bad = 1 }
/^ *# *include "/ {
    split($0, part, "\""); target = part[2]; me = base(FILENAME)
    program = me ~ /^(test|demo|serve|tool|measure|bench|fuzz)_/ || me ~ /_scene\.[ch]$/
    if (FILENAME ~ /^common\// && target !~ /^common\//)
        complain("common/ knows no chapter, but includes " target)
    if (!program && FILENAME ~ /^common\/world\// && target ~ /^common\/(judge|course)\//)
        complain("the world knows no judge, but includes " target)
    if (!program && FILENAME ~ /^common\/judge\// && target ~ /^common\/course\//)
        complain("the judge knows no course, but includes " target)
    if (number(FILENAME) && number(target) > number(FILENAME))
        complain("looks ahead to " target)
    if (number(FILENAME) && !program && target ~ /^common\/world\/(sim|tape|stage)\.h$/)
        complain("only programs may name a world, as here " target)
    if (target !~ /\//)
        complain("say where it stands: " target)
    if (FILENAME ~ /\.h$/) {
        from = FILENAME; sub(/^chapters\//, "", from); edge[from] = edge[from] " " target
    }
}
function visit(node,   list, count, i) {
    if (state[node] == 2) return
    if (state[node] == 1) { print "a circle of includes at " node; bad = 1; return }
    state[node] = 1
    count = split(edge[node], list, " ")
    for (i = 1; i <= count; i++) visit(list[i])
    state[node] = 2
}
END { for (node in edge) visit(node); if (!bad) print "  ok     no include runs backwards, and none in a circle"; exit bad }
' $files

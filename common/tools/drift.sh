#!/bin/sh
# drift.sh MODULE...: is each committed skeleton what its answer says now?
bad=0
for module in "$@"; do
    awk -f common/tools/skeleton.awk "solutions/$module.c" |
        diff -u "exercises/$module.c" - || bad=1
done
[ $bad = 1 ] || { echo "  ok     the skeletons are those of the answers"; exit 0; }
echo "Skeletons have drifted: make reset, then commit."
exit 1

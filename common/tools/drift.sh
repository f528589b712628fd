#!/bin/sh
# drift.sh MODULE...: is each committed skeleton what its answer says now?
bad=0
for module in "$@"; do
    file=exercises/$module.c
    [ ! -e "solutions/$module.schedule" ] || file=exercises/$module.schedule
    sh common/tools/skeleton.sh "$module" | diff -u "$file" - || bad=1
done
[ $bad = 1 ] || { echo "  ok     the skeletons are those of the answers"; exit 0; }
echo "Skeletons have drifted: make reset, then commit."
exit 1

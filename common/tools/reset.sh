#!/bin/sh
# reset.sh MODULE...: lay out the skeletons of exercises anew (01-sockets/io); what
# stands there and differs is kept as io.c.1, io.c.2 ..
set -eu
for module in "$@"; do
    file=exercises/$module.c
    [ ! -e "solutions/$module.schedule" ] || file=exercises/$module.schedule
    mkdir -p "$(dirname "$file")"
    fresh=$file.new
    sh common/tools/skeleton.sh "$module" > "$fresh"
    if [ -f "$file" ] && cmp -s "$file" "$fresh"; then
        rm "$fresh"
        echo "  $file is untouched."
        continue
    fi
    if [ -e "$file" ]; then
        number=1
        while [ -e "$file.$number" ]; do number=$((number + 1)); done
        mv "$file" "$file.$number"
        echo "  What you had is $file.$number now."
    fi
    mv "$fresh" "$file"
    chmod 644 "$file"
    echo "  $file is laid out anew."
done

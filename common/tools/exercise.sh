#!/bin/sh
# exercise.sh WHICH MODULE...: those of the modules (01-sockets/io) that WHICH
# names: a module, a number such as 1.1, a chapter, a part of a chapter's name;
# nothing: all. None is an error.
which=$1
shift
found=
for module in "$@"; do
    chapter=${module%/*} name=${module#*/}
    number=$(sed -n 's/^Exercise: //p' "exercises/$module.task" 2> /dev/null)
    case $which in
    '' | all | "$name" | "$number" | "$chapter" | "${chapter%%-*}") ;;
    *) [ "0$which" = "${chapter%%-*}" ] || continue ;;
    esac
    found="$found $module"
done
[ -n "$found" ] || echo "there is no exercise \"$which\"; there are: $(for m in "$@"; do printf '%s ' "${m#*/}"; done)" >&2
[ -n "$found" ] && echo $found

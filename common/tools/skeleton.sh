#!/bin/sh
# skeleton.sh MODULE: the skeleton of an exercise (01-sockets/io), from its answer;
# of a schedule (schedule.h) everything but the events.
if [ -e "solutions/$1.schedule" ]; then
    grep -v '^ ' "solutions/$1.schedule"
else
    awk -f common/tools/skeleton.awk "solutions/$1.c"
fi

#include "common/judge/part.h"
#include "common/world/complain.h"
#include <stdio.h>

int part_read(int argc, char **argv, struct part *part)
{
    char rest;
    *part = (struct part){1, 1};
    bool good = argc == 1 || (argc == 2 &&
                              sscanf(argv[1], "--part=%u/%u%c", &part->number,
                                     &part->of, &rest) == 2 &&
                              part->number >= 1 && part->number <= part->of);
    return good ? 0
                : complain(USAGE, "the only option is --part=K/N, as in 3/10");
}

bool part_has(struct part part, unsigned row)
{
    return row % part.of == part.number - 1;
}

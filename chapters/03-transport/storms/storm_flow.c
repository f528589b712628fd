/* A stream of bytes in the storm. */
#include "03-transport/storms/flow_scene.h"
#include "common/storm/main.h"

int main(int argc, char **argv)
{
    return storm_main(argc, argv, &flow_subject);
}

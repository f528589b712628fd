/* Connections in the storm. */
#include "03-transport/storms/connection_scene.h"
#include "common/storm/main.h"

int main(int argc, char **argv)
{
    return storm_main(argc, argv, &connection_subject);
}

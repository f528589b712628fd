/* The replicated counter over connections of our own, in the storm. */
#include "03-transport/storms/tunnel_scene.h"
#include "common/storm/main.h"

int main(int argc, char **argv)
{
    struct subject subject = tunnel_subject();
    return storm_main(argc, argv, &subject);
}

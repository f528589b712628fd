/* The replicated counter over stop-and-wait in the storm. */
#include "03-transport/storms/storeys_scene.h"
#include "common/storm/main.h"

int main(int argc, char **argv)
{
    struct subject subject = storeys();
    return storm_main(argc, argv, &subject);
}

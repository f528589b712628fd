/* Stop-and-wait in the storm. */
#include "03-transport/storms/arq_scene.h"
#include "common/storm/main.h"

int main(int argc, char **argv)
{
    return storm_main(argc, argv, &arq_subject);
}

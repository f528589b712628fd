/* A broker in the storm. */
#include "04-queues/storms/queue_scene.h"
#include "common/storm/main.h"

int main(int argc, char **argv)
{
    return storm_main(argc, argv, &queue_subject);
}

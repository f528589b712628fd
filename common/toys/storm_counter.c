/* The replicated counter in the storm. */
#include "common/storm/main.h"
#include "common/toys/counter_scene.h"

int main(int argc, char **argv)
{
    return storm_main(argc, argv, &counter_subject);
}

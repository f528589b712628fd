/* Stop-and-wait in the storm. */
#include "common/storm/main.h"
#include "common/toys/stopwait_scene.h"

int main(int argc, char **argv)
{
    return storm_main(argc, argv, &stopwait_subject);
}

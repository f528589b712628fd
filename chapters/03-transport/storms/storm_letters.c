/* Tunnels, and nothing but letters in them, in the storm. */
#include "03-transport/storms/letters_scene.h"
#include "common/storm/main.h"

int main(int argc, char **argv)
{
    return storm_main(argc, argv, &letters_subject);
}

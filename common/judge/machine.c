#include "common/judge/machine.h"
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>

/* ---- Its CPUs. ---- */

/* Those the process began with: asked once, for a thread that is bound
 * to one CPU is told of no other. */
static const cpu_set_t *all_cpus(void)
{
    static cpu_set_t all;
    static gsize known;
    if (g_once_init_enter(&known)) {
        if (sched_getaffinity(0, sizeof all, &all) < 0)
            CPU_ZERO(&all);
        g_once_init_leave(&known, 1);
    }
    return &all;
}

static size_t nth_cpu(unsigned number)
{
    const cpu_set_t *all = all_cpus();
    unsigned left = number % (unsigned)CPU_COUNT(all);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, all) || left-- > 0)
        cpu++;
    return cpu;
}

int machine_pin(unsigned number)
{
    cpu_set_t one;
    if (CPU_COUNT(all_cpus()) == 0) {
        errno = ENOSYS;
        return -1;
    }
    size_t cpu = nth_cpu(number);
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, &one) < 0 ? -1 : (int)cpu;
}

/* ---- What it is. ---- */

/* As the first CPU calls itself, or NULL: not every kind does. Returns new. */
static char *cpu_name(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL))
        return NULL;
    char *name = strstr(text, "model name");
    char *colon = name ? strchr(name, ':') : NULL;
    if (!colon)
        return NULL;
    return g_strstrip(g_strndup(colon + 1, strcspn(colon + 1, "\n")));
}

/* Up to the first dash: what follows is how a distribution counts. */
static char *kernel_version(const struct utsname *system)
{
    return g_strndup(system->release, strcspn(system->release, "-"));
}

char *machine_text(void)
{
    struct utsname system;
    int cpus = CPU_COUNT(all_cpus());
    uname(&system);
    g_autofree char *version = kernel_version(&system);
    g_autofree char *name = cpu_name();
    return g_strdup_printf("%s %s, %d CPU%s, %s", system.sysname, version, cpus,
                           cpus == 1 ? "" : "s", name ? name : system.machine);
}

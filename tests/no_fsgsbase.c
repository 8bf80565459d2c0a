/* To be preloaded: the kernel seems not to announce FSGSBASE (AT_HWCAP2, bit
 * 1), so that the thread pointer must be set by a system call. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/auxv.h>

unsigned long getauxval(unsigned long type)
{
    unsigned long (*real)(unsigned long) =
        (unsigned long (*)(unsigned long))dlsym(RTLD_NEXT, "getauxval");
    return type == AT_HWCAP2 ? real(type) & ~2ul : real(type);
}

/* libs: -ldl */
/* A plug-in that is loaded with RTLD_DEEPBIND works on the program's objects,
 * whether its calls are bound at once or each when it is first made. */
#include "lookup.h"

static void load_and_use(int mode)
{
    void *plugin = dlopen("lib_plugin.so", mode | RTLD_DEEPBIND);
    if (!plugin)
        dprintf(2, "%s\n", dlerror());
    CHECK(plugin);
    const struct functions *its = dlsym(plugin, "plugin_functions");
    CHECK(its);
    both_ways(its);
    CHECK_EQ(dlclose(plugin), 0);
}

int main(void)
{
    SAFETY_NET();
    load_and_use(RTLD_NOW);
    OK("bound at once");
    load_and_use(RTLD_LAZY);
    OK("bound at the first call");
    return 0;
}

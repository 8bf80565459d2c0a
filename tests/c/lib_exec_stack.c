/* cflags: -Wl,-z,execstack */
/* A library that asks for executable stacks, as one with nested functions
 * does whose addresses are taken. */
int exec_stack_loaded(void) { return 1; }

/* cflags: -ftls-model=initial-exec */
/* A library whose TLS is at a fixed offset in every thread: where it is loaded
 * late, threads that exist already must get its initial values too. */
static __thread int value = 4711;
static __thread int zero;

int *fixed_value(void) { return &value; }
int *fixed_zero(void) { return &zero; }

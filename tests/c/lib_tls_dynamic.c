/* cflags: -ftls-model=global-dynamic */
/* A library with TLS that is allocated when a thread first touches it. */
static __thread long value = 77;
static __thread char block[3000] = "block";

long *dynamic_value(void) { return &value; }
char *dynamic_block(void) { return block; }

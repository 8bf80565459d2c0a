/* What the two files of kinds share. */
#ifndef KINDS_H
#define KINDS_H

#include "matrix.h"

extern const struct kind file_kinds[], socket_kinds[];
extern const size_t n_file_kinds, n_socket_kinds;

void sockets_begin(void);
void new_name(char *name, size_t size);
void fill(int fd);
void give_data(struct subject *);
void close_peer(struct subject *);
void drain_peer(struct subject *);

#endif

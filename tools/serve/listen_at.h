#ifndef SHARELOG_TOOLS_LISTEN_AT_H
#define SHARELOG_TOOLS_LISTEN_AT_H

/* The address that a server listens at: HOST:PORT, the host an IPv4 address. */

#include <stdbool.h>
#include <stddef.h>

/* `text` as an address for http_config: "localhost" and "*" become addresses. False, told on
   stderr as `command`: it is none. */
bool listen_at(const char *command, const char *text, char *listen, size_t cap);
/* Why nothing can listen at `listen`, in words; `otherwise` when the system finds no fault. */
const char *listen_why_not(const char *listen, const char *otherwise);

#endif

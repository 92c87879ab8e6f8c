/* Preloaded into a rehearsed stack: fsync and fdatasync of journal files fail or wait while a control file
   says so. "eio 10": one call in ten fails with EIO, and what it should have written is not promised.
   "slow 10": each takes 10 ms longer. While a second control file exists, names do not resolve (addresses do).
   Without the control files nothing changes. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned calls;

static int is_journal(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return strstr(path, ".journal") != NULL;
}

/* An empty file beside the control file says that a call was hurt: else nothing is proven. */
static void leave_trace(const char *control) {
    char path[4096];
    if (snprintf(path, sizeof path, "%s.hurt", control) >= (int)sizeof path) return;
    FILE *file = fopen(path, "a");
    if (file) fclose(file);
}

static int hurt(int fd) {
    const char *control = getenv("CHAOS_SYNC_FAULT");
    FILE *file = control ? fopen(control, "r") : NULL;
    char mode[16] = "";
    int amount = 0;
    if (!file) return 0;
    int read = fscanf(file, "%15s %d", mode, &amount);
    fclose(file);
    if (read != 2 || !is_journal(fd)) return 0;
    if (!strcmp(mode, "slow")) {
        struct timespec wait = {amount / 1000, (amount % 1000) * 1000000L};
        nanosleep(&wait, NULL);
        leave_trace(control);
        return 0;
    }
    /* every n-th call, so that a seed is not needed to repeat it */
    if (!strcmp(mode, "eio") && amount > 0 && __sync_fetch_and_add(&calls, 1) % (100 / amount) == 0) {
        leave_trace(control);
        errno = EIO;
        return -1;
    }
    return 0;
}

int fsync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
    return hurt(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    return hurt(fd) ? -1 : real(fd);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        dlsym(RTLD_NEXT, "getaddrinfo");
    const char *control = getenv("CHAOS_NAMES_FAULT");
    unsigned char address[16];
    if (node && control && access(control, F_OK) == 0 && inet_pton(AF_INET, node, address) != 1 &&
        inet_pton(AF_INET6, node, address) != 1) {
        leave_trace(control);
        return EAI_AGAIN;
    }
    return real(node, service, hints, found);
}

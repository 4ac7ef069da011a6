/* Preloaded into a process: reads of chosen files fail, or give back something else. What, how often and of which file stands in a small
   file (named by STORJ_FAULT_READS) that is mapped into memory, so that a test can change it while the process runs. See failing_reads.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct control {
    volatile uint32_t mode;   /* 0 nothing, 1 EIO, 2 other bytes */
    volatile uint32_t rate;   /* of 10,000 reads */
    volatile uint32_t faults; /* how many there were */
    volatile uint32_t reads;  /* of such files */
    char name[240];           /* begin of the file's name */
};

static struct control *control;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("STORJ_FAULT_READS");
    int fd = path ? open(path, O_RDWR) : -1;
    if (fd < 0) return;
    void *at = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED) control = at;
}

static uint32_t chance(void) {
    static __thread uint32_t state;
    if (!state) state = (uint32_t)getpid() * 2654435761u ^ (uint32_t)(uintptr_t)&state | 1u;
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    return state % 10000;
}

static int strikes(int fd) {
    char link[64], target[4096];
    if (!control || !control->mode) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, target, sizeof target - 1);
    if (size <= 0) return 0;
    target[size] = 0;
    const char *name = strrchr(target, '/');
    if (!name || strncmp(name + 1, control->name, strlen(control->name))) return 0;
    __sync_fetch_and_add(&control->reads, 1);
    if (chance() >= control->rate) return 0;
    __sync_fetch_and_add(&control->faults, 1);
    return (int)control->mode;
}

static ssize_t spoil(int mode, void *buffer, ssize_t got) {
    if (mode == 2 && got > 0) memset(buffer, 0xa5, (size_t)got);
    return got;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t read(int fd, void *buffer, size_t size) {
    int mode = strikes(fd);
    if (mode == 1) { errno = EIO; return -1; }
    return spoil(mode, buffer, REAL(read)(fd, buffer, size));
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset) {
    int mode = strikes(fd);
    if (mode == 1) { errno = EIO; return -1; }
    return spoil(mode, buffer, REAL(pread)(fd, buffer, size, offset));
}

ssize_t pread64(int fd, void *buffer, size_t size, off64_t offset) {
    int mode = strikes(fd);
    if (mode == 1) { errno = EIO; return -1; }
    return spoil(mode, buffer, REAL(pread64)(fd, buffer, size, offset));
}

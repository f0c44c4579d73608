/* What a run was made on, in general terms: nothing that names the machine or who runs it. */

#include "bench/suite/figures.h"

#include <civetweb.h>
#include <msgpack.h>
#include <openssl/crypto.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <zstd.h>

static void first_line(FILE *file, char *out, size_t cap)
{
    if (!file || !fgets(out, (int)cap, file)) out[0] = 0;
    out[strcspn(out, "\n")] = 0;
}

static void look_cpu(struct machine *machine)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(machine->cpu, sizeof(machine->cpu), "unknown");
    while (file && fgets(line, sizeof(line), file)) {
        const char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !value) continue;
        line[strcspn(line, "\n")] = 0;
        snprintf(machine->cpu, sizeof(machine->cpu), "%s", value + 2);
        break;
    }
    if (file) fclose(file);
    cpu_set_t set;
    machine->cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 0;
    machine->memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void look_file_system(const char *folder, struct machine *machine)
{
    static const struct {
        unsigned long kind;
        const char *name;
        bool in_memory;
    } kinds[] = {{0xEF53, "ext4", false}, {0x58465342, "xfs", false}, {0x9123683E, "btrfs", false},
        {0x2FC12FC1, "zfs", false}, {0x01021994, "tmpfs", true}, {0x858458f6, "ramfs", true},
        {0x794c7630, "overlayfs", false}, {0x6969, "nfs", false}, {0xF2F52010, "f2fs", false},
        {0x01021997, "9p", false}, {0x65735546, "fuse", false}};
    struct statfs status;
    snprintf(machine->file_system, sizeof(machine->file_system), "unknown");
    if (statfs(folder, &status) != 0) return;
    unsigned long kind = (unsigned long)status.f_type & 0xffffffff;
    snprintf(machine->file_system, sizeof(machine->file_system), "0x%lx", kind);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kind == kinds[i].kind) {
            snprintf(machine->file_system, sizeof(machine->file_system), "%s", kinds[i].name);
            machine->volatile_folder = kinds[i].in_memory;
        }
}

static void look_commit(struct machine *machine)
{
    char changed[8] = "";
    FILE *git = popen("git rev-parse --short=12 HEAD 2>/dev/null", "r");
    first_line(git, machine->commit, sizeof(machine->commit) - 8);
    if (git) pclose(git);
    git = popen("git status --porcelain -uno 2>/dev/null", "r");
    first_line(git, changed, sizeof(changed));
    if (git) pclose(git);
    size_t len = strlen(machine->commit);
    if (len > 0 && changed[0])
        snprintf(machine->commit + len, sizeof(machine->commit) - len, "+edits");
}

/* rocksdb/version.h is C++, and the C interface doesn't tell: read it from the library's name. */
static void look_rocksdb(struct machine *machine)
{
    char line[512];
    FILE *file = fopen("/proc/self/maps", "r");
    while (file && fgets(line, sizeof(line), file)) {
        char *name = strstr(line, "librocksdb.so"), *resolved;
        if (!name) continue;
        line[strcspn(line, "\n")] = 0;
        resolved = realpath(strchr(line, '/'), NULL);
        const char *version = resolved ? strstr(resolved, ".so.") : NULL;
        snprintf(machine->rocksdb, sizeof(machine->rocksdb), "%s", version ? version + 4 : "");
        free(resolved);
        break;
    }
    if (file) fclose(file);
}

void machine_look(const struct bench *bench, struct machine *machine)
{
    struct utsname name;
    *machine = (struct machine){0};
    look_cpu(machine);
    look_file_system(bench->folder, machine);
    look_commit(machine);
    look_rocksdb(machine);
    if (uname(&name) == 0)
        snprintf(machine->kernel, sizeof(machine->kernel), "%.40s %.60s %.20s", name.sysname,
            name.release, name.machine);
#if defined(__clang__)
    snprintf(machine->compiler, sizeof(machine->compiler), "%s", __VERSION__);
#else
    snprintf(machine->compiler, sizeof(machine->compiler), "gcc %s", __VERSION__);
#endif
    snprintf(machine->openssl, sizeof(machine->openssl), "%s", OpenSSL_version(OPENSSL_VERSION));
    snprintf(machine->civetweb, sizeof(machine->civetweb), "%s", mg_version());
    snprintf(machine->msgpack, sizeof(machine->msgpack), "%s", msgpack_version());
    snprintf(machine->zstd, sizeof(machine->zstd), "%s", ZSTD_versionString());
    if (machine->volatile_folder)
        bench_tell(
            "the folder lies in memory (%s): fsync costs nothing there, so durable figures mean nothing; "
            "choose another with --folder",
            machine->file_system);
}

/* The command line as a process. */

#include "tests/support/tools_run.h"

#include "tests/support/net_server.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS 32

static char folder[64];

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    if (system(command) != 0) perror(command);
}

const char *tools_path(const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % 8];
    if (!folder[0]) {
        strcpy(folder, "/tmp/sharelog-tools-XXXXXX");
        assert_non_null(mkdtemp(folder));
        atexit(remove_folder);
    }
    snprintf(path, 256, "%s/%s", folder, name);
    return path;
}

void tools_write(const char *name, struct sl_span bytes)
{
    FILE *file = fopen(tools_path(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    fclose(file);
}

char *tools_read(const char *name, size_t *len)
{
    struct stat status;
    FILE *file = fopen(tools_path(name), "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    char *bytes = malloc((size_t)status.st_size + 1);
    assert_non_null(bytes);
    *len = fread(bytes, 1, (size_t)status.st_size, file);
    bytes[*len] = 0;
    fclose(file);
    return bytes;
}

void tools_copy(const char *from, const char *to)
{
    char command[1024];
    snprintf(command, sizeof(command), "rm -rf '%s' && cp -a '%s' '%s'", to, from, to);
    assert_int_equal(system(command), 0);
}

static void child(const struct tools_run *run, const char *const *words, int in, int out)
{
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    if (run->as_owner)
        setenv("SHARELOG_OWNER_KEY", NET_OWNER, 1);
    else
        unsetenv("SHARELOG_OWNER_KEY");
    execv(words[0], (char *const *)(uintptr_t)words);
    _exit(127);
}

int tools_run(struct tools_run *run, const char *const *words)
{
    const char *all[WORDS] = {run->program ? run->program : getenv("SL_BIN")};
    int in[2], out[2], status = 0;
    size_t count = 1;
    pid_t parent = getpid();
    assert_non_null(all[0]);
    for (; words[count - 1] && count + 1 < WORDS; count++)
        all[count] = words[count - 1];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);
        child(run, all, in[0], out[1]);
    }
    close(in[0]);
    close(out[1]);
    if (run->input) /* less than a pipe holds */
        assert_int_equal(write(in[1], run->input, strlen(run->input)), strlen(run->input));
    close(in[1]);
    run->len = 0;
    for (;;) {
        char rest[4096];
        bool room = run->len + 1 < sizeof(run->text);
        ssize_t n = read(out[0], room ? run->text + run->len : rest,
            room ? sizeof(run->text) - 1 - run->len : sizeof(rest));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        if (room) run->len += (size_t)n;
    }
    run->text[run->len] = 0;
    close(out[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void tools_expect_at(struct tools_run *run, const char *const *words, int code, const char *part,
    const char *file, int line)
{
    int got = tools_run(run, words);
    if (got == code && (!part || strstr(run->text, part))) return;
    print_error("%s", run->program ? run->program : "sharelog");
    for (; *words; words++)
        print_error(" %s", *words);
    print_error("\nended with %d instead of %d, or lacks \"%s\":\n%s\n", got, code,
        part ? part : "", run->text);
    _fail(file, line);
}

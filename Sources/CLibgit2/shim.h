// What Swift cannot call by itself: variadic functions and Linux's prctl.

#ifndef PLUMBLINE_CLIBGIT2_SHIM_H
#define PLUMBLINE_CLIBGIT2_SHIM_H

#include <git2.h>

#ifdef __linux__
#include <signal.h>
#include <sys/prctl.h>
#endif

// Hermetic: no insteadOf, proxy, credential helper or template of the machine takes part.
static inline int plumbline_git_ignore_machine_settings(void) {
    const int levels[] = {
        GIT_CONFIG_LEVEL_PROGRAMDATA,
        GIT_CONFIG_LEVEL_SYSTEM,
        GIT_CONFIG_LEVEL_XDG,
        GIT_CONFIG_LEVEL_GLOBAL,
    };
    for (size_t index = 0; index < sizeof(levels) / sizeof(levels[0]); index++) {
        int error = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[index], "");
        if (error < 0) return error;
    }
    return git_libgit2_opts(GIT_OPT_SET_TEMPLATE_PATH, "");
}

// Replaces the certificate authorities of the system by those of one PEM file.
static inline int plumbline_git_trust_only(const char *file) {
    return git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file, (const char *)NULL);
}

// Socket timeouts, which libgit2 knows from 1.7 on; before that the deadline of the process is all.
static inline int plumbline_git_set_timeouts(int milliseconds) {
#if LIBGIT2_VER_MAJOR > 1 || (LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR >= 7)
    int error = git_libgit2_opts(GIT_OPT_SET_SERVER_CONNECT_TIMEOUT, milliseconds);
    if (error < 0) return error;
    return git_libgit2_opts(GIT_OPT_SET_SERVER_TIMEOUT, milliseconds);
#else
    (void)milliseconds;
    return 0;
#endif
}

// A pack that a ref names must be on disk before the ref is, or a power cut breaks the mirror.
static inline int plumbline_git_sync_writes(void) {
    return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
}

// Asks the kernel to kill this process when its parent's spawning thread ends.
static inline int plumbline_die_with_parent(void) {
#ifdef __linux__
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
#else
    return 0;
#endif
}

#endif

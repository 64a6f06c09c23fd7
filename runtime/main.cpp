// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <exception>

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "runtime/cli/program.hpp"

namespace {

// Secrets are in this process's memory: no core file, and no other process of the same user may read it (VAULT-4).
void hide_memory() {
  const rlimit none{0, 0};
  static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
  static_cast<void>(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)); // NOLINT(*-vararg)
}

// Each page is fetched by a thread of its own: with an arena for each of them glibc keeps what none of them needs any more.
void bound_arenas() {
  constexpr int arenas = 2;
  static_cast<void>(::mallopt(M_ARENA_MAX, arenas)); // NOLINT(concurrency-mt-unsafe): before any thread starts
}

} // namespace

int main(int count, char** arguments) {
  try {
    hide_memory();
    bound_arenas();
    // A connection that a provider closes while it is written to is an error like others, not the end of the program.
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
    return dovetail::cli::run_program(count, arguments, dovetail::cli::take_secrets_from_environment());
  } catch (const std::exception&) {
    // Its text is foreign and may hold anything.
    static_cast<void>(
        std::fputs("dovetail: ended by an error of its own; please report it with the command that was run\n", stderr));
    return 1;
  }
}

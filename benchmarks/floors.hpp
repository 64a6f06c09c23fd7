// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <functional>
#include <utility>
#include <vector>

/// What the benchmarks that check a floor have in common.
namespace dovetail::benchmarks {

/// Whether --check-floors is among the arguments; takes it out, since Google Benchmark does not know it.
inline bool take_check_floors(int& argc, char** argv) {
  char** const end = argv + argc;
  char** const kept =
      std::remove_if(argv + 1, end, [](const char* argument) { return std::strcmp(argument, "--check-floors") == 0; });
  const bool found = kept != end;
  argc = static_cast<int>(kept - argv);
  return found;
}

/// CPU time of the calling thread, so that whatever else the machine does costs nothing here.
inline double thread_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Precondition: there is at least one value.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The median of the pairs' ratios. What is measured in turn within moments has the same company on the machine, so this is steadier than the
/// ratio of the medians. Precondition: as many of one as of the other, and at least one.
inline double paired_ratio(const std::vector<double>& over, const std::vector<double>& under) {
  std::vector<double> ratios(over.size());
  std::transform(over.begin(), over.end(), under.begin(), ratios.begin(), std::divides<>());
  return median(std::move(ratios));
}

/// Seconds that one of `count` calls of `call` takes.
template <typename Call> double seconds_of_one(std::size_t count, Call&& call) {
  const double begin = thread_cpu_seconds();
  for (std::size_t i = 0; i < count; ++i) {
    call();
  }
  return (thread_cpu_seconds() - begin) / static_cast<double>(count);
}

} // namespace dovetail::benchmarks

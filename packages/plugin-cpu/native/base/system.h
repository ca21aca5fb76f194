/// What the operating system knows about this process and machine. One file for each: system_linux.cc, system_darwin.cc,
/// system_windows.cc.
#pragma once

#include <cstdint>

namespace cuvee {

/// Another number in a forked child; constant where there is no fork.
int process_id();

/// `child` will run in every forked child, before anything else of it.
void at_fork(void (*child)());

/// Lets this process use the processor's tile registers; false where the system does not.
bool permit_tiles();

/// Bytes of memory that this process may use: the machine's, or its control group's limit.
std::uint64_t usable_memory();

/// Bytes of one core's second-level cache; 0 when unknown.
std::uint64_t second_level_cache();

/// From now on the calling thread gets a small share of a processor that others want.
void stand_back();

/// Keeps this library in memory for good: Node unloads an addon with the last worker that loaded it, while its threads still run.
void stay_loaded();

}  // namespace cuvee

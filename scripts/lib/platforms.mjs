/** @file The platforms that the CPU device's binary is published for, and how each is cross-compiled with zig. */

/**
 * `name` as in package names; `os`, `cpu` and `libc` as npm compares them; `zig`: target for cmake/zig.cmake; `format` and
 * `machine`: what lib/binary.mjs must find; `libraries`: the only ones that the binary may need.
 */
export const platforms = [
  { name: 'linux-x64-gnu', os: 'linux', cpu: 'x64', libc: 'glibc', zig: 'x86_64-linux-gnu.2.28', format: 'elf', machine: 'x64' },
  { name: 'linux-x64-musl', os: 'linux', cpu: 'x64', libc: 'musl', zig: 'x86_64-linux-musl', format: 'elf', machine: 'x64' },
  { name: 'linux-arm64-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc', zig: 'aarch64-linux-gnu.2.28', format: 'elf', machine: 'arm64' },
  { name: 'linux-arm64-musl', os: 'linux', cpu: 'arm64', libc: 'musl', zig: 'aarch64-linux-musl', format: 'elf', machine: 'arm64' },
  { name: 'darwin-x64', os: 'darwin', cpu: 'x64', zig: 'x86_64-macos.11.0', format: 'mach-o', machine: 'x64' },
  { name: 'darwin-arm64', os: 'darwin', cpu: 'arm64', zig: 'aarch64-macos.11.0', format: 'mach-o', machine: 'arm64' },
  { name: 'win32-x64-msvc', os: 'win32', cpu: 'x64', zig: 'x86_64-windows-gnu', format: 'pe', machine: 'x64' },
];

/** C library of this Linux: 'glibc' when the running Node was linked with it, else 'musl'; undefined on other systems. */
export function libc() {
  if (process.platform !== 'linux') return undefined;
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl';
}

/** The platform of the running Node; undefined when none is published for it. */
export const ownPlatform = () =>
  platforms.find(({ os, cpu, libc: library }) => os === process.platform && cpu === process.arch && (!library || library === libc()));

/**
 * @file What a shared library is, needs and offers, read from its bytes: ELF (64 bit), Mach-O (64 bit, one architecture) and PE32+.
 * So a binary can be judged on any machine, by no tool but this.
 * Formats: System V ABI; Apple's <mach-o/loader.h>; Microsoft's PE/COFF specification.
 */

/** NUL-terminated text at `at`. */
function text(bytes, at) {
  let end = at;
  while (bytes[end]) end++;
  return bytes.toString('latin1', at, end);
}

function elf(bytes) {
  const machine = { 62: 'x64', 183: 'arm64' }[bytes.readUInt16LE(18)] ?? `machine ${bytes.readUInt16LE(18)}`;
  const table = Number(bytes.readBigUInt64LE(40));
  const size = bytes.readUInt16LE(58);
  const sections = Array.from({ length: bytes.readUInt16LE(60) }, (_, i) => {
    const at = table + i * size;
    const word = (offset) => Number(bytes.readBigUInt64LE(at + offset));
    return { type: bytes.readUInt32LE(at + 4), offset: word(24), size: word(32), link: bytes.readUInt32LE(at + 40), entry: word(56) };
  });
  const rows = ({ offset, size: length, entry }) => Array.from({ length: length / entry }, (_, i) => offset + i * entry);
  const symbols = sections
    .filter(({ type }) => type === 11) // SHT_DYNSYM
    .flatMap((section) =>
      rows(section).map((at) => ({
        name: text(bytes, sections[section.link].offset + bytes.readUInt32LE(at)),
        weak: bytes[at + 4] >> 4 === 2,
        defined: bytes.readUInt16LE(at + 6) !== 0,
      })),
    )
    .filter(({ name }) => name);
  const libraries = sections
    .filter(({ type }) => type === 6) // SHT_DYNAMIC
    .flatMap((section) =>
      rows(section)
        .filter((at) => bytes.readBigInt64LE(at) === 1n) // DT_NEEDED
        .map((at) => text(bytes, sections[section.link].offset + Number(bytes.readBigUInt64LE(at + 8)))),
    );
  const versions = [];
  for (const { type, offset, link } of sections) {
    if (type !== 0x6ffffffe) continue; // SHT_GNU_verneed: lists of lists, each entry says how far the next one is
    for (let at = offset, more = true; more; ) {
      for (let aux = at + bytes.readUInt32LE(at + 8), left = bytes.readUInt16LE(at + 2); left > 0; left--) {
        versions.push(text(bytes, sections[link].offset + bytes.readUInt32LE(aux + 8)));
        aux += bytes.readUInt32LE(aux + 12);
      }
      more = bytes.readUInt32LE(at + 12) !== 0;
      at += bytes.readUInt32LE(at + 12);
    }
  }
  return {
    format: 'elf',
    machine,
    libraries,
    versions,
    needs: symbols.filter(({ defined, weak }) => !defined && !weak).map(({ name }) => name),
    offers: symbols.filter(({ defined }) => defined).map(({ name }) => name),
  };
}

function machO(bytes) {
  const machine = { 0x01000007: 'x64', 0x0100000c: 'arm64' }[bytes.readUInt32LE(4)] ?? `machine ${bytes.readUInt32LE(4)}`;
  const found = { format: 'mach-o', machine, libraries: [], versions: [], needs: [], offers: [], signed: false };
  for (let i = 0, at = 32; i < bytes.readUInt32LE(16); i++, at += bytes.readUInt32LE(at + 4)) {
    const command = bytes.readUInt32LE(at);
    if (command === 0xc || command === 0x80000018) found.libraries.push(text(bytes, at + bytes.readUInt32LE(at + 8))); // LC_LOAD_(WEAK_)DYLIB
    if (command === 0x1d) found.signed = true; // LC_CODE_SIGNATURE
    if (command === 0x32) {
      const oldest = bytes.readUInt32LE(at + 12); // LC_BUILD_VERSION: minos as xxxx.yy.zz
      found.versions.push(`macOS ${oldest >> 16}.${(oldest >> 8) & 255}`);
    }
    if (command !== 2) continue; // LC_SYMTAB
    const [symbols, count, strings] = [8, 12, 16].map((offset) => bytes.readUInt32LE(at + offset));
    for (let n = 0; n < count; n++) {
      const symbol = symbols + 16 * n;
      const type = bytes[symbol + 4];
      if (type & 0xe0 || !(type & 1) || type & 0x10) continue; // debugging, local, or private to the library
      const name = text(bytes, strings + bytes.readUInt32LE(symbol)).replace(/^_/, '');
      (type & 0xe ? found.offers : found.needs).push(name);
    }
  }
  return found;
}

function pe(bytes) {
  const header = bytes.readUInt32LE(0x3c);
  const machine = { 0x8664: 'x64', 0xaa64: 'arm64' }[bytes.readUInt16LE(header + 4)] ?? `machine ${bytes.readUInt16LE(header + 4)}`;
  const optional = header + 24;
  const table = optional + bytes.readUInt16LE(header + 20);
  const sections = Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, i) =>
    [12, 16, 20].map((offset) => bytes.readUInt32LE(table + 40 * i + offset)),
  );
  // Addresses are of the image in memory; sections say where they lie in the file.
  const place = (address) => {
    const [start, , offset] = sections.find(([from, size]) => address >= from && address < from + size) ?? [0, 0, 0];
    return address - start + offset;
  };
  const found = { format: 'pe', machine, libraries: [], versions: [], needs: [], offers: [] };
  const [exported, imported] = [112, 120].map((offset) => bytes.readUInt32LE(optional + offset));
  if (exported) {
    const at = place(exported);
    const names = place(bytes.readUInt32LE(at + 32));
    for (let i = 0; i < bytes.readUInt32LE(at + 24); i++) found.offers.push(text(bytes, place(bytes.readUInt32LE(names + 4 * i))));
  }
  for (let at = imported ? place(imported) : 0; at && bytes.readUInt32LE(at + 12); at += 20) {
    found.libraries.push(text(bytes, place(bytes.readUInt32LE(at + 12))));
    for (let thunk = place(bytes.readUInt32LE(at) || bytes.readUInt32LE(at + 16)); bytes.readBigUInt64LE(thunk) !== 0n; thunk += 8) {
      const value = bytes.readBigUInt64LE(thunk);
      if (value >> 63n === 0n) found.needs.push(text(bytes, place(Number(value)) + 2)); // else by number
    }
  }
  return found;
}

/**
 * `{ format, machine, libraries, versions, needs, offers }` of a shared library: names of the libraries that it loads, symbol
 * versions (ELF) or oldest system (Mach-O), symbols that it needs and that it offers. Throws on anything else.
 * @param {Buffer} bytes
 */
export function describeBinary(bytes) {
  if (bytes.length > 64) {
    if (bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2) return elf(bytes);
    if (bytes.readUInt32LE(0) === 0xfeedfacf) return machO(bytes);
    if (bytes.toString('latin1', 0, 2) === 'MZ') return pe(bytes);
  }
  throw new Error('neither a 64-bit ELF library nor Mach-O nor PE');
}

"""Prints src/signatures.ts: how many inputs and outputs each ONNX operator has, by version. Run with a Python that has `onnx`."""
import collections
from onnx import defs

code = {defs.OpSchema.FormalParameterOption.Single: "s", defs.OpSchema.FormalParameterOption.Optional: "o"}


def letters(formals, least):
    out = ""
    for f in formals:
        out += code.get(f.option) or str(max(0, least - len(out)))
    return out


domains = collections.defaultdict(lambda: collections.defaultdict(list))
for schema in sorted(defs.get_all_schemas_with_history(), key=lambda s: s.since_version):
    rows = domains[schema.domain][schema.name]
    row = f"{letters(schema.inputs, schema.min_input)}>{letters(schema.outputs, schema.min_output)}"
    if not rows or rows[-1][1] != row:
        rows.append((schema.since_version, row))

print("""/**
 * How many inputs and outputs each operator takes, by domain and version: checked before any operator's code runs.
 * Printed by `tools/signatures.py` from onnx's own operator schemas.
 *
 * `ss>so`: one letter a formal parameter, `s` required, `o` optional, a digit for any number from that digit up.
 * `1 s>s 11 soo>s`: the second form from opset 11.
 */
export const signatures: Readonly<Record<string, Readonly<Record<string, string>>>> = {""")
for domain in sorted(domains):
    print(f"  '{domain}': {{")
    line = "   "
    for name in sorted(domains[domain]):
        rows = domains[domain][name]
        text = rows[0][1] if len(rows) == 1 else " ".join(f"{v} {r}" for v, r in rows)
        entry = f" {name}: '{text}',"
        if len(line) + len(entry) > 150:
            print(line)
            line = "   "
        line += entry
    print(line)
    print("  },")
print("};")

// All kernel families, from the one list in families.inc. Each is defined in kernels/<family>/ as `const Family <name>_family`.
#include "runtime/step.h"

namespace cuvee {

#define FAMILY(name) extern const Family name##_family;
#include "runtime/families.inc"
#undef FAMILY

namespace {
#define FAMILY(name) &name##_family,
constexpr const Family* const all[] = {
#include "runtime/families.inc"
};
#undef FAMILY
}  // namespace

std::span<const Family* const> families() { return all; }

const Family* find_family(std::string_view name) {
  for (const Family* family : all)
    if (name == family->name) return family;
  return nullptr;
}

}  // namespace cuvee

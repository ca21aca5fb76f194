// The one list of kernel families. Each is defined in kernels/<family>/ as `const Family <name>_family`.
#include "runtime/step.h"

#define CUVEE_FAMILIES(F) \
  F(copy) \
  F(loop) \
  F(branch)

namespace cuvee {

#define DECLARE(name) extern const Family name##_family;
CUVEE_FAMILIES(DECLARE)
#undef DECLARE

namespace {
#define ADDRESS(name) &name##_family,
constexpr const Family* const all[] = {CUVEE_FAMILIES(ADDRESS)};
#undef ADDRESS
}  // namespace

std::span<const Family* const> families() { return all; }

const Family* find_family(std::string_view name) {
  for (const Family* family : all)
    if (name == family->name) return family;
  return nullptr;
}

}  // namespace cuvee

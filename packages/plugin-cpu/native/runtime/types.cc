#include "runtime/step.h"

namespace cuvee {

size_t type_bits(Type type) {
  switch (type) {
    case Type::u1: return 1;
    case Type::u2: case Type::i2: return 2;
    case Type::u3: return 3;
    case Type::u4: case Type::i4: case Type::f4e2m1: case Type::nf4: return 4;
    case Type::u6: return 6;
    case Type::boolean: case Type::u8: case Type::i8: case Type::f8e4m3: case Type::f8e5m2: case Type::f8e8m0: case Type::f8e4m3fnuz: case Type::f8e5m2fnuz: return 8;
    case Type::u16: case Type::i16: case Type::f16: case Type::bf16: return 16;
    case Type::u32: case Type::i32: case Type::f32: return 32;
    case Type::u64: case Type::i64: case Type::f64: return 64;
    case Type::string: case Type::dynamic: return 0;
  }
  return 0;
}

}  // namespace cuvee

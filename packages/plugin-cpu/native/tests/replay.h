#pragma once

namespace cuvee::test {

// Replays stored plans; the exit code.
int replay(int count, char** paths);

}  // namespace cuvee::test

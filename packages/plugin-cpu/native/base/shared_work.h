/// Work in parts that a second thread takes a share of, if it comes in time: on a machine whose cores are busy nobody waits for it to start.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <system_error>
#include <thread>

namespace cuvee {

/// Calls work(i) for every i below `parts`, each once, here and on another thread. False when some call ended in an exception.
template <class Work>
bool share_work(size_t parts, const Work& work) {
  struct Shared {
    std::atomic<size_t> next{0}, done{0};
    std::atomic<bool> failed{false};
  };
  const auto shared = std::make_shared<Shared>();
  // `work` is there as long as a part is not done; the helper may come to life when all are.
  const auto take = [parts, &work](Shared& s) {
    for (size_t i = s.next++; i < parts; i = s.next++) {
      try {
        work(i);
      } catch (const std::exception&) {
        s.failed = true;
      }
      if (++s.done == parts) s.done.notify_all();
    }
  };
  if (parts > 1) try {
      std::thread([shared, take] { take(*shared); }).detach();
    } catch (const std::system_error&) {  // no more threads: alone then
    }
  take(*shared);
  for (size_t done = shared->done; done < parts; done = shared->done) shared->done.wait(done);
  return !shared->failed;
}

}  // namespace cuvee

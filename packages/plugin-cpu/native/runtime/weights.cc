#include "runtime/weights.h"

#include <atomic>
#include <cstring>
#include <random>
#include <unordered_map>

#include "base/file.h"
#include "runtime/mapping.h"
#include "runtime/slab.h"

namespace cuvee {
namespace {

constexpr uint64_t map_from = uint64_t{64} << 20;  // smaller files are copied: truncating a mapped one kills the process
constexpr uint64_t share_from = 1024;              // smaller constants are not worth looking up
constexpr int most_compared = 16;                  // constants of one hash
constexpr uint64_t huge_from = uint64_t{2} << 20;  // larger constants have huge pages of their own

uint64_t mix(uint64_t h, uint64_t word) {
  h = (h ^ word) * 0x9e3779b97f4a7c15u;
  return h ^ (h >> 29);
}

// A 64-bit hash of memory's size, ends and samples between them, different in every process: constants that differ elsewhere alone are
// told apart when they are compared.
uint64_t hash(const uint8_t* data, uint64_t bytes) {
  static const uint64_t seed = (uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  constexpr uint64_t samples = 64;
  uint64_t h = mix(seed, bytes), word = 0;
  for (uint64_t i = 0; i < samples; ++i) {
    std::memcpy(&word, data + (bytes - sizeof word) / (samples - 1) * i, sizeof word);
    h = mix(h, word);
  }
  std::memcpy(&word, data + bytes - sizeof word, sizeof word);
  return mix(h, word);
}

std::string fresh_identity() {
  static std::atomic<uint64_t> next{1};
  return "m" + std::to_string(next.fetch_add(1));
}

struct OwnedBlob final : Blob {
  Buffer buffer;
};

// One that shares pages with others.
struct SharedBlob final : Blob {
  SlabRun run;
};

// A range of a mapped file; its pages go back to the system with it.
struct MappedBlob final : Blob {
  std::shared_ptr<File> file;
  ~MappedBlob() override { File::discard(data, bytes); }
};

// Never destroyed: blobs may outlive everything else.
struct Shared {
  std::mutex mutex;
  std::unordered_multimap<uint64_t, std::weak_ptr<const Blob>> blobs;
  std::unordered_map<std::string, std::weak_ptr<File>> files;       // by identity
  std::unordered_map<std::string, std::weak_ptr<const Blob>> ranges;  // of files, by identity
  struct Making {
    std::mutex mutex;
    std::weak_ptr<Packed> packed;
  };
  std::unordered_map<std::string, std::shared_ptr<Making>> packed;
};
Shared& shared() {
  static Shared* const it = new Shared;
  return *it;
}

// The object that the process knows under `key`, or `fresh`, which it knows from now on. Entries of the dead go now and then.
template <class T> std::shared_ptr<T> known_or(std::unordered_map<std::string, std::weak_ptr<T>>& all, const std::string& key, std::shared_ptr<T> fresh) {
  std::lock_guard lock(shared().mutex);
  if (all.size() >= 64 && (all.size() & (all.size() - 1)) == 0) std::erase_if(all, [](const auto& e) { return e.second.expired(); });
  std::weak_ptr<T>& entry = all[key];
  if (auto known = entry.lock()) return known;
  entry = fresh;
  return fresh;
}

Status no_memory(uint64_t bytes, const Budget& budget) {
  return Status::fail("OUT_OF_MEMORY", "a constant of " + std::to_string(bytes) + " bytes: " + std::to_string(budget.used()) + " of " + std::to_string(budget.limit()) + " allowed bytes are in use");
}

}  // namespace

Status make_blob(const void* data, uint64_t bytes, const std::shared_ptr<Budget>& budget, std::shared_ptr<const Blob>& blob) {
  const auto* from = static_cast<const uint8_t*>(data);
  uint64_t key = 0;
  if (bytes >= share_from) {
    key = hash(from, bytes);
    std::lock_guard lock(shared().mutex);
    auto [at, end] = shared().blobs.equal_range(key);
    for (int compared = 0; at != end && compared < most_compared; ++compared) {
      if (auto known = at->second.lock()) {
        if (known->bytes == bytes && std::memcmp(known->data, from, bytes) == 0) {
          blob = std::move(known);
          return {};
        }
        ++at;
      } else {
        at = shared().blobs.erase(at);
      }
    }
  }
  std::shared_ptr<Blob> fresh;
  if (auto file = mapping_of(data, bytes)) {
    auto mapped = std::make_shared<MappedBlob>();
    mapped->data = from;
    mapped->file = std::move(file);
    fresh = std::move(mapped);
  } else {
    auto copied = std::make_shared<SharedBlob>();
    if (!copied->run.ensure(bytes, budget, bytes < huge_from ? Pages::plain : Pages::huge)) return no_memory(bytes, *budget);
    if (bytes) std::memcpy(copied->run.data(), from, bytes);
    copied->data = reinterpret_cast<const uint8_t*>(copied->run.data());
    fresh = std::move(copied);
  }
  fresh->bytes = bytes;
  fresh->identity = fresh_identity();
  if (bytes >= share_from) {
    std::lock_guard lock(shared().mutex);
    shared().blobs.emplace(key, fresh);
  }
  blob = std::move(fresh);
  return {};
}

struct WeightStore::Slot {
  const PlanWeight* weight = nullptr;
  std::shared_ptr<const Blob> held;     // in memory, or computed and not yet consumed
  std::shared_ptr<const Blob> pending;  // being computed
  std::weak_ptr<const Blob> loaded;
};

WeightStore::WeightStore(const Plan& plan, const std::vector<std::shared_ptr<const Blob>>& constants, std::shared_ptr<Budget> budget, std::string seed)
    : budget_(std::move(budget)), seed_(std::move(seed)), slots_(plan.weights.size()) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    const PlanWeight& w = plan.weights[i];
    slots_[i].weight = &w;
    if (!w.computed && !w.in_file) slots_[i].held = constants[w.constant];
  }
}

WeightStore::~WeightStore() = default;

Status WeightStore::open(std::string_view path, std::shared_ptr<File>& file) {
  for (const auto& [known, open] : files_)
    if (known == path) {
      file = open;
      return {};
    }
  const std::string name(path);
  std::string problem;
  auto fresh = File::open(name, problem);
  if (!fresh) return Status::fail("FILE_NOT_FOUND", "opening \"" + name + "\": " + problem);
  if (fresh->size() >= map_from) fresh->map();
  fresh = known_or(shared().files, fresh->identity(), fresh);
  files_.emplace_back(name, fresh);
  file = std::move(fresh);
  return {};
}

Status WeightStore::open_files() {
  std::lock_guard lock(mutex_);
  std::shared_ptr<File> file;
  for (const Slot& slot : slots_)
    if (slot.weight->in_file)
      if (Status s = open(slot.weight->path, file); !s.ok()) return s;
  return {};
}

Status WeightStore::acquire(uint32_t index, std::shared_ptr<const Blob>& blob) {
  std::lock_guard lock(mutex_);
  Slot& slot = slots_[index];
  const PlanWeight& w = *slot.weight;
  blob = slot.held ? slot.held : slot.loaded.lock();
  if (blob || w.computed || !w.in_file) return {};
  std::shared_ptr<File> file;
  if (Status s = open(w.path, file); !s.ok()) return s;
  if (w.length > file->size() || w.offset > file->size() - w.length)
    return Status::fail("MODEL_INVALID", "\"" + std::string(w.path) + "\" has " + std::to_string(file->size()) + " bytes; a constant is said to be " + std::to_string(w.length) + " bytes at " + std::to_string(w.offset));
  const std::string identity = "f" + file->identity() + std::to_string(w.offset) + "." + std::to_string(w.length);
  const size_t element = (type_bits(w.type) + 7) / 8;
  {
    std::lock_guard known(shared().mutex);
    if (const auto at = shared().ranges.find(identity); at != shared().ranges.end()) blob = at->second.lock();
  }
  if (blob) {
    slot.loaded = blob;
    return {};
  }
  if (file->mapped() && w.offset % element == 0) {
    auto mapped = std::make_shared<MappedBlob>();
    mapped->data = file->mapped() + w.offset;
    mapped->bytes = w.length;
    mapped->identity = identity;
    mapped->file = file;
    blob = std::move(mapped);
  } else {
    auto copied = std::make_shared<OwnedBlob>();
    if (!copied->buffer.ensure(w.length, budget_)) return no_memory(w.length, *budget_);
    std::string problem;
    if (!file->read(w.offset, w.length, copied->buffer.data(), problem)) return Status::fail("FILE_NOT_FOUND", "reading \"" + std::string(w.path) + "\": " + problem);
    copied->data = reinterpret_cast<const uint8_t*>(copied->buffer.data());
    copied->bytes = w.length;
    copied->identity = identity;
    blob = std::move(copied);
  }
  slot.loaded = blob = known_or(shared().ranges, identity, std::move(blob));
  return {};
}

Status WeightStore::make_computed(uint32_t index, uint64_t bytes, void*& memory) {
  std::lock_guard lock(mutex_);
  auto fresh = std::make_shared<OwnedBlob>();
  if (!fresh->buffer.ensure(bytes, budget_)) return no_memory(bytes, *budget_);
  memory = fresh->buffer.data();
  fresh->data = static_cast<const uint8_t*>(memory);
  fresh->bytes = bytes;
  fresh->identity = "c" + seed_ + "." + std::to_string(index);
  slots_[index].pending = std::move(fresh);
  return {};
}

void WeightStore::publish_computed(bool good) {
  std::lock_guard lock(mutex_);
  for (Slot& slot : slots_) {
    if (good && slot.pending) slot.loaded = slot.held = slot.pending;
    slot.pending.reset();
  }
}

void WeightStore::release_computed() {
  std::lock_guard lock(mutex_);
  for (Slot& slot : slots_)
    if (slot.weight->computed) slot.held.reset();
}

namespace {
struct PackedBuffer final : Packed {
  SlabRun buffer;
  size_t size = 0;
  const void* data() const override { return buffer.data(); }
  size_t bytes() const override { return size; }
};
}  // namespace

std::shared_ptr<Packed> find_packed(const std::string& key, size_t bytes, const std::shared_ptr<Budget>& budget, StepContext::Fill fill,
                                    const TensorView& from, const void* argument, Parallel& pool) {
  std::shared_ptr<Shared::Making> making;
  {
    std::lock_guard lock(shared().mutex);
    auto& all = shared().packed;
    if (all.size() >= 64 && (all.size() & (all.size() - 1)) == 0)  // now and then: entries that nobody uses
      std::erase_if(all, [](const auto& e) { return e.second.use_count() == 1 && e.second->packed.expired(); });
    auto& entry = all[key];
    if (!entry) entry = std::make_shared<Shared::Making>();
    making = entry;
  }
  std::lock_guard lock(making->mutex);
  if (auto known = making->packed.lock()) return known;
  auto fresh = std::make_shared<PackedBuffer>();
  if (!fresh->buffer.ensure(bytes, budget)) return nullptr;
  fresh->size = bytes;
  fill(fresh->buffer.data(), from, argument, pool);
  making->packed = fresh;
  return fresh;
}

}  // namespace cuvee

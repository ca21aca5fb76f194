// Which rows and columns of a segment's results are needed for a strip of its last one.
#pragma once

#include <vector>

#include "runtime/segment.h"

namespace cuvee {

struct Span {
  int64_t begin = 0, end = 0;
};

// Columns of every step's result for columns `last` of the last one. Inner results: what their readers need, in groups of eight columns.
std::vector<Span> segment_columns(const SegmentPlan& plan, Span last);

// What is there of the results on one panel, and what the next strip needs.
class Walk {
 public:
  struct Rows {
    int64_t keep = 0;          // first row that is still needed
    int64_t from = 0, to = 0;  // rows to compute
  };

  // `rows`: of the last result, that the strips of the panel cover.
  Walk(const SegmentPlan& plan, Span rows);

  // Rows of every step for output rows [y0, y1).
  const std::vector<Rows>& strip(int64_t y0, int64_t y1);
  // After step i of the strip has run.
  void made(size_t i);

  struct There {
    bool any = false;
    int64_t begin = 0, end = 0;
  };
  const There& there(size_t i) const { return there_[i]; }

 private:
  Rows exit_rows(size_t i, int64_t y1) const;
  Rows inner_rows(size_t i) const;

  const SegmentPlan& plan_;
  Span panel_;
  std::vector<There> there_;
  std::vector<Rows> rows_;
};

}  // namespace cuvee

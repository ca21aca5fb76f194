/// Inside the family: the planar result.
#pragma once

#include "kernels/conv/conv_run.h"
#include "kernels/deconv/deconv.h"

namespace cuvee::deconv_detail {

void planar_select(DeconvPlan& plan, int threads);
void planar_pack(const DeconvPlan& plan, const float* weights, float* dst);
/// Output rows [y0, y1), columns [x0, x1) of image n, both ranges multiples of the stride or ending at the image.
void planar_run(const DeconvPlan& plan, const ConvArgs& args, const conv_detail::Region& region, float* scratch);

}  // namespace cuvee::deconv_detail

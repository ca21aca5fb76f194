/**
 * How many inputs and outputs each operator takes, by domain and version: checked before any operator's code runs.
 * Printed by `tools/signatures.py` from onnx's own operator schemas.
 *
 * `ss>so`: one letter a formal parameter, `s` required, `o` optional, a digit for any number from that digit up.
 * `1 s>s 11 soo>s`: the second form from opset 11.
 */
export const signatures: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': {
    Abs: 's>s', Acos: 's>s', Acosh: 's>s', Add: 'ss>s', AffineGrid: 'ss>s', And: 'ss>s', ArgMax: 's>s', ArgMin: 's>s', Asin: 's>s', Asinh: 's>s',
    Atan: 's>s', Atanh: 's>s', Attention: '23 sssooo>sooo 24 sssoooo>sooo', AveragePool: 's>s', BatchNormalization: '1 sssss>soooo 14 sssss>soo',
    Bernoulli: 's>s', BitCast: 's>s', BitShift: 'ss>s', BitwiseAnd: 'ss>s', BitwiseNot: 's>s', BitwiseOr: 'ss>s', BitwiseXor: 'ss>s',
    BlackmanWindow: 's>s', Cast: 's>s', CastLike: 'ss>s', CausalConvWithState: 'ssoo>ss', Ceil: 's>s', Celu: 's>s', CenterCropPad: 'ss>s',
    Clip: '1 s>s 11 soo>s', Col2Im: 'sss>s', Compress: 'ss>s', Concat: '1>s', ConcatFromSequence: 's>s', Constant: '>s', ConstantOfShape: 's>s',
    Conv: 'sso>s', ConvInteger: 'ssoo>s', ConvTranspose: 'sso>s', Cos: 's>s', Cosh: 's>s', CumProd: 'ss>s', CumSum: 'ss>s', DFT: '17 so>s 20 soo>s',
    DeformConv: 'sssoo>s', DepthToSpace: 's>s', DequantizeLinear: 'sso>s', Det: 's>s', Div: 'ss>s', Dropout: '1 s>so 12 soo>so',
    DynamicQuantizeLinear: 's>sss', Einsum: '1>s', Elu: 's>s', Equal: 'ss>s', Erf: 's>s', Exp: 's>s', Expand: 'ss>s', EyeLike: 's>s', Flatten: 's>s',
    Floor: 's>s', GRU: '1 sssooo>os 3 sssooo>oo', Gather: 'ss>s', GatherElements: 'ss>s', GatherND: 'ss>s', Gelu: 's>s', Gemm: '1 sss>s 11 sso>s',
    GlobalAveragePool: 's>s', GlobalLpPool: 's>s', GlobalMaxPool: 's>s', Greater: 'ss>s', GreaterOrEqual: 'ss>s', GridSample: 'ss>s',
    GroupNormalization: 'sss>s', HammingWindow: 's>s', HannWindow: 's>s', HardSigmoid: 's>s', HardSwish: 's>s', Hardmax: 's>s', Identity: 's>s',
    If: 's>1', ImageDecoder: 's>s', InstanceNormalization: 'sss>s', IsInf: 's>s', IsNaN: 's>s', LRN: 's>s', LSTM: 'sssooooo>ooo',
    LayerNormalization: 'sso>soo', LeakyRelu: 's>s', Less: 'ss>s', LessOrEqual: 'ss>s', LinearAttention: 'sssooo>ss', Log: 's>s', LogSoftmax: 's>s',
    Loop: '1 oo1>1 11 oo0>1', LpNormalization: 's>s', LpPool: 's>s', MatMul: 'ss>s', MatMulInteger: 'ssoo>s', Max: '1>s', MaxPool: '1 s>s 8 s>so',
    MaxRoiPool: 'ss>s', MaxUnpool: 'sso>s', Mean: '1>s', MeanVarianceNormalization: 's>s', MelWeightMatrix: 'sssss>s', Min: '1>s', Mish: 's>s',
    Mod: 'ss>s', Mul: 'ss>s', Multinomial: 's>s', Neg: 's>s', NegativeLogLikelihoodLoss: 'sso>s', NonMaxSuppression: 'ssooo>s', NonZero: 's>s',
    Not: 's>s', OneHot: 'sss>s', Optional: 'o>s', OptionalGetElement: 's>s', OptionalHasElement: '15 s>s 18 o>s', Or: 'ss>s', PRelu: 'ss>s',
    Pad: '1 s>s 11 sso>s 18 ssoo>s', Pow: 'ss>s', QLinearConv: 'sssssssso>s', QLinearMatMul: 'ssssssss>s', QuantizeLinear: 'sso>s',
    RMSNormalization: 'ss>s', RNN: 'sssooo>oo', RandomNormal: '>s', RandomNormalLike: 's>s', RandomUniform: '>s', RandomUniformLike: 's>s',
    Range: 'sss>s', Reciprocal: 's>s', ReduceL1: '1 s>s 18 so>s', ReduceL2: '1 s>s 18 so>s', ReduceLogSum: '1 s>s 18 so>s',
    ReduceLogSumExp: '1 s>s 18 so>s', ReduceMax: '1 s>s 18 so>s', ReduceMean: '1 s>s 18 so>s', ReduceMin: '1 s>s 18 so>s',
    ReduceProd: '1 s>s 18 so>s', ReduceSum: '1 s>s 13 so>s', ReduceSumSquare: '1 s>s 18 so>s', RegexFullMatch: 's>s', Relu: 's>s',
    Reshape: '1 s>s 5 ss>s', Resize: '10 ss>s 11 ssso>s 13 sooo>s', ReverseSequence: 'ss>s', RoiAlign: 'sss>s', RotaryEmbedding: 'ssso>s',
    Round: 's>s', STFT: 'ssoo>s', Scan: '8 o1>1 9 1>1', Scatter: 'sss>s', ScatterElements: 'sss>s', ScatterND: 'sss>s', Selu: 's>s',
    SequenceAt: 'ss>s', SequenceConstruct: '1>s', SequenceEmpty: '>s', SequenceErase: 'so>s', SequenceInsert: 'sso>s', SequenceLength: 's>s',
    SequenceMap: 's0>1', Shape: 's>s', Shrink: 's>s', Sigmoid: 's>s', Sign: 's>s', Sin: 's>s', Sinh: 's>s', Size: 's>s', Slice: '1 s>s 10 sssoo>s',
    Softmax: 's>s', SoftmaxCrossEntropyLoss: 'sso>so', Softplus: 's>s', Softsign: 's>s', SpaceToDepth: 's>s', Split: '1 so>1 2 s>1 13 so>1',
    SplitToSequence: 'so>s', Sqrt: 's>s', Squeeze: '1 s>s 13 so>s', StringConcat: 'ss>s', StringNormalizer: 's>s', StringSplit: 's>ss', Sub: 'ss>s',
    Sum: '1>s', SwiGLU: 'ss>s', Swish: 's>s', Tan: 's>s', Tanh: 's>s', TensorScatter: 'sso>s', TfIdfVectorizer: 's>s', ThresholdedRelu: 's>s',
    Tile: '1 sss>s 6 ss>s', TopK: '1 s>ss 10 ss>ss', Transpose: 's>s', Trilu: 'so>s', Unique: 's>sooo', Unsqueeze: '1 s>s 13 ss>s',
    Upsample: '1 s>s 9 ss>s', Where: 'sss>s', Xor: 'ss>s',
  },
  'ai.onnx.ml': {
    ArrayFeatureExtractor: 'ss>s', Binarizer: 's>s', CastMap: 's>s', CategoryMapper: 's>s', DictVectorizer: 's>s', FeatureVectorizer: '1>s',
    Imputer: 's>s', LabelEncoder: 's>s', LinearClassifier: 's>ss', LinearRegressor: 's>s', Normalizer: 's>s', OneHotEncoder: 's>s',
    SVMClassifier: 's>ss', SVMRegressor: 's>s', Scaler: 's>s', TreeEnsemble: 's>s', TreeEnsembleClassifier: 's>ss', TreeEnsembleRegressor: 's>s',
    ZipMap: 's>s',
  },
  'ai.onnx.preview': {
    FlexAttention: 'sss>s',
  },
  'ai.onnx.preview.training': {
    Adagrad: 'ss1>1', Adam: 'ss1>1', Gradient: '1>1', Momentum: 'ss1>1',
  },
};

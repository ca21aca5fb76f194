/** Inputs and outputs of the com.microsoft operators that are translated, in the notation of `signatures.ts`; after ONNX Runtime's ContribOperators.md. */
export const microsoftSignatures: Readonly<Record<string, string>> = {
  BiasAdd: 'sss>s', BiasGelu: 'ss>s', DequantizeLinear: 'sso>s', DynamicQuantizeMatMul: 'sssoo>s', EmbedLayerNormalization: 'sosso2>soo', FastGelu: 'so>s',
  FusedConv: 'ssoo>s', FusedGemm: 'sso>s', FusedMatMul: 'ss>s', GatherND: 'ss>s', Gelu: 's>s', MatMulIntegerToFloat: 'ssssooo>s', MatMulNBits: 'sssooo>s',
  MultiHeadAttention: 'soooooooo>soo', Pad: 'ssoo>s', QLinearAdd: 'ssossoso>s', QLinearConcat: 'ss1>s',
  QLinearGlobalAveragePool: 'sssss>s', QLinearLeakyRelu: 'ssoso>s', QLinearMul: 'ssossoso>s', QLinearSigmoid: 'ssoso>s', QLinearSoftmax: 'ssoss>s',
  QuantizeLinear: 'sso>s', QuickGelu: 's>s', Range: 'sso>s', RotaryEmbedding: 'ssss>s', SkipLayerNormalization: 'sssoo>sooo',
  SkipSimplifiedLayerNormalization: 'ssso>sooo', Trilu: 'so>s',
};

/** Operators that ONNX Runtime writes into the domain of ai.onnx. */
export const additions: Readonly<Record<string, string>> = { SimplifiedLayerNormalization: 'ss>so' };

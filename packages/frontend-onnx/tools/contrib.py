"""Writes cases of com.microsoft operators, with what onnxruntime gives for them.

    python contrib.py ../../conformance/data/contrib.zip        needs onnx, onnxruntime, numpy
"""
import numpy as np

from peer import case, f, finish, rng

i32=np.int32
B,S,H,N=2,4,8,2
# Attention
x,w,b=f(B,S,H),f(H,3*H),f(3*H)
case('Attention_plain','Attention',[('x',x),('w',w),('b',b)],['y'],dict(num_heads=N),consts=('w','b'))
case('Attention_uni','Attention',[('x',x),('w',w),('b',b)],['y'],dict(num_heads=N,unidirectional=1),consts=('w','b'))
case('Attention_mask2d','Attention',[('x',x),('w',w),('b',b),('m',np.array([[1,1,1,0],[1,1,0,0]],i32))],['y'],dict(num_heads=N),consts=('w','b'))
case('Attention_mask1d','Attention',[('x',x),('w',w),('b',b),('m',np.array([3,2],i32))],['y'],dict(num_heads=N),consts=('w','b'))
case('Attention_mask1dpos','Attention',[('x',x),('w',w),('b',b),('m',np.array([3,4,0,1],i32))],['y'],dict(num_heads=N),consts=('w','b'))
case('Attention_mask3d','Attention',[('x',x),('w',w),('b',b),('m',(rng.random((B,S,S))>.3).astype(i32)|np.eye(S,dtype=i32))],['y'],dict(num_heads=N),consts=('w','b'))
case('Attention_bias','Attention',[('x',x),('w',w),('b',b),('m',None),('p',None),('a',f(1,N,S,S))],['y'],dict(num_heads=N),consts=('w','b'))
case('Attention_present','Attention',[('x',x),('w',w),('b',b)],['y','present'],dict(num_heads=N),consts=('w','b'))
case('Attention_past','Attention',[('x',x),('w',w),('b',b),('m',None),('past',f(2,B,N,3,H//N))],['y','present'],dict(num_heads=N,unidirectional=1),consts=('w','b'))
case('Attention_scale','Attention',[('x',x),('w',w),('b',b)],['y'],dict(num_heads=N,scale=.3),consts=('w','b'))
w2,b2=f(H,8+8+4),f(20)
case('Attention_qkvsizes','Attention',[('x',x),('w',w2),('b',b2)],['y'],dict(num_heads=N,qkv_hidden_sizes=[8,8,4]),consts=('w','b'))
case('Attention_maskfilter','Attention',[('x',x),('w',w),('b',b),('m',np.array([[1,1,1,0],[1,1,0,0]],i32))],['y'],dict(num_heads=N,mask_filter_value=-5.0),consts=('w','b'))
# MHA
q,k,v=f(B,S,H),f(B,5,H),f(B,5,H)
case('MHA_plain','MultiHeadAttention',[('q',q),('k',k),('v',v)],['y'],dict(num_heads=N))
case('MHA_bias','MultiHeadAttention',[('q',q),('k',k),('v',v),('b',f(3*H))],['y'],dict(num_heads=N),consts=('b',))
case('MHA_mask','MultiHeadAttention',[('q',q),('k',k),('v',v),('b',None),('m',np.array([[1,1,1,0,0],[1,1,1,1,1]],i32))],['y'],dict(num_heads=N))
case('MHA_mask1d','MultiHeadAttention',[('q',q),('k',k),('v',v),('b',None),('m',np.array([3,5],i32))],['y'],dict(num_heads=N))
case('MHA_relbias','MultiHeadAttention',[('q',q),('k',k),('v',v),('b',None),('m',None),('r',f(1,N,S,5))],['y'],dict(num_heads=N))
case('MHA_past','MultiHeadAttention',[('q',q),('k',f(B,S,H)),('v',f(B,S,H)),('b',None),('m',None),('r',None),('pk',f(B,N,3,H//N)),('pv',f(B,N,3,H//N))],['y','pk2','pv2'],dict(num_heads=N))
case('MHA_uni','MultiHeadAttention',[('q',q),('k',f(B,S,H)),('v',f(B,S,H))],['y'],dict(num_heads=N,unidirectional=1))
case('MHA_4dkv','MultiHeadAttention',[('q',q),('k',f(B,N,5,H//N)),('v',f(B,N,5,H//N))],['y'],dict(num_heads=N))
case('MHA_scale','MultiHeadAttention',[('q',q),('k',k),('v',v)],['y'],dict(num_heads=N,scale=.2))
case('MHA_vsize','MultiHeadAttention',[('q',q),('k',k),('v',f(B,5,12))],['y'],dict(num_heads=N))
# GQA
D=16
def gqa(name,S,past,attrs={},rot=False,packed=False,nq=4,nk=2,total=None,extra=()):
    q=f(B,S,nq*D) if not packed else f(B,S,(nq+2*nk)*D)
    ins=[('q',q),('k',None if packed else f(B,S,nk*D)),('v',None if packed else f(B,S,nk*D))]
    P=past
    t=(total or past+S)
    ins+=[('pk',f(B,nk,P,D) if P else np.zeros((B,nk,0,D),np.float32)),('pv',f(B,nk,P,D) if P else np.zeros((B,nk,0,D),np.float32)),('sl',np.full((B,),t-1,i32)),('tl',np.array(t,i32))]
    cons=()
    if rot:
        ang=np.outer(np.arange(32),1/10000**(np.arange(D//2)/(D//2))).astype(np.float32); ins+=[('cos',np.cos(ang)),('sin',np.sin(ang))]; cons=('cos','sin')
    ins+=list(extra)
    case(name,'GroupQueryAttention',ins,['y','pk2','pv2'],dict(num_heads=nq,kv_num_heads=nk,**attrs),consts=cons)
gqa('GQA_prompt',4,0)
gqa('GQA_token',1,5)
gqa('GQA_rot_prompt',4,0,dict(do_rotary=1),rot=True)
gqa('GQA_rot_token',1,5,dict(do_rotary=1),rot=True)
gqa('GQA_rot_inter',1,5,dict(do_rotary=1,rotary_interleaved=1),rot=True)
gqa('GQA_packed',1,5,dict(do_rotary=1),rot=True,packed=True)
gqa('GQA_window',6,0,dict(local_window_size=3))
gqa('GQA_window_token',1,6,dict(local_window_size=3))
gqa('GQA_softcap',4,0,dict(softcap=2.0))
gqa('GQA_scale',4,0,dict(scale=.1))
# Rotary
ang=np.outer(np.arange(20),1/10000**(np.arange(4)/4)).astype(np.float32); cs,sn=np.cos(ang),np.sin(ang)
pos=np.array([[0,1,2,3],[4,5,6,7]],np.int64)
case('Rotary_4d','RotaryEmbedding',[('x',f(B,N,S,8)),('p',pos),('c',cs),('s',sn)],['y'],{},consts=('c','s'))
case('Rotary_3d','RotaryEmbedding',[('x',f(B,S,16)),('p',pos),('c',cs),('s',sn)],['y'],{},consts=('c','s'))
case('Rotary_pos1','RotaryEmbedding',[('x',f(B,S,16)),('p',np.array([3],np.int64)),('c',cs),('s',sn)],['y'],{},consts=('c','s'))
case('Rotary_inter','RotaryEmbedding',[('x',f(B,N,S,8)),('p',pos),('c',cs),('s',sn)],['y'],dict(interleaved=1),consts=('c','s'))
case('Rotary_partial','RotaryEmbedding',[('x',f(B,N,S,12)),('p',pos),('c',cs),('s',sn)],['y'],dict(rotary_embedding_dim=8,num_heads=N),consts=('c','s'))
case('Rotary_partial3','RotaryEmbedding',[('x',f(B,S,24)),('p',pos),('c',cs),('s',sn)],['y'],dict(rotary_embedding_dim=8,num_heads=N),consts=('c','s'))
# norms
ga,be=f(H),f(H)
case('SkipLN','SkipLayerNormalization',[('x',x),('s',f(B,S,H)),('g',ga),('b',be)],['y'],dict(epsilon=1e-5),consts=('g','b'))
case('SkipLN_bias','SkipLayerNormalization',[('x',x),('s',f(B,S,H)),('g',ga),('b',be),('z',f(H))],['y','','','sum'],dict(epsilon=1e-5),consts=('g','b','z'))
case('SkipLN_bcast','SkipLayerNormalization',[('x',x),('s',f(1,S,H)),('g',ga),('b',be)],['y'],dict(epsilon=1e-5),consts=('g','b'))
case('SkipSLN','SkipSimplifiedLayerNormalization',[('x',x),('s',f(B,S,H)),('g',ga)],['y','','','sum'],dict(epsilon=1e-5),consts=('g',))
case('SLN','SimplifiedLayerNormalization',[('x',x),('g',ga)],['y'],dict(epsilon=1e-5,axis=-1),domain='',consts=('g',))
ids=rng.integers(0,10,(B,S)).astype(i32); seg=rng.integers(0,2,(B,S)).astype(i32)
we,pe,se=f(10,H),f(12,H),f(2,H)
case('EmbedLN','EmbedLayerNormalization',[('i',ids),('s',seg),('w',we),('p',pe),('se',se),('g',ga),('b',be)],['y','mi'],dict(epsilon=1e-5),consts=('w','p','se','g','b'))
case('EmbedLN_mask','EmbedLayerNormalization',[('i',ids),('s',seg),('w',we),('p',pe),('se',se),('g',ga),('b',be),('m',np.array([[1,1,1,0],[1,1,0,0]],i32))],['y','mi'],dict(epsilon=1e-5),consts=('w','p','se','g','b'))
case('EmbedLN_noseg','EmbedLayerNormalization',[('i',ids),('s',None),('w',we),('p',pe),('se',None),('g',ga),('b',be)],['y','mi'],dict(epsilon=1e-5),consts=('w','p','g','b'))
case('EmbedLN_pos','EmbedLayerNormalization',[('i',ids),('s',seg),('w',we),('p',pe),('se',se),('g',ga),('b',be),('m',None),('po',rng.integers(0,12,(B,S)).astype(i32))],['y','mi','es'],dict(epsilon=1e-5,mask_index_type=0),consts=('w','p','se','g','b'))
# activations
case('BiasGelu','BiasGelu',[('x',x),('b',f(H))],['y'],consts=('b',))
case('FastGelu','FastGelu',[('x',x),('b',f(H))],['y'],consts=('b',))
case('FastGelu_nobias','FastGelu',[('x',x)],['y'])
case('Gelu','Gelu',[('x',x)],['y'])
case('QuickGelu','QuickGelu',[('x',x)],['y'],dict(alpha=1.702))
case('FusedMatMul','FusedMatMul',[('a',f(2,3,4)),('b',f(2,5,4))],['y'],dict(alpha=.5,transB=1))
case('FusedMatMul_batch','FusedMatMul',[('a',f(3,2,4)),('b',f(2,4,5))],['y'],dict(transBatchA=1,transA=0))
case('FusedGemm','FusedGemm',[('a',f(3,4)),('b',f(4,5)),('c',f(5))],['y'],dict(activation='Relu'))
for act,par in [('Relu',None),('LeakyRelu',[.1]),('Sigmoid',None),('Tanh',None),('Clip',[0.,1.]),('HardSigmoid',[.2,.4])]:
    a=dict(activation=act,kernel_shape=[3,3],pads=[1,1,1,1]); 
    if par: a['activation_params']=par
    case('FusedConv_'+act,'FusedConv',[('x',f(1,3,6,6)),('w',f(4,3,3,3)),('b',f(4))],['y'],a,consts=('w','b'))
case('FusedConv_sum','FusedConv',[('x',f(1,3,6,6)),('w',f(4,3,3,3)),('b',f(4)),('z',f(1,4,6,6))],['y'],dict(activation='Relu',kernel_shape=[3,3],pads=[1,1,1,1]),consts=('w','b'))
# quant
u8=lambda *s: rng.integers(0,256,s).astype(np.uint8)
i8=lambda *s: rng.integers(-127,128,s).astype(np.int8)
sc=lambda v: np.array(v,np.float32)
U=lambda v:np.array(v,np.uint8)
I=lambda v:np.array(v,np.int8)
W=lambda v:np.array(v,np.uint16)
case('QLinearAdd','QLinearAdd',[('a',u8(2,3)),('as',sc(.1)),('az',U(3)),('b',u8(2,3)),('bs',sc(.2)),('bz',U(5)),('cs',sc(.3)),('cz',U(7))],['y'])
case('QLinearAdd_i8','QLinearAdd',[('a',i8(2,3)),('as',sc(.1)),('az',I(3)),('b',i8(3)),('bs',sc(.2)),('bz',I(5)),('cs',sc(.3)),('cz',I(7))],['y'])
case('QLinearMul','QLinearMul',[('a',u8(2,3)),('as',sc(.1)),('az',U(3)),('b',u8(2,3)),('bs',sc(.02)),('bz',U(5)),('cs',sc(.3)),('cz',U(7))],['y'])
case('QLinearLeakyRelu','QLinearLeakyRelu',[('a',u8(2,30)),('as',sc(.1)),('az',U(130)),('cs',sc(.08)),('cz',U(100))],['y'],dict(alpha=.1))
case('QLinearSigmoid','QLinearSigmoid',[('a',u8(2,30)),('as',sc(.05)),('az',U(130)),('cs',sc(1/256)),('cz',U(0))],['y'])
case('QLinearGlobalAveragePool','QLinearGlobalAveragePool',[('a',u8(1,3,4,4)),('as',sc(.1)),('az',U(3)),('cs',sc(.08)),('cz',U(7))],['y'],dict(channels_last=0))
case('QLinearAveragePool','QLinearAveragePool',[('a',u8(1,3,4,4)),('as',sc(.1)),('az',U(3)),('cs',sc(.08)),('cz',U(7))],['y'],dict(kernel_shape=[2,2],strides=[2,2]))
case('QLinearConcat','QLinearConcat',[('cs',sc(.2)),('cz',U(7)),('a',u8(2,3)),('as',sc(.1)),('az',U(3)),('b',u8(2,4)),('bs',sc(.3)),('bz',U(9))],['y'],dict(axis=1))
case('QLinearSoftmax','QLinearSoftmax',[('a',u8(2,8)),('as',sc(.05)),('az',U(120)),('cs',sc(1/256)),('cz',U(0))],['y'],dict(axis=-1,opset=13),consts=('as','az','cs','cz'))
case('QLinearWhere','QLinearWhere',[('c',rng.random((2,3))>.5),('a',u8(2,3)),('as',sc(.1)),('az',U(3)),('b',u8(2,3)),('bs',sc(.2)),('bz',U(5)),('cs',sc(.3)),('cz',U(7))],['y'])
case('QLinearConv_ms','QLinearConv',[('x',u8(1,5,5,3)),('xs',sc(.1)),('xz',U(3)),('w',i8(4,3,3,3)),('ws',sc(.02)),('wz',I(0)),('ys',sc(.5)),('yz',U(100))],['y'],dict(channels_last=1,kernel_shape=[3,3]),consts=('w','ws','wz'))
case('QGemm','QGemm',[('a',u8(3,4)),('as',sc(.1)),('az',U(3)),('b',i8(4,5)),('bs',sc(.02)),('bz',I(0)),('c',rng.integers(-50,50,(5,)).astype(i32)),('ys',sc(.05)),('yz',U(100))],['y'],dict(alpha=1.0),consts=('b','bs','bz','c'))
case('QGemm_f32','QGemm',[('a',u8(3,4)),('as',sc(.1)),('az',U(3)),('b',i8(4,5)),('bs',sc(.02)),('bz',I(0))],['y'],dict(alpha=1.0,transB=0),consts=('b','bs','bz'))
case('DynamicQuantizeMatMul','DynamicQuantizeMatMul',[('a',f(3,8)),('b',i8(8,5)),('bs',sc(.02)),('bz',I(0)),('bias',f(5))],['y'],consts=('b','bs','bz','bias'))
case('DynamicQuantizeMatMul_pc','DynamicQuantizeMatMul',[('a',f(3,8)),('b',i8(8,5)),('bs',(rng.random(5)*.1).astype(np.float32)),('bz',np.zeros(5,np.int8))],['y'],consts=('b','bs','bz'))
case('MatMulIntegerToFloat','MatMulIntegerToFloat',[('a',u8(3,8)),('b',i8(8,5)),('as',sc(.1)),('bs',sc(.02)),('az',U(7)),('bz',I(0)),('bias',f(5))],['y'],consts=('b','bs','bz','bias'))
case('MatMulIntegerToFloat_pc','MatMulIntegerToFloat',[('a',u8(2,3,8)),('b',u8(8,5)),('as',sc(.1)),('bs',(rng.random(5)*.1).astype(np.float32)),('az',U(7)),('bz',u8(5))],['y'],consts=('b','bs','bz'))
def mmnb(name,K,Nn,block,bits=4,zp=None,bias=False,acc=None,gidx=False):
    nb=(K+block-1)//block; blob=block*bits//8
    ins=[('a',f(3,K)),('b',u8(Nn,nb,blob)),('s',(rng.random(Nn*nb)*.1).astype(np.float32))]
    zs=None
    if zp=='u8': zs=u8(Nn*((nb*bits+7)//8))
    if zp=='f': zs=(rng.random(Nn*nb)*15).astype(np.float32).reshape(Nn,nb)
    ins+=[('z',zs),('g',None),('bias',f(Nn) if bias else None)]
    at=dict(K=K,N=Nn,block_size=block,bits=bits)
    if acc is not None: at['accuracy_level']=acc
    case(name,'MatMulNBits',ins,['y'],at,consts=('b','s','z','bias'))
mmnb('MatMulNBits_4',32,5,16); mmnb('MatMulNBits_4zp',64,6,32,zp='u8'); mmnb('MatMulNBits_4odd',40,5,16,zp='u8'); mmnb('MatMulNBits_4fzp',64,6,32,zp='f'); mmnb('MatMulNBits_8',32,5,16,bits=8); mmnb('MatMulNBits_8zp',64,5,32,bits=8,zp='u8'); mmnb('MatMulNBits_bias',32,5,16,bias=True); mmnb('MatMulNBits_2',64,5,32,bits=2);mmnb('MatMulNBits_2z',64,5,16,bits=2,zp='u8')
case('GatherBlockQuantized','GatherBlockQuantized',[('d',u8(4,16)),('i',np.array([0,2,3],np.int64)),('s',(rng.random((4,2))*.1).astype(np.float32))],['y'],dict(block_size=16,bits=4,gather_axis=0,quantize_axis=1),consts=('d','s'))
case('DequantizeLinear_ms','DequantizeLinear',[('x',u8(2,3)),('s',sc(.1)),('z',U(3))],['y'])
case('DequantizeLinear_ms_axis','DequantizeLinear',[('x',u8(2,3)),('s',np.array([.1,.2,.3],np.float32)),('z',np.array([1,2,3],np.uint8))],['y'],dict(axis=1))
case('DequantizeLinear_u16','DequantizeLinear',[('x',rng.integers(0,65535,(2,3)).astype(np.uint16)),('s',sc(.1)),('z',W(30000))],['y'])
case('QuantizeLinear_ms','QuantizeLinear',[('x',f(2,3)),('s',sc(.01)),('z',U(128))],['y'])
case('QuantizeLinear_u16','QuantizeLinear',[('x',f(2,3)),('s',sc(.0001)),('z',W(30000))],['y'])
case('QAttention','QAttention',[('x',u8(B,S,H)),('w',i8(H,3*H)),('b',b),('xs',sc(.02)),('ws',sc(.01)),('m',np.array([3,4],i32)),('xz',U(128)),('wz',I(0))],['y'],dict(num_heads=N),consts=('w','b','ws','wz','xs','xz'))
case('QEmbedLN','QEmbedLayerNormalization',[('i',ids),('s',seg),('w',u8(10,H)),('p',u8(12,H)),('se',u8(2,H)),('g',u8(H)),('b',u8(H)),('m',None)]+[(n,sc(.01)) for n in ('ws','ps','ss','gs','bs')]+[(n,U(128)) for n in ('wz','pz','sz','gz','bz')],['y','mi'],dict(epsilon=1e-5),consts=('w','p','se','g','b','ws','ps','ss','gs','bs','wz','pz','sz','gz','bz'))
hh=4
dl=dict(hidden_size=hh,direction='forward')
# misc
case('Inverse','Inverse',[('x',f(2,3,3))],['y'])
case('Trilu','Trilu',[('x',f(4,4)),('k',np.array(1,np.int64))],['y'],dict(upper=1),consts=('k',))
case('GridSample_ms','GridSample',[('x',f(1,2,4,4)),('g',f(1,3,3,2))],['y'],dict(align_corners=0))
case('ExpandDims','ExpandDims',[('x',f(2,3)),('a',np.array(1,i32))],['y'],consts=('a',))
case('Pad_ms','Pad',[('x',f(2,3)),('p',np.array([0,1,0,1],np.int64)),('v',np.array([1.5],np.float32))],['y'],consts=('p',))
case('Unique_ms','Unique',[('x',np.array([2,1,1,3,4,3],np.float32))],['y','i','c'])
case('TransposeMatMul','TransposeMatMul',[('a',f(4,3)),('b',f(4,5))],['y'],dict(transA=1))
case('GatherND_ms','GatherND',[('x',f(2,3)),('i',np.array([[0,1],[1,2]],np.int64))],['y'])
case('QLinearConv_u8w','QLinearConv',[('x',u8(1,3,5,5)),('xs',sc(.1)),('xz',U(3)),('w',u8(4,3,3,3)),('ws',(rng.random(4)*.02).astype(np.float32)),('wz',u8(4)),('ys',sc(.5)),('yz',U(100)),('b',rng.integers(-50,50,(4,)).astype(i32))],['y'],dict(kernel_shape=[3,3],pads=[1,1,1,1]),domain='',consts=('w','ws','wz','b'))
case('ConvInteger_','ConvInteger',[('x',u8(1,3,5,5)),('w',i8(4,3,3,3)),('xz',U(3))],['y'],dict(kernel_shape=[3,3]),domain='',consts=('w',))
# mixtures of experts, and other forms
u8=np.uint8
T,H,I,E=5,8,6,4
for act,fu in (('relu',1),('gelu',1),('silu',1),('identity',1),('swiglu',2)):
  for norm in (0,1):
    at=dict(k=2,activation_type=act,normalize_routing_weights=norm)
    if act=='swiglu': at.update(swiglu_fusion=1,activation_alpha=1.702,activation_beta=1.0,swiglu_limit=0.6)
    case(f'MoE_{act}_{norm}','MoE',[('x',f(T,H)),('r',f(T,E)*3),('w1',f(E,fu*I,H)),('b1',f(E,fu*I)),('w2',f(E,H,I)),('b2',f(E,H))],['y'],at,consts=('w1','b1','w2','b2'))
case('MoE_3d','MoE',[('x',f(2,3,H)),('r',f(6,E)*3),('w1',f(E,I,H)),('b1',None),('w2',f(E,H,I))],['y'],dict(k=1,activation_type='silu'),consts=('w1','w2'))
case('MoE_swiglu_plain','MoE',[('x',f(T,H)),('r',f(T,E)),('w1',f(E,2*I,H)),('b1',None),('w2',f(E,H,I))],['y'],dict(k=2,activation_type='swiglu',swiglu_fusion=1),consts=('w1','w2'))
case('CDist','CDist',[('a',f(4,3)),('b',f(5,3))],['y'],dict(metric='euclidean'))
case('CDist_sq','CDist',[('a',f(4,3)),('b',f(5,3))],['y'],dict(metric='sqeuclidean'))
case('CDist_default','CDist',[('a',f(4,3).astype(np.float64)),('b',f(5,3).astype(np.float64))],['y'],{})
for q in (0,1):
    case(f'MatMulBnb4_{q}','MatMulBnb4',[('x',f(3,32)),('w',rng.integers(0,256,(6*32//2,)).astype(u8)),('m',np.abs(f(6*32//16)))],['y'],dict(K=32,N=6,block_size=16,quant_type=q),consts=('w','m'))
case('MatMulBnb4_odd','MatMulBnb4',[('x',f(2,3,16)),('w',rng.integers(0,256,(3*16//2,)).astype(u8)),('m',np.abs(f(2)))],['y'],dict(K=16,N=3,block_size=32,quant_type=1),consts=('w','m'))
case('NhwcMaxPool','NhwcMaxPool',[('x',rng.integers(0,256,(1,6,7,3)).astype(u8))],['y'],dict(kernel_shape=[3,3],strides=[2,2],pads=[1,1,1,1]))
case('NhwcMaxPool_i8','NhwcMaxPool',[('x',rng.integers(-128,128,(2,6,5,3)).astype(np.int8))],['y'],dict(kernel_shape=[2,2],strides=[1,2]))
case('MatMulInteger16','MatMulInteger16',[('a',rng.integers(-300,300,(3,4)).astype(np.int16)),('b',rng.integers(-300,300,(4,5)).astype(np.int16))],['y'],{})
case('CausalConv','CausalConvWithState',[('x',f(2,4,6)),('w',f(4,1,3)),('b',f(4)),('p',f(2,4,2))],['y','s'],dict(ndim=1,activation='silu'))
case('LinearAttention','LinearAttention',[('q',f(1,3,8)),('k',f(1,3,8)),('v',f(1,3,8)),('p',f(1,2,4,4)),('d',-np.abs(f(1,3,2))),('b',np.abs(f(1,3,2)))],['y','s'],dict(q_num_heads=2,kv_num_heads=2,update_rule='gated_delta'))
finish()
